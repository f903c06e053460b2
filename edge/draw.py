"""The only importer of segno: paints a slip's layout with Pillow, dot by dot, black on white.

A kiosk loads it in its printing thread, after it said READY.
"""

import functools
import importlib
import io
from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path
from typing import Final

import segno
from PIL import Image, ImageDraw, ImageFont

from edge.slip import Slip
from edge.slip_layout import Bar, Code, Face, Module, Picture, Text, slip_picture

# The font package ships no types.
_FONT_ROOT: Path = importlib.import_module("fontpkg_atkinson_hyperlegible").ROOT

FONTS: Final[dict[Face, Path]] = {
    "bold": _FONT_ROOT / "files" / "AtkinsonHyperlegible-Bold.ttf",
    "regular": _FONT_ROOT / "files" / "AtkinsonHyperlegible-Regular.ttf",
}

PROBE_PX = 400
"""The em size at which a face's cap height is measured."""

BLACK, WHITE = 0, 1

Bitmap = Image.Image
"""One bit a dot, 1 = white."""


def draw_slip(slip: Slip, zone: tzinfo, *, width: int) -> Bitmap:
    """Return the slip's picture for paper of 58 or 80 mm.

    Raises:
        KeyError: Paper of another width.
        OSError: A font can't be read.
    """
    code = qr_modules(slip.qr) if slip.qr else ()
    return paint(slip_picture(slip, zone, width=width, measure=measure, code=code))


def paint(picture: Picture) -> Bitmap:
    """Return a layout as dots."""
    image = Image.new("1", (picture.width, picture.height), WHITE)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"
    for op in picture.ops:
        match op:
            case Text():
                ink = WHITE if op.is_white else BLACK
                font = font_of(op.face, op.cap)
                pen.text((op.x, op.y + op.cap), op.text, fill=ink, font=font, anchor="ls")
            case Bar():
                pen.rectangle((op.x, op.y, op.x + op.w - 1, op.y + op.h - 1), fill=BLACK)
            case Module():
                _paint_code(pen, op)
    return image


def png_of(image: Bitmap) -> bytes:
    """Return the picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def save_pages(pages: Iterable[Picture], path: Path, *, dpi: float) -> None:
    """Write the pages as one PDF, each drawn when it is its turn: one takes 9 MB of memory.

    Raises:
        OSError: It can't be written.
    """
    for index, page in enumerate(pages):
        paint(page).save(path, "PDF", resolution=dpi, append=index > 0)


def measure(text: str, face: Face, cap: int) -> int:
    """Return a text's width in dots."""
    return -int(-font_of(face, cap).getlength(text) // 1)


@functools.lru_cache(maxsize=64)
def font_of(face: Face, cap: int) -> ImageFont.FreeTypeFont:
    """Return the face at the size whose capitals are so high."""
    return ImageFont.truetype(FONTS[face], round(cap * _em_per_cap(face)))


@functools.cache
def _em_per_cap(face: Face) -> float:
    probe = ImageFont.truetype(FONTS[face], PROBE_PX)
    _, top, _, bottom = probe.getbbox("H", anchor="ls")
    return PROBE_PX / (bottom - top)


def qr_modules(text: str) -> Code:
    """Return the QR code of a text: the smallest that bears a crease (error level M or better).

    Raises:
        ValueError: More text than a QR code holds.
    """
    return tuple(tuple(row) for row in segno.make_qr(text, error="m").matrix)


def _paint_code(pen: ImageDraw.ImageDraw, op: Module) -> None:
    for i, row in enumerate(op.code):
        for j, is_black in enumerate(row):
            if is_black:
                x, y = op.x + j * op.dot, op.y + i * op.dot
                pen.rectangle((x, y, x + op.dot - 1, y + op.dot - 1), fill=BLACK)
