"""PURE: many healths of a node -> a few figures for a step of time, the worst of each."""

from collections.abc import Callable, Iterable

from broker.wire.messages import Health

_Read = Callable[[Health], float | int | None]

WORST: dict[str, tuple[Callable[[Iterable[float]], float], _Read]] = {
    "soc_c": (max, lambda health: health.machine.soc_c if health.machine else None),
    "memory_available": (
        min,
        lambda health: health.machine.memory_available if health.machine else None,
    ),
    "disk_available": (
        min,
        lambda health: health.machine.storage.available if health.machine else None,
    ),
    "rssi_dbm": (min, lambda health: health.machine.network.rssi_dbm if health.machine else None),
    "outbox_depth": (max, lambda health: health.outbox_depth),
    "rss_bytes": (max, lambda health: health.rss_bytes),
}
"""Each figure: which is the worse, and where it is in a health."""


class Rollup:
    """What was told since the last `cut`, by node."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, float]] = {}

    def add(self, node: str, health: Health) -> None:
        """Take a health; what it doesn't know changes nothing."""
        of = self._found.setdefault(node, {})
        for name, (worse, read) in WORST.items():
            value = read(health)
            if value is not None:
                of[name] = worse((value, of.get(name, value)))

    def cut(self) -> dict[str, dict[str, float]]:
        """Return the figures of the step that ends here, and begin the next."""
        found, self._found = self._found, {}
        return found
