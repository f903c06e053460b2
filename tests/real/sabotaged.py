"""`loket` with a deliberate bug in it: the chaos runs must find each.

    python -m tests.real.sabotaged NAME hub|node|… ARGUMENTS

The bugs are subclasses, most of them the simulation's, put in the place of a part before the
command runs. The product has no switch for any of them.
"""

import sys
from typing import Any

import broker.core
import broker.hub
import edge.command
from broker.core import HubCore
from broker.wire.delivery import Row, Sender
from broker.wire.messages import Ack, Result, Up
from edge import cli
from tests.sim.receivers import DedupReceiver
from tests.sim.sabotage import SeenIgnored


class BrokerTrusted(Sender):
    """Is done with a row once the broker has taken it; its result is welcome if it comes."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._taken: dict[tuple[str, int], Row] = {}

    def outgoing(self, now_s: float) -> list[Up]:
        """Send, and forget what was sent."""
        ups = super().outgoing(now_s)
        for up in ups:
            rows = self._streams[up.stream]
            for seq in range(up.start, up.start + len(up.commands)):
                self._taken[up.stream, seq] = rows.pop(seq)
        return ups

    def acked(self, ack: Ack, now_s: float) -> list[tuple[Row, Result]]:
        """Take the results of what was sent."""
        for seq in (result.seq for result in ack.results):
            if ack.stream in self._streams and (ack.stream, seq) in self._taken:
                self._streams[ack.stream][seq] = self._taken.pop((ack.stream, seq))
        return super().acked(ack, now_s)


class RowsForgotten(Sender):
    """Begins without the rows of earlier starts."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts | {"rows": ()})


class NumbersForgotten(HubCore):
    """Begins each start with the first numbers."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.hall.numbers.clear()


SABOTAGES: dict[str, tuple[str, Any, str, Any]] = {
    "broker-trusted": (
        "what the broker took counts as delivered: the promise of a PUBACK",
        *(edge.command, "Sender", BrokerTrusted),
    ),
    "rows-forgotten": (
        "a node's start leaves the rows of earlier starts where they are",
        *(edge.command, "Sender", RowsForgotten),
    ),
    "dedup-off": (
        "the hub decides a row that comes again",
        *(broker.core, "Receiver", DedupReceiver),
    ),
    "seen-ignored": (
        "a second press of one meant calls a second time",
        *(broker.core, "Decider", SeenIgnored),
    ),
    "numbers-forgotten": (
        "a start of the hub gives out 001 again",
        *(broker.hub, "HubCore", NumbersForgotten),
    ),
}
"""Name -> what is wrong, and which name of which module is what instead."""


def main() -> None:
    """Put the bug in its place and run the command."""
    _, module, name, part = SABOTAGES[sys.argv.pop(1)]
    assert hasattr(module, name)
    setattr(module, name, part)
    cli.main()


if __name__ == "__main__":
    main()
