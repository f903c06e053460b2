"""The bytes of four digits, as recorded from the chip's data sheet, and what they say when."""

import pytest

from displays.digits import SEGMENTS, SETUP, Lit, lit_of, memory_of
from displays.sign import Panel
from firmware_config.reach import SEVEN_SEGMENT

# The write as it stands on the bus, after the address: register 0, then the memory.
DUMPS = [
    (Lit("A007"), "00 7700 3f00 0000 3f00 0700 0000 0000 0000"),
    (Lit("B118"), "00 7c00 0600 0000 0600 7f00 0000 0000 0000"),
    (Lit("JEDA"), "00 1e00 7900 0000 5e00 7700 0000 0000 0000"),
    (Lit("----"), "00 4000 4000 0000 4000 4000 0000 0000 0000"),
    (Lit("    "), "00 0000 0000 0000 0000 0000 0000 0000 0000"),
    (Lit("A007", is_lost=True), "00 7700 3f00 0000 3f00 8700 0000 0000 0000"),
    (Lit("    ", is_lost=True), "00 0000 0000 0000 0000 8000 0000 0000 0000"),
]


@pytest.mark.parametrize(("lit", "dump"), DUMPS, ids=[repr(row[0].text) for row in DUMPS])
def test_what_is_lit_is_these_bytes(lit: Lit, dump: str) -> None:
    """17 of them in one transfer."""
    assert memory_of(lit) == bytes.fromhex(dump)


def test_the_chip_is_set_up_in_three_writes() -> None:
    """Oscillator on, display on without blinking, full brightness."""
    assert SETUP == (b"\x21", b"\x81", b"\xef")


def test_every_series_loket_check_lets_through_can_be_drawn() -> None:
    """And no two characters look alike but those that always do."""
    assert set(SEGMENTS) >= SEVEN_SEGMENT | set("0123456789")
    shapes = [SEGMENTS[character] for character in SEVEN_SEGMENT]
    assert len(shapes) == len(set(shapes))


@pytest.mark.parametrize(
    ("panel", "text"),
    [
        (Panel(3, "called", "A007"), "A007"),
        (Panel(3, "called", "A007", pulse=5), "A007"),
        (Panel(3, "called", "A007", pulse=4), "    "),
        (Panel(3, "serving", "A007", pulse=0), "A007"),
        (Panel(3, "called", "K1001"), "1001"),
        (Panel(3, "called", "WB118"), "B118"),
        (Panel(3, "called", "M118"), "-118"),
        (Panel(3, "ready"), "----"),
        (Panel(3, "paused"), "JEDA"),
        (Panel(3, "closed"), "    "),
        (Panel(3, "unknown"), "    "),
    ],
)
def test_a_counters_state_is_four_characters(panel: Panel, text: str) -> None:
    """A call blinks with the hall's three pulses; the point says that the sign is cut off."""
    assert lit_of(panel, is_lost=False) == Lit(text)
    assert lit_of(panel, is_lost=True) == Lit(text, is_lost=True)
