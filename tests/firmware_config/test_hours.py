"""Facts about how a hall file writes its hours."""

import pytest

from broker.hall.calendar import Span
from firmware_config.hours import HoursError, outside, parse_clock, parse_spans, parse_week


def test_a_span_of_days_gives_each_day_its_hours() -> None:
    """A day that isn't named, or is closed, is not in the week."""
    week, errors = parse_week({"mon-thu": "08:00-15:00", "fri": "08:00-11:45, 13:30-15:30"})
    assert errors == []
    assert list(week) == ["mon", "tue", "wed", "thu", "fri"]
    assert week["mon"] == (Span(480, 900),)
    assert week["fri"] == (Span(480, 705), Span(810, 930))
    assert parse_week({"sun": "closed"}) == ({}, [])


def test_a_hall_can_be_open_always() -> None:
    """The demo's: 24:00 is the end of a day."""
    week, errors = parse_week({"mon-sun": "00:00-24:00"})
    assert errors == []
    assert set(week.values()) == {(Span(0, 1440),)}
    assert len(week) == 7


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:00", 0), ("07:30", 450), ("24:00", 1440), ("24:01", None), ("7:30", None), ("", None)],
)
def test_times_have_two_digits(text: str, minutes: int | None) -> None:
    """Only `07:30` is read, so nobody wonders about 7.30."""
    assert parse_clock(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "08:00", "08:00-", "15:00-08:00", "08:00-08:00", "08:00-12:00, 11:00-13:00"]
)
def test_impossible_spans_are_refused(text: str) -> None:
    """Half a span, one that ends before it starts, and two that overlap."""
    with pytest.raises(HoursError):
        parse_spans("mon", text)


def test_spans_that_touch_do_not_overlap() -> None:
    """The end is not part of a span."""
    assert len(parse_spans("mon", "08:00-12:00,12:00-13:00")) == 2


def test_breaks_are_measured_against_the_days_hours() -> None:
    """A break on a closed day is outside too."""
    hours, _ = parse_week({"mon": "08:00-15:00"})
    breaks, _ = parse_week({"mon-tue": "12:00-13:00"})
    assert outside(breaks, hours) == [("tue", Span(720, 780))]
