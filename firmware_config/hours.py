"""Opening hours as the hall file writes them. PURE.

A table by day: `mon` or a span `mon-thu`; its value is hours, `"08:00-12:00"`, several with commas,
or `"closed"`. A day that isn't named is closed. 24:00 is the end of a day, never its beginning.
"""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping

from broker.hall.calendar import DAY_MIN, DAYS, Calendar, Span, Week
from broker.hall.setup import Agency
from firmware_config.faults import show
from firmware_config.schema import HallSection

CLOSED = "closed"

_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


class HoursError(ValueError):
    """Hours that make no sense.

    Attributes:
        entry: The day or span of days it stands at.
        what: What is wrong.
        mend: What to write.
    """

    def __init__(self, entry: str, what: str, mend: str) -> None:
        super().__init__(f"{entry}: {what}; {mend}")
        self.entry = entry
        self.what = what
        self.mend = mend


def parse_clock(text: str) -> int | None:
    """Return the minute of the day of `08:00` to `24:00`, None when it is no time."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    minutes = int(match[1]) * 60 + int(match[2])
    return minutes if minutes <= DAY_MIN else None


def parse_spans(entry: str, text: str) -> tuple[Span, ...]:
    """Return the spans of `08:00-12:00, 13:00-15:00` in order; none when it says closed.

    Raises:
        HoursError: It isn't of that shape, ends before it starts, or overlaps.
    """
    if text.strip() == CLOSED:
        return ()
    spans = sorted(_parse_span(entry, part.strip()) for part in text.split(","))
    for before, after in itertools.pairwise(spans):
        if after.start_min < before.end_min:
            what = f"{before} and {after} overlap"
            raise HoursError(entry, what, "write spans that follow each other")
    return tuple(spans)


def _parse_span(entry: str, text: str) -> Span:
    first, dash, second = (part.strip() for part in text.partition("-"))
    start, end = parse_clock(first), parse_clock(second)
    if not dash or start is None or end is None:
        mend = 'write hours like "08:00-15:00" (24-hour clock, two digits), or "closed"'
        raise HoursError(entry, f"{show(text)} is no span of hours", mend)
    if end <= start:
        mend = "write the earlier time first; hours past midnight end at 24:00"
        raise HoursError(entry, f"{first}-{second} ends before it starts", mend)
    return Span(start, end)


def parse_days(entry: str) -> tuple[str, ...]:
    """Return the days of `mon` or `mon-thu`.

    Raises:
        HoursError: No such day, or a span that runs backwards.
    """
    first, dash, last = entry.partition("-")
    for day in (first, last) if dash else (first,):
        if day not in DAYS:
            mend = "write a day, mon tue wed thu fri sat sun, or a span like mon-thu"
            raise HoursError(entry, f"{show(day)} is no day", mend)
    start, end = DAYS.index(first), DAYS.index(last or first)
    if end < start:
        raise HoursError(entry, "the span runs backwards", "the week goes from mon to sun")
    return DAYS[start : end + 1]


def parse_week(table: Mapping[str, str]) -> tuple[Week, list[HoursError]]:
    """Return the hours by day, and what is wrong with the table, entry by entry."""
    week: dict[str, tuple[Span, ...]] = {}
    named: dict[str, str] = {}
    errors: list[HoursError] = []
    for entry, text in table.items():
        try:
            days, spans = parse_days(entry), parse_spans(entry, text)
        except HoursError as error:
            errors.append(error)
            continue
        for day in days:
            if day in named:
                what = f"{day} has hours at {named[day]} already"
                errors.append(HoursError(entry, what, "name each day once"))
            elif spans:
                week[day] = spans
            named.setdefault(day, entry)
    return week, errors


def outside(breaks: Week, hours: Week) -> list[tuple[str, Span]]:
    """Return the breaks, with their day, that aren't inside that day's opening hours."""
    return [
        (day, rest)
        for day, spans in breaks.items()
        for rest in spans
        if not any(
            span.start_min <= rest.start_min and rest.end_min <= span.end_min
            for span in hours.get(day, ())
        )
    ]


def calendar_of(
    hall: HallSection,
    agencies: Iterable[Agency],
    holidays: Mapping[dt.date, Mapping[str, str]],
    zone: dt.tzinfo,
) -> Calendar:
    """Return the opening hours of a hall file that passed every check."""
    agencies = tuple(agencies)
    return Calendar(
        zone=zone,
        open=parse_week(hall.open)[0],
        breaks=parse_week(hall.breaks)[0],
        agency_open={
            each.id: parse_week(each.open)[0] for each in agencies if each.open is not None
        },
        agency_breaks={
            each.id: parse_week(each.breaks)[0] for each in agencies if each.breaks is not None
        },
        dates={
            dt.date.fromisoformat(date): parse_spans(date, text)
            for date, text in hall.dates.items()
        },
        holidays=holidays,
        issue_from_min=None if hall.issue_from is None else parse_clock(hall.issue_from),
    )
