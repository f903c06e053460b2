"""Four digits on two lines: what a TM1637 is told, bit by bit. Who moves the lines is a port.

The chip's bus looks like I2C and is none: no address, the lowest bit first. Commands and timing:
Titan Micro's data sheet, TM1637 V2.4, "Interface interpretation". Both lines are open drain: high
is let go, and the module's resistors pull it up.
"""

from typing import Protocol

from displays.digits import DIGITS, POINT, SEGMENTS, Lit

WRITE_ON = 0x40
"""Data follows, from address to address."""
FIRST_DIGIT = 0xC0
BRIGHTEST = 0x8F
"""Display on, 14/16 of the time."""

COLON_PLACE = 1
"""Modules with a colon have it at the second digit's point; those with points at each digit's."""


class Lines(Protocol):
    """The clock and the data line; a call takes at least a microsecond."""

    def clock(self, *, is_high: bool) -> None:
        """Pull the clock down, or let it go."""
        ...

    def data(self, *, is_high: bool) -> None:
        """Pull the data line down, or let it go."""
        ...

    def is_data_high(self) -> bool:
        """Return whether the data line, let go, is high."""
        ...


class Tm1637:
    """The chip at these lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def light(self, lit: Lit) -> None:
        """Show it.

        Raises:
            OSError: No chip answers there.
        """
        self._send(WRITE_ON)
        self._send(FIRST_DIGIT, *segments_of(lit))
        self._send(BRIGHTEST)

    def _send(self, *content: int) -> None:
        self._lines.data(is_high=False)  # while the clock is high: start
        try:
            for byte in content:
                self._byte(byte)
        finally:
            self._lines.clock(is_high=False)
            self._lines.data(is_high=False)
            self._lines.clock(is_high=True)
            self._lines.data(is_high=True)  # while the clock is high: stop

    def _byte(self, byte: int) -> None:
        for place in range(8):
            self._lines.clock(is_high=False)
            self._lines.data(is_high=bool(byte >> place & 1))
            self._lines.clock(is_high=True)
        self._lines.clock(is_high=False)
        self._lines.data(is_high=True)
        self._lines.clock(is_high=True)
        if self._lines.is_data_high():
            raise OSError("no TM1637 answers: look at its clk, dio, 3.3 V and ground")


def segments_of(lit: Lit) -> list[int]:
    """Return the four bytes of what is lit, from the left."""
    found = [SEGMENTS[character] for character in lit.text.ljust(DIGITS)]
    if lit.is_lost:
        for place in (COLON_PLACE, DIGITS - 1):
            found[place] |= POINT
    return found
