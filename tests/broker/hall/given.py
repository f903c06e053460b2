"""A small hall and the tools to tell its stories: who asks, what came before, what is so now."""

from typing import Any

import msgspec
from msgspec import to_builtins

from broker.hall.coded import CodedTicket, coded_pages
from broker.hall.commands import (
    Admit,
    AnyCommand,
    Assist,
    Attend,
    CallNext,
    CallNumber,
    Cancel,
    Close,
    CloseCounter,
    Command,
    ConfirmPrint,
    CounterCommand,
    DateDay,
    Disrupt,
    DoubtDate,
    Hold,
    Issue,
    OpenCounter,
    OpenDay,
    PauseCounter,
    Rate,
    Reinstate,
    Resume,
    Return,
    ReturnDue,
    ServedByHand,
    SetDay,
    SetPriority,
    SetService,
)
from broker.hall.events import DayOpened, HallEvent, TicketIssued
from broker.hall.queues import Line
from broker.hall.rules import Actor, Asked, Refusal, decide
from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.state import Changed, Hall
from broker.hall.ticket import AT_COUNTER, Ticket, TicketState
from broker.hall.views import BoardView, CounterView, board_view, counter_view

_encode = msgspec.msgpack.Encoder().encode

DAY = "2026-11-25"

START_MS = 1_795_570_000_000

KIOSK = Actor(node="kiosk-1", role="kiosk")
KIOSK_2 = Actor(node="kiosk-2", role="kiosk")
STAFF = Actor(node="loket-1", role="counter", counters=frozenset({1, 2, 3}))
DESK = Actor(node="web", role="web", counters=frozenset({1, 2, 3}))
BEARER = Actor(node="web", role="bearer")
HUB = Actor(node="hub", role="hub")


def small_setup() -> Setup:
    """Return 3 counters and 3 services: `ktp-el` and `kk` share series A, `pajak` has B.

    `ktp-el` is the general service of the agency of both.
    """
    return make_setup(
        hall="tebing-tinggi",
        name="MPP Kota Tebing Tinggi",
        timezone="Asia/Jakarta",
        agencies=(
            Agency(
                id="dukcapil",
                name="Dinas Kependudukan",
                short="Disdukcapil",
                series="A",
                general="ktp-el",
            ),
            Agency(id="bapenda", name="Badan Pendapatan Daerah", short="Bapenda"),
        ),
        services=(
            Service(id="ktp-el", agency="dukcapil", name={"id": "Perekaman KTP-el"}),
            Service(id="kk", agency="dukcapil", name={"id": "Kartu Keluarga"}),
            Service(id="pajak", agency="bapenda", name={"id": "Pajak"}, series="B"),
        ),
        counters=(
            Counter(id=1, serves=("ktp-el", "kk")),
            Counter(id=2, serves=("kk", "ktp-el")),
            Counter(id=3, serves=("pajak", "ktp-el")),
        ),
        paper="P",
        offline={"kiosk-1": "K1", "kiosk-2": "K2"},
    )


def origin(seq: int) -> str:
    """Return the origin of the story's row `seq`."""
    return f"{'a' * 32}:{seq}"


def example(kind: type[Command], *, seen: str = "", number: str = "A001") -> AnyCommand:
    """Return a command of this kind, about counter 1 or the first ticket of an opened day."""
    others: tuple[AnyCommand, ...] = (
        Issue(services=("kk",)),
        ConfirmPrint(ticket=origin(2), number="A001"),
        Cancel(ticket=origin(2)),
        Assist(),
        Attend(node="n"),
        Hold(ticket=origin(2)),
        Return(ticket=origin(2)),
        Reinstate(ticket=origin(2)),
        Admit(number=number, service="ktp-el"),
        ServedByHand(number=number, counter=1),
        Disrupt(services=("kk",), why="no_staff"),
        Resume(services=("kk",)),
        CallNumber(counter=1, seen=seen, number=number),
        SetPriority(ticket=origin(2), priority=True),
        SetService(counter=1, seen=seen, service="kk"),
        Rate(counter=1, seen=seen, score=4),
        ReturnDue(),
        OpenDay(date="2026-12-01"),
        DoubtDate(),
        DateDay(date="2026-12-01"),
        SetDay(date="2026-12-01"),
    )
    examples: dict[type[Command], AnyCommand] = {type(other): other for other in others}
    return examples.get(kind) or kind(counter=1, seen=seen)  # type: ignore[call-arg, return-value]


def by_default(command: AnyCommand) -> Actor:
    """Return who usually asks for this."""
    match command:
        case OpenDay() | DoubtDate() | DateDay() | ReturnDue():
            return HUB
        case Admit() | Hold() | Return() | Reinstate() | SetPriority() | SetDay():
            return DESK
        case Disrupt() | Resume() | Attend():
            return DESK
        case _ if hasattr(command, "counter"):
            return STAFF
        case _:
            return KIOSK


class Story:
    """A hall and its journal, as a hub would lead them.

    Attributes:
        journal: The rows: (pos, at_ms, events). Refused commands leave none here.
        changed: What the newest row changed.
    """

    def __init__(self, setup: Setup | None = None) -> None:
        self.hall = Hall(setup or small_setup())
        self.journal: list[tuple[int, int, tuple[HallEvent, ...]]] = []
        self.at_ms = START_MS
        self.changed = Changed(set(), board=False)

    def then(self, *events: HallEvent) -> "Story":
        """Journal these events as one row."""
        self.journal.append((self.hall.pos + 1, self.at_ms, events))
        self.changed = self.hall.apply(*self.journal[-1])
        return self

    def after(self, seconds: float) -> "Story":
        """Let time pass."""
        self.at_ms += round(seconds * 1000)
        return self

    def ask(
        self, command: AnyCommand, by: Actor | None = None, *, stale: bool = False
    ) -> tuple[HallEvent, ...]:
        """Decide, journal and return what happened.

        Raises:
            Refusal: After a check that it has changed nothing.
        """
        before = image(self.hall)
        asked = Asked(origin=origin(self.hall.pos + 1), at_ms=self.at_ms, stale=stale)
        try:
            events = decide(self.hall, command, by or by_default(command), asked)
        finally:
            assert before == image(self.hall), "decide has changed the hall"
        self.then(*events)
        return events

    def told(
        self, command: AnyCommand, by: Actor | None = None, *, stale: bool = False
    ) -> tuple[str, str]:
        """Return the code and detail with which this is refused; two empty texts when it is not."""
        try:
            self.ask(command, by, stale=stale)
        except Refusal as refusal:
            return refusal.code, refusal.detail
        return "", ""

    def open_day(self) -> "Story":
        """Open the day."""
        self.ask(OpenDay(date=DAY))
        return self

    def take(self, *services: str, priority: bool = False, code: str = "") -> list[str]:
        """Take and print tickets of one visit; return their ids."""
        taken = self.ask(Issue(services=services, priority=priority, code_sha256=code))
        issued = [event for event in taken if isinstance(event, TicketIssued)]
        for event in issued:
            self.ask(ConfirmPrint(ticket=event.ticket, number=event.number))
        return [event.ticket for event in issued]

    def call(self, counter: int) -> str:
        """Press call at a counter as its lamp shows it; return the number called, or nothing."""
        self.ask(CallNext(counter=counter, seen=self.seen(counter)))
        current = self.hall.counters[counter].current
        return current.number if current else ""

    def press(self, kind: type[CounterCommand], counter: int) -> tuple[HallEvent, ...]:
        """Press something at a counter as its lamp shows it."""
        return self.ask(kind(counter=counter, seen=self.seen(counter)))  # type: ignore[arg-type]

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket of today."""
        return self.hall.tickets[ticket_id]

    def close(self, counter: int) -> "Story":
        """Press done."""
        self.ask(Close(counter=counter, seen=self.seen(counter)))
        return self

    def turn(
        self, kind: type[OpenCounter | PauseCounter | CloseCounter], counter: int
    ) -> tuple[HallEvent, ...]:
        """Open, pause or close a counter as its lamp shows it."""
        return self.ask(kind(counter=counter, seen=self.seen(counter)))

    def seen(self, counter: int) -> str:
        """Return what the counter's lamp shows."""
        return self.hall.counters[counter].call_id


Pages = dict[str, list[tuple[CodedTicket, ...]]]

Views = tuple[dict[int, CounterView], BoardView, Pages]


def views(hall: Hall) -> Views:
    """Return what every counter and the board show, as if at position 0."""
    pos, hall.pos = hall.pos, 0
    counters = {counter: counter_view(hall, counter, gen="") for counter in hall.setup.counters}
    board = board_view(hall, gen="", at_ms=0)
    hall.pos = pos
    return counters, board, {service: coded_pages(hall, service) for service in hall.coded}


def check_changed(before: Views, after: Views, changed: Changed) -> None:
    """Assert that every view which changed was named."""
    assert {c for c, view in after[0].items() if view != before[0][c]} <= changed.counters
    assert changed.board or before[1] == after[1]
    pages = before[2].keys() | after[2].keys()
    assert {one for one in pages if before[2].get(one) != after[2].get(one)} <= changed.coded


def opened(setup: Setup | None = None) -> Story:
    """Return a story whose day is open and nothing else."""
    return Story(setup).open_day()


def snapshot(hall: Hall) -> dict[str, Any]:
    """Return all of the hall's state, comparable and independent of it."""
    plain: dict[str, Any] = to_builtins(_state(hall))
    return plain


def image(hall: Hall) -> bytes:
    """Return all of the hall's state as bytes, the same for the same: faster than `snapshot`."""
    return _encode(_state(hall))


def _state(hall: Hall) -> dict[str, Any]:
    state = {**vars(hall), "calls": list(hall.calls)}
    del state["setup"]
    return state


def refolded(story: Story) -> Hall:
    """Return a new hall that has read the story's whole journal."""
    hall = Hall(story.hall.setup)
    for row in story.journal:
        hall.apply(*row)
    return hall


def refolded_since_day_opened(story: Story) -> Hall:
    """Return a new hall that has read the journal from its newest `day_opened` on."""
    hall = Hall(story.hall.setup)
    newest = max(
        (
            at
            for at, (_, _, events) in enumerate(story.journal)
            if any(isinstance(event, DayOpened) for event in events)
        ),
        default=0,
    )
    for row in story.journal[newest:]:
        hall.apply(*row)
    return hall


def check_counters(hall: Hall) -> None:
    """Assert that counters and tickets agree on who is where, and nobody is in two places."""
    at = {ticket.id: ticket.counter for ticket in hall.tickets.values() if ticket.counter}
    current = {c.current.id: c.id for c in hall.counters.values() if c.current}
    assert current == at
    assert len(current) == sum(c.current is not None for c in hall.counters.values())
    for ticket in hall.tickets.values():
        assert (ticket.counter is not None) == (ticket.state in AT_COUNTER), ticket
        assert (ticket.outcome is not None) == (ticket.state is TicketState.CLOSED), ticket
    for counter in hall.counters.values():
        assert counter.current is None or counter.status != "closed", counter


def check_queues(hall: Hall) -> None:
    """Assert that every queue is what counting all tickets of the day would give."""
    tickets = hall.tickets.values()
    busy = {ticket.visit for ticket in tickets if ticket.state in AT_COUNTER}
    waits = [ticket for ticket in tickets if ticket.state is TicketState.WAITING]
    ready = [ticket for ticket in waits if ticket.printed and ticket.visit not in busy]
    ready.sort(key=lambda ticket: ticket.place)
    for service, queue in hall.queues.items():
        assert queue.waiting == sum(ticket.service == service for ticket in waits), service
        here = [t for t in ready if t.service == service and not is_for_one(hall, t)]
        check_line(queue, here)
        assert queue.issued == sum(t.service == service and t.number != "" for t in tickets)
    for counter in hall.counters.values():
        here = [t for t in ready if t.only_counter == counter.id and is_for_one(hall, t)]
        check_line(counter, here)
        sent = [ticket.id for ticket in tickets if ticket.only_counter == counter.id]
        assert sorted(ticket.id for ticket in counter.sent) == sorted(sent)
    assert hall.away == {t.id: t for t in tickets if t.back_ms}
    for ticket in tickets:
        assert (ticket.parked_for is not None) == (ticket.state is TicketState.PARKED), ticket
        assert not ticket.back_ms or ticket.parked_for, ticket
    members = [ticket.id for visit in hall.visits.values() for ticket in visit]
    assert sorted(members) == sorted(hall.tickets)


def check_line(line: Line, tickets: list[Ticket]) -> None:
    """Assert that just these stand in the line, each in its class."""
    assert line.normal == [ticket for ticket in tickets if not ticket.priority]
    assert line.priority == [ticket for ticket in tickets if ticket.priority]
    assert (line.ready, line.count) == (tickets, len(tickets))


def is_for_one(hall: Hall, ticket: Ticket) -> bool:
    """Return whether one counter alone may call the ticket."""
    only = ticket.only_counter
    return only is not None and hall.counters[only].status != "closed"


def check_numbers(hall: Hall) -> None:
    """Assert that no number was given twice today, and the newest of each series is known."""
    numbers = [ticket.number for ticket in hall.tickets.values()]
    assert len(numbers) == len(set(numbers))
    newest: dict[str, int] = {}
    for number in numbers:
        newest[number[:-3]] = max(newest.get(number[:-3], 0), int(number[-3:]))
    # A number that a slip has corrected is not given again.
    assert all(hall.numbers[prefix] >= number for prefix, number in newest.items())
    assert hall.by_number == {ticket.number: ticket for ticket in hall.tickets.values()}
