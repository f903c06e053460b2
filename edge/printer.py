"""The only importer of python-escpos: one slip printer by USB, serial line, file or network.

Imported in the printing thread (300 ms). The library is used for what it is good at, bytes that
printers know; its status calls are not: a printer that says nothing counts there as one with
plenty of paper. Here the two status bytes are read for what they are.

    DLE EOT 1   0xx1xx10   bit 3 = offline
    DLE EOT 4   0xx1xx10   bits 2, 3 = near the end, bits 5, 6 = no paper
"""

import contextlib
import importlib
import shutil
import socket
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image

from edge.slip_layout import DOTS, DOTS_PER_MM
from edge.spool import DeviceError, PrinterState
from firmware_config.schema import Printer

escpos: Any = importlib.import_module("escpos.printer")
_ERRORS: tuple[type[Exception], ...] = (
    OSError,  # pyserial's and pyusb's too
    ValueError,
    importlib.import_module("escpos.exceptions").Error,
    importlib.import_module("usb.core").NoBackendError,
)
_SILENCES: tuple[type[Exception], ...] = (
    TimeoutError,
    importlib.import_module("usb.core").USBTimeoutError,
)
# It makes a folder for a cache at each start, and leaves it.
shutil.rmtree(importlib.import_module("escpos.capabilities").pickle_dir, ignore_errors=True)

ONLINE_QUERY = b"\x10\x04\x01"
PAPER_QUERY = b"\x10\x04\x04"

IS_OFFLINE = 0x08
IS_NEAR_END = 0x0C
IS_OUT = 0x60

FIXED_BITS, FIXED = 0x93, 0x12
"""A status byte is 0xx1xx10; anything else is no answer to what was asked."""

ANSWER_S = 0.9
"""For each of the two queries: both, and what is around them, are done within 2 s."""

PORT = 9100
"""Where network printers take raw bytes."""

SERIAL_BAUD = 115_200
"""A picture takes 6 s at this rate, and a minute at the 9600 many are set to in the factory."""

USB_PRINTER_CLASS = 7

TAKEN_S = 10.0
"""Within this any printer has taken a slip, but over a serial line."""

MM_PER_S = 100
"""The slowest head on sale."""


class EscposDevice:
    """One printer; opened at its first use, and again after trouble.

    Args:
        make: Returns an open printer of the library.
        width: Of the paper, mm.
        can_answer: It can be asked how it is.
        is_kept: It stays open between slips; a network printer serves one at a time.
        bytes_per_s: How fast it takes them; None where that makes no difference.
        taken_s: Within this it has taken a slip, beside the time the bytes need.
    """

    def __init__(  # noqa: PLR0913 - what differs between the ways to a printer, each by name
        self,
        *,
        make: Callable[[], Any],
        width: int,
        can_answer: bool = True,
        is_kept: bool = True,
        bytes_per_s: float | None = None,
        taken_s: float = TAKEN_S,
    ) -> None:
        self._make = make
        self._width = width
        self._can_answer = can_answer
        self._is_kept = is_kept
        self._bytes_per_s = bytes_per_s
        self._taken_s = taken_s
        self._printer: Any = None

    def state(self) -> PrinterState:
        """Ask it how it is; a silent one is UNKNOWN.

        After a slip it is asked on the same connection: only there does an answer mean that what
        came before has arrived.
        """
        try:
            return self._state()
        finally:
            if not self._is_kept:
                self.close()

    def print_bitmap(self, bitmap: Image.Image) -> None:
        """Print a slip and cut it off."""
        with self._open() as printer:
            _set_limit(printer, self.print_limit_s(bitmap))
            printer.hw("INIT")
            printer.image(bitmap, impl="bitImageRaster")
            printer.cut()

    def print_limit_s(self, bitmap: Image.Image) -> float:
        """Return within how many seconds it has taken all of a slip."""
        if self._bytes_per_s is None:
            return self._taken_s
        return self._taken_s + bitmap.width // 8 * bitmap.height / self._bytes_per_s

    def settle_s(self, bitmap: Image.Image) -> float:
        """Return how long its head may still move after the last byte."""
        return bitmap.height / DOTS_PER_MM / MM_PER_S if self._can_answer else 0.0

    def close(self) -> None:
        """Let go of it."""
        printer, self._printer = self._printer, None
        if printer is not None:
            with contextlib.suppress(*_ERRORS):
                printer.close()

    def _state(self) -> PrinterState:
        with self._open() as printer:
            if not self._can_answer:
                return PrinterState.UNKNOWN
            online = _ask(printer, ONLINE_QUERY)
            # One that is silent at the first is not asked again: the limit is for both.
            return state_of(online, None if online is None else _ask(printer, PAPER_QUERY))

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            if self._printer is None:
                self._printer = self._make()
                media = {"width": {"pixels": DOTS[self._width]}}
                profile = {"media": media, "features": {"paperFullCut": True}}
                self._printer.profile.profile_data = profile
            _set_limit(self._printer, ANSWER_S)
            yield self._printer
        except _ERRORS as error:
            self.close()
            raise DeviceError(str(error)) from error


def state_of(online: int | None, paper: int | None) -> PrinterState:
    """Return a printer's state from its two status bytes; None = no answer."""
    if paper is not None and paper & IS_OUT:
        return PrinterState.OUT
    if online is not None and online & IS_OFFLINE:
        return PrinterState.OFFLINE
    if online is None or paper is None:
        return PrinterState.UNKNOWN
    return PrinterState.NEAR_END if paper & IS_NEAR_END else PrinterState.OK


def open_printer(config: Printer, *, port: int = PORT, taken_s: float = TAKEN_S) -> EscposDevice:
    """Return the printer a hall file describes; it is opened at its first use."""
    match config.kind:
        case "network":
            address = (config.address or "", port)
            return EscposDevice(
                make=lambda: _network(*address), width=config.width, is_kept=False, taken_s=taken_s
            )
        case "serial":
            path = config.device or ""
            return EscposDevice(
                make=lambda: _opened(escpos.Serial(path, baudrate=SERIAL_BAUD)),
                width=config.width,
                bytes_per_s=SERIAL_BAUD / 10,
            )
        case "file":
            path = config.device or ""
            return EscposDevice(
                make=lambda: _opened(escpos.File(path)), width=config.width, can_answer=False
            )
        case "usb":
            return EscposDevice(make=_usb, width=config.width)


def _network(address: str, port: int) -> Any:  # noqa: ANN401 - the library ships no types
    printer = escpos.Network(address, port)
    # Its own open() leaves a socket behind when nobody answers.
    printer.device = socket.create_connection((address, port), timeout=ANSWER_S)
    return printer


def _opened(printer: Any) -> Any:  # noqa: ANN401 - as above
    printer.open()
    return printer


def _usb() -> Any:  # noqa: ANN401 - as above
    """Open the one USB device that says it is a printer; its endpoints are asked of itself."""
    usb = importlib.import_module("usb.core")
    found = usb.find(custom_match=lambda device: printer_interface(device) is not None)
    if found is None:
        raise DeviceError("no USB device says it is a printer; is it on, and its cable in?")
    into, out = endpoints(printer_interface(found))
    match = {"idVendor": found.idVendor, "idProduct": found.idProduct}
    return _opened(escpos.Usb(usb_args=match, in_ep=into, out_ep=out))


def printer_interface(device: Any) -> Any:  # noqa: ANN401 - pyusb ships no types
    """Return the interface of a USB device that is a printer's; None without one."""
    interfaces = (interface for configuration in device for interface in configuration)
    return next((i for i in interfaces if i.bInterfaceClass == USB_PRINTER_CLASS), None)


def endpoints(interface: Any) -> tuple[int, int]:  # noqa: ANN401 - as above
    """Return the addresses (from it, to it) of a printer's interface; 0 for none.

    Bit 7 of an address says that it leads to the computer.
    """
    addresses = [endpoint.bEndpointAddress for endpoint in interface]
    into = next((address for address in addresses if address & 0x80), 0)
    return into, next((address for address in addresses if not address & 0x80), 0)


def _ask(printer: Any, query: bytes) -> int | None:  # noqa: ANN401 - as above
    """Return the status byte it answers with; None when it says nothing that is one."""
    if isinstance(printer, escpos.Usb) and not printer.in_ep:
        return None  # its cable has one direction
    if isinstance(printer, escpos.Serial):
        printer.device.reset_input_buffer()  # an answer that came too late the last time
    try:
        answer = bytes(printer.query_status(query))
    except _SILENCES:
        return None
    if not answer and isinstance(printer, escpos.Network):
        raise DeviceError("the printer closed the connection")
    return next((byte for byte in reversed(answer) if byte & FIXED_BITS == FIXED), None)


def _set_limit(printer: Any, seconds: float) -> None:  # noqa: ANN401 - as above
    """Have reads and writes give up; the library sets no limit, or one of a minute."""
    if isinstance(printer, escpos.Network):
        printer.device.settimeout(seconds)
    elif isinstance(printer, escpos.Serial):
        printer.device.timeout = printer.device.write_timeout = seconds
    elif isinstance(printer, escpos.Usb):
        printer.timeout = printer.device.default_timeout = int(seconds * 1000)
