"""A BME280 on I2C: temperature, humidity and pressure. PURE but for the port's transfers.

Registers, limits and formulas are of Bosch's data sheet BST-BME280-DS002 (the double precision ones
of its appendix A). It measures only when asked (forced mode): a chip that measures all the time
warms itself by up to half a degree.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from edge.i2c import Bus
from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE, Sample, SensorError

CHIP_ID, BME280_ID, BMP280_IDS = 0xD0, 0x60, (0x56, 0x57, 0x58)
CALIBRATION_LOW, CALIBRATION_LOW_BYTES = 0x88, 26
CALIBRATION_HIGH, CALIBRATION_HIGH_BYTES = 0xE1, 7
CONTROL_HUMIDITY, STATUS, CONTROL, CONFIG, MEASURED = 0xF2, 0xF3, 0xF4, 0xF5, 0xF7
MEASURED_BYTES = 8

ONCE = 0b001
"""Oversampling x1: what the data sheet advises for weather."""

FORCED = 0b01
MEASURING = 0b1000
"""The bit of `STATUS` that is set while it measures."""

MEASURES_S = 0.0093
"""The longest it takes with x1 of all three (appendix B)."""

POLLS_MAX = 10
POLL_S = 0.002

SKIPPED, SKIPPED_HUMIDITY = 0x80000, 0x8000
"""What stands in the registers of a value that was not measured since power came."""


class Calibration(NamedTuple):
    """What each chip is born with, named as in the data sheet (`dig_T1` ...)."""

    t1: int
    t2: int
    t3: int
    p1: int
    p2: int
    p3: int
    p4: int
    p5: int
    p6: int
    p7: int
    p8: int
    p9: int
    h1: int
    h2: int
    h3: int
    h4: int
    h5: int
    h6: int


class Raw(NamedTuple):
    """What the converter gave: 20 bits of pressure and temperature, 16 of humidity."""

    pressure: int
    temperature: int
    humidity: int


def calibration_of(low: bytes, high: bytes) -> Calibration:
    """Return the calibration.

    Args:
        low: Registers 0x88 to 0xA1.
        high: Registers 0xE1 to 0xE7.

    Raises:
        SensorError: No chip has such one: the bus reads as all ones or all zeros.
    """
    if len(set(low)) == 1:
        raise SensorError(f"its calibration reads as {low[0]:#04x} throughout: see the wiring")
    *temperature_and_pressure, _, h1 = struct.unpack("<HhhHhhhhhhhhBB", low)
    h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", high)
    # H4 and H5 are 12 bits with a sign each, and share the byte at 0xE5.
    h4 = e4 * 16 | e5 & 0x0F
    h5 = e6 * 16 | e5 >> 4
    return Calibration._make((*temperature_and_pressure, h1, h2, h3, h4, h5, h6))


def raw_of(measured: bytes) -> Raw:
    """Return what registers 0xF7 to 0xFE say.

    Raises:
        SensorError: Something was not measured: the chip has lost its power meanwhile.
    """
    p2, p1, p0, t2, t1, t0, h1, h0 = measured
    raw = Raw(p2 << 12 | p1 << 4 | p0 >> 4, t2 << 12 | t1 << 4 | t0 >> 4, h1 << 8 | h0)
    if SKIPPED in {raw.pressure, raw.temperature} or raw.humidity == SKIPPED_HUMIDITY:
        raise SensorError("it was switched off and on while it measured: see its supply")
    return raw


def compensated(raw: Raw, by: Calibration) -> dict[str, float]:
    """Return degrees Celsius, per cent and hectopascal."""
    fine = _fine(raw.temperature, by)
    return {
        TEMPERATURE: fine / 5120,
        HUMIDITY: _humidity_pct(raw.humidity, fine, by),
        PRESSURE: _pressure_pa(raw.pressure, fine, by) / 100,
    }


def _fine(raw: int, by: Calibration) -> float:
    """Return the data sheet's `t_fine`: 5120 of it are one degree."""
    linear = (raw / 16384 - by.t1 / 1024) * by.t2
    return linear + (raw / 131072 - by.t1 / 8192) ** 2 * by.t3


def _pressure_pa(raw: int, fine: float, by: Calibration) -> float:
    var1 = fine / 2 - 64000
    var2 = var1 * var1 * by.p6 / 32768
    var2 += var1 * by.p5 * 2
    var2 = var2 / 4 + by.p4 * 65536
    var1 = (by.p3 * var1 * var1 / 524288 + by.p2 * var1) / 524288
    var1 = (1 + var1 / 32768) * by.p1
    if var1 == 0:
        raise SensorError("its calibration divides by zero: the chip is broken")
    pressure = (1048576 - raw - var2 / 4096) * 6250 / var1
    var1 = by.p9 * pressure * pressure / 2147483648
    var2 = pressure * by.p8 / 32768
    return pressure + (var1 + var2 + by.p7) / 16


def _humidity_pct(raw: int, fine: float, by: Calibration) -> float:
    warm = fine - 76800
    slope = by.h2 / 65536 * (1 + by.h6 / 67108864 * warm * (1 + by.h3 / 67108864 * warm))
    humidity = (raw - (by.h4 * 64 + by.h5 / 16384 * warm)) * slope
    humidity *= 1 - by.h1 * humidity / 524288
    return min(100.0, max(0.0, humidity))


class Bme280Port:
    """One chip. After a fault it is set up anew: it may have been exchanged.

    Args:
        sleep: `time.sleep`, but for tests.
    """

    kinds: tuple[str, ...] = (TEMPERATURE, HUMIDITY, PRESSURE)

    def __init__(self, *, bus: Bus, address: int, sleep: Callable[[float], None]) -> None:
        self.name = f"bme280_{address:x}"
        self._bus = bus
        self._address = address
        self._sleep = sleep
        self._calibration: Calibration | None = None

    def read(self) -> Sample:
        """Measure once, some 12 ms.

        Raises:
            SensorError: It doesn't answer, is none, or has not measured.
        """
        try:
            return self._measured()
        except OSError as error:
            self._calibration = None
            if isinstance(error, SensorError):
                raise SensorError(f"{self.name}: {error}") from error
            where = f"I2C address {self._address:#x}"
            raise SensorError(f"{self.name}: nothing answers at {where}: {error}") from error

    def _measured(self) -> Sample:
        by = self._calibration = self._calibration or self._born()
        # 0xF2 takes effect with the next write of 0xF4 only, so it comes first.
        self._bus.write(self._address, bytes((CONTROL_HUMIDITY, ONCE)))
        self._bus.write(self._address, bytes((CONFIG, 0)))
        self._bus.write(self._address, bytes((CONTROL, ONCE << 5 | ONCE << 2 | FORCED)))
        self._sleep(MEASURES_S)
        for _ in range(POLLS_MAX):
            if not self._bus.read_from(self._address, STATUS, 1)[0] & MEASURING:
                break
            self._sleep(POLL_S)
        else:
            raise SensorError("it measures without end: see its supply")
        raw = raw_of(self._bus.read_from(self._address, MEASURED, MEASURED_BYTES))
        return compensated(raw, by)

    def _born(self) -> Calibration:
        (chip,) = self._bus.read_from(self._address, CHIP_ID, 1)
        if chip in BMP280_IDS:
            raise SensorError("the chip there is a BMP280, which has no humidity")
        if chip != BME280_ID:
            raise SensorError(f"the chip there says it is {chip:#04x}, and a BME280 is 0x60")
        return calibration_of(
            self._bus.read_from(self._address, CALIBRATION_LOW, CALIBRATION_LOW_BYTES),
            self._bus.read_from(self._address, CALIBRATION_HIGH, CALIBRATION_HIGH_BYTES),
        )
