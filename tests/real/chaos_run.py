"""One seeded round of chaos: press, kill, freeze and restart; then compare all there is.

Kills are spread over the presses, and each falls 0-60 ms after a press began: before, in and after
the commit of the outbox, the journal's and the one of the result (a press is on the board within
some 20 ms). A third of them freeze a process first, as a machine that hangs.
"""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from broker.records import verify
from tests.real import oracle
from tests.real.chaos_hall import (
    COUNTER_GAPS_S,
    SERVICES,
    TYPE_OF,
    Build,
    Button,
    ChaosHall,
    Presses,
    Process,
    staff,
    visitors,
)
from tests.real.hall import Listener, until
from tests.real.oracle import Decided, Kept

AIM_S = 0.06
"""From a press to the last thing that comes of it, with some to spare."""

FROZEN_S_MAX = 3.0
DOWN_S_MAX = 1.0
SETTLE_S = 90.0

VICTIMS = ("broker", "broker", "hub", "hub", "hub", "kiosk", "kiosk", "counter", "counter", "board")


class Plan(NamedTuple):
    """What a round is made of.

    Attributes:
        kills: Over the whole round; 0 = the control.
        victims: Who dies, drawn from these.
        signal: How: SIGKILL, or SIGTERM for the control of orderly restarts.
        settle_s: How long what is on its way may take at the end.
    """

    seed: int
    presses: int
    kills: int
    victims: tuple[str, ...] = VICTIMS
    signal: int = signal.SIGKILL
    kiosks: int = 3
    sabotage: str = ""
    settle_s: float = SETTLE_S


class Round:
    """One round, while it is played."""

    def __init__(self, hall: ChaosHall, plan: Plan) -> None:
        self.hall = hall
        self.plan = plan
        self.presses = Presses()
        self.kills: Counter[str] = Counter()
        self.frozen = 0
        self._random = Random(plan.seed)
        self._busy: set[str] = set()

    def is_over(self) -> bool:
        """Return whether enough was pressed."""
        return self.presses.total() >= self.plan.presses

    async def play(self) -> None:
        """Press and kill until it is over."""
        hall, random = self.hall, self._random
        async with asyncio.TaskGroup() as tasks:
            for node, button in self._buttons():
                finger = Button(hall.data / node / "panel.sock", node, button, self.presses)
                own = Random(f"{self.plan.seed} {node} {button}")
                if button in COUNTER_GAPS_S:
                    gap_s, doubles = COUNTER_GAPS_S[button], button == "call"
                    tasks.create_task(staff(finger, gap_s, own, self.is_over, doubles=doubles))
                else:
                    tasks.create_task(visitors(finger, own, self.is_over))
            keeping = tasks.create_task(self._keep_running())
            every = self.plan.presses / (self.plan.kills + 1)
            for nth in range(1, self.plan.kills + 1):
                while self.presses.total() < every * nth:  # noqa: ASYNC110 - no event tells it
                    await asyncio.sleep(0.02)
                tasks.create_task(self._kill(random.choice(self.plan.victims)))
            while not self.is_over() or self._busy:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            keeping.cancel()

    def _buttons(self) -> Iterator[tuple[str, str]]:
        for kiosk in self.hall.kiosks:
            yield from ((kiosk, service) for service in SERVICES)
        for counter in self.hall.counters:
            yield from ((counter, button) for button in COUNTER_GAPS_S)

    async def _keep_running(self) -> None:
        """Start again who ended by itself, as systemd does; it is noted."""
        while True:
            self.revive()
            await asyncio.sleep(0.5)

    def revive(self) -> None:
        """Start who has ended and is not being killed just now."""
        for name, process in self.hall.processes.items():
            if not process.is_running and name not in self._busy:
                process.unasked.append(process.code or 0)
                process.start()

    async def _kill(self, kind: str) -> None:
        random = self._random
        named = {"kiosk": self.hall.kiosks, "counter": self.hall.counters, "board": ["board-1"]}
        name = random.choice(named.get(kind, [kind]))
        frozen_s = random.uniform(0.1, FROZEN_S_MAX) if random.random() < 1 / 3 else 0.0
        aim_s, down_s = random.uniform(0, AIM_S), random.uniform(0, DOWN_S_MAX)
        while name in self._busy:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self._busy.add(name)
        try:
            process = self.hall.processes[name]
            await self.presses.next_of(name if kind in {"kiosk", "counter"} else "")
            await asyncio.sleep(aim_s)
            if frozen_s:
                process.send(signal.SIGSTOP, to_all=True)
                await asyncio.sleep(frozen_s)
                self.frozen += 1
                if random.random() < 0.5:  # half of them thaw, and die a moment later
                    process.send(signal.SIGCONT, to_all=True)
                    await asyncio.sleep(aim_s)
            await self._end(process)
            self.kills[kind] += 1
            await asyncio.sleep(down_s)
            process.start()
            await asyncio.sleep(1.0)
        finally:
            self._busy.discard(name)

    async def _end(self, process: Process) -> None:
        if self.plan.signal != signal.SIGKILL:
            process.send(signal.SIGCONT, to_all=True)
        process.send(self.plan.signal)
        await asyncio.to_thread(process.wait)

    def settle(self) -> bool:
        """Wait until every node has a result for every row; return whether it came to that."""
        end_s = time.monotonic() + self.plan.settle_s
        for node in self.hall.nodes:
            left_s = max(0.1, end_s - time.monotonic())
            try:
                until(partial(self._has_settled, node), "", within_s=left_s)
            except AssertionError:
                return False
        return True

    def _has_settled(self, node: str) -> bool:
        self.revive()
        return self.hall.is_settled(node)


def unkept(presses: Presses, kept: dict[str, list[Kept]]) -> tuple[list[str], list[str]]:
    """Return what a node answered and did not keep, and what it kept and nobody pressed."""
    lost, more = [], []
    asked = Counter(
        (node, command["services"][0] if command["type"] == "issue" else command["type"])
        for node, rows in kept.items()
        for command in (row.command for row in rows)
    )
    for node, button in presses.kept.keys() | presses.unsure.keys():
        key = (node, button)
        there = asked[node, TYPE_OF.get(button, button)]
        least, most = presses.kept[key], presses.kept[key] + presses.unsure[key]
        if there < least:
            lost += [f"{node} {button}: {least} answered, {there} kept"] * (least - there)
        if there > most:
            more += [f"{node} {button}: {most} pressed, {there} kept"] * (there - most)
    return lost, more


def compare(played: Round) -> dict[str, list[str]]:
    """Return every fault of the records, by kind."""
    hall = played.hall
    journal = hall.journal()
    kept = {node: hall.outbox(node) for node in hall.nodes}
    slips = {kiosk: hall.slips(kiosk) for kiosk in hall.kiosks}
    lost, more = unkept(played.presses, kept)
    verified = verify(hall.data / "hub" / "journal.db")
    return {
        "lost": [*oracle.lost(journal, kept), *lost],
        "twice": [*oracle.twice(journal), *oracle.invented(journal, kept), *more],
        "out_of_turn": oracle.out_of_turn(journal),
        "skipped": oracle.skipped(journal),
        "forgotten": oracle.forgotten(journal),
        "misprinted": oracle.misprinted(journal, slips),
        "broken": [] if verified.fault is None else [f"the journal: {verified.fault}"],
    }


def unshown(hall: ChaosHall) -> list[str]:
    """Return what the retained snapshots and the board's last frame leave out."""
    journal = hall.journal()
    events = [event for row in journal for event in row.events]
    calls = [e["call_id"] for e in events if e["type"] in {"ticket_called", "ticket_recalled"}]
    issued = Counter(event["service"] for event in events if event["type"] == "ticket_issued")
    last_call = max((row.pos for row in journal if _calls(row)), default=0)
    listener = hall.listener()
    try:
        with contextlib.suppress(AssertionError):
            until(partial(_all_shown, listener, calls, issued), "")
        faults = list(_not_shown(listener, calls, issued))
    finally:
        listener.close()
    with contextlib.suppress(AssertionError):
        until(lambda: hall.shown_pos() >= last_call, "")
    if hall.shown_pos() < last_call:
        faults.append(f"the board's frame is at {hall.shown_pos()}, the last call at {last_call}")
    return faults


def _calls(row: Decided) -> bool:
    return any(event["type"] in {"ticket_called", "ticket_recalled"} for event in row.events)


def _all_shown(listener: Listener, calls: list[str], issued: Counter[str]) -> bool:
    return not any(_not_shown(listener, calls, issued))


def _not_shown(listener: Listener, calls: list[str], issued: Counter[str]) -> Iterator[str]:
    board = listener.newest.get("state/board", {"calls": []})
    shown = [call["call_id"] for call in board["calls"]]
    if shown != calls[::-1][: len(shown)] or len(shown) < min(30, len(calls)):
        yield f"the board has {len(shown)} calls, not the last of {len(calls)}"
    for service, count in issued.items():
        if listener.issued(service) != count:
            yield f"{service}: {listener.issued(service)} issued in the queue, {count} in fact"


def play_round(plan: Plan, folder: Path) -> dict[str, Any]:
    """Play a round in this folder; return its figures, with up to five faults of each kind."""
    begun_s = time.monotonic()
    hall = ChaosHall(folder, kiosks=plan.kiosks, build=Build(plan.sabotage))
    played = Round(hall, plan)
    try:
        hall.start()
        playing_s = time.monotonic()
        asyncio.run(played.play())
        pressed_s = time.monotonic()
        is_settled = played.settle()
        faults = compare(played)
        faults["unshown"] = unshown(hall) if is_settled else []
        return _figures(played, faults) | {
            "settled": is_settled,
            "press_s": round(pressed_s - playing_s, 1),
            "settle_s": round(time.monotonic() - pressed_s, 1),
            "whole_s": round(time.monotonic() - begun_s, 1),
        }
    finally:
        hall.stop()


def _figures(played: Round, faults: dict[str, list[str]]) -> dict[str, Any]:
    journal = played.hall.journal()
    events = Counter(event["type"] for row in journal for event in row.events)
    processes = played.hall.processes.values()
    return {
        "seed": played.plan.seed,
        "sabotage": played.plan.sabotage,
        "pressed": played.presses.total(),
        "answered": played.presses.kept.total(),
        "unsure": played.presses.unsure.total(),
        "not_kept": played.presses.not_kept.total(),
        "kills": dict(sorted(played.kills.items())),
        "frozen": played.frozen,
        "ended_unasked": {p.name: p.unasked for p in processes if p.unasked},
        "rows": len(journal),
        "tickets": events["ticket_issued"],
        "calls": events["ticket_called"] + events["ticket_recalled"],
        "alone": events["ticket_corrected"],
        "refused": dict(sorted(Counter(row.refusal for row in journal if row.refusal).items())),
        **{kind: len(told) for kind, told in faults.items()},
        "faults": {kind: told[:5] for kind, told in faults.items() if told},
    }
