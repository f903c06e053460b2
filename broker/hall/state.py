"""What the hall is now: the fold of everything that happened. `Hall.apply` changes it, no one else.

Here belongs what an event does to the state, whatever the state was; whether a thing may be asked
belongs to `broker.hall.rules`, who is called next to `broker.hall.policy`.

An event is a fact (DESIGN §5.8). After a hub died, journals of several nodes are put together, so
facts may come that this state would never have allowed. `apply` takes them all:

- a ticket it doesn't know is made, as far as the event tells of it; a later `ticket_issued` fills
  in the rest and nothing more;
- a ticket called to one counter is no longer at another;
- a ticket whose counter turns to another ticket, or closes, without the ticket's own end, waits
  again at its old place: to call somebody once too often is mended by a no-show, to forget
  somebody is not;
- a counter that calls is open.

A day stands alone: `day_opened` drops everything before it, so the rows since the newest one give
the same state as the whole journal.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple, assert_never

from broker.hall.events import (
    CALL_ID_EMPTY,
    Adopted,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayOpened,
    HallEvent,
    NumbersMoved,
    OriginGap,
    Outcome,
    PrintConfirmed,
    StreamGap,
    TicketCalled,
    TicketClosed,
    TicketIssued,
    TicketRecalled,
)
from broker.hall.setup import Setup
from broker.hall.views import CALL_FRESH_MS, CALLS_MAX, CALLS_MIN, Call, CounterStatus


class TicketState(StrEnum):
    """Where a ticket is in its life (DESIGN §4)."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    CLOSED = "closed"


AT_COUNTER = frozenset({TicketState.CALLED, TicketState.SERVING})
"""States of a visitor who is at a counter, or on the way to it."""


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One visitor's turn.

    Attributes:
        id: Origin of its issue, unique for ever.
        number: What people read; empty when only later events of it are known.
        service: Empty when only later events of it are known: then no counter can call it.
        visit: Id of the first ticket of the same person's visit.
        place: (hub's wall clock when it was issued, by the age of the press; how many tickets the
            day had before): the smallest is called first.
        printed: It is on paper, so it may be called.
        counter: Where it is called or served; None elsewhere.
        call_id: Of the newest call; empty before the first.
        called_ms: Hub's wall clock at the newest call, recalls included.
        repeat: 1 for the first call, 2 for the first recall, ...
        outcome: None until closed.
        waits, ready: Whether its `Queue` counts it, and lists it.
    """

    id: str
    number: str = ""
    service: str = ""
    visit: str
    place: tuple[int, int]
    code_sha256: str = ""
    printed: bool = False
    state: TicketState = TicketState.WAITING
    counter: int | None = None
    call_id: str = CALL_ID_EMPTY
    called_ms: int = 0
    repeat: int = 0
    outcome: Outcome | None = None
    waits: bool = False
    ready: bool = False


_by_place = attrgetter("place")


@dataclass(slots=True, kw_only=True)
class CounterState:
    """A counter of the hall, now."""

    id: int
    status: CounterStatus = "closed"
    current: Ticket | None = None

    @property
    def call_id(self) -> str:
        """What `seen` must be: the newest call's id, or empty (DESIGN §5.6)."""
        return self.current.call_id if self.current else CALL_ID_EMPTY


@dataclass(slots=True, kw_only=True)
class Queue:
    """The tickets of one service, kept as they change so that nobody has to count a day's tickets.

    Attributes:
        ready: Those that could be called now, next one first: they wait, are on paper, and nobody
            of their visit is at a counter.
        waiting: How many wait, ready or not.
        issued: How many were issued today.
        last: The newest number; empty before the first.
    """

    ready: list[Ticket] = field(default_factory=list)
    waiting: int = 0
    issued: int = 0
    last: str = ""


class Changed(NamedTuple):
    """Which views a row has made another, beside their `pos`: a hub publishes just these.

    Attributes:
        counters: Of the setup; the `counter_view` of every other is as it was.
        board: The day, or the calls of the day, changed.
    """

    counters: set[int]
    board: bool


class Hall:
    """The state of one hall.

    Attributes:
        pos: Journal position of the newest row applied; 0 before the first.
        at_ms: The latest stamp of a row, hub's wall clock.
        day: ISO date of the open day; empty before the first.
        tickets: Every ticket of the day, by id.
        visits: The tickets of each visit, by its id.
        counters: By id: all of the setup, and any an event has named.
        queues: By service id: all of the setup, and any an event has named.
        numbers: The highest number given today, by prefix.
        calls: Newest last; those too old for any board are dropped.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.pos = 0
        self.at_ms = 0
        self.day = ""
        self.tickets: dict[str, Ticket]
        self.visits: dict[str, list[Ticket]]
        self.counters: dict[int, CounterState]
        self.queues: dict[str, Queue]
        self.numbers: dict[str, int]
        self.calls: deque[Call]
        self._counters_of: dict[str, list[int]] = {}
        for counter in setup.counters.values():
            for service in counter.serves:
                self._counters_of.setdefault(service, []).append(counter.id)
        self._changed: set[int] = set()
        self._board_changed = False
        self._clear()

    def apply(self, pos: int, at_ms: int, events: tuple[HallEvent, ...]) -> Changed:
        """Fold one journal row into the state; never raises, whatever the events.

        A row at or below `pos` was applied before and changes nothing. Costs what the events
        change, never what the day holds.
        """
        if pos <= self.pos:
            return Changed(set(), board=False)
        self.pos = pos
        self.at_ms = max(self.at_ms, at_ms)
        for event in () if _are_late(events) else events:
            self._fold(event, at_ms)
        changed = Changed(self._changed & self.setup.counters.keys(), board=self._board_changed)
        self._changed, self._board_changed = set(), False
        return changed

    def _fold(self, event: HallEvent, at_ms: int) -> None:
        match event:
            case DayOpened():
                self.day = event.date
                self._clear()
                self._changed.update(self.counters)
                self._board_changed = True
            case TicketIssued():
                self._issued(event, at_ms)
            case PrintConfirmed():
                ticket = self._ticket(event.ticket, at_ms)
                ticket.printed = True
                self._refresh(ticket.visit)
            case TicketCalled() | TicketRecalled():
                self._called(event, at_ms)
            case TicketClosed():
                ticket = self._ticket(event.ticket, at_ms)
                self._leave_counter(ticket)
                ticket.state = TicketState.CLOSED
                ticket.outcome = event.outcome
                self._refresh(ticket.visit)
            case CounterOpened() | CounterPaused() | CounterClosed():
                self._counter_turned(event)
            case NumbersMoved():
                for prefix, number in event.numbers.items():
                    self.numbers[prefix] = max(self.numbers.get(prefix, 0), number)
            case StreamGap() | OriginGap() | Adopted():
                pass  # For the technician: where rows are from, or that nobody knows them.
            case _:
                assert_never(event)

    def _clear(self) -> None:
        self.tickets = {}
        self.visits = {}
        self.counters = {counter: CounterState(id=counter) for counter in self.setup.counters}
        self.queues = {service: Queue() for service in self.setup.services}
        self.numbers = {}
        self.calls = deque(maxlen=CALLS_MAX)

    def _ticket(self, ticket_id: str, at_ms: int) -> Ticket:
        """Return the ticket; a new one, of which only the id is known, if there is none."""
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            place = (at_ms, len(self.tickets))
            ticket = Ticket(id=ticket_id, visit=ticket_id, place=place)
            self.tickets[ticket_id] = ticket
            self.visits.setdefault(ticket.visit, []).append(ticket)
        return ticket

    def _counter(self, counter_id: int) -> CounterState:
        counter = self.counters.get(counter_id)
        if counter is None:
            counter = self.counters[counter_id] = CounterState(id=counter_id)
        return counter

    def _issued(self, event: TicketIssued, at_ms: int) -> None:
        ticket = self._ticket(event.ticket, at_ms)
        if ticket.number:
            return  # Issued before: a number is given once.
        self._index(ticket, waits=False, ready=False)
        self.visits[ticket.visit].remove(ticket)
        self._refresh(ticket.visit)
        ticket.number = event.number
        ticket.service = event.service
        ticket.visit = event.visit
        ticket.place = (event.issued_ms, ticket.place[1])
        ticket.code_sha256 = event.code_sha256
        self.visits.setdefault(ticket.visit, []).append(ticket)
        self._refresh(ticket.visit)
        queue = self.queues[ticket.service]
        queue.issued += 1
        queue.last = ticket.number
        prefix, digits = ticket.number[:-3], ticket.number[-3:]
        if digits.isdecimal():
            self.numbers[prefix] = max(self.numbers.get(prefix, 0), int(digits))

    def _called(self, event: TicketCalled | TicketRecalled, at_ms: int) -> None:
        ticket = self._ticket(event.ticket, at_ms)
        counter = self._counter(event.counter)
        if counter.current is not ticket:
            self._put_back(counter)
            self._leave_counter(ticket)
        if isinstance(event, TicketCalled) or counter.status == "closed":
            counter.status = "open"
        counter.current = ticket
        ticket.state = TicketState.CALLED
        ticket.outcome = None
        ticket.counter = counter.id
        ticket.call_id = event.call_id
        ticket.called_ms = at_ms
        ticket.repeat = event.repeat if isinstance(event, TicketRecalled) else 1
        self._refresh(ticket.visit)
        if ticket.number:
            self._record_call(ticket, counter.id)

    def _record_call(self, ticket: Ticket, counter: int) -> None:
        self._board_changed = True
        self.calls.append(
            Call(
                call_id=ticket.call_id,
                number=ticket.number,
                counter=counter,
                service=ticket.service,
                at_ms=ticket.called_ms,
                repeat=ticket.repeat,
            )
        )
        oldest_ms = ticket.called_ms - CALL_FRESH_MS
        while len(self.calls) > CALLS_MIN and self.calls[0].at_ms <= oldest_ms:
            self.calls.popleft()

    def _counter_turned(self, event: CounterOpened | CounterPaused | CounterClosed) -> None:
        counter = self._counter(event.counter)
        self._changed.add(counter.id)
        match event:
            case CounterOpened():
                counter.status = "open"
            case CounterPaused():
                counter.status = "paused"
            case CounterClosed():
                counter.status = "closed"
                self._put_back(counter)
            case _:
                assert_never(event)

    def _put_back(self, counter: CounterState) -> None:
        """Let the counter's ticket, if there is one, wait again: nothing told of its end."""
        ticket = counter.current
        if ticket is None:
            return
        self._leave_counter(ticket)
        ticket.state = TicketState.WAITING
        ticket.call_id = CALL_ID_EMPTY
        ticket.repeat = 0
        self._refresh(ticket.visit)

    def _leave_counter(self, ticket: Ticket) -> None:
        """Take the ticket from its counter, if it is at one."""
        if ticket.counter is None:
            return
        self.counters[ticket.counter].current = None
        self._changed.add(ticket.counter)
        self._board_changed = True  # its call is over
        ticket.counter = None

    def _refresh(self, visit: str) -> None:
        """Bring the queues up to date after a ticket of this visit has changed."""
        members = self.visits[visit]
        free = not any(member.state in AT_COUNTER for member in members)
        for member in members:
            waits = member.state is TicketState.WAITING
            self._index(member, waits=waits, ready=waits and member.printed and free)
            if member.counter is not None:
                # Its call, or how many it could call after it: the rest of the visit counts.
                self._changed.add(member.counter)

    def _index(self, ticket: Ticket, *, waits: bool, ready: bool) -> None:
        queue = self.queues.get(ticket.service)
        if queue is None:
            queue = self.queues[ticket.service] = Queue()
        queue.waiting += waits - ticket.waits
        ticket.waits = waits
        if ticket.ready == ready:
            return
        ticket.ready = ready
        if ready:
            insort(queue.ready, ticket, key=_by_place)
        else:
            del queue.ready[bisect_left(queue.ready, ticket.place, key=_by_place)]
        self._changed.update(self._counters_of.get(ticket.service, ()))


def _are_late(events: tuple[HallEvent, ...]) -> bool:
    """Return whether they are on record only (see `Adopted`)."""
    return bool(events) and isinstance(events[0], Adopted) and events[0].late
