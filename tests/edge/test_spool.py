"""Slips on their way to a printer that may refuse, lie, break off or hang."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.draw import draw_slip
from edge.paper import Outcome, Printed
from edge.printer import open_printer
from edge.slip import Slip, slip_text
from edge.spool import Device, DeviceError, PrinterState, Spool, outcome_of
from firmware_config.schema import Printer
from tests.edge.slips import ONE, ZONE
from tests.fakes_printer import NEAR_END, OFFLINE, OUT, FakePrinter, eventually

LIMIT_S = 0.2
WAIT_S = 30

OK, NEAR, NO_PAPER, OFF, SILENT = (
    PrinterState.OK,
    PrinterState.NEAR_END,
    PrinterState.OUT,
    PrinterState.OFFLINE,
    PrinterState.UNKNOWN,
)


class FakeDevice:
    """A printer in memory.

    Attributes:
        now: What it says, or raises, when asked.
        after: What it says once a slip is out.
        fault: What a print raises.
        gate: Closed, all that is asked of it hangs.
        printed: The slips it printed.
        closed: How often it was let go.
    """

    def __init__(self, now: PrinterState | DeviceError = OK) -> None:
        self.now: PrinterState | DeviceError = now
        self.after: PrinterState | DeviceError | None = None
        self.fault: DeviceError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.printed: list[Slip] = []
        self.closed = 0

    def state(self) -> PrinterState:
        """Say it."""
        self.gate.wait()
        if isinstance(self.now, DeviceError):
            raise self.now
        return self.now

    def print_bitmap(self, bitmap: Slip) -> None:
        """Print it."""
        self.gate.wait()
        if self.fault:
            raise self.fault
        self.printed.append(bitmap)
        self.now = self.after or self.now

    def print_limit_s(self, _: Slip) -> float:
        """Return the tests' limit."""
        return LIMIT_S

    def settle_s(self, _: Slip) -> float:
        """Return nothing."""
        return 0.0

    def close(self) -> None:
        """Count it."""
        self.gate.wait()
        self.closed += 1


class Desk(NamedTuple):
    """A spool and what it told."""

    spool: Spool
    told: "queue.SimpleQueue[Printed]"

    def print_slip(self, slip: Slip = ONE) -> Printed:
        """Print a slip and return what became of it."""
        self.spool.print_slip(slip, self.told.put)
        return self.told.get(timeout=WAIT_S)


_started: list[Spool] = []


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    """End what a test started: a thread that asks its printer on would log into other tests."""
    yield
    while _started:
        _started.pop().stop()


def started(spool: Spool) -> Desk:
    """Start a spool until the end of the test."""
    _started.append(spool)
    spool.start()
    return Desk(spool, queue.SimpleQueue())


def as_it_is(slip: Slip) -> Slip:
    """Draw nothing: the fake device prints slips themselves."""
    return slip


def desk(device: Device, draw: Callable[[Slip], object] = as_it_is, poll_s: float = 60) -> Desk:
    """Start a spool for the device."""
    spool = Spool(
        open_device=lambda: device,
        draw=draw,
        zone=ZONE,
        query_limit_s=LIMIT_S,
        poll_every_s=poll_s,
    )
    return started(spool)


ENDS = [
    # what it says before and after, the end, whether anything was sent
    (OK, OK, "printed", True),
    (NEAR, NEAR, "printed", True),
    (SILENT, SILENT, "unknown", True),
    (OK, NO_PAPER, "unknown", True),
    (OK, OFF, "unknown", True),
    (OK, SILENT, "unknown", True),
    (OK, DeviceError("pulled"), "unknown", True),
    (NO_PAPER, None, "failed", False),
    (OFF, None, "failed", False),
    (DeviceError("no route"), None, "failed", False),
]


@pytest.mark.parametrize(("before", "after", "end", "sent"), ENDS)
def test_the_end_of_a_slip(
    before: PrinterState | DeviceError,
    after: PrinterState | DeviceError | None,
    end: str,
    *,
    sent: bool,
) -> None:
    """It failed only when surely nothing was printed; printed only when the printer is well."""
    device = FakeDevice(before)
    device.after = after
    printed = desk(device).print_slip()

    assert printed.outcome == end
    assert (printed.why == "") is (end == "printed")
    assert device.printed == ([ONE] if sent else [])


@pytest.mark.parametrize("state", PrinterState)
def test_a_whole_slip_is_printed_or_perhaps_printed(state: PrinterState) -> None:
    """Never failed: the last line was taken."""
    assert outcome_of(state).outcome in {Outcome.PRINTED, Outcome.UNKNOWN}


def test_a_slip_broken_off_is_perhaps_printed_and_the_device_let_go() -> None:
    """The number may be on the paper already; the next slip opens it again."""
    device = FakeDevice()
    device.fault = DeviceError("broken pipe")
    one = desk(device)

    assert one.print_slip() == Printed(Outcome.UNKNOWN, "broken pipe")
    assert device.closed == 1
    device.fault = None
    assert one.print_slip().outcome is Outcome.PRINTED


def test_a_printer_that_hangs_is_given_up_within_the_limit() -> None:
    """And what comes after fails at once, until it moves again: no thread more, nothing sent."""
    device = FakeDevice()
    one = desk(device)
    assert one.print_slip().outcome is Outcome.PRINTED
    before = threading.active_count()
    device.gate.clear()
    try:
        start_s = time.monotonic()
        assert one.print_slip().outcome is Outcome.FAILED
        assert time.monotonic() - start_s < 3 * LIMIT_S
        assert one.spool.state is PrinterState.OFFLINE
        for _ in range(20):
            assert one.print_slip().outcome is Outcome.FAILED
        assert threading.active_count() == before
        assert device.printed == [ONE]
    finally:
        device.gate.set()
    assert eventually(lambda: one.print_slip().outcome is Outcome.PRINTED)


def test_a_printer_that_hangs_in_mid_print_may_have_printed() -> None:
    """Its last words were that all is well."""
    device = FakeDevice()

    def draw(slip: Slip) -> Slip:
        return slip

    class Blocked(FakeDevice):
        def print_bitmap(self, bitmap: Slip) -> None:
            device.gate.wait()
            super().print_bitmap(bitmap)

    device.gate.clear()
    one = desk(Blocked(), draw)
    try:
        printed = one.print_slip()
        assert printed.outcome is Outcome.UNKNOWN
        assert "0.2 s" in printed.why
    finally:
        device.gate.set()


def test_printing_never_makes_the_caller_wait() -> None:
    """Ten slips are taken while the printer hangs."""
    device = FakeDevice()
    device.gate.clear()
    one = desk(device)
    start_s = time.monotonic()
    for number in range(10):
        ticket = ONE.tickets[0]._replace(number=f"A{number:03}")
        one.spool.print_slip(ONE._replace(tickets=(ticket,)), one.told.put)
    taken_s = time.monotonic() - start_s
    device.gate.set()

    assert taken_s < LIMIT_S / 2
    assert "A009" in one.spool.text
    assert len([one.told.get(timeout=WAIT_S) for _ in range(10)]) == 10


def test_slips_come_out_in_order() -> None:
    """First pressed, first printed."""
    device = FakeDevice()
    one = desk(device)
    slips = [ONE._replace(at_ms=n) for n in range(20)]
    for slip in slips:
        one.spool.print_slip(slip, one.told.put)
    ends = [one.told.get(timeout=WAIT_S).outcome for _ in slips]

    assert device.printed == slips
    assert set(ends) == {Outcome.PRINTED}
    assert one.spool.text == slip_text(slips[-1], ZONE)


def test_a_stopped_spool_ends_after_the_slips_before() -> None:
    """Its thread is gone then."""
    before, device = printing_threads(), FakeDevice()
    one = desk(device)
    for _ in range(3):
        one.spool.print_slip(ONE, one.told.put)
    one.spool.stop()

    assert eventually(lambda: device.printed == [ONE] * 3)
    assert eventually(lambda: printing_threads() <= before)


def printing_threads() -> set[threading.Thread]:
    """Return the threads of all spools."""
    return {thread for thread in threading.enumerate() if thread.name == "printer"}


def test_a_slip_that_cannot_be_drawn_failed() -> None:
    """A font file that went bad with its card; the printer is not touched."""

    def draw(_: Slip) -> object:
        raise OSError("cannot open resource")

    device = FakeDevice()

    assert desk(device, draw).print_slip().why == "it can't be drawn: cannot open resource"
    assert device.printed == []


def test_without_the_kiosk_extra_each_slip_fails_and_says_what_to_install() -> None:
    """The node goes on; its lamps refuse."""

    def open_device() -> Device:
        raise ModuleNotFoundError("No module named 'escpos'")

    spool = Spool(open_device=open_device, draw=as_it_is, zone=ZONE)
    one = started(spool)

    for _ in range(2):
        printed = one.print_slip()
        assert printed.outcome is Outcome.FAILED
        assert "loket[kiosk]" in printed.why


def test_a_new_state_is_noticed_between_slips_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A technician sees the end of the paper before a visitor does."""
    device = FakeDevice()
    with caplog.at_level(logging.INFO, "edge.spool"):
        one = desk(device, poll_s=0.005)
        states = list[PrinterState]()
        one.spool.on_state = states.append
        assert eventually(lambda: one.spool.state is OK)
        device.now = NO_PAPER
        assert eventually(lambda: one.spool.state is NO_PAPER)
        time.sleep(0.05)
    said = [(record.levelname, vars(record)["loket_fields"]["state"]) for record in caplog.records]

    assert said == [("INFO", OK), ("WARNING", NO_PAPER)]
    assert states[-1] is NO_PAPER


# The same on a real socket, with the real library.


@pytest.fixture
def printer() -> Iterator[FakePrinter]:
    """A printer that is on."""
    with FakePrinter() as fake:
        yield fake


def real_desk(printer: FakePrinter) -> Desk:
    """Start a spool as a kiosk has it."""
    config = Printer(kind="network", address="127.0.0.1")
    spool = Spool(
        open_device=lambda: open_printer(config, port=printer.port),
        draw=lambda slip: draw_slip(slip, ZONE, width=80),
        zone=ZONE,
        sleep=lambda _: None,
    )
    return started(spool)


REAL = [
    # how it is, the end, pictures printed
    ({}, "printed", 2),
    ({"status": {1: 0, 4: NEAR_END}}, "printed", 2),
    ({"status": {1: OFFLINE, 4: OUT}}, "failed", 0),
    ({"is_silent": True}, "unknown", 2),
    ({"answer": b"\x00"}, "unknown", 2),
    ({"answer_s": 0.3}, "printed", 2),
    ({"out_after": 9000}, "unknown", 2),
    ({"cut_after": 9000}, "unknown", 0),
]


@pytest.mark.parametrize(("faults", "end", "pictures"), REAL)
def test_the_end_of_a_slip_on_a_real_socket(
    printer: FakePrinter, faults: dict[str, object], end: str, pictures: int
) -> None:
    """Out of paper or cut off in mid-picture it may be in somebody's hand."""
    for name, value in faults.items():
        setattr(printer, name, value)
    printed = real_desk(printer).print_slip()

    assert printed.outcome == end
    assert eventually(lambda: len(printer.pictures) == pictures)


def test_a_device_file_that_blocks_is_given_up(tmp_path: Path) -> None:
    """As a printer's does while it is out of paper: no library can set a limit there."""
    path = tmp_path / "lp0"
    os.mkfifo(path)
    device = open_printer(Printer(kind="file", device=str(path)))
    one = desk(device, lambda slip: draw_slip(slip, ZONE, width=80))
    start_s = time.monotonic()
    printed = one.print_slip()
    waited_s = time.monotonic() - start_s

    assert printed.outcome is Outcome.FAILED
    assert waited_s < WAIT_S
    got, roller = bytearray(), threading.Thread(target=lambda: got.extend(path.read_bytes()))
    roller.start()  # somebody puts paper in
    assert eventually(lambda: one.print_slip().outcome is Outcome.UNKNOWN)
    device.close()
    roller.join(WAIT_S)
    assert got.startswith(b"\x1b@")
    assert len(got) > 576 // 8 * 500


def test_a_printer_that_is_off_fails_and_prints_when_it_is_on() -> None:
    """Nothing is left over from before."""
    with FakePrinter() as printer:
        port = printer.port
    config = Printer(kind="network", address="127.0.0.1")
    one = desk(open_printer(config, port=port), lambda slip: draw_slip(slip, ZONE, width=80))
    assert one.print_slip().outcome is Outcome.FAILED
    with FakePrinter(port=port) as printer:
        assert one.print_slip().outcome is Outcome.PRINTED
        assert eventually(lambda: printer.cuts == 1)
