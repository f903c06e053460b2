"""Which stamps are of a date, and what time a slip may say that is made without the hub."""

import pytest

from broker.hall.stamps import REAL_MS, is_date, time_to_print_ms


@pytest.mark.parametrize(("at_ms", "is_one"), [(0, False), (REAL_MS - 1, False), (REAL_MS, True)])
def test_before_2026_nobody_knew_the_date(at_ms: int, *, is_one: bool) -> None:
    """A hall without a clock stamps from 1970 on."""
    assert is_date(at_ms) is is_one


@pytest.mark.parametrize(
    ("heard_ms", "now_s", "date_known", "printed_ms"),
    [
        (REAL_MS, 100.0, True, REAL_MS),
        (REAL_MS, 161.25, True, REAL_MS + 61_250),
        (REAL_MS, 40.0, True, REAL_MS - 60_000),  # a press of before it was heard
        (REAL_MS, 100.0, False, None),
        (REAL_MS - 1, 100.0, True, None),
        (0, 100.0, True, None),
    ],
)
def test_a_slip_says_the_hubs_time_or_none(
    heard_ms: int, now_s: float, printed_ms: int | None, *, date_known: bool
) -> None:
    """What the hub said at 100 s goes on by the monotonic clock."""
    told = time_to_print_ms(heard_ms=heard_ms, heard_s=100.0, now_s=now_s, date_known=date_known)
    assert told == printed_ms
