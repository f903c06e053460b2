"""Facts about the holidays file."""

import datetime as dt
from pathlib import Path

import pytest

from broker.hall.calendar import HALL, Span
from firmware_config.holidays import parse_holidays
from firmware_config.load import HallFileError, load_calendar, load_hall, load_holidays

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"


def test_the_examples_year_is_the_decrees() -> None:
    """17 national holidays and 8 days of joint leave in 2026, each named in both languages."""
    path = EXAMPLES / "tebing_tinggi.toml"
    holidays = load_holidays(path, load_hall(path))
    year = {day: names for day, names in holidays.items() if day.year == 2026}
    joint = [day for day, names in year.items() if names["id"].startswith("Cuti bersama")]
    assert (len(year) - len(joint), len(joint)) == (17, 8)
    assert all(set(names) == {"id", "en"} for names in holidays.values())
    assert holidays[dt.date(2026, 8, 17)]["en"] == "Independence Day"
    assert list(holidays) == sorted(holidays)


def test_a_hall_without_a_holidays_file_has_none() -> None:
    """And an empty file is one without a day."""
    path = EXAMPLES / "small.toml"
    assert load_holidays(path, load_hall(path)) == {}
    assert parse_holidays({}, ["id"]) == ({}, [])


def test_a_holidays_file_broken_since_is_refused(tmp_path: Path) -> None:
    """The error names the holidays file, not the hall's."""
    hall = load_hall(EXAMPLES / "tebing_tinggi.toml")
    broken = tmp_path / "holidays" / "indonesia.toml"
    broken.parent.mkdir()
    broken.write_text("[holiday]\n2026-13-01 = { id = 'X' }", "utf-8")
    with pytest.raises(HallFileError, match=r"indonesia\.toml: holiday\.2026-13-01: ") as caught:
        load_holidays(tmp_path / "hall.toml", hall)
    assert len(caught.value.faults) == 2
    broken.unlink()
    with pytest.raises(HallFileError, match="no such file"):
        load_holidays(tmp_path / "hall.toml", hall)


def test_the_hours_of_a_hall_are_made_of_its_file_and_its_holidays() -> None:
    """Week, breaks, dates, the agency's own hours, and when numbers begin."""
    path = EXAMPLES / "tebing_tinggi.toml"
    calendar = load_calendar(path, load_hall(path))

    assert calendar.spans(HALL, dt.date(2026, 11, 25)) == (Span(480, 900),)
    assert calendar.rests(HALL, dt.date(2026, 11, 27)) == (Span(705, 810),)
    assert calendar.spans(HALL, dt.date(2026, 12, 31)) == (Span(480, 720),)
    assert calendar.spans(HALL, dt.date(2026, 12, 25)) == ()
    assert calendar.holiday(dt.date(2026, 8, 17))["en"] == "Independence Day"
    assert calendar.issue_from_min == 450
    own = {agency for agency in calendar.agency_open if calendar.agency_open[agency]}
    assert own
    assert all(
        calendar.spans(agency, dt.date(2026, 11, 25)) == calendar.agency_open[agency].get("wed", ())
        for agency in own
    )


def test_the_demos_hall_is_open_at_any_hour() -> None:
    """Whoever tries it out at night takes a number too."""
    path = EXAMPLES / "demo.toml"
    calendar = load_calendar(path, load_hall(path))

    for day in range(7):
        assert calendar.spans(HALL, dt.date(2026, 11, 23 + day)) == (Span(0, 1440),)
