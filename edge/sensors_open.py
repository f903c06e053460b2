"""From the hall file's sensors to ports: Linux' own driver where it has the chip, else the bus."""

import time
from collections.abc import Callable
from pathlib import Path

from edge.i2c import Bus, I2cBus
from edge.i2c_bme280 import Bme280Port
from edge.i2c_sht4x import Sht4xPort
from edge.sensors import SensorPort
from edge.sensors_sysfs import SYS, FilesPort, W1Port, driven
from firmware_config.sensors import Bme280, Door, Ds18b20, Sensor, Sht4x


def ports_of(
    sensors: tuple[Sensor, ...],
    *,
    bus: Bus | None = None,
    sys: Path = SYS,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[SensorPort, ...]:
    """Return the port of each sensor that is read, in the hall file's order; doors have none.

    Nothing is opened before the first reading.

    Args:
        bus: The Pi's own without it.
    """
    bus = bus or I2cBus()
    return tuple(
        _port_of(sensor, bus, sys, sleep) for sensor in sensors if not isinstance(sensor, Door)
    )


def _port_of(
    sensor: Bme280 | Sht4x | Ds18b20, bus: Bus, sys: Path, sleep: Callable[[float], None]
) -> SensorPort:
    if isinstance(sensor, Ds18b20):
        return W1Port(sys=sys)
    port: SensorPort
    if isinstance(sensor, Bme280):
        port = Bme280Port(bus=bus, address=sensor.address, sleep=sleep)
    else:
        port = Sht4xPort(bus=bus, address=sensor.address, sleep=sleep)
    folder = driven(sensor.address, sys=sys)
    return port if folder is None else FilesPort(name=port.name, folder=folder, kinds=port.kinds)
