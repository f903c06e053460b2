"""Lamp patterns: what the light does, and when a timer is needed."""

import pytest

from edge.lamps import PATTERNS, Lamp, Pattern


def light_of(lamp: Lamp, *, from_s: float, until_s: float) -> list[tuple[float, bool]]:
    """Return (seconds from the start, light) at each change, following the lamp's own instants."""
    lamp.advance(from_s)
    seen = [(0.0, lamp.lit)]
    while (wake_s := lamp.wake_s()) is not None and wake_s <= until_s:
        lamp.advance(wake_s)
        seen.append((round(wake_s - from_s, 3), lamp.lit))
    return seen


def test_every_pattern_has_its_steps() -> None:
    """A pattern without steps would be a lamp that says nothing."""
    assert set(PATTERNS) == set(Pattern)
    assert all(sum(for_s for _, for_s in steps) <= 3 for steps, _ in PATTERNS.values())


@pytest.mark.parametrize(("pattern", "lit"), [(Pattern.OFF, False), (Pattern.STEADY, True)])
def test_a_lamp_that_stands_still_needs_no_timer(pattern: Pattern, lit: bool) -> None:  # noqa: FBT001 - a table
    """Idle costs nothing."""
    lamp = Lamp()
    lamp.show(Pattern.SLOW_BLINK, 0.0)
    lamp.show(pattern, 0.5)

    assert (lamp.lit, lamp.wake_s()) == (lit, None)


def test_slow_blink_changes_once_a_second() -> None:
    """At most one wake-up a second."""
    lamp = Lamp()
    lamp.show(Pattern.SLOW_BLINK, 10.0)

    assert light_of(lamp, from_s=10.0, until_s=13.0) == [
        (0.0, True),
        (1.0, False),
        (2.0, True),
        (3.0, False),
    ]


def test_double_blink_comes_in_pairs() -> None:
    """Two short ones, a pause, again; on average no more than 2 wake-ups a second."""
    lamp = Lamp()
    lamp.show(Pattern.DOUBLE_BLINK, 0.0)

    assert light_of(lamp, from_s=0.0, until_s=2.2) == [
        (0.0, True),
        (0.15, False),
        (0.35, True),
        (0.5, False),
        (2.0, True),
        (2.15, False),
    ]
    steps = PATTERNS[Pattern.DOUBLE_BLINK].steps
    assert len(steps) / sum(for_s for _, for_s in steps) <= 2


@pytest.mark.parametrize(
    ("pattern", "flashes"), [(Pattern.LONG_FLASH, 1), (Pattern.SHORT_FLASHES, 3)]
)
def test_a_flash_is_seen_on_a_lit_lamp_and_then_it_is_lit_again(
    pattern: Pattern, flashes: int
) -> None:
    """It begins and ends dark; afterwards the lamp shows what it showed before."""
    lamp = Lamp()
    lamp.show(Pattern.STEADY, 0.0)
    lamp.flash(pattern, 5.0)
    seen = light_of(lamp, from_s=5.0, until_s=60.0)

    assert not seen[0][1]
    assert sum(lit for _, lit in seen) == flashes + 1
    assert seen[-1][1]
    assert not seen[-2][1]
    assert (lamp.pattern, lamp.wake_s()) == (Pattern.STEADY, None)


def test_what_changes_during_a_flash_is_shown_after_it() -> None:
    """The flash is not cut off."""
    lamp = Lamp()
    lamp.flash(Pattern.LONG_FLASH, 0.0)
    lamp.advance(0.2)
    ends_s = lamp.wake_s()
    lamp.show(Pattern.STEADY, 0.2)
    assert lamp.wake_s() == ends_s
    assert lamp.pattern is Pattern.LONG_FLASH

    light_of(lamp, from_s=0.2, until_s=10.0)

    assert (lamp.pattern, lamp.lit) == (Pattern.STEADY, True)


def test_the_newest_flash_wins() -> None:
    """A refusal after a success is not hidden behind it."""
    lamp = Lamp()
    lamp.flash(Pattern.LONG_FLASH, 0.0)
    lamp.flash(Pattern.SHORT_FLASHES, 0.3)

    assert lamp.pattern is Pattern.SHORT_FLASHES
    assert light_of(lamp, from_s=0.3, until_s=0.5) == [(0.0, False), (0.15, True)]


def test_the_same_again_does_not_start_over() -> None:
    """The runtime says what to show after every event; the blink keeps its beat."""
    lamp = Lamp()
    lamp.show(Pattern.SLOW_BLINK, 0.0)
    lamp.show(Pattern.SLOW_BLINK, 0.9)

    assert lamp.wake_s() == 1.0


def test_a_machine_that_slept_goes_on_from_now() -> None:
    """A day's blinks are not caught up."""
    lamp = Lamp()
    lamp.show(Pattern.SLOW_BLINK, 0.0)
    lamp.advance(86_400.0)

    wake_s = lamp.wake_s()
    assert wake_s is not None
    assert 86_400.0 < wake_s <= 86_401.0
