"""What a sensor is to its node: a port that is read now and then, and what it says. PURE.

The ports are in `i2c_bme280.py`, `i2c_sht4x.py` (chips on I2C) and `sensors_sysfs.py` (what Linux'
own drivers say); which one a sensor of the hall file gets is decided in `sensors_open.py`. What may
be believed of all this is judged in `sensors_gauge.py`.
"""

from collections.abc import Mapping
from typing import Protocol

Sample = Mapping[str, float]
"""What one reading of a sensor says, by kind: `temperature_c`, `humidity_pct`, `pressure_hpa`."""

TEMPERATURE, HUMIDITY, PRESSURE = "temperature_c", "humidity_pct", "pressure_hpa"


class SensorError(OSError):
    """A sensor can't be read now; the message says which, why, and what to look at."""


class SensorPort(Protocol):
    """One sensor, however it is reached."""

    name: str
    """Of the sensor in logs and figures: `bme280_76`."""

    kinds: tuple[str, ...]
    """What a sample of it has."""

    def read(self) -> Sample:
        """Measure now. It blocks for as long as the chip measures, at most about a second.

        Raises:
            SensorError: There is no value, or none that can be trusted.
        """
        ...


def names_of(ports: tuple[SensorPort, ...]) -> list[dict[str, str]]:
    """Return, for each sensor, under which kind each of its values is sent to the hub.

    The first sensor of a node that measures something has the plain kind; another one puts its name
    before it: `sht4x_44_temperature_c`.
    """
    taken: set[str] = set()
    names: list[dict[str, str]] = []
    for port in ports:
        own = {kind: f"{port.name}_{kind}" if kind in taken else kind for kind in port.kinds}
        taken |= own.keys()
        names.append(own)
    return names
