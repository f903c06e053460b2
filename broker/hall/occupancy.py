"""How many people are in a part of the hall, from what its doors counted. PURE.

An estimate: doors miss people who go abreast, so what went in and out never quite agrees. It is
never below nobody, it ends with the day, and what was left over then is recorded as the residue:
how well the doors count.
"""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from broker.hall.calendar import DAY_MIN, HALL, Calendar


class Passed(NamedTuple):
    """People who went through a door at about the same time."""

    entered: int
    left: int


class Occupancy:
    """A day's people in one zone, over all its doors.

    Attributes:
        entered, left: Since the day began.
        people: The estimate of who is inside, never below 0.
    """

    def __init__(self) -> None:
        self.entered = self.left = self.people = 0

    def passed(self, entered: int, left: int) -> None:
        """Take what a door counted."""
        self.entered += entered
        self.left += left
        # Who was never seen coming in can leave, but can't be missing inside.
        self.people = max(0, self.people + entered - left)

    def close(self) -> int:
        """End the day; return the residue: above 0 when more were seen coming than going."""
        residue = self.entered - self.left
        self.entered = self.left = self.people = 0
        return residue


def people_after(passages: Iterable[Passed]) -> Occupancy:
    """Return the day so far, from its passages in order of time."""
    day = Occupancy()
    for one in passages:
        day.passed(one.entered, one.left)
    return day


class Crowding(NamedTuple):
    """A zone with more people than it is for."""

    zone: str
    people: int
    people_max: int


BACK_BELOW = 0.9
"""A crowding that was said is over when the zone has fewer than this part of its limit: with one
person going in and out at the limit it would come and go."""


def crowding(
    zone: str, people: int | None, people_max: int | None, *, was: bool = False
) -> Crowding | None:
    """Return that a zone is too full, or None; what is not known is not too full.

    Args:
        people: In it, None when its doors are not heard.
        people_max: Of the hall file, None = no limit.
        was: It was too full when this was last asked.
    """
    if people is None or people_max is None:
        return None
    limit = people_max * BACK_BELOW if was else people_max
    return Crowding(zone, people, people_max) if people > limit else None


CLOSE_AFTER_MIN = 60
"""People are served to the end after the doors have closed; then whoever is left is a residue."""


def people_day(calendar: Calendar, at_ms: int) -> dt.date:
    """Return the day the people inside are counted for: the next one from an hour after closing.

    Args:
        at_ms: The hall's time, UTC milliseconds since 1970.
    """
    date, at_min = calendar.moment(at_ms)
    return date + dt.timedelta(days=at_min >= _end_min(calendar, date))


def people_day_begin_ms(calendar: Calendar, at_ms: int) -> int:
    """Return when the day began for which people are counted at this instant."""
    date, at_min = calendar.moment(at_ms)
    end_min = _end_min(calendar, date)
    if at_min < end_min:
        date -= dt.timedelta(days=1)
        end_min = _end_min(calendar, date)
    midnight = dt.datetime.combine(date, dt.time(), calendar.zone)
    # Wall time: timedelta arithmetic of one zone ignores a change of its clock, as a person does.
    return round((midnight + dt.timedelta(minutes=end_min)).timestamp() * 1000)


def _end_min(calendar: Calendar, date: dt.date) -> int:
    """Return the minute of that date at which its people end; midnight on a day that is closed."""
    spans = calendar.spans(HALL, date)
    return min(DAY_MIN, spans[-1].end_min + CLOSE_AFTER_MIN) if spans else DAY_MIN
