"""A node's lamps: the pattern each goes on showing, a flash before it, and the pins behind them."""

from collections.abc import Iterable, Mapping

from edge.devices import Devices
from edge.lamps import Lamp, Pattern


class Lights:
    """All lamps of one node, by name."""

    def __init__(self, *, devices: Devices) -> None:
        self._pins = devices.lamps
        self._lamps = {name: Lamp() for name in devices.lamps}

    def panel(self) -> dict[str, str]:
        """Return what each shows."""
        return {name: lamp.pattern.value for name, lamp in self._lamps.items()}

    def flash(self, lamps: Iterable[str], pattern: Pattern, now_s: float) -> None:
        """Show this once, from now; names of lamps that are not there are left out."""
        for name in self._lamps.keys() & set(lamps):
            self._lamps[name].flash(pattern, now_s)

    def show(self, patterns: Mapping[str, Pattern], now_s: float) -> None:
        """Show these from now on, the others nothing; and have the pins follow."""
        for name, lamp in self._lamps.items():
            lamp.show(patterns.get(name, Pattern.OFF), now_s)
            lamp.advance(now_s)
            pin = self._pins[name]
            if pin.is_lit != lamp.lit:
                pin.light(on=lamp.lit)

    def wake_s(self) -> float | None:
        """Return the instant at which a lamp next changes by time alone; None = none does."""
        wakes_s = [lamp.wake_s() for lamp in self._lamps.values()]
        return min((wake_s for wake_s in wakes_s if wake_s is not None), default=None)
