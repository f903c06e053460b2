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


class Trust(Protocol):
    """Whether the wall clock can be trusted with the date, beside how long the machine is up."""

    def is_trusted(self) -> bool:
        """Return whether the clock was set from something that knows the time, in this boot."""
        ...

    def boot_s(self) -> float:
        """Return seconds since boot, those in which the machine slept included."""
        ...
