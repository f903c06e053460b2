"""The hall as the oracle knows it: a second, plain fold, written apart from the cores.

It holds only what people could check with pencil and paper: which ticket has which number, where it
is, who is called to which counter. `Broken` is what no journal may ever hold.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

AT_COUNTER = ("called", "serving")


class Broken(Exception):  # noqa: N818 - a verdict
    """The journal holds what must never be."""


@dataclass
class Slip:
    """A ticket, as the journal tells of it."""

    number: str = ""
    service: str = ""
    state: str = "waiting"
    counter: int | None = None
    call_id: str = ""
    printed: bool = False


@dataclass
class Desk:
    """A counter."""

    status: str = "closed"
    ticket: str = ""


@dataclass
class Said:
    """A call of the day."""

    call_id: str
    ticket: str
    number: str
    counter: int
    at_s: float


@dataclass
class Model:
    """The day so far; `fold` it from committed rows, in order."""

    day: str = ""
    tickets: dict[str, Slip] = field(default_factory=dict)
    desks: dict[int, Desk] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    calls: deque[Said] = field(default_factory=lambda: deque(maxlen=400))
    waiting: Counter[str] = field(default_factory=Counter)
    issued: Counter[str] = field(default_factory=Counter)

    def desk(self, counter: int) -> Desk:
        """Return the counter."""
        return self.desks.setdefault(counter, Desk())

    def fold(self, origin: str, events: tuple[Any, ...], at_s: float, *, is_fact: bool) -> None:
        """Take one row.

        Args:
            origin: `stream:seq` of the row.
            at_s: The true instant.
            is_fact: It was decided by an earlier hub: the hall may contradict it.

        Raises:
            Broken: It can't be.
        """
        for event in events:
            name = type(event).__name__
            take = getattr(self, f"_{name}", None)
            if take is not None:
                take(event, origin, at_s, is_fact)

    def _slip(self, ticket: str) -> Slip:
        slip = self.tickets.get(ticket)
        if slip is None:
            slip = self.tickets[ticket] = Slip()
            self.waiting[""] += 1
        return slip

    def _put(self, ticket: str, state: str) -> Slip:
        slip = self._slip(ticket)
        self.waiting[slip.service] += (state == "waiting") - (slip.state == "waiting")
        if slip.counter is not None and state not in AT_COUNTER:
            self.desks[slip.counter].ticket = ""
            slip.counter = None
        slip.state = state
        return slip

    def _rename(self, slip: Slip, service: str) -> None:
        if slip.state == "waiting":
            self.waiting[slip.service] -= 1
            self.waiting[service] += 1
        if slip.number:
            self.issued[slip.service] -= 1
            self.issued[service] += 1
        slip.service = service

    def _DayOpened(self, event: Any, *_: object) -> None:  # noqa: N802 - by the event's name
        if event.date <= self.day:
            raise Broken(f"day {event.date} opened after {self.day}")
        self.__dict__.update(Model(day=event.date).__dict__)

    def _TicketIssued(self, event: Any, origin: str, _: float, is_fact: bool) -> None:  # noqa: FBT001, N802
        if event.ticket.partition(".")[0] != origin and not (is_fact or event.paper):
            raise Broken(f"ticket {event.ticket} issued by row {origin}")
        other = self.numbers.setdefault(event.number, event.ticket)
        if other != event.ticket:
            raise Broken(f"number {event.number} of {event.ticket} is {other}'s")
        slip = self._slip(event.ticket)
        if slip.number:
            return
        if slip.state == "waiting":
            self.waiting[slip.service] -= 1
            self.waiting[event.service] += 1
        slip.number, slip.service = event.number, event.service
        self.issued[event.service] += 1

    def _TicketCorrected(self, event: Any, *_: object) -> None:  # noqa: N802
        other = self.numbers.setdefault(event.number, event.ticket)
        if other != event.ticket:
            raise Broken(f"number {event.number} of {event.ticket} is {other}'s")
        slip = self._slip(event.ticket)
        if not slip.number:
            self._rename(slip, event.service)
            self.issued[event.service] += 1
        slip.number = event.number

    def _PrintConfirmed(self, event: Any, *_: object) -> None:  # noqa: N802
        self._slip(event.ticket).printed = True

    def _TicketCalled(self, event: Any, _: str, at_s: float, is_fact: bool) -> None:  # noqa: FBT001, N802
        slip, desk = self._slip(event.ticket), self.desk(event.counter)
        if not is_fact:
            if slip.state not in {"waiting", "parked"}:
                raise Broken(f"{slip.number} called to {event.counter} while {slip.state}")
            if not slip.printed:
                raise Broken(f"{slip.number} called and is not on paper")
            if desk.ticket:
                raise Broken(f"counter {event.counter} calls {slip.number} beside {desk.ticket}")
        self._call(event, at_s)
        desk.status = "open"

    def _TicketRecalled(self, event: Any, _: str, at_s: float, is_fact: bool) -> None:  # noqa: FBT001, N802
        if self.desk(event.counter).ticket != event.ticket and not is_fact:
            raise Broken(f"{event.ticket} recalled to {event.counter}, where it is not")
        self._call(event, at_s)
        if self.desk(event.counter).status == "closed":
            self.desk(event.counter).status = "open"

    def _call(self, event: Any, at_s: float) -> None:
        desk = self.desk(event.counter)
        if desk.ticket and desk.ticket != event.ticket:
            self._put(desk.ticket, "waiting").call_id = ""
        slip = self._slip(event.ticket)
        if slip.counter is not None and slip.counter != event.counter:
            self.desks[slip.counter].ticket = ""
        self._put(event.ticket, "called")
        slip.counter, slip.call_id, desk.ticket = event.counter, event.call_id, event.ticket
        if slip.number:
            self.calls.append(Said(event.call_id, event.ticket, slip.number, event.counter, at_s))

    def _ServingStarted(self, event: Any, *_: object) -> None:  # noqa: N802
        slip = self._slip(event.ticket)
        if slip.counter is not None:
            self._put(event.ticket, "serving")

    def _TicketParked(self, event: Any, *_: object) -> None:  # noqa: N802
        self._put(event.ticket, "parked")

    def _TicketReturned(self, event: Any, *_: object) -> None:  # noqa: N802
        self._put(event.ticket, "waiting")

    def _TicketReinstated(self, event: Any, *_: object) -> None:  # noqa: N802
        self._put(event.ticket, "waiting").printed = True

    def _TicketReopened(self, event: Any, *_: object) -> None:  # noqa: N802
        self._put(event.ticket, "waiting")

    def _TicketTransferred(self, event: Any, *_: object) -> None:  # noqa: N802
        self._rename(self._put(event.ticket, "waiting"), event.service)

    def _ServiceSet(self, event: Any, *_: object) -> None:  # noqa: N802
        self._rename(self._slip(event.ticket), event.service)

    def _TicketClosed(self, event: Any, _: str, __: float, is_fact: bool) -> None:  # noqa: FBT001, N802
        slip = self._slip(event.ticket)
        if slip.state == "closed" and not is_fact:
            raise Broken(f"{slip.number} closed twice")
        self._put(event.ticket, "closed")

    def _CounterOpened(self, event: Any, *_: object) -> None:  # noqa: N802
        self.desk(event.counter).status = "open"

    def _CounterPaused(self, event: Any, *_: object) -> None:  # noqa: N802
        self.desk(event.counter).status = "paused"

    def _CounterClosed(self, event: Any, *_: object) -> None:  # noqa: N802
        desk = self.desk(event.counter)
        if desk.ticket:
            self._put(desk.ticket, "waiting").call_id = ""
        desk.status = "closed"
