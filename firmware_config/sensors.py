"""The sensors of a hall file's `[[node]]`: one struct a kind. PURE."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from firmware_config.pins import Pin


class Bme280(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bme280"
):
    """Temperature, humidity and pressure, on I2C."""

    address: Literal[0x76, 0x77] = 0x76


class Sht4x(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sht4x"
):
    """Temperature and humidity, on I2C."""

    address: Literal[0x44, 0x45, 0x46] = 0x44


class Ds18b20(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="ds18b20"
):
    """Temperature, on 1-Wire."""

    pin: Pin = 4


class Door(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="door"
):
    """Counts people by two light beams; the first to break tells in from out.

    Attributes:
        beams: The one on the street side first.
    """

    beams: Annotated[
        tuple[Pin, ...],
        Meta(min_length=2, max_length=2, description="two pins", examples=[[23, 24]]),
    ]


Sensor = Bme280 | Sht4x | Ds18b20 | Door
