"""PURE: paper numbers for the drawer: A4 sheets to print in advance and cut, ten numbers each.

They are for the day a kiosk is broken or the power is off: the front desk gives them out and writes
service and time on them; they are entered afterwards. Their prefix is one no kiosk and no series
has, so a paper number is known by sight.
"""

from collections.abc import Iterator, Sequence

from edge import phrases
from edge.slip_layout import Bar, Measure, Op, Picture, Text

DOTS_PER_MM = 12
DPI = DOTS_PER_MM * 25.4

PAGE_MM = (210, 297)
COLUMNS, ROWS = 2, 5
NUMBERS_PER_PAGE = COLUMNS * ROWS

NUMBER_MAX = 999
"""A number is the prefix and three digits, as all numbers of the hall."""

NUMBER_CAP = 24 * DOTS_PER_MM
"""24 mm: held up, it is read across a room."""

NAME_CAP = 4 * DOTS_PER_MM
LINE_CAP = 3 * DOTS_PER_MM
INSET = 9 * DOTS_PER_MM
"""From a cut to a text: office printers leave 5 mm blank, and scissors go astray."""

HAND = 7 * DOTS_PER_MM
"""What a hand needs above a line it writes on."""

DASH, GAP = 3 * DOTS_PER_MM, 3 * DOTS_PER_MM
THIN = 3
"""Dots: a cut line of a quarter of a millimetre."""


def paper_numbers(prefix: str, first: int, last: int) -> list[str]:
    """Return the numbers, both ends included.

    Raises:
        ValueError: There are none, or the last has more than three digits.
    """
    if not 1 <= first <= last <= NUMBER_MAX:
        raise ValueError(
            f"from {first} to {last}: paper numbers go from 1 to {NUMBER_MAX}, upwards"
        )
    return [f"{prefix}{number:03}" for number in range(first, last + 1)]


def sheet_pages(
    numbers: Sequence[str], *, hall: str, language: str, measure: Measure
) -> Iterator[Picture]:
    """Yield A4 pages with the numbers row by row, and lines to cut along."""
    width, height = (side * DOTS_PER_MM for side in PAGE_MM)
    for start in range(0, len(numbers), NUMBERS_PER_PAGE):
        ops: list[Op] = list(_cuts(width, height))
        for place, number in enumerate(numbers[start : start + NUMBERS_PER_PAGE]):
            row, column = divmod(place, COLUMNS)
            x, y = column * width // COLUMNS, row * height // ROWS
            ops += _paper(number, (x, y), hall=hall, language=language, measure=measure)
        yield Picture(width, height, tuple(ops))


def _cuts(width: int, height: int) -> Iterator[Bar]:
    """Yield dashed lines between the papers."""
    for column in range(1, COLUMNS):
        x = column * width // COLUMNS - THIN // 2
        yield from (Bar(x, y, THIN, DASH) for y in range(GAP // 2, height - DASH, DASH + GAP))
    for row in range(1, ROWS):
        y = row * height // ROWS - THIN // 2
        yield from (Bar(x, y, DASH, THIN) for x in range(GAP // 2, width - DASH, DASH + GAP))


def _paper(
    number: str, corner: tuple[int, int], *, hall: str, language: str, measure: Measure
) -> Iterator[Op]:
    """Yield one paper, whose top left corner is there."""
    room = PAGE_MM[0] * DOTS_PER_MM // COLUMNS - 2 * INSET
    left, top = corner[0] + INSET, corner[1] + INSET // 2

    def centred(text: str, at: int, cap: int) -> Text:
        while cap > 1 and measure(text, "bold", cap) > room:
            cap -= 1
        return Text(text, left + (room - measure(text, "bold", cap)) // 2, at, cap, "bold")

    yield centred(hall, top, NAME_CAP)
    top += 2 * NAME_CAP
    yield centred(number, top, NUMBER_CAP)
    top += NUMBER_CAP + HAND
    for phrase, share in ((phrases.SHEET_SERVICE, 2), (phrases.SHEET_TIME, 1)):
        # Something to write on, as wide as what is written there.
        label, part = f"{phrases.say(phrase, language)}:", room * share // 3
        yield Text(label, left, top, LINE_CAP, "regular")
        start = left + measure(label, "regular", LINE_CAP) + LINE_CAP // 2
        yield Bar(start, top + LINE_CAP + 6, left + part - LINE_CAP - start, THIN)
        left += part
    left = corner[0] + INSET
    yield centred(phrases.say(phrases.SHEET_KEEP, language), top + 3 * LINE_CAP, LINE_CAP)
