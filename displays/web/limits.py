"""PURE: how often something may be asked, by name; what is not asked any more is forgotten."""

from collections import deque

MINUTE_S = 60.0


class Limit:
    """So many times a minute for each name, counted from each time it was asked.

    Args:
        per_minute: At most so often.
        names_max: Names remembered; beyond it, those asked longest ago are forgotten.
    """

    def __init__(self, *, per_minute: int, names_max: int = 4096) -> None:
        self._per_minute = per_minute
        self._names_max = names_max
        self._asked: dict[str, deque[float]] = {}

    def takes(self, name: str, now_s: float) -> bool:
        """Return whether it may be asked once more now, and count it if so."""
        asked = self._asked.pop(name, None) or deque()
        while asked and asked[0] <= now_s - MINUTE_S:
            asked.popleft()
        is_free = len(asked) < self._per_minute
        if is_free:
            asked.append(now_s)
        self._asked[name] = asked
        while len(self._asked) > self._names_max:
            del self._asked[next(iter(self._asked))]
        return is_free
