"""Sensors that Linux' own drivers read, as files under /sys: IIO, hwmon and 1-Wire.

A chip that an overlay of config.txt has given to a driver can't be spoken to from here (the bus
answers "busy"); then its files are read instead. Units are those of Linux' ABI: IIO and hwmon have
thousandths of a degree and of a per cent, IIO's pressure is in kilopascal.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from edge.i2c import BUS
from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE, Sample, SensorError

SYS = Path("/sys")

W1_FAMILY = "28"
"""The family code of a DS18B20."""

POWER_ON_C = 85.0
"""What a DS18B20 says before it has measured: its power was too weak, or came just now."""


class File(NamedTuple):
    """One value of a driver: the file, and what its number is to be multiplied with."""

    name: str
    scale: float


IIO_FILES: Mapping[str, File] = {
    TEMPERATURE: File("in_temp_input", 0.001),
    HUMIDITY: File("in_humidityrelative_input", 0.001),
    PRESSURE: File("in_pressure_input", 10.0),
}
HWMON_FILES: Mapping[str, File] = {
    TEMPERATURE: File("temp1_input", 0.001),
    HUMIDITY: File("humidity1_input", 0.001),
}


def driven(address: int, *, bus: int = BUS, sys: Path = SYS) -> Path | None:
    """Return the folder of a chip that a driver of Linux has, None when none has it."""
    folder = sys / "bus" / "i2c" / "devices" / f"{bus}-{address:04x}"
    return folder if (folder / "driver").exists() else None


class FilesPort:
    """A chip that Linux reads: IIO (`iio:device0` below its folder) or hwmon (`hwmon/hwmon2`)."""

    def __init__(self, *, name: str, folder: Path, kinds: tuple[str, ...]) -> None:
        self.name = name
        self.kinds = kinds
        self._folder = folder

    def read(self) -> Sample:
        """Read each file once; reading makes the driver measure.

        Raises:
            SensorError: The driver shows no such files, or they say nothing.
        """
        below, files = self._files()
        return {
            kind: self._value(below / files[kind].name, files[kind].scale) for kind in self.kinds
        }

    def _files(self) -> tuple[Path, Mapping[str, File]]:
        # The numbers change with each start, and with each time the driver is bound.
        for pattern, files in (("iio:device*", IIO_FILES), ("hwmon/hwmon*", HWMON_FILES)):
            for below in sorted(self._folder.glob(pattern)):
                if all(kind in files for kind in self.kinds):
                    return below, files
        wanted = " and ".join(self.kinds)
        raise SensorError(f"{self.name}: its driver in {self._folder} shows no {wanted}")

    def _value(self, path: Path, scale: float) -> float:
        try:
            return _number(path.read_text(encoding="ascii")) * scale
        except (OSError, ValueError) as error:
            raise SensorError(f"{self.name}: {path}: {error}") from error


def _number(text: str) -> float:
    number = float(text.split(maxsplit=1)[0]) if text.strip() else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number")
    return number


def w1_celsius(text: str) -> float:
    """Return what a `w1_slave` file says, degrees Celsius.

    Raises:
        SensorError: Its check sum is wrong, it has not measured, or it says something else.
    """
    first, _, second = text.strip().partition("\n")
    if not first.endswith("YES"):
        raise SensorError("its check sum is wrong: see cable and pull-up (4.7 kΩ)")
    _, equals, thousandths = second.rpartition("t=")
    if not equals or not thousandths.lstrip("-").isdecimal():
        raise SensorError(f"{text!r} has no temperature")
    celsius = int(thousandths) / 1000
    if celsius == POWER_ON_C:
        raise SensorError("it says 85 °C, as before it has measured: see its supply")
    return celsius


class W1Port:
    """The DS18B20 on the 1-Wire pin; with several, the one whose number is the lowest.

    Reading takes 0.75 s: the chip measures meanwhile.
    """

    kinds: tuple[str, ...] = (TEMPERATURE,)

    def __init__(self, *, sys: Path = SYS) -> None:
        self.name = "ds18b20"
        self._devices = sys / "bus" / "w1" / "devices"

    def read(self) -> Sample:
        """Measure once.

        Raises:
            SensorError: There is none, or its value can't be trusted.
        """
        found = sorted(self._devices.glob(f"{W1_FAMILY}-*"))
        if not found:
            mend = "dtoverlay=w1-gpio in config.txt, and the wires"
            raise SensorError(f"{self.name}: none in {self._devices}: see {mend}")
        try:
            return {TEMPERATURE: w1_celsius((found[0] / "w1_slave").read_text(encoding="ascii"))}
        except SensorError as error:
            raise SensorError(f"{self.name}: {error}") from error
        except (OSError, ValueError) as error:
            raise SensorError(f"{self.name}: {found[0].name}: {error}") from error
