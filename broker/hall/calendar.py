"""When the hall is open: a value made from the hall file and its holidays. PURE.

The nearest rule wins: hours of a date, then a holiday, then the agency's own week, then the
hall's. A date's hours hold for every agency and are the whole of that day: no weekly break lies in
them. An agency overrides hours and breaks each by itself.

A break does not stop the kiosks: in the Friday break the staff are away, and visitors still take
numbers and wait. Who wants no numbers taken at noon writes two spans, `08:00-12:00, 13:00-15:00`:
between them the hall is closed.

Numbers are given out from `issue_from_min`, or from the first opening of the day, to the last
closing; a service may stop `cutoff_min` before that. Opening hours are what the clock on the wall
says, so a day of a time zone that changes its clock may be 23 or 25 hours long.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY_MIN = 24 * 60

HORIZON_DAYS = 400
"""A hall that does not open within a year and a month does not open again."""

HALL = ""
"""In place of an agency's id: the hall itself."""

Hours = Literal["open", "closed", "cutoff"]


class Span(NamedTuple):
    """From one minute of the day to another, the second not included; 1440 is its end."""

    start_min: int
    end_min: int

    def __str__(self) -> str:
        """Return it as the hall file writes it."""
        return f"{clock(self.start_min)}-{clock(self.end_min)}"


Week = Mapping[str, tuple[Span, ...]]
"""Spans by day (`mon` ... `sun`), in order; a closed day is not in it."""


class Moment(NamedTuple):
    """An instant as a clock on the hall's wall shows it."""

    date: dt.date
    at_min: int


def clock(at_min: int) -> str:
    """Return a minute of the day as `08:00`."""
    return f"{at_min // 60:02}:{at_min % 60:02}"


class Calendar(Struct, frozen=True, kw_only=True, eq=False):
    """The opening hours of a hall and of its agencies.

    Attributes:
        zone: The hall's time zone.
        open, breaks: The hall's weeks.
        agency_open, agency_breaks: Weeks of those agencies that have their own, by id.
        dates: Hours by date; none when it says closed.
        holidays: Names by language of the days on which the hall is closed.
        issue_from_min: Minute of the day from which numbers are given out; None = from opening.
    """

    zone: dt.tzinfo
    open: Week
    breaks: Week = {}
    agency_open: Mapping[str, Week] = {}
    agency_breaks: Mapping[str, Week] = {}
    dates: Mapping[dt.date, tuple[Span, ...]] = {}
    holidays: Mapping[dt.date, Mapping[str, str]] = {}
    issue_from_min: int | None = None

    def spans(self, agency: str, date: dt.date) -> tuple[Span, ...]:
        """Return when the agency is open on that date, in order; none when it is closed."""
        if date in self.dates:
            return self.dates[date]
        if date in self.holidays:
            return ()
        return self.agency_open.get(agency, self.open).get(DAYS[date.weekday()], ())

    def rests(self, agency: str, date: dt.date) -> tuple[Span, ...]:
        """Return the agency's breaks on that date which lie in its hours, in order."""
        if date in self.dates:
            return ()
        hours = self.spans(agency, date)
        week = self.agency_breaks.get(agency, self.breaks)
        return tuple(
            rest
            for rest in week.get(DAYS[date.weekday()], ())
            if any(span.start_min <= rest.start_min < span.end_min for span in hours)
        )

    def holiday(self, date: dt.date) -> Mapping[str, str]:
        """Return the name, by language, of the holiday the hall is closed for; empty when none."""
        return {} if date in self.dates else self.holidays.get(date, {})

    def takes(self, agency: str, cutoff_min: int, moment: Moment) -> Hours:
        """Return whether numbers of a service of the agency are given out at that moment."""
        windows = self._windows(agency, moment.date)
        if not any(start <= moment.at_min < end for start, end in windows):
            return "closed"
        return "cutoff" if moment.at_min >= windows[-1].end_min - cutoff_min else "open"

    def moment(self, at_ms: int) -> Moment:
        """Return what the clock on the wall shows at an instant, UTC milliseconds since 1970."""
        at = dt.datetime.fromtimestamp(at_ms / 1000, self.zone)
        return Moment(at.date(), at.hour * 60 + at.minute)

    def next_turn_ms(self, agency: str, cutoff_min: int, after_ms: int) -> int | None:
        """Return the next instant at which `takes` may answer otherwise; None: never again."""
        for date in self._days(after_ms):
            windows = self._windows(agency, date)
            edges = {edge for window in windows for edge in window}
            if windows and cutoff_min:
                edges.add(max(0, windows[-1].end_min - cutoff_min))
            turns = [at for edge in edges if (at := self._instant_ms(date, edge)) > after_ms]
            if turns:
                return min(turns)
        return None

    def next_opening(self, agency: str, after_ms: int) -> dt.datetime | None:
        """Return, in the hall's time, when the agency next opens; None: not within `HORIZON_DAYS`.

        What the fixed text `Tutup, buka kembali Senin pukul 08.00 WIB` says.
        """
        return self._next_start(after_ms, lambda date: self.spans(agency, date))

    def next_issue(self, agency: str, after_ms: int) -> dt.datetime | None:
        """Return, in the hall's time, from when numbers are next given out; None as above.

        What `Pengambilan nomor mulai pukul 07.30 WIB` says.
        """
        return self._next_start(after_ms, lambda date: self._windows(agency, date))

    def _windows(self, agency: str, date: dt.date) -> tuple[Span, ...]:
        """Return when numbers are given out: the opening hours, the first from `issue_from`."""
        spans = self.spans(agency, date)
        if not spans or self.issue_from_min is None:
            return spans
        start_min = self.issue_from_min
        later = [Span(max(span.start_min, start_min), span.end_min) for span in spans]
        later[0] = Span(start_min, spans[0].end_min)
        return tuple(span for span in later if span.start_min < span.end_min)

    def _next_start(
        self, after_ms: int, spans_of: Callable[[dt.date], tuple[Span, ...]]
    ) -> dt.datetime | None:
        for date in self._days(after_ms):
            for span in spans_of(date):
                start_ms = self._instant_ms(date, span.start_min)
                if start_ms > after_ms:
                    return dt.datetime.fromtimestamp(start_ms / 1000, self.zone)
        return None

    def _days(self, after_ms: int) -> Iterator[dt.date]:
        first = self.moment(after_ms).date
        return (first + dt.timedelta(days=day) for day in range(HORIZON_DAYS))

    def _instant_ms(self, date: dt.date, at_min: int) -> int:
        # Wall time, not hours since midnight: on a day whose clock is changed they differ.
        days, minutes = divmod(at_min, DAY_MIN)
        wall = dt.datetime.combine(date + dt.timedelta(days=days), dt.time(), self.zone)
        return round(wall.replace(hour=minutes // 60, minute=minutes % 60).timestamp() * 1000)
