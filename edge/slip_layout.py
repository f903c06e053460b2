"""PURE: where each thing on a slip's picture stands, in dots of the printer.

A thermal printer of 203 dpi has 8 dots a mm: 576 across on 80 mm paper, 384 on 58 mm. From top to
bottom: the hall, and for each ticket its agency white on a black bar, its number, service, priority
and how many wait; then the time, what to know, and a QR code. Nothing stands in the outermost dots:
heads sit up to 1 mm off the paper's middle.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Literal, NamedTuple

from edge import phrases
from edge.slip import Slip, SlipTicket, ahead_line, note_lines, when_line

DOTS = {58: 384, 80: 576}
"""Dots across, by the paper's width in mm."""

DOTS_PER_MM = 8
EDGE = 8
"""Dots left blank at each side."""

MARGIN = 16
"""Dots from the paper's edge to a text; glyphs may reach a little over their own width."""

NUMBER_CAP_MAX = 168
"""Dots; 21 mm. A number of four characters is 18 mm high on 80 mm paper: read at arm's length
without glasses, and by staff from across a counter."""

NUMBER_CAP_SEVERAL = 112
"""Dots; 14 mm, when a slip lists several numbers."""

Face = Literal["bold", "regular"]

Measure = Callable[[str, Face, int], int]
"""(text, face, height of its capitals in dots) -> its width in dots."""

Code = Sequence[Sequence[int]]
"""A QR code's modules by row, 1 = black, without its quiet zone."""

QUIET = 4
"""Modules kept white around a QR code."""


class Text(NamedTuple):
    """One line of text.

    Attributes:
        y: Of the top of its capitals.
        cap: Height of its capitals.
    """

    text: str
    x: int
    y: int
    cap: int
    face: Face
    is_white: bool = False


class Bar(NamedTuple):
    """A black box."""

    x: int
    y: int
    w: int
    h: int


class Module(NamedTuple):
    """A QR code; `dot` is the side of one of its modules."""

    x: int
    y: int
    dot: int
    code: Code


Op = Text | Bar | Module


class Picture(NamedTuple):
    """What to draw, in order, on white paper of this size."""

    width: int
    height: int
    ops: tuple[Op, ...]


class Caps(NamedTuple):
    """Heights of capitals in dots, by what they are for."""

    hall: int
    agency: int
    service: int
    line: int
    note: int


CAPS = {
    58: Caps(hall=24, agency=28, service=28, line=28, note=23),
    80: Caps(hall=28, agency=30, service=30, line=28, note=23),
}
"""At arm's length, 0.6 m: 20 minutes of arc (3.5 mm, 28 dots) for what a visitor acts on, 16
(2.8 mm) for the rest (ISO 9241-3)."""


def slip_picture(slip: Slip, zone: tzinfo, *, width: int, measure: Measure, code: Code) -> Picture:
    """Return the picture of a slip on paper of 58 or 80 mm.

    Args:
        code: The modules of `slip.qr`; empty for none.

    Raises:
        KeyError: Paper of another width.
    """
    page = Page(dots=DOTS[width], measure=measure)
    caps = CAPS[width]
    if slip.is_copy:
        page.bar(phrases.say(phrases.COPY, slip.language), caps.agency)
    page.text(slip.hall, caps.hall, "bold")
    for ticket in slip.tickets:
        _ticket(page, ticket, slip, caps)
    if when := when_line(slip, zone):
        page.text(when, caps.line, "bold")
    for note in note_lines(slip):
        page.text(note, caps.note, "regular")
    if code:
        page.code(code)
        if slip.ssid:
            wifi = phrases.say(phrases.JOIN, slip.language, ssid=slip.ssid)
            page.text(wifi, caps.note, "bold")
        page.text(phrases.say(phrases.SCAN, slip.language), caps.note, "regular")
    return page.picture()


def _ticket(page: "Page", ticket: SlipTicket, slip: Slip, caps: Caps) -> None:
    if ticket.agency:
        page.bar(ticket.agency, caps.agency)
    highest = NUMBER_CAP_SEVERAL if len(slip.tickets) > 1 else NUMBER_CAP_MAX
    page.number(ticket.number, highest)
    page.text(ticket.service, caps.service, "bold")
    if ticket.where:
        page.text(ticket.where, caps.line, "bold")
    if ticket.is_priority:
        page.text(phrases.say(phrases.PRIORITY, slip.language), caps.service, "bold")
    page.text(ahead_line(ticket, slip.language), caps.line, "regular")


class Page:
    """Places one thing below the other, each in the middle."""

    def __init__(self, *, dots: int, measure: Measure) -> None:
        self._dots = dots
        self._measure = measure
        self._ops: list[Op] = []
        self._y = MARGIN

    def picture(self) -> Picture:
        """Return what was placed."""
        return Picture(self._dots, self._y + MARGIN, tuple(self._ops))

    def text(self, text: str, cap: int, face: Face) -> None:
        """Add a text in as many lines as it needs."""
        for line in self._wrap(text, cap, face):
            self._line(line, cap, face)
            self._y += cap + cap * 2 // 3
        self._y += cap // 5

    def bar(self, text: str, cap: int) -> None:
        """Add a text white on black."""
        lines = self._wrap(text, cap, "bold")
        gap = cap * 3 // 5
        height = gap + len(lines) * (cap + gap)
        self._ops.append(Bar(EDGE, self._y, self._dots - 2 * EDGE, height))
        bottom = self._y + height
        self._y += gap
        for line in lines:
            self._line(line, cap, "bold", is_white=True)
            self._y += cap + gap
        self._y = bottom + cap // 2

    def number(self, number: str, highest: int) -> None:
        """Add a number, as high as the paper's width lets it be; it may reach over the margin."""
        room, width = self._dots - 2 * EDGE, self._measure(number, "bold", highest)
        cap = highest if width <= room else highest * room // width + 1
        while cap > 1 and self._measure(number, "bold", cap) > room:
            cap -= 1
        self._y += cap // 8
        self._line(number, cap, "bold")
        self._y += cap + cap // 5 + MARGIN // 2

    def code(self, code: Code) -> None:
        """Add a QR code with modules of at most 1 mm, and its quiet zone."""
        modules = len(code)
        dot = max(1, min(DOTS_PER_MM, self._room // (modules + 2 * QUIET)))
        side = modules * dot
        self._y += QUIET * dot
        self._ops.append(Module((self._dots - side) // 2, self._y, dot, code))
        self._y += side + QUIET * dot

    @property
    def _room(self) -> int:
        return self._dots - 2 * MARGIN

    def _line(self, text: str, cap: int, face: Face, *, is_white: bool = False) -> None:
        x = (self._dots - self._measure(text, face, cap)) // 2
        self._ops.append(Text(text, x, self._y, cap, face, is_white))

    def _wrap(self, text: str, cap: int, face: Face) -> list[str]:
        """Return the text in as few lines as fit, as even as they can be."""
        lines = self._fill(text, cap, face, self._room)
        low, high = 0, self._room
        while len(lines) > 1 and low < high:
            middle = (low + high) // 2
            tried = self._fill(text, cap, face, middle)
            is_wide = any(self._measure(line, face, cap) > middle for line in tried)
            if is_wide or len(tried) > len(lines):
                low = middle + 1
            else:
                lines, high = tried, middle
        return lines

    def _fill(self, text: str, cap: int, face: Face, room: int) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and self._measure(joined, face, cap) <= room:
                lines[-1] = joined
            else:
                lines += self._cut(word, cap, face)
        return lines

    def _cut(self, word: str, cap: int, face: Face) -> list[str]:
        """Return a word, in pieces when it is wider than the paper."""
        if self._measure(word, face, cap) <= self._room:
            return [word]
        parts = [""]
        for char in word:
            if parts[-1] and self._measure(parts[-1] + char, face, cap) > self._room:
                parts.append("")
            parts[-1] += char
        return parts
