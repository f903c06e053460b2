"""What is to be said of the hall, and not before when. Pure: instants in, names of snapshots out.

A snapshot on the agenda twice is said once, at the earlier instant.
"""

from broker.wire.topics import Kind

_ORDER = (Kind.BOARD, Kind.COUNTER, Kind.CODED, Kind.QUEUE, Kind.HUB)
"""What people wait for comes first."""


class Agenda:
    """Retained topics that have something new, each with the instant it is due, monotonic."""

    def __init__(self) -> None:
        self._due_s: dict[tuple[Kind, str], float] = {}

    def add(self, kind: Kind, name: str = "", *, at_s: float) -> None:
        """Have a snapshot said at that instant, or earlier when it is due earlier already."""
        self._due_s[kind, name] = min(at_s, self._due_s.get((kind, name), at_s))

    def drop(self, kind: Kind) -> None:
        """Take every snapshot of a kind off: it has just been said."""
        self._due_s = {key: at_s for key, at_s in self._due_s.items() if key[0] is not kind}

    def due_s(self) -> float:
        """Return the instant at which `take` next returns something; infinity when nothing is."""
        return min(self._due_s.values(), default=float("inf"))

    def take(self, now_s: float) -> list[tuple[Kind, str]]:
        """Take off and return what is due by now, in the order in which it is said."""
        due = [key for key, at_s in self._due_s.items() if at_s <= now_s]
        for key in due:
            del self._due_s[key]
        return sorted(due, key=lambda key: _ORDER.index(key[0]))
