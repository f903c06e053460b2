"""Where things stand on a slip, in a made-up font of square letters."""

import pytest

from edge.slip import Slip, SlipTicket
from edge.slip_layout import (
    DOTS,
    EDGE,
    NUMBER_CAP_MAX,
    Bar,
    Face,
    Module,
    Op,
    Picture,
    Text,
    slip_picture,
)
from tests.edge.slips import ONE, SLIPS, VISIT, ZONE

CODE = tuple((1,) * 25 for _ in range(25))


def measure(text: str, _: Face, cap: int) -> int:
    """Return the width of letters three quarters as wide as high."""
    return len(text) * cap * 3 // 4


def picture_of(slip: Slip, width: int = 80, code: tuple[tuple[int, ...], ...] = ()) -> Picture:
    """Return a slip's layout."""
    return slip_picture(slip, ZONE, width=width, measure=measure, code=code)


def box(op: Op) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom."""
    match op:
        case Text():
            return op.x, op.y, op.x + measure(op.text, op.face, op.cap), op.y + op.cap
        case Bar():
            return op.x, op.y, op.x + op.w, op.y + op.h
        case Module():
            return op.x, op.y, op.x + len(op.code) * op.dot, op.y + len(op.code) * op.dot


def texts_of(picture: Picture) -> list[str]:
    """Return its lines from top to bottom."""
    return [op.text for op in picture.ops if isinstance(op, Text)]


def number_of(picture: Picture, number: str) -> Text:
    """Return the line with the number."""
    (found,) = (op for op in picture.ops if isinstance(op, Text) and op.text == number)
    return found


@pytest.mark.parametrize("width", DOTS)
@pytest.mark.parametrize("name", SLIPS)
def test_nothing_touches_the_paper_s_edges_or_another_line(name: str, width: int) -> None:
    """A head sits up to a millimetre off the middle, and a letter has a tail."""
    picture = picture_of(SLIPS[name], width, CODE)
    boxes = [box(op) for op in picture.ops]

    assert picture.width == DOTS[width]
    assert all(left >= EDGE and right <= picture.width - EDGE for left, _, right, _ in boxes)
    lines = [box(op) for op in picture.ops if not isinstance(op, Bar)]
    tails = [(bottom - top) // 3 for _, top, _, bottom in lines]
    pairs = zip(lines, tails, lines[1:], strict=False)
    # A number has no tail, a QR code has its own white.
    assert all(above[3] + min(tail, 12) < below[1] for above, tail, below in pairs)
    assert max(bottom for *_, bottom in boxes) <= picture.height


def test_a_long_name_is_wrapped_evenly_and_a_long_word_is_cut() -> None:
    """Whole, in as few lines as fit."""
    name = "Pengesahan STNK tahunan dan perpanjangan lima tahunan"
    long = ONE._replace(tickets=(SlipTicket("A001", name, "X" * 70),))
    lines = texts_of(picture_of(long))

    assert name in " ".join(lines)
    assert "X" * 70 in "".join(lines)
    service = [line for line in lines if line in name]
    *filled, last = map(len, service)  # the last holds what is left
    assert max(filled) - min(filled) <= 12
    assert last <= max(filled)


def test_a_number_is_as_high_as_the_paper_lets_it_be() -> None:
    """In no case lower than 7.3 mm (58 dots), which eyes at 0.6 m need by EN 301 549."""
    short = ONE._replace(tickets=(SlipTicket("A7", "s", "a"),))
    assert number_of(picture_of(short), "A7").cap == NUMBER_CAP_MAX
    for width in DOTS:
        for slip in SLIPS.values():
            picture = picture_of(slip, width)
            assert min(number_of(picture, ticket.number).cap for ticket in slip.tickets) >= 58


def test_agencies_and_copies_are_white_on_black() -> None:
    """One bar for the copy, one for each ticket's agency; all else is black on white."""
    picture = picture_of(VISIT)
    bars = [box(op) for op in picture.ops if isinstance(op, Bar)]

    assert len(bars) == 1 + len(VISIT.tickets)
    for op in picture.ops:
        if isinstance(op, Text):
            _, top, _, bottom = box(op)
            is_on_bar = any(bar[1] < top and bottom < bar[3] for bar in bars)
            assert is_on_bar == op.is_white
    assert texts_of(picture)[0] == "SALINAN"


@pytest.mark.parametrize("width", DOTS)
def test_a_code_keeps_its_quiet_zone(width: int) -> None:
    """Four modules of white on each side, and modules of at most 1 mm."""
    picture = picture_of(ONE, width, CODE)
    (code,) = (op for op in picture.ops if isinstance(op, Module))
    left, top, right, bottom = box(code)
    quiet = 4 * code.dot

    assert 4 <= code.dot <= 8
    assert left >= quiet <= picture.width - right
    others = [box(op) for op in picture.ops if op is not code]
    assert all(o[3] <= top - quiet or o[1] >= bottom + quiet for o in others)
    assert "Pindai" in " ".join(texts_of(picture))
    assert "Pindai" not in " ".join(texts_of(picture_of(ONE, width)))


def test_paper_of_another_width_is_refused() -> None:
    """There are two."""
    with pytest.raises(KeyError):
        picture_of(ONE, 112)
