"""Paints pictures on the screen. With `voice.py` the only importer of pygame.

Text is cached as painted surfaces up to a number of bytes, fonts up to a number of sizes: an
unbounded cache grew to 146 MB in a morning of numbers. Only the parts in which two pictures differ
are painted again. Nothing here knows what a call is.
"""

import importlib
import os
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from displays.frames import Shot
from displays.ops import Arrow, Face, Fill, Op, Outline, Person, Rect, Sign, Text, damage

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame

if TYPE_CHECKING:
    from displays.palette import Colour

# By name, because the package ships no types.
_FONT_ROOT: Path = importlib.import_module("fontpkg_atkinson_hyperlegible").ROOT

FONTS: dict[Face, Path] = {
    "bold": _FONT_ROOT / "files" / "AtkinsonHyperlegible-Bold.ttf",
    "regular": _FONT_ROOT / "files" / "AtkinsonHyperlegible-Regular.ttf",
}

PROBE_PX = 400
"""The em size at which a face's cap height is measured."""

FONTS_MAX = 24
WIDTHS_MAX = 4096
TEXT_BYTES_PER_PIXEL = 1
"""Of the screen: twice what one picture needs."""

FINGER = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP)
"""SDL says of a finger what it says of a mouse."""

MEND = (
    "set SDL_VIDEODRIVER=kmsdrm (a Pi without a desktop), x11 or wayland, install libgbm1 libdrm2"
    " libegl1 libgles2 libgl1-mesa-dri libudev1, and put this user into the groups video and"
    " render; for a picture without a screen use --headless or --shot"
)


class ScreenError(Exception):
    """No screen that people can see: the message says how to mend it."""


class Fonts:
    """Atkinson Hyperlegible by cap height: what layout measures with and the screen paints with."""

    def __init__(self) -> None:
        self._cap_per_em: dict[Face, float] = {}
        self._fonts: OrderedDict[tuple[Face, int], pygame.font.Font] = OrderedDict()
        self._widths: OrderedDict[tuple[str, Face, int], int] = OrderedDict()

    def open(self) -> None:
        """Measure both faces.

        Raises:
            ScreenError: A font file is missing or can't be read.
        """
        for face, path in FONTS.items():
            try:
                probe = pygame.font.Font(path, PROBE_PX)
            except (FileNotFoundError, pygame.error) as error:
                raise ScreenError(
                    f"font {path}: {error}; reinstall fontpkg-atkinson-hyperlegible"
                ) from error
            cap = probe.render("H", True, (255, 255, 255)).get_bounding_rect()  # noqa: FBT003 - pygame's
            self._cap_per_em[face] = cap.height / PROBE_PX

    def close(self) -> None:
        """Give the font files back; pygame leaves open what it has not closed before its end."""
        self._fonts.clear()

    def measure(self, text: str, face: Face, cap_px: int) -> int:
        """Return the width of a line, px."""
        key = (text, face, cap_px)
        width = self._widths.get(key)
        if width is None:
            width = self.font(face, cap_px).size(text)[0]
            self._widths[key] = width
            if len(self._widths) > WIDTHS_MAX:
                self._widths.popitem(last=False)
        return width

    def font(self, face: Face, cap_px: int) -> pygame.font.Font:
        """Return the face at the size whose capitals are so high."""
        key = (face, cap_px)
        font = self._fonts.get(key)
        if font is None:
            font = pygame.font.Font(FONTS[face], round(cap_px / self._cap_per_em[face]))
            self._fonts[key] = font
            if len(self._fonts) > FONTS_MAX:
                self._fonts.popitem(last=False)
        else:
            self._fonts.move_to_end(key)
        return font


class _Drawn(NamedTuple):
    """A painted line; `dy` is where it begins, from its baseline."""

    surface: pygame.Surface
    dy: int


class Touched(NamedTuple):
    """A finger that came down on a pixel, or let go there."""

    at: tuple[int, int]
    is_down: bool


class Screen:
    """One window or screen, and the picture on it.

    Args:
        size: Width and height, px; None takes the whole screen.
        fallback: The size where there is no screen to take.
        is_headless: Paint in memory only: tests, pictures, the demo.
    """

    def __init__(
        self, *, size: tuple[int, int] | None, fallback: tuple[int, int], is_headless: bool
    ) -> None:
        self.size = size or fallback
        self.fonts = Fonts()
        self.frames = 0
        """Pictures shown since the start."""
        self.sounds_removed = 0
        """Sound devices that were pulled out since the start: SDL tells it with the rest."""
        self.touches: list[Touched] = []
        """Since whoever asks took them."""
        self._asked = size
        self._is_headless = is_headless
        self._surface: pygame.Surface | None = None
        self._picture: tuple[Op, ...] = ()
        self._texts: OrderedDict[tuple[str, Face, int, Colour, Colour], _Drawn] = OrderedDict()
        self._text_bytes = 0

    @property
    def text_bytes_max(self) -> int:
        """How much painted text is kept."""
        return self.size[0] * self.size[1] * TEXT_BYTES_PER_PIXEL

    def open(self) -> None:
        """Open the screen.

        Raises:
            ScreenError: There is none that people can see, or the font is missing.
        """
        is_asked_for_dummy = self._is_headless or os.environ.get("SDL_VIDEODRIVER") == "dummy"
        if self._is_headless:
            os.environ["SDL_VIDEODRIVER"] = "dummy"
        try:
            # Not pygame.init(): it opens the sound card too.
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver == "offscreen" or (driver == "dummy" and not is_asked_for_dummy):
                raise ScreenError(f"SDL found no screen (its driver is {driver}): {MEND}")
            pygame.font.init()
            self._surface = self._open_surface(driver)
        except pygame.error as error:
            raise ScreenError(f"SDL can't open the screen: {error}; {MEND}") from error
        self.size = self._surface.get_size()
        pygame.mouse.set_visible(False)
        self.fonts.open()

    @property
    def is_kms(self) -> bool:
        """Whether this process has the screen to itself, so that nobody else looks after it."""
        return pygame.display.get_init() and pygame.display.get_driver().lower() == "kmsdrm"

    def reopen(self) -> None:
        """Open the screen again, after a television was plugged in: the next picture is whole.

        Raises:
            ScreenError: It can't be, or it has another size now: then everything begins anew.
        """
        before = self.size
        self._surface = None
        self.forget()
        pygame.display.quit()
        self.open()
        if self.size != before:
            raise ScreenError(f"the screen was {before} px and is {self.size} px now")

    def close(self) -> None:
        """Give the screen back."""
        self._surface = None
        self.fonts.close()
        pygame.quit()

    def show(self, picture: tuple[Op, ...]) -> bool:
        """Paint what differs from the picture that is shown; return whether anything did."""
        surface = self._painted()
        whole = [Rect(0, 0, *self.size)]
        rects = damage(self._picture, picture) if self._picture else whole
        if not rects:
            return False
        boxes = [op.rect for op in picture]
        for rect in rects:
            surface.set_clip(rect)
            for index in pygame.Rect(rect).collidelistall(boxes):
                self._paint(surface, picture[index])
        surface.set_clip(None)
        pygame.display.update(rects)
        self._picture = picture
        self.frames += 1
        return True

    def forget(self) -> None:
        """Have the next picture painted whole."""
        self._picture = ()

    def pump(self) -> bool:
        """Let SDL look at the window and the glass; return False when a person closed it."""
        is_open = True
        for event in pygame.event.get():
            if event.type == pygame.AUDIODEVICEREMOVED:
                self.sounds_removed += 1
            elif event.type == pygame.QUIT:
                is_open = False
            elif event.type == pygame.KEYDOWN:
                is_open &= event.key != pygame.K_ESCAPE
            elif event.type in FINGER and event.button == pygame.BUTTON_LEFT:
                down = event.type == pygame.MOUSEBUTTONDOWN
                self.touches.append(Touched(event.pos, is_down=down))
        return is_open

    def touch(self, x: float, y: float, *, is_down: bool) -> None:
        """Say to SDL that a finger is there, in shares of the width and height, or lets go."""
        pos = (min(self.size[0] - 1, int(x * self.size[0])), int(y * (self.size[1] - 1)))
        kind = pygame.MOUSEBUTTONDOWN if is_down else pygame.MOUSEBUTTONUP
        pygame.event.post(pygame.event.Event(kind, pos=pos, button=pygame.BUTTON_LEFT))

    def shot(self) -> Shot:
        """Return a copy of the pixels that are shown (3 ms at 1080p)."""
        return Shot(self.frames, self.size, pygame.image.tobytes(self._painted(), "RGB"))

    def crc(self) -> str:
        """Return a checksum of the pixels that are shown, 8 hex digits (2 ms at 1080p)."""
        pixels = memoryview(self._painted().get_view("0"))  # type: ignore[arg-type]  # pygame's types don't say that it is a buffer
        return f"{zlib.crc32(pixels):08x}"

    def prepare(self, picture: tuple[Op, ...]) -> None:
        """Let the fonts draw a picture's glyphs, so that the first call finds them drawn."""
        for op in picture:
            if isinstance(op, Text):
                self._render(op)

    def _open_surface(self, driver: str) -> pygame.Surface:
        if driver == "x11":
            # SDL would paint through OpenGL: 158 MB and 12 ms a frame against 43 and 2 without.
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        if driver == "dummy":
            return pygame.display.set_mode(self.size)
        if self._asked is None:
            return pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
        return pygame.display.set_mode(self._asked)

    def _painted(self) -> pygame.Surface:
        if self._surface is None:
            raise ScreenError("the screen is not open")
        return self._surface

    def _paint(self, surface: pygame.Surface, op: Op) -> None:
        match op:
            case Fill():
                pygame.draw.rect(surface, op.colour, op.rect, border_radius=op.radius_px)
            case Outline():
                pygame.draw.rect(surface, op.colour, op.rect, op.width_px, op.radius_px)
            case Text():
                drawn = self._drawn(op)
                baseline = op.rect.y + op.lead_px + op.cap_px
                surface.blit(drawn.surface, (op.rect.x, baseline + drawn.dy))
            case Arrow():
                pygame.draw.polygon(surface, op.colour, arrow_points(op.rect, op.direction))
            case Sign():
                _paint_sign(surface, op)
            case Person():
                _paint_person(surface, op)

    def _render(self, op: Text) -> pygame.Surface:
        # With its ground: a byte a pixel instead of four, and 0.01 ms instead of 0.15.
        font = self.fonts.font(op.face, op.cap_px)
        return font.render(op.text, True, op.colour, op.ground)  # noqa: FBT003 - pygame's antialias

    def _drawn(self, op: Text) -> _Drawn:
        key = (op.text, op.face, op.cap_px, op.colour, op.ground)
        drawn = self._texts.get(key)
        if drawn is not None:
            self._texts.move_to_end(key)
            return drawn
        font = self.fonts.font(op.face, op.cap_px)
        line = self._render(op)
        # Cut to the rows that hold ink, by reckoning: looking for them costs six times the render.
        top = max(0, font.get_ascent() - op.cap_px - op.lead_px)
        rows = pygame.Rect(0, top, line.get_width(), min(op.rect.h, line.get_height() - top))
        drawn = _Drawn(line.subsurface(rows).copy(), top - font.get_ascent())
        self._texts[key] = drawn
        self._text_bytes += _bytes(drawn)
        while self._text_bytes > self.text_bytes_max and len(self._texts) > 1:
            self._text_bytes -= _bytes(self._texts.popitem(last=False)[1])
        return drawn


def _bytes(drawn: _Drawn) -> int:
    return drawn.surface.get_height() * drawn.surface.get_pitch()


def arrow_points(rect: Rect, direction: str) -> list[tuple[float, float]]:
    """Return the corners of an arrow in a rect; ahead points up, back points down."""
    right = [(0, 0.36), (0.5, 0.36), (0.5, 0.08), (1, 0.5), (0.5, 0.92), (0.5, 0.64), (0, 0.64)]
    turned = {
        "right": right,
        "left": [(1 - x, y) for x, y in right],
        "down": [(y, x) for x, y in right],
        "up": [(y, 1 - x) for x, y in right],
    }
    name = {"ahead": "up", "back": "down"}.get(direction, direction)
    return [(rect.x + x * (rect.w - 1), rect.y + y * (rect.h - 1)) for x, y in turned[name]]


def _paint_sign(surface: pygame.Surface, op: Sign) -> None:
    x, y, w, h = op.rect
    corners = [(x + w / 2, y + h * 0.06), (x + w - 1, y + h * 0.94), (x, y + h * 0.94)]
    pygame.draw.polygon(surface, op.colour, corners)
    stroke = max(2, round(w * 0.1))
    bar = pygame.Rect(round(x + w / 2 - stroke / 2), round(y + h * 0.36), stroke, round(h * 0.28))
    pygame.draw.rect(surface, op.mark, bar, border_radius=stroke // 2)
    dot = (round(x + w / 2 - stroke / 2), round(y + h * 0.73), stroke, stroke)
    pygame.draw.rect(surface, op.mark, dot, border_radius=stroke // 2)


PERSON = (
    ((0.40, 0.38), (0.42, 0.62), 0.17),
    ((0.42, 0.62), (0.33, 0.88), 0.11),
    ((0.42, 0.62), (0.52, 0.88), 0.11),
    ((0.41, 0.38), (0.66, 0.55), 0.09),
    ((0.66, 0.53), (0.68, 0.88), 0.05),
)
"""Strokes (from, to, width) in shares of the plate: body, legs, arm, cane."""


def _paint_person(surface: pygame.Surface, op: Person) -> None:
    x, y, side, _ = op.rect
    pygame.draw.rect(surface, op.colour, op.rect, border_radius=side // 6)
    pygame.draw.circle(surface, op.mark, (x + side * 0.4, y + side * 0.19), side * 0.1)
    for begin, end, share in PERSON:
        one, other = ((x + side * dx, y + side * dy) for dx, dy in (begin, end))
        width = max(2, round(side * share))
        pygame.draw.line(surface, op.mark, one, other, width)
        for joint in (one, other):
            pygame.draw.circle(surface, op.mark, joint, width / 2)
