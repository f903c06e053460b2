"""When the day ends for which people are counted."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.hall.calendar import Calendar, Span
from broker.hall.occupancy import people_day, people_day_begin_ms

JAKARTA = ZoneInfo("Asia/Jakarta")
WEEK = {day: (Span(480, 720), Span(780, 900)) for day in ("mon", "tue", "wed", "thu", "fri")}
CALENDAR = Calendar(zone=JAKARTA, open=WEEK)
ALWAYS = Calendar(
    zone=JAKARTA,
    open={day: (Span(0, 1440),) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
)


def ms(text: str) -> int:
    """Return the instant of a time in Jakarta."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=JAKARTA).timestamp() * 1000)


@pytest.mark.parametrize(
    ("calendar", "now", "day", "begin"),
    [
        (CALENDAR, "2026-12-02 12:00", "2026-12-02", "2026-12-01 16:00"),
        (CALENDAR, "2026-12-02 15:59", "2026-12-02", "2026-12-01 16:00"),
        (CALENDAR, "2026-12-02 16:00", "2026-12-03", "2026-12-02 16:00"),
        (CALENDAR, "2026-12-02 23:59", "2026-12-03", "2026-12-02 16:00"),
        # Nobody opens on a Saturday: its day is from Friday's end, and ends at midnight.
        (CALENDAR, "2026-12-05 12:00", "2026-12-05", "2026-12-04 16:00"),
        (CALENDAR, "2026-12-06 12:00", "2026-12-06", "2026-12-06 00:00"),
        (ALWAYS, "2026-12-02 00:00", "2026-12-02", "2026-12-02 00:00"),
        (ALWAYS, "2026-12-02 23:59", "2026-12-02", "2026-12-02 00:00"),
    ],
)
def test_a_day_ends_an_hour_after_closing(
    calendar: Calendar, now: str, day: str, begin: str
) -> None:
    """Or at midnight, when the hall is closed or open until then."""
    assert people_day(calendar, ms(now)).isoformat() == day
    assert people_day_begin_ms(calendar, ms(now)) == ms(begin)


@given(st.integers(ms("2026-01-01 00:00"), ms("2027-01-01 00:00")))
def test_the_beginning_is_where_the_day_changes(at_ms: int) -> None:
    """Just before it is the day before; from it on, this one."""
    begin_ms = people_day_begin_ms(CALENDAR, at_ms)
    assert begin_ms <= at_ms
    day = people_day(CALENDAR, at_ms)
    assert people_day(CALENDAR, begin_ms) == day
    assert people_day(CALENDAR, begin_ms - 1) < day
