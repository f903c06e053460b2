"""What a visitor's ticket is asked for away from the counters: hold, return, reinstate."""

import pytest

from broker.hall.commands import CallNext, Cancel, Close, Hold, Issue, Reinstate, Return, ReturnDue
from broker.hall.events import (
    TicketClosed,
    TicketIssued,
    TicketParked,
    TicketReinstated,
    TicketReturned,
)
from broker.hall.policy import due, due_ms
from broker.hall.ticket import TicketState
from tests.broker.hall.given import DESK, START_MS, Story, opened

HALF_HOUR_MS = 30 * 60_000


def order(story: Story, service: str = "kk") -> list[str]:
    """Return the numbers of a service in the order of their call."""
    return [ticket.number for ticket in story.hall.queues[service].ready]


def test_a_held_ticket_returns_by_itself_to_its_old_place() -> None:
    """30 minutes later; nobody is called while away."""
    story = opened()
    ticket = story.take("kk")[0]
    story.after(1).take("kk")

    assert story.ask(Hold(ticket=ticket), DESK) == (
        TicketParked(ticket=ticket, why="hold", back_ms=story.at_ms + HALF_HOUR_MS),
    )
    assert (order(story), due_ms(story.hall)) == (["A002"], story.at_ms + HALF_HOUR_MS)
    story.after(1799)
    assert (story.ask(ReturnDue()), due(story.hall, story.at_ms)) == ((), [])

    assert story.after(1).ask(ReturnDue()) == (TicketReturned(ticket=ticket),)
    assert order(story) == ["A001", "A002"]


def test_a_call_takes_a_held_ticket_whose_time_is_over() -> None:
    """Should the hub's timer be late, the press isn't."""
    story = opened()
    ticket = story.take("kk")[0]
    story.ask(Hold(ticket=ticket))
    story.after(1801).take("kk")

    assert story.call(1) == "A001"
    assert story.hall.away == {}


def test_a_ticket_is_held_twice() -> None:
    """The third time the visitor is told no."""
    story = opened()
    ticket = story.take("kk")[0]
    for _ in range(2):
        story.ask(Hold(ticket=ticket))
        assert story.told(Hold(ticket=ticket))[0] == "moved_on"
        story.ask(Return(ticket=ticket))

    assert story.told(Hold(ticket=ticket), DESK) == (
        "held_out",
        "ticket A001: was held 2 times",
    )


def test_a_held_ticket_can_be_taken_back() -> None:
    """The visitor went home."""
    story = opened()
    ticket = story.take("kk")[0]
    story.ask(Hold(ticket=ticket))

    assert story.ask(Cancel(ticket=ticket), DESK) == (
        TicketClosed(ticket=ticket, outcome="cancelled"),
    )
    assert due_ms(story.hall) is None


@pytest.mark.parametrize(("others", "place"), [(0, 1), (1, 2), (2, 3), (5, 3)])
def test_a_reinstated_ticket_stands_behind_the_next_two(others: int, place: int) -> None:
    """Or behind those there are."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)
    story.press(Close, 1)
    for _ in range(others):
        story.after(1).take("kk")

    (event,) = story.ask(Reinstate(ticket=ticket))

    assert isinstance(event, TicketReinstated)
    assert order(story).index("A001") + 1 == place
    assert story.ticket(ticket).outcome is None


def test_tickets_reinstated_one_after_the_other_keep_that_order() -> None:
    """Each behind the next two at that time; the second stands behind the first."""
    story = opened()
    tickets = [story.take("kk")[0] for _ in range(2)]
    for _ in tickets:
        story.call(1)
        story.press(Close, 1)
    for _ in range(3):
        story.after(1).take("kk")
    for ticket in tickets:
        story.ask(Reinstate(ticket=ticket))

    assert order(story) == ["A003", "A004", "A001", "A002", "A005"]


def test_a_reinstated_ticket_of_a_late_place_keeps_it() -> None:
    """Behind the next two would be before its time."""
    story = opened()
    for _ in range(3):
        story.take("kk")
    last = story.after(60).take("kk")[0]
    story.ask(Cancel(ticket=last), DESK)
    story.ask(Reinstate(ticket=last))

    assert order(story) == ["A001", "A002", "A003", "A004"]


def test_a_reinstated_ticket_is_on_paper() -> None:
    """Its bearer shows it at the desk, whatever the kiosk reported."""
    story = opened()
    (issued,) = story.ask(Issue(services=("kk",)))
    story.ask(Cancel(ticket=issued.ticket))  # type: ignore[union-attr]
    story.ask(Reinstate(ticket=issued.ticket))  # type: ignore[union-attr]

    assert story.call(1) == "A001"


def test_only_what_has_ended_is_reinstated_and_only_what_is_parked_returns() -> None:
    """Staff look again."""
    story = opened()
    ticket = story.take("kk")[0]

    assert story.told(Reinstate(ticket=ticket)) == (
        "moved_on",
        "ticket A001: waiting, so no reinstate",
    )
    assert story.told(Return(ticket=ticket)) == ("moved_on", "ticket A001: waiting, so no return")
    assert story.told(CallNext(counter=1)) == ("", "")
    assert story.ticket(ticket).state is TicketState.CALLED
    assert story.ticket(ticket).called_ms == START_MS


def test_a_ticket_that_comes_back_without_paper_is_not_called() -> None:
    """Its kiosk has not said yet that anybody has it in hand."""
    story = opened()
    [issued] = story.ask(Issue(services=("kk",)))
    assert isinstance(issued, TicketIssued)
    story.ask(Hold(ticket=issued.ticket))
    story.after(HALF_HOUR_MS / 1000)

    assert story.call(2) == ""
