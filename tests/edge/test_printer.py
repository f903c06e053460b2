"""A printer by each way to it, against a fake one that speaks its status bytes."""

import importlib
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from edge.draw import draw_slip
from edge.printer import EscposDevice, endpoints, open_printer, printer_interface, state_of
from edge.slip_layout import DOTS
from edge.spool import DeviceError, PrinterState
from firmware_config.schema import Printer
from tests.edge.slips import ONE, VISIT, ZONE
from tests.fakes_printer import (
    FIXED,
    NEAR_END,
    OFFLINE,
    OUT,
    WAIT_S,
    FakeLinePrinter,
    FakePrinter,
    eventually,
)

LONG = Image.new("1", (576, 60_000))
"""More than the kernel takes before it knows."""


@pytest.fixture
def printer() -> Iterator[FakePrinter]:
    """A printer that is on."""
    with FakePrinter() as fake:
        yield fake


def device_of(printer: FakePrinter, width: int = 80) -> EscposDevice:
    """Return the way to it."""
    config = Printer(kind="network", address="127.0.0.1", width=58 if width == 58 else 80)
    return open_printer(config, port=printer.port)


STATES = [
    # the answers to DLE EOT 1 and 4, the state
    (FIXED, FIXED, "ok"),
    (FIXED, FIXED | NEAR_END, "near_end"),
    (FIXED | OFFLINE, FIXED | OUT, "out"),
    (FIXED, FIXED | OUT, "out"),
    (FIXED | OFFLINE, FIXED, "offline"),
    (FIXED | OFFLINE, FIXED | NEAR_END, "offline"),
    (FIXED | OFFLINE, None, "offline"),
    (None, FIXED | OUT, "out"),
    (None, FIXED, "unknown"),
    (FIXED, None, "unknown"),
    (None, None, "unknown"),
]


@pytest.mark.parametrize(("online", "paper", "state"), STATES)
def test_two_bytes_say_how_a_printer_is(online: int | None, paper: int | None, state: str) -> None:
    """No answer is never taken for plenty of paper."""
    assert state_of(online, paper) == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({1: 0, 4: 0}, PrinterState.OK),
        ({1: 0, 4: NEAR_END}, PrinterState.NEAR_END),
        ({1: OFFLINE, 4: OUT}, PrinterState.OUT),
        ({1: OFFLINE, 4: 0}, PrinterState.OFFLINE),
    ],
)
def test_a_network_printer_is_asked(
    printer: FakePrinter, status: dict[int, int], state: PrinterState
) -> None:
    """By DLE EOT 1 and DLE EOT 4."""
    printer.status = status

    assert device_of(printer).state() is state
    assert printer.queries == [1, 4]


@pytest.mark.parametrize("answer", [b"\x00", b"\xff", b"\x14\x00\x00\x0f"])
def test_what_is_no_status_byte_is_no_answer(printer: FakePrinter, answer: bytes) -> None:
    """Such as what clones send, or a status that comes by itself."""
    printer.answer = answer

    assert device_of(printer).state() is PrinterState.UNKNOWN


def test_a_silent_printer_is_unknown_within_the_limit(printer: FakePrinter) -> None:
    """The library says it has plenty of paper."""
    printer.is_silent = True
    device, start_s = device_of(printer), time.monotonic()

    assert device.state() is PrinterState.UNKNOWN
    assert time.monotonic() - start_s < WAIT_S


def test_a_slow_printer_is_understood(printer: FakePrinter) -> None:
    """While it is within the limit; a late answer is not taken for the next one's."""
    device = device_of(printer)
    printer.answer_s = 0.3
    assert device.state() is PrinterState.OK

    printer.answer_s = 1.5
    assert device.state() is PrinterState.UNKNOWN
    printer.answer_s, printer.status = 0.0, {1: OFFLINE, 4: OUT}
    assert device.state() is PrinterState.OUT


def test_a_printer_that_is_off_is_a_device_error() -> None:
    """Nobody listens there."""
    with FakePrinter() as printer:
        device = device_of(printer)
        assert device.state() is PrinterState.OK
    with pytest.raises(DeviceError, match="refused"):
        device.state()


@pytest.mark.parametrize("width", DOTS)
def test_what_it_prints_is_the_picture_dot_for_dot(printer: FakePrinter, width: int) -> None:
    """In fragments, and cut off at the end."""
    bitmap = draw_slip(VISIT, ZONE, width=width)
    device_of(printer, width).print_bitmap(bitmap)

    assert eventually(lambda: printer.cuts == 1)
    assert joined(printer.pictures).tobytes() == bitmap.tobytes()


def test_a_printer_that_breaks_off_is_a_device_error(printer: FakePrinter) -> None:
    """In mid-picture; the next slip opens it again."""
    bitmap, device = draw_slip(ONE, ZONE, width=80), device_of(printer)
    printer.cut_after = 2000
    with pytest.raises(DeviceError):
        device.print_bitmap(LONG)

    printer.cut_after = None
    device.print_bitmap(bitmap)
    assert eventually(lambda: bool(printer.pictures))


def test_a_printer_that_takes_nothing_more_is_a_device_error_within_the_limit(
    printer: FakePrinter,
) -> None:
    """A lid that was opened in mid-picture: the kernel's buffer fills, and the write would wait."""
    printer.is_deaf = True
    config = Printer(kind="network", address="127.0.0.1")
    device = open_printer(config, port=printer.port, taken_s=0.2)
    start_s = time.monotonic()
    with pytest.raises(DeviceError, match="timed out"):
        device.print_bitmap(LONG)
    assert time.monotonic() - start_s < WAIT_S


def test_a_file_takes_the_slip_and_cannot_be_asked(tmp_path: Path) -> None:
    """/dev/usb/lp0 is one."""
    path = tmp_path / "lp0"
    path.touch()
    device = open_printer(Printer(kind="file", device=str(path)))
    bitmap = draw_slip(ONE, ZONE, width=80)

    assert device.state() is PrinterState.UNKNOWN
    device.print_bitmap(bitmap)
    device.close()
    written = path.read_bytes()
    assert written.startswith(b"\x1b@\x1dv0\x00\x48\x00")
    assert len(written) > bitmap.width // 8 * bitmap.height


def test_a_file_that_is_not_there_is_a_device_error(tmp_path: Path) -> None:
    """Its folder neither."""
    device = open_printer(Printer(kind="file", device=str(tmp_path / "nosuch" / "lp0")))
    with pytest.raises(DeviceError, match="lp0"):
        device.state()


def test_a_serial_printer_is_asked_and_printed_on() -> None:
    """Over a pseudo-terminal, picture and all."""
    bitmap = draw_slip(ONE, ZONE, width=58)
    with FakeLinePrinter() as printer:
        device = open_printer(Printer(kind="serial", device=printer.path, width=58))
        printer.status = {1: 0, 4: NEAR_END}
        assert device.state() is PrinterState.NEAR_END
        device.print_bitmap(bitmap)
        assert eventually(lambda: printer.cuts == 1)
        printer.is_silent = True
        start_s = time.monotonic()
        assert device.state() is PrinterState.UNKNOWN
        assert time.monotonic() - start_s < WAIT_S
        device.close()

    assert joined(printer.pictures).tobytes() == bitmap.tobytes()


def test_a_late_answer_on_a_serial_line_is_not_the_next_ones() -> None:
    """The line stays open; what comes after the limit is thrown away."""
    with FakeLinePrinter() as printer:
        device = open_printer(Printer(kind="serial", device=printer.path))
        printer.answer_s = 1.2
        assert device.state() is PrinterState.UNKNOWN
        assert eventually(lambda: printer.answered == 1)
        printer.answer_s, printer.status = 0.0, {1: OFFLINE, 4: 0}
        assert device.state() is PrinterState.OFFLINE
        device.close()


def test_a_serial_line_that_is_not_there_is_a_device_error(tmp_path: Path) -> None:
    """A cable that was pulled."""
    device = open_printer(Printer(kind="serial", device=str(tmp_path / "ttyUSB0")))
    with pytest.raises(DeviceError, match="ttyUSB0"):
        device.state()


def test_a_serial_line_is_given_the_time_it_needs() -> None:
    """A slip at 115200 baud takes 6 s to send; by other ways a limit for all is enough."""
    bitmap = draw_slip(ONE, ZONE, width=80)
    serial = open_printer(Printer(kind="serial", device="/dev/serial0"))
    usb = open_printer(Printer(kind="usb"))

    assert 14 < serial.print_limit_s(bitmap) < 20
    assert usb.print_limit_s(bitmap) == 10
    assert 1 < usb.settle_s(bitmap) < 2


def test_without_a_usb_printer_the_message_says_what_to_do() -> None:
    """Here there is none, and perhaps no libusb either."""
    device = open_printer(Printer(kind="usb"))
    with pytest.raises(DeviceError, match=r"cable|backend|libusb"):
        device.state()


def test_a_usb_printer_is_known_by_its_class_and_asked_for_its_endpoints() -> None:
    """Makers choose other numbers than the library's 0x82 and 0x01."""

    def interface(kind: int, *addresses: int) -> object:
        ends = [SimpleNamespace(bEndpointAddress=address) for address in addresses]
        found = type("Interface", (list,), {"bInterfaceClass": kind})
        return found(ends)

    keyboard = [[interface(3, 0x81)]]
    printer = [[interface(3, 0x81), interface(7, 0x03, 0x84)]]

    assert printer_interface(keyboard) is None
    assert endpoints(printer_interface(printer)) == (0x84, 0x03)
    assert endpoints(interface(7, 0x02)) == (0, 0x02)


def test_the_library_leaves_no_folder_behind() -> None:
    """It makes one for a cache at each start; a kiosk starts often in its life."""
    assert not Path(importlib.import_module("escpos.capabilities").pickle_dir).exists()


def joined(pictures: list[Image.Image]) -> Image.Image:
    """Return fragments as the one picture they are on paper."""
    height = sum(picture.height for picture in pictures)
    whole = Image.new("1", (pictures[0].width, height))
    y = 0
    for picture in pictures:
        whole.paste(picture, (0, y))
        y += picture.height
    return whole
