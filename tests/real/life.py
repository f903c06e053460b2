"""One ticket's life on disks that fail: a power cut or an error at each write and sync of it.

    python -m tests.real.life --out tests/real/power.json

Hub, a kiosk and a counter node have their data folders on `fuse.py`. A ticket is pressed, issued,
printed, confirmed, called and closed, again and again; each time one call of one of the three
fails, or the power of its Pi is cut there. Who dies is started again with what its disk kept. Every
life must come to its end, and at the end nothing may be lost, twice or out of order.
"""

import argparse
import contextlib
import json
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from broker.records import verify
from tests.real import oracle
from tests.real.chaos_hall import AGAIN_S, Build, ChaosHall, ask
from tests.real.failing_disk import FailingDisk, failing_disk
from tests.real.hall import until
from tests.real.platter import LOSSES

KIOSK, COUNTER, SERVICE = "kiosk-1", "loket-4", "skck"
VICTIMS = ("hub", KIOSK, COUNTER)
STEP_S = 30.0

PATIENCE_S = 4.0
"""A person who sees nothing come of a press presses again."""

TRIES_MAX = 10

KEPT_AFTER_S = 0.3
"""So long after a finger has left, a press is a row on the disk, or was refused by it."""


KEPT_S = 90.0
"""What a disk refused is tried again after 60 s, or with the next press."""


class Fault(NamedTuple):
    """What happens at the n-th such call of whose life."""

    victim: str
    call: str
    fault: str
    when: str = "before"


CUTS = tuple(Fault(v, "sync", "cut", when) for v in VICTIMS for when in ("before", "after"))
"""The power goes before a sync has put anything on the disk, or when it has and nobody knows."""

ERRORS = tuple(
    Fault(v, call, error)
    for v in VICTIMS
    for call in ("sync", "write")
    for error in ("EIO", "ENOSPC")
)


class LifeHall(ChaosHall):
    """A hall of one kiosk and one counter, on failing disks."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, kiosks=1, build=Build())
        self.counters = [COUNTER]
        self.nodes = [KIOSK, COUNTER]
        self.processes = {n: self.processes[n] for n in ("broker", *VICTIMS)}
        self.disks: dict[str, FailingDisk] = {}
        self.cuts = 0
        self.ends: Counter[str] = Counter()
        self._loss = LOSSES[0]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Mount the disks and run all of it for the block."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.stop)
            self.processes["broker"].start()
            until(lambda: "mosquitto serves" in self.log("broker").read_text("utf-8"), "broker")
            with contextlib.ExitStack() as mounts:
                for name in VICTIMS:
                    control = self._folder / f"{name}.control"
                    mounted = failing_disk(self.data / name, control)
                    self.disks[name] = mounts.enter_context(mounted)
                for name in VICTIMS:
                    self.processes[name].start()
                for node in self.nodes:
                    until(lambda n=node: ask(self.data / n, {"get": "panel"}), node)
                yield
                self.stop()

    def arm(self, fault: Fault, nth: int, loss: str) -> None:
        """Have it happen in the life that begins now, with a start of the victim."""
        self._loss = loss
        process = self.processes[fault.victim]
        process.send(signal.SIGKILL)
        process.wait()
        self.disks[fault.victim].arm(fault.call, nth, fault.fault, when=fault.when)
        process.start()

    def revive(self) -> None:
        """Start again who has ended, on what its disk has kept."""
        for name, process in self.processes.items():
            if process.is_running:
                continue
            if name in self.disks and self.disks[name].tell("counts")["is_off"]:
                self.cuts += 1
                self.disks[name].power_on(loss=self._loss, seed=self.cuts)
            else:
                self.ends[name] += 1
            process.start()

    def until(self, fact: Callable[[], Any], what: str, *, within_s: float = STEP_S) -> Any:
        """Wait until it is so, and start again who ends meanwhile."""

        def is_so() -> Any:
            self.revive()
            # While a process starts, its file may not be one to be read.
            with contextlib.suppress(OSError, sqlite3.OperationalError):
                return fact()
            return None

        return until(is_so, what, within_s=within_s)

    def done(self) -> bool:
        """Return whether all that was pressed has its result and its paper."""
        return self.is_settled(*self.nodes)

    def has(self, type_: str) -> int:
        """Return how often it happened."""
        rows = self.until(lambda: (self.journal(),), "the journal can be read")[0]
        return sum(e["type"] == type_ for row in rows for e in row.events)

    def press(self, node: str, button: str, event: str) -> None:
        """Press as people do: again, when nothing has come of it."""
        wanted = self.has(event) + 1
        for _ in range(TRIES_MAX):
            self.until(lambda: ask(self.data / node, {"get": "panel"}), f"{node} listens")
            ask(self.data / node, {"press": button, "ms": 30})
            time.sleep(KEPT_AFTER_S)  # else all that is known is settled before this press is
            with contextlib.suppress(AssertionError):
                self.until(
                    lambda: self.has(event) >= wanted or self.done(), "", within_s=PATIENCE_S
                )
            if self.has(event) >= wanted:
                return
            if node == KIOSK:
                time.sleep(AGAIN_S)
        raise AssertionError(f"{node} {button}: pressed {TRIES_MAX} times, no {event}")

    def live(self) -> None:
        """Take one ticket from its press to its end."""
        self.press(KIOSK, SERVICE, "print_confirmed")
        # As shown: staff press when the lamp says that somebody waits.
        self.until(lambda: self._counter()["waiting"], "the counter shows who waits")
        self.press(COUNTER, "call", "ticket_called")
        self.until(lambda: self._counter()["number"], "the counter shows the call")
        self.press(COUNTER, "done", "ticket_closed")

    def _counter(self) -> dict[str, Any]:
        panel = ask(self.data / COUNTER, {"get": "panel"})
        counter: dict[str, Any] = panel.get("counter", {"waiting": 0, "number": ""})
        return counter


def sweep(hall: LifeHall, fault: Fault, *, losses: Sequence[str] = LOSSES) -> int:
    """Live a life for each call at which the fault can happen; return how many calls there were.

    A sweep ends with the first life that has no such call left.
    """
    nth = 0
    while True:
        nth += 1
        hall.arm(fault, nth, losses[nth % len(losses)])
        hall.live()
        if not hall.disks[fault.victim].has_fired:
            return nth - 1


def faults_of(hall: LifeHall) -> dict[str, list[str]]:
    """Return what is wrong in the records of all lives."""
    journal = hall.journal()
    kept = {node: hall.outbox(node) for node in hall.nodes}
    verified = verify(hall.data / "hub" / "journal.db")
    return {
        "lost": oracle.lost(journal, kept),
        "twice": [*oracle.twice(journal), *oracle.invented(journal, kept)],
        "out_of_turn": oracle.out_of_turn(journal),
        "skipped": oracle.skipped(journal),
        "forgotten": oracle.forgotten(journal),
        "misprinted": oracle.misprinted(journal, {KIOSK: hall.slips(KIOSK)}),
        "broken": [] if verified.fault is None else [verified.fault],
    }


def lives(folder: Path, faults: Sequence[Fault], *, losses: Sequence[str] = LOSSES) -> Any:
    """Play sweeps; return their figures, with the faults found."""
    hall = LifeHall(folder)
    with hall.running():
        hall.live()
        swept = [
            {**fault._asdict(), "calls": sweep(hall, fault, losses=losses)} for fault in faults
        ]
        hall.until(hall.done, "every row has its result, every slip its end", within_s=KEPT_S)
        found = faults_of(hall)
    return {
        "sweeps": swept,
        "cuts": hall.cuts,
        "ended": dict(hall.ends),
        **{kind: len(told) for kind, told in found.items()},
        "faults": {kind: told[:5] for kind, told in found.items() if told},
    }


def main() -> int:
    """Play all sweeps and write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loket-life-") as folder:
        figures = lives(Path(folder), (*CUTS, *ERRORS))
    args.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(figures["faults"]) + "\n")
    return 1 if figures["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
