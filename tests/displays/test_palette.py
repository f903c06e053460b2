"""Every colour on the board can be told from what it lies on."""

import pytest

from displays.palette import (
    INK,
    LINE,
    PANEL,
    STRIPES,
    TEXT,
    TEXT_ON_GROUND,
    YELLOW,
    YELLOW_DIM,
    Colour,
    between,
    contrast,
    stripe,
)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_stands_out(text: Colour, ground: Colour) -> None:
    """WCAG AAA: 7:1 for every text."""
    assert contrast(text, ground) >= 7


@pytest.mark.parametrize("name", STRIPES)
def test_a_stripe_stands_out(name: str) -> None:
    """WCAG 1.4.11: 3:1 for what is no text."""
    assert contrast(stripe(name), PANEL) >= 3


def test_an_unknown_colour_is_grey() -> None:
    """The letter and the name say who it is."""
    assert stripe("mauve") == LINE


def test_contrast_is_reckoned_as_wcag_says() -> None:
    """Black on white is 21, a colour on itself 1, whichever comes first."""
    assert contrast(INK, TEXT) == pytest.approx(21)
    assert contrast(TEXT, INK) == pytest.approx(21)
    assert contrast(YELLOW, YELLOW) == pytest.approx(1)


def test_between_ends_where_it_should() -> None:
    """The pulse goes all the way."""
    assert between(YELLOW_DIM, YELLOW, 0) == YELLOW_DIM
    assert between(YELLOW_DIM, YELLOW, 1) == YELLOW
