"""The hub's stamps, and the one line that says why the date stands still."""

import logging

import pytest

from broker.hall_time import HallTime
from broker.stamps import Stamps
from tests.fakes import FakeClock, FakeTrust


async def test_a_clock_that_is_not_trusted_is_told_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A technician reads when it began, not a line for each message."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    trust = FakeTrust(clock, trusted=False)
    stamps = Stamps(clock=clock, trust=trust, time=HallTime(newest_ms=clock.wall_ms()))
    first_ms = stamps.now_ms(0)
    clock.step_wall(86_400)
    await clock.advance(5)

    assert stamps.now_ms(0) == first_ms + 5_000
    trust.trusted = True
    assert stamps.now_ms(0) == clock.wall_ms()
    assert stamps.now_ms(clock.wall_ms() + 9) == clock.wall_ms() + 9
    assert [record.message for record in caplog.records] == [
        "the clock is not believed: the open day goes on",
        "the clock is believed",
    ]
