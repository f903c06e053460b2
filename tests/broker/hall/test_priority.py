"""Two classes and ranked services: who has the turn, and what the rank may not do."""

import pytest
from msgspec.structs import replace

from broker.hall.commands import (
    CallNumber,
    CloseCounter,
    Hold,
    NoShow,
    OpenCounter,
    Reinstate,
    SetPriority,
    Transfer,
)
from broker.hall.events import PrintConfirmed, PrioritySet, TicketCalled, TicketIssued
from broker.hall.policy import next_ticket, upcoming, waiting
from broker.hall.refusals import Actor
from broker.hall.views import counter_view, queue_view
from tests.broker.hall.given import (
    BEARER,
    DESK,
    KIOSK,
    STAFF,
    START_MS,
    Story,
    opened,
    origin,
    refolded,
    small_setup,
    snapshot,
)

P, N = True, False


def queued(*classes: bool, service: str = "kk", ratio: int = 2) -> Story:
    """Return a story in which these wait, five seconds apart."""
    story = opened(replace(small_setup(), priority_per_normal=ratio))
    for priority in classes:
        story.after(5).take(service, priority=priority)
    return story


def calls(story: Story, counter: int, count: int) -> list[str]:
    """Return the numbers of so many calls, each long enough to serve."""
    return [story.after(60).call(counter) for _ in range(count)]


def upcoming_numbers(story: Story, service: str = "kk") -> list[str]:
    """Return the next three numbers of a service."""
    return [ticket.number for ticket in upcoming(story.hall, service, 3)]


# -- classes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "ratio", "called"),
    [
        ((N, N, P, P, P), 2, "34152"),
        ((N, N, P, P, P), 1, "31425"),
        ((N, N, P, P, P), 9, "34512"),
        ((P, P, P, P), 2, "1234"),
        ((N, N, N), 2, "123"),
        ((P, N, P, N, P, N), 2, "132546"),
    ],
)
def test_after_so_many_priority_calls_comes_a_normal_one(
    classes: tuple[bool, ...], ratio: int, called: str
) -> None:
    """Within a class who came first is called first; an empty class lets the other go."""
    story = queued(*classes, ratio=ratio)

    assert calls(story, 2, len(called)) == [f"A00{digit}" for digit in called]


def test_a_normal_ticket_that_comes_late_has_its_turn_at_once() -> None:
    """Three priority calls in a row, as nobody else waited, count as two."""
    story = queued(P, P, P, P)
    calls(story, 2, 3)
    story.take("kk")

    assert calls(story, 2, 2) == ["A005", "A004"]


def test_each_counter_counts_for_itself() -> None:
    """Two counters with one queue: each calls two priority tickets before a normal one."""
    story = queued(N, N, P, P, P, P)

    assert calls(story, 1, 2) == ["A003", "A004"]
    assert calls(story, 2, 3) == ["A005", "A006", "A001"]
    assert calls(story, 1, 1) == ["A002"]


def test_the_turn_goes_over_all_services_of_a_counter() -> None:
    """Class before rank: a priority ticket of the last service before a normal one of the first."""
    story = opened()
    story.take("ktp-el")
    for _ in range(3):
        story.take("kk", priority=True)

    assert calls(story, 1, 4) == ["A002", "A003", "A001", "A004"]


def test_a_number_called_out_of_turn_counts_too() -> None:
    """What counts is who was called, not why; a recall is no call."""
    story = queued(N, P, P, P)
    story.ask(CallNumber(counter=2, number="A002"))
    story.after(60).ask(CallNumber(counter=2, seen=story.seen(2), number="A003"))

    assert calls(story, 2, 2) == ["A001", "A004"]


def test_the_turn_survives_a_restart() -> None:
    """It is a fold of the calls; a new day begins with none."""
    story = queued(N, P, P, P)
    calls(story, 2, 2)

    again = refolded(story)
    assert snapshot(again) == snapshot(story.hall)
    found = next_ticket(again, 2, story.at_ms)
    assert (again.counters[2].priority_calls, found.number if found else "") == (2, "A001")


def test_a_call_of_a_ticket_nobody_knows_counts_as_a_normal_one() -> None:
    """Adopted facts may come without the issue."""
    story = queued(N, P, P, P)
    calls(story, 2, 2)

    story.then(TicketCalled(ticket="x", counter=2, call_id="c"))

    assert story.hall.counters[2].priority_calls == 0


def test_who_did_not_come_returns_into_its_class() -> None:
    """The old place makes it the next of its class, not of the other."""
    story = queued(N, P, P, P, P)
    calls(story, 2, 1)
    story.press(NoShow, 2)

    assert calls(story, 2, 5) == ["A003", "A001", "A004", "A002", "A005"]


def test_who_is_back_stands_behind_the_next_two_of_the_class() -> None:
    """Others would have to wait for a class that is not theirs."""
    story = queued(N, P, P, N, N, N)
    story.ask(CallNumber(counter=2, number="A001"))
    story.after(60).close(2)

    story.ask(Reinstate(ticket=story.hall.by_number["A001"].id))

    normal = story.hall.queues["kk"].normal
    assert [ticket.number for ticket in normal] == ["A004", "A005", "A001", "A006"]


def test_who_was_sent_to_a_counter_keeps_the_class() -> None:
    """First of its class there, whatever the rank; the turn is as always."""
    story = opened()
    story.turn(OpenCounter, 3)
    story.take("kk")
    story.call(1)
    story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=3))
    story.take("pajak")
    for _ in range(3):
        story.take("pajak", priority=True)

    assert waiting(story.hall, 3) == 5
    assert calls(story, 3, 5) == ["B002", "B003", "A001", "B004", "B001"]


# -- set_priority -------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [STAFF, DESK])
def test_staff_move_a_ticket_to_the_other_class_at_its_old_place(by: Actor) -> None:
    """An elderly visitor who pressed the wrong button; said again, nothing happens."""
    story = queued(N, P, N, P)
    ticket = story.hall.by_number["A003"]
    place = ticket.place

    assert story.ask(SetPriority(ticket=ticket.id, priority=True), by) == (
        PrioritySet(ticket=ticket.id, priority=True),
    )
    assert story.ask(SetPriority(ticket=ticket.id, priority=True), by) == ()
    line = story.hall.queues["kk"].priority
    assert ([t.number for t in line], ticket.place) == (["A002", "A003", "A004"], place)

    story.ask(SetPriority(ticket=ticket.id, priority=False), by)
    assert [t.number for t in story.hall.queues["kk"].normal] == ["A001", "A003"]
    assert snapshot(refolded(story)) == snapshot(story.hall)


def test_the_class_of_who_is_called_can_be_put_right() -> None:
    """The counter shows it at once; its turn stays as it was called."""
    story = queued(P, P)
    story.call(2)
    ticket = story.hall.by_number["A001"]

    story.ask(SetPriority(ticket=ticket.id, priority=False))

    assert story.changed.counters == {2}
    call = counter_view(story.hall, 2, gen="1-00000000").call
    assert (call and call.priority, story.hall.counters[2].priority_calls) == (False, 1)


@pytest.mark.parametrize("by", [KIOSK, BEARER])
def test_visitors_do_not_choose_their_class_afterwards(by: Actor) -> None:
    """At the kiosk they press the button before."""
    story = queued(N)
    ticket = story.hall.by_number["A001"].id

    assert story.told(SetPriority(ticket=ticket, priority=True), by)[0] == "not_allowed"


def test_a_ticket_that_has_ended_has_no_class_to_change() -> None:
    """Nor one that nobody knows."""
    story = queued(N)
    calls(story, 2, 1)
    story.close(2)
    ticket = story.hall.by_number["A001"].id

    assert story.told(SetPriority(ticket=ticket, priority=True))[0] == "moved_on"
    unheard = SetPriority(ticket=origin(99), priority=True)
    assert story.told(unheard)[0] == "unknown_ticket"


def test_a_class_that_was_set_stays_when_the_issue_is_told_of_later() -> None:
    """Adopted facts may come in any order of nodes."""
    story = opened().then(PrioritySet(ticket="x", priority=True))
    issued = TicketIssued(ticket="x", number="A001", service="kk", visit="x", issued_ms=START_MS)
    story.then(issued, PrintConfirmed(ticket="x"))

    assert [t.id for t in story.hall.queues["kk"].priority] == ["x"]


# -- what is shown ------------------------------------------------------------------------------


def test_the_next_numbers_are_those_the_counter_calls_next() -> None:
    """At every moment of a mixed queue, with one counter for it."""
    story = queued(N, N, P, P, P, N, P, N, service="pajak")
    for _ in range(5):
        shown = upcoming_numbers(story, "pajak")
        view = queue_view(story.hall, gen="1-00000000", at_ms=story.at_ms)
        assert list(view.services["pajak"].next) == shown
        assert calls(story, 3, 1) == shown[:1]
        assert upcoming_numbers(story, "pajak")[:2] == shown[1:]


def test_of_several_counters_the_one_that_is_farthest_from_a_normal_call_is_shown() -> None:
    """Closed ones don't count while another is not; of a service unheard of nothing is known."""
    story = queued(N, P, P, P, P, P)
    calls(story, 2, 2)

    assert upcoming_numbers(story) == ["A001", "A004", "A005"]
    story.turn(OpenCounter, 1)
    assert upcoming_numbers(story) == ["A004", "A005", "A001"]
    story.turn(CloseCounter, 1)
    story.turn(CloseCounter, 2)
    assert upcoming_numbers(story)[0] == "A004"
    assert upcoming_numbers(story, "unheard-of") == []


def test_staff_see_the_class_of_who_is_called() -> None:
    """Nobody else does: the board doesn't say."""
    story = queued(N, P)

    story.call(2)
    first = counter_view(story.hall, 2, gen="1-00000000").call
    story.after(60).call(2)
    second = counter_view(story.hall, 2, gen="1-00000000").call

    assert (first and first.priority, second and second.priority) == (True, False)


# -- rank ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wait_min", "apart_s", "called"),
    [(15, 900, "A002"), (15, 900.001, "A001"), (0, 0.001, "A001"), (0, 0, "A002")],
)
def test_rank_decides_until_somebody_came_much_earlier(
    wait_min: int, apart_s: float, called: str
) -> None:
    """`rank_wait_min`; with 0 the longest wait decides, whatever the service."""
    story = opened(replace(small_setup(), rank_wait_min=wait_min))
    story.take("kk")
    story.after(apart_s).take("ktp-el")

    assert story.call(1) == called


def test_the_oldest_of_all_is_called_not_the_next_in_rank() -> None:
    """Of two services passed over too long, the one that waits longest."""
    setup = small_setup()
    counters = setup.counters | {1: replace(setup.counters[1], serves=("ktp-el", "pajak", "kk"))}
    story = opened(replace(setup, counters=counters))
    story.take("kk")
    story.after(60).take("pajak")
    story.after(1200).take("ktp-el")

    assert calls(story, 1, 3) == ["A001", "B001", "A002"]


def test_a_wait_counts_against_the_own_class_alone() -> None:
    """A normal ticket of long ago doesn't turn the order of the priority ones."""
    story = opened()
    story.take("kk")
    story.after(3600).take("kk", priority=True)
    story.after(60).take("ktp-el", priority=True)

    assert calls(story, 1, 3) == ["A003", "A002", "A001"]


def test_the_rest_of_a_visit_keeps_its_place_among_the_ranks() -> None:
    """An hour at another counter later it came so much earlier than the others."""
    story = opened()
    story.take("pajak", "kk")
    story.call(3)
    story.after(3600).close(3)
    story.take("ktp-el")

    assert story.call(1) == "A001"


def test_who_was_sent_to_a_counter_waits_no_longer_than_others() -> None:
    """And lets somebody go first who came much earlier."""
    story = opened()
    story.turn(OpenCounter, 3)
    story.take("ktp-el")
    story.after(901).take("kk")
    story.ask(CallNumber(counter=2, number="A002"))
    story.ask(Transfer(counter=2, seen=story.seen(2), to_counter=3))

    assert calls(story, 3, 2) == ["A001", "A002"]


def test_who_was_away_on_hold_comes_back_before_a_better_rank() -> None:
    """The place is that of the first press, also before the hub has returned it by its timer."""
    story = opened()
    held = story.take("kk")[0]
    story.ask(Hold(ticket=held))
    story.after(29 * 60).take("ktp-el")
    story.after(60)

    assert calls(story, 1, 2) == ["A001", "A002"]


def test_who_did_not_come_passes_over_a_better_rank_only_after_so_long() -> None:
    """A no-show's old place is no way to the front."""
    story = opened()
    story.take("kk")
    story.call(1)
    story.press(NoShow, 1)
    story.after(600).take("ktp-el")
    story.after(301).take("ktp-el")

    assert calls(story, 1, 3) == ["A002", "A001", "A003"]


def test_who_is_back_after_all_is_as_old_as_those_before() -> None:
    """Two hours after the first press it passes over nobody of a better rank."""
    story = opened()
    first = story.take("kk")[0]
    story.call(1)
    story.after(60).close(1)
    story.after(7200).take("kk")
    story.take("kk")
    story.after(1).take("ktp-el")
    story.ask(Reinstate(ticket=first))

    assert calls(story, 1, 4) == ["A004", "A002", "A003", "A001"]
