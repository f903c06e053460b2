"""PURE: the left of a board: the call that stands big, or a notice in its place."""

from typing import NamedTuple

from displays import phrases
from displays.board import PULSE_STEPS, BoardModel, Hero
from displays.board_setup import Mark
from displays.ops import Arrow, Face, Outline, Person, Rect, has_accents, ink, wrap
from displays.palette import (
    AMBER,
    INK,
    LINE,
    PANEL,
    QUIET,
    TEXT,
    YELLOW,
    YELLOW_DIM,
    Colour,
    between,
    stripe,
)
from displays.pen import Pen, widest_numbers
from displays.phrases import Phrase
from displays.sizes import WORD_PX


def draw_hero(pen: Pen, hero: Hero, model: BoardModel) -> None:
    """Draw the agency, the number, and below the line the counter and how to get there."""
    grid, px = pen.grid, pen.px
    room = grid.hero
    pen.fill(room, PANEL, 22)
    border = between(YELLOW_DIM, YELLOW, hero.pulse / PULSE_STEPS)
    pen.ops.append(Outline(room, border, px(12), px(22)))
    inner = room.inset(px(44))
    top = Rect(inner.x, inner.y, inner.w, px(76))
    if hero.is_priority:
        top = _priority(pen, top, model)
    _hero_head(pen, hero.mark, top)
    split = inner.y + round(inner.h * 0.56)
    number = Rect(inner.x, top.bottom, inner.w, split - top.bottom)
    samples = (hero.number, *widest_numbers(model.marks, len(hero.number)))
    cap = pen.cap_for(samples, number.w, grid.hero_cap_px)
    pen.line(hero.number, number, cap_px=cap, align="centre")
    pen.fill(Rect(inner.x, split, inner.w, px(3)), LINE)
    low = split + px(3) + px(26)
    _hero_counter(pen, hero, model, Rect(inner.x, low, inner.w, inner.bottom - low))


def _hero_head(pen: Pen, mark: Mark, room: Rect) -> None:
    px = pen.px
    if not mark.name:
        return
    pen.fill(Rect(room.x, room.y, px(26), room.h), stripe(mark.colour), 8)
    name = Rect(room.x + px(50), room.y, room.w - px(50), room.h)
    pen.line(mark.name, name, cap_px=px(60), cap_min_px=px(48))


def _priority(pen: Pen, room: Rect, model: BoardModel) -> Rect:
    """Draw the pictogram and its word at the room's right end; return the room that is left."""
    px, word = pen.px, phrases.say(phrases.PRIORITY_CALL, model.languages[0])
    cap = pen.cap_for((word,), room.w * 2 // 5, px(48))
    width = pen.measure(word, "bold", cap)
    pen.line(word, Rect(room.right - width, room.y, width, room.h), cap_px=cap)
    plate = Rect(room.right - width - px(18) - room.h, room.y, room.h, room.h)
    pen.ops.append(Person(plate, TEXT, INK))
    return Rect(room.x, room.y, plate.x - px(24) - room.x, room.h)


def _hero_counter(pen: Pen, hero: Hero, model: BoardModel, room: Rect) -> None:
    px, text = pen.px, str(hero.counter)
    if hero.place.where:
        # How to find it takes a line of its own: it may be as long as the hero is wide.
        line = Rect(room.x, room.bottom - px(60), room.w, px(46))
        pen.line(hero.place.where, line, cap_px=px(46), cap_min_px=px(40), face="regular")
        room = Rect(room.x, room.y, room.w, room.h - px(60 + 16))
    word = phrases.say(phrases.COUNTER, model.languages[0])
    # The number beside it is what people look for: a long word stands smaller.
    word_cap = pen.cap_for((word,), round(room.w * 0.6), px(WORD_PX))
    word_w = pen.measure(word, "bold", word_cap)
    x = room.x + word_w + px(36)
    right = Rect(x, room.y, room.right - x, room.h)
    side = px(120) if hero.place.direction else 0
    cap = min(pen.grid.hero_cap_px, room.h - px(8))
    cap = pen.cap_for(("0" * len(text),), right.w - (side + px(24) if side else 0), cap)
    width = pen.measure(text, "bold", cap)
    spare = right.w - width
    if side:
        x, y = right.x + (spare - side) // 2, right.y + (right.h - side) // 2
        pen.ops.append(Arrow(Rect(x, y, side, side), YELLOW, hero.place.direction))
        spare += px(24)
    left = right.x + (spare - px(24) if side else spare * 2 // 3)
    pen.line(text, Rect(left, room.y, width, room.h), cap_px=cap, colour=YELLOW)
    _hero_words(pen, hero, model, Rect(room.x, room.y, word_w, room.h), word_cap)


def _hero_words(pen: Pen, hero: Hero, model: BoardModel, room: Rect, word_cap: int) -> None:
    px, main = pen.px, model.languages[0]
    has_second = len(model.languages) > 1 and not hero.place.where
    apart = 54 if has_accents(phrases.say(phrases.COUNTER, main)) else 38
    need = px(WORD_PX + (46 + apart) * (2 if has_second else 1))
    small, gap, word = (round(px(part) * min(1, room.h / need)) for part in (46, apart, WORD_PX))
    word = min(word, word_cap)
    y = room.y + (room.h - word - (small + gap) * (2 if has_second else 1)) // 2
    y -= px(14) if hero.place.where else 0
    first = Rect(room.x, y, room.w, small)
    if hero.repeat > 1:
        chip = Rect(first.x, first.y - px(12), first.w, first.h + px(24))
        pen.fill(chip, YELLOW, 14)
        recall = phrases.say(phrases.RECALL, main, repeat=hero.repeat)
        inside = Rect(chip.x + px(16), chip.y, chip.w - px(32), chip.h)
        pen.line(
            recall,
            inside,
            cap_px=px(44),
            cap_min_px=px(30),
            colour=INK,
            ground=YELLOW,
            align="centre",
        )
    else:
        go = phrases.say(phrases.GO_TO, main)
        pen.line(go, first, cap_px=small, cap_min_px=px(30), face="regular", colour=QUIET)
    y += small + gap
    pen.line(phrases.say(phrases.COUNTER, main), Rect(room.x, y, room.w, word), cap_px=word)
    if has_second:
        y += word + gap
        second = phrases.say(phrases.GO_TO_COUNTER, model.languages[1])
        place = Rect(room.x, y, room.w, small)
        pen.line(second, place, cap_px=small, cap_min_px=px(30), face="regular", colour=QUIET)


def draw_notice(pen: Pen, model: BoardModel) -> None:
    """Draw what stands there while nobody is called: in every language, as big as it fits."""
    px, room = pen.px, pen.grid.hero
    pen.fill(room, PANEL, 22)
    title, text = {
        "welcome": (phrases.WELCOME, phrases.TAKE_A_NUMBER),
        "starting": (phrases.WELCOME, phrases.STARTING),
        "follow_staff": (phrases.FOLLOW_STAFF, phrases.NUMBER_STAYS),
        "closed": (phrases.CLOSED_UNTIL if model.opens else phrases.CLOSED, phrases.SEE_YOU),
        "opening": (phrases.WELCOME, phrases.ISSUE_FROM),
    }[model.notice]
    if model.notice == "follow_staff":
        pen.ops.append(Outline(room, AMBER, px(12), px(22)))
    inner = room.inset(px(64))
    blocks: list[Block] = []
    for percent in range(100, 50, -4):
        blocks = _notice_blocks(pen, model, title, text, inner.w, percent / 100)
        if sum(block.cap_px + block.gap_px for block in blocks) <= inner.h:
            break
    y = inner.y + max(0, (inner.h - sum(block.cap_px + block.gap_px for block in blocks)) // 2)
    for block in blocks:
        place = Rect(inner.x, y, inner.w, block.cap_px)
        if block.text:
            pen.line(block.text, place, cap_px=block.cap_px, face=block.face, colour=block.colour)
        else:
            pen.fill(place, block.colour)
        y += block.cap_px + block.gap_px


class Block(NamedTuple):
    """A line of a notice and the gap below it; without text, a rule as thick as its cap."""

    text: str
    cap_px: int
    face: Face
    colour: Colour
    gap_px: int


def _notice_blocks(  # noqa: PLR0913, PLR0917 - two texts, and the room they have
    pen: Pen, model: BoardModel, title: Phrase, text: Phrase, width: int, scale: float
) -> list[Block]:
    blocks = []
    for number, language in enumerate(model.languages):
        big, small = (112, 54) if number == 0 else (62, 48)
        if number:
            blocks.append(Block("", pen.px(3), "bold", LINE, pen.px(64 * scale)))
        parts: tuple[tuple[Phrase, Face, float, Colour], ...] = (
            (title, "bold", big * scale, TEXT if number == 0 else QUIET),
            (text, "regular", small * scale, QUIET),
        )
        for phrase, face, design_px, colour in parts:
            words, cap = _words(phrase, model, language), pen.px(design_px)
            if face == "bold":  # a title stays on one line when a size near by allows it
                near = pen.cap_for((words,), width, cap)
                cap = near if near >= cap * 2 // 3 else cap
            lines = wrap(pen.measure, words, face, width, cap)
            blocks += [Block(line, cap, face, colour, _gap(line, cap)) for line in lines]
        last = blocks[-1]
        blocks[-1] = last._replace(gap_px=pen.px(64 * scale))
    return blocks


def _gap(line: str, cap_px: int) -> int:
    """Return the room below a line: accents of the next one stay clear of its descenders."""
    _, height = ink(line, cap_px)
    usual = round(cap_px * 0.68)
    return max(usual, height - cap_px) if has_accents(line) else usual


def _words(phrase: Phrase, model: BoardModel, language: str) -> str:
    opens = phrases.say_opening(model.opens, model.at, language) if model.opens else ""
    return phrases.say(phrase, language, opens=opens)
