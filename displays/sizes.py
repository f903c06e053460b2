"""PURE: how big things on a board must be to be read, and the grid that follows from it.

The figures are research/displays.md §1: a letter is read in comfort when its capitals span 20
minutes of arc (ISO 9241-3), never below 16; a sign that can't be enlarged needs 0.7 degrees
(EN 301 549). `legibility` says of a screen, element by element, to what distance it reads.
"""

import math
from typing import NamedTuple

from displays.ops import Rect

MM_PER_M_20_MIN = 5.82
"""Cap height per metre of distance: 1000 x tan(20/60 degree)."""

MM_PER_M_SIGN = 12.2
"""The same for 0.7 degrees."""

WORD_PX = 110
"""Cap height of the word beside the hero's counter, in pixels of the design."""

NEAR_PX = 46
"""The least of what is read from near by: names, the clock, sentences; a notice is bigger."""

FAR = 3
"""So many elements must reach the far seat."""

PITCH_PER_CAP = 1.9
ROWS_MIN = 3
ROWS_MAX = 6

MM_PER_INCH = 25.4


class Grid(NamedTuple):
    """Where the parts of a board stand, in pixels.

    Attributes:
        u: Pixels per pixel of the design, which is 1920 x 1080 (upright: 1080 x 1920).
        list_: Recent calls, their head included.
        head_px: Height of the list's head.
        row_cap_px, hero_cap_px: Cap heights; the hero's for a number of 4 glyphs.
    """

    size: tuple[int, int]
    u: float
    px_per_mm: float
    far_seat_m: float
    header: Rect
    hero: Rect
    list_: Rect
    strip: Rect
    head_px: int
    rows: int
    row_cap_px: int
    hero_cap_px: int

    def px(self, design_px: float) -> int:
        """Return a length of the design in pixels of this screen, at least 1."""
        return max(1, round(design_px * self.u))

    @property
    def is_upright(self) -> bool:
        """Whether the screen is higher than wide."""
        return self.size[1] > self.size[0]


def make_grid(
    size: tuple[int, int], *, diag_in: float, far_seat_m: float, shift: tuple[int, int] = (0, 0)
) -> Grid:
    """Return the grid of a screen; `shift` moves all of it by so many pixels.

    Args:
        size: Width and height, px.
        diag_in: The picture's diagonal, inches.
        far_seat_m: How far away the farthest reader sits, metres.
    """
    width, height = size
    is_upright = height > width
    u = min(width / 1080, height / 1920) if is_upright else min(width / 1920, height / 1080)
    px_per_mm = math.hypot(width, height) / (diag_in * MM_PER_INCH)
    margin, gap = round(32 * u), round(28 * u)
    left, inner = margin + shift[0], width - 2 * margin
    strip_px, head_px = round((190 if is_upright else 104) * u), round(66 * u)
    header = Rect(left, round(20 * u) + shift[1], inner, round((176 if is_upright else 80) * u))
    strip = Rect(left, height - round(20 * u) - strip_px + shift[1], inner, strip_px)
    top = header.bottom + round(14 * u)
    body = Rect(left, top, inner, strip.y - round(20 * u) - top)
    if is_upright:
        hero = Rect(body.x, body.y, body.w, round(body.h * 0.5))
        below = hero.bottom + gap
        list_ = Rect(body.x, below, body.w, body.bottom - below)
    else:
        hero = Rect(body.x, body.y, round((body.w - gap) * 0.59), body.h)
        beside = hero.right + gap
        list_ = Rect(beside, body.y, body.right - beside, body.h)
    room = list_.h - head_px
    need = math.ceil(MM_PER_M_20_MIN * far_seat_m * px_per_mm)
    rows = max(ROWS_MIN, min(ROWS_MAX, int(room / (PITCH_PER_CAP * need))))
    pitch = (room + round(12 * u)) // rows
    return Grid(
        size=size,
        u=u,
        px_per_mm=px_per_mm,
        far_seat_m=far_seat_m,
        header=header,
        hero=hero,
        list_=list_,
        strip=strip,
        head_px=head_px,
        rows=rows,
        # A fifth of the list's width: four glyphs and a two-digit counter stand beside each other.
        row_cap_px=min(int(pitch / PITCH_PER_CAP), round(list_.w * 0.145)),
        hero_cap_px=round(hero.h * 0.31),
    )


class Legible(NamedTuple):
    """To what distance one element reads, and whether that is enough: the far seat, if it must."""

    element: str
    cap_px: int
    cap_mm: float
    reads_m: float
    is_enough: bool


def legibility(grid: Grid) -> tuple[Legible, ...]:
    """Return how far each element reads: px -> mm -> metres; number, counter, rows must reach."""
    rows = (
        ("called number", grid.hero_cap_px, MM_PER_M_SIGN),
        ("called counter", grid.hero_cap_px, MM_PER_M_SIGN),
        ("recent calls", grid.row_cap_px, MM_PER_M_20_MIN),
        ("word beside the counter", grid.px(WORD_PX), MM_PER_M_20_MIN),
        ("agency, clock, notices, sentences", grid.px(NEAR_PX), MM_PER_M_20_MIN),
    )
    found = []
    for place, (element, cap_px, mm_per_m) in enumerate(rows):
        cap_mm = cap_px / grid.px_per_mm
        reads_m = cap_mm / mm_per_m
        is_enough = reads_m >= grid.far_seat_m or place >= FAR
        found.append(Legible(element, cap_px, cap_mm, reads_m, is_enough))
    return tuple(found)


def size(text: str) -> tuple[int, int]:
    """Return width and height from `1920x1080`.

    Raises:
        ValueError: Not of that form, or smaller than 320 x 240 or larger than 7680 x 7680.
    """
    width, _, height = text.partition("x")
    found = int(width), int(height)
    if not (320 <= found[0] <= 7680 and 240 <= found[1] <= 7680):  # noqa: PLR2004 - its own bounds
        raise ValueError(text)
    return found
