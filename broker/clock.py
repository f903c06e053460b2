"""Where time comes from: a port, and the machine's own clock. Pure code gets times as arguments."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Time as a part that can be exchanged: tests and the simulation bring their own."""

    def wall_ms(self) -> int:
        """Return UTC milliseconds since 1970: a stamp for people, never an order or a duration."""
        ...

    def mono_s(self) -> float:
        """Return seconds that only grow, comparable between all processes of one boot."""
        ...

    async def sleep(self, wait_s: float) -> None:
        """Wait; zero or less lets other tasks run and returns."""
        ...


class SystemClock:
    """The machine's clock. `mono_s` is the running loop's `time()` too, so timers can share it."""

    def wall_ms(self) -> int:
        """Return UTC milliseconds since 1970; it may jump when the network sets it."""
        return time.time_ns() // 1_000_000

    def mono_s(self) -> float:
        """Return CLOCK_MONOTONIC: the same origin for every process until the next boot."""
        return time.monotonic()

    async def sleep(self, wait_s: float) -> None:
        """Wait by the monotonic clock."""
        await asyncio.sleep(wait_s)


REAL_MS = 1_767_225_600_000
"""2026-01-01, before which no hall ran Loket: an earlier stamp is none of a date."""


class Trust(Protocol):
    """Whether the wall clock can be trusted with the date, beside how long the machine is up."""

    def is_trusted(self) -> bool:
        """Return whether the clock was set from something that knows the time, in this boot."""
        ...

    def boot_s(self) -> float:
        """Return seconds since boot, those in which the machine slept included."""
        ...


def is_date(at_ms: int) -> bool:
    """Return whether a stamp of the hub is of a known date, so that it may be shown as a time.

    A hall that has never known the time stamps from 1970 on.
    """
    return at_ms >= REAL_MS


def time_to_print_ms(
    *, heard_ms: int, heard_s: float, now_s: float, date_known: bool
) -> int | None:
    """Return the time for a slip a kiosk makes without the hub; None: print none.

    A node's own wall clock is never asked: a Pi without a clock chip has none that is right. What
    the hub said last goes on by the monotonic clock.

    Args:
        heard_ms: `at_ms` of the newest live `state/hub`, 0 when none was heard in this boot.
        heard_s: Monotonic clock when it was heard.
        now_s: Monotonic clock.
        date_known: Of that `state/hub`.
    """
    if not date_known or not is_date(heard_ms):
        return None
    return heard_ms + round((now_s - heard_s) * 1000)
