"""Receivers with a bug each, for the hub's place of one; `sabotage` says which is which."""
# ruff: noqa: D102 - each class says what its methods do wrong

from typing import Any

from msgspec.structs import replace

from broker.wire.delivery import Receiver, Taken
from broker.wire.messages import Up
from tests.sim.parts import WatchedCore


class DedupReceiver(Receiver):
    """Takes a row that comes again for a new one."""

    def take(self, node: str, up: Up) -> Taken:
        taken = super().take(node, up)
        rows = dict(enumerate(up.commands, start=up.start))
        again = [(seq, rows[seq]) for seq in taken.again if seq in rows]
        return taken._replace(fresh=[*again, *taken.fresh], again=[])


class GapReceiver(Receiver):
    """Is off by one: takes the row behind the one it wants."""

    def take(self, node: str, up: Up) -> Taken:
        last = self.last(node, up.stream)
        if up.start == last + 2:
            up = replace(up, first=up.start)
            taken = super().take(node, up)
            return taken._replace(gap=None)
        return super().take(node, up)


class WantReceiver(Receiver):
    """Counts the row that it wants as one that it has."""

    def take(self, node: str, up: Up) -> Taken:
        taken = super().take(node, up)
        if taken.want:
            self._streams[up.stream] = (node, taken.want)
        return taken


class ForgetfulReceiver(Receiver):
    """Accepts rows of any node in any stream, from any number on."""

    def take(self, node: str, up: Up) -> Taken:
        self._streams[up.stream] = (node, up.start - 1)
        return super().take(node, up)


def with_receiver(kind: type[Receiver]) -> type[WatchedCore]:
    """Return a core that has such a receiver."""

    class Core(WatchedCore):
        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            self._receiver = kind(streams=parts["streams"])

    return Core
