"""PURE: collects the ops of a picture on a grid: fills, lines of text made to fit, stripes."""

from collections.abc import Sequence
from typing import Literal

from displays.board_setup import Mark
from displays.ops import Face, Fill, Measure, Op, Rect, Text, fit, ink
from displays.palette import PANEL, TEXT, Colour
from displays.sizes import Grid

Align = Literal["left", "centre", "right"]


class Pen:
    """Collects ops for one grid."""

    def __init__(self, *, grid: Grid, measure: Measure) -> None:
        self.grid = grid
        self.measure = measure
        self.px = grid.px
        self.ops: list[Op] = []

    def fill(self, rect: Rect, colour: Colour, radius: float = 0) -> None:
        """Add a filled rect; the radius in pixels of the design."""
        self.ops.append(Fill(rect, colour, self.px(radius) if radius else 0))

    def line(  # noqa: PLR0913 - a line of text has that many sides
        self,
        text: str,
        room: Rect,
        *,
        cap_px: int,
        cap_min_px: int | None = None,
        face: Face = "bold",
        colour: Colour = TEXT,
        ground: Colour = PANEL,
        align: Align = "left",
    ) -> Rect:
        """Add one line on its ground, its capitals in the middle of the room; return its rect.

        It shrinks down to `cap_min_px` (as given: not at all), then it is cut with an ellipsis.
        """
        text, cap, width = fit(
            self.measure, text, face, room.w, cap_px=cap_px, cap_min_px=cap_min_px or cap_px
        )
        spare = room.w - width
        x = room.x + {"left": 0, "centre": spare // 2, "right": spare}[align]
        lead, height = ink(text, cap)
        rect = Rect(x, room.y + (room.h - cap) // 2 - lead, width, height)
        if text:
            self.ops.append(Text(rect, text, face, cap, lead, colour, ground))
        return rect

    def cap_for(self, samples: Sequence[str], width_px: int, cap_px: int) -> int:
        """Return the cap height at which the widest of these bold texts fits."""
        widest = max(self.measure(text, "bold", cap_px) for text in samples)
        return cap_px if widest <= width_px else cap_px * width_px // widest


def widest_numbers(marks: tuple[Mark, ...], glyphs: int) -> list[str]:
    """Return the hall's widest numbers of so many glyphs: all of a length get one size."""
    return [mark.series.ljust(glyphs, "0") for mark in marks] or ["A".ljust(glyphs, "0")]
