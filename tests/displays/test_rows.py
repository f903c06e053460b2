"""More open calls than rows: the newest stay, the others take turns, and nobody is forgotten."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.hall.views import Call
from displays.board import HERO_S
from displays.rows import NEWEST_S, TURN_S, Rows
from tests.displays.hall import START_S, Stage, call

T = START_S


def calls(*numbers: int) -> tuple[Call, ...]:
    """Return calls of these numbers, each to a counter of its own, in this order."""
    return tuple(call(f"A{number:03}", number, at_s=T) for number in numbers)


def numbers(shown: Sequence[Call]) -> list[int]:
    """Return the numbers of the rows, from the top."""
    return [row.counter for row in shown]


def test_open_calls_come_before_those_that_are_over() -> None:
    """Whoever is to go somewhere stands above whoever has been there."""
    rows = Rows(count=4)

    assert numbers(rows.pick(calls(9, 7), calls(8, 6, 5), now_s=T)) == [9, 7, 8, 6]
    assert rows.wake_s() is None


def test_the_newest_stay_and_the_rest_takes_turns() -> None:
    """Two calls have just come: they stand on top for 20 s; the other four share two rows."""
    rows = Rows(count=4)
    old = calls(4, 3, 2, 1)
    rows.pick(old, (), now_s=T)
    on = (*calls(6, 5), *old)

    seen = [numbers(rows.pick(on, (), now_s=T + 30 + 8 * step)) for step in range(3)]

    assert seen == [[6, 5, 1, 2], [6, 5, 3, 4], [6, 5, 1, 2]]


def test_a_row_that_is_being_read_does_not_move() -> None:
    """Somebody else's call ends: the others keep their places, and the free one is filled."""
    rows = Rows(count=3)
    rows.pick(calls(5, 4, 3, 2, 1), (), now_s=T)
    later = T + NEWEST_S
    assert numbers(rows.pick(calls(5, 4, 3, 2, 1), (), now_s=later)) == [1, 2, 3]

    assert numbers(rows.pick(calls(5, 4, 3, 1), (), now_s=later + 1)) == [1, 4, 3]


def test_when_all_fit_again_nobody_takes_turns() -> None:
    """Newest on top, as ever."""
    rows = Rows(count=3)
    rows.pick(calls(5, 4, 3, 2, 1), (), now_s=T)
    rows.pick(calls(5, 4, 3, 2, 1), (), now_s=T + NEWEST_S)

    assert numbers(rows.pick(calls(5, 4, 3), calls(2), now_s=T + 60)) == [5, 4, 3]
    assert rows.wake_s() is None


def test_it_wakes_when_a_turn_or_a_stay_is_over() -> None:
    """The next instant at which the rows change by themselves, and none before it."""
    rows = Rows(count=3)
    on = calls(5, 4, 3, 2, 1)
    first = rows.pick(on, (), now_s=T)
    assert rows.wake_s() == T + TURN_S
    assert rows.pick(on, (), now_s=T + TURN_S - 0.1) == first
    assert rows.pick(on, (), now_s=T + TURN_S) != first

    rows.pick(on, (), now_s=T + 2 * TURN_S)
    assert rows.wake_s() == T + NEWEST_S


@pytest.mark.parametrize(("count", "unseen"), [(15, 0), (16, 1), (21, 6)])
def test_what_can_not_be_shown_often_enough_is_reported(count: int, unseen: int) -> None:
    """Three rows show 15 calls in 40 s; of more, some wait for too long, and it is said."""
    rows = Rows(count=3)
    on = calls(*range(count, 0, -1))
    worst = 0
    for step in range(400):
        rows.pick(on, (), now_s=T + step)
        worst = max(worst, rows.unseen if step > 100 else 0)

    assert worst == unseen


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["new", "end", "wait"]), st.integers(0, 30)), max_size=80
    )
)
def test_every_open_call_is_seen_in_time(steps: list[tuple[str, int]]) -> None:
    """Calls come and go at random, never more than 6 open: each is in a row in time."""
    rows, now_s, count = Rows(count=4), T, 0
    on: list[Call] = []
    for what, value in steps:
        if what == "new" and len(on) < 6:
            count += 1
            on.insert(0, call(f"A{count:03}", 1 + count % 99, at_s=now_s))
        elif what == "end" and on:
            on.pop(value % len(on))
        for _ in range(value if what == "wait" else 1):
            now_s += 1
            shown = rows.pick(on, (), now_s=now_s)
            assert len(shown) == min(4, len(on))
            assert len({row.call_id for row in shown}) == len(shown)
            assert rows.unseen == 0


def test_calls_that_are_over_stand_below_and_are_said_to_be() -> None:
    """Whoever is still to go somewhere stands on top, however long ago the call was."""
    stage = Stage()
    old = call("A007", 1, at_s=T)
    done = replace(call("A008", 2, at_s=T + 2), over=True)
    stage.say(done, call("B001", 12, at_s=T + 1), old, now_s=T + 2)
    rows = stage.look(T + 2).rows

    assert [(row.number, row.is_over) for row in rows] == [("B001", False), ("A008", True)]


def test_more_open_calls_than_rows_take_turns() -> None:
    """A board of 3 rows and 6 open calls beside the hero: it wakes for each turn, all are shown."""
    stage = Stage(rows=3)
    stage.say(*(call(f"A{i:03}", i, at_s=T) for i in range(7, 0, -1)), now_s=T)
    seen, now_s = set(), T + HERO_S * 7
    for _ in range(40):
        seen |= {row.counter for row in stage.look(now_s).rows}
        now_s = stage.board.wake_s(now_s=now_s, wall_ms=0)

    assert len(seen) == 6
    assert stage.board.rows.unseen == 0


def test_a_burst_longer_than_a_snapshot_must_be_is_kept_whole() -> None:
    """45 calls in a minute: all of them are known, not only the last 30."""
    stage = Stage(rows=50)
    stage.say(*(call(f"A{i:03}", i, at_s=T) for i in range(45, 0, -1)), now_s=T)

    assert len(stage.look(T).rows) == 44
