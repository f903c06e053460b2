"""Who is called next."""

import pytest

from broker.hall.commands import Cancel, ConfirmPrint, Issue
from broker.hall.events import TicketCalled
from broker.hall.policy import next_ticket, waiting
from tests.broker.hall.given import Story, opened


def next_number(story: Story, counter: int) -> str:
    """Return the number this counter would call."""
    ticket = next_ticket(story.hall, counter, story.at_ms)
    return ticket.number if ticket else ""


def test_first_come_is_first_served() -> None:
    """Within a service the order is that of the presses."""
    story = opened()
    for _ in range(3):
        story.after(5).take("kk")

    assert [story.call(2) for _ in range(4)] == ["A001", "A002", "A003", ""]


def test_the_press_counts_not_the_arrival() -> None:
    """A press that was long on its way stands before one that came at once."""
    story = opened()
    story.after(60).take("kk")
    story.ask(Issue(services=("kk",), age_ms=30_000))
    story.ask(ConfirmPrint(ticket=next(reversed(story.hall.tickets)), number="A002"))

    assert next_number(story, 1) == "A002"


@pytest.mark.parametrize(
    ("taken", "counter", "called"),
    [
        (("kk", "ktp-el"), 1, "A002"),
        (("kk", "ktp-el"), 2, "A001"),
        (("ktp-el", "pajak"), 3, "B001"),
        (("ktp-el", "kk"), 3, "A001"),
        (("kk",), 3, ""),
        ((), 1, ""),
    ],
)
def test_a_counter_calls_its_services_in_ranked_order(
    taken: tuple[str, ...], counter: int, called: str
) -> None:
    """The first of its services for which somebody waits; never another counter's."""
    story = opened()
    for service in taken:
        story.after(1).take(service)

    assert next_number(story, counter) == called


def test_only_a_ticket_on_paper_is_called() -> None:
    """It keeps its place until then, and a cancelled one never comes."""
    story = opened()
    (first,) = story.ask(Issue(services=("kk",)))
    story.after(1).take("kk")
    assert (next_number(story, 1), waiting(story.hall, 1)) == ("A002", 1)

    story.ask(ConfirmPrint(ticket=first.ticket, number="A001"))  # type: ignore[union-attr]
    assert (next_number(story, 1), waiting(story.hall, 1)) == ("A001", 2)

    story.ask(Cancel(ticket=first.ticket))  # type: ignore[union-attr]
    assert (next_number(story, 1), waiting(story.hall, 1)) == ("A002", 1)


def test_a_visitor_at_one_counter_is_not_called_to_another() -> None:
    """The rest of a visit waits for that counter alone, at its old place."""
    story = opened()
    story.take("ktp-el", "kk", "pajak")
    story.after(1).take("kk")
    story.call(1)

    assert (next_number(story, 3), waiting(story.hall, 3)) == ("", 0)
    assert (next_number(story, 2), waiting(story.hall, 2)) == ("A003", 1)
    assert (next_number(story, 1), waiting(story.hall, 1)) == ("A002", 2)


def test_the_rest_of_a_visit_needs_its_paper_too() -> None:
    """Closing one of a visit frees only those that are on paper."""
    story = opened()
    first, _ = story.ask(Issue(services=("ktp-el", "kk")))
    story.ask(ConfirmPrint(ticket=first.ticket, number="A001"))  # type: ignore[union-attr]
    story.call(1)

    assert (next_number(story, 1), waiting(story.hall, 1)) == ("", 0)


def test_a_visitor_who_is_at_two_counters_is_free_for_neither() -> None:
    """Adopted facts may say so; closing one of the two doesn't free the third ticket."""
    story = opened()
    first, second, _ = story.take("ktp-el", "pajak", "kk")
    story.then(
        TicketCalled(ticket=first, counter=1, call_id="c1"),
        TicketCalled(ticket=second, counter=3, call_id="c2"),
    )

    assert (next_number(story, 1), waiting(story.hall, 1)) == ("", 0)
