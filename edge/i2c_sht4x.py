"""An SHT40, SHT41 or SHT45 on I2C: temperature and humidity. PURE but for the port's transfers.

Commands, check sum and conversion are of Sensirion's data sheet for the SHT4x, §4.
"""

from collections.abc import Callable

from edge.i2c import Bus
from edge.sensors import HUMIDITY, TEMPERATURE, Sample, SensorError

MEASURE = 0xFD
"""With high repeatability, without the heater."""

MEASURES_S = 0.010
"""It takes 8.3 ms at most; asked earlier it does not acknowledge."""

ANSWER_BYTES = 6
"""Two bytes of temperature, their check sum; two of humidity, theirs."""

CRC_POLYNOMIAL, CRC_INIT = 0x31, 0xFF
TICKS_MAX = 65535


def crc8(content: bytes) -> int:
    """Return the check sum: x^8 + x^5 + x^4 + 1, from 0xFF, nothing reflected."""
    crc = CRC_INIT
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ CRC_POLYNOMIAL if crc & 0x80 else crc << 1) & 0xFF
    return crc


def converted(answer: bytes) -> dict[str, float]:
    """Return degrees Celsius and per cent.

    The formula gives a little less than 0 % and more than 100 % at the ends; the data sheet says to
    cut that off.

    Raises:
        SensorError: A check sum is not that of its value, or the answer is too short.
    """
    if len(answer) != ANSWER_BYTES:
        raise SensorError(f"an answer of {len(answer)} bytes, not {ANSWER_BYTES}")
    ticks = []
    for start in (0, 3):
        word, crc = answer[start : start + 2], answer[start + 2]
        if crc8(word) != crc:
            raise SensorError(f"a check sum is wrong ({answer.hex(' ')}): see wires and pull-ups")
        ticks.append(int.from_bytes(word, "big"))
    humidity = -6 + 125 * ticks[1] / TICKS_MAX
    return {
        TEMPERATURE: -45 + 175 * ticks[0] / TICKS_MAX,
        HUMIDITY: min(100.0, max(0.0, humidity)),
    }


class Sht4xPort:
    """One chip.

    Args:
        sleep: `time.sleep`, but for tests.
    """

    kinds: tuple[str, ...] = (TEMPERATURE, HUMIDITY)

    def __init__(self, *, bus: Bus, address: int, sleep: Callable[[float], None]) -> None:
        self.name = f"sht4x_{address:x}"
        self._bus = bus
        self._address = address
        self._sleep = sleep

    def read(self) -> Sample:
        """Measure once, some 10 ms.

        Raises:
            SensorError: It doesn't answer, or the answer is damaged.
        """
        try:
            self._bus.write(self._address, bytes((MEASURE,)))
            self._sleep(MEASURES_S)
            return converted(self._bus.read(self._address, ANSWER_BYTES))
        except SensorError as error:
            raise SensorError(f"{self.name}: {error}") from error
        except OSError as error:
            where = f"I2C address {self._address:#x}"
            raise SensorError(f"{self.name}: nothing answers at {where}: {error}") from error
