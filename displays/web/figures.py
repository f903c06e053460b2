"""PURE: a device's figures as a technician reads them.

What it doesn't say is said to be unknown, and never looks like what is fine.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from broker.wire.figures import Machine
from broker.wire.messages import Health
from displays.phrases import Phrase, say
from displays.web import tech_phrases as words

Age = Callable[[float], str]
"""Seconds as people read them."""


class Figure(NamedTuple):
    """One row.

    Attributes:
        is_known: False = the device doesn't say; shown grey, never as fine.
    """

    label: str
    value: str
    is_known: bool = True


class ButtonRow(NamedTuple):
    """One button."""

    name: str
    presses: int
    last: str
    chatter: int
    stuck: bool


def figures_of(health: Health, language: str, age: Age) -> tuple[Figure, ...]:
    """Return what a device tells of itself and its machine."""
    told = _Told(language, age)
    return tuple(told.rows(health))


def buttons_of(health: Health, language: str, age: Age, ago_s: float) -> tuple[ButtonRow, ...]:
    """Return its buttons; `ago_s` = how old the health is."""
    return tuple(
        ButtonRow(
            name,
            button.presses,
            "–"  # noqa: RUF001 - none yet
            if button.pressed_age_s is None
            else say(words.AGO, language, age=age(button.pressed_age_s + ago_s)),
            button.chatter,
            button.stuck,
        )
        for name, button in health.buttons.items()
    )


class _Told:
    def __init__(self, language: str, age: Age) -> None:
        self._language = language
        self._age = age

    def rows(self, health: Health) -> Iterator[Figure]:
        yield self._row(words.VERSION, health.version or None)
        yield self._row(words.UPTIME, self._age(health.uptime_s))
        yield self._row(words.OUTBOX, self._outbox(health))
        yield self._row(words.CONNECTS, health.connects)
        if health.printer is not None:
            unknown = words.PRINTER_STATES["unknown"]
            state = words.PRINTER_STATES.get(health.printer.state, unknown)
            is_known = state is not unknown
            yield Figure(self._say(words.PRINTER), self._say(state), is_known)
        if health.display is not None:
            plugged = health.display.plugged
            yield self._row(words.SCREEN, None if plugged is None else self._yes(plugged))
        yield from self._machine(health.machine or Machine())

    def _machine(self, machine: Machine) -> Iterator[Figure]:
        disk, network = machine.storage, machine.network
        yield self._row(words.MODEL, machine.model or None)
        yield self._row(words.TEMPERATURE, _with(machine.soc_c, "{:.0f} °C"))
        yield self._row(words.SUPPLY, self._supply(machine))
        yield self._row(words.MEMORY_FREE, _with(machine.memory_available, "{:.0%}"))
        yield self._row(words.DISK_FREE, _with(disk.available, "{:.0%}"))
        yield self._row(words.DISK_ERRORS, disk.errors)
        yield self._row(words.CANARY, self._canary(machine))
        yield self._row(words.CLOCK, self._clock(machine))
        parts = [
            network.interface,
            _with(network.link_mbps, "{} Mb/s") or "",
            _with(network.rssi_dbm, "{} dBm") or "",
        ]
        yield self._row(words.NETWORK, " ".join(part for part in parts if part) or None)

    def _row(self, label: Phrase, value: object) -> Figure:
        if value is None:
            return Figure(self._say(label), self._say(words.UNTOLD), is_known=False)
        return Figure(self._say(label), str(value))

    def _outbox(self, health: Health) -> str:
        if not health.outbox_depth or health.outbox_age_s is None:
            return str(health.outbox_depth)
        return (
            f"{health.outbox_depth}, {self._say(words.SINCE, age=self._age(health.outbox_age_s))}"
        )

    def _supply(self, machine: Machine) -> str | None:
        if machine.supply_low:
            return self._say(words.SUPPLY_LOW_NOW)
        if machine.supply_low_seen:
            return self._say(words.SUPPLY_LOW_SEEN)
        return None if machine.supply_low is None else self._say(words.SUPPLY_FINE)

    def _canary(self, machine: Machine) -> str | None:
        if machine.storage.canary is None:
            return None
        if not machine.storage.canary:
            return self._say(words.CANARY_FAILED)
        seconds = _with(machine.storage.canary_s, "{:.2f}") or self._say(words.UNTOLD)
        return self._say(words.CANARY_FINE, seconds=seconds)

    def _clock(self, machine: Machine) -> str | None:
        if machine.clock_synced is None:
            return None
        kept = self._say(words.CLOCK_KEPT if machine.clock_synced else words.CLOCK_FREE)
        error = _with(machine.clock_error_s, "± {:.3f} s")
        return f"{kept}, {error}" if machine.clock_synced and error else kept

    def _yes(self, is_so: bool) -> str:  # noqa: FBT001 - that is all there is to say
        return self._say(words.YES if is_so else words.NO)

    def _say(self, phrase: Phrase, **values: object) -> str:
        return say(phrase, self._language, **values)


def _with(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)
