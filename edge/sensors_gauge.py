"""PURE: what may be believed of a sensor: range, jump, median of three, frozen, age.

A sensor fails in ways that look like figures: a loose wire gives the end of its range, a glitch a
jump, a hung chip the same value for ever. What is not believed is counted and not sent; what is not
known is unknown, never the last value that was.
"""

from collections import Counter, deque
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE, Sample

SAMPLE_EVERY_S = 15.0
"""So a minute has four, and one that failed leaves the three of a median."""

MEDIAN_OF = 3

KEPT_S = 4 * SAMPLE_EVERY_S
"""A value older than this is no part of "now"."""

FROZEN_S = 3600.0
"""All values of a sensor the very same for so long: it hangs. The last digits of a chip that
measures are noise, and move within minutes."""


class Bounds(NamedTuple):
    """What a hall can have.

    Attributes:
        low, high: Both included.
        a_minute: A change faster than this is no air of a hall, but a fault.
    """

    low: float
    high: float
    a_minute: float


BOUNDS: dict[str, Bounds] = {
    # A DS18B20 says 85 and -127 when it has no power, a BME280 without its bus -140 and less.
    TEMPERATURE: Bounds(-10.0, 60.0, 5.0),
    # 0 % is never in air where people are, and is what a broken foil says.
    HUMIDITY: Bounds(2.0, 100.0, 30.0),
    # From 3,000 m above the sea to the highest ever at it.
    PRESSURE: Bounds(700.0, 1085.0, 5.0),
}


class State(StrEnum):
    """What a technician is told of a sensor."""

    OK = "ok"
    UNKNOWN = "unknown"
    """No believed value of now: it can't be read, or says what can't be."""
    SUSPECT = "suspect"
    """It says the very same for an hour."""


class _Believed(NamedTuple):
    value: float
    at_s: float


class Gauge:
    """One sensor's samples over time.

    Attributes:
        counts: `read_errors`, `implausible` and `jumps` since the start.
    """

    def __init__(self, kinds: tuple[str, ...], *, at_s: float) -> None:
        self.counts: Counter[str] = Counter()
        self._kinds = kinds
        self._begun_s = at_s
        self._believed: dict[str, deque[_Believed]] = {
            kind: deque(maxlen=MEDIAN_OF) for kind in kinds
        }
        self._same: Sample = {}
        self._same_s = at_s
        self._is_frozen = False

    def failed(self) -> None:
        """Count a reading that failed."""
        self.counts["read_errors"] += 1

    def take(self, sample: Sample, at_s: float) -> None:
        """Take a sample; time never goes back."""
        if sample != self._same:
            self._same, self._same_s = dict(sample), at_s
        self._is_frozen = at_s - self._same_s >= FROZEN_S
        for kind in self._kinds:
            if refused := self._refusal(kind, sample[kind], at_s):
                self.counts[refused] += 1
            else:
                self._believed[kind].append(_Believed(sample[kind], at_s))

    def values(self, now_s: float) -> dict[str, float]:
        """Return what is known now, by kind: the median of the newest three, all of them young."""
        if self._is_frozen:
            return {}
        return {
            kind: median(one.value for one in believed)
            for kind, believed in self._believed.items()
            if len(believed) == MEDIAN_OF and now_s - believed[0].at_s <= KEPT_S
        }

    def state(self, now_s: float) -> State:
        """Return how it is; unknown as soon as one of its values is."""
        if self._is_frozen and self._age_s(now_s) <= KEPT_S:
            return State.SUSPECT
        return State.OK if self.values(now_s).keys() == set(self._kinds) else State.UNKNOWN

    def age_s(self, now_s: float) -> int:
        """Return since when nothing was believed of one of its kinds, whole seconds."""
        return int(self._age_s(now_s))

    def _age_s(self, now_s: float) -> float:
        newest = [
            believed[-1].at_s if believed else self._begun_s for believed in self._believed.values()
        ]
        return now_s - min(newest)

    def _refusal(self, kind: str, value: float, at_s: float) -> str:
        bounds = BOUNDS[kind]
        if not bounds.low <= value <= bounds.high:  # NaN is not between anything
            return "implausible"
        if not self._believed[kind]:
            return ""
        last = self._believed[kind][-1]
        # A real change, seen late, is believed when so much time has passed that it could be one.
        minutes = (at_s - last.at_s) / 60
        return "jumps" if abs(value - last.value) > bounds.a_minute * minutes else ""
