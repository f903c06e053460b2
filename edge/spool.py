"""Slips on their way to a printer, in threads of their own: a printer may hang for ever.

One thread takes the slips in their order. What may hang (everything that touches the device) is
done by a second one, `Hands`, and waited for no longer than a limit. While hands are stuck every
further slip fails at once, for nothing of it was sent. What a printer says of itself is asked
before each slip, after it, and every 10 s in between.
"""

import contextlib
import importlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import tzinfo
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from broker.log import kv
from edge.paper import Outcome, Printed, Told
from edge.slip import Slip, slip_text
from firmware_config.schema import Printer

_log = logging.getLogger(__name__)

QUERY_LIMIT_S = 2.0
"""A printer that answers later is taken as one that does not."""

POLL_EVERY_S = 10.0

T = TypeVar("T")


class PrinterState(StrEnum):
    """What a printer says of itself. UNKNOWN: it says nothing, as many do over USB or a file."""

    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


READY_STATES = frozenset((PrinterState.OK, PrinterState.NEAR_END))

REFUSING_STATES = frozenset((PrinterState.OUT, PrinterState.OFFLINE))


class DeviceError(Exception):
    """A printer can't be reached, or broke off."""


class StuckError(Exception):
    """What was asked of a device has not come back within its limit."""


class Device(Protocol):
    """A printer. Any of these may raise DeviceError, and any may hang."""

    def state(self) -> PrinterState:
        """Ask it how it is."""
        ...

    def print_bitmap(self, bitmap: Any) -> None:  # noqa: ANN401 - Pillow's image, which this module never loads
        """Hand it a whole slip, cut off at the end."""
        ...

    def print_limit_s(self, bitmap: Any) -> float:  # noqa: ANN401 - as above
        """Return within how many seconds it takes all of it."""
        ...

    def settle_s(self, bitmap: Any) -> float:  # noqa: ANN401 - as above
        """Return for how long the head moves after it took the last line."""
        ...

    def close(self) -> None:
        """Let go of it; the next use opens it again."""
        ...


class Job(NamedTuple):
    """A slip, and who is told of its end."""

    slip: Slip
    told: Told


def printer_spool(config: Printer, zone: tzinfo) -> "Spool":
    """Return the paper of a kiosk with this printer; what draws and prints is imported later."""

    def open_device() -> Device:
        device: Device = importlib.import_module("edge.printer").open_printer(config)
        return device

    def draw(slip: Slip) -> Any:  # noqa: ANN401 - Pillow's image
        draw = importlib.import_module("edge.draw")
        return draw.draw_slip(slip, zone, width=config.width)

    return Spool(open_device=open_device, draw=draw, zone=zone)


def outcome_of(after: PrinterState) -> Printed:
    """Return what became of a slip whose last line was taken, by what the printer says then."""
    if after in READY_STATES:
        return Printed(Outcome.PRINTED)
    return Printed(Outcome.UNKNOWN, f"all of it was sent; the printer is {after} now")


class Hands:
    """A thread that does what may never come back."""

    def __init__(self) -> None:
        self._works: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._run, name="printer-hands", daemon=True).start()

    def do(self, work: Callable[[], T], limit_s: float) -> T:
        """Return what the work returns, or raise what it raises.

        Raises:
            StuckError: It took longer than the limit, or something before it still does.
        """
        if not self._idle.is_set():
            raise StuckError("the printer has not come back from what it was asked before")
        results: list[T] = []
        errors: list[Exception] = []

        def all_of_it() -> None:
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - it is raised again, by whoever waits
                errors.append(error)
            finally:
                self._idle.set()

        self._idle.clear()
        self._works.put(all_of_it)
        if not self._idle.wait(limit_s):
            raise StuckError(f"the printer has not come back within {limit_s:g} s")
        if errors:
            raise errors[0]
        return results[0]

    def _run(self) -> None:
        while True:
            self._works.get()()


class Spool:
    """The paper of a kiosk with a printer.

    Args:
        open_device: Makes the device; called in the spool's thread, for it may import for 300 ms.
        draw: Slip -> bitmap.

    Attributes:
        text: What the newest slip says, printed or not.
        state: What the printer said last.
        on_state: Called in the spool's thread with each new state; set before `start`.
    """

    def __init__(  # noqa: PLR0913 - its parts and limits, each by name
        self,
        *,
        open_device: Callable[[], Device],
        draw: Callable[[Slip], Any],
        zone: tzinfo,
        query_limit_s: float = QUERY_LIMIT_S,
        poll_every_s: float = POLL_EVERY_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.text = ""
        self.state = PrinterState.UNKNOWN
        self.on_state: Callable[[PrinterState], object] = lambda _: None
        self._open_device = open_device
        self._draw = draw
        self._zone = zone
        self._query_limit_s = query_limit_s
        self._poll_every_s = poll_every_s
        self._sleep = sleep
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin; its threads never keep a process alive."""
        threading.Thread(target=self._work, name="printer", daemon=True).start()

    def stop(self) -> None:
        """End once the slips taken before are out."""
        self._jobs.put(None)

    def print_slip(self, slip: Slip, told: Told) -> None:
        """Take a slip; returns at once."""
        self.text = slip_text(slip, self._zone)
        self._jobs.put(Job(slip, told))

    def _work(self) -> None:
        try:
            device = self._open_device()
        except ModuleNotFoundError as error:
            self._refuse_all(f"{error}: pip install 'loket[kiosk]'")
            return
        hands = Hands()
        self._look(device, hands)
        while True:
            try:
                job = self._jobs.get(timeout=self._poll_every_s)
            except queue.Empty:
                self._look(device, hands)
                continue
            if job is None:
                return
            job.told(self._print(job.slip, device, hands))

    def _refuse_all(self, why: str) -> None:
        self._is_now(PrinterState.OFFLINE, why)
        while job := self._jobs.get():
            job.told(Printed(Outcome.FAILED, why))

    def _print(self, slip: Slip, device: Device, hands: Hands) -> Printed:
        """Draw, ask, print, ask again."""
        try:
            bitmap = self._draw(slip)
        except (OSError, ValueError) as error:
            return Printed(Outcome.FAILED, f"it can't be drawn: {error}")
        if self._look(device, hands) in REFUSING_STATES:
            return Printed(Outcome.FAILED, f"the printer is {self.state}")
        try:
            hands.do(lambda: device.print_bitmap(bitmap), device.print_limit_s(bitmap))
        except (DeviceError, StuckError) as error:
            self._let_go(device, hands)
            self._is_now(PrinterState.OFFLINE, str(error))
            return Printed(Outcome.UNKNOWN, str(error))
        self._sleep(device.settle_s(bitmap))
        return outcome_of(self._look(device, hands))

    def _look(self, device: Device, hands: Hands) -> PrinterState:
        """Ask the printer how it is."""
        why = ""
        try:
            state = hands.do(device.state, self._query_limit_s)
        except (DeviceError, StuckError) as error:
            state, why = PrinterState.OFFLINE, str(error)
            self._let_go(device, hands)
        self._is_now(state, why)
        return state

    def _is_now(self, state: PrinterState, why: str) -> None:
        """Say a state that is new."""
        if state is not self.state:
            level = logging.WARNING if state in REFUSING_STATES else logging.INFO
            _log.log(level, "printer", extra=kv(state=state, why=why))
            self.on_state(state)
        self.state = state

    def _let_go(self, device: Device, hands: Hands) -> None:
        with contextlib.suppress(DeviceError, StuckError):
            hands.do(device.close, self._query_limit_s)
