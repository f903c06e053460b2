"""Stamps from a clock that may be wrong: when it is believed, and how stamps go on."""

import datetime as dt

import pytest

from broker.hall_time import GAP_MAX_MS, STEP_MAX_MS, UNDATED_MS, HallTime, Reading

HOUR_MS = 3_600_000
NOON_MS = round(dt.datetime(2026, 11, 25, 5, tzinfo=dt.UTC).timestamp() * 1000)
YEAR_MS = 365 * 24 * HOUR_MS


def read(time: HallTime, wall_ms: int, boot_s: float, *, trusted: bool = True) -> int:
    """Return the stamp of a reading."""
    return time.read(Reading(wall_ms, boot_s, trusted))


def test_a_trusted_clock_makes_the_stamps() -> None:
    """Forward steps are followed at once, and remembered until the day has been looked at."""
    time = HallTime(newest_ms=NOON_MS - HOUR_MS)

    assert read(time, NOON_MS, 10.0) == NOON_MS
    assert (time.believed_ms, time.step_ms, time.doubtful_from_ms) == (NOON_MS, HOUR_MS, None)
    time.settle()
    assert read(time, NOON_MS + 5_000, 15.0) == NOON_MS + 5_000
    assert time.step_ms == 0
    assert read(time, NOON_MS + HOUR_MS, 16.0) == NOON_MS + HOUR_MS
    assert time.step_ms == HOUR_MS - 6_000
    assert time.doubtful_from_ms == NOON_MS - 10_000  # when this boot began


@pytest.mark.parametrize("wall_ms", [0, NOON_MS - 3 * HOUR_MS, NOON_MS, NOON_MS + 10 * YEAR_MS])
def test_an_untrusted_clock_says_nothing(wall_ms: int) -> None:
    """Stamps go on from the newest row by the monotonic clock, whatever the wall shows."""
    time = HallTime(newest_ms=NOON_MS)

    assert read(time, wall_ms, 10.0, trusted=False) == NOON_MS
    assert read(time, wall_ms + YEAR_MS, 70.5, trusted=False) == NOON_MS + 60_500
    assert time.believed_ms is None


def test_a_hall_without_rows_and_without_a_clock_stamps_from_1970() -> None:
    """Nobody takes that for a date; the first believed reading takes it to the true one."""
    time = HallTime(newest_ms=0)

    assert read(time, NOON_MS, 5.0, trusted=False) == UNDATED_MS
    assert read(time, NOON_MS, 6.0, trusted=False) == UNDATED_MS + 1_000
    assert read(time, NOON_MS, 7.0) == NOON_MS
    assert time.step_ms == NOON_MS - UNDATED_MS - 2_000


@pytest.mark.parametrize(
    ("ahead_ms", "believed"),
    [
        (-STEP_MAX_MS - 1, False),
        (-STEP_MAX_MS, True),
        (GAP_MAX_MS, True),  # the longest a hall is shut
        (GAP_MAX_MS + 1, False),
        (10 * YEAR_MS, False),
        (-NOON_MS, False),  # 1970
    ],
)
def test_the_first_reading_may_be_as_far_off_as_a_hall_is_shut(
    ahead_ms: int, *, believed: bool
) -> None:
    """What contradicts the journal waits for a person, whoever vouches for it."""
    time = HallTime(newest_ms=NOON_MS)
    read(time, NOON_MS + ahead_ms, 1.0)

    assert (time.believed_ms is not None) is believed


@pytest.mark.parametrize("step_ms", [STEP_MAX_MS + 2_000, -STEP_MAX_MS - 2_000])
def test_a_step_of_more_than_26_hours_waits_until_it_is_undone(step_ms: int) -> None:
    """Stamps go on as if it had not been."""
    time = HallTime(newest_ms=NOON_MS)
    read(time, NOON_MS, 1.0)

    assert read(time, NOON_MS + step_ms, 2.0) == NOON_MS + 1_000
    assert time.believed_ms is None
    assert read(time, NOON_MS + 2_000, 3.0) == NOON_MS + 2_000
    assert time.believed_ms == NOON_MS + 2_000


def test_stamps_that_are_ahead_go_slowly_until_the_clock_is_there() -> None:
    """They never go back nor stand still: who is held for 30 minutes returns."""
    time = HallTime(newest_ms=NOON_MS)
    read(time, NOON_MS, 0.0)

    assert read(time, NOON_MS - HOUR_MS, 0.0) == NOON_MS
    assert read(time, NOON_MS - HOUR_MS + 1, 0.001) == NOON_MS
    assert read(time, NOON_MS - HOUR_MS // 2, 1800.0) == NOON_MS + HOUR_MS // 4
    assert read(time, NOON_MS + HOUR_MS, 7200.0) == NOON_MS + HOUR_MS
    assert time.step_ms == 0


def test_stamps_made_often_lose_nothing_to_rounding() -> None:
    """A hub reads the clock with every message."""
    time = HallTime(newest_ms=NOON_MS)
    stamps = [read(time, 0, at / 10_000, trusted=False) for at in range(10_001)]

    assert stamps[-1] in {NOON_MS + 999, NOON_MS + 1_000}
    assert stamps == sorted(stamps)


def test_a_row_that_was_given_back_may_be_newer() -> None:
    """Its stamp is the floor of the next."""
    time = HallTime(newest_ms=0)

    assert time.read(Reading(0, 1.0, is_trusted=False), newest_ms=NOON_MS) == NOON_MS
    assert read(time, 0, 2.0, trusted=False) == NOON_MS + 1_000
