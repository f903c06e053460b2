"""When a hall is open: the order of the rules, and what the clock alone changes."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from broker.hall.calendar import HALL, Calendar, Moment, Span

WIB = ZoneInfo("Asia/Jakarta")
WITA = ZoneInfo("Asia/Makassar")
DST = ZoneInfo("America/New_York")

DAY = Span(480, 900)  # 08:00-15:00
FRIDAY = (Span(480, 705), Span(810, 930))
WEEK = {**dict.fromkeys(("mon", "tue", "wed", "thu"), (DAY,)), "fri": (Span(480, 930),)}
CHRISTMAS, EVE, MARKET = dt.date(2026, 12, 25), dt.date(2026, 12, 24), dt.date(2026, 12, 26)
HOLIDAY = {"id": "Hari Raya Natal", "en": "Christmas"}

HOURS = Calendar(
    zone=WIB,
    open=WEEK,
    breaks={"fri": (Span(705, 810),), "mon": (Span(720, 780),)},
    agency_open={"imigrasi": {"mon": (Span(540, 720),)}},
    agency_breaks={"bpjs": {}},
    dates={EVE: (Span(480, 720),), MARKET: (Span(600, 660),)},
    holidays={CHRISTMAS: HOLIDAY, MARKET: HOLIDAY},
    issue_from_min=450,
)


def ms(text: str, zone: dt.tzinfo = WIB) -> int:
    """Return the instant of a local time like `2026-11-25 08:00`."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("agency", "date", "spans"),
    [
        (HALL, "2026-11-23", (DAY,)),
        ("dukcapil", "2026-11-23", (DAY,)),
        ("imigrasi", "2026-11-23", (Span(540, 720),)),
        ("imigrasi", "2026-11-24", ()),  # its own week names Monday alone
        (HALL, "2026-11-28", ()),  # Saturday
        (HALL, "2026-12-25", ()),  # a holiday, and a Friday
        ("imigrasi", "2026-12-24", (Span(480, 720),)),  # a date is for everybody
        (HALL, "2026-12-26", (Span(600, 660),)),  # a date wins over a holiday, and over Saturday
    ],
)
def test_the_nearest_rule_wins(agency: str, date: str, spans: tuple[Span, ...]) -> None:
    """Date, then holiday, then agency, then hall."""
    assert HOURS.spans(agency, dt.date.fromisoformat(date)) == spans


@pytest.mark.parametrize(
    ("agency", "date", "rests"),
    [
        (HALL, "2026-11-27", (Span(705, 810),)),
        ("bpjs", "2026-11-27", ()),  # none of its own
        ("imigrasi", "2026-11-23", ()),  # the hall's is after its hours
        (HALL, "2026-12-25", ()),
        (HALL, "2026-12-24", ()),
    ],
)
def test_breaks_lie_in_the_days_hours(agency: str, date: str, rests: tuple[Span, ...]) -> None:
    """Those of the hall, or of the agency; none on a holiday, nor on a date of its own."""
    assert HOURS.rests(agency, dt.date.fromisoformat(date)) == rests


def test_a_holiday_has_its_name() -> None:
    """Unless a date opens the hall all the same."""
    assert HOURS.holiday(CHRISTMAS) == HOLIDAY
    assert HOURS.holiday(MARKET) == {}
    assert HOURS.holiday(EVE) == {}


@pytest.mark.parametrize(
    ("agency", "at", "takes"),
    [
        (HALL, "2026-11-25 07:29", "closed"),
        (HALL, "2026-11-25 07:30", "open"),  # issue_from
        (HALL, "2026-11-25 14:29", "open"),
        (HALL, "2026-11-25 14:30", "cutoff"),
        (HALL, "2026-11-25 15:00", "closed"),
        (HALL, "2026-11-27 12:30", "open"),  # the Friday break: staff are away, numbers are taken
        ("imigrasi", "2026-11-24 09:00", "closed"),
        (HALL, "2026-12-25 09:00", "closed"),
        (HALL, "2026-12-26 07:45", "open"),
    ],
)
def test_numbers_are_given_out_by_the_clock(agency: str, at: str, takes: str) -> None:
    """From `issue_from` to the cut-off, half an hour before the day's last closing."""
    moment = HOURS.moment(ms(at))

    assert HOURS.takes(agency, 30, moment) == takes


def test_a_gap_between_two_spans_is_closed_and_cuts_nothing_off() -> None:
    """Who is closed at noon writes two spans; the cut-off is before the day's end alone."""
    calendar = Calendar(zone=WIB, open={"fri": FRIDAY})
    friday = dt.date(2026, 11, 27)

    assert [
        calendar.takes(HALL, 30, Moment(friday, at)) for at in (479, 480, 704, 705, 809, 810, 900)
    ] == ["closed", "open", "open", "closed", "closed", "open", "cutoff"]


def test_numbers_may_begin_after_the_opening() -> None:
    """`issue_from` is when the kiosks begin, earlier or later; a span before it gives none."""
    late = Calendar(zone=WIB, open={"fri": FRIDAY}, issue_from_min=720)
    friday = dt.date(2026, 11, 27)

    assert late.takes(HALL, 0, Moment(friday, 600)) == "closed"
    assert late.takes(HALL, 0, Moment(friday, 815)) == "open"
    assert late.next_issue(HALL, ms("2026-11-27 06:00")) == dt.datetime(
        2026, 11, 27, 13, 30, tzinfo=WIB
    )


def test_a_hall_open_always_never_turns() -> None:
    """Its days follow each other; midnight is asked about, and answers open."""
    calendar = Calendar(zone=WIB, open=dict.fromkeys(WEEK, (Span(0, 1440),)))

    assert calendar.takes(HALL, 0, calendar.moment(ms("2026-11-25 23:59"))) == "open"
    assert calendar.takes(HALL, 0, calendar.moment(ms("2026-11-26 00:00"))) == "open"


@pytest.mark.parametrize(
    ("after", "turn"),
    [
        ("2026-11-25 00:00", "2026-11-25 07:30"),
        ("2026-11-25 07:30", "2026-11-25 14:30"),
        ("2026-11-25 14:30", "2026-11-25 15:00"),
        ("2026-11-25 15:00", "2026-11-26 07:30"),
        ("2026-11-27 16:00", "2026-11-30 07:30"),  # over the weekend
        ("2026-12-24 12:00", "2026-12-26 07:30"),  # over a holiday
    ],
)
def test_the_next_turn_of_the_clock_is_known(after: str, turn: str) -> None:
    """So that nobody has to look again and again."""
    assert HOURS.next_turn_ms(HALL, 30, ms(after)) == ms(turn)


def test_a_hall_that_never_opens_again_has_no_turn() -> None:
    """The search ends."""
    shut = Calendar(zone=WIB, open={})

    assert shut.next_turn_ms(HALL, 0, ms("2026-11-25 08:00")) is None
    assert shut.next_opening(HALL, ms("2026-11-25 08:00")) is None


@pytest.mark.parametrize(
    ("agency", "after", "opens", "issues"),
    [
        (HALL, "2026-11-27 15:45", "2026-11-30 08:00", "2026-11-30 07:30"),
        (HALL, "2026-11-25 07:00", "2026-11-25 08:00", "2026-11-25 07:30"),
        (HALL, "2026-11-25 07:45", "2026-11-25 08:00", "2026-11-26 07:30"),
        ("imigrasi", "2026-11-23 09:30", "2026-11-30 09:00", "2026-11-30 07:30"),
        (HALL, "2026-12-24 13:00", "2026-12-26 10:00", "2026-12-26 07:30"),
    ],
)
def test_the_next_opening_is_what_the_kiosk_will_say(
    agency: str, after: str, opens: str, issues: str
) -> None:
    """In the hall's own time, across weekends and holidays."""
    opening, issue = HOURS.next_opening(agency, ms(after)), HOURS.next_issue(agency, ms(after))

    assert (opening, issue) == tuple(
        dt.datetime.fromisoformat(at).replace(tzinfo=WIB) for at in (opens, issues)
    )


def test_the_wall_clock_of_the_halls_zone_counts() -> None:
    """Makassar opens an hour before Jakarta by the same file."""
    there = Calendar(zone=WITA, open=WEEK)

    opening = there.next_opening(HALL, ms("2026-11-25 00:00"))
    assert opening is not None
    assert round(opening.timestamp() * 1000) == ms("2026-11-25 07:00")


def test_a_zone_that_changes_its_clock_opens_by_the_wall() -> None:
    """2026-11-01 has 25 hours in New York, 2026-03-08 has 23: the hall opens at 08:00 on both."""
    calendar = Calendar(zone=DST, open={"sun": (Span(480, 1440),)})

    for midnight, hours in (("2026-11-01 00:00", 9), ("2026-03-08 00:00", 7)):
        start_ms = ms(midnight, DST)
        assert calendar.next_turn_ms(HALL, 0, start_ms) == start_ms + hours * 3_600_000
    assert calendar.next_turn_ms(HALL, 0, ms("2026-11-01 08:00", DST)) == ms("2026-11-02", DST)


@pytest.mark.parametrize(
    ("span", "text"),
    [(Span(480, 900), "08:00-15:00"), (Span(0, 1440), "00:00-24:00"), (Span(5, 65), "00:05-01:05")],
)
def test_a_span_is_told_as_the_hall_file_writes_it(span: Span, text: str) -> None:
    """Two digits each, the end of the day as 24:00."""
    assert str(span) == text
