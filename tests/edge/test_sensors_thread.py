"""The thread that reads sensors: asked, it reads all; what fails is said, never lost."""

import queue
import sys
import threading

import pytest

from edge.i2c import I2cBus
from edge.i2c_bme280 import Bme280Port
from edge.sensors import TEMPERATURE
from edge.sensors_thread import Reader, read_all
from tests.edge.test_i2c_bme280 import PIMORONI, PIMORONI_RAW
from tests.fakes_i2c import FakeBme280, FakeBus


def test_a_port_that_breaks_its_word_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """A node whose thread is gone would live on and measure nothing; its supervisor starts it."""

    class Broken:
        name = "broken"
        kinds: tuple[str, ...] = (TEMPERATURE,)

        def read(self) -> dict[str, float]:
            raise ZeroDivisionError

    ended = threading.Event()
    reader = Reader(ports=(Broken(),), put=print, mono_s=lambda: 7.0, crashed=ended.set)
    reader.start()
    reader.ask()
    assert ended.wait(10)
    assert "thread has crashed" in caplog.text


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other reason for which a chip can't be read."""
    monkeypatch.setitem(sys.modules, "smbus2", None)
    port = Bme280Port(bus=I2cBus(), address=0x76, sleep=lambda _: None)
    ((sample, why),) = read_all((port,))
    assert sample is None
    assert "loket[sensor]" in why


def test_the_thread_reads_when_asked_and_names_what_fails() -> None:
    """A chip that fails is a sentence; the others are read."""
    chips = FakeBus({0x76: FakeBme280(PIMORONI, PIMORONI_RAW)})
    ports = tuple(
        Bme280Port(bus=chips, address=address, sleep=chips.sleep) for address in (0x77, 0x76)
    )
    came = queue.Queue()
    reader = Reader(ports=ports, put=came.put, mono_s=lambda: 7.0)
    reader.start()
    reader.ask()
    read = came.get(timeout=10)
    reader.stop()
    (gone, why), (sample, nothing) = read.results
    assert (gone, nothing, read.at_s) == (None, "", 7.0)
    assert "0x77" in why
    assert sample is not None
    assert round(sample[TEMPERATURE], 2) == 24.79
