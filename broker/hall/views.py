"""What others are shown of the hall: board, counter and queue snapshots, folded from state.

A snapshot is whole, never a delta, and says which journal position it shows. A reader that has
seen a later one ignores it (DESIGN §5.15).
"""

from typing import Literal

from msgspec import Struct

CounterStatus = Literal["closed", "open", "paused"]


class Call(Struct, frozen=True, kw_only=True):
    """One call, as boards, signs and voices need it.

    Attributes:
        repeat: 1 for the first call, 2 for the first recall (PANGGILAN KE-2), ...
        at_ms: Hub's wall clock when called; its age is the snapshot's `at_ms` minus this.
    """

    call_id: str
    number: str
    counter: int
    service: str
    at_ms: int
    repeat: int = 1


class BoardView(Struct, frozen=True, kw_only=True):
    """`state/board`: newest call first; all younger than 60 s, at least the last 30, of one day.

    Attributes:
        day: ISO date of the open day; empty before the first.
        at_ms: Hub's wall clock when the snapshot was made.
    """

    gen: str
    pos: int
    at_ms: int
    day: str
    calls: tuple[Call, ...]


class CounterCall(Struct, frozen=True, kw_only=True):
    """The ticket at a counter."""

    call_id: str
    ticket: str
    number: str
    service: str
    state: str
    called_ms: int
    repeat: int = 1


class CounterView(Struct, frozen=True, kw_only=True):
    """`state/counter/<id>`: what its lamp and sign show.

    Attributes:
        waiting: Tickets this counter could call now.
        call: None when nobody is called.
    """

    gen: str
    pos: int
    counter: int
    status: CounterStatus
    waiting: int
    call: CounterCall | None = None


class ServiceQueue(Struct, frozen=True, kw_only=True):
    """One service's queue.

    Attributes:
        waiting: Tickets that wait, printed or not.
        next: The next numbers to be called, at most 3.
        last: The newest number issued today; empty before the first.
        issued: Tickets issued today.
    """

    waiting: int
    next: tuple[str, ...]
    last: str = ""
    issued: int = 0


class QueueView(Struct, frozen=True, kw_only=True):
    """`state/queue`: every service of the hall, by id."""

    gen: str
    pos: int
    at_ms: int
    day: str
    services: dict[str, ServiceQueue]
