"""What others are shown of the hall: board, counter and queue snapshots, folded from state.

A snapshot is whole, never a delta, and says which journal position it shows. A reader that has
seen a later one ignores it (DESIGN §5.15).
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from broker.hall.commands import Number
from broker.hall.intake import Takes, offered
from broker.hall.policy import upcoming, waiting
from broker.hall.setup import CounterId
from broker.hall.stamps import AtMs, CallId, Count, Day, DisruptedBy, Generation, Position, Repeat

if TYPE_CHECKING:
    from broker.hall.state import Hall
    from broker.hall.ticket import Ticket

CALL_FRESH_MS = 60_000
"""The board carries every call younger than this (DESIGN §5.15)."""

CALLS_MIN = 30
"""The board carries at least this many calls, if the open day has them."""

CALLS_MAX = 160
"""The board carries no more: no message is over 32 KiB (DESIGN §5.15), and these fit."""

NEXT_COUNT = 3
"""How many of the next numbers `state/queue` names."""

LastNumber = Annotated[str, Meta(pattern=r"^([A-Z0-9]{1,2}[0-9]{3})?\Z")]
"""As `Number`, or empty."""

CounterStatus = Literal["closed", "open", "paused"]


class Call(Struct, frozen=True, kw_only=True):
    """One call, as boards, signs and voices need it.

    Attributes:
        repeat: 1 for the first call, 2 for the first recall (PANGGILAN KE-2), ...
        at_ms: Hub's wall clock when called; its age is the snapshot's `at_ms` minus this.
        over: The ticket has left the counter, or was called again: nobody is to go there for it.
        priority: Said before others that wait to be said; shown with its sign.
    """

    call_id: CallId
    number: Number
    counter: CounterId
    service: str
    at_ms: AtMs
    repeat: Repeat = 1
    over: bool = False
    priority: bool = False


class BoardView(Struct, frozen=True, kw_only=True):
    """`state/board`: newest call first; all younger than 60 s, at least the last 30, of one day.

    Attributes:
        day: ISO date of the open day; empty before the first.
        at_ms: Hub's wall clock when the snapshot was made.
    """

    gen: Generation
    pos: Position
    at_ms: AtMs
    day: Day
    calls: tuple[Call, ...]


class CounterCall(Struct, frozen=True, kw_only=True):
    """The ticket at a counter.

    Attributes:
        number: Empty when a hub that lost rows knows the call and not the issue.
        priority: It is of the class that is called first.
        assist: Its visitor wishes to be accompanied by staff.
        paper: It waited because its slip is out, though it was refused, cancelled, expired or
            never heard of: staff may want to look at the slip.
    """

    call_id: CallId
    ticket: str
    number: LastNumber
    service: str
    state: str
    called_ms: AtMs
    repeat: Repeat = 1
    paper: bool = False
    priority: bool = False
    assist: bool = False


class CounterView(Struct, frozen=True, kw_only=True):
    """`state/counter/<id>`: what its lamp and sign show.

    Attributes:
        waiting: Tickets this counter could call now.
        call: None when nobody is called.
    """

    gen: Generation
    pos: Position
    counter: CounterId
    status: CounterStatus
    waiting: Count
    call: CounterCall | None = None


class ServiceQueue(Struct, frozen=True, kw_only=True):
    """One service's queue.

    Attributes:
        waiting: Tickets that wait, printed or not.
        next: The next numbers to be called, at most 3 (`broker.hall.policy.upcoming`).
        last: The newest number issued today; empty before the first.
        issued: Tickets issued today.
        takes: Whether more are given out now; the snapshot is made again when that changes.
        why: What disrupts it; empty when nothing does.
    """

    waiting: Count
    next: tuple[Number, ...]
    last: LastNumber = ""
    issued: Count = 0
    takes: Takes = "open"
    why: DisruptedBy | Literal[""] = ""


class QueueView(Struct, frozen=True, kw_only=True):
    """`state/queue`: every service of the hall, by id.

    Attributes:
        offline: By kiosk's prefix, the last number known to be given out without the hub: a kiosk
            that has lost its own count goes on there.
        assists: Since when staff are awaited, by the kiosk where somebody asked for them.
    """

    gen: Generation
    pos: Position
    at_ms: AtMs
    day: Day
    services: dict[str, ServiceQueue]
    offline: dict[str, Count] = {}
    assists: dict[str, AtMs] = {}


def board_view(hall: "Hall", *, gen: str, at_ms: int) -> BoardView:
    """Return the calls for every board and voice, newest first."""
    oldest_ms = at_ms - CALL_FRESH_MS
    return BoardView(
        gen=gen,
        pos=hall.pos,
        at_ms=at_ms,
        day=hall.day,
        calls=tuple(
            call if _is_on(hall, call) else replace(call, over=True)
            for count, call in enumerate(reversed(hall.calls), start=1)
            if count <= CALLS_MIN or call.at_ms > oldest_ms
        ),
    )


def _is_on(hall: "Hall", call: Call) -> bool:
    counter = hall.counters.get(call.counter)
    current = counter.current if counter else None
    return current is not None and (current.call_id, current.number) == (call.call_id, call.number)


def counter_view(hall: "Hall", counter: int, *, gen: str) -> CounterView:
    """Return what the lamp and sign of this counter show.

    Raises:
        KeyError: The setup has no such counter.
    """
    state = hall.counters[counter]
    return CounterView(
        gen=gen,
        pos=hall.pos,
        counter=counter,
        status=state.status,
        waiting=waiting(hall, counter),
        call=_counter_call(state.current) if state.current else None,
    )


def queue_view(hall: "Hall", *, gen: str, at_ms: int) -> QueueView:
    """Return every service's queue: those of the setup, in its order."""
    return QueueView(
        gen=gen,
        pos=hall.pos,
        at_ms=at_ms,
        day=hall.day,
        services={
            service: _service_queue(hall, service, takes)
            for service, takes in offered(hall, at_ms).items()
        },
        offline=dict(hall.offline),
        assists=dict(hall.assists),
    )


def _service_queue(hall: "Hall", service: str, takes: Takes) -> ServiceQueue:
    queue = hall.queues[service]
    return ServiceQueue(
        waiting=queue.waiting,
        next=tuple(ticket.number for ticket in upcoming(hall, service, NEXT_COUNT)),
        last=queue.last,
        issued=queue.issued,
        takes=takes,
        why=queue.disrupted,
    )


def _counter_call(ticket: "Ticket") -> CounterCall:
    return CounterCall(
        call_id=ticket.call_id,
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        state=ticket.state.value,
        called_ms=ticket.called_ms,
        repeat=ticket.repeat,
        paper=ticket.paper,
        priority=ticket.priority,
        assist=ticket.assist,
    )
