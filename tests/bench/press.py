"""`press`: from a button's accepted press to the frame that shows its call, against the floor.

A press is accepted after 2 ms of stable level, by design; the clock starts there on both sides.
Product and floor run at once on brokers of their own and take turns, so that both meet the same
noise. A press every 1.5 s on each side is 40 a minute, four times a hall of 4,000 visitors a day.
"""

import itertools
import random
import statistics
import time
from collections import Counter
from typing import Any

from msgspec import Raw

from broker.hall.commands import CallNext, encode_command
from broker.wire.messages import Up, encode
from tests.bench.pictures import views
from tests.bench.stage import Process, Stage, stage

WARM_UP = 40
COUNTERS = ("loket-1", "loket-2", "loket-6")
"""They serve what the tickets are for, and press in turn, as in a hall."""

PAUSE_S = (0.6, 0.7)
WARM_UP_PAUSE_S = (0.15, 0.2)
"""Between presses: `call` twice within 0.4 s at one counter is one press."""

REFUSED_S = 0.5
SHOWN_S = 0.05
"""The frame is shown by then: nobody looks into the logs before, as at the product's press."""


class Presses:
    """One side: press, wait for the frame, note the time between."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []
        self.refused: Counter[str] = Counter()

    def note(self, accepted: dict[str, Any], shown: dict[str, Any]) -> None:
        """Keep the time of one press."""
        self.took_ms.append((shown["mono_ns"] - accepted["mono_ns"]) / 1e6)


def measure(presses: int) -> dict[str, Any]:
    """Return the figures of so many presses on each side, after a warm-up."""
    chance = random.Random(1)
    with stage() as ours, stage() as bare:
        counters, board = start_product(ours, presses + WARM_UP)
        turns = itertools.cycle(counters.items())
        floor = start_floor(bare, presses + WARM_UP)
        sides = {"product": Presses(), "floor": Presses()}
        for done in range(presses + WARM_UP):
            pause_s = WARM_UP_PAUSE_S if done < WARM_UP else PAUSE_S
            press_product(sides["product"], ours, next(turns), board)
            time.sleep(chance.uniform(*pause_s))
            sides["floor"].note(*press_floor(*floor))
            time.sleep(chance.uniform(*pause_s))
    found = figures({name: side.took_ms[WARM_UP:] for name, side in sides.items()})
    return {**found, "refused": dict(sides["product"].refused)}


def start_product(ours: Stage, count: int) -> tuple[dict[str, Process], Process]:
    """Start the product with tickets for `count` presses; return its counters and its board.

    The kiosk is gone by then: in a hall it has a Pi of its own, as the floor's processes have.
    """
    ours.start_hall(nodes=("kiosk-1",))
    for _ in range(count):
        ours.press("kiosk-1", "adminduk")
    time.sleep(1)
    ours.processes.pop("kiosk-1").stop()
    debug = ("--log-level", "debug")
    counters = {node: ours.loket(node, "node", node, "--pins", "mock", *debug) for node in COUNTERS}
    board = ours.loket("board-1", "board", "board-1", "--headless", *debug)
    time.sleep(1)
    return counters, board


def press_product(side: Presses, ours: Stage, turn: tuple[str, Process], board: Process) -> None:
    """Press `call` until one is not refused, and note its time.

    On a machine that is busy with other things the lamp may be late, and the next press refused
    for what it could not have seen: that is no frame, and it is counted.
    """
    node, counter = turn
    while True:
        before = board.newest("frame shown", "pos", board.pos)
        ours.press(node, "call")
        accepted = counter.until("press accepted", button="call")
        answer = counter.until_any(("accepted", "refused"), seq=accepted["seq"])
        if answer["msg"] == "accepted":
            break
        side.refused[answer["code"]] += 1
        time.sleep(REFUSED_S)
    while (shown := board.until("frame shown"))["pos"] <= before:
        pass
    board.pos = shown["pos"]
    side.note(accepted, shown)


def start_floor(bare: Stage, count: int) -> tuple[Process, Process]:
    """Start the three bare processes; return presser and board."""
    bare.start_broker()
    up = Up(stream="a" * 32, first=count, start=count, beat=10**8, commands=(_raw(),))
    newest = list(views(60))[-1]
    sizes = {"up": len(encode(up)), "board": len(encode(newest))}
    bare.bare(
        "board", "board", "--link", str(bare.data / "board-1/link.json"), "--count", str(count)
    )
    bare.bare(
        *("decider", "decider", "--link", str(bare.data / "hub/link.json")),
        *("--db", str(bare.data / "decider.db"), "--bytes", str(sizes["board"])),
    )
    bare.bare(
        *("presser", "presser", "--link", str(bare.data / "loket-1/link.json")),
        *("--db", str(bare.data / "presser.db"), "--bytes", str(sizes["up"])),
    )
    return bare.processes["presser"], bare.processes["board"]


def _raw() -> Raw:
    return Raw(encode_command(CallNext(counter=1, seen="a" * 32 + ":100")))


def press_floor(presser: Process, board: Process) -> tuple[dict[str, Any], dict[str, Any]]:
    """Press at the floor; return the lines of the press and of the frame."""
    presser.tell("press")
    time.sleep(SHOWN_S)
    return presser.until("press accepted"), board.until("frame shown")


def figures(took_ms: dict[str, list[float]]) -> dict[str, Any]:
    """Return p50, p95 and p99 of both sides, ms, and their ratios."""
    percentiles = {
        side: dict(zip(("p50", "p95", "p99"), _percentiles(took), strict=True))
        for side, took in took_ms.items()
    }
    ours, floor = percentiles["product"], percentiles["floor"]
    return {
        "unit": "ms",
        "presses": len(took_ms["product"]),
        "product": {name: round(value, 2) for name, value in ours.items()},
        "floor": {name: round(value, 2) for name, value in floor.items()},
        "ratio": {name: round(ours[name] / floor[name], 2) for name in ours},
    }


def _percentiles(took_ms: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]
