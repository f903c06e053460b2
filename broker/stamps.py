"""The hub's stamps of now: its clock, whether that is trusted, and what is made of both."""

import logging

from broker.clock import Clock, Trust
from broker.hall_time import HallTime, Reading
from broker.log import kv

_log = logging.getLogger(__name__)


class Stamps:
    """Stamps rows; says in the log when the clock is no longer believed, and when it is again."""

    def __init__(self, *, clock: Clock, trust: Trust, time: HallTime) -> None:
        self._clock = clock
        self._trust = trust
        self._time = time
        self._is_believed = True

    def now_ms(self, newest_ms: int) -> int:
        """Return the stamp of now, never earlier than the newest row's: stamps don't go back."""
        reading = Reading(self._clock.wall_ms(), self._trust.boot_s(), self._trust.is_trusted())
        at_ms = self._time.read(reading, newest_ms=newest_ms)
        is_believed = self._time.believed_ms is not None
        if is_believed != self._is_believed:
            self._is_believed = is_believed
            fields = kv(wall_ms=reading.wall_ms, at_ms=at_ms, trusted=reading.is_trusted)
            if is_believed:
                _log.info("the clock is believed", extra=fields)
            else:
                _log.warning("the clock is not believed: the open day goes on", extra=fields)
        return at_ms
