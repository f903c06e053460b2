"""Sensors Linux reads, on trees as its drivers make them.

The names and units are those of Documentation/ABI/testing/sysfs-bus-iio, drivers/hwmon/sht4x.c and
drivers/w1/slaves/w1_therm.c of Linux 6; the contents of `w1_slave` are of its documentation.
"""

from pathlib import Path

import pytest

from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE, SensorError
from edge.sensors_sysfs import FilesPort, W1Port, driven, w1_celsius

CHIP = "bus/i2c/devices/1-0076"
BME280 = {
    f"{CHIP}/name": "bme280\n",
    f"{CHIP}/driver/uevent": "",
    f"{CHIP}/iio:device0/name": "bme280\n",
    f"{CHIP}/iio:device0/in_temp_input": "24789\n",
    f"{CHIP}/iio:device0/in_humidityrelative_input": "68669\n",
    f"{CHIP}/iio:device0/in_pressure_input": "100.661517000\n",
}
SHT4X = {
    "bus/i2c/devices/1-0044/name": "sht4x\n",
    "bus/i2c/devices/1-0044/driver/uevent": "",
    "bus/i2c/devices/1-0044/hwmon/hwmon3/name": "sht4x\n",
    "bus/i2c/devices/1-0044/hwmon/hwmon3/temp1_input": "20001\n",
    "bus/i2c/devices/1-0044/hwmon/hwmon3/humidity1_input": "40000\n",
}
W1_GOOD = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
W1_BAD = "ff ff ff ff ff ff ff ff ff : crc=c9 NO\n72 01 4b 46 7f ff 0e 10 57 t=-62\n"
W1_POWER_ON = "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"
W1_COLD = "f8 ff 4b 46 7f ff 0c 10 1c : crc=1c YES\nf8 ff 4b 46 7f ff 0c 10 1c t=-500\n"

ALL = (TEMPERATURE, HUMIDITY, PRESSURE)


def tree(root: Path, files: dict[str, str]) -> Path:
    """Make the files."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "ascii")
    return root


def test_a_bme280_of_linux_iio_driver(tmp_path: Path) -> None:
    """Thousandths and kilopascals become degrees, per cent and hectopascals."""
    folder = driven(0x76, sys=tree(tmp_path, BME280))
    assert folder == tmp_path / CHIP
    one = FilesPort(name="bme280_76", folder=folder, kinds=ALL)
    sample = one.read()
    assert {kind: round(value, 3) for kind, value in sample.items()} == {
        TEMPERATURE: 24.789,
        HUMIDITY: 68.669,
        PRESSURE: 1006.615,
    }


def test_an_sht4x_of_linux_hwmon_driver(tmp_path: Path) -> None:
    """Whatever number its hwmon has."""
    folder = driven(0x44, sys=tree(tmp_path, SHT4X))
    assert folder is not None
    one = FilesPort(name="sht4x_44", folder=folder, kinds=(TEMPERATURE, HUMIDITY))
    assert one.read() == {TEMPERATURE: pytest.approx(20.001), HUMIDITY: pytest.approx(40.0)}


def test_a_chip_without_a_driver_is_not_read_here(tmp_path: Path) -> None:
    """Then the bus is spoken to."""
    tree(tmp_path, {f"{CHIP}/name": "bme280\n"})
    assert driven(0x76, sys=tmp_path) is None
    assert driven(0x77, sys=tmp_path) is None


@pytest.mark.parametrize("content", ["", "\n", "nan\n", "inf\n", "busy\n"])
def test_a_file_that_says_no_number_is_an_error(tmp_path: Path, content: str) -> None:
    """Never a zero."""
    tree(tmp_path, BME280 | {f"{CHIP}/iio:device0/in_temp_input": content})
    one = FilesPort(name="bme280_76", folder=tmp_path / CHIP, kinds=ALL)
    with pytest.raises(SensorError, match="in_temp_input"):
        one.read()


def test_a_driver_that_failed_to_bind_is_an_error(tmp_path: Path) -> None:
    """The chip is gone, or is a BMP280, which has no humidity."""
    tree(tmp_path, {f"{CHIP}/driver/uevent": ""})
    one = FilesPort(name="bme280_76", folder=tmp_path / CHIP, kinds=ALL)
    with pytest.raises(SensorError, match="shows no temperature_c and humidity_pct"):
        one.read()
    tree(tmp_path, {f"{CHIP}/iio:device0/in_temp_input": "24789\n"})
    with pytest.raises(SensorError, match="in_humidityrelative_input"):
        one.read()


def test_a_ds18b20_on_the_wire(tmp_path: Path) -> None:
    """Read by its check sum; gone, it is an error."""
    one = W1Port(sys=tree(tmp_path, {"bus/w1/devices/28-0301a279faf2/w1_slave": W1_GOOD}))
    assert one.read() == {TEMPERATURE: 23.125}
    (tmp_path / "bus/w1/devices/28-0301a279faf2/w1_slave").unlink()
    with pytest.raises(SensorError, match="28-0301a279faf2"):
        one.read()
    (tmp_path / "bus/w1/devices/28-0301a279faf2").rmdir()
    with pytest.raises(SensorError, match="dtoverlay=w1-gpio"):
        one.read()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (W1_BAD, "check sum is wrong"),
        (W1_POWER_ON, "before it has measured"),
        ("", "check sum is wrong"),
        ("72 01 : crc=57 YES\n72 01\n", "no temperature"),
        ("72 01 : crc=57 YES\n72 01 t=warm\n", "no temperature"),
    ],
)
def test_what_a_ds18b20_can_not_mean(text: str, words: str) -> None:
    """85.0 °C is its power-on value, and would set off an alarm of fire."""
    with pytest.raises(SensorError, match=words):
        w1_celsius(text)


def test_below_zero() -> None:
    """A cold store is measured too."""
    assert w1_celsius(W1_COLD) == -0.5
