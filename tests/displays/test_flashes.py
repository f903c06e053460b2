"""No board flashes at anybody: frames of a busy minute, recorded and counted."""

from typing import TYPE_CHECKING

import pytest

from displays.layout import Layout
from displays.palette import Colour
from displays.screen import Screen
from tests.displays.flashes import is_red, levels, most_in_a_second, turns
from tests.displays.hall import START_S, Stage, call

if TYPE_CHECKING:
    from broker.hall.views import Call

T = START_S
SIZE = (1280, 720)
STEP_S = 0.05
EVERY_PX = 16
FLASHES_MAX = 1
"""A second. WCAG lets 3 pass; a border as big as this one, in front of people, gets one."""


# Points all over the screen, and each other one across its middle: a border is thin.
SPOTS = [(x, y) for x in range(0, SIZE[0], EVERY_PX) for y in range(0, SIZE[1], EVERY_PX)]
SPOTS += [(x, SIZE[1] // 2) for x in range(0, SIZE[0], 2)]

Point = list[tuple[float, Colour]]
"""The colours of one spot of the screen over time."""


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """What stood on the screen every 50 ms while eight numbers were called, some at once."""
    screen = Screen(size=SIZE, fallback=SIZE, is_headless=True)
    screen.open()
    layout = Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)
    stage = Stage(rows=layout.rows)
    stage.beat(T)
    stage.say(now_s=T)
    calls: list[Call] = []
    found: list[Point] = [[] for _ in SPOTS]
    for step in range(round(24 / STEP_S)):
        now_s = T + step * STEP_S
        if step in {4, 8, 12, 30, 60, 61, 62, 200}:
            number = len(calls)
            calls.insert(0, call(f"A00{number}", (1, 2, 12)[number % 3], at_s=now_s))
            stage.say(*calls, now_s=now_s)
        elif step % 100 == 0:
            stage.beat(now_s)
        screen.show(layout.picture(stage.look(now_s)))
        rgb = screen.shot().rgb
        for (x, y), point in zip(SPOTS, found, strict=True):
            at = 3 * (y * SIZE[0] + x)
            point.append((now_s, (rgb[at], rgb[at + 1], rgb[at + 2])))
    screen.close()
    return found


def test_no_point_flashes_more_than_once_a_second(points: list[Point]) -> None:
    """Borders that pulse, numbers that change: slow enough for whoever must not see flashes."""
    counts = [most_in_a_second(turns(levels(point))) for point in points]

    assert max(counts) == FLASHES_MAX  # it does pulse, or this test looks elsewhere


def test_a_call_pulses_three_times(points: list[Point]) -> None:
    """The border of the first call: three times dim and bright again, then steady."""
    border = next(point for point in points if len({colour for _, colour in point}) > 8)
    alone = [(s, colour) for s, colour in border if s < T + 0.2 + 3 and s >= T + 0.2]

    assert len(turns(levels(alone))) // 2 == 3


def test_nothing_is_red(points: list[Point]) -> None:
    """A flash of saturated red is the worst of all."""
    assert not any(is_red(colour) for point in points for _, colour in point)


@pytest.mark.parametrize(
    ("period_s", "flashes"), [(0.2, 5), (0.25, 4), (0.5, 2), (1.0, 1), (4.0, 0)]
)
def test_flashes_are_counted(period_s: float, flashes: int) -> None:
    """A light that goes on and off at this pace."""
    shown = [(n * 0.025, float(n * 0.025 % period_s < period_s / 2)) for n in range(160)]

    assert most_in_a_second(turns(shown)) == flashes


@pytest.mark.parametrize("levels_", [(0.5, 0.55), (0.85, 1.0), (0.3, 0.3)])
def test_a_change_too_small_or_too_bright_is_no_flash(levels_: tuple[float, float]) -> None:
    """Below a tenth, or with both ends above 0.80."""
    assert turns([(n / 10, levels_[n % 2]) for n in range(20)]) == []


def test_a_slow_fade_is_one_turn() -> None:
    """Up in twenty steps and down again: two turns, one flash."""
    shown = [(n / 20, 1 - abs(n - 20) / 20) for n in range(41)]

    assert len(turns(shown)) == 2


@pytest.mark.parametrize(("colour", "red"), [((255, 0, 0), True), ((255, 214, 10), False)])
def test_red_is_told(colour: Colour, *, red: bool) -> None:
    """The board's yellow is none."""
    assert is_red(colour) is red
