"""The machine's clock keeps the port's promises."""

import asyncio
import time

import pytest

from broker.clock import Clock, SystemClock
from broker.hall.stamps import is_date, time_to_print_ms
from broker.hall_time import UNDATED_MS


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


def test_a_stamp_of_a_hall_without_a_clock_is_no_date() -> None:
    """Such a hall stamps from 1970 on; slips and pages show no time then."""
    assert is_date(1_795_000_000_000)
    assert not is_date(UNDATED_MS)
    assert not is_date(UNDATED_MS + 30 * 86_400_000)


@pytest.mark.parametrize(
    ("heard_ms", "date_known", "printed_ms"),
    [
        (1_795_000_000_000, True, 1_795_000_090_500),
        (1_795_000_000_000, False, None),
        (UNDATED_MS, True, None),
        (0, True, None),  # no hub was heard in this boot
    ],
)
def test_a_slip_without_the_hub_has_the_time_the_hub_last_told(
    heard_ms: int, *, date_known: bool, printed_ms: int | None
) -> None:
    """Going on by the monotonic clock; never the Pi's own time of day."""
    assert printed_ms == time_to_print_ms(
        heard_ms=heard_ms, heard_s=10.0, now_s=100.5, date_known=date_known
    )
