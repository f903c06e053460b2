"""A sign's picture: all ink inside, nothing over another, readable from where people come."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from displays.ops import Op, Rect, Text
from displays.palette import contrast
from displays.phrases import COUNTER, say
from displays.screen import Screen
from displays.sign import Panel, SignModel, State
from displays.sign_layout import READS_FROM_M, reads_m, sign_picture

SIZES = [(800, 480), (1024, 600), (1280, 720), (480, 800), (320, 240)]
STATES: list[Panel] = [
    Panel(3, "called", "A007"),
    Panel(12, "called", "WB188", repeat=3),
    Panel(40, "serving", "K1001"),
    *(Panel(99, state) for state in ("ready", "paused", "closed", "unknown")),
]


@pytest.fixture
def screen() -> Iterator[Screen]:
    """Fonts to measure with."""
    opened = Screen(size=(800, 480), fallback=(800, 480), is_headless=True)
    opened.open()
    yield opened
    opened.close()


def picture(
    screen: Screen, *panels: Panel, size: tuple[int, int] = (800, 480), is_lost: bool = False
) -> tuple[Op, ...]:
    """Return a sign's picture in both languages."""
    model = SignModel(("id", "en"), panels, is_lost)
    return sign_picture(model, size=size, measure=screen.fonts.measure)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("panel", STATES)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("is_lost", [False, True])
def test_every_text_is_whole_and_stands_alone(
    screen: Screen, size: tuple[int, int], panel: Panel, count: int, *, is_lost: bool
) -> None:
    """On every size, alone and beside another: inside, no two over each other, numbers uncut."""
    ops = picture(screen, *(panel,) * count, size=size, is_lost=is_lost)
    texts = [op for op in ops if isinstance(op, Text)]

    assert all(Rect(0, 0, *size).holds(op.rect) for op in texts)
    assert not [pair for pair in combinations(texts, 2) if pair[0].rect.overlaps(pair[1].rect)]
    assert all(contrast(op.colour, op.ground) >= 7 for op in texts)
    said = [op.text for op in texts]
    assert said.count(f"{say(COUNTER, 'id')} {panel.counter}") == count
    assert not panel.number or said.count(panel.number) == count


@pytest.mark.parametrize(
    ("state", "texts"),
    [
        ("ready", ["SIAP", "READY"]),
        ("paused", ["ISTIRAHAT", "ON A BREAK"]),
        ("closed", ["TUTUP", "CLOSED"]),
        ("unknown", ["Ikuti petunjuk petugas", "Please follow the staff"]),
    ],
)
def test_a_state_is_a_word_in_each_language(screen: Screen, state: State, texts: list[str]) -> None:
    """Big in the hall's main one."""
    said = [op for op in picture(screen, Panel(3, state)) if isinstance(op, Text)]

    assert [op.text for op in said][1:] == texts
    assert said[1].cap_px > said[2].cap_px


def test_a_recall_is_marked(screen: Screen) -> None:
    """As on the board."""
    ops = picture(screen, Panel(3, "called", "A007", repeat=2))

    assert "KE-2" in [op.text for op in ops if isinstance(op, Text)]


@pytest.mark.parametrize(
    ("size", "diag_in"), [((800, 480), 7.0), ((1024, 600), 7.0), ((1280, 720), 10.1)]
)
def test_a_number_is_read_from_two_metres(
    screen: Screen, size: tuple[int, int], diag_in: float
) -> None:
    """0.7 degrees (EN 301 549) on the screens a Pi takes; less with two counters."""
    measure = screen.fonts.measure

    assert reads_m(size, diag_in, 1, measure) >= READS_FROM_M
    assert reads_m(size, diag_in, 2, measure) < reads_m(size, diag_in, 1, measure)
