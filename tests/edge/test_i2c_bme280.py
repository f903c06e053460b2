"""A BME280 against values published by Bosch and recorded from a chip, and on a fake bus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.i2c_bme280 import Bme280Port, Calibration, Raw, calibration_of, compensated, raw_of
from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE, SensorError
from tests.fakes_i2c import FakeBme280, FakeBus, laid_out

# Bosch's own example, BST-BMP280-DS001 §3.12: both chips have the same formulas for these two. It
# has no humidity, so H is that of the next chip.
BOSCH = Calibration(
    *(27504, 26435, -1000),
    *(36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000),
    *(75, 376, 0, 286, 50, 30),
)
BOSCH_RAW = Raw(pressure=415148, temperature=519888, humidity=30281)

# A chip's calibration and one measurement of it, with what they mean: the tests of Pimoroni's
# bme280-python (tests/calibration.py, tests/test_compensation.py).
PIMORONI = Calibration(
    *(28009, 25654, 50),
    *(39145, -10750, 3024, 5667, -120, -7, 15500, -14600, 6000),
    *(75, 376, 0, 286, 50, 30),
)
PIMORONI_RAW = Raw(pressure=326816, temperature=529191, humidity=30281)

ADDRESS = 0x76


def port(bus: FakeBus) -> Bme280Port:
    """Return the port of the chip there."""
    return Bme280Port(bus=bus, address=ADDRESS, sleep=bus.sleep)


def test_the_data_sheets_example() -> None:
    """25.08 °C and 100653.27 Pa, as printed there."""
    values = compensated(BOSCH_RAW, BOSCH)
    assert round(values[TEMPERATURE], 2) == 25.08
    assert round(values[PRESSURE] * 100, 2) == 100653.27


def test_a_recorded_measurement() -> None:
    """All three, to four places."""
    values = compensated(PIMORONI_RAW, PIMORONI)
    assert round(values[TEMPERATURE], 4) == 24.7895
    assert round(values[PRESSURE], 4) == 1006.6152
    assert round(values[HUMIDITY], 4) == 68.67


SIGNED_12 = st.integers(-2048, 2047)
BORN = st.builds(
    Calibration,
    t1=st.integers(1, 65535),
    t2=st.integers(-32768, 32767),
    t3=st.integers(-32768, 32767),
    p1=st.integers(0, 65535),
    **{f"p{n}": st.integers(-32768, 32767) for n in range(2, 10)},
    h1=st.integers(0, 255),
    h2=st.integers(-32768, 32767),
    h3=st.integers(0, 255),
    h4=SIGNED_12,
    h5=SIGNED_12,
    h6=st.integers(-128, 127),
)


@given(BORN)
def test_a_calibration_is_read_as_it_is_laid_out(born: Calibration) -> None:
    """Signs too, also of the two that share a byte and have 12 bits."""
    assert calibration_of(*laid_out(born)) == born


@given(st.integers(0, 65535), st.floats(0, 1))
def test_humidity_never_leaves_its_range(raw: int, part: float) -> None:
    """The formula overshoots at the ends; the data sheet cuts it there."""
    temperature = int(400_000 + part * 200_000)
    values = compensated(Raw(415148, temperature, raw), PIMORONI)
    assert 0 <= values[HUMIDITY] <= 100


def test_a_measurement_on_the_bus() -> None:
    """Asked once, waited for, read; and again."""
    chip = FakeBme280(PIMORONI, PIMORONI_RAW)
    bus = FakeBus({ADDRESS: chip})
    one = port(bus)
    assert round(one.read()[TEMPERATURE], 4) == 24.7895
    assert 0.0093 <= bus.slept_s < 0.02
    chip.raw = PIMORONI_RAW._replace(temperature=519888)
    assert one.read() == compensated(chip.raw, PIMORONI)
    assert chip.registers[0xF4] & 0b11 == 0b01  # forced: it sleeps in between
    assert one.name == "bme280_76"


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda bus, _: bus.chips.clear(), "nothing answers at I2C address 0x76"),
        (lambda _, chip: chip.registers.__setitem__(0xD0, 0x58), "a BMP280, which has no humidity"),
        (lambda _, chip: chip.registers.__setitem__(0xD0, 0x44), "says it is 0x44"),
        (
            lambda _, chip: chip.registers.__setitem__(slice(0x88, 0xA2), b"\xff" * 26),
            "see the wiring",
        ),
        (lambda _, chip: setattr(chip, "polls", 99), "measures without end"),
        (lambda _, chip: setattr(chip, "raw", Raw(0x80000, 1, 1)), "switched off and on"),
    ],
)
def test_what_is_wrong_is_said(break_it: object, words: str) -> None:
    """With the address to look at; never a value."""
    chip = FakeBme280(PIMORONI, PIMORONI_RAW)
    bus = FakeBus({ADDRESS: chip})
    assert callable(break_it)
    break_it(bus, chip)
    with pytest.raises(SensorError, match=words):
        port(bus).read()


def test_a_chip_that_was_exchanged_is_read_with_its_own_calibration() -> None:
    """Somebody pulls it off and puts another one there while the node runs."""
    bus = FakeBus({ADDRESS: FakeBme280(BOSCH, BOSCH_RAW)})
    one = port(bus)
    assert round(one.read()[TEMPERATURE], 2) == 25.08
    bus.chips.clear()
    with pytest.raises(SensorError):
        one.read()
    bus.chips[ADDRESS] = FakeBme280(PIMORONI, PIMORONI_RAW)
    assert round(one.read()[TEMPERATURE], 4) == 24.7895


def test_registers_after_power_came_are_no_measurement() -> None:
    """0x80000 and 0x8000 stand there until the first one."""
    with pytest.raises(SensorError, match="see its supply"):
        raw_of(bytes.fromhex("80 00 00 80 00 00 80 00"))
