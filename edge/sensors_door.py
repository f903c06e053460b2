"""A node's doors: whose beam is whose, what is not told yet, its people. PURE but for logs."""

import logging
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from broker.hall.occupancy import Occupancy
from broker.log import kv
from edge.door import Door, Fault, Way
from edge.press import Press

_log = logging.getLogger(__name__)

DOOR_IN, DOOR_OUT, RESIDUE = "door_in", "door_out", "door_residue"
"""Kinds of readings: people since the reading before; what was left over when a day ended."""


class Kept(Struct, frozen=True):
    """The day so far, written with each reading: a process that is killed goes on with it."""

    day: str
    entered: int
    left: int
    people: int


class Doors:
    """All doors of one node.

    Args:
        beams: Names of the beams, two a door, the outer one first.
        kept: What was written last, empty at the first start.
    """

    def __init__(self, beams: Iterable[str], *, kept: str = "") -> None:
        names = list(beams)
        self._of = {name: divmod(place, 2) for place, name in enumerate(names)}
        self._doors = [Door() for _ in names[::2]]
        self._today = Occupancy()
        self._day = ""
        self._residue: int | None = None
        self._untold = {Way.IN: 0, Way.OUT: 0}
        if kept:
            was = msgspec.json.decode(kept, type=Kept)
            self._day = was.day
            self._today.entered, self._today.left = was.entered, was.left
            self._today.people = was.people

    def __len__(self) -> int:
        """Return how many doors there are."""
        return len(self._doors)

    @property
    def has_news(self) -> bool:
        """Whether somebody passed who is in no reading yet, or a day ended."""
        return any(self._untold.values()) or self._residue is not None

    @property
    def is_blocked(self) -> bool:
        """Whether a door counts nobody: then nobody knows how many pass."""
        return any(door.blocked for door in self._doors)

    @property
    def counts(self) -> dict[str, int]:
        """For health: people, breaks that were none, and which door is blocked."""
        counts = {}
        for place, door in enumerate(self._doors, start=1):
            counts[f"door_{place}_in"] = door.entered
            counts[f"door_{place}_out"] = door.left
            counts[f"door_{place}_unclear"] = door.unclear
            counts[f"door_{place}_blocked"] = int(bool(door.blocked))
        return counts

    def panel(self) -> dict[str, object]:
        """Return what a panel shows of the doors; empty without any."""
        if not self._doors:
            return {}
        today = self._today
        return {
            "door": {
                "in": today.entered,
                "out": today.left,
                "people": today.people,
                "blocked": self.is_blocked,
            }
        }

    def moments(self, said: Iterable[tuple[str, Press]]) -> None:
        """Take what the machines of the beams say, in any order of beams."""
        # Two beams were asked one after the other; who came first decides the way.
        for name, press in sorted(said, key=lambda one: one[1].at_s):
            place, beam = self._of[name]
            match self._doors[place].moment(beam, press):
                case Way() as way:
                    self._untold[way] += 1
                    self._today.passed(int(way is Way.IN), int(way is Way.OUT))
                case Fault.BLOCKED:
                    mend = "clear the door, clean and align the beam"
                    _log.warning("beam blocked", extra=kv(beam=name, mend=mend))
                case Fault.FREE:
                    _log.info("beam free again", extra=kv(beam=name))
                case _:
                    pass

    def day_is(self, day: str) -> None:
        """Take which day it is, `2026-12-02`: one later than before ends that one."""
        if day <= self._day:
            return  # a clock that went back ends no day
        if self._day:
            self._residue = self._today.close() + (self._residue or 0)
        self._day = day

    def readings(self) -> dict[str, float]:
        """Return what is to be told now, by kind; nothing of a door nobody can count at."""
        if not self._doors:
            return {}
        told: dict[str, float] = {}
        if not self.is_blocked or any(self._untold.values()):
            told = {DOOR_IN: self._untold[Way.IN], DOOR_OUT: self._untold[Way.OUT]}
        if self._residue is not None:
            told[RESIDUE] = self._residue
        return told

    def told(self) -> None:
        """Note that `readings` are on disk."""
        self._untold = {Way.IN: 0, Way.OUT: 0}
        self._residue = None

    def kept(self) -> str:
        """Return the day so far, to be written with the readings."""
        today = self._today
        return msgspec.json.encode(
            Kept(self._day, today.entered, today.left, today.people)
        ).decode()
