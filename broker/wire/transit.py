"""How long a message was on its way, without any clock the two ends share.

A command says how old it was when it was sent. A hub or a broker that hangs lets it lie for
minutes after that, and nobody notices: the connection looks well. So senders stamp their messages
with their own monotonic clock. The least difference to the hub's clock any message of a node ever
had is that of a message which was on its way for no time; what a message has more, it lay.
"""

from typing import NamedTuple

DRIFT = 1e-4
"""Two monotonic clocks part by so much of the time that has passed: 100 ppm, twice what a Pi's
quartz may have. A node sends every 15 s, so what this forgives is not seen."""

BACK_S = 1.0
"""A stamp so far below one that came before is of another boot: its clock began anew."""


class _Least(NamedTuple):
    """Of one node: the least difference, the hub's clock then, and the highest stamp."""

    apart_s: float
    at_s: float
    sent_s: float


class Transit:
    """Remembers the fastest message of each node; knows nothing at a hub's start."""

    def __init__(self) -> None:
        self._least: dict[str, _Least] = {}

    def took_s(self, node: str, sent_s: float | None, now_s: float) -> float:
        """Return for how long a message was on its way; 0 when nobody can know.

        Args:
            sent_s: The node's monotonic clock when it was sent; None from an older release.
            now_s: The hub's when it came.
        """
        if sent_s is None:
            return 0.0
        apart_s = now_s - sent_s
        before = self._least.get(node)
        if before is None or sent_s < before.sent_s - BACK_S:
            self._least[node] = _Least(apart_s, now_s, sent_s)
            return 0.0
        least_s = before.apart_s + max(0.0, now_s - before.at_s) * DRIFT
        top_s = max(before.sent_s, sent_s)
        if apart_s <= least_s:
            self._least[node] = _Least(apart_s, now_s, top_s)
            return 0.0
        self._least[node] = before._replace(sent_s=top_s)
        return apart_s - least_s
