"""What the hub does about the date: which day to open, to doubt, or to go on with (DESIGN §5.11).

Pure but for what decides: the hall and what its clock shows in, commands of the hub out. How the
clock is judged is in `broker.hall_time`; what a day's change does to the hall, in
`broker.hall.days`.
"""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from broker.hall.commands import DateDay, DoubtDate, OpenDay
from broker.hall.stamps import is_date
from broker.hall.state import Hall
from broker.hall_time import HallTime

AHEAD_MS = 10 * 60_000
"""An open day is not doubted for a clock that was set back less, over midnight."""

SAID_HOLDS_MS = 16 * 3_600_000
"""What a person said of the date holds for a working day."""


class Dating:
    """Looks at the date for one hub.

    Args:
        time: None: stamps are believed as they come.
        decide: Decides and appends a command of the hub itself, at a stamp.
    """

    def __init__(
        self,
        *,
        hall: Hall,
        time: HallTime | None,
        decide: Callable[[OpenDay | DoubtDate | DateDay, int], object],
    ) -> None:
        self._hall = hall
        self._zone = ZoneInfo(hall.setup.timezone)
        self._time = time
        self._decide = decide
        self._is_first_doubt = True

    def date_of(self, at_ms: int) -> str:
        """Return the ISO date of an instant in the hall's time zone."""
        return dt.datetime.fromtimestamp(at_ms / 1000, self._zone).date().isoformat()

    def look(self, at_ms: int) -> None:
        """Decide what is due at this instant, until there is nothing."""
        while (command := self._due(at_ms)) is not None:
            self._decide(command, at_ms)

    def look_at_row(self, at_ms: int) -> None:
        """Open the day of a row that was given back, if that is later than the open one."""
        date = self.date_of(at_ms) if is_date(at_ms) else ""
        if date > self._hall.day or not self._hall.is_open:
            self._decide(OpenDay(date=date), at_ms)

    def _due(self, at_ms: int) -> OpenDay | DoubtDate | DateDay | None:
        time = self._time
        if time is None:
            date = self.date_of(at_ms)
            return OpenDay(date=date) if date > self._hall.day else None
        if time.believed_ms is None:
            return self._doubt(at_ms)
        command = self._believed(self.date_of(time.believed_ms), at_ms, time)
        if command is None:
            time.settle()
        return command

    def _doubt(self, at_ms: int) -> OpenDay | DoubtDate | None:
        hall = self._hall
        if not hall.is_open:
            return OpenDay(date="")
        if not hall.doubted_pos:
            return DoubtDate()
        # Nobody knows how long a hub was off that has just started.
        is_over = self._is_first_doubt or at_ms - hall.said_ms > SAID_HOLDS_MS
        self._is_first_doubt = False
        return DoubtDate() if hall.said_ms and is_over else None

    def _believed(
        self, date: str, at_ms: int, time: HallTime
    ) -> OpenDay | DoubtDate | DateDay | None:
        hall = self._hall
        self._is_first_doubt = False
        if not hall.is_open:
            return OpenDay(date=date)
        if date > hall.day:
            from_pos = self._from_pos(date, time)
            if from_pos or not (hall.day or hall.tickets):
                return DateDay(date=date, from_pos=from_pos, step_ms=time.step_ms)
            return OpenDay(date=date)
        if date == hall.day:
            return DateDay(date=date, step_ms=time.step_ms) if hall.doubted_pos else None
        is_ahead = not hall.doubted_pos and at_ms - (time.believed_ms or 0) > AHEAD_MS
        return DoubtDate() if is_ahead else None

    def _from_pos(self, date: str, time: HallTime) -> int:
        """Return the position of the first ticket that is of that date in truth; 0 = none is.

        Only such as were stamped too low can be: while no clock was trusted, or by one that has
        been taken forward since.
        """
        doubted_pos, from_ms = self._hall.doubted_pos, time.doubtful_from_ms
        for ticket in self._hall.tickets.values():
            issued_ms = ticket.place[0]
            is_low = (doubted_pos and ticket.pos >= doubted_pos) or (
                from_ms is not None and issued_ms >= from_ms
            )
            if is_low and self.date_of(issued_ms + time.step_ms) >= date:
                return ticket.pos
        return 0
