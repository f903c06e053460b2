"""PURE: people through a door, counted by two light beams, one behind the other.

The beam on the street side is the first of `beams` in the hall file. Whoever breaks it, and then
the other, has come in; the other way round, has gone out. The beams are 20 to 30 cm apart: then a
person takes 80 to 1500 ms from one to the other, between running and hesitating. Closer together
than 80 ms is not a person but a door leaf, a draught of dust or somebody's bag in both.

`edge.press` debounces each beam (a broken beam is a button that is down); here are the pairs. What
is counted is an estimate: two people abreast are one.
"""

from enum import StrEnum
from typing import NamedTuple

from edge.press import Moment, Press, Timing

BEAM = Timing(stable_s=0.01, lockout_s=0.0, held_s=60.0, stuck_s=60.0)
"""A beam broken for less than 10 ms was an insect; for 60 s it is covered, out of line or dead."""

PAIR_MIN_S, PAIR_MAX_S = 0.080, 1.500

TRAIL_S = 0.4
"""After a passage the beam broken last is not judged for so long: an arm, a bag, a child held by
the hand behind the same body would be the beginning of the next passage, the wrong way."""

BEAMS = 2


class Way(StrEnum):
    """Which way somebody went."""

    IN = "in"
    OUT = "out"


class Fault(StrEnum):
    """What is wrong with a beam."""

    BLOCKED = "blocked"
    FREE = "free"
    """It is no longer blocked."""


class _Broken(NamedTuple):
    beam: int
    at_s: float


class Door:
    """One door.

    Attributes:
        entered, left: People since the start.
        unclear: Breaks of a beam that were no passage.
        blocked: Which beams are broken for 60 s and more: the door counts nobody then.
    """

    def __init__(self) -> None:
        self.entered = self.left = self.unclear = 0
        self.blocked: set[int] = set()
        self._open: _Broken | None = None
        self._trail: _Broken | None = None

    def moment(self, beam: int, press: Press) -> Way | Fault | None:
        """Take what a beam's machine says; return a passage or a fault that became certain.

        Args:
            beam: 0 is on the street side, 1 inside.
            press: In order of time over both beams.
        """
        match press.moment:
            case Moment.PRESSED:
                return self._broken(_Broken(beam, press.at_s))
            case Moment.STUCK:
                self.blocked.add(beam)
                self._forget()
                return Fault.BLOCKED
            case Moment.RELEASED if beam in self.blocked:
                self.blocked.discard(beam)
                return Fault.FREE
            case _:
                return None

    def _broken(self, now: _Broken) -> Way | None:
        trail = self._trail
        if self.blocked:
            self.unclear += 1  # the order can't be told
        elif trail is None or trail.beam != now.beam or now.at_s - trail.at_s >= TRAIL_S:
            return self._paired(now)
        return None

    def _paired(self, now: _Broken) -> Way | None:
        first, self._open = self._open, None
        if first is None:
            self._open = now
            return None
        took_s = now.at_s - first.at_s
        if first.beam == now.beam or took_s > PAIR_MAX_S:
            self.unclear += 1
            self._open = now
            return None
        if took_s < PAIR_MIN_S:
            self.unclear += 2
            return None
        self._trail = now
        way = Way.IN if now.beam == 1 else Way.OUT
        self.entered += way is Way.IN
        self.left += way is Way.OUT
        return way

    def _forget(self) -> None:
        if self._open is not None:
            self.unclear += 1
        self._open = self._trail = None
