"""The slip as dots: golden pictures, and what must hold of every one of them.

`python -m tests.edge.test_draw` paints the golden pictures again; look at them before a commit.
"""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter

from edge.draw import draw_slip, measure, png_of, qr_modules
from edge.slip import Slip, note_lines, slip_ticket
from edge.slip_layout import DOTS, DOTS_PER_MM, EDGE, Text, slip_picture
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.edge.slips import CUT_OFF, ENGLISH, ONE, SLIPS, VISIT, ZONE

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

PICTURES = Path(__file__).parents[1] / "pictures"

GOLDEN: dict[str, tuple[Slip, int]] = {
    "slip80.png": (ONE, 80),
    "slip58.png": (VISIT, 58),
    "slip80-en.png": (ENGLISH, 80),
    "slip58-en.png": (CUT_OFF._replace(language="en", qr=ONE.qr), 58),
}

FUZZY_DOTS = 2
"""FreeType's versions put the edge of a letter here or there by so much."""


def strays(one: Image.Image, other: Image.Image) -> int:
    """Return how many dots one picture has black where the other has none near."""
    near = other.convert("L").filter(ImageFilter.MinFilter(2 * FUZZY_DOTS + 1))
    far = ImageChops.subtract(near, one.convert("L"))
    return sum(far.histogram()[128:])


@pytest.mark.parametrize("name", GOLDEN)
def test_a_slip_looks_as_it_did(name: str) -> None:
    """Dot for dot, but for the edges of letters."""
    slip, width = GOLDEN[name]
    now = draw_slip(slip, ZONE, width=width)
    with Image.open(PICTURES / name) as golden:
        assert now.size == golden.size
        assert (strays(now, golden), strays(golden, now)) == (0, 0)


def test_another_number_is_another_picture() -> None:
    """The comparison above can fail."""
    one = draw_slip(ONE, ZONE, width=80)
    ticket = ONE.tickets[0]._replace(number="A070")
    other = draw_slip(ONE._replace(tickets=(ticket,)), ZONE, width=80)

    assert one.size == other.size
    assert strays(one, other) > 100


@pytest.mark.parametrize("width", DOTS)
def test_every_number_stays_off_the_outer_dots(width: int) -> None:
    """Whichever letter it begins with and digit it ends with, as high as it may be."""
    reach = []
    for letter in "ABCDEFGHJKLMNPRTUVWXY":
        ticket = ONE.tickets[0]._replace(number=f"{letter}00{len(reach) % 10}")
        image = draw_slip(ONE._replace(tickets=(ticket,)), ZONE, width=width)
        ink = ImageChops.invert(image.convert("L")).getbbox()
        assert ink is not None
        reach.append((ink[0], image.width - ink[2]))

    assert min(min(sides) for sides in reach) >= EDGE


@pytest.mark.parametrize("width", DOTS)
@pytest.mark.parametrize("name", SLIPS)
def test_no_ink_is_in_the_outer_dots(name: str, width: int) -> None:
    """What a head can't reach is not printed; a mock once ran off the right edge."""
    image = draw_slip(SLIPS[name], ZONE, width=width)
    ink = ImageChops.invert(image.convert("L")).getbbox()

    assert image.mode == "1"
    assert ink is not None
    left, top, right, bottom = ink
    assert left >= EDGE <= top
    assert right <= DOTS[width] - EDGE
    assert bottom <= image.height - EDGE


def test_a_number_is_18_mm_high_on_80_mm_paper() -> None:
    """144 dots, in the font it is printed in; 16 mm with the widest letter."""
    widest = max("ABCDEFGHJKLMNPRTUVWXY", key=lambda char: measure(char, "bold", 148))
    ticket = ONE.tickets[0]._replace(number=f"{widest}000")
    slip = ONE._replace(tickets=(ticket,))
    picture = slip_picture(slip, ZONE, width=80, measure=measure, code=())
    (number,) = (op for op in picture.ops if getattr(op, "text", "") == ticket.number)

    assert getattr(number, "cap", 0) >= 130
    common = slip_picture(ONE, ZONE, width=80, measure=measure, code=())
    (a007,) = (op for op in common.ops if getattr(op, "text", "") == "A007")
    assert getattr(a007, "cap", 0) >= 144


ARM_M = 0.6
MM_PER_M = {20: 5.82, 16: 4.65}
"""Cap height by distance for so many minutes of arc (ISO 9241-3: 20 preferred, never below 16)."""


@pytest.mark.parametrize("width", DOTS)
@pytest.mark.parametrize("name", SLIPS)
def test_it_is_read_at_arms_length_without_glasses(name: str, width: int) -> None:
    """Number, agency, service, floor, who waits, the time; and what to know at the least size."""
    slip = SLIPS[name]
    picture = slip_picture(slip, ZONE, width=width, measure=measure, code=())
    lines = [op for op in picture.ops if isinstance(op, Text)]
    notes = " ".join(note_lines(slip)).split() + slip.hall.split()
    for line in lines:
        is_note = set(line.text.split()) <= set(notes)
        least_mm = ARM_M * MM_PER_M[16 if is_note else 20]
        assert line.cap / DOTS_PER_MM >= least_mm, line
    numbers = {ticket.number for ticket in slip.tickets}
    assert {line.text for line in lines} > numbers
    assert all(line.cap / DOTS_PER_MM >= 9 for line in lines if line.text in numbers)


@pytest.mark.parametrize("width", DOTS)
def test_every_service_of_a_hall_of_real_size_fits(width: int) -> None:
    """On 13 cm of wide and 16 cm of narrow paper, with the names its agencies really have."""
    file = load_hall(EXAMPLES / "tebing_tinggi.toml")
    setup = setup_of(file)
    heights = []
    for service, prefix in setup.series.items():
        for language in ("id", "en"):
            ticket = slip_ticket(setup, service, number=f"{prefix}888", language=language, ahead=88)
            slip = Slip(hall=setup.name, tickets=(ticket,), at_ms=ONE.at_ms, language=language)
            picture = slip_picture(slip, ZONE, width=width, measure=measure, code=())
            heights.append(picture.height)
            texts = [op for op in picture.ops if isinstance(op, Text)]
            assert all(op.x >= EDGE for op in texts)
            ends = [op.x + measure(op.text, op.face, op.cap) for op in texts]
            assert max(ends) <= picture.width - EDGE

    assert len(heights) == 2 * 121
    assert max(heights) < {80: 130, 58: 160}[width] * DOTS_PER_MM


def test_a_measure_is_the_width_that_is_painted() -> None:
    """Or a line would run off the paper."""
    assert measure("A007", "bold", 100) > 3 * measure("A", "bold", 100)
    assert measure("A007", "bold", 100) == pytest.approx(measure("A007", "bold", 50) * 2, abs=4)


def test_a_code_holds_what_it_was_given() -> None:
    """Square, with its three eyes, and another for another text."""
    code = qr_modules(ONE.qr)

    assert len(code) == len(code[0]) == 25
    assert code[0][:7] == code[0][-7:] == code[-7][:7] == (1,) * 7
    assert qr_modules(ONE.qr + "1") != code


def test_a_text_no_code_can_hold_is_refused() -> None:
    """By name, not by a picture that nobody can scan."""
    with pytest.raises(ValueError, match="too large"):
        qr_modules("x" * 5000)


def main() -> None:
    """Paint the golden pictures."""
    for name, (slip, width) in GOLDEN.items():
        (PICTURES / name).write_bytes(png_of(draw_slip(slip, ZONE, width=width)))


if __name__ == "__main__":
    main()
