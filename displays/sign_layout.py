"""PURE: a sign's model on its small screen: the counter, the number, what it asks of its holder.

To be read from 1 to 3 m: the number has 0.7° of height at 2 m at least (EN 301 549), which on 7
inches is a third of the picture.
"""

import math

from displays import phrases
from displays.board import PULSE_STEPS
from displays.ops import Measure, Op, Outline, Rect
from displays.palette import (
    AMBER,
    GROUND,
    INK,
    PANEL,
    QUIET,
    TEXT,
    YELLOW,
    YELLOW_DIM,
    between,
)
from displays.pen import Pen
from displays.phrases import Phrase
from displays.sign import Panel, SignModel
from displays.sizes import MM_PER_INCH, MM_PER_M_SIGN, Grid, make_grid

NUMBER_SHARE = 0.44
"""Of a panel's height: the capitals of its number."""

READS_FROM_M = 2.0
"""So far a sign must be readable: a person who comes to the counter."""

WORDS: dict[str, Phrase] = {
    "ready": phrases.SIGN_READY,
    "paused": phrases.SIGN_PAUSED,
    "closed": phrases.SIGN_CLOSED,
    "unknown": phrases.FOLLOW_STAFF,
}


def sign_picture(model: SignModel, *, size: tuple[int, int], measure: Measure) -> tuple[Op, ...]:
    """Return the whole picture: one panel a counter, beside each other, or above on a tall one."""
    pen = Pen(grid=_grid(size), measure=measure)
    width, height = size
    pen.fill(Rect(0, 0, width, height), GROUND)
    bar = round(height * 0.14) if model.is_lost else 0
    count = len(model.panels)
    for index, panel in enumerate(model.panels):
        if height > width:
            step = (height - bar) // count
            room = Rect(0, index * step, width, step)
        else:
            step = width // count
            room = Rect(index * step, 0, step, height - bar)
        _panel(pen, panel, room.inset(pen.px(10)), model.languages)
    if model.is_lost:
        room = Rect(0, height - bar, width, bar)
        pen.fill(room, AMBER)
        text = phrases.say(phrases.FOLLOW_STAFF, model.languages[0])
        inside = room.inset(bar // 6)
        pen.line(
            text,
            inside,
            cap_px=inside.h * 2 // 3,
            cap_min_px=inside.h // 3,
            colour=INK,
            ground=AMBER,
            align="centre",
        )
    return tuple(pen.ops)


def reads_m(size: tuple[int, int], diag_in: float, counters: int, measure: Measure) -> float:
    """Return from how far a number of four glyphs is read on such a sign, metres."""
    panel = Panel(1, "called", "A000")
    model = SignModel(("id",), (panel,) * counters, is_lost=False)
    picture = sign_picture(model, size=size, measure=measure)
    cap_px = max(getattr(op, "cap_px", 0) for op in picture)
    px_per_mm = math.hypot(*size) / (diag_in * MM_PER_INCH)
    return cap_px / px_per_mm / MM_PER_M_SIGN


def _panel(pen: Pen, panel: Panel, room: Rect, languages: tuple[str, ...]) -> None:
    pen.fill(room, PANEL, 18)
    if panel.state == "called":
        border = between(YELLOW_DIM, YELLOW, panel.pulse / PULSE_STEPS)
        pen.ops.append(Outline(room, border, max(4, room.h // 48), pen.px(18)))
    inner = room.inset(max(8, min(room.h, room.w) // 20))
    head = Rect(inner.x, inner.y, inner.w, inner.h // 5)
    counter = f"{phrases.say(phrases.COUNTER, languages[0])} {panel.counter}"
    cap = head.h * 3 // 4
    has_chip = panel.state == "called" and panel.repeat > 1
    left = Rect(head.x, head.y, head.w * (6 if has_chip else 10) // 10, head.h)
    pen.line(counter, left, cap_px=cap, cap_min_px=cap // 3, colour=YELLOW)
    if has_chip:
        _chip(pen, panel, Rect(left.right, head.y, head.right - left.right, head.h), languages[0])
    body = Rect(inner.x, head.bottom, inner.w, inner.bottom - head.bottom)
    if panel.number:
        _number(pen, panel, body, languages)
    else:
        _word(pen, WORDS[panel.state], body, languages)


def _chip(pen: Pen, panel: Panel, room: Rect, language: str) -> None:
    text = phrases.say(phrases.RECALL_SHORT, language, repeat=panel.repeat)
    chip = room.inset(max(2, room.h // 12))
    pen.fill(chip, YELLOW, 14)
    pen.line(
        text,
        chip.inset(max(2, chip.h // 8)),
        cap_px=chip.h // 2,
        cap_min_px=chip.h // 4,
        colour=INK,
        ground=YELLOW,
        align="centre",
    )


def _number(pen: Pen, panel: Panel, body: Rect, languages: tuple[str, ...]) -> None:
    foot = body.h // 5
    room = Rect(body.x, body.y, body.w, body.h - foot)
    want = min(round(body.h * NUMBER_SHARE / 0.8), room.h)
    cap = pen.cap_for((panel.number, "W" + panel.number[1:]), room.w, want)
    colour = TEXT if panel.state == "called" else QUIET
    # A hair smaller where a font's widths don't grow evenly; never cut.
    least = cap * 9 // 10
    pen.line(panel.number, room, cap_px=cap, cap_min_px=least, colour=colour, align="centre")
    phrase = phrases.SIGN_GO if panel.state == "called" else phrases.SIGN_SERVING
    _languages(pen, phrase, Rect(body.x, body.bottom - foot, body.w, foot), languages, colour=QUIET)


def _word(pen: Pen, phrase: Phrase, body: Rect, languages: tuple[str, ...]) -> None:
    main = Rect(body.x, body.y, body.w, body.h * 2 // 3)
    text = phrases.say(phrase, languages[0])
    cap = pen.cap_for((text,), main.w, main.h // 2)
    pen.line(text, main, cap_px=cap, cap_min_px=cap * 9 // 10, align="centre")
    rest = Rect(body.x, main.bottom, body.w, body.bottom - main.bottom)
    if len(languages) > 1:
        rest = rest.inset(max(0, (rest.h - cap * 3 // 2) // 2))
        _languages(pen, phrase, rest, languages[1:], colour=QUIET)


def _languages(
    pen: Pen,
    phrase: Phrase,
    room: Rect,
    languages: tuple[str, ...],
    *,
    colour: tuple[int, int, int],
) -> None:
    text = "  ·  ".join(phrases.say(phrase, language) for language in languages)
    pen.line(
        text,
        room,
        cap_px=room.h // 2,
        cap_min_px=room.h // 5,
        face="regular",
        colour=colour,
        align="centre",
    )


def _grid(size: tuple[int, int]) -> Grid:
    return make_grid(size, diag_in=7, far_seat_m=READS_FROM_M)
