"""Whether this machine's wall clock can be trusted with the date (DESIGN §5.11).

The rule, the first that holds:

1. The kernel says that the clock is synchronised (`adjtimex`, STA_UNSYNC not set): chrony,
   systemd-timesyncd and ntpd all tell it. Once in a boot is enough, a clock drifts by seconds a
   day; so a hub that is started again in the same boot remembers it.
2. It is a PC (x86): each has a battery-backed clock that the kernel reads at boot. So a laptop, a
   virtual machine and a container on either have the date.
3. There is a clock chip that agrees with the wall clock, and the kernel set the wall clock from it
   at boot (`hctosys`), or the hall file says that the Pi has one (`rtc = true`; an added chip is
   often found only after the kernel's own look). One that disagrees has lost its battery: a
   Raspberry Pi 5 has a chip but no battery in the box.

Nothing else: a Pi without a chip starts at the time at which it was last switched off.
A container shares the kernel and the clock of its host, so the same rule holds in it.
"""

import ctypes
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

STA_UNSYNC = 0x0040

RTC_APART_S = 60
"""Clock chips count whole seconds and drift by a minute a month; one further off is not the source
of the wall clock."""

LOOK_EVERY_S = 1.0

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

PC = frozenset({"x86_64", "AMD64", "i686", "i586", "i386"})


class _Timex(ctypes.Structure):
    """`struct timex`, as far as it is read; the kernel fills more of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


class KernelClock(NamedTuple):
    """What the kernel says of the wall clock.

    Attributes:
        synced: Something keeps it.
        error_s: How wrong it may be, as what keeps it told the kernel.
    """

    synced: bool
    error_s: float


def kernel_clock() -> KernelClock | None:
    """Return what the kernel says of the wall clock; None when it can't be asked.

    glibc's `adjtimex` with no mode set only reads, so it needs no rights.
    """
    timex = _Timex()
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return None  # No glibc, or a sandbox that forbids it.
    if state < 0:
        return None
    return KernelClock(not timex.status & STA_UNSYNC, timex.maxerror / 1e6)


def is_synchronised() -> bool:
    """Return whether the kernel says that something keeps the clock; False when nobody knows."""
    clock = kernel_clock()
    return clock is not None and clock.synced


class SystemTrust:
    """A `broker.clock.Trust` of this machine.

    Args:
        latch: A file that remembers the boot in which the clock was synchronised.
        has_rtc: The hall file says that there is a clock chip.
        wall_s: The wall clock, seconds since 1970.
        synchronised, machine, rtcs, boot_id: What is asked of the system.
    """

    def __init__(  # noqa: PLR0913 - what is asked of the system, each by name
        self,
        *,
        latch: Path,
        has_rtc: bool,
        wall_s: Callable[[], float] = time.time,
        synchronised: Callable[[], bool] = is_synchronised,
        machine: str = platform.machine(),
        rtcs: Path = Path("/sys/class/rtc"),
        boot_id: Path = BOOT_ID,
    ) -> None:
        self._latch = latch
        self._has_rtc = has_rtc
        self._wall_s = wall_s
        self._synchronised = synchronised
        self._machine = machine
        self._rtcs = rtcs
        self._boot_id = boot_id
        self._is_trusted = False
        self._due_s = -1.0

    def boot_s(self) -> float:
        """Return seconds since boot, those in which the machine slept included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def is_trusted(self) -> bool:
        """Return whether the rule holds; once it does it holds until the hub ends."""
        if self._is_trusted or self.boot_s() < self._due_s:
            return self._is_trusted
        self._due_s = self.boot_s() + LOOK_EVERY_S
        if self._synchronised():
            self._is_trusted = True
            self._remember()
        else:
            self._is_trusted = self._was_synchronised() or self._machine in PC or self._has_chip()
        return self._is_trusted

    def _has_chip(self) -> bool:
        if not self._rtcs.is_dir():
            return False
        return any(
            abs(at_s - self._wall_s()) <= RTC_APART_S
            and (self._has_rtc or _read(rtc / "hctosys") == "1")
            for rtc in sorted(self._rtcs.iterdir())
            if (at_s := _seconds(_read(rtc / "since_epoch"))) is not None
        )

    def _was_synchronised(self) -> bool:
        boot = _read(self._boot_id)
        return boot != "" and _read(self._latch) == boot

    def _remember(self) -> None:
        boot = _read(self._boot_id)
        if boot and _read(self._latch) != boot:
            part = self._latch.with_suffix(".part")
            part.write_text(boot, encoding="ascii")
            Path(part).replace(self._latch)


def _read(path: Path) -> str:
    """Return what a small file says, without the space around it; nothing when it can't be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
