"""Two pins as the lines of a TM1637, through gpiozero on lgpio: nothing else drives a Pi's pins."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import gpiozero


class PinLines:
    """Open drain on pins that have none: low is driven, high is an input with its pull-up.

    Args:
        clk, dio: BCM numbers.
        factory: gpiozero's; it has no types.
    """

    def __init__(self, *, clk: int, dio: int, factory: Any) -> None:  # noqa: ANN401 - as above
        self._devices = [
            gpiozero.InputDevice(pin, pull_up=True, pin_factory=factory) for pin in (clk, dio)
        ]

    def clock(self, *, is_high: bool) -> None:
        """Pull the clock down, or let it go."""
        _drive(self._devices[0].pin, is_high=is_high)

    def data(self, *, is_high: bool) -> None:
        """Pull the data line down, or let it go."""
        _drive(self._devices[1].pin, is_high=is_high)

    def is_data_high(self) -> bool:
        """Return whether the data line, let go, is high."""
        return bool(self._devices[1].pin.state)

    def __enter__(self) -> Self:
        """The pins are taken already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the pins back."""
        for device in self._devices:
            device.close()


def open_lines(*, clk: int, dio: int, folder: Path) -> PinLines:
    """Return the lines on this machine's own pins.

    Args:
        folder: lgpio makes a named pipe in the working directory when it is imported.

    Raises:
        OSError: There are no pins here, or others have taken them.
    """
    os.environ.setdefault("LG_WD", str(folder))
    try:
        from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - only a Pi has lgpio

        return PinLines(clk=clk, dio=dio, factory=LGPIOFactory())
    except (ImportError, gpiozero.GPIOZeroError) as error:
        raise OSError(f"no GPIO here ({error})") from error


def _drive(pin: Any, *, is_high: bool) -> None:  # noqa: ANN401 - gpiozero has no types
    if is_high:
        pin.input_with_pull("up")
    else:
        pin.output_with_state(0)
