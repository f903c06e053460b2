"""The end of a day: who is left has ended unserved, and the figures know."""

from broker.hall.commands import Close, Hold, Issue, NoShow, OpenDay, PauseCounter, Start
from broker.hall.events import CounterClosed, DayOpened, TicketClosed
from tests.broker.hall.given import Story, opened, refolded, refolded_since_day_opened, snapshot

TOMORROW = "2026-11-26"


def evening() -> tuple[Story, dict[str, str]]:
    """Return a story with a ticket in every state, and those tickets by what became of them."""
    story = opened()
    tickets = {what: story.take("ktp-el")[0] for what in ("served", "called", "parked")}
    story.call(1)
    story.press(Close, 1)
    story.call(1)
    tickets["serving"] = story.take("pajak")[0]
    story.call(3)
    story.press(Start, 3)
    story.ask(Hold(ticket=tickets["parked"]))
    tickets["waiting"] = story.take("kk")[0]
    [issued] = story.ask(Issue(services=("kk",)))
    tickets["unprinted"] = issued.ticket  # type: ignore[union-attr]
    return story, tickets


def test_who_is_left_expires_in_the_row_that_opens_the_day() -> None:
    """In the order of their issue, printed or not, wherever they stand; then the counters close."""
    story, tickets = evening()

    events = story.ask(OpenDay(date=TOMORROW))

    left = ("called", "parked", "serving", "waiting", "unprinted")
    assert events == (
        *(TicketClosed(ticket=tickets[what], outcome="expired") for what in left),
        CounterClosed(counter=1),
        CounterClosed(counter=3),
        DayOpened(date=TOMORROW),
    )
    assert story.hall.tickets == {}
    assert {counter.status for counter in story.hall.counters.values()} == {"closed"}


def test_a_day_stands_alone() -> None:
    """The row names tickets of yesterday; a fold that begins with it forgets them."""
    story, _ = evening()
    story.ask(OpenDay(date=TOMORROW))
    story.take("kk")

    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)
    assert snapshot(refolded(story)) == snapshot(story.hall)
    assert story.changed.counters <= set(story.hall.setup.counters)


def test_a_day_on_which_all_was_done_has_nobody_left() -> None:
    """No-shows that wait for their return are left, closed ones are not."""
    story = opened()
    story.take("ktp-el")
    story.call(1)
    story.press(Close, 1)
    story.turn(PauseCounter, 1)

    assert story.ask(OpenDay(date=TOMORROW)) == (
        CounterClosed(counter=1),
        DayOpened(date=TOMORROW),
    )

    [late] = story.take("ktp-el")
    story.call(1)
    story.press(NoShow, 1)
    assert story.ask(OpenDay(date="2026-11-27"))[0] == TicketClosed(ticket=late, outcome="expired")
