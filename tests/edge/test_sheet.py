"""Paper numbers for the drawer."""

import pytest

from edge.sheet import DOTS_PER_MM, NUMBERS_PER_PAGE, paper_numbers, sheet_pages
from edge.slip_layout import Bar, Face, Picture, Text

BLANK = 5 * DOTS_PER_MM
"""Dots at each edge that an office printer leaves blank."""


def measure(text: str, _: Face, cap: int) -> int:
    """Return the width of letters three quarters as wide as high."""
    return len(text) * cap * 3 // 4


def pages_of(first: int, last: int, hall: str = "MPP Kota Tebing Tinggi") -> list[Picture]:
    """Return the pages of these numbers."""
    numbers = paper_numbers("P", first, last)
    return list(sheet_pages(numbers, hall=hall, language="id", measure=measure))


def texts_of(page: Picture) -> list[str]:
    """Return what is written on a page."""
    return [op.text for op in page.ops if isinstance(op, Text)]


def test_each_number_is_there_once_in_order() -> None:
    """Ten a page, the rest on the last."""
    pages = pages_of(1, 23)
    numbers = [text for page in pages for text in texts_of(page) if text.startswith("P0")]

    assert numbers == [f"P{n:03}" for n in range(1, 24)]
    assert [len([t for t in texts_of(p) if t.startswith("P0")]) for p in pages] == [10, 10, 3]


def test_every_paper_says_whose_it_is_and_has_room_to_write() -> None:
    """Hall, service, time, and what to do with it."""
    (page,) = pages_of(1, 10)

    for text in ("MPP Kota Tebing Tinggi", "Layanan:", "Jam:"):
        assert texts_of(page).count(text) == NUMBERS_PER_PAGE
    assert texts_of(page).count("Simpan nomor ini. Petugas memanggilnya.") == NUMBERS_PER_PAGE


@pytest.mark.parametrize("hall", ["MPP", "Mal Pelayanan Publik Kabupaten " + "X" * 40])
def test_nothing_is_cut_through_nor_lies_where_a_printer_cannot_print(hall: str) -> None:
    """However long the hall's name is."""
    (page,) = pages_of(991, 999, hall)
    cell_w, cell_h = page.width // 2, page.height // 5

    assert (page.width, page.height) == (210 * DOTS_PER_MM, 297 * DOTS_PER_MM)
    for op in page.ops:
        if isinstance(op, Text):
            right, bottom = op.x + measure(op.text, op.face, op.cap), op.y + op.cap * 4 // 3
            assert op.x >= BLANK
            assert right <= page.width - BLANK
            assert op.x // cell_w == right // cell_w
            assert op.y // cell_h == bottom // cell_h


def test_there_are_lines_to_cut_along() -> None:
    """One down the middle, four across."""
    (page,) = pages_of(1, 1)
    bars = [op for op in page.ops if isinstance(op, Bar)]
    across = {op.y for op in bars if op.w > op.h}
    down = {op.x for op in bars if op.h > op.w}

    assert len(down) == 1
    # The other two are to write on.
    assert len(across) == 4 + 1


@pytest.mark.parametrize(("first", "last"), [(0, 5), (5, 4), (1, 1000), (-3, 2)])
def test_numbers_that_cannot_be_are_refused(first: int, last: int) -> None:
    """Three digits, upwards."""
    with pytest.raises(ValueError, match="from 1 to 999"):
        paper_numbers("P", first, last)
