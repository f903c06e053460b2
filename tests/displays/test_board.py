"""The rules a board never breaks: what is ignored, what stands big, when it says it is cut off."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from displays.board import (
    CALLS_MIN,
    HERO_CROWDED_S,
    HERO_RUSH_S,
    HERO_S,
    LOST_AFTER_S,
    PULSE_S,
    PULSE_STEPS,
    PULSES,
    UNGUIDED_AFTER_S,
    pulse,
)
from displays.board_setup import Place, board_setup
from tests.displays.hall import GEN, SETUP, START_S, WIB, Stage, call

T = START_S


def test_a_live_call_is_the_hero_at_once() -> None:
    """One snapshot, and the number stands big, with its counter and agency."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    hero = stage.look(T).hero

    assert hero is not None
    assert (hero.number, hero.counter, hero.mark.name) == ("A007", 1, "Disdukcapil")


@pytest.mark.parametrize(
    ("gen", "pos", "is_taken"),
    [
        (GEN, 4, False),
        (GEN, 5, True),
        (GEN, 6, True),
        ("2-ffffffff", 99, False),
        ("3-ffffffff", 5, True),
        ("4-00000000", 1, True),
        ("10-00000000", 1, True),
    ],
)
def test_only_what_is_lower_is_ignored(gen: str, pos: int, *, is_taken: bool) -> None:
    """Generations are compared by their number, then positions; an equal snapshot is taken."""
    stage = Stage()
    stage.say(call("A007"), now_s=T, pos=5)
    stage.say(call("A008"), now_s=T, pos=pos, gen=gen)

    assert stage.numbers(T + HERO_S)[0] == ("A008" if is_taken else "A007")
    assert stage.board.ignored == (not is_taken)


def test_a_snapshot_that_can_not_be_shown_changes_nothing() -> None:
    """What the reader of `state/board` refuses; were it to come, the next one would still count."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    stage.beat(T)
    with pytest.raises(ValueError, match="year"):
        stage.say(call("A008", at_s=10**15), now_s=T + 1, pos=9)

    assert stage.board.shown == (GEN, 1)
    stage.say(call("A009", 2, at_s=T + 20), call("A007"), now_s=T + 20, pos=2)
    assert stage.numbers(T + 20) == ("A009", "A007")


def test_a_new_journal_of_the_same_number_is_shown() -> None:
    """A wiped data folder: the hub that speaks now is believed, without a restart of the board."""
    stage = Stage()
    stage.say(call("A107"), now_s=T, pos=5000)
    stage.beat(T)
    stage.pos = 3
    stage.beat(T + 20, gen="3-ffffffff")
    stage.say(call("A001", at_s=T + 21), now_s=T + 21, gen="3-ffffffff", pos=4)

    assert stage.numbers(T + 21) == ("A001",)
    assert stage.look(T + 29).lost_since is None
    assert stage.board.ignored == 0


def test_retained_calls_of_another_hub_of_the_same_number_wait_for_it() -> None:
    """What a dead one left in the broker does not replace what the living one says."""
    stage = Stage()
    stage.beat(T)
    stage.say(call("A007"), now_s=T, pos=3)
    stage.say(call("A107"), now_s=T + 1, gen="3-ffffffff", pos=5000, is_retained=True)
    assert stage.numbers(T + 1) == ("A007",)
    stage.beat(T + 2)
    assert stage.numbers(T + 2) == ("A007",)

    stage.beat(T + 3, gen="3-ffffffff")
    assert stage.numbers(T + 3) == ("A107",)


def test_retained_calls_wait_for_a_live_hub_of_their_generation() -> None:
    """What the broker kept may be of a dead hub; a heartbeat it kept, or an older, is no proof."""
    stage = Stage()
    stage.say(call("A007"), now_s=T, is_retained=True)
    assert stage.look(T).notice == "starting"
    stage.beat(T, is_retained=True)
    stage.beat(T, gen="2-00000000")
    assert stage.numbers(T) == ("-",)
    stage.beat(T)

    assert stage.numbers(T) == ("A007",)


def test_retained_calls_of_an_older_generation_are_never_shown() -> None:
    """The live hub is of a newer one."""
    stage = Stage()
    stage.say(call("A007"), now_s=T, gen="2-00000000", is_retained=True)
    stage.beat(T)

    assert stage.numbers(T) == ("-",)


def test_a_retained_call_is_not_news() -> None:
    """A board that starts shows it steady, without a pulse."""
    stage = Stage()
    stage.beat(T)
    stage.say(call("A007"), now_s=T, is_retained=True)
    hero = stage.look(T).hero

    assert hero is not None
    assert hero.pulse == PULSE_STEPS
    assert stage.board.wake_s(now_s=T, wall_ms=0) > T + 1


def test_a_call_is_news_once() -> None:
    """The hub publishes its topics again at each connect; nothing pulses twice."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    stage.say(call("A008", 2), call("A007"), now_s=T + 11)
    stage.look(T + 11)
    stage.say(call("A008", 2), call("A007"), now_s=T + 30, pos=2)

    assert stage.numbers(T + 31) == ("A008", "A007")
    hero = stage.look(T + 31).hero
    assert hero is not None
    assert hero.pulse == PULSE_STEPS


def test_two_calls_at_once_are_both_seen_at_once() -> None:
    """The hero shows them in turn, the rows at once; the one that waits is marked."""
    stage = Stage()
    both = (call("A008", 2, at_s=T), call("A007", at_s=T - 0.1))
    stage.say(*both, now_s=T)
    model = stage.look(T)

    assert stage.numbers(T) == ("A007", "A008")
    assert model.rows[0].is_next
    assert stage.numbers(T + HERO_CROWDED_S - 0.1) == ("A007", "A008")
    assert stage.numbers(T + HERO_CROWDED_S) == ("A008", "A007")
    assert stage.numbers(T + 60) == ("A008", "A007")


def test_a_lone_call_keeps_the_hero_until_a_newer_comes() -> None:
    """After its ten seconds a new call takes the place at once; within them after five."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    stage.look(T)
    stage.say(call("A008", 2, at_s=T + HERO_S), call("A007"), now_s=T + HERO_S)
    assert stage.numbers(T + HERO_S)[0] == "A008"
    after = T + HERO_S + 1
    stage.say(call("A009", 2, at_s=after), call("A008", 2), now_s=after)

    assert stage.numbers(after)[0] == "A008"
    assert stage.numbers(T + HERO_S + HERO_CROWDED_S)[0] == "A009"


def test_in_a_rush_each_call_gets_three_seconds() -> None:
    """Five calls at once: every one stands big, in order, and soon enough."""
    stage = Stage()
    calls = [call(f"A{n:03}", n, at_s=T - 0.01 * n) for n in range(1, 6)]
    stage.say(*calls, now_s=T)
    seen = [stage.numbers(T + 0.5 * half)[0] for half in range(40)]
    order = [number for number, before in zip(seen, ["", *seen], strict=False) if number != before]

    assert order == ["A005", "A004", "A003", "A002", "A001"]
    assert seen.count("A005") == HERO_RUSH_S / 0.5


def test_a_long_rush_ends_in_time() -> None:
    """After 45 s the hero stops catching up and shows the newest call, steady."""
    stage = Stage()
    stage.say(*[call(f"A{n:03}", at_s=T - 0.01 * n) for n in range(1, 30)], now_s=T)
    for second in range(60):
        stage.look(T + second)
    hero = stage.look(T + 60).hero

    assert hero is not None
    assert (hero.number, hero.pulse) == ("A001", PULSE_STEPS)


def test_a_recall_jumps_ahead_and_is_marked() -> None:
    """The one who did not come is called before those just called; its row says so too."""
    stage = Stage()
    stage.say(call("A001"), now_s=T)
    stage.look(T)
    again = call("A001", at_s=T + 12, repeat=2)
    stage.say(
        call("A003", 3, at_s=T + 11), call("A002", 2, at_s=T + 11), call("A001"), now_s=T + 11
    )
    stage.look(T + 11)
    stage.say(
        again,
        call("A003", 3, at_s=T + 11),
        call("A002", 2, at_s=T + 11),
        call("A001"),
        now_s=T + 12,
    )
    rows = stage.look(T + 12).rows

    assert stage.numbers(T + 12)[0] == "A003"
    assert [(row.number, row.repeat) for row in rows] == [("A001", 2), ("A002", 1)]
    hero = stage.look(T + 11 + HERO_CROWDED_S).hero
    assert hero is not None
    assert (hero.number, hero.repeat) == ("A001", 2)
    # Once all have had their turn, the newest of the hub's list does not push in again.
    assert stage.numbers(T + 40)[0] == stage.numbers(T + 44)[0] == "A002"


def test_a_recall_of_the_hero_pulses_again_at_once() -> None:
    """It does not wait for its own place."""
    stage = Stage()
    stage.say(call("A001"), now_s=T)
    stage.look(T + 4)
    stage.say(call("A001", at_s=T + 5, repeat=2), call("A001"), now_s=T + 5)
    hero = stage.look(T + 5.5).hero

    assert hero is not None
    assert (hero.repeat, hero.pulse) == (2, 0)
    assert stage.look(T + 5.5).rows == ()


def test_old_calls_are_rows_not_news() -> None:
    """A board cut off for a minute shows what it missed; the newest stands big, steady."""
    stage = Stage()
    stage.say(call("A001"), now_s=T)
    stage.look(T)
    late = T + 100
    stage.say(call("A003", 3, at_s=T + 50), call("A002", 2, at_s=T + 40), call("A001"), now_s=late)
    hero = stage.look(late).hero

    assert stage.numbers(late) == ("A003", "A002", "A001")
    assert hero is not None
    assert hero.pulse == PULSE_STEPS


def test_nothing_of_yesterday_is_shown() -> None:
    """At midnight the calls go, whether the hub is there or not."""
    stage = Stage()
    midnight = T + (14 * 60 + 19) * 60
    late = call("A900", at_s=midnight - 5)
    stage.say(late, now_s=midnight - 5)
    assert stage.numbers(midnight - 1) == ("A900",)

    assert stage.numbers(midnight) == ("-",)
    stage.beat(midnight + 5)
    stage.say(late, now_s=midnight + 5)
    assert stage.numbers(midnight + 5) == ("-",)
    assert stage.look(midnight + 5).notice == "welcome"


def test_silence_for_ten_seconds_is_said() -> None:
    """The last calls stay, the clock goes on, and the badge says since when."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    stage.beat(T + 5)
    assert stage.look(T + 5 + LOST_AFTER_S - 0.1).lost_since is None
    model = stage.look(T + 5 + 125)

    assert model.lost_since is not None
    assert f"{model.lost_since:%H.%M}" == "09.41"
    assert f"{model.at:%H.%M}" == "09.43"
    assert model.hero is not None
    stage.beat(T + 131)
    assert stage.look(T + 131).lost_since is None


def test_after_a_quarter_of_an_hour_nobody_is_called_from_here() -> None:
    """No hero any more: follow the staff; the rows keep what was called."""
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    model = stage.look(T + UNGUIDED_AFTER_S)

    assert model.hero is None
    assert model.notice == "follow_staff"
    assert [row.number for row in model.rows] == ["A007"]


def test_a_board_that_never_heard_the_hub_says_so() -> None:
    """First that it starts, then that it is cut off: never that nobody was called."""
    stage = Stage()

    assert stage.look(T + 1).notice == "starting"
    assert stage.look(T + LOST_AFTER_S).notice == "follow_staff"
    assert stage.look(T + LOST_AFTER_S).lost_since is not None


def test_an_empty_day_welcomes() -> None:
    """Nobody was called yet: the board says who offers what."""
    stage = Stage()
    stage.say(now_s=T)
    model = stage.look(T)

    assert (model.hero, model.notice, model.rows) == (None, "welcome", ())
    assert [mark.series for mark in model.marks] == ["A", "B"]


def test_a_zone_sees_its_own_counters() -> None:
    """Calls, agencies and ways of other floors stay there; a board of no zone shows no arrows."""
    stage = Stage(zone="atas")
    stage.say(call("A008"), call("B001", 12), now_s=T)
    model = stage.look(T)

    assert stage.numbers(T) == ("B001",)
    assert model.hero is not None
    assert model.hero.place == Place(where="Lantai 2", direction="up")
    assert [mark.series for mark in model.marks] == ["B"]
    assert board_setup(SETUP, timezone=WIB).counters[12] == Place(where="Lantai 2", direction="")


def test_a_quiet_zone_keeps_its_rows_while_others_are_busy() -> None:
    """A full snapshot cuts older calls off; they were called all the same."""
    stage = Stage(zone="atas")
    quiet = call("B001", 12)
    stage.say(quiet, now_s=T)
    stage.look(T)
    busy = [call(f"A{n:03}", at_s=T + 90 - n) for n in range(CALLS_MIN)]
    stage.say(*busy, now_s=T + 90)
    assert stage.numbers(T + 90) == ("B001",)
    stage.say(*busy[:3], now_s=T + 91)

    assert stage.numbers(T + 91) == ("-",)


def test_the_border_pulses_three_times_a_second_apart() -> None:
    """Bright, dim, bright; then steady: at most one flash in any second."""
    levels = [pulse(0.05 * step) for step in range(80)]
    dims = [step for step, (a, b) in enumerate(pairwise(levels)) if b == 0 and a > 0]

    assert len(dims) == PULSES
    assert all(after - before == PULSE_S / 0.05 for before, after in pairwise(dims))
    assert levels[round(PULSES * PULSE_S / 0.05) :] == [PULSE_STEPS] * 20


def test_time_alone_changes_the_picture_only_when_said() -> None:
    """`wake_s` never sleeps through a change, and an idle board wakes a few times a minute."""
    stage = Stage()
    stage.say(call("A008", 2), call("A007", at_s=T - 1), now_s=T)
    now_s, wakes = T, 0
    while now_s < T + 1000:
        model = stage.look(now_s)
        wake_s = stage.board.wake_s(now_s=now_s, wall_ms=0)
        assert wake_s > now_s
        assert stage.look(now_s + (wake_s - now_s) * 0.98) == model
        now_s, wakes = wake_s, wakes + 1

    assert wakes < 1000 / 9 + 2 * 1000 / 60 + 2 * PULSES / 0.05 + 10


def test_the_picture_wanders() -> None:
    """Four pixels each way, another place each minute."""
    stage = Stage()
    shifts = [stage.look(T + 60.0 * minute).shift for minute in range(9)]

    assert len(set(shifts)) == 9
    assert max(abs(part) for shift in shifts for part in shift) == 4


def test_a_call_that_is_over_stands_nowhere_big() -> None:
    """Served or given up, nobody is to go there: not as hero, not as one still to come."""
    stage = Stage()
    first, second = call("A007", 1), call("A008", 2, at_s=T + 1)
    stage.say(first, now_s=T)
    stage.look(T)
    stage.say(second, first, now_s=T + 1)
    assert stage.numbers(T + 1) == ("A007", "A008")

    stage.say(replace(second, over=True), replace(first, over=True), now_s=T + 2)
    model = stage.look(T + 2)

    assert model.hero is None
    assert [(row.number, row.is_next) for row in model.rows] == [("A008", False), ("A007", False)]


def test_the_next_call_of_a_counter_takes_the_heros_place_at_once() -> None:
    """The one before has been served: to leave it big would send two people to one counter."""
    stage = Stage()
    first, second = call("A007", 1), call("A008", 1, at_s=T + 2)
    stage.say(first, now_s=T)
    stage.look(T)
    stage.say(second, replace(first, over=True), now_s=T + 2)

    assert stage.numbers(T + 2) == ("A008",)
    hero = stage.look(T + 2.3).hero
    assert hero is not None
    assert hero.pulse < PULSE_STEPS
