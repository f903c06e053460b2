"""PURE: one page of a touch screen while it is drawn: buttons, tiles, texts that fit.

A target is never smaller than 20 x 20 mm, the main ones are 30 mm and more, with 5 mm between
(research/displays.md §10); text is read at 0.6 m. What can't be touched now is not drawn as if it
could be.
"""

from collections.abc import Sequence
from typing import NamedTuple

from broker.hall.setup import Service, Setup
from displays import phrases
from displays.ops import Face, Outline, Rect, wrap
from displays.palette import AMBER, GROUND, INK, PANEL, PANEL_DOWN, TEXT, YELLOW, Colour
from displays.pen import Pen
from displays.phrases import Phrase, say
from displays.touch import TouchModel

CAP_PX = 40
"""Of the design: 7.3 mm on 15.6 inches, 0.7 degrees at 0.6 m (EN 301 549)."""

SMALL_PX = 32

OVER, UNDER = 0.18, 0.36
"""How far a line's dots and descenders may reach beyond its capitals, of their height."""

PITCH = 1.7
"""From line to line, of the cap height."""

CAP_MIN_PX = 20
"""Of the design: 3.6 mm, 20 minutes of arc at 0.6 m; ISO 9241-3 prefers 20 to 22."""

GAP = 28
"""Between targets, pixels of the design: 5 mm on 15.6 inches."""

ROW = 124
"""Height of a row of buttons, pixels of the design: 22 mm."""


class Target(NamedTuple):
    """Where a finger finds what."""

    name: str
    rect: Rect


class Sheet:
    """One page while it is drawn."""

    def __init__(self, setup: Setup, model: TouchModel, pen: Pen, target_px: int) -> None:
        self.target_px = target_px
        self.setup = setup
        self.model = model
        self.pen = pen
        self.px = pen.px
        self.targets: list[Target] = []

    def say(self, phrase: Phrase, **values: object) -> str:
        """Return a text in the chosen language."""
        return say(phrase, self.model.language, **values)

    def name_of(self, service: Service) -> str:
        """Return a service's name in the chosen language, or in one it has."""
        names = service.name
        return names.get(self.model.language) or next(iter(names.values()), service.id)

    def frame(self, size: tuple[int, int]) -> tuple[Rect, Rect]:
        """Draw the head with the languages; return the room of the page and of its bottom row."""
        px, margin = self.px, self.px(32)
        width = size[0] - 2 * margin
        is_upright = self.pen.grid.is_upright
        name = Rect(margin, px(20), width, px(92 if is_upright else 112))
        head = Rect(margin, name.bottom if is_upright else name.y, width, px(112))
        right = head.right
        for language in reversed(phrases.languages()):
            if language not in self.setup.languages:
                continue
            label = say(phrases.LANGUAGE_NAME, language)
            w = self.pen.measure(label, "bold", px(SMALL_PX)) + px(64)
            place = Rect(right - w, head.y, w, head.h)
            self.button(f"language:{language}", place, label, is_on=language == self.model.language)
            right = place.x - px(GAP)
        if not is_upright:
            name = Rect(name.x, name.y, right - name.x, name.h)
        self.pen.line(self.setup.name, name, cap_px=px(48), cap_min_px=px(SMALL_PX), ground=GROUND)
        foot = Rect(margin, size[1] - px(24) - px(ROW), width, px(ROW))
        top = head.bottom + px(16)
        return Rect(margin, top, width, foot.y - px(24) - top), foot

    def button(  # noqa: PLR0913 - what a button is, each by name
        self,
        name: str,
        rect: Rect,
        label: str,
        *,
        is_main: bool = False,
        is_on: bool = False,
        cap_px: int = SMALL_PX,
    ) -> None:
        """Draw a button of one or two lines that a finger finds."""
        ground, ink = (YELLOW, INK) if is_main else (self.ground(name), TEXT)
        if is_main and self.model.down == name:
            ground = AMBER
        self.pen.fill(rect, ground, 16)
        if is_on:
            self.pen.ops.append(Outline(rect, YELLOW, self.px(6), self.px(16)))
        self.lines(label, rect.inset(self.px(20)), cap_px, (ink, ground), align="centre")
        self.targets.append(Target(name, rect))

    def ground(self, name: str) -> Colour:
        """Return the ground of a target: lighter while a finger is on it."""
        return PANEL_DOWN if self.model.down == name else PANEL

    def lines(  # noqa: PLR0913 - a text, its room and its look
        self,
        text: str,
        room: Rect,
        cap: int,
        colours: tuple[Colour, Colour] = (TEXT, PANEL),
        *,
        face: Face = "bold",
        align: str = "left",
        top: bool = False,
    ) -> int:
        """Draw a text in as many lines as its room has, smaller if it must; return its bottom."""
        cap_px, lines = self._fitting(text, room, self.px(cap), face)
        pitch = round(cap_px * PITCH)
        height = cap_px + pitch * (len(lines) - 1)
        y = room.y + round(cap_px * OVER) if top else room.y + (room.h - height) // 2
        for line in lines:
            self.pen.line(
                line,
                Rect(room.x, y, room.w, cap_px),
                cap_px=cap_px,
                face=face,
                colour=colours[0],
                ground=colours[1],
                align="centre" if align == "centre" else "left",
            )
            y += pitch
        return y - pitch + cap_px

    def _fitting(self, text: str, room: Rect, cap_px: int, face: Face) -> tuple[int, list[str]]:
        least = min(cap_px, self.px(CAP_MIN_PX))
        while True:
            lines = wrap(self.pen.measure, text, face, room.w, cap_px)
            pitch = round(cap_px * PITCH)
            count = max(1, int(room.h - cap_px * (1 + 2 * UNDER)) // pitch + 1)
            widest = max((self.pen.measure(line, face, cap_px) for line in lines), default=0)
            if (len(lines) <= count and widest <= room.w) or cap_px <= least:
                kept = [*lines[: count - 1], " ".join(lines[count - 1 :])]
                return cap_px, kept if len(lines) > count else lines
            cap_px -= 1

    def title(self, text: str, body: Rect) -> Rect:
        """Draw a page's title; return the room below it."""
        room = Rect(body.x, body.y, body.w, self.px(60))
        self.pen.line(text, room, cap_px=self.px(48), cap_min_px=self.px(CAP_PX), ground=GROUND)
        top = room.bottom + self.px(18)
        return Rect(body.x, top, body.w, body.bottom - top)

    def tiles(self, count: int, room: Rect) -> Sequence[Rect]:
        """Return the places of so many tiles: as near to 2 : 1 as the room allows."""
        gap = self.px(GAP)

        def shape(columns: int) -> tuple[int, int]:
            rows = -(-count // columns)
            return (room.w + gap) // columns - gap, (room.h + gap) // rows - gap

        def strangeness(columns: int) -> float:
            w, h = shape(columns)
            is_small = min(w, h) < self.target_px
            return is_small * 1000 + abs(w / max(1, min(h, self.px(260))) - 2.4)

        if count == 0:
            return []
        columns = min(range(1, count + 1), key=strangeness)
        w, h = shape(columns)
        h = min(h, self.px(260))
        return [
            Rect(room.x + index % columns * (w + gap), room.y + index // columns * (h + gap), w, h)
            for index in range(count)
        ]

    def foot_buttons(self, foot: Rect, buttons: Sequence[tuple[str, Phrase, bool]]) -> None:
        """Draw the bottom row: back at the left, what goes on at the right."""
        w = min(self.px(520), (foot.w - self.px(GAP) * (len(buttons) - 1)) // max(1, len(buttons)))
        for index, (name, phrase, is_main) in enumerate(buttons):
            is_last = index == len(buttons) - 1 and index > 0
            x = foot.right - w if is_last else foot.x + index * (w + self.px(GAP))
            place = Rect(x, foot.y, w, foot.h)
            self.button(name, place, self.say(phrase), is_main=is_main, cap_px=CAP_PX)
