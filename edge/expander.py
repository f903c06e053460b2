"""The lines of a GPIO chip that is not the header's, as pins of gpiozero. A Pi's only: needs lgpio.

gpiozero's factory opens any chip by its number, but looks each pin up on the header, where pin 3 is
I2C. Here line 3 is line 3. Which lines are used twice is checked in the hall file
(`firmware_config.wiring`), so nothing is reserved.
"""

from typing import Any

import lgpio
from gpiozero import PinInvalidPin
from gpiozero.pins import PinInfo
from gpiozero.pins.lgpio import LGPIOFactory

from firmware_config.pins import LINES

Error = lgpio.error


class ExpanderFactory(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
    """The lines of `/dev/gpiochip<number>`, by their numbers."""

    def __init__(self, number: int) -> None:
        super().__init__(chip=number)
        # The header's factory keeps its pins in its class: pin 3 there is another.
        self.pins: dict[PinInfo, Any] = {}

    def pin(self, name: int) -> Any:  # noqa: ANN401 - gpiozero has no types
        """Return the pin of a line.

        Raises:
            PinInvalidPin: The chip has no such line.
        """
        if not 0 <= name < LINES:
            raise PinInvalidPin(f"{name} is no line of a port expander")
        info = PinInfo(
            number=name,
            name=f"GPIO{name}",  # how gpiozero's pin finds its number
            names=frozenset((name,)),
            pull="",
            row=name + 1,
            col=1,
            interfaces=frozenset(("gpio",)),
        )
        if info not in self.pins:
            self.pins[info] = self.pin_class(self, info)
        return self.pins[info]

    def reserve_pins(self, requester: object, *names: object) -> None:
        """Reserve nothing."""

    def release_pins(self, reserver: object, *names: object) -> None:
        """Release nothing."""

    def release_all(self, reserver: object) -> None:
        """Release nothing."""
