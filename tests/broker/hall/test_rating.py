"""Whose press of a rating button it was: who is at the counter, or who has just left it."""

import msgspec
import pytest

from broker.hall.commands import (
    CallNext,
    Close,
    NoShow,
    Rate,
    Recall,
    Reinstate,
    Start,
    decode_command,
)
from broker.hall.counters import RATE_MS
from broker.hall.events import HallEvent, TicketRated
from broker.hall.refusals import Actor
from tests.broker.hall.given import DESK, KIOSK, Story, opened, refolded, snapshot

ONE = Actor(node="loket-1", role="counter", counters=frozenset({1}))


def served_then(wait_s: float) -> tuple[Story, str, str]:
    """Return a story whose A001 was served, A002 called and so long ago, and their tickets."""
    story = opened()
    first, second = story.take("kk")[0], story.take("kk")[0]
    story.call(1)
    story.after(60).call(1)
    story.after(wait_s)
    return story, first, second


def rated(story: Story, score: int = 4, *, age_ms: int | None = 0, seen: str | None = None) -> str:
    """Press a rating button at counter 1; return the ticket it was for."""
    seen = story.seen(1) if seen is None else seen
    events = story.ask(Rate(counter=1, score=score, age_ms=age_ms, seen=seen), ONE)
    (event,) = events
    assert isinstance(event, TicketRated)
    assert (event.counter, event.score) == (1, score)
    assert story.ticket(event.ticket).score == score
    return event.ticket


@pytest.mark.parametrize(
    ("wait_s", "is_second"), [(0, False), (44.999, False), (45, True), (600, True)]
)
def test_who_leaves_rates_until_the_next_one_is_there(wait_s: float, *, is_second: bool) -> None:
    """Staff press call as the visitor gets up: the press a moment later is not the next one's."""
    story, first, second = served_then(wait_s)

    assert rated(story) == (second if is_second else first)


def test_a_started_service_is_rated_at_once() -> None:
    """Staff have said that the visitor is there."""
    story, _, second = served_then(5)
    story.press(Start, 1)

    assert rated(story) == second


@pytest.mark.parametrize("wait_s", [0, RATE_MS / 1000])
def test_who_has_left_can_rate_for_three_minutes(wait_s: float) -> None:
    """Nobody is called meanwhile; also at a counter that was closed or paused."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)
    story.after(60).press(Close, 1)

    assert rated(story.after(wait_s)) == ticket
    late = Rate(counter=1, score=1)
    assert story.after(RATE_MS / 1000 + 0.001).told(late)[0] == "nobody_to_rate"


def test_the_last_rating_counts() -> None:
    """A visitor may think again; both are on record."""
    story, first, _ = served_then(1)
    rated(story, 1)
    rated(story, 3)

    assert story.ticket(first).score == 3
    assert snapshot(refolded(story)) == snapshot(story.hall)


def test_a_rating_is_never_too_late() -> None:
    """It counts for who was there when it was pressed, by its age."""
    story, first, second = served_then(100)

    assert rated(story, age_ms=70_000) == first
    assert rated(story, age_ms=50_000) == second
    stale = Rate(counter=1, score=2, age_ms=70_000, seen=story.seen(1))
    (event,) = story.ask(stale, ONE, stale=True)
    assert isinstance(event, TicketRated)


def test_a_rating_that_crossed_a_call_is_for_the_call_that_was_shown() -> None:
    """The counter's node had not heard of the next call yet."""
    story = opened()
    first = story.take("kk")[0]
    story.take("kk")
    story.call(1)
    seen = story.seen(1)
    story.after(400).call(1)
    story.after(400)

    assert rated(story, seen=seen) == first
    other = Rate(counter=1, score=1, seen="b" * 32 + ":1")
    assert story.told(other)[0] == "nobody_to_rate"


def test_a_rating_pressed_while_nobody_was_called_is_for_who_had_left() -> None:
    """Though somebody is called by now."""
    story = opened()
    first = story.take("kk")[0]
    story.call(1)
    story.after(60).press(Close, 1)
    story.take("kk")
    story.call(1)
    story.after(50)

    assert rated(story, seen="") == first


def test_an_age_nobody_knows_is_for_the_call_that_was_shown_alone() -> None:
    """Pressed before a power cut: three minutes can't be counted."""
    story, _, second = served_then(1)
    assert rated(story, age_ms=None) == second
    story.after(60).press(Close, 1)

    assert story.told(Rate(counter=1, score=1, age_ms=None))[0] == "nobody_to_rate"


def test_who_did_not_come_does_not_rate() -> None:
    """Nor who is back in the queue."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)
    story.press(NoShow, 1)
    assert story.told(Rate(counter=1, score=1))[0] == "nobody_to_rate"

    story.after(200).call(1)
    story.after(60).press(Close, 1)
    story.ask(Reinstate(ticket=ticket))
    assert story.told(Rate(counter=1, score=1))[0] == "nobody_to_rate"


def test_a_rating_moves_nothing() -> None:
    """No lamp, no board, no `seen` is another after it."""
    story, _, _ = served_then(1)
    before = story.seen(1)
    rated(story)

    assert (story.seen(1), story.changed.board) == (before, False)
    assert story.press(Recall, 1)


@pytest.mark.parametrize(("by", "code"), [(ONE, "nobody_to_rate"), (DESK, "nobody_to_rate")])
def test_a_counter_and_a_pad_may_rate(by: Actor, code: str) -> None:
    """Their own counters."""
    assert opened().told(Rate(counter=1, score=1), by)[0] == code


@pytest.mark.parametrize("by", [KIOSK, Actor(node="loket-9", role="counter")])
def test_others_may_not_rate(by: Actor) -> None:
    """A kiosk has no such buttons, and a counter only its own."""
    assert opened().told(Rate(counter=1, score=1), by)[0] == "not_allowed"


@pytest.mark.parametrize("score", [0, 5, -1])
def test_a_score_is_one_to_four(score: int) -> None:
    """As the four answers of the survey."""
    with pytest.raises(msgspec.ValidationError, match="score"):
        decode_command(f'{{"type":"rate","counter":1,"score":{score}}}'.encode())


def test_a_rating_in_the_journal() -> None:
    """Its shape is kept for years."""
    story, first, _ = served_then(1)
    rated(story, 2)

    row: tuple[HallEvent, ...] = story.journal[-1][2]
    assert msgspec.to_builtins(row) == (
        {"type": "ticket_rated", "ticket": first, "counter": 1, "score": 2},
    )
    assert CallNext.expires
    assert not Rate.expires
