"""PURE: what a picture is made of, and which parts of the screen two pictures differ in.

A picture is a tuple of ops, painted in order. `screen.py` paints them; `layout.py` makes them.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from displays.palette import Colour

Face = Literal["bold", "regular"]

Measure = Callable[[str, Face, int], int]
"""(text, face, cap height px) -> width px. A font's, or a test's."""

DESCENDERS = frozenset("gjpqyQJ,;()[]{}/|_@")
DOTS = frozenset("ijäöüéè")


class Rect(NamedTuple):
    """Pixels, from the top left corner."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first pixel column after it."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first pixel row after it."""
        return self.y + self.h

    def overlaps(self, other: "Rect") -> bool:
        """Return whether they share a pixel."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: "Rect") -> bool:
        """Return whether the other lies inside."""
        return self == self.around(other)

    def around(self, other: "Rect") -> "Rect":
        """Return the smallest rect that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def inset(self, by_px: int) -> "Rect":
        """Return it smaller by so much on each side."""
        return Rect(self.x + by_px, self.y + by_px, self.w - 2 * by_px, self.h - 2 * by_px)


class Fill(Struct, frozen=True):
    """A filled rect."""

    rect: Rect
    colour: Colour
    radius_px: int = 0


class Outline(Struct, frozen=True):
    """A border inside a rect; what is within stays as it is."""

    rect: Rect
    colour: Colour
    width_px: int
    radius_px: int = 0


class Text(Struct, frozen=True):
    """One line of text.

    Attributes:
        rect: All its ink.
        cap_px: Height of its capitals; their top is `lead_px` below the rect's.
        ground: What it stands on, and fills its rect with: one colour, so no blending is needed.
    """

    rect: Rect
    text: str
    face: Face
    cap_px: int
    lead_px: int
    colour: Colour
    ground: Colour


class Arrow(Struct, frozen=True):
    """Points the way: left, right, up, down (ahead is up, back is down)."""

    rect: Rect
    colour: Colour
    direction: str


class Sign(Struct, frozen=True):
    """The warning triangle with its mark."""

    rect: Rect
    colour: Colour
    mark: Colour


class Person(Struct, frozen=True):
    """A person with a cane on a plate: who is called first, and why."""

    rect: Rect
    colour: Colour
    mark: Colour


Op = Fill | Outline | Text | Arrow | Sign | Person


def ink(text: str, cap_px: int) -> tuple[int, int]:
    """Return how far a line's ink reaches above the top of its capitals, and in all, px."""
    # Round letters stand over by 2.7 % of the cap height, dots by 14 %, accents by a third,
    # descenders by 32 % (measured on Atkinson Hyperlegible; pinned by a test).
    over = 0.03
    if not text.isascii():
        over = 0.34
    elif not DOTS.isdisjoint(text):
        over = 0.15
    under = 0.04 if DESCENDERS.isdisjoint(text) else 0.33
    lead = math.ceil(over * cap_px) + 1
    height = lead + cap_px + math.ceil(under * cap_px) + 1
    return lead, height


def has_accents(*texts: str) -> bool:
    """Return whether a line of these needs more room above it than English or Indonesian does."""
    return any(char.isalpha() and not char.isascii() for text in texts for char in text)


def areas(op: Op) -> tuple[Rect, ...]:
    """Return the rects an op may touch."""
    if not isinstance(op, Outline):
        return (op.rect,)
    x, y, w, h = op.rect
    edge = max(op.width_px, op.radius_px)
    return (
        Rect(x, y, w, edge),
        Rect(x, y + h - edge, w, edge),
        Rect(x, y + edge, edge, h - 2 * edge),
        Rect(x + w - edge, y + edge, edge, h - 2 * edge),
    )


def damage(old: Sequence[Op], new: Sequence[Op]) -> list[Rect]:
    """Return rects, none overlapping another, that hold all in which two pictures differ."""
    rects: list[Rect] = []
    for op in _differing(old, new):
        for rect in areas(op):
            _add(rects, rect)
    return rects


def _differing(old: Sequence[Op], new: Sequence[Op]) -> Iterable[Op]:
    if len(old) != len(new):
        return set(old) ^ set(new)
    # Most pictures have the ops of the one before, in its order: this is ten times as quick.
    return [op for pair in zip(old, new, strict=True) if pair[0] != pair[1] for op in pair]


def _add(rects: list[Rect], rect: Rect) -> None:
    while True:
        touching = next((other for other in rects if other.overlaps(rect)), None)
        if touching is None:
            rects.append(rect)
            return
        rects.remove(touching)
        rect = rect.around(touching)


def fit(  # noqa: PLR0913 - what, how, and the room it has
    measure: Measure, text: str, face: Face, width_px: int, *, cap_px: int, cap_min_px: int
) -> tuple[str, int, int]:
    """Return (text, cap height, width): smaller down to `cap_min_px`, then cut with an ellipsis."""
    width = measure(text, face, cap_px)
    cap = cap_px
    while width > width_px and cap > cap_min_px:
        cap = max(cap_min_px, min(cap - 1, cap * width_px // width))
        width = measure(text, face, cap)
    if width <= width_px:
        return text, cap, width
    for end in range(len(text) - 1, 0, -1):
        short = text[:end].rstrip(" ,.-") + "…"
        width = measure(short, face, cap)
        if width <= width_px:
            return short, cap, width
    return "", cap, 0


def wrap(measure: Measure, text: str, face: Face, width_px: int, cap_px: int) -> list[str]:
    """Return the text's lines, broken between words; a word too wide stands on its own line."""
    return list(_wrap(measure, text.split(), face, width_px, cap_px))


def _wrap(
    measure: Measure, words: list[str], face: Face, width_px: int, cap_px: int
) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and measure(longer, face, cap_px) > width_px:
            yield line
            longer = word
        line = longer
    if line:
        yield line
