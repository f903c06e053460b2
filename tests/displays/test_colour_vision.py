"""What who sees no red, no green or no blue still sees; and nothing is said by colour alone.

Simulated by the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency", IEEE TVCG 15 (6), 2009, at full severity, on linear RGB.
"""

import itertools
from collections.abc import Callable, Iterator

import pytest
from msgspec import structs

from displays.board import BoardModel
from displays.layout import Layout
from displays.ops import Op, Text
from displays.palette import PANEL, STRIPES, TEXT_ON_GROUND, Colour, contrast, stripe
from displays.screen import Fonts, Screen
from displays.sign import Panel, SignModel
from displays.sign_layout import sign_picture
from tests.displays.states import STATES, busy, cut_off, priority

MATRICES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(colour: Colour, kind: str) -> Colour:
    """Return what a colour is to such eyes."""
    linear = [_linear(part) for part in colour]
    rows = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in MATRICES[kind])
    red, green, blue = (round(255 * _coded(min(1.0, max(0.0, part)))) for part in rows)
    return red, green, blue


def _linear(part: int) -> float:
    share = part / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _coded(share: float) -> float:
    return share * 12.92 if share <= 0.0031308 else 1.055 * float(share ** (1 / 2.4)) - 0.055


def test_the_simulation_is_the_published_one() -> None:
    """White stays white; red and green are told apart by who sees all, not by who lacks green."""
    for kind in MATRICES:
        assert all(abs(part - 255) <= 1 for part in seen((255, 255, 255), kind))
    red, green = seen((200, 40, 40), "deuteranopia"), seen((90, 110, 30), "deuteranopia")
    assert contrast(red, green) < 1.35
    assert max(abs(a - b) for a, b in zip(red, green, strict=True)) < 45


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_every_text_stands_out_for_every_eye(text: Colour, ground: Colour, kind: str) -> None:
    """7:1, as for everybody."""
    assert contrast(seen(text, kind), seen(ground, kind)) >= 7


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("name", STRIPES)
def test_a_stripe_is_seen_by_every_eye(name: str, kind: str) -> None:
    """That there is one; which one the letter and the name say. Protanopes see red darker."""
    assert contrast(seen(stripe(name), kind), seen(PANEL, kind)) >= 2.4


@pytest.fixture(scope="module")
def fonts() -> Iterator[Fonts]:
    """The real font."""
    screen = Screen(size=(640, 480), fallback=(640, 480), is_headless=True)
    screen.open()
    yield screen.fonts
    screen.close()


def shapes(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """Return a picture without its colours: what stands where, and which words."""
    black = (0, 0, 0)
    fields = ("colour", "ground", "mark")
    return tuple(
        structs.replace(op, **{name: black for name in fields if name in op.__struct_fields__})
        for op in ops
    )


def first_row(**fields: bool | int) -> Callable[[], BoardModel]:
    """Return a busy board whose first row is so."""

    def state() -> BoardModel:
        model = busy()
        plain = model.rows[0]._replace(is_next=False, is_over=False, repeat=1, is_priority=False)
        return model._replace(rows=(plain._replace(**fields), *model.rows[1:]))

    return state


ROWS = {
    "open": first_row(),
    "over": first_row(is_over=True),
    "next": first_row(is_next=True),
    "again": first_row(repeat=2),
    "priority": first_row(is_priority=True),
}


def test_no_two_states_differ_by_colour_alone(fonts: Fonts) -> None:
    """Of a row, of the board: with all colours gone each is another picture."""
    layout = Layout(size=(1920, 1080), diag_in=55, far_seat_m=10, measure=fonts.measure)
    for states in (ROWS, STATES):
        pictures = {name: shapes(layout.picture(state())) for name, state in states.items()}
        for one, other in itertools.combinations(pictures, 2):
            assert pictures[one] != pictures[other], (one, other)


def test_nor_do_a_signs(fonts: Fonts) -> None:
    """Each state has its word, and a number that is called another than one that is served."""
    panels = [
        Panel(3, "called", "A007"),
        Panel(3, "called", "A007", repeat=2),
        Panel(3, "serving", "A007"),
        *(Panel(3, state) for state in ("ready", "paused", "closed", "unknown")),
    ]
    pictures = [
        shapes(
            sign_picture(
                SignModel(("id", "en"), (panel,), is_lost=is_lost),
                size=(800, 480),
                measure=fonts.measure,
            )
        )
        for panel in panels
        for is_lost in (False, True)
    ]
    assert len(set(pictures)) == len(pictures)


def test_a_board_that_is_cut_off_says_so_in_words(fonts: Fonts) -> None:
    """Not by its amber alone; and priority is a pictogram and a word."""
    layout = Layout(size=(1920, 1080), diag_in=55, far_seat_m=10, measure=fonts.measure)

    def said(model: BoardModel) -> str:
        ops = layout.picture(model._replace(page=0))
        return " ".join(op.text for op in ops if isinstance(op, Text))

    assert "Sambungan terputus" in said(cut_off())
    assert "PRIORITAS" in said(priority())
    assert "PRIORITAS" not in said(busy())
