"""The machine's clock keeps the port's promises."""

import asyncio
import time

from broker.clock import Clock, SystemClock


def test_wall_is_utc_milliseconds() -> None:
    """A stamp is the wall clock's, in milliseconds."""
    clock: Clock = SystemClock()

    before_ms, stamp_ms, after_ms = time.time() * 1000, clock.wall_ms(), time.time() * 1000

    assert before_ms - 1 <= stamp_ms <= after_ms


async def test_mono_is_the_loops_time() -> None:
    """A time of the clock can be given to `loop.call_at`."""
    loop = asyncio.get_running_loop()

    assert loop.time() <= SystemClock().mono_s() <= loop.time()


async def test_sleep_of_nothing_lets_others_run() -> None:
    """Zero and negative waits return after the other tasks had a turn."""
    ran: list[str] = []
    asyncio.get_running_loop().call_soon(ran.append, "other")

    await SystemClock().sleep(-1)

    assert ran == ["other"]


async def test_sleep_waits() -> None:
    """It returns no earlier than asked."""
    clock = SystemClock()
    start_s = clock.mono_s()

    await clock.sleep(0.01)

    assert clock.mono_s() - start_s >= 0.009
