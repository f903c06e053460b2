"""What is painted is what was asked, only what changed is painted, and nothing flashes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pygame
import pytest

from displays.board import PULSE_STEP_S
from displays.layout import Layout
from displays.ops import Arrow, Face, Fill, Op, Outline, Rect, Sign, Text, ink
from displays.palette import luminance
from displays.screen import FONTS_MAX, Screen, ScreenError, arrow_points
from tests.displays.hall import START_S, Stage, call

SIZE = (640, 360)
T = START_S


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A small screen in memory."""
    opened = Screen(size=SIZE, fallback=SIZE, is_headless=True)
    opened.open()
    yield opened
    opened.close()


def test_a_screen_that_is_closed_leaves_no_file_open() -> None:
    """Each size of a font has one: after a thousand, `select` fails for a printer's line."""

    def files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = files()
    for _ in range(2):
        screen = Screen(size=SIZE, fallback=SIZE, is_headless=True)
        screen.open()
        for cap_px in range(10, 20):
            screen.fonts.measure("A", "bold", cap_px)
        assert files() > before
        screen.close()

    assert files() == before


def on_black(*ops: Op) -> tuple[Op, ...]:
    """Return a picture of these ops."""
    return (Fill(Rect(0, 0, *SIZE), (0, 0, 0)), *ops)


def line(text: str, face: Face, cap_px: int, width_px: int) -> Text:
    """Return white text on black, in the middle of the screen."""
    lead, height = ink(text, cap_px)
    rect = Rect(40, 20, width_px, height)
    return Text(rect, text, face, cap_px, lead, (255, 255, 255), (0, 0, 0))


def painted() -> pygame.Surface:
    """Return what is on the screen."""
    surface = pygame.display.get_surface()
    assert surface is not None
    return surface


def ink_of(surface: pygame.Surface) -> Rect:
    """Return the smallest rect that holds all that is brighter than a shadow of antialiasing."""
    mask = pygame.mask.from_threshold(surface, (255, 255, 255), (191, 191, 191))
    return Rect(*mask.get_bounding_rects()[0].unionall(mask.get_bounding_rects()))


@pytest.mark.parametrize("face", ["bold", "regular"])
@pytest.mark.parametrize(
    "text", ["A007", "WBR 888", "Ékspor", "jgpqy,;", "Perhatikan (loket) Anda."]
)
@pytest.mark.parametrize("cap_px", [20, 46, 120])
def test_ink_stays_in_its_rect(screen: Screen, text: str, face: Face, cap_px: int) -> None:
    """The layout reckons where the ink is; the font agrees, to the pixel."""
    width = screen.fonts.measure(text, face, cap_px)
    op = line(text, face, cap_px, width)
    lead, height = op.lead_px, op.rect.h
    font = screen.fonts.font(face, cap_px)
    drawn = font.render(text, True, (255, 255, 255)).get_bounding_rect()  # noqa: FBT003 - pygame's
    top = drawn.y - (font.get_ascent() - cap_px - lead)

    assert top >= 0
    assert top + drawn.h <= height
    assert drawn.right <= width + 1


@pytest.mark.parametrize("cap_px", [30, 64, 260])
def test_capitals_are_as_high_as_asked(screen: Screen, cap_px: int) -> None:
    """Sizes are cap heights, since legibility is reckoned in them."""
    screen.show(on_black(line("H", "bold", cap_px, screen.fonts.measure("H", "bold", cap_px))))

    assert abs(ink_of(painted()).h - cap_px) <= 1


def test_only_what_changed_is_painted(screen: Screen) -> None:
    """A pixel someone else painted survives beside it, and goes under it."""
    one, other = Fill(Rect(10, 10, 50, 50), (9, 9, 9)), Fill(Rect(10, 10, 50, 50), (8, 8, 8))
    assert screen.show(on_black(one))
    painted().set_at((5, 5), (1, 2, 3))
    painted().set_at((20, 20), (1, 2, 3))
    assert screen.show(on_black(other))

    assert painted().get_at((5, 5))[:3] == (1, 2, 3)
    assert painted().get_at((20, 20))[:3] == (8, 8, 8)


def test_a_shown_picture_costs_nothing(screen: Screen) -> None:
    """Equal pictures are no frames."""
    shape = (Fill(Rect(0, 0, 9, 9), (9, 9, 9)),)

    assert screen.show(on_black(*shape))
    assert not screen.show(on_black(*shape))
    assert screen.frames == 1


def test_a_picture_painted_in_parts_is_the_whole_picture(screen: Screen) -> None:
    """However it came about: call after call, only parts repainted, the pixels are the same."""
    layout = Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)
    stage = Stage()
    stage.beat(T)
    calls = []
    for second in range(0, 40, 2):
        calls.insert(0, call(f"A{second:03}", 1 + second % 2, at_s=T + second))
        stage.say(*calls, now_s=T + second)
        screen.show(layout.picture(stage.look(T + second)))
    parts = screen.shot().rgb
    fresh = Screen(size=SIZE, fallback=SIZE, is_headless=True)
    fresh.open()
    fresh.show(layout.picture(stage.look(T + 38)))

    assert fresh.shot().rgb == parts


def test_a_pulse_never_flashes_more_than_once_a_second(screen: Screen) -> None:
    """WCAG 2.3.1 over recorded frames: a flash is a fall and rise by 10 % of full luminance."""
    layout = Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)
    stage = Stage()
    stage.say(call("A007"), now_s=T)
    levels = []
    for step in range(round(5 / PULSE_STEP_S)):
        picture = layout.picture(stage.look(T + step * PULSE_STEP_S))
        screen.show(picture)
        border = next(op.rect for op in picture if isinstance(op, Outline))
        red, green, blue = painted().get_at((border.x + border.w // 2, border.y + 1))[:3]
        assert green > 0.5 * red  # never red
        levels.append(luminance((red, green, blue)))
    turns = [levels[0]]
    for level in levels:
        if abs(level - turns[-1]) >= 0.1 and (
            len(turns) < 2 or (level > turns[-1]) != (turns[-1] > turns[-2])
        ):
            turns.append(level)
        elif len(turns) > 1 and (level > turns[-1]) == (turns[-1] > turns[-2]):
            turns[-1] = level
    falls = sum(after < before for before, after in pairwise(turns))

    assert max(levels) > 0.5
    assert falls == 3
    assert levels[round(3 / PULSE_STEP_S) :] == [max(levels)] * round(2 / PULSE_STEP_S)


def test_caches_are_bounded(screen: Screen) -> None:
    """A morning of numbers in every size does not grow the process."""
    for number in range(1000):
        cap = 60 + number % 40
        screen.show(on_black(line(f"A{number:03}", "bold", cap, 300)))

    assert screen._text_bytes <= screen.text_bytes_max
    assert sum(
        drawn.surface.get_height() * drawn.surface.get_pitch() for drawn in screen._texts.values()
    ) == (screen._text_bytes)
    assert len(screen.fonts._fonts) <= FONTS_MAX


def test_prepared_texts_are_not_shown(screen: Screen) -> None:
    """Only the font keeps its glyphs."""
    screen.show(on_black())
    before = screen.crc()
    screen.prepare(on_black(line("A007", "bold", 40, 200)))

    assert screen.crc() == before
    assert len(screen._texts) == 0
    assert len(screen.fonts._fonts) == 1


@pytest.mark.parametrize(
    ("direction", "tip"),
    [
        ("left", (0, 50)),
        ("right", (100, 50)),
        ("up", (50, 0)),
        ("ahead", (50, 0)),
        ("down", (50, 100)),
        ("back", (50, 100)),
    ],
)
def test_an_arrow_points_its_way(direction: str, tip: tuple[int, int]) -> None:
    """Its tip touches that side of its rect."""
    assert tip in arrow_points(Rect(0, 0, 101, 101), direction)


def test_signs_and_arrows_are_painted(screen: Screen) -> None:
    """In their rects, in their colours."""
    screen.show(
        on_black(
            Sign(Rect(10, 10, 60, 60), (200, 200, 0), (0, 0, 0)),
            Arrow(Rect(100, 10, 60, 60), (0, 200, 0), "right"),
            Outline(Rect(200, 10, 60, 60), (0, 0, 200), 6, 8),
        )
    )
    surface = painted()

    assert surface.get_at((25, 60))[:3] == (200, 200, 0)
    assert surface.get_at((40, 40))[:3] == (0, 0, 0)
    assert surface.get_at((110, 40))[:3] == (0, 200, 0)
    assert surface.get_at((203, 40))[:3] == (0, 0, 200)
    assert surface.get_at((230, 40))[:3] == (0, 0, 0)


@pytest.mark.parametrize("driver", [None, "offscreen"])
def test_it_never_draws_where_nobody_sees_it(driver: str | None) -> None:
    """SDL's silent fallback is an error that says how to mend it."""
    code = (
        "from displays.screen import Screen, ScreenError\n"
        "try:\n    Screen(size=None, fallback=(640, 480), is_headless=False).open()\n"
        "except ScreenError as error:\n    print(error)"
    )
    hidden = ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    if driver:
        env["SDL_VIDEODRIVER"] = driver
    run = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert "SDL_VIDEODRIVER=kmsdrm" in run.stdout


def test_a_closed_screen_can_not_be_painted() -> None:
    """A fault of ours, said at once."""
    with pytest.raises(ScreenError, match="not open"):
        Screen(size=SIZE, fallback=SIZE, is_headless=True).show(on_black())


def test_a_reopened_screen_paints_everything_again(screen: Screen) -> None:
    """A television that was switched on shows nothing of what was painted before."""
    picture = on_black(line("A007", "bold", 40, 200))
    screen.show(picture)
    before = screen.crc()
    screen.reopen()

    assert screen.crc() != before
    assert screen.show(picture)
    assert screen.crc() == before


class Television(Screen):
    """A screen whose size is the television's, as on a Pi."""

    def __init__(self) -> None:
        super().__init__(size=None, fallback=SIZE, is_headless=True)
        self.native = SIZE

    def _open_surface(self, driver: str) -> pygame.Surface:
        assert driver == "dummy"
        return pygame.display.set_mode(self.native)


def test_a_screen_of_another_size_ends_the_process() -> None:
    """The layout is made for one size: a supervisor starts the board again."""
    television = Television()
    television.open()
    television.native = (SIZE[0] * 2, SIZE[1] * 2)

    with pytest.raises(ScreenError, match="px now"):
        television.reopen()
    television.close()
