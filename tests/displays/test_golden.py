"""The board's pictures, as they were accepted by eye.

A picture that changes fails here; look at the new one (`make pictures` writes them all again), and
commit it when it is better. Pictures are kept small: another processor may paint the
edge of a letter a shade lighter, and that is no change.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest
from PIL import Image, ImageChops, ImageStat

from displays.frames import png
from displays.layout import Layout
from displays.screen import Screen
from tests.displays.states import STATES

FOLDER = Path(__file__).parent / "golden"

HD, UPRIGHT, UHD, SMALL = (1920, 1080), (1080, 1920), (3840, 2160), (1280, 720)

PICTURES: dict[str, tuple[str, tuple[int, int], float]] = {
    **{name: (name, HD, 10.0) for name in STATES},
    "busy-upright": ("busy", UPRIGHT, 10.0),
    "busy-4k": ("busy", UHD, 10.0),
    "busy-720p": ("busy", SMALL, 10.0),
    "busy-near": ("busy", HD, 6.0),
    "busy-far": ("busy", HD, 20.0),
    "priority-upright": ("priority", UPRIGHT, 10.0),
    "priority-near": ("priority", HD, 6.0),
    "priority-4k-upright": ("priority", (2160, 3840), 10.0),
    "wide-upright": ("wide", UPRIGHT, 10.0),
    "waiting-upright": ("waiting", UPRIGHT, 10.0),
    "closed-upright": ("closed", UPRIGHT, 10.0),
    "unguided-upright": ("unguided", UPRIGHT, 10.0),
    "crowded-near": ("crowded", HD, 6.0),
}
"""By file: the state, the size in pixels and how far the farthest reader sits, metres."""

KEPT = (480, 480)
TILE_PX = 16
DIFFERENCE_MAX = 4.0 if getattr(pygame, "IS_CE", False) else 8.0
"""Mean difference of a tile, 0 to 255: a digit that changes makes 40, a softer edge 1. The FreeType
of plain pygame 2.6.1 moves edges by up to 6.4 (`make test-pygame`)."""


def paint(name: str) -> Image.Image:
    """Return this picture at the size in which it is kept."""
    state, size, far_seat_m = PICTURES[name]
    screen = Screen(size=size, fallback=size, is_headless=True)
    screen.open()
    layout = Layout(size=size, diag_in=55, far_seat_m=far_seat_m, measure=screen.fonts.measure)
    screen.show(layout.picture(STATES[state]()))
    image = Image.open(io.BytesIO(png(screen.shot())))
    screen.close()
    image.thumbnail(KEPT, Image.Resampling.LANCZOS)
    return image.convert("RGB")


def tiles(image: Image.Image) -> Iterator[float]:
    """Yield the mean brightness of each tile."""
    for x in range(0, image.width, TILE_PX):
        for y in range(0, image.height, TILE_PX):
            yield ImageStat.Stat(image.crop((x, y, x + TILE_PX, y + TILE_PX))).mean[0]


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far the most different tile of two pictures is from the other, 0 to 255."""
    assert one.size == other.size
    return max(tiles(ImageChops.difference(one, other).convert("L")))


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_was_accepted(name: str) -> None:
    """The same state, size and seat give the picture that somebody has looked at."""
    with Image.open(FOLDER / f"{name}.png") as accepted:
        assert difference(paint(name), accepted.convert("RGB")) <= DIFFERENCE_MAX


def test_every_accepted_picture_is_painted() -> None:
    """A file nobody compares is a leftover."""
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PICTURES)


def test_another_digit_is_seen() -> None:
    """Two states that differ in little are far apart."""
    assert difference(paint("busy"), paint("over")) > 5 * DIFFERENCE_MAX


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for each in PICTURES:
        paint(each).save(FOLDER / f"{each}.png", optimize=True)
    sys.stdout.write(f"{len(PICTURES)} pictures in {FOLDER}: look at them\n")
