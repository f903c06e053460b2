"""Press, kill -9 something, press on; then compare every press with the journal.

`run_kills` plays one seeded run on the demo's hall and returns its figures. What was pressed is
what the panel answered, what was kept is each node's outbox, what was printed is each kiosk's log,
what was decided is the hub's journal, what was shown is what `mosquitto_sub` saw. `oracle.py`
compares them; `test_oracle.py` shows that it would find a fault. As a program it writes the figures
of the long proof:

    python -m tests.real.kills --seed 1 --kills 50 --out tests/real/kills.json
"""

import argparse
import json
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from broker.records import verify
from tests.real import oracle
from tests.real.hall import RunningHall, running_hall, until
from tests.real.oracle import Decided, Kept

VICTIMS = ("broker", "hub", "counter", "board", "kiosk")
WAIT_MAX_S = 60.0

AFTER_A_KILL_MAX = 2
PRESSES_A_KILL = 1 + AFTER_A_KILL_MAX
"""One while the victim dies, and what is pressed before it is back."""


class Run:
    """One seeded run: what was pressed, and how often something was killed."""

    def __init__(self, hall: RunningHall, seed: int) -> None:
        self.hall = hall
        self.random = random.Random(seed)
        self.pressed: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        panel = hall.panel()
        self.kiosks = {i: list(n["services"]) for i, n in panel.items() if n["role"] == "kiosk"}
        self.counters = sorted(i for i, n in panel.items() if n["role"] == "counter")
        self.boards = sorted(name for name in hall.ready["pids"] if name.startswith("board"))

    def press(self, node: str, button: str) -> None:
        """Press, and note whether the node answered."""
        answered = self.hall.press(node, button)
        (self.pressed if answered else self.unanswered)[node] += 1

    def ticket(self) -> tuple[str, str]:
        """Return a random kiosk and a random service's button of it."""
        kiosk = self.random.choice(sorted(self.kiosks))
        return kiosk, self.random.choice(self.kiosks[kiosk])

    def act(self) -> tuple[str, str]:
        """Return what the hall's people press next: tickets, calls, and what follows a call."""
        if self.random.random() < 0.5:
            return self.ticket()
        button = self.random.choice(("call",) * 7 + ("recall", "done", "no_show"))
        return self.random.choice(self.counters), button

    def kill_one(self, victim: str) -> None:
        """Press, and kill the victim 0-60 ms after the press began."""
        names = {
            "counter": self.counters,
            "board": self.boards,
            "kiosk": sorted(self.kiosks),
        }.get(victim, [victim])
        name = self.random.choice(names)
        delay_s = self.random.uniform(0.0, 0.06)
        pressed = self.act()
        self.hall.until_new(*pressed)
        presser = threading.Thread(target=self.press, args=pressed)
        presser.start()
        time.sleep(delay_s)
        old = self.hall.kill(name)
        presser.join()
        self.kills[victim] += 1
        self.killed[name] += 1
        for _ in range(self.random.randrange(AFTER_A_KILL_MAX + 1)):
            self.press(*self.act())
        self.hall.until_restarted(name, old)

    def settle(self) -> None:
        """Wait until every node has a result for every row it kept."""
        for node in (*self.kiosks, *self.counters):
            until(
                partial(self.hall.is_settled, node),
                f"{node} has a result for every row",
                within_s=WAIT_MAX_S,
            )


def check(run: Run) -> dict[str, Any]:
    """Return the run's figures after comparing presses, outboxes, slips and journal.

    Raises:
        AssertionError: Something is not as pressed; says what, and at which row.
    """
    hall, journal = run.hall, run.hall.journal()
    kept = {node: hall.outbox(node) for node in (*run.kiosks, *run.counters)}
    slips = {kiosk: hall.slips(kiosk) for kiosk in run.kiosks}
    found = {
        "lost": [*oracle.lost(journal, kept), *_unkept(run, kept)],
        "twice": [*oracle.twice(journal), *oracle.invented(journal, kept)],
        "out_of_turn": oracle.out_of_turn(journal),
        "skipped": oracle.skipped(journal),
        "forgotten": oracle.forgotten(journal),
        "misprinted": oracle.misprinted(journal, slips),
    }
    faults = [fault for told in found.values() for fault in told]
    assert not faults, "\n".join(faults)
    verified = verify(hall.data / "hub" / "journal.db")
    assert verified.fault is None, f"the journal is broken: {verified.fault}"
    return {
        "pressed": sum(run.pressed.values()),
        "unanswered": sum(run.unanswered.values()),
        "rows": len(journal),
        **{name: len(told) for name, told in found.items()},
        "stale": check_stale(run, journal),
        "kills": dict(sorted(run.kills.items())),
        "refused": dict(sorted(Counter(row.refusal for row in journal if row.refusal).items())),
        **check_shown(run, journal),
    }


def _unkept(run: Run, kept: Mapping[str, Sequence[Kept]]) -> list[str]:
    """Return each node that kept fewer rows than presses it answered, or more than there were."""
    faults = []
    for node, rows in kept.items():
        asked = sum(row.command["type"] != "confirm_print" for row in rows)
        pressed, unsure = run.pressed[node], run.unanswered[node]
        if not pressed <= asked <= pressed + unsure:
            faults.append(f"{node}: {pressed} to {pressed + unsure} pressed, {asked} kept")
    return faults


def check_stale(run: Run, journal: Sequence[Decided]) -> int:
    """Return how many presses came too late; only a kill on their way may have held one up."""
    stale = sum(row.refusal == "stale" for row in journal)
    kills = sum(run.kills[victim] for victim in ("broker", "hub", "counter"))
    assert stale <= kills * PRESSES_A_KILL, f"{stale} presses refused as stale by {kills} kills"
    return stale


def check_shown(run: Run, journal: Sequence[Decided]) -> dict[str, int]:
    """Return counts of tickets, slips and calls; the queue and the board show all of them."""
    events = [event for row in journal for event in row.events]
    issued = [event for event in events if event["type"] == "ticket_issued"]
    printed = {event["ticket"] for event in events if event["type"] == "print_confirmed"}
    assert {event["ticket"] for event in issued} == printed, "a ticket was never printed"
    calls = [e["call_id"] for e in events if e["type"] in {"ticket_called", "ticket_recalled"}]
    for service, count in Counter(event["service"] for event in issued).items():
        until(
            partial(_shows, run, service, count),
            f"state/queue shows {count} issued for {service}",
        )
    shown = [call["call_id"] for call in run.hall.listener.newest["state/board"]["calls"]]
    assert shown == list(reversed(calls))[: len(shown)], "the board shows other calls"
    assert len(shown) >= min(30, len(calls)), f"{len(shown)} calls shown of {len(calls)}"
    alone = sum(event["type"] == "ticket_corrected" for event in events)
    uncertain = sum(event.get("uncertain", False) for event in events)
    counts = {"tickets": len(issued), "alone": alone, "uncertain": uncertain}
    return {**counts, "calls": len(calls)}


def _shows(run: Run, service: str, issued: int) -> bool:
    return run.hall.listener.issued(service) == issued


def run_kills(*, seed: int, kills: int, broker: str, data: Path) -> dict[str, Any]:
    """Play one run and return its figures.

    Raises:
        AssertionError: Something pressed was lost, done twice, or not shown; names the seed.
    """
    with running_hall(data=data, broker=broker) as hall:
        run = Run(hall, seed)
        for _ in range(12):
            run.press(*run.ticket())
        victims = [VICTIMS[i % len(VICTIMS)] for i in range(kills)]
        run.random.shuffle(victims)
        for victim in victims:
            run.kill_one(victim)
        run.settle()
        run.press(*run.ticket())
        run.settle()
        return {"seed": seed, "broker": broker, **check(run)}


def main() -> None:
    """Write the figures of the long proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    runs = []
    for broker in ("mosquitto", "embedded"):
        with tempfile.TemporaryDirectory(prefix="loket-kills-") as data:
            runs.append(run_kills(seed=args.seed, kills=args.kills, broker=broker, data=Path(data)))
        sys.stdout.write(json.dumps(runs[-1]) + "\n")
    mosquitto = subprocess.run(
        ["mosquitto", "-h"], capture_output=True, text=True, check=False
    ).stdout.split("\n", 1)[0]
    versions = {name: version(name) for name in ("loket", "paho-mqtt", "amqtt", "aiosqlite")}
    figures = {
        "command": f"python -m tests.real.kills --seed {args.seed} --kills {args.kills}",
        "versions": {"python": platform.python_version(), "mosquitto": mosquitto, **versions},
        "runs": runs,
    }
    args.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
