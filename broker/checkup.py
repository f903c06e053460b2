"""What a process tells of its machine at each health: a sample, and what one sample can't show.

Low supply is latched for the boot (the kernel's alarm lasts 2 s, a health comes every 15), and the
card is tried: a few KB written, synced and read back past the cache, every 15 minutes, in a thread
of its own, for a dying card may take as long as it likes.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from broker.log import kv
from broker.machine import sample
from broker.wire.figures import Machine

_log = logging.getLogger(__name__)

CANARY_FILE = "canary"
CANARY_BYTES = 4096
CANARY_EVERY_S = 900.0

CANARY_LATE_S = 60.0
"""A card that has not written 4 KB after this long has failed, whatever comes of it later."""

SUPPLY_FILE = "supply-low"
"""Holds the boot in which the supply was seen low, so that a restart of the process forgets it
not."""

InThread = Callable[[Callable[[], None]], object]


class Tried(NamedTuple):
    """The end of one try of the card."""

    is_right: bool
    took_s: float


def in_thread(work: Callable[[], None]) -> None:
    """Run it in a thread that never keeps a process alive."""
    threading.Thread(target=work, name="canary", daemon=True).start()


class Checkup:
    """Looks at the machine whenever a health is due.

    Args:
        folder: The process's own, on the card.
        boot: Of the machine.
        mono_s: Monotonic clock.
        look_at: Takes a sample of the machine that holds the folder.
        begin: Starts a try of the card.
    """

    def __init__(
        self,
        folder: Path,
        *,
        boot: str,
        mono_s: Callable[[], float],
        look_at: Callable[[Path], Machine] = sample,
        begin: InThread = in_thread,
    ) -> None:
        self._folder = folder
        self._boot = boot
        self._mono_s = mono_s
        self._look_at = look_at
        self._begin = begin
        self._is_seen_low = boot != "" and _said(folder / SUPPLY_FILE) == boot
        self._tried: Tried | None = None
        self._trying_s: float | None = None
        self._due_s = mono_s()

    def look(self) -> Machine:
        """Return the machine's figures of now, and try the card when it is time."""
        found = self._look_at(self._folder)
        self._try_card()
        if found.supply_low_seen and not self._is_seen_low:
            self._is_seen_low = True
            _log.warning("the supply is too weak")
            with contextlib.suppress(OSError):  # a full disk: it is known until the process ends
                (self._folder / SUPPLY_FILE).write_text(self._boot, encoding="ascii")
        is_right, took_s = self._card()
        storage = replace(found.storage, canary=is_right, canary_s=took_s)
        is_known = found.supply_low_seen is not None or self._is_seen_low
        seen = self._is_seen_low if is_known else None
        return replace(found, storage=storage, supply_low_seen=seen)

    def _card(self) -> tuple[bool | None, float | None]:
        trying_s = self._trying_s
        if trying_s is not None and self._mono_s() - trying_s >= CANARY_LATE_S:
            return False, None
        return (None, None) if self._tried is None else self._tried

    def _try_card(self) -> None:
        now_s = self._mono_s()
        if now_s < self._due_s or self._trying_s is not None:
            return
        self._due_s, self._trying_s = now_s + CANARY_EVERY_S, now_s
        self._begin(self._try_now)

    def _try_now(self) -> None:
        begun_s = self._mono_s()
        is_right = try_card(self._folder / CANARY_FILE, os.urandom(CANARY_BYTES))
        self._tried = Tried(is_right, round(self._mono_s() - begun_s, 3))
        self._trying_s = None


def try_card(path: Path, content: bytes) -> bool:
    """Return whether what was written and synced is what the card gives back."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, content)
            os.fsync(file)
            # Without it the page cache would answer.
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            is_right = os.pread(file, len(content) + 1, 0) == content
        finally:
            os.close(file)
    except OSError as error:
        _log.error("the card failed a try", extra=kv(why=str(error)))
        return False
    if not is_right:
        _log.error("the card gave back other bytes than were written")
    return is_right


def _said(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
