"""What the bearers of codes are shown, and how much room it takes."""

import pytest
from msgspec import json

from broker.hall.coded import (
    PAGE_TICKETS,
    CodedTicket,
    CodedView,
    coded_pages,
    page_name,
)
from broker.hall.commands import (
    CallNext,
    Close,
    Hold,
    NoShow,
    OpenCounter,
    OpenDay,
    Park,
    Transfer,
)
from tests.broker.hall.given import DESK, START_MS, Story, opened

MESSAGE_BYTES_MAX = 32 * 1024

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def shown(story: Story, code: str) -> list[CodedTicket]:
    """Return what the bearer of a code is shown, wherever it stands."""
    pages = [page for service in story.hall.coded for page in coded_pages(story.hall, service)]
    return [ticket for page in pages for ticket in page if ticket.code_sha256 == code]


def states(story: Story, code: str) -> list[tuple[str, str, int | None]]:
    """Return (number, state, ahead) of each."""
    return [(ticket.number, ticket.state, ticket.ahead) for ticket in shown(story, code)]


def test_who_waits_sees_how_many_are_called_before() -> None:
    """Those without a code count too, and stand on no page; priority goes before."""
    story = opened()
    story.take("kk")
    story.take("kk", code=A)
    assert states(story, A) == [("A002", "waiting", 1)]
    story.take("kk", code=B, priority=True)

    assert states(story, A) == [("A002", "waiting", 2)]
    assert states(story, B) == [("A003", "waiting", 0)]
    assert [ticket.code_sha256 for ticket in coded_pages(story.hall, "kk")[0]] == [A, B]


def test_a_call_names_the_counter_and_the_others_of_the_visit_wait() -> None:
    """Nobody is called twice at once: their place is kept, and no count is promised."""
    story = opened()
    story.take("kk", "pajak", code=A)
    story.call(1)
    (first,) = [one for one in shown(story, A) if one.number == "A001"]

    assert (first.state, first.counter, first.called_ms, first.repeat) == ("called", 1, START_MS, 1)
    assert states(story, A) == [("A001", "called", None), ("B001", "waiting", None)]
    story.press(Close, 1)
    assert states(story, A) == [("A001", "closed", None), ("B001", "waiting", 0)]
    assert [one.outcome for one in shown(story, A)] == ["served", None]


def test_who_is_away_sees_until_when() -> None:
    """Held until a time, missed until a time and so many others, parked by staff for as long."""
    story = opened()
    (held,) = story.take("kk", code=A)
    story.take("kk", code=B)
    story.ask(Hold(ticket=held, code_sha256=A), DESK)
    (one,) = shown(story, A)
    assert (one.state, one.parked_for, one.holds_left) == ("parked", "hold", 1)
    assert one.back_ms == START_MS + 30 * 60_000

    story.call(1)
    story.press(NoShow, 1)
    (missed,) = shown(story, B)
    assert (missed.state, missed.parked_for, missed.no_shows) == ("parked", "no_show", 1)
    assert (missed.places, missed.back_ms) == (3, START_MS + 3 * 60_000)
    story.take("kk")
    story.call(1)
    assert shown(story, B)[0].places == 2

    story.take("pajak", code=C)
    story.call(3)
    story.press(Park, 3)
    (parked,) = shown(story, C)
    assert (parked.state, parked.parked_for, parked.back_ms) == ("parked", "park", 0)


def test_a_transferred_ticket_stays_on_its_page() -> None:
    """Moved to another service or one counter's own line, it is where its bearer looks."""
    story = opened()
    story.take("pajak")
    story.take("kk", code=A)
    story.call(1)
    story.ask(Transfer(counter=1, seen=story.seen(1), service="pajak"))
    (moved,) = coded_pages(story.hall, "kk")[0]
    assert (moved.service, moved.ahead) == ("pajak", 1)

    story.ask(CallNext(counter=2))
    story.call(3)
    story.ask(Transfer(counter=3, seen=story.seen(3), to_counter=2))
    assert states(story, A) == [("A001", "waiting", 0)]


def test_who_was_sent_to_one_counter_sees_how_many_are_before_there() -> None:
    """In that counter's own line."""
    story = opened()
    story.press(OpenCounter, 3)
    for code in (A, B):
        story.take("kk", code=code)
        story.call(1)
        story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=3))

    assert states(story, A) == [("A001", "waiting", 0)]
    assert states(story, B) == [("A002", "waiting", 1)]


def test_every_page_that_changes_is_named() -> None:
    """Where a line moves, all who stand in it see it; without codes nothing is said."""
    story = opened()
    story.take("kk")
    assert story.hall.coded == {}
    story.take("kk", code=A)
    story.call(1)
    assert story.changed.coded == {"kk"}
    story.ask(OpenCounter(counter=3))
    assert story.changed.coded == frozenset(), "nobody of its services has a code"


def test_a_call_of_one_who_was_sent_from_elsewhere_is_one_less_for_who_is_away() -> None:
    """It leaves a counter's own line, and yet it is a call of the service that is waited for."""
    story = opened()
    story.take("kk", code=A)
    story.call(1)
    story.press(NoShow, 1)
    story.take("pajak")
    story.call(3)
    story.ask(Transfer(counter=3, seen=story.seen(3), service="kk", to_counter=3))
    before = shown(story, A)[0].places
    story.call(3)

    assert shown(story, A)[0].places == before - 1
    assert story.changed.coded == {"kk"}


def test_a_new_day_empties_the_pages() -> None:
    """And says so, that no phone shows yesterday's number."""
    story = opened()
    story.take("kk", code=A)
    story.ask(OpenDay(date="2026-11-26"))

    assert story.changed.coded == {"kk"}
    assert coded_pages(story.hall, "kk") == [()]


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (0, ["kk"]),
        (PAGE_TICKETS, ["kk"]),
        (PAGE_TICKETS + 1, ["kk", "kk.2"]),
    ],
)
def test_pages_are_filled_one_after_the_other(count: int, names: list[str]) -> None:
    """A page that is full never changes its tickets."""
    story = opened()
    for _ in range(count):
        story.take("kk", code=A)
    pages = coded_pages(story.hall, "kk")

    assert [page_name("kk", nth) for nth in range(len(pages))] == names
    assert sum(map(len, pages)) == count


def test_the_fullest_page_fits_its_message() -> None:
    """Every field at its longest."""
    longest = CodedTicket(
        code_sha256="f" * 64,
        ticket=f"{'f' * 32}:{10**16 - 1}.4",
        number="K1999",
        service="s" * 32,
        state="waiting",
        ahead=2**31 - 1,
        counter=999,
        called_ms=4_102_444_800_000,
        repeat=9999,
        parked_for="no_show",
        back_ms=4_102_444_800_000,
        places=2**31 - 1,
        holds_left=2**31 - 1,
        no_shows=2**31 - 1,
        outcome="cancelled",
        priority=True,
    )
    view = CodedView(
        gen="999999999-ffffffff",
        pos=2**53 - 1,
        day="2026-11-25",
        at_ms=4_102_444_800_000,
        tickets=(longest,) * PAGE_TICKETS,
    )

    assert len(json.encode(view)) <= MESSAGE_BYTES_MAX
