"""The fold: what each event does, above all those this hall would never have decided."""

import pytest
from msgspec.structs import replace

from broker.hall.commands import CloseCounter, Issue, OpenCounter, OpenDay, PauseCounter, Recall
from broker.hall.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayOpened,
    HallEvent,
    PrintConfirmed,
    StreamGap,
    TicketCalled,
    TicketClosed,
    TicketIssued,
    TicketRecalled,
)
from broker.hall.state import Changed
from broker.hall.ticket import TicketState
from broker.hall.views import CALLS_MAX, CALLS_MIN
from tests.broker.hall.given import (
    DAY,
    START_MS,
    check_counters,
    check_queues,
    opened,
    origin,
    refolded,
    refolded_since_day_opened,
    snapshot,
)

NOTHING = Changed(set(), board=False)


def issue(ticket: str, number: str, service: str = "kk", visit: str = "") -> TicketIssued:
    """Return a ticket's issue at the start."""
    return TicketIssued(
        ticket=ticket,
        number=number,
        service=service,
        visit=visit or ticket,
        issued_ms=START_MS,
    )


def call(ticket: str, counter: int) -> TicketCalled:
    """Return a call whose id names both."""
    return TicketCalled(ticket=ticket, counter=counter, call_id=f"{ticket}@{counter}")


def test_a_row_applied_before_changes_nothing() -> None:
    """A row at or below `pos` is old, whatever it says."""
    story = opened()
    story.take("kk")
    before = snapshot(story.hall)

    for pos in (0, 1, story.hall.pos):
        assert story.hall.apply(pos, 0, (DayOpened(date="2030-01-01"),)) == NOTHING

    assert snapshot(story.hall) == before


def test_stamps_never_go_back() -> None:
    """A row with an earlier stamp leaves the hall's time where it was."""
    story = opened()
    story.after(-60).take("kk")

    assert story.hall.at_ms == START_MS


def test_a_new_day_leaves_nothing_of_the_old() -> None:
    """Tickets, calls, numbers and open counters end with their day."""
    story = opened()
    story.take("kk", "pajak")
    story.call(1)
    story.turn(OpenCounter, 2)
    story.ask(OpenDay(date="2026-11-26"))

    fresh = opened()
    fresh.hall.apply(story.hall.pos, START_MS, (DayOpened(date="2026-11-26"),))
    assert vars(fresh.hall).keys() == vars(story.hall).keys()
    assert snapshot(fresh.hall) == snapshot(story.hall)
    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)


def test_a_day_is_the_same_from_the_journal() -> None:
    """State is the fold of the journal, and of nothing else."""
    story = opened()
    story.take("kk", "pajak")
    story.call(1)
    story.after(60).call(3)
    story.turn(PauseCounter, 1)

    assert snapshot(refolded(story)) == snapshot(story.hall)


@pytest.mark.parametrize(
    "event",
    [
        PrintConfirmed(ticket="x"),
        call("x", 1),
        TicketRecalled(ticket="x", counter=1, call_id="c", repeat=3),
        TicketClosed(ticket="x", outcome="served"),
    ],
)
def test_a_ticket_that_was_never_issued_is_made(event: HallEvent) -> None:
    """What is known of it is kept, and its issue fills in the rest without undoing it."""
    story = opened().then(event)
    ticket = story.hall.tickets["x"]
    state, at = ticket.state, ticket.counter
    assert (ticket.number, ticket.service, ticket.visit) == ("", "", "x")

    story.then(issue("x", "A041", visit="w"), issue("w", "A040"))

    assert (ticket.number, ticket.service, ticket.visit) == ("A041", "kk", "w")
    assert (ticket.state, ticket.counter) == (state, at)
    assert story.hall.numbers == {"A": 41}
    check_counters(story.hall)
    check_queues(story.hall)


def test_a_call_without_a_number_is_shown_to_nobody() -> None:
    """A board can't show, nor a voice speak, a number that isn't known."""
    story = opened().then(call("x", 1))

    assert list(story.hall.calls) == []
    assert story.hall.counters[1].call_id == "x@1"


def test_a_number_is_given_once() -> None:
    """A second issue of the same ticket changes nothing but how far its series is."""
    story = opened().then(issue("x", "A001"))
    before = snapshot(story.hall)

    assert story.hall.apply(9, START_MS, (issue("x", "B007", "pajak"),)) == NOTHING

    assert snapshot(story.hall) == before | {"pos": 9, "numbers": {"A": 1, "B": 7}}


@pytest.mark.parametrize("number", ["", "X", "AB", "A-1", "offline"])
def test_a_number_of_no_series_is_kept_but_not_counted(number: str) -> None:
    """Any text is a number to the fold; only digits after a prefix go on counting."""
    story = opened().then(issue("x", number))

    assert story.hall.numbers == {}
    assert story.hall.tickets["x"].number == number


def test_numbers_go_on_after_the_highest() -> None:
    """An adopted A007 after A012 doesn't bring the series back."""
    story = opened().then(issue("x", "A012"), issue("y", "A007"), issue("z", "K1044"))

    assert story.hall.numbers == {"A": 12, "K1": 44}
    assert story.ask(Issue(services=("kk",))) == (
        replace(issue(origin(3), "A013"), node="kiosk-1"),
    )


def test_a_ticket_called_elsewhere_leaves_its_counter() -> None:
    """A ticket is at most at one counter: the newest call says at which."""
    story = opened().then(issue("x", "A001"), call("x", 1), call("x", 3))

    assert story.hall.counters[1].current is None
    assert story.hall.tickets["x"].counter == 3
    check_counters(story.hall)


@pytest.mark.parametrize("event", [call("y", 1), CounterClosed(counter=1)])
def test_a_ticket_whose_counter_turns_away_waits_again(event: HallEvent) -> None:
    """Without a word of its end it goes back to its old place, before those issued later."""
    story = opened().then(issue("x", "A001"), issue("y", "A002"), issue("z", "A003"))
    story.then(*(PrintConfirmed(ticket=ticket) for ticket in "zyx"))
    story.then(CounterPaused(counter=1), call("x", 1))

    story.after(60).then(event)

    ticket = story.hall.tickets["x"]
    assert (ticket.state, ticket.counter, ticket.call_id) == (TicketState.WAITING, None, "")
    assert story.hall.queues["kk"].ready[0] is ticket
    check_counters(story.hall)
    check_queues(story.hall)


def test_a_closed_ticket_that_is_called_is_open_again() -> None:
    """The newest fact counts; its old outcome is gone."""
    story = opened().then(issue("x", "A001"), TicketClosed(ticket="x", outcome="no_show"))

    story.then(call("x", 1))

    assert story.hall.tickets["x"].outcome is None
    check_counters(story.hall)


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (CounterClosed(counter=1), call("x", 1), "open"),
        (CounterPaused(counter=1), call("x", 1), "open"),
        (
            CounterClosed(counter=1),
            TicketRecalled(ticket="x", counter=1, call_id="c", repeat=2),
            "open",
        ),
        (
            CounterPaused(counter=1),
            TicketRecalled(ticket="x", counter=1, call_id="c", repeat=2),
            "paused",
        ),
        (CounterOpened(counter=1), CounterPaused(counter=1), "paused"),
        (CounterPaused(counter=1), CounterOpened(counter=1), "open"),
    ],
)
def test_a_counter_that_calls_is_open(before: HallEvent, event: HallEvent, after: str) -> None:
    """Whatever it was before; a recall alone leaves a pause a pause."""
    story = opened().then(before, event)

    assert story.hall.counters[1].status == after


def test_counters_and_services_of_another_hall_file_are_kept() -> None:
    """A counter removed from hall.toml had its day; no view of the hall shows it."""
    story = opened()

    story.then(issue("x", "C001", "gone"), PrintConfirmed(ticket="x"), CounterOpened(counter=77))
    changed = story.hall.apply(9, START_MS, (call("x", 77),))

    assert changed == Changed(set(), board=True)
    assert story.hall.counters[77].current is story.hall.tickets["x"]
    assert story.hall.queues["gone"].issued == 1


def test_a_visit_is_passed_over_while_one_of_it_is_at_a_counter() -> None:
    """The others keep their place and may be called once the counter has let go."""
    story = opened()
    first, second = story.take("ktp-el", "pajak")
    third = story.take("pajak")[0]
    queue = story.hall.queues["pajak"]
    story.call(1)
    assert [ticket.id for ticket in queue.ready] == [third]
    assert story.hall.queues["pajak"].waiting == 2

    story.after(300).close(1)

    assert [ticket.id for ticket in queue.ready] == [second, third]
    assert story.hall.tickets[first].outcome == "served"


def test_an_issue_that_moves_a_ticket_to_another_visit_frees_the_old_one() -> None:
    """A call of an unknown ticket holds back the visit of its id until the issue says otherwise."""
    story = opened().then(call("x", 1), issue("y", "A002", visit="x"), PrintConfirmed(ticket="y"))
    assert story.hall.queues["kk"].ready == []

    story.then(issue("x", "A001", visit="w"))

    assert [ticket.id for ticket in story.hall.queues["kk"].ready] == ["y"]
    check_queues(story.hall)


def test_calls_are_kept_as_long_as_a_board_could_show_them() -> None:
    """All younger than 60 s, at least the last 30, never more than fit a message."""
    story = opened().then(issue("x", "A001"))

    for count in range(CALLS_MIN + 10):
        story.then(call("x", 1 + count % 3))
    assert len(story.hall.calls) == CALLS_MIN + 10

    story.after(60).then(call("x", 1))
    assert len(story.hall.calls) == CALLS_MIN

    for count in range(CALLS_MAX + 10):
        story.then(call("x", 1 + count % 3))
    assert len(story.hall.calls) == CALLS_MAX


def test_a_gap_changes_no_state() -> None:
    """Rows that nobody holds any more tell nothing of tickets."""
    story = opened()
    before = snapshot(story.hall)

    assert story.hall.apply(9, 0, (StreamGap(stream="0" * 32, seq_from=1, seq_upto=7),)) == NOTHING

    assert snapshot(story.hall) == before | {"pos": 9}


@pytest.mark.parametrize(
    ("events", "changed"),
    [
        ((issue("y", "A002", "pajak"),), NOTHING),
        ((PrintConfirmed(ticket="n"),), Changed({1, 2}, board=False)),
        ((call("p", 3),), Changed({3}, board=True)),
        ((call("k", 1),), Changed({1, 2}, board=True)),
        (
            (TicketRecalled(ticket="c", counter=2, call_id="9", repeat=2),),
            Changed({2}, board=True),
        ),
        ((TicketClosed(ticket="c", outcome="served"),), Changed({2}, board=True)),
        ((CounterPaused(counter=3),), Changed({3}, board=False)),
        ((DayOpened(date="2026-11-26"),), Changed({1, 2, 3}, board=True)),
        ((), NOTHING),
    ],
)
def test_apply_says_which_views_changed(events: tuple[HallEvent, ...], changed: Changed) -> None:
    """Only those whose lamp, sign or board would show something else."""
    story = opened().then(
        *(issue(ticket, f"A00{at}") for at, ticket in enumerate("ckn", start=1)),
        issue("p", "B001", "pajak"),
        *(PrintConfirmed(ticket=ticket) for ticket in "ckp"),
        call("c", 2),
    )

    assert story.hall.apply(9, START_MS, events) == changed


def test_a_counter_knows_what_a_press_must_have_seen() -> None:
    """`seen` is the newest call's id, and empty when the counter has no ticket."""
    story = opened()
    story.take("kk")
    assert story.seen(1) == ""

    story.call(1)
    assert story.seen(1) == origin(4)
    story.ask(Recall(counter=1, seen=origin(4)))
    assert story.seen(1) == origin(5)
    story.turn(CloseCounter, 1)

    assert story.seen(1) == ""
    assert story.hall.day == DAY
