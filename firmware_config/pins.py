"""The 40-pin header of a Raspberry Pi: which BCM numbers are free, and the models known. PURE."""

from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

Pin = Annotated[
    int,
    Meta(ge=2, le=27, description="a BCM number of the 40-pin header, 2 to 27", examples=[17]),
]
"""A BCM number (what gpiozero and pinout.xyz call GPIO17), never the place on the header."""

Chip = Annotated[
    str,
    Meta(
        pattern=r"^mcp23017-0x2[0-7]\Z",
        description="an MCP23017 by its I2C address, 0x20 to 0x27",
        examples=["mcp23017-0x20"],
    ),
]
"""A port expander: 16 more lines on two wires, for panels with many buttons or a long cable."""

LINES = 16

INTERRUPT = 4
"""The pin Linux' overlay takes for the chip's INTA when it isn't told one (`gpiopin`)."""


class ChipLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a port expander, wired as a pin of the header is.

    Attributes:
        line: 0 to 7 are its port A, 8 to 15 its port B.
    """

    chip: Chip
    line: Annotated[
        int, Meta(ge=0, le=LINES - 1, description="a line of the chip, 0 to 15", examples=[3])
    ]

    def __str__(self) -> str:
        """Return it as a person reads it."""
        return f"line {self.line} of {self.chip}"


Contact = Pin | ChipLine
"""Where a button or a lamp is wired."""


def address_of(chip: str) -> int:
    """Return a chip's I2C address."""
    return int(chip.rpartition("-")[2], 16)


class Model(NamedTuple):
    """A kind of Pi.

    Attributes:
        title: As printed on the box.
        chip: Label of its GPIO chip; its number changed between kernels, so it is found by label.
        draws_hall: Strong enough to run the hub and a board at once.
    """

    title: str
    chip: str
    draws_hall: bool


MODELS: dict[str, Model] = {
    "pi3": Model("Raspberry Pi 3 Model B or B+", "pinctrl-bcm2835", draws_hall=False),
    "zero2w": Model("Raspberry Pi Zero 2 W", "pinctrl-bcm2835", draws_hall=False),
    "pi4": Model("Raspberry Pi 4 Model B", "pinctrl-bcm2711", draws_hall=True),
    "pi400": Model("Raspberry Pi 400", "pinctrl-bcm2711", draws_hall=True),
    "pi5": Model("Raspberry Pi 5", "pinctrl-rp1", draws_hall=True),
    "pi500": Model("Raspberry Pi 500", "pinctrl-rp1", draws_hall=True),
}
"""All have the same 40-pin header. 32-bit-only models are left out: lgpio has no wheel for them."""

I2C = (2, 3)
UART = (14, 15)
SPI = (7, 8, 9, 10, 11)

EEPROM = (0, 1)
"""Read by the firmware at boot to identify a HAT: never ours, so the schema starts at 2."""

RESERVED: dict[int, str] = {
    **dict.fromkeys(I2C, "I2C, with fixed pull-ups of 1.8 kΩ (sensors, signs, clock)"),
    **dict.fromkeys(UART, "the serial port, which the Pi drives at boot"),
    **dict.fromkeys(SPI, "SPI, two of them driven as soon as it is switched on"),
}
"""Why a pin is refused unless the node says `allow_pins`."""

FREE = tuple(pin for pin in range(2, 28) if pin not in RESERVED)
"""The 17 pins for buttons and lamps."""
