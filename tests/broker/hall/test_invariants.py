"""What holds whatever is asked: random commands.

More than 10,000 random commands (`EXAMPLES` times about `STEPS`) from kiosks and counters, good and
bad; after each the counting that the queues spare us is done the slow way and compared. Hypothesis
shrinks a failure to the shortest story.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from broker.hall.commands import (
    Admit,
    AnyCommand,
    CallNext,
    CallNumber,
    Cancel,
    Close,
    CloseCounter,
    ConfirmPrint,
    Disrupt,
    Hold,
    Issue,
    NoShow,
    OpenCounter,
    OpenDay,
    Park,
    PauseCounter,
    Rate,
    Recall,
    Reinstate,
    Resume,
    Return,
    ReturnDue,
    ServedByHand,
    SetPriority,
    SetService,
    Start,
    Transfer,
)
from broker.hall.events import (
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketIssued,
)
from broker.hall.policy import due
from broker.hall.rules import REFUSALS, Actor
from broker.hall.state import Changed
from broker.hall.ticket import TicketState
from tests.broker.hall.given import (
    DESK,
    KIOSK,
    KIOSK_2,
    STAFF,
    Story,
    check_changed,
    check_counters,
    check_numbers,
    check_queues,
    origin,
    refolded,
    refolded_since_day_opened,
    snapshot,
    views,
)

EXAMPLES = 90
STEPS = 200

RARE = {"numbers_used_up", "held_out", "visit_busy", "service_needed"} | {
    "closed",
    "past_cutoff",
    "quota_reached",
}
"""Answers that a run may miss, or that its hall, always open, never gives; tables test them."""

ENDS = (CallNext, CallNumber, NoShow, Close, CloseCounter, Cancel, ConfirmPrint, ServedByHand)
"""Commands that end a ticket: of people, or of a kiosk whose slip is of another day."""

OTHER = Actor(node="loket-2", role="counter", counters=frozenset({2}))

some_service = st.sampled_from(["ktp-el", "kk", "pajak"])
some_target = st.sampled_from(["", "ktp-el", "kk", "kk", "pajak", "unheard-of"])
some_counter = st.sampled_from([1, 2, 3])
some_press = st.sampled_from(
    [CallNext] * 6
    + [Recall, Recall, NoShow, NoShow, Close, Start, Start, Park, CallNumber, Transfer, SetService]
    + [Rate, Rate]
    + [PauseCounter, OpenCounter, CloseCounter]
)
some_wait_s = st.sampled_from([0, 1, 5, 20, 40, 45, 60, 90, 200])
one_in_ten = st.sampled_from([False] * 9 + [True])


class Days(RuleBasedStateMachine):
    """A hall that is asked anything, for some days."""

    commands: ClassVar[int] = 0
    answers: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.days = 0
        self.numbers: set[str] = set()
        self.printed: set[str] = set()
        self.alone = 0

    def ask(self, command: AnyCommand, by: Actor | None = None, *, stale: bool = False) -> None:
        """Ask, and check what holds for every answer; `Story` checks that a no changes nothing."""
        hall = self.story.hall
        shown = views(hall)
        at_counters = [c.current for c in hall.counters.values() if c.current]
        Days.commands += 1
        code, detail = self.story.told(command, by, stale=stale)
        Days.answers.add(code)
        if code:
            assert code in REFUSALS
            assert detail
            return
        row = self.story.journal[-1]
        self.check_paper(command, row[2])
        check_changed(shown, views(hall), self.story.changed)
        # The fold would put it back; the rules must never leave that to it.
        waits = [t for t in at_counters if t.state is TicketState.WAITING]
        assert not waits or isinstance(command, Transfer)
        if isinstance(command, OpenDay):
            self.numbers.clear()
        given_now = [event.number for event in row[2] if isinstance(event, TicketIssued)]
        assert len(self.numbers) + len(given_now) == len(self.numbers | set(given_now))
        self.numbers.update(given_now)
        after = snapshot(hall)
        assert hall.apply(*row) == Changed(set(), board=False), "a duplicate row"
        assert snapshot(hall) == after

    def check_paper(self, command: AnyCommand, events: tuple[HallEvent, ...]) -> None:
        """Assert that nobody with paper is lost: only staff, bearers and a new day end a ticket.

        `check_queues` has every waiting one in its line, and every timed one among those away.
        """
        tickets = self.story.hall.tickets
        if isinstance(command, OpenDay):
            self.printed.clear()
        self.printed |= {event.ticket for event in events if isinstance(event, PrintConfirmed)}
        assert self.printed <= tickets.keys()
        for event in events:
            assert not isinstance(event, TicketClosed) or isinstance(command, ENDS)
        parked = [tickets[t] for t in self.printed if tickets[t].state is TicketState.PARKED]
        assert all(ticket.back_ms or ticket.parked_for == "park" for ticket in parked)

    @initialize(early=st.booleans())
    def begin(self, *, early: bool) -> None:
        """The hub opens the day, though perhaps a press comes first."""
        if early:
            self.ask(Issue(services=("kk",)))
            self.ask(CallNext(counter=1), STAFF)
        self.ask(OpenDay(date="2026-11-01"))

    def take(self, data: st.DataObject) -> None:
        """Somebody takes a slip, perhaps one that was asked for while the link was down."""
        known = len(self.story.hall.tickets)
        services = tuple(data.draw(st.lists(some_service, min_size=1, max_size=3)))
        priority = data.draw(st.booleans())
        age_ms = data.draw(some_wait_s) * 1000
        self.ask(Issue(services=services, age_ms=age_ms, priority=priority))
        for ticket in list(self.story.hall.tickets.values())[known:]:
            self.ask(ConfirmPrint(ticket=ticket.id, number=ticket.number))

    def take_unprinted(self, data: st.DataObject) -> None:
        """Somebody presses, and no paper comes yet."""
        strange = ("unheard-of",) if data.draw(one_in_ten) else ()
        self.ask(Issue(services=(data.draw(some_service), *strange)))

    def print_one(self, data: st.DataObject) -> None:
        """A kiosk has printed one, or says so again, or is mistaken in the number."""
        ticket, number = self.one(data)
        self.ask(ConfirmPrint(ticket=ticket, number="X999" if data.draw(one_in_ten) else number))

    def print_alone(self, data: st.DataObject) -> None:
        """A kiosk has printed numbers of its own, asked for in time, too late, or by nobody."""
        ticket, _ = self.one(data)
        self.alone += 1
        by = KIOSK_2 if data.draw(one_in_ten) else KIOSK
        confirm = ConfirmPrint(
            ticket=origin(9000 + self.alone) if data.draw(st.booleans()) else ticket,
            number=f"K1{self.alone if data.draw(st.booleans()) else 1:03}",
            service=data.draw(some_target),
            made_age_ms=None if data.draw(one_in_ten) else data.draw(some_wait_s) * 1000_000,
        )
        for _ in range(2):
            self.ask(confirm, by)

    def cancel_one(self, data: st.DataObject) -> None:
        """A kiosk could not print one."""
        self.ask(Cancel(ticket=self.one(data)[0]))

    def one(self, data: st.DataObject) -> tuple[str, str]:
        """Return id and number of a ticket: mostly one not yet on paper, seldom one of nobody."""
        tickets = list(self.story.hall.tickets.values())
        unprinted = [ticket for ticket in tickets if not ticket.printed]
        choice = tickets if data.draw(one_in_ten) else unprinted
        if not choice:
            return origin(9999), "A001"
        ticket = data.draw(st.sampled_from(choice))
        return ticket.id, ticket.number

    def press(self, data: st.DataObject) -> None:
        """Staff press, now and then too late, or just as something else was pressed."""
        kind: Any = data.draw(some_press)
        counter = 9 if data.draw(one_in_ten) else data.draw(some_counter)
        state = self.story.after(data.draw(some_wait_s)).hall.counters.get(counter)
        seen = origin(1) if state is None or data.draw(one_in_ten) else state.call_id
        by = OTHER if data.draw(one_in_ten) else STAFF
        more = {}
        if kind is CallNumber:
            more = {"number": self.any_ticket(data)[1]}
        elif kind is Transfer:
            to = st.sampled_from([None, None, 1, 2, 3, 9])
            more = {"service": data.draw(some_target), "to_counter": data.draw(to)}
        elif kind is SetService:
            more = {"service": data.draw(some_target.filter(bool))}
        elif kind is Rate:
            more = {"score": data.draw(st.integers(1, 4))}
        self.ask(kind(counter=counter, seen=seen, **more), by, stale=data.draw(one_in_ten))

    def at_desk(self, data: st.DataObject) -> None:
        """Somebody goes away for a while, is back, or was here all the time."""
        kind = data.draw(st.sampled_from([Hold, Hold, Return, Reinstate]))
        ticket, _ = self.any_ticket(data)
        times = 3 if kind is Hold and data.draw(one_in_ten) else 1
        for _ in range(times):
            self.ask(kind(ticket=ticket))
            if times > 1:
                self.ask(Return(ticket=ticket))

    def set_priority(self, data: st.DataObject) -> None:
        """Staff see that somebody belongs to the other class."""
        ticket, _ = self.any_ticket(data)
        self.ask(SetPriority(ticket=ticket, priority=data.draw(st.booleans())))

    def any_ticket(self, data: st.DataObject) -> tuple[str, str]:
        """Return id and number of a ticket of today, seldom of nobody."""
        tickets = list(self.story.hall.tickets.values())
        if not tickets or data.draw(one_in_ten):
            return origin(9999), "A998"
        ticket = data.draw(st.sampled_from(tickets))
        return ticket.id, ticket.number

    def return_due(self, data: st.DataObject) -> None:
        """The hub's timer rings, perhaps for nobody."""
        hall = self.story.after(data.draw(some_wait_s)).hall
        away = due(hall, self.story.at_ms)
        self.ask(ReturnDue())
        assert all(ticket.state is TicketState.WAITING for ticket in away)

    def by_hand(self, data: st.DataObject) -> None:
        """A desk or a counter puts right what the hub didn't hear of."""
        known = self.any_ticket(data)[1]
        unknown = st.sampled_from([*(f"P{n:03}" for n in range(1, 20)), "K1001", "K2009", "X001"])
        number = known if data.draw(st.booleans()) else data.draw(unknown)
        service = data.draw(some_service)
        if data.draw(st.booleans()):
            self.ask(Admit(number=number, service=service), DESK)
        else:
            service = "" if data.draw(one_in_ten) else service
            counter = data.draw(some_counter)
            self.ask(ServedByHand(number=number, counter=counter, service=service), DESK)

    def disrupt(self, data: st.DataObject) -> None:
        """A service's system goes down, or is up again."""
        services = tuple(data.draw(st.lists(some_service, min_size=1, max_size=3)))
        if data.draw(st.booleans()):
            self.ask(Disrupt(services=services[:1], why="system_down"))
        else:
            self.ask(Resume(services=services))

    def open_day(self, data: st.DataObject) -> None:
        """The hub opens the next day, seldom; else it tries the one that is open."""
        self.days += data.draw(st.sampled_from([0, 0, 1]))
        self.ask(OpenDay(date=f"2026-11-{self.days + 1:02}"))

    # One rule for all: Hypothesis would leave single rules out of whole runs.
    @rule(
        data=st.data(),
        act=st.sampled_from(
            [press] * 14
            + [take] * 3
            + [at_desk] * 3
            + [take_unprinted] * 2
            + [print_one, print_alone, cancel_one, set_priority]
            + [open_day, return_due, disrupt, by_hand]
        ),
    )
    def anything(self, data: st.DataObject, act: Callable[[Any, st.DataObject], None]) -> None:
        """Something happens in the hall."""
        act(self, data)

    @invariant()
    def everything_agrees(self) -> None:
        """Counters, queues and numbers are what looking at every ticket would give."""
        check_counters(self.story.hall)
        check_queues(self.story.hall)
        check_numbers(self.story.hall)

    def teardown(self) -> None:
        """Fold the journal again, all of it and since the newest day."""
        now = snapshot(self.story.hall)
        assert snapshot(refolded(self.story)) == now
        assert snapshot(refolded_since_day_opened(self.story)) == now


def test_10_000_random_commands() -> None:
    """Numbers never repeat in a day, nobody is in two places, state is the fold of the journal."""
    Days.commands = 0
    Days.answers.clear()

    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert Days.commands >= 10_000
    assert Days.answers >= set(REFUSALS) - RARE | {""}
