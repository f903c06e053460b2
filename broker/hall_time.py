"""The hub's stamps, made from a clock that may be wrong (DESIGN §5.11). Pure: readings in.

A wall clock is believed while the machine trusts it and it does not contradict what is known:

- it is after 2026 began, so after this was written;
- when it is believed for the first time since the hub's start, it is at most `GAP_MAX_MS` ahead of
  the newest row, the longest a hall is shut, and at most `STEP_MAX_MS` behind it;
- later it is within `STEP_MAX_MS` of where the monotonic clock has got to: a greater step waits
  until it is undone, or until a person says the day.

While it is not believed stamps go on from the newest row by the monotonic clock. So they are never
ahead of the true time, as far as earlier ones were true, and the first believed reading takes them
forward. A hall without any row begins at `UNDATED_MS`, in 1970: nobody takes that for a date.
Stamps never go back: while they are ahead of a believed clock they run at half its speed.
"""

from typing import NamedTuple

from broker.hall.stamps import REAL_MS

UNDATED_MS = 86_400_000
"""The first stamp of a hall that knows no time; a day late, so that a press may be older."""

STEP_MAX_MS = 26 * 3_600_000
"""A day, and two hours for a clock that was set to another time zone's."""

GAP_MAX_MS = 100 * 86_400_000

STEP_MIN_MS = 1_000
"""Below this it is no step: the two clocks are never read at one instant."""

SLOW = 0.5


class Reading(NamedTuple):
    """What a machine's clocks show at one instant.

    Attributes:
        boot_s: Since boot, sleep included.
        is_trusted: See `broker.clock.Trust`.
    """

    wall_ms: int
    boot_s: float
    is_trusted: bool


class HallTime:
    """Makes stamps of readings.

    Args:
        newest_ms: Stamp of the journal's newest row; 0 when it has none.

    Attributes:
        believed_ms: The wall clock of the newest reading; None when that is not believed.
        step_ms: How far stamps were taken forward by believed readings since the last `settle`,
            beyond the monotonic clock.
        doubtful_from_ms: Stamps from here on were too low by as much; None: only those that were
            made while the clock was not believed.
    """

    def __init__(self, *, newest_ms: int) -> None:
        self.believed_ms: int | None = None
        self.step_ms = 0
        self.doubtful_from_ms: int | None = None
        self._was_believed = False
        self._at_ms = float(newest_ms or UNDATED_MS)
        self._at_s: float | None = None
        self._speed = 1.0

    def read(self, reading: Reading, *, newest_ms: int = 0) -> int:
        """Return the stamp of this instant, never below the newest row's nor the one before."""
        expected = max(self._expected_ms(reading.boot_s), float(newest_ms))
        self.believed_ms = reading.wall_ms if self._is_believed(reading, expected) else None
        if self.believed_ms is None:
            self._go_on(expected, reading.boot_s, 1.0)
        elif self.believed_ms >= expected:
            self._note_step(self.believed_ms - round(expected), reading.boot_s, expected)
            self._go_on(float(self.believed_ms), reading.boot_s, 1.0)
        else:
            self._go_on(expected, reading.boot_s, SLOW)
        self._was_believed |= self.believed_ms is not None
        return int(self._at_ms)

    def settle(self) -> None:
        """Forget the steps: what follows from them for the day is done."""
        self.step_ms = 0
        self.doubtful_from_ms = None

    def _expected_ms(self, boot_s: float) -> float:
        if self._at_s is None:
            return self._at_ms
        return self._at_ms + max(0.0, boot_s - self._at_s) * 1000 * self._speed

    def _go_on(self, at_ms: float, boot_s: float, speed: float) -> None:
        self._at_ms, self._at_s, self._speed = at_ms, boot_s, speed

    def _is_believed(self, reading: Reading, expected_ms: float) -> bool:
        if not reading.is_trusted or reading.wall_ms < REAL_MS:
            return False
        if expected_ms < REAL_MS:
            return True  # Nothing is known to contradict it.
        ahead_ms = reading.wall_ms - expected_ms
        return -STEP_MAX_MS <= ahead_ms <= (STEP_MAX_MS if self._was_believed else GAP_MAX_MS)

    def _note_step(self, step_ms: int, boot_s: float, expected_ms: float) -> None:
        if not self._was_believed:
            # Before it lies the time the hub was off, when nothing was stamped.
            self.step_ms = step_ms
        elif step_ms > STEP_MIN_MS:
            self.step_ms += step_ms
            if self.doubtful_from_ms is None:
                self.doubtful_from_ms = round(expected_ms - boot_s * 1000)
