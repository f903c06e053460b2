"""How big things are: px -> mm -> metres, and how many rows follow from the far seat."""

import pytest

from displays.sizes import MM_PER_M_20_MIN, PITCH_PER_CAP, legibility, make_grid

FULL_HD = (1920, 1080)


@pytest.mark.parametrize(
    ("diag_in", "far_seat_m", "rows"),
    [(55, 5, 6), (55, 7, 6), (55, 10, 4), (65, 10, 5), (65, 12, 4), (75, 15, 3)],
)
def test_rows_follow_from_screen_and_hall(diag_in: float, far_seat_m: float, rows: int) -> None:
    """displays.md §8: a bigger screen or a nearer seat lets more rows in."""
    grid = make_grid(FULL_HD, diag_in=diag_in, far_seat_m=far_seat_m)

    assert grid.rows == rows
    assert grid.row_cap_px * PITCH_PER_CAP * rows <= grid.list_.h


@pytest.mark.parametrize(
    ("size", "diag_in", "far_seat_m"),
    [
        (FULL_HD, 55, 10),
        (FULL_HD, 55, 7),
        ((1366, 768), 43, 8),
        ((3840, 2160), 65, 12),
        ((1280, 720), 55, 10),
        ((1080, 1920), 55, 10),
    ],
)
def test_what_must_be_read_at_the_far_seat_is(
    size: tuple[int, int], diag_in: float, far_seat_m: float
) -> None:
    """Number and counter span 0.7 degrees there, recent calls 20 minutes of arc."""
    found = legibility(make_grid(size, diag_in=diag_in, far_seat_m=far_seat_m))

    assert [item.element for item in found if not item.is_enough] == []


def test_a_screen_too_small_for_its_hall_is_named() -> None:
    """The technician reads which element fails, and to what distance it reads."""
    found = {
        item.element: item for item in legibility(make_grid(FULL_HD, diag_in=32, far_seat_m=15))
    }

    assert not found["called number"].is_enough
    assert found["called number"].reads_m == pytest.approx(7.7, abs=0.3)


def test_each_element_is_named_with_its_distance() -> None:
    """On 55 inches: the number to 13 m, rows to 11 m, names and sentences to 5."""
    found = legibility(make_grid(FULL_HD, diag_in=55, far_seat_m=10))

    assert {item.element: round(item.reads_m) for item in found} == {
        "called number": 13,
        "called counter": 13,
        "recent calls": 11,
        "word beside the counter": 12,
        "agency, clock, notices, sentences": 5,
    }


def test_millimetres_are_those_of_the_screen() -> None:
    """A 55 inch full HD screen has 1.58 px to the mm (displays.md §1)."""
    grid = make_grid(FULL_HD, diag_in=55, far_seat_m=10)
    recent = legibility(grid)[2]

    assert grid.px_per_mm == pytest.approx(1.577, abs=0.001)
    assert recent.cap_mm == pytest.approx(grid.row_cap_px / 1.577, rel=0.001)
    assert recent.reads_m == pytest.approx(recent.cap_mm / MM_PER_M_20_MIN)


def test_a_shift_moves_every_part() -> None:
    """Sizes stay, places move."""
    still, moved = (
        make_grid(FULL_HD, diag_in=55, far_seat_m=10, shift=shift) for shift in ((0, 0), (-4, 4))
    )

    for part in ("header", "hero", "list_", "strip"):
        before, after = getattr(still, part), getattr(moved, part)
        assert (after.x - before.x, after.y - before.y, after[2:]) == (-4, 4, before[2:])
