"""Buttons and lamps on pins: the only importer of gpiozero.

A button is a `DigitalInputDevice` with a pull-up and no bounce filter; closed to ground it is down.
`Button` isn't used: each starts a thread that wakes ten times a second to find out what is held
(`edge.press` knows that by itself). Edges come on a foreign thread, with a stamp.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import gpiozero
from gpiozero.pins.mock import MockFactory

PinsKind = Literal["auto", "mock"]

STALL_MAX_S = 5.0

OnEdge = Callable[[bool, float], None]
"""(down, at_s) on a foreign thread."""


class PinsMissingError(Exception):
    """This machine has no pins we can use; the message says how to go on."""


def stamp_s(ticks: float, now_s: float) -> float:
    """Return when an edge happened, on the clock of `now_s` (`time.monotonic()`, but for tests).

    lgpio gives the kernel's own stamp of the edge, in gpiozero's `ticks`, and the mock pins give
    theirs: both are of the monotonic clock, so a press is judged by what the finger did even when
    this process was busy for a while. A factory whose ticks are of another clock (some kernels
    stamp wall time) would be told by its distance; then it is the time at which we heard of it.
    """
    return ticks if 0.0 <= now_s - ticks <= STALL_MAX_S else now_s


class ButtonPin:
    """One button. `on_edge` may be set once."""

    def __init__(
        self,
        *,
        pin: int,
        factory: Any,  # noqa: ANN401 - gpiozero has no types
        mono_s: Callable[[], float],
    ) -> None:
        self._mono_s = mono_s
        self._device = gpiozero.DigitalInputDevice(
            pin, pull_up=True, bounce_time=None, pin_factory=factory
        )
        self._on_edge: OnEdge | None = None

    @property
    def is_down(self) -> bool:
        """Whether it is closed to ground now."""
        return bool(self._device.is_active)

    def on_edge(self, on_edge: OnEdge) -> None:
        """Call this at every change from now on, on a thread that isn't the caller's."""
        self._on_edge = on_edge
        # Past the device's own events: they hide the ticks and skip an edge that came too fast.
        self._device.pin.when_changed = self._changed

    def drive(self, *, down: bool) -> None:
        """Move a mock pin, as a finger would.

        Raises:
            TypeError: It is a real pin.
        """
        pin = self._device.pin
        if not isinstance(self._device.pin_factory, MockFactory):
            raise TypeError(f"pin {pin} is real: only a finger moves it")
        if down:
            pin.drive_low()
        else:
            pin.drive_high()

    def close(self) -> None:
        """Give the pin back."""
        self._on_edge = None
        self._device.close()

    def _changed(self, ticks: float, level: int) -> None:
        if self._on_edge is not None:
            self._on_edge(not level, stamp_s(ticks, self._mono_s()))


class LampPin:
    """One lamp, lit while its pin is high."""

    def __init__(self, *, pin: int, factory: Any) -> None:  # noqa: ANN401 - gpiozero has no types
        self._device = gpiozero.DigitalOutputDevice(pin, pin_factory=factory)

    @property
    def is_lit(self) -> bool:
        """Whether it is on now."""
        return bool(self._device.value)

    def light(self, *, on: bool) -> None:
        """Switch it."""
        self._device.value = on

    def close(self) -> None:
        """Give the pin back; the lamp goes out."""
        self._device.close()


class Devices:
    """The buttons and lamps of one node, by name. A context manager: it gives the pins back.

    Attributes:
        is_mock: The pins are gpiozero's mock ones; `ButtonPin.drive` presses them.
    """

    def __init__(
        self,
        *,
        factory: Any,  # noqa: ANN401 - gpiozero has no types
        buttons: Mapping[str, int],
        lamps: Mapping[str, int],
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_mock = isinstance(factory, MockFactory)
        self.buttons: dict[str, ButtonPin] = {}
        self.lamps: dict[str, LampPin] = {}
        self._factory = factory
        try:
            for name, pin in buttons.items():
                self.buttons[name] = ButtonPin(pin=pin, factory=factory, mono_s=mono_s)
            for name, pin in lamps.items():
                self.lamps[name] = LampPin(pin=pin, factory=factory)
        except gpiozero.GPIOZeroError as error:
            self.close()
            raise PinsMissingError(f"pin {pin} ({name}): {error}") from error

    def close(self) -> None:
        """Give every pin back."""
        for button in self.buttons.values():
            button.close()
        for lamp in self.lamps.values():
            lamp.close()
        self._factory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_factory(kind: PinsKind, folder: Path) -> Any:  # noqa: ANN401 - gpiozero has no types
    """Return the pins of this machine, or mock ones when asked for. Never mock ones by default.

    gpiozero's own choice is not used: it tries one library after another and ends with one that
    polls registers in Python.

    Args:
        kind: `auto` = the pins of this machine.
        folder: lgpio makes a named pipe in the working directory when it is imported, and fails
            where it may not; told this folder, it changes the whole process into it.

    Raises:
        PinsMissingError: No lgpio, or no GPIO chip it may open.
    """
    if kind == "mock":
        return MockFactory()
    os.environ.setdefault("LG_WD", str(folder))
    try:
        from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - only a Pi has lgpio
    except (ImportError, OSError) as error:
        raise PinsMissingError(f"no GPIO here ({error}); to try without: --pins mock") from error
    import lgpio  # noqa: PLC0415 - only a Pi has lgpio

    try:
        return LGPIOFactory()
    except (lgpio.error, gpiozero.GPIOZeroError, OSError) as error:
        raise PinsMissingError(f"no GPIO here ({error}); to try without: --pins mock") from error
