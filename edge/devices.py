"""Buttons and lamps on pins: the only importer of gpiozero.

A button is a `DigitalInputDevice` with a pull-up and no bounce filter; closed to ground it is down.
`Button` isn't used: each starts a thread that wakes ten times a second to find out what is held
(`edge.press` knows that by itself). Edges come on a foreign thread, with a stamp.
"""

import importlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import gpiozero
from gpiozero.pins.mock import MockFactory

from firmware_config.pins import INTERRUPT, ChipLine, Contact, address_of

PinsKind = Literal["auto", "mock"]

SYS = Path("/sys")

BUS = 1
"""Of I2C on a Pi's header."""

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

    Args:
        factory: Of the pins of the header.
        buttons, lamps: Where each is wired: a pin, or a line of a port expander.
        open_chip: Returns the pins of a port expander; mock ones beside mock pins.

    Attributes:
        is_mock: The pins are gpiozero's mock ones; `ButtonPin.drive` presses them.
    """

    def __init__(
        self,
        *,
        factory: Any,  # noqa: ANN401 - gpiozero has no types
        buttons: Mapping[str, Contact],
        lamps: Mapping[str, Contact],
        mono_s: Callable[[], float] = time.monotonic,
        open_chip: Callable[[str], Any] | None = None,
    ) -> None:
        self.is_mock = isinstance(factory, MockFactory)
        self.buttons: dict[str, ButtonPin] = {}
        self.lamps: dict[str, LampPin] = {}
        self._factory = factory
        self._chips: dict[str, Any] = {}
        self._open_chip = open_chip or (mock_chip if self.is_mock else expander)
        contact: Contact | None = None
        try:
            for name, contact in buttons.items():
                pin, at = self._wired(contact)
                self.buttons[name] = ButtonPin(pin=pin, factory=at, mono_s=mono_s)
            for name, contact in lamps.items():
                pin, at = self._wired(contact)
                self.lamps[name] = LampPin(pin=pin, factory=at)
        except gpiozero.GPIOZeroError as error:
            self.close()
            where = contact if isinstance(contact, ChipLine) else f"pin {contact}"
            raise PinsMissingError(f"{where} ({name}): {error}") from error
        except PinsMissingError:
            self.close()
            raise

    def _wired(self, contact: Contact) -> tuple[int, Any]:
        """Return the pin, or the line, and the factory that has it."""
        if not isinstance(contact, ChipLine):
            return contact, self._factory
        if contact.chip not in self._chips:
            self._chips[contact.chip] = self._open_chip(contact.chip)
        return contact.line, self._chips[contact.chip]

    def close(self) -> None:
        """Give every pin back."""
        for button in self.buttons.values():
            button.close()
        for lamp in self.lamps.values():
            lamp.close()
        for chip in self._chips.values():
            chip.close()
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


def mock_chip(chip: str) -> Any:  # noqa: ANN401 - gpiozero has no types
    """Return mock lines of a port expander: pins of their own, moved as those of the header are."""
    del chip
    return MockFactory()


def expander(chip: str, *, sys: Path = SYS) -> Any:  # noqa: ANN401 - gpiozero has no types
    """Return the lines of a port expander, which Linux' driver shows as a GPIO chip of its own.

    Raises:
        PinsMissingError: Linux has no driver for it, or it may not be opened.
    """
    number = chip_number(chip, sys=sys)
    lines = importlib.import_module("edge.expander")  # it is made of gpiozero's factory for lgpio
    try:
        return lines.ExpanderFactory(number)
    except (lines.Error, gpiozero.GPIOZeroError, OSError) as error:
        raise PinsMissingError(f"{chip}: /dev/gpiochip{number}: {error}") from error


def chip_number(chip: str, *, sys: Path = SYS) -> int:
    """Return the number of the GPIO chip Linux has made of a port expander.

    Numbers change with each start; the chip is found by the place of its I2C address.

    Raises:
        PinsMissingError: There is none.
    """
    place = f"{BUS}-{address_of(chip):04x}"
    for found in sorted((sys / "bus" / "gpio" / "devices").glob("gpiochip*")):
        if place in found.resolve().parts:
            return int(found.name.removeprefix("gpiochip"))
    overlay = f"dtoverlay=mcp23017,addr={address_of(chip):#x},gpiopin={INTERRUPT}"
    raise PinsMissingError(f"{chip}: Linux has no such chip: see its wires, and {overlay}")


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
