"""Who stands where: a day's tickets at their counters and in their lines, and what of it changed.

Here belongs how a ticket gets from one place to another, so that counters, lines and counts always
agree; which event moves it belongs to `broker.hall.state`, whose `Hall` alone is made of this.
"""

from collections import deque

from msgspec.structs import replace

from broker.hall.events import CALL_ID_EMPTY
from broker.hall.queues import CounterState, Line, Queue
from broker.hall.setup import Setup
from broker.hall.ticket import AT_COUNTER, Ticket, TicketState
from broker.hall.views import CALL_FRESH_MS, CALLS_MAX, CALLS_MIN, Call, CounterStatus


class Floor:
    """The places of one hall.

    Attributes:
        pos: Journal position of the newest row applied; 0 before the first.
        at_ms: The latest stamp of a row, hub's wall clock.
        came: How many tickets the day has had, those that turned out to be of an earlier one too.
        tickets: Every ticket of the day, by id.
        visits: The tickets of each visit, by its id.
        counters: By id: all of the setup, and any an event has named.
        queues: By service id: all of the setup, and any an event has named.
        counters_of: The counters that serve each service, as the setup says.
        away: Parked tickets that return by themselves, by id.
        calls: Newest last; those too old for any board are dropped.
        coded: The tickets whose slips have a code, by the service they were issued for, as they
            came.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.pos = 0
        self.at_ms = 0
        self.came: int
        self.tickets: dict[str, Ticket]
        self.visits: dict[str, list[Ticket]]
        self.counters: dict[int, CounterState]
        self.queues: dict[str, Queue]
        self.away: dict[str, Ticket]
        self.calls: deque[Call]
        self.counters_of: dict[str, list[int]] = {}
        for counter in setup.counters.values():
            for service in counter.serves:
                self.counters_of.setdefault(service, []).append(counter.id)
        self.coded: dict[str, list[Ticket]] = {}
        self._changed: set[int] = set()
        self._lines_changed: set[str] = set()
        self._board_changed = False
        self._clear()

    def _clear(self) -> None:
        self.came = 0
        self.tickets = {}
        self.visits = {}
        self.counters = {counter: CounterState(id=counter) for counter in self.setup.counters}
        self.queues = {service: Queue() for service in self.setup.services}
        self.away = {}
        self.calls = deque(maxlen=CALLS_MAX)
        self._lines_changed.update(self.coded)
        self.coded = {}

    def _ticket(self, ticket_id: str, at_ms: int) -> Ticket:
        """Return the ticket; a new one, of which only the id is known, if there is none."""
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            place = (at_ms, self.came, 0)
            self.came += 1
            ticket = Ticket(id=ticket_id, visit=ticket_id, pos=self.pos, place=place)
            self.tickets[ticket_id] = ticket
            self.visits.setdefault(ticket.visit, []).append(ticket)
        return ticket

    def _counter(self, counter_id: int) -> CounterState:
        counter = self.counters.get(counter_id)
        if counter is None:
            counter = self.counters[counter_id] = CounterState(id=counter_id)
        return counter

    def _queue(self, service: str) -> Queue:
        queue = self.queues.get(service)
        if queue is None:
            queue = self.queues[service] = Queue()
        return queue

    def _send(self, ticket: Ticket, counter: int | None) -> None:
        """Let one counter alone call the ticket, or any when it is None."""
        self._index(ticket, waits=False, line=None)
        if ticket.only_counter is not None:
            self.counters[ticket.only_counter].sent.remove(ticket)
        ticket.only_counter = counter
        if counter is not None:
            self._counter(counter).sent.append(ticket)

    def _serve_as(self, ticket: Ticket, service: str) -> None:
        """Move the ticket to another service's queue."""
        if ticket.service == service:
            return
        self._index(ticket, waits=False, line=None)
        self._queue(service).guests.add(ticket.issued_for)
        is_issued = ticket.number != ""
        self._queue(ticket.service).issued -= is_issued
        ticket.service = service
        self._queue(service).issued += is_issued
        ticket.back_calls = 0  # the places were the other queue's
        if ticket.counter is not None:
            self._changed.add(ticket.counter)

    def _set_status(self, counter: CounterState, status: CounterStatus) -> None:
        counter.status = status
        self._turns_changed(counter.id)
        for ticket in counter.sent:
            self._refresh(ticket.visit)  # any counter of its service calls it while this is closed

    def _put_back(self, counter: CounterState) -> None:
        """Let the counter's ticket, if there is one, wait again: nothing told of its end."""
        ticket = counter.current
        if ticket is None:
            return
        self._put(ticket, TicketState.WAITING)
        ticket.call_id = CALL_ID_EMPTY
        ticket.repeat = 0
        self._refresh(ticket.visit)

    def _put(self, ticket: Ticket, state: TicketState, *, keep: int | None = None) -> None:
        """Bring the ticket into a state, from its counter unless it stays at this one."""
        if ticket.state in AT_COUNTER and state not in AT_COUNTER:
            for member in self.visits[ticket.visit]:
                member.free_ms = self.at_ms
        if ticket.counter is not None and ticket.counter != keep:
            self.counters[ticket.counter].current = None
            self._changed.add(ticket.counter)
            self._board_changed = True  # its call is over
            ticket.counter = None
        ticket.state = state
        ticket.outcome = None
        ticket.by_hand = False
        ticket.parked_for = None
        ticket.back_ms = 0
        self.away.pop(ticket.id, None)

    def _refresh(self, visit: str) -> None:
        """Bring the queues up to date after a ticket of this visit has changed."""
        members = self.visits[visit]
        free = not any(member.state in AT_COUNTER for member in members)
        for member in members:
            waits = member.state is TicketState.WAITING
            ready = waits and member.printed and free
            self._index(member, waits=waits, line=self.line_of(member) if ready else None)
            if member.counter is not None:
                # Its call, or how many it could call after it: the rest of the visit counts.
                self._changed.add(member.counter)

    def _drop(self, ticket: Ticket) -> None:
        """Take a closed ticket out of every list and count."""
        self._send(ticket, None)
        self._refresh(ticket.visit)
        self._queue(ticket.service).issued -= ticket.number != ""
        self.visits[ticket.visit].remove(ticket)
        if not self.visits[ticket.visit]:
            del self.visits[ticket.visit]
        del self.tickets[ticket.id]
        if ticket.is_coded:
            self.coded[ticket.issued_for].remove(ticket)
            self._lines_changed.add(ticket.issued_for)
        for counter in self.counters.values():
            if counter.last is ticket:
                counter.last = None
        self.calls = deque(
            (call for call in self.calls if call.number != ticket.number), maxlen=CALLS_MAX
        )

    def _shift(self, ticket: Ticket, step_ms: int) -> None:
        """Take a ticket's stamps forward: they were too low by so much."""
        if not step_ms:
            return
        self._index(ticket, waits=False, line=None)  # before its place changes
        ticket.place = (ticket.place[0] + step_ms, *ticket.place[1:])
        ticket.called_ms += step_ms if ticket.called_ms else 0
        ticket.free_ms += step_ms if ticket.free_ms else 0
        ticket.back_ms += step_ms if ticket.back_ms else 0
        for at, call in enumerate(self.calls):
            if call.call_id == ticket.call_id:
                self.calls[at] = replace(call, at_ms=call.at_ms + step_ms)
        for counter in self.counters.values():
            counter.last_ms += step_ms if counter.last is ticket else 0
        self._board_changed = True
        self._refresh(ticket.visit)

    def line_of(self, ticket: Ticket) -> str | int:
        """Return who may call the ticket: its service's counters, or one alone."""
        only = ticket.only_counter
        if only is None or self.counters[only].status == "closed":
            return ticket.service
        return only

    def _index(self, ticket: Ticket, *, waits: bool, line: str | int | None) -> None:
        self._queue(ticket.service).waiting += waits - ticket.waits
        ticket.waits = waits
        if ticket.line == line:
            return
        for name, is_in in ((ticket.line, False), (line, True)):
            if name is None:
                continue
            found: Line = self._queue(name) if isinstance(name, str) else self.counters[name]
            (found.enter if is_in else found.leave)(ticket)
            counters = self.counters_of.get(name, ()) if isinstance(name, str) else (name,)
            self._changed.update(counters)
            self._line_changed(name)
        ticket.line = line

    def _line_changed(self, name: str | int) -> None:
        """Note for whose tickets it is another now how many are called before them."""
        if not self.coded:
            return
        if isinstance(name, str):
            services = {name, *self.queues[name].guests}
        else:
            services = {ticket.issued_for for ticket in self.counters[name].sent}
        self._lines_changed |= services & self.coded.keys()

    def _turns_changed(self, counter: int) -> None:
        """Note that this counter's turns of priority and normal tickets are others now."""
        known = self.setup.counters.get(counter) if self.coded else None
        for service in known.serves if known else ():
            self._line_changed(service)

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
                priority=ticket.priority,
            )
        )
        oldest_ms = ticket.called_ms - CALL_FRESH_MS
        while len(self.calls) > CALLS_MIN and self.calls[0].at_ms <= oldest_ms:
            self.calls.popleft()
