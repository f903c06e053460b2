"""PURE: a board's model on a screen of some size: which ops, at which pixels, with which words.

Top: the hall and its clock. Left (upright screens: above) the hero, the call that stands big, or a
notice in its place. Right (below) the recent calls, or who offers what while there are none. At the
foot one sentence at a time, or the amber bar when the board is cut off.
"""

from displays import phrases
from displays.board import BoardModel, Row
from displays.board_setup import Mark
from displays.hero import draw_hero, draw_notice
from displays.ops import Face, Measure, Op, Outline, Person, Rect, Sign, has_accents, wrap
from displays.palette import (
    AMBER,
    GROUND,
    INK,
    PANEL,
    PANEL_EMPTY,
    QUIET,
    TEXT,
    YELLOW,
    Colour,
    stripe,
)
from displays.pen import Align, Pen, widest_numbers
from displays.sizes import Grid, make_grid

DIGITS = "0123456789"

TAG_MIN_PX = 36
"""Of the design: the smallest mark of a row that was called again. It is never left out."""

REAL_YEAR = 2026
"""Before it no hall ran Loket: an earlier date is of a clock that was never set."""


class Layout:
    """Places models on one screen. What it makes of equal models is equal.

    Args:
        size: Width and height, px.
        diag_in: The picture's diagonal, inches.
        far_seat_m: How far away the farthest reader sits, metres.
        measure: Widths of texts in the font that will paint them.
    """

    def __init__(
        self, *, size: tuple[int, int], diag_in: float, far_seat_m: float, measure: Measure
    ) -> None:
        self._size = size
        self._diag_in = diag_in
        self._far_seat_m = far_seat_m
        self._measure = measure
        self._grids: dict[tuple[int, int], Grid] = {}

    @property
    def rows(self) -> int:
        """How many calls stand in rows beside the hero."""
        return self._grid((0, 0)).rows

    def picture(self, model: BoardModel) -> tuple[Op, ...]:
        """Return the whole picture."""
        pen = Pen(grid=self._grid(model.shift), measure=self._measure)
        pen.fill(Rect(0, 0, *self._size), GROUND)
        _header(pen, model)
        if model.hero is None:
            draw_notice(pen, model)
        else:
            draw_hero(pen, model.hero, model)
        if model.rows or model.hero is not None or model.notice == "follow_staff":
            _rows(pen, model)
        else:
            _agencies(pen, model)
        _strip(pen, model)
        return tuple(pen.ops)

    def _grid(self, shift: tuple[int, int]) -> Grid:
        if shift not in self._grids:
            self._grids[shift] = make_grid(
                self._size, diag_in=self._diag_in, far_seat_m=self._far_seat_m, shift=shift
            )
        return self._grids[shift]


def _header(pen: Pen, model: BoardModel) -> None:
    px, main, room = pen.px, model.languages[0], pen.grid.header
    name, low = room, room
    if pen.grid.is_upright:  # too narrow for both beside each other
        name, low = (Rect(room.x, room.y + room.h // 2 * i, room.w, room.h // 2) for i in (0, 1))
    if model.at.year < REAL_YEAR:  # no clock of the hall is right, the hub's neither
        pen.line(model.name, name, cap_px=px(50), cap_min_px=px(44), ground=GROUND)
        return
    x = _clock(pen, model, low) - px(44)
    name_w = pen.measure(model.name, "bold", px(50))
    for is_short in (False, True):
        day = phrases.say_day(model.at, main, is_short=is_short)
        width = pen.measure(day, "regular", px(44))
        left = x - width - px(44) - room.x
        if width <= x - room.x if pen.grid.is_upright else left >= name_w:
            break
    width = min(width, x - room.x)
    place = Rect(room.x if pen.grid.is_upright else x - width, low.y, width, low.h)
    pen.line(day, place, cap_px=px(44), face="regular", ground=GROUND)
    name = Rect(name.x, name.y, room.w if pen.grid.is_upright else left, name.h)
    pen.line(model.name, name, cap_px=px(50), cap_min_px=px(44), ground=GROUND)


def _clock(pen: Pen, model: BoardModel, room: Rect) -> int:
    """Add the clock at the room's right end; return where it begins."""
    zone = model.at.tzname() or ""
    zone_w = pen.measure(zone, "regular", pen.px(40))
    x = room.right - zone_w
    pen.line(
        zone, Rect(x, room.y, zone_w, room.h), cap_px=pen.px(40), face="regular", ground=GROUND
    )
    # One cell a digit, as wide as the widest: the digits of this face differ in width.
    cap = pen.px(58)
    cell = max(pen.measure(digit, "bold", cap) for digit in DIGITS)
    x -= pen.px(14)
    for char in reversed(phrases.say_time(model.at)):
        width = cell if char in DIGITS else pen.measure(char, "bold", cap)
        x -= width
        pen.line(char, Rect(x, room.y, width, room.h), cap_px=cap, ground=GROUND, align="centre")
    return x


def _rows(pen: Pen, model: BoardModel) -> None:
    px, main = pen.px, model.languages[0]
    head = _list_head(pen)
    heads: tuple[tuple[phrases.Phrase, Align], ...] = (
        (phrases.HEAD_NUMBER, "left"),
        (phrases.HEAD_COUNTER, "right"),
    )
    for phrase, align in heads:
        pen.line(
            phrases.say(phrase, main),
            Rect(head.x + px(48), head.y, head.w - px(80), head.h),
            cap_px=px(40),
            face="regular",
            colour=QUIET,
            ground=GROUND,
            align=align,
        )
    for index in range(pen.grid.rows):
        panel = _list_panel(pen, index, pen.grid.rows)
        if index < len(model.rows):
            _row(pen, model.rows[index], panel, model)
        else:
            pen.fill(panel, PANEL_EMPTY, 14)


def _row(pen: Pen, row: Row, panel: Rect, model: BoardModel) -> None:
    px, cap = pen.px, pen.grid.row_cap_px
    face: Face
    _stripe(pen, row.mark, panel)
    if row.is_next:
        pen.ops.append(Outline(panel, YELLOW, px(5), px(14)))
    room = Rect(panel.x + px(48), panel.y, panel.w - px(80), panel.h)
    # Thinner too, not darker alone: who sees no colours sees that it is over.
    colours, face = ((QUIET, QUIET), "regular") if row.is_over else ((TEXT, YELLOW), "bold")
    counter = pen.line(
        str(row.counter), room, cap_px=cap, face=face, colour=colours[1], align="right"
    )
    plate = cap * 4 // 5 if row.is_priority else 0
    if plate:
        rect = Rect(room.x, room.y + (room.h - plate) // 2, plate, plate)
        pen.ops.append(Person(rect, QUIET if row.is_over else TEXT, INK))
    x, tag, tag_w = room.x + (plate + px(20) if plate else 0), "", 0
    right = min(counter.x, room.right - pen.measure("00", "bold", cap)) - px(24)
    if row.repeat > 1:
        tag = phrases.say(phrases.RECALL_SHORT, model.languages[0], repeat=row.repeat)
        tag_w = pen.measure(tag, "bold", px(TAG_MIN_PX))
        right = min(right, counter.x - tag_w - px(32))
    samples = (row.number, *widest_numbers(model.marks, len(row.number)))
    number_cap = pen.cap_for(samples, right - x, cap)
    number_room = Rect(x, room.y, right - x, room.h)
    number = pen.line(row.number, number_room, cap_px=number_cap, face=face, colour=colours[0])
    if tag:
        space = Rect(number.right + px(16), room.y, counter.x - number.right - px(32), room.h)
        pen.line(
            tag,
            space,
            cap_px=px(46),
            cap_min_px=px(TAG_MIN_PX),
            colour=colours[1],
            align="centre",
        )


def _agencies(pen: Pen, model: BoardModel) -> None:
    px, head = pen.px, _list_head(pen)
    pen.line(
        phrases.say(phrases.HEAD_AGENCY, model.languages[0]),
        Rect(head.x + px(48), head.y, head.w - px(80), head.h),
        cap_px=px(40),
        face="regular",
        colour=QUIET,
        ground=GROUND,
    )
    rows = pen.grid.rows
    if model.waiting:  # two lines each
        rows = min(rows, (pen.grid.list_.h - pen.grid.head_px) // px(170))
    pages = max(1, -(-len(model.marks) // rows))
    first = model.page % pages * rows
    shown = model.marks[first : first + rows]
    cap = min(pen.grid.row_cap_px, px(84))
    letter_w = max((pen.measure(mark.series, "bold", cap) for mark in shown), default=0)
    for index in range(rows):
        panel = _list_panel(pen, index, rows)
        if index < len(shown):
            _agency(pen, shown[index], panel, model, letter_w)
        else:
            pen.fill(panel, PANEL_EMPTY, 14)


def _agency(pen: Pen, mark: Mark, panel: Rect, model: BoardModel, letter_w: int) -> None:
    px, cap = pen.px, min(pen.grid.row_cap_px, pen.px(84))
    _stripe(pen, mark, panel)
    pen.line(mark.series, Rect(panel.x + px(48), panel.y, letter_w, panel.h), cap_px=cap)
    x = panel.x + px(48) + letter_w + px(36)
    room = Rect(x, panel.y, panel.right - px(28) - x, panel.h)
    count = model.waiting.get(mark.series)
    if count is not None:
        text = phrases.say(phrases.WAITING, model.languages[0], count=count)
        gap = px(42) if has_accents(text) else min(px(34), panel.h // 6)
        low = Rect(room.x, room.y + (room.h + gap) // 2, room.w, px(46))
        colour = YELLOW if count else QUIET
        pen.line(text, low, cap_px=px(46), cap_min_px=px(40), face="regular", colour=colour)
        room = Rect(room.x, low.y - gap - px(52), room.w, px(52))
    name_cap = px(56) if count is None else px(52)
    pen.line(mark.name, room, cap_px=name_cap, cap_min_px=px(46), colour=TEXT)


def _list_head(pen: Pen) -> Rect:
    room = pen.grid.list_
    return Rect(room.x, room.y, room.w, pen.grid.head_px - pen.px(8))


def _list_panel(pen: Pen, index: int, rows: int) -> Rect:
    room, head = pen.grid.list_, pen.grid.head_px
    y, after = (
        room.y + head + (room.h - head + pen.px(12)) * i // rows for i in (index, index + 1)
    )
    return Rect(room.x, y, room.w, after - pen.px(12) - y)


def _stripe(pen: Pen, mark: Mark, panel: Rect) -> None:
    pen.fill(panel, PANEL, 14)
    bar = Rect(panel.x + pen.px(14), panel.y + pen.px(14), pen.px(14), panel.h - pen.px(28))
    pen.fill(bar, stripe(mark.colour), 6)


def _strip(pen: Pen, model: BoardModel) -> None:
    px, room = pen.px, pen.grid.strip
    count = len(model.languages)
    language = model.languages[model.page % count]
    if model.lost_since is None:
        sentence = phrases.SENTENCES[model.page // count % len(phrases.SENTENCES)]
        pen.fill(room, PANEL, 14)
        _paragraph(
            pen, phrases.say(sentence, language), room.inset(px(24)), "regular", (TEXT, PANEL)
        )
        return
    time = phrases.say_time(model.lost_since)
    pen.fill(room, AMBER, 14)
    side = px(76)
    sign = Rect(room.x + px(28), room.y + (room.h - side) // 2, side, side)
    pen.ops.append(Sign(sign, INK, AMBER))
    x = sign.right + px(28)
    space = Rect(x, room.y + px(16), room.right - px(24) - x, room.h - px(32))
    _paragraph(pen, phrases.say(phrases.LOST, language, time=time), space, "bold", (INK, AMBER))


def _paragraph(pen: Pen, text: str, room: Rect, face: Face, colours: tuple[Colour, Colour]) -> None:
    """Add a sentence (colour, ground) in one line or two, as big as it fits."""
    cap, gap = pen.px(46), pen.px(36 if has_accents(text) else 28)
    lines_max = 2 if room.h >= 2 * cap + gap else 1
    while True:
        lines = wrap(pen.measure, text, face, room.w, cap)
        if len(lines) <= lines_max or cap <= pen.px(36):
            break
        cap -= 1
    lines = [*lines[: lines_max - 1], " ".join(lines[lines_max - 1 :])]
    y = room.y + (room.h - len(lines) * cap - (len(lines) - 1) * gap) // 2
    for line in lines:
        pen.line(
            line,
            Rect(room.x, y, room.w, cap),
            cap_px=cap,
            face=face,
            colour=colours[0],
            ground=colours[1],
        )
        y += cap + gap
