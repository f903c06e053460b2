"""An SHT4x against published vectors, and on a fake bus."""

import pytest

from edge.i2c_sht4x import Sht4xPort, converted, crc8
from edge.sensors import HUMIDITY, TEMPERATURE, SensorError
from tests.fakes_i2c import FakeBus, FakeSht4x

# Answers with what they mean, from the tests of a public ESP-IDF driver (test_sht4x.c).
TWENTY_FORTY = bytes.fromhex("5f 16 1a 5e 35 3b")
OVER = bytes.fromhex("5f 16 1a d9 16 63")
UNDER = bytes.fromhex("5f 16 1a 0c 49 80")


def test_the_data_sheets_check_sum() -> None:
    """§4.4: 0xBEEF has 0x92."""
    assert crc8(b"\xbe\xef") == 0x92


@pytest.mark.parametrize(
    ("answer", "temperature_c", "humidity_pct"),
    [
        (TWENTY_FORTY, 20.001144426642256, 40.000228885328454),
        (OVER, 20.001144426642256, 100.0),
        (UNDER, 20.001144426642256, 0.0),
    ],
)
def test_a_published_answer(answer: bytes, temperature_c: float, humidity_pct: float) -> None:
    """What lies outside 0 to 100 % is cut off."""
    values = converted(answer)
    assert values[TEMPERATURE] == pytest.approx(temperature_c, abs=1e-9)
    assert values[HUMIDITY] == pytest.approx(humidity_pct, abs=1e-9)


@pytest.mark.parametrize("bit", range(48))
def test_each_flipped_bit_is_found(bit: int) -> None:
    """In a value or in its check sum."""
    damaged = int.from_bytes(TWENTY_FORTY, "big") ^ 1 << bit
    with pytest.raises(SensorError, match="check sum"):
        converted(damaged.to_bytes(6, "big"))


def test_a_short_answer_is_none() -> None:
    """Never half a value."""
    with pytest.raises(SensorError, match="3 bytes"):
        converted(TWENTY_FORTY[:3])


def test_a_measurement_on_the_bus() -> None:
    """Asked, waited for, read; then a bad wire; then nobody."""
    chip = FakeSht4x(0x5F16, 0x5E35)
    bus = FakeBus({0x44: chip})
    one = Sht4xPort(bus=bus, address=0x44, sleep=bus.sleep)
    assert one.name == "sht4x_44"
    assert one.read() == converted(TWENTY_FORTY)
    assert bus.slept_s >= 0.0083

    chip.flips = bytes.fromhex("00 00 00 00 01 00")
    with pytest.raises(SensorError, match="sht4x_44: a check sum is wrong"):
        one.read()
    bus.chips.clear()
    with pytest.raises(SensorError, match="nothing answers at I2C address 0x44"):
        one.read()
