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

from typing import NamedTuple, assert_never

from broker.hall.events import (
    Adopted,
    AssistAsked,
    AssistAttended,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DateDoubted,
    DayDated,
    DayOpened,
    HallEvent,
    NumbersMoved,
    OriginGap,
    PrintConfirmed,
    PrioritySet,
    ServiceDisrupted,
    ServiceResumed,
    ServiceSet,
    ServingStarted,
    StreamGap,
    TicketCalled,
    TicketClosed,
    TicketCorrected,
    TicketIssued,
    TicketParked,
    TicketRated,
    TicketRecalled,
    TicketReinstated,
    TicketReopened,
    TicketReturned,
    TicketTransferred,
)
from broker.hall.floor import Floor
from broker.hall.offline import later
from broker.hall.setup import Setup
from broker.hall.ticket import Ticket, TicketState

TicketMove = (
    TicketCalled
    | TicketRecalled
    | ServingStarted
    | TicketParked
    | TicketReturned
    | TicketTransferred
    | TicketReinstated
    | TicketReopened
    | TicketClosed
)
"""What brings a ticket into another state."""

TicketEvent = (
    TicketMove
    | TicketIssued
    | TicketCorrected
    | PrintConfirmed
    | PrioritySet
    | TicketRated
    | ServiceSet
)
"""What happens to one ticket."""


class Changed(NamedTuple):
    """Which views a row has made another, beside their `pos`: a hub publishes just these.

    Attributes:
        counters: Of the setup; the `counter_view` of every other is as it was.
        board: The day, or the calls of the day, changed.
        coded: Services whose `coded_pages` are others; none without codes on slips.
    """

    counters: set[int]
    board: bool
    coded: frozenset[str] = frozenset()


class Hall(Floor):
    """The state of one hall: who stands where on its floor, and which numbers are given.

    Attributes:
        is_open: A day is open.
        day: ISO date of the open day; empty before the first, and while nobody knows it.
        doubted_pos: Journal position from which no clock was trusted; 0 = one is.
        said_ms: Stamp at which a person said the date since then; 0 = nobody did.
        numbers: The highest number given today, by prefix.
        offline: The last number known to be given out without the hub, by kiosk's prefix.
        assists: Stamp since when staff are awaited, by the kiosk that asked.
        by_number: The newest ticket of each number.
        reinstated: How many tickets were reinstated today.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.is_open = False
        self.day = ""
        self.doubted_pos = 0
        self.said_ms = 0
        self.numbers: dict[str, int]
        self.assists: dict[str, int]
        self.offline: dict[str, int] = {}
        self.by_number: dict[str, Ticket]
        self.reinstated: int
        self._decided_ms = 0

    def apply(self, pos: int, at_ms: int, events: tuple[HallEvent, ...]) -> Changed:
        """Fold one journal row into the state; never raises, whatever the events.

        A row at or below `pos` was applied before and changes nothing. Costs what the events
        change, never what the day holds.
        """
        if pos <= self.pos:
            return Changed(set(), board=False)
        self.pos = pos
        self.at_ms = max(self.at_ms, at_ms)
        self._decided_ms = _decided_ms(events, at_ms)
        for event in () if _are_late(events) else events:
            self._fold(event, at_ms)
        changed = Changed(
            self._changed & self.setup.counters.keys(),
            board=self._board_changed,
            coded=frozenset(self._lines_changed),
        )
        self._changed, self._board_changed, self._lines_changed = set(), False, set()
        self._decided_ms = 0
        return changed

    def _fold(self, event: HallEvent, at_ms: int) -> None:
        match event:
            case DayOpened():
                self.is_open = True
                self.day = event.date
                self.doubted_pos = 0 if event.date else self.pos
                self.said_ms = 0
                self.offline = dict(event.offline)
                self._clear()
                self._changed.update(self.counters)
                self._board_changed = True
            case DateDoubted():
                self.doubted_pos = self.doubted_pos or self.pos
                self.said_ms = 0
            case DayDated():
                self._dated(event, at_ms)
            case CounterOpened() | CounterPaused() | CounterClosed():
                self._counter_turned(event)
            case NumbersMoved():
                for prefix, number in event.numbers.items():
                    self._count(f"{prefix}{number:03}")
            case ServiceDisrupted() | ServiceResumed() | AssistAsked() | AssistAttended():
                self._told(event, at_ms)
            case StreamGap() | OriginGap() | Adopted():
                pass  # For the technician: where rows are from, or that nobody knows them.
            case _:
                self._fold_ticket(event, self._ticket(event.ticket, at_ms), at_ms)

    def _told(
        self,
        event: ServiceDisrupted | ServiceResumed | AssistAsked | AssistAttended,
        at_ms: int,
    ) -> None:
        match event:
            case ServiceDisrupted():
                self._queue(event.service).disrupted = event.why
            case ServiceResumed():
                self._queue(event.service).disrupted = ""
            case AssistAsked():
                self.assists.setdefault(event.node, at_ms)
            case _:  # AssistAttended
                self.assists.pop(event.node, None)

    @property
    def is_dated(self) -> bool:
        """Whether the open day's date is known, from a clock or from a person."""
        return self.day != "" and (not self.doubted_pos or self.said_ms > 0)

    def _dated(self, event: DayDated, at_ms: int) -> None:
        if event.date != self.day:
            self._board_changed = True
        self.is_open, self.day = True, event.date
        for ticket in list(self.tickets.values()):
            if ticket.pos < event.from_pos:
                self._forget(ticket)
            elif self.doubted_pos and ticket.pos >= self.doubted_pos:
                self._shift(ticket, event.step_ms)
        self.doubted_pos = 0 if event.is_sure else self.pos
        self.said_ms = 0 if event.is_sure else at_ms

    def _forget(self, ticket: Ticket) -> None:
        """Drop a ticket that is of another day; its number stays given."""
        self._put(ticket, TicketState.CLOSED)
        ticket.counts, counted = False, ticket.counts
        self._queue(ticket.issued_for).taken -= counted
        if self.by_number.get(ticket.number) is ticket:
            del self.by_number[ticket.number]
        if self._queue(ticket.service).last == ticket.number:
            self._queue(ticket.service).last = ""
        self._drop(ticket)

    def _fold_ticket(self, event: TicketEvent, ticket: Ticket, at_ms: int) -> None:
        match event:
            case TicketIssued():
                self._issued(event, ticket)
            case TicketCorrected():
                self._corrected(event, ticket)
            case PrintConfirmed():
                ticket.printed = True
            case PrioritySet():
                self._index(ticket, waits=False, line=None)  # before its class changes
                ticket.priority = event.priority
            case TicketRated():
                ticket.score = event.score
            case ServiceSet():
                self._serve_as(ticket, event.service)
            case _:
                self._moved(event, ticket, at_ms)
        ticket.newest_ms = max(ticket.newest_ms, self._decided_ms)
        self._take(ticket)
        self._refresh(ticket.visit)
        if ticket.code_sha256 and ticket.issued_for:
            self._show_bearer(ticket)

    def _show_bearer(self, ticket: Ticket) -> None:
        """Note that what the bearer of its code is shown may be another now."""
        if not ticket.is_coded:
            ticket.is_coded = True
            self.coded.setdefault(ticket.issued_for, []).append(ticket)
        self._lines_changed.add(ticket.issued_for)

    def _moved(self, event: TicketMove, ticket: Ticket, at_ms: int) -> None:
        match event:
            case TicketCalled() | TicketRecalled():
                self._called(event, ticket, at_ms)
            case ServingStarted():
                self._served(ticket)
            case TicketParked():
                self._parked(event, ticket)
            case TicketReturned():
                self._put(ticket, TicketState.WAITING)
            case TicketTransferred():
                self._put(ticket, TicketState.WAITING)
                self._send(ticket, event.counter)
                self._serve_as(ticket, event.service)
            case TicketReinstated():
                self._reinstated(event, ticket)
            case TicketReopened():
                self._put(ticket, TicketState.WAITING)
                ticket.paper = True
            case TicketClosed():
                self._closed(event, ticket, at_ms)
            case _:
                assert_never(event)

    def _clear(self) -> None:
        super()._clear()
        self.numbers = {}
        self.by_number = {}
        self.assists = {}
        self.reinstated = 0

    def _issued(self, event: TicketIssued, ticket: Ticket) -> None:
        if ticket.number:
            self._count(event.number)  # Issued before: a number is given once.
            return
        self._index(ticket, waits=False, line=None)
        self.visits[ticket.visit].remove(ticket)
        self._refresh(ticket.visit)
        ticket.number = event.number
        ticket.service = ticket.issued_for = event.service
        ticket.visit = event.visit
        ticket.place = (event.issued_ms, *ticket.place[1:])
        ticket.code_sha256 = event.code_sha256
        ticket.priority = ticket.priority or event.priority
        ticket.assist = ticket.assist or event.assist
        ticket.node = event.node
        ticket.paper = ticket.paper or event.paper
        self.visits.setdefault(ticket.visit, []).append(ticket)
        queue = self._queue(ticket.service)
        queue.issued += 1
        self._number(ticket)

    def _corrected(self, event: TicketCorrected, ticket: Ticket) -> None:
        if not ticket.number:
            visit = event.ticket.partition(".")[0]
            issued = TicketIssued(
                ticket=event.ticket,
                number=event.number,
                service=event.service,
                visit=visit,
                issued_ms=event.issued_ms,
                code_sha256=event.code_sha256,
            )
            self._issued(issued, ticket)
            return
        self._index(ticket, waits=False, line=None)  # before its place changes
        ticket.place = (event.issued_ms, *ticket.place[1:])
        ticket.code_sha256 = event.code_sha256 or ticket.code_sha256
        if self.by_number.get(ticket.number) is ticket:
            del self.by_number[ticket.number]
        ticket.number = event.number
        self._number(ticket)

    def _number(self, ticket: Ticket) -> None:
        """Note under which number the ticket is known now."""
        self.by_number[ticket.number] = ticket
        self._queue(ticket.service).last = ticket.number
        self._count(ticket.number)
        if ticket.counter is not None:
            self._board_changed = True  # a call of this number may be one of its own

    def _count(self, text: str) -> None:
        """Note that the numbers of its prefix have come so far."""
        prefix, digits = text[:-3], text[-3:]
        if not digits.isdecimal():
            return
        number = int(digits)
        self.numbers[prefix] = max(self.numbers.get(prefix, 0), number)
        if prefix in self.setup.offline.values():
            self.offline[prefix] = later(number, self.offline.get(prefix))

    def _take(self, ticket: Ticket) -> None:
        """Let the service it was issued for count the ticket, unless it is cancelled or expired.

        What expires within a day is a slip of the day before, which has no part in this quota.
        """
        counts = ticket.issued_for != "" and ticket.outcome not in {"cancelled", "expired"}
        self._queue(ticket.issued_for).taken += counts - ticket.counts
        ticket.counts = counts

    def _called(self, event: TicketCalled | TicketRecalled, ticket: Ticket, at_ms: int) -> None:
        counter = self._counter(event.counter)
        if counter.current is not ticket:
            self._put_back(counter)
        self._put(ticket, TicketState.CALLED, keep=counter.id)
        if isinstance(event, TicketCalled) or counter.status == "closed":
            self._set_status(counter, "open")
        counter.current = ticket
        ticket.counter = counter.id
        ticket.call_id = event.call_id
        ticket.called_ms = at_ms
        ticket.repeat = 1
        if isinstance(event, TicketRecalled):
            ticket.repeat = event.repeat
        else:
            self._queue(ticket.service).calls += 1
            self._line_changed(ticket.service)  # who is away is one place nearer
            counter.priority_calls = counter.priority_calls + 1 if ticket.priority else 0
            self._turns_changed(counter.id)
        if ticket.number:
            self._record_call(ticket, counter.id)

    def _served(self, ticket: Ticket) -> None:
        if ticket.counter is not None:  # else the call that it follows is not known
            ticket.state = TicketState.SERVING

    def _parked(self, event: TicketParked, ticket: Ticket) -> None:
        self._put(ticket, TicketState.PARKED)
        ticket.parked_for = event.why
        ticket.holds += event.why == "hold"
        ticket.no_shows += event.why == "no_show"
        ticket.back_calls = self._queue(ticket.service).calls + event.places
        if event.back_ms > 0:
            ticket.back_ms = event.back_ms
            self.away[ticket.id] = ticket

    def _closed(self, event: TicketClosed, ticket: Ticket, at_ms: int) -> None:
        if ticket.counter is not None and event.outcome == "served":
            counter = self.counters[ticket.counter]
            counter.last, counter.last_ms = ticket, at_ms
        self._put(ticket, TicketState.CLOSED)
        ticket.outcome = event.outcome
        ticket.by_hand = event.by_hand

    def _reinstated(self, event: TicketReinstated, ticket: Ticket) -> None:
        self._put(ticket, TicketState.WAITING)
        self._index(ticket, waits=False, line=None)  # before its place changes
        ticket.printed = True  # the visitor stands there with it
        before = self.tickets.get(event.behind)
        if before is not None:
            self.reinstated += 1
            ticket.place = (*before.place[:2], self.reinstated)

    def _counter_turned(self, event: CounterOpened | CounterPaused | CounterClosed) -> None:
        counter = self._counter(event.counter)
        self._changed.add(counter.id)
        match event:
            case CounterOpened():
                self._set_status(counter, "open")
            case CounterPaused():
                self._set_status(counter, "paused")
            case CounterClosed():
                self._put_back(counter)
                self._set_status(counter, "closed")
            case _:
                assert_never(event)


def _are_late(events: tuple[HallEvent, ...]) -> bool:
    """Return whether they are on record only (see `Adopted`)."""
    return bool(events) and isinstance(events[0], Adopted) and events[0].late


def _decided_ms(events: tuple[HallEvent, ...], at_ms: int) -> int:
    """Return when a row was decided: an adopted one, before it came here."""
    return events[0].at_ms if events and isinstance(events[0], Adopted) else at_ms
