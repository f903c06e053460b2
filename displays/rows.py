"""PURE: which calls stand in the rows of a board that has fewer rows than there are open calls.

Whoever is called has to find the number without knowing where it will stand (research/displays.md
§7): the newest calls stay where people look first, the others take turns below them. Nobody's
number jumps while it is being read: a call that has a place below keeps it for `TURN_S`.
"""

from collections.abc import Iterable, Sequence

from broker.hall.views import Call

NEWEST_S = 20.0
"""A call stays for so long from when it is first open here, before it takes turns."""

TURN_S = 8.0
"""How long a call stands in its turn: a line is read at leisure, twice."""

UNSEEN_S = 40.0 - TURN_S
"""Each open call is to be read for `TURN_S` in every 40 s: unseen for longer, it is reported."""


class Rows:
    """The rows of one board.

    Args:
        count: How many it has.

    Attributes:
        unseen: Open calls that were in no row for longer than `UNSEEN_S`, at the last `pick`.
    """

    def __init__(self, *, count: int) -> None:
        self.unseen = 0
        self._count = count
        self._first_s: dict[str, float] = {}
        self._seen_s: dict[str, float] = {}
        self._turns: list[tuple[str, float]] = []
        self._newest_s: list[float] = []

    def pick(self, on: Sequence[Call], over: Sequence[Call], *, now_s: float) -> tuple[Call, ...]:
        """Return the calls that stand in rows now, from the top.

        Args:
            on: Open calls, newest first.
            over: Calls nobody is to follow any more, newest first: they fill what is left.
        """
        ids = {call.call_id for call in on}
        self._first_s = {id_: self._first_s.get(id_, now_s) for id_ in ids}
        newest: Sequence[Call] = on
        turning: list[Call] = []
        if len(on) > self._count:
            # At least one row is for those who wait longer.
            newest = [c for c in on if now_s < self._first_s[c.call_id] + NEWEST_S]
            newest = newest[: self._count - 1]
            self._newest_s = [self._first_s[call.call_id] + NEWEST_S for call in newest]
            turning = self._turning(on[len(newest) :], self._count - len(newest), now_s)
        else:
            self._turns, self._newest_s = [], []
        shown = (*newest, *turning)
        seen = {call.call_id: now_s for call in shown}
        self._seen_s = {i: seen.get(i, self._seen_s.get(i, self._first_s[i])) for i in ids}
        self.unseen = sum(now_s - at_s > UNSEEN_S for at_s in self._seen_s.values())
        return (*shown, *over[: self._count - len(shown)])

    def wake_s(self) -> float | None:
        """Return the monotonic instant at which time alone changes what `pick` returns."""
        return min(
            (*(since_s + TURN_S for _, since_s in self._turns), *self._newest_s), default=None
        )

    def _turning(self, calls: Sequence[Call], places: int, now_s: float) -> list[Call]:
        """Return who has these places: each keeps its own until its turn is over."""
        by_id = {call.call_id: call for call in calls}
        kept = [
            turn if turn[0] in by_id and now_s < turn[1] + TURN_S else None
            for turn in self._turns[:places]
        ]
        standing = {turn[0] for turn in kept if turn}
        # Longest unseen first; among those never seen whoever was called first.
        waiting = sorted(
            (id_ for id_ in reversed(by_id) if id_ not in standing),
            key=lambda id_: self._seen_s.get(id_, float("-inf")),
        )
        kept += [None] * (places - len(kept))
        turns = [turn or (waiting.pop(0), now_s) for turn in kept if turn or waiting]
        self._turns = turns
        return [by_id[id_] for id_, _ in turns]


def newest_of_each(calls: Iterable[Call]) -> list[Call]:
    """Return the newest call of each counter and number: several of one counter would all seem on.

    `calls` are newest first, as the result.
    """
    counters: set[int] = set()
    numbers: set[str] = set()
    newest = []
    for call in calls:
        if call.counter not in counters and call.number not in numbers:
            newest.append(call)
        counters.add(call.counter)
        numbers.add(call.number)
    return newest
