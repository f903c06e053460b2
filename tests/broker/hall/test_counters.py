"""What staff at a counter ask: start, park, transfer, another service, a number, a no-show."""

import pytest

from broker.hall.commands import (
    CallNext,
    CallNumber,
    Close,
    CloseCounter,
    CounterCommand,
    Issue,
    NoShow,
    OpenCounter,
    Park,
    Recall,
    Return,
    ReturnDue,
    SetService,
    Start,
    Transfer,
)
from broker.hall.events import (
    CounterOpened,
    ServiceSet,
    ServingStarted,
    TicketCalled,
    TicketClosed,
    TicketParked,
    TicketReturned,
    TicketTransferred,
)
from broker.hall.policy import due_ms, next_ticket, waiting
from broker.hall.setup import Setup
from broker.hall.ticket import TicketState
from tests.broker.hall.given import START_MS, Story, opened, origin, small_setup


def called(service: str = "kk", counter: int = 1) -> tuple[Story, str]:
    """Return a story whose only ticket was just called, and the ticket."""
    story = opened()
    ticket = story.take(service)[0]
    story.call(counter)
    return story, ticket


def without_return() -> Setup:
    """Return the small hall in which a no-show is the end."""
    setup = small_setup()
    return Setup(
        **{name: getattr(setup, name) for name in setup.__struct_fields__} | {"no_show_max": 0}
    )


# -- start, park --------------------------------------------------------------------------------


def test_a_start_is_told_once_and_keeps_the_call() -> None:
    """The lamp's `seen` stays; who is served is neither called again nor a no-show."""
    story, ticket = called()
    seen = story.seen(1)

    assert story.press(Start, 1) == (ServingStarted(ticket=ticket),)
    assert (story.seen(1), story.ticket(ticket).state) == (seen, TicketState.SERVING)
    for kind in (Start, Recall, NoShow):
        assert story.told(kind(counter=1, seen=seen))[0] == "moved_on"


@pytest.mark.parametrize("is_started", [False, True])
def test_a_parked_ticket_waits_for_staff(*, is_started: bool) -> None:
    """The counter is free, nobody calls it by the button, and it comes back where it was."""
    story, ticket = called()
    later = story.after(60).take("kk")[0]
    if is_started:
        story.press(Start, 1)

    assert story.press(Park, 1) == (TicketParked(ticket=ticket, why="park"),)
    assert (story.seen(1), waiting(story.hall, 1), due_ms(story.hall)) == ("", 1, None)
    story.after(7200)
    assert story.ask(ReturnDue()) == ()

    assert story.ask(Return(ticket=ticket)) == (TicketReturned(ticket=ticket),)
    assert [t.id for t in story.hall.queues["kk"].ready] == [ticket, later]


def test_parking_one_frees_the_rest_of_the_visit() -> None:
    """A person who looks for a form at one counter can be served at another; wait counts anew."""
    story = opened()
    first, second = story.take("kk", "pajak")
    story.call(1)
    story.after(300).press(Park, 1)

    assert story.call(3) == "B001"
    assert (story.ticket(second).free_ms, story.ticket(first).place[0]) == (story.at_ms, START_MS)


# -- no-shows -----------------------------------------------------------------------------------


def test_a_no_show_returns_behind_three_and_after_three_minutes() -> None:
    """Both must be over; then its old place makes it the next."""
    story, ticket = called()
    for _ in range(5):
        story.take("kk")

    assert story.press(NoShow, 1) == (
        TicketParked(ticket=ticket, why="no_show", back_ms=START_MS + 180_000, places=3),
    )
    numbers = [story.after(60).call(1) for _ in range(4)]
    assert numbers == ["A002", "A003", "A004", "A001"]


def test_a_no_show_does_not_return_before_its_time() -> None:
    """Three quick calls don't bring it back."""
    story, _ = called()
    for _ in range(5):
        story.take("kk")
    story.press(NoShow, 1)

    assert [story.after(50).call(1) for _ in range(4)] == ["A002", "A003", "A004", "A001"]
    story, _ = called()
    for _ in range(5):
        story.take("kk")
    story.press(NoShow, 1)

    numbers = [story.after(wait_s).call(1) for wait_s in (45, 45, 45, 44)]
    assert numbers == ["A002", "A003", "A004", "A005"]


def test_a_no_show_returns_after_its_time_when_nobody_else_is_left() -> None:
    """Nobody waits, so there are no three places to wait for."""
    story, ticket = called()
    story.press(NoShow, 1)

    assert story.after(179.999).told(CallNext(counter=1))[0] == "nobody_waiting"
    assert story.ask(ReturnDue()) == ()
    assert due_ms(story.hall) == START_MS + 180_000
    assert story.after(0.001).ask(ReturnDue()) == (TicketReturned(ticket=ticket),)
    assert due_ms(story.hall) is None
    assert story.call(1) == "A001"


def test_a_no_show_returns_twice_and_then_it_is_the_end() -> None:
    """`no_show_max`; a hall that sets 0 closes it at once."""
    story, ticket = called()
    for _ in range(2):
        story.press(NoShow, 1)
        assert story.ticket(ticket).state is TicketState.PARKED
        story.after(180)
        assert story.call(1) == "A001"
    assert story.press(NoShow, 1) == (TicketClosed(ticket=ticket, outcome="no_show"),)

    strict = opened(without_return())
    strict.take("kk")
    strict.call(1)
    assert strict.press(NoShow, 1) == (TicketClosed(ticket=origin(2), outcome="no_show"),)


@pytest.mark.parametrize("kind", [CallNext, CloseCounter])
def test_who_is_passed_over_soon_after_the_call_is_a_no_show(kind: type[CounterCommand]) -> None:
    """It returns as after the button."""
    story, ticket = called()

    parked = story.after(10).press(kind, 1)[0]

    assert parked == TicketParked(
        ticket=ticket, why="no_show", back_ms=story.at_ms + 180_000, places=3
    )


def test_who_comes_after_all_is_called_by_number() -> None:
    """Staff need not wait for the time to be over."""
    story, ticket = called()
    story.press(NoShow, 1)

    assert story.ask(CallNumber(counter=1, number="A001")) == (
        TicketCalled(ticket=ticket, counter=1, call_id=origin(story.hall.pos)),
    )
    assert due_ms(story.hall) is None


# -- call a number ------------------------------------------------------------------------------


def test_a_number_is_called_before_its_turn() -> None:
    """It opens the counter and ends the ticket before, as call does."""
    story = opened()
    first, second = story.take("kk")[0], story.take("kk")[0]

    assert story.ask(CallNumber(counter=2, number="A002")) == (
        CounterOpened(counter=2),
        TicketCalled(ticket=second, counter=2, call_id=origin(story.hall.pos)),
    )
    assert story.after(60).ask(CallNumber(counter=2, seen=story.seen(2), number="A001")) == (
        TicketClosed(ticket=second, outcome="served"),
        TicketCalled(ticket=first, counter=2, call_id=origin(story.hall.pos)),
    )


@pytest.mark.parametrize(
    ("number", "counter", "code", "detail"),
    [
        ("A009", 1, "unknown_ticket", "number A009: not issued today"),
        ("A001", 1, "moved_on", "ticket A001: called, so no call_number"),
        ("A002", 2, "visit_busy", "ticket A002: its visitor is at another counter"),
        ("A003", 1, "not_on_paper", "ticket A003: its print is not confirmed"),
        ("A004", 1, "moved_on", "ticket A004: closed, so no call_number"),
        ("B001", 2, "not_served_here", "counter 2: B001 is for pajak"),
    ],
)
def test_a_number_that_cannot_be_called(number: str, counter: int, code: str, detail: str) -> None:
    """A001 is at counter 1, A002 of its visit, A003 not on paper, A004 served."""
    story = opened()
    story.take("kk", "kk")
    story.ask(Issue(services=("kk",)))
    story.take("kk")
    story.take("pajak")
    story.ask(CallNumber(counter=2, number="A004"))
    story.close(2)
    story.call(1)

    command = CallNumber(counter=counter, seen=story.seen(counter), number=number)
    assert story.told(command) == (code, detail)


# -- transfer, set_service ----------------------------------------------------------------------


def test_a_transfer_keeps_number_and_first_issue_time() -> None:
    """At the other service it stands where its issue puts it."""
    story, ticket = called()
    later = story.after(60).take("pajak")[0]

    assert story.ask(Transfer(counter=1, seen=story.seen(1), service="pajak")) == (
        TicketTransferred(ticket=ticket, service="pajak"),
    )
    queues = story.hall.queues
    assert [t.id for t in queues["pajak"].ready] == [ticket, later]
    assert (queues["kk"].issued, queues["pajak"].issued) == (0, 2)
    assert story.call(3) == "A001"


def test_a_transfer_to_a_counter_is_for_that_counter_alone() -> None:
    """It is called first there, whatever that counter serves, and nowhere else."""
    story, ticket = called()
    story.take("pajak")
    story.press(OpenCounter, 3)

    assert story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=3)) == (
        TicketTransferred(ticket=ticket, service="kk", counter=3),
    )
    assert [waiting(story.hall, counter) for counter in (1, 2, 3)] == [0, 0, 2]
    assert story.told(CallNumber(counter=2, number="A001"))[0] == "not_served_here"
    assert story.call(3) == "A001"


def test_who_was_sent_to_a_counter_is_called_there_by_number_too() -> None:
    """Whatever that counter serves."""
    story, ticket = called()
    story.press(OpenCounter, 3)
    story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=3))
    story.ask(CallNumber(counter=3, number="A001"))

    assert story.ticket(ticket).counter == 3


def test_a_counter_that_closes_lets_others_call_who_was_sent_to_it() -> None:
    """Nobody waits for an empty chair; open again it has them back."""
    story, ticket = called()
    story.press(OpenCounter, 3)
    story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=3))

    story.press(CloseCounter, 3)
    assert [waiting(story.hall, counter) for counter in (1, 2, 3)] == [1, 1, 0]
    story.press(OpenCounter, 3)
    found = next_ticket(story.hall, 3, story.at_ms)
    assert found is story.ticket(ticket)
    assert next_ticket(story.hall, 1, story.at_ms) is None


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        (
            Transfer(counter=1, service="x"),
            "unknown_service",
            "transfer: no service x in this hall",
        ),
        (
            Transfer(counter=1, to_counter=9),
            "unknown_counter",
            "transfer: no counter 9 in this hall",
        ),
        (
            Transfer(counter=1, to_counter=2),
            "counter_closed",
            "counter 2: closed, so nobody is sent to it",
        ),
        (
            SetService(counter=1, service="x"),
            "unknown_service",
            "set_service: no service x in this hall",
        ),
        (
            SetService(counter=1, service="pajak"),
            "not_general",
            "ticket A001: kk is not the general service of bapenda",
        ),
    ],
)
def test_where_a_ticket_cannot_go(command: CounterCommand, code: str, detail: str) -> None:
    """Counter 1 has A001 for kk."""
    story, _ = called()
    fields = {name: getattr(command, name) for name in command.__struct_fields__}

    assert story.told(type(command)(**fields | {"seen": story.seen(1)})) == (code, detail)  # type: ignore[arg-type]


def test_a_general_ticket_is_set_to_a_service_of_its_agency() -> None:
    """Number, place and counter are as before; said again, nothing happens."""
    story, ticket = called("ktp-el")
    place = story.ticket(ticket).place

    assert story.ask(SetService(counter=1, seen=story.seen(1), service="kk")) == (
        ServiceSet(ticket=ticket, service="kk"),
    )
    assert story.ask(SetService(counter=1, seen=story.seen(1), service="kk")) == ()
    found = story.ticket(ticket)
    assert (found.number, found.place, found.counter, found.service) == ("A001", place, 1, "kk")
    assert story.hall.queues["kk"].issued == 1
    assert story.press(Close, 1) == (TicketClosed(ticket=ticket, outcome="served"),)
