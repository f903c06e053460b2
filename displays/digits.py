"""PURE: what four seven-segment digits above a counter show, and the bytes an HT16K33 takes for it.

The chip keeps 16 bytes of display memory; on the usual boards of four digits those are bytes 0, 2,
6 and 8, the colon is byte 4. Bits 0 to 6 are the segments a to g, bit 7 is the point. Registers
and commands: Holtek's data sheet, HT16K33 v1.10, "Command Summary".
"""

from typing import NamedTuple

from displays.board import PULSE_STEPS
from displays.sign import Panel

DIGITS = 4

OSCILLATOR_ON = b"\x21"
DISPLAY_ON = b"\x81"
BRIGHTEST = b"\xef"
SETUP = (OSCILLATOR_ON, DISPLAY_ON, BRIGHTEST)
"""One write each, after power-on; they change nothing when they come again."""

MEMORY = 0x00
PLACES = (0, 2, 6, 8)
POINT = 0x80

SEGMENTS = {
    " ": 0x00,
    "-": 0x40,
    "0": 0x3F,
    "1": 0x06,
    "2": 0x5B,
    "3": 0x4F,
    "4": 0x66,
    "5": 0x6D,
    "6": 0x7D,
    "7": 0x07,
    "8": 0x7F,
    "9": 0x6F,
    "A": 0x77,
    "B": 0x7C,  # b
    "C": 0x39,
    "D": 0x5E,  # d
    "E": 0x79,
    "F": 0x71,
    "G": 0x3D,
    "H": 0x76,
    "J": 0x1E,
    "L": 0x38,
    "N": 0x54,  # n
    "P": 0x73,
    "R": 0x50,  # r
    "T": 0x78,  # t
    "U": 0x3E,
    "Y": 0x6E,
}
"""`loket check` refuses a series that is not here (`SEVEN_SEGMENT` in `reach.py`)."""

WORDS = {"ready": "----", "paused": "JEDA", "closed": "    ", "unknown": "    "}
"""A counter without a number: ready; on a break ("jeda"); closed is dark."""


class Lit(NamedTuple):
    """What is lit: four characters, and the last digit's point when the sign is cut off."""

    text: str
    is_lost: bool = False


def lit_of(panel: Panel, *, is_lost: bool) -> Lit:
    """Return what a counter's digits show; a call's number goes dark in the dim half of a pulse."""
    if not panel.number:
        return Lit(WORDS[panel.state], is_lost)
    is_dark = panel.state == "called" and panel.pulse * 2 < PULSE_STEPS
    if is_dark:
        return Lit(" " * DIGITS, is_lost)
    # A kiosk's own numbers made without the hub have five glyphs (K1001): the last four say most.
    text = "".join(each if each in SEGMENTS else "-" for each in panel.number[-DIGITS:])
    return Lit(text, is_lost)


def memory_of(lit: Lit) -> bytes:
    """Return one write: the address of the memory, then its 16 bytes."""
    memory = bytearray(16)
    for place, character in zip(PLACES, lit.text.ljust(DIGITS), strict=True):
        memory[place] = SEGMENTS[character]
    if lit.is_lost:
        memory[PLACES[-1]] |= POINT
    return bytes((MEMORY, *memory))
