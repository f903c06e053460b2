"""Who was served by voice while the hub was gone, and is closed afterwards."""

import pytest

from broker.hall.commands import (
    CallNext,
    Cancel,
    Close,
    ConfirmPrint,
    Hold,
    Issue,
    NoShow,
    Park,
    Reinstate,
    ServedByHand,
    Start,
)
from broker.hall.events import (
    NumbersMoved,
    PrintConfirmed,
    TicketClosed,
    decode_events,
)
from broker.hall.refusals import Actor
from broker.hall.ticket import TicketState
from tests.broker.hall.desk import FIRST, alone, by_hand, created
from tests.broker.hall.given import (
    DESK,
    KIOSK,
    STAFF,
    Story,
    check_counters,
    check_queues,
    opened,
    origin,
    refolded,
    snapshot,
)


def brought_to(state: str) -> Story:
    """Return a story whose only ticket, A001 for `kk`, is there."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    if state != "unprinted":
        story.ask(ConfirmPrint(ticket=FIRST, number="A001"))
    if state in {"called", "serving", "parked", "served", "no_show"}:
        story.call(2)
    match state:
        case "held":
            story.ask(Hold(ticket=FIRST))
        case "cancelled":
            story.ask(Cancel(ticket=FIRST), DESK)
        case "serving":
            story.press(Start, 2)
        case "parked":
            story.press(Park, 2)
        case "served":
            story.press(Close, 2)
        case "no_show":
            story.press(NoShow, 2)
    return story


@pytest.mark.parametrize(
    "state", ["unprinted", "waiting", "held", "parked", "no_show", "cancelled"]
)
@pytest.mark.parametrize(("by", "counter"), [(STAFF, 1), (DESK, 1), (DESK, None)])
def test_who_was_served_by_voice_is_closed(state: str, by: Actor, counter: int | None) -> None:
    """Wherever the hub believed the visitor; how long it took is not known."""
    story = brought_to(state)

    assert story.ask(ServedByHand(number="A001", counter=counter), by) == (
        by_hand(counter=counter),
    )
    ticket = story.ticket(FIRST)
    assert (ticket.state, ticket.outcome, ticket.by_hand) == (TicketState.CLOSED, "served", True)
    assert story.hall.away == {}
    check_queues(story.hall)
    assert snapshot(refolded(story)) == snapshot(story.hall)


@pytest.mark.parametrize("state", ["called", "serving"])
def test_who_was_called_before_the_hub_was_gone_is_served_at_that_counter(state: str) -> None:
    """The wait is known, so it is an end like any other; the counter is free."""
    story = brought_to(state)

    assert story.ask(ServedByHand(number="A001", counter=2)) == (
        TicketClosed(ticket=FIRST, outcome="served", counter=2),
    )
    assert story.hall.counters[2].current is None
    check_counters(story.hall)


@pytest.mark.parametrize("state", ["called", "serving"])
@pytest.mark.parametrize(("by", "counter"), [(STAFF, 1), (DESK, 3), (DESK, None)])
def test_nobody_is_taken_away_from_another_counter(
    state: str, by: Actor, counter: int | None
) -> None:
    """A number may have been misread: the visitor who sits there stays."""
    story = brought_to(state)

    assert story.told(ServedByHand(number="A001", counter=counter), by) == (
        "at_counter",
        f"number A001: is {state} at counter 2",
    )


def test_said_twice_it_is_so_already() -> None:
    """By two counters, after a press, or after the kiosk was heard."""
    story = brought_to("waiting")
    story.ask(ServedByHand(number="A001", counter=1))

    assert story.ask(ServedByHand(number="A001", counter=2)) == ()
    assert brought_to("served").ask(ServedByHand(number="A001", counter=2)) == ()


@pytest.mark.parametrize(
    ("number", "counter", "said", "service"),
    [
        ("K1007", 1, "kk", "kk"),
        ("P003", None, "pajak", "pajak"),
        ("B003", None, "", "pajak"),
        ("A003", 3, "", "ktp-el"),
    ],
)
def test_a_number_nobody_knows_is_made_and_closed_at_once(
    number: str, counter: int | None, said: str, service: str
) -> None:
    """For the service that was said, or the only one it can be for."""
    story = opened().then(NumbersMoved(numbers={"A": 99, "B": 99}))

    assert story.ask(ServedByHand(number=number, counter=counter, service=said), DESK) == (
        *created(number, service, seq=3),
        by_hand(origin(3), counter),
    )
    assert story.hall.queues[service].waiting == 0
    check_queues(story.hall)


@pytest.mark.parametrize(
    ("number", "counter", "count"),
    [("K1007", None, 3), ("K1007", 1, 2), ("A003", 1, 2), ("A003", None, 2), ("B003", 1, 0)],
)
def test_a_number_that_can_be_for_several_services_needs_one(
    number: str, counter: int | None, count: int
) -> None:
    """Staff who served it know; figures of a guess would be false."""
    story = opened().then(NumbersMoved(numbers={"A": 99, "B": 99}))

    assert story.told(ServedByHand(number=number, counter=counter), DESK) == (
        "service_needed",
        f"number {number}: can be for {count}",
    )


def test_a_kiosk_that_is_heard_after_its_slip_was_served_brings_nobody_back() -> None:
    """Neither under the number it gave alone, nor under the hub's."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    served = ServedByHand(number="K1007", counter=1, service="kk")
    story.ask(served)

    assert story.ask(alone("K1007", FIRST, age_s=600), KIOSK) == (
        TicketClosed(ticket=FIRST, outcome="cancelled"),
    )
    assert story.call(1) == ""

    story = brought_to("unprinted")
    story.ask(ServedByHand(number="A001", counter=1))
    assert story.ask(ConfirmPrint(ticket=FIRST, number="A001"), KIOSK) == (
        PrintConfirmed(ticket=FIRST),
    )
    assert story.call(1) == ""


def test_who_was_not_served_after_all_is_reinstated() -> None:
    """Then its end was no end, and the next one counts as usual."""
    story = brought_to("waiting")
    story.ask(ServedByHand(number="A001", counter=1))
    story.ask(Reinstate(ticket=FIRST))

    assert (story.ticket(FIRST).by_hand, story.call(1)) == (False, "A001")


def test_the_rest_of_a_visit_goes_on_waiting() -> None:
    """Each errand is told for itself."""
    story = opened()
    story.take("kk", "pajak")
    story.ask(ServedByHand(number="A001", counter=1))

    assert story.call(3) == "B001"


def test_ends_in_journals_of_before_were_pressed() -> None:
    """They say nothing of voices."""
    old = b'[{"type":"ticket_closed","ticket":"t","outcome":"served"}]'

    assert decode_events(old) == (
        TicketClosed(ticket="t", outcome="served", by_hand=False, counter=None),
    )


def test_a_called_ticket_closed_by_hand_lets_the_counter_call_on() -> None:
    """Nothing of it is left at the counter."""
    story = brought_to("called")
    story.take("kk")
    story.ask(ServedByHand(number="A001", counter=2))

    assert story.ask(CallNext(counter=2))[0].ticket == origin(5)  # type: ignore[union-attr]
