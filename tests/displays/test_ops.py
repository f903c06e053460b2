"""Rects, what two pictures differ in, and how text is made to fit."""

import pytest

from displays.ops import Fill, Op, Outline, Rect, areas, damage, fit, ink, wrap

BACK = Fill(Rect(0, 0, 100, 100), (0, 0, 0))


def chars(text: str, _face: str, cap_px: int) -> int:
    """Measure as a font of one width would."""
    return len(text) * cap_px


def box(x: int, y: int, shade: int = 1) -> Fill:
    """Return a small op."""
    return Fill(Rect(x, y, 10, 10), (shade, shade, shade))


@pytest.mark.parametrize(
    ("old", "new", "rects"),
    [
        ([BACK, box(0, 0)], [BACK, box(0, 0)], []),
        ([BACK, box(0, 0)], [BACK, box(0, 0, 2)], [Rect(0, 0, 10, 10)]),
        ([BACK, box(0, 0)], [BACK], [Rect(0, 0, 10, 10)]),
        ([BACK, box(0, 0)], [BACK, box(5, 0)], [Rect(0, 0, 15, 10)]),
        ([BACK, box(0, 0)], [BACK, box(50, 0)], [Rect(0, 0, 10, 10), Rect(50, 0, 10, 10)]),
        # The third joins the first two, which did not touch each other.
        (
            [BACK],
            [BACK, box(0, 0), box(12, 0), Fill(Rect(8, 0, 6, 10), (3, 3, 3))],
            [Rect(0, 0, 22, 10)],
        ),
    ],
)
def test_damage_is_what_differs(old: list[Op], new: list[Op], rects: list[Rect]) -> None:
    """Old and new places both, joined where they overlap."""
    assert sorted(damage(old, new)) == rects


def test_an_outline_touches_its_edges_only() -> None:
    """A pulse repaints four strips, not the hero."""
    rect = Rect(0, 0, 100, 80)
    strips = areas(Outline(rect, (1, 1, 1), 4, 10))

    assert sum(strip.w * strip.h for strip in strips) == 100 * 80 - 80 * 60
    assert not any(a.overlaps(b) for a in strips for b in strips if a is not b)
    assert all(rect.holds(strip) for strip in strips)


@pytest.mark.parametrize(
    ("text", "width", "want"),
    [
        ("ABCD", 40, ("ABCD", 10, 40)),
        ("ABCD", 30, ("ABCD", 7, 28)),
        ("ABCDEFGH", 35, ("ABCDEF…", 5, 35)),
        ("AB CDEFGH", 20, ("AB…", 5, 15)),
        ("ABCDEFGH", 2, ("", 5, 0)),
    ],
)
def test_text_shrinks_then_is_cut(text: str, width: int, want: tuple[str, int, int]) -> None:
    """Measured, never guessed: it is never wider than its room."""
    assert fit(chars, text, "bold", width, cap_px=10, cap_min_px=5) == want


def test_lines_break_between_words() -> None:
    """No word is cut; one too wide stands alone."""
    assert wrap(chars, "AA BB CCCCCC D", "bold", 50, 10) == ["AA BB", "CCCCCC", "D"]
    assert wrap(chars, "", "bold", 50, 10) == []


def test_descenders_need_room_below() -> None:
    """A number stands closer to what is below than a sentence does."""
    assert ink("A007", 100)[1] < ink("Layar", 100)[1]
    assert ink("É", 100)[0] > ink("i", 100)[0] > ink("E", 100)[0]
