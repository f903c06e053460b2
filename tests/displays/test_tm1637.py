"""What reaches a TM1637's two lines, as its data sheet draws it, and what comes of no answer."""

import pytest
from gpiozero.pins.mock import MockFactory

from displays.digit_lines import PinLines
from displays.digit_screen import DigitScreen
from displays.digits import Lit
from displays.tm1637 import Tm1637, segments_of


class Chip:
    """A TM1637 at the end of two lines: keeps their wave, and acknowledges each byte.

    It reads them as the data sheet says: data is taken when the clock rises, a data edge while the
    clock is high is start or stop, and after eight bits the chip itself holds the data line low.
    """

    def __init__(self, *, is_there: bool = True) -> None:
        self.wave = ""
        """A letter a change: C, c = clock up, down; D, d = data up, down."""
        self.transfers: list[list[int]] = []
        self._is_there = is_there
        self._clock = self._data = True
        self._bits: list[bool] = []

    def clock(self, *, is_high: bool) -> None:
        """Move the clock."""
        if is_high != self._clock:
            self._clock = is_high
            self.wave += "C" if is_high else "c"
            if is_high:
                self._rose()

    def data(self, *, is_high: bool) -> None:
        """Move the data line."""
        if is_high == self._data:
            return
        self._data = is_high
        self.wave += "D" if is_high else "d"
        if self._clock and not is_high:
            self.transfers.append([])
            self._bits = []

    def is_data_high(self) -> bool:
        """Low while the chip acknowledges."""
        assert self._data, "the line was not let go"
        return not (self._is_there and len(self._bits) == 9)

    def _rose(self) -> None:
        self._bits = [*self._bits, self._data] if len(self._bits) < 9 else [self._data]
        if len(self._bits) == 8:
            value = sum(bit << place for place, bit in enumerate(self._bits))
            self.transfers[-1].append(value)


WAVE = (
    "d"  # start
    "cCcCcCcCcCcCcDCcdC"  # 0x40, lowest bit first
    "cDC"  # let go for the chip's answer
    "cdCD"  # stop
)
"""The first transfer as it was recorded; checked by hand against the data sheet's drawing."""


def test_a_number_is_three_transfers() -> None:
    """Data command, address with the four digits, display on."""
    chip = Chip()
    Tm1637(chip).light(Lit("A007"))

    # What follows the last byte of a transfer is the clock of its stop, no byte.
    assert chip.transfers == [[0x40], [0xC0, 0x77, 0x3F, 0x3F, 0x07], [0x8F]]
    assert chip.wave.startswith(WAVE)


def test_both_lines_are_let_go_at_the_end() -> None:
    """Idle is high: the next start is a falling edge."""
    chip = Chip()
    Tm1637(chip).light(Lit("----"))

    assert chip.wave.endswith("cdCD")
    assert chip.wave.count("C") == chip.wave.count("c")
    assert chip.wave.count("D") == chip.wave.count("d")


@pytest.mark.parametrize(
    ("lit", "content"),
    [
        (Lit("JEDA"), [0x1E, 0x79, 0x5E, 0x77]),
        (Lit("    "), [0, 0, 0, 0]),
        (Lit("A007", is_lost=True), [0x77, 0xBF, 0x3F, 0x87]),
    ],
)
def test_segments_are_those_of_the_other_chip(lit: Lit, content: list[int]) -> None:
    """Cut off: the colon and the last point, whichever the module has."""
    assert segments_of(lit) == content


def test_a_chip_that_is_not_there_is_said_and_tried_again() -> None:
    """As on I2C: counted, and lit when it comes."""
    chip = Chip(is_there=False)
    screen = DigitScreen(Tm1637(chip))

    assert not screen.show(Lit("A007"), now_s=0.0)
    assert screen.faults == 1
    assert chip.wave.endswith("cdCD")
    screen = DigitScreen(Tm1637(Chip()))
    assert screen.show(Lit("A007"), now_s=9.0)
    assert (screen.frames, screen.faults) == (1, 0)


def test_a_line_is_driven_low_and_let_go_high() -> None:
    """Never driven high: the chip may be holding it low."""
    factory = MockFactory()
    with PinLines(clk=23, dio=24, factory=factory) as lines:
        clk, dio = factory.pin("GPIO23"), factory.pin("GPIO24")
        lines.clock(is_high=False)
        lines.data(is_high=False)
        assert (clk.function, clk.state, dio.function, dio.state) == ("output", 0, "output", 0)
        lines.clock(is_high=True)
        lines.data(is_high=True)
        assert (clk.function, clk.pull, dio.function, dio.pull) == ("input", "up", "input", "up")
        assert lines.is_data_high()
        dio.drive_low()
        assert not lines.is_data_high()
        dio.drive_high()
