"""PURE: what a board's services are like now: how many wait, and whether anybody gets a number.

Taken from `state/queue`. Nobody is sent anywhere by it, so a retained snapshot will do; it counts
only while the hub of its generation is heard.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from broker.hall.views import QueueView, ServiceQueue
from broker.wire.generation import is_older
from displays.board_setup import BoardSetup


class Offers:
    """The services of one board."""

    def __init__(self, setup: BoardSetup) -> None:
        self._setup = setup
        self._view: QueueView | None = None

    def take(self, view: QueueView) -> bool:
        """Take a snapshot; False when it is older than the one it has."""
        if self._view is not None and is_older(view, self._view):
            return False
        self._view = view
        return True

    def waiting(self, *, gen: str, day: date) -> Mapping[str, int]:
        """Return how many wait, by the letters of their numbers; empty when it is not known."""
        if self._view is None or self._view.day != day.isoformat():
            return {}
        counts: Counter[str] = Counter()
        for service, queue in self._queues(gen).items():
            counts[self._setup.marks[service].series] += queue.waiting
        return counts

    def is_shut(self, *, gen: str) -> bool:
        """Return whether nobody gets a number here, and nobody waits."""
        queues = self._queues(gen).values()
        return bool(queues) and all(q.takes == "closed" and not q.waiting for q in queues)

    def opening(self, at: datetime) -> tuple[Literal["opening", "closed"], datetime | None]:
        """Return when numbers are given out again, if that is today, or when the doors open."""
        calendar, agencies = self._setup.calendar, self._setup.agencies
        if calendar is None:
            return "closed", None
        at_ms = round(at.timestamp() * 1000)
        issues = [on for a in agencies if (on := calendar.next_issue(a, at_ms)) is not None]
        opens = [on for a in agencies if (on := calendar.next_opening(a, at_ms)) is not None]
        if issues and min(issues).date() == at.date():
            return "opening", min(issues)
        return "closed", min(opens, default=None)

    def _queues(self, gen: str) -> Mapping[str, ServiceQueue]:
        view = self._view
        if view is None or view.gen != gen:
            return {}
        return {id_: view.services[id_] for id_ in self._setup.marks if id_ in view.services}
