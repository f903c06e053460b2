"""Where slips go, and what became of them. A node never waits for paper: it is told.

Without a printer a slip is two files in the node's data folder: its text, and a picture of it.
"""

import functools
import importlib
import logging
import queue
import threading
from collections.abc import Callable
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from broker.log import kv
from edge.slip import Slip, slip_text

_log = logging.getLogger(__name__)

PICTURE_WIDTH = 80
"""mm, of the paper a picture without a printer is drawn for."""


class Outcome(StrEnum):
    """What became of a slip.

    FAILED: surely nothing was printed. UNKNOWN: it may be in somebody's hand, so it counts.
    """

    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"


SAID: dict[Outcome, tuple[int, str, tuple[str, ...]]] = {
    # level and words of its log line, what it counts as in health
    Outcome.PRINTED: (logging.INFO, "slip printed", ()),
    # No warning: a printer that can't be asked says so once, and each of its slips ends like this.
    Outcome.UNKNOWN: (logging.INFO, "slip perhaps printed", ("paper_unknown",)),
    Outcome.FAILED: (logging.ERROR, "slip not printed", ("paper_errors",)),
}


class Printed(NamedTuple):
    """The end of a slip's way; `why` is empty when it is on paper."""

    outcome: Outcome
    why: str = ""


Told = Callable[[Printed], object]
"""Called once for each slip, from any thread, at the latest when a limit has passed."""


class PaperPort(Protocol):
    """What a node needs of its paper.

    Attributes:
        text: What the newest slip says; empty before the first of this start.
    """

    text: str

    def print_slip(self, slip: Slip, told: Told) -> None:
        """Take a slip; returns at once."""
        ...

    def start(self) -> None:
        """Begin what may take its time, once the process said READY."""
        ...


class SlipFile:
    """The newest slip as a text file, whole: whoever reads it never sees half of one.

    Args:
        path: Of the text; the picture is beside it, named `.png`.
        draw: Slip -> PNG, in a thread of its own; None for no picture.
    """

    def __init__(
        self, *, path: Path, zone: tzinfo, draw: Callable[[Slip], bytes] | None = None
    ) -> None:
        self.text = ""
        self._path = path
        self._zone = zone
        self._pictures = SlipPictures(path=path.with_suffix(".png"), draw=draw) if draw else None

    def start(self) -> None:
        """Begin to draw."""
        if self._pictures:
            self._pictures.start()

    def print_slip(self, slip: Slip, told: Told) -> None:
        """Put the slip there; when it can't be written, the one before is still there."""
        text = slip_text(slip, self._zone)
        try:
            replace_file(self._path, text.encode())
        except OSError as error:
            told(Printed(Outcome.FAILED, str(error)))
            return
        self.text = text
        if self._pictures:
            self._pictures.put(slip)
        told(Printed(Outcome.PRINTED))


class SlipPictures:
    """Draws the newest slip in a thread of its own; the slip counts without its picture."""

    def __init__(self, *, path: Path, draw: Callable[[Slip], bytes]) -> None:
        self._path = path
        self._draw = draw
        self._slips: queue.SimpleQueue[Slip] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin; it lives as long as the process."""
        threading.Thread(target=self._work, name="pictures", daemon=True).start()

    def put(self, slip: Slip) -> None:
        """Have this slip drawn; those that wait are passed over."""
        self._slips.put(slip)

    def _work(self) -> None:
        while True:
            slip = self._slips.get()
            while not self._slips.empty():
                slip = self._slips.get()
            try:
                replace_file(self._path, self._draw(slip))
            except ModuleNotFoundError as error:
                mend = "pip install 'loket[kiosk]'"
                _log.warning("slips are not drawn", extra=kv(why=str(error), mend=mend))
                return
            except OSError as error:
                _log.warning("slip not drawn", extra=kv(why=str(error)))


def slip_png(zone: tzinfo, slip: Slip) -> bytes:
    """Return the slip's picture; what draws is imported at the first one.

    Raises:
        ModuleNotFoundError: The extra `kiosk` is not installed.
        OSError: A font can't be read.
    """
    draw = importlib.import_module("edge.draw")
    png: bytes = draw.png_of(draw.draw_slip(slip, zone, width=PICTURE_WIDTH))
    return png


def drawn_slip_file(path: Path, zone: tzinfo) -> SlipFile:
    """Return the paper of a kiosk without a printer: a text, and a picture of it."""
    return SlipFile(path=path, zone=zone, draw=functools.partial(slip_png, zone))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that is there whole, or as it was before.

    Raises:
        OSError: It can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
