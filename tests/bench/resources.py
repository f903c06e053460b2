"""`memory`, `idle`, `start`: what a process costs, beside a bare process with the same libraries.

The floor imports what the role needs (and opens what it must: a connection, a 1080p surface) and
does nothing else.
"""

import time
from typing import Any, NamedTuple

from tests.bench.stage import Process, Stage, stage

IDLE_S = 20.0
SETTLE_S = 3.0
QUIET_S = 15.0
"""A call has pulsed and its hero was held: a board has nothing left to do but its clock."""
BASE = ("asyncio", "logging", "sqlite3", "paho.mqtt.client", "msgspec", "aiosqlite", "zoneinfo")


class Role(NamedTuple):
    """A process to measure: how it is started, and what its floor loads."""

    start: tuple[str, ...]
    modules: tuple[str, ...]
    account: str
    screen: bool = False


ROLES = {
    "hub": Role(("hub",), BASE, "loket-2"),
    "counter": Role(
        ("node", "loket-1", "--pins", "mock"),
        (*BASE, "gpiozero", "gpiozero.pins.mock"),
        "loket-3",
    ),
    "board": Role(
        ("board", "board-1", "--headless", "--size", "1920x1080"),
        ("logging", "paho.mqtt.client", "msgspec", "pygame.font"),
        "loket-4",
        screen=True,
    ),
}


class Pair(NamedTuple):
    """A process of the product and its floor, both running."""

    ours: Process
    floor: Process


def start_pairs(on: Stage) -> dict[str, Pair]:
    """Start broker and hub, every role, and its floor."""
    on.start_broker()
    pairs = {}
    for name, role in ROLES.items():
        floor = on.bare(f"floor-{name}", *_floor_arguments(role), "--link", _link(on, role))
        pairs[name] = Pair(on.loket(name, *role.start), floor)
    return pairs


def memory() -> dict[str, Any]:
    """Return the resident memory of each role and of its floor, MB."""
    with stage() as on:
        pairs = start_pairs(on)
        work(on)
        time.sleep(SETTLE_S)
        return {
            name: _figures("MB", pair.ours.rss_mb(), pair.floor.rss_mb())
            for name, pair in pairs.items()
        }


def idle() -> dict[str, Any]:
    """Return how often each role's threads woke in an idle second, and its floor's.

    `own` is the difference: what Loket's own code adds to a library that only holds a connection.
    """
    with stage() as on:
        pairs = start_pairs(on)
        work(on, presses=1)
        time.sleep(QUIET_S)
        before = {name: (p.ours.wakeups(), p.floor.wakeups()) for name, p in pairs.items()}
        time.sleep(IDLE_S)
        found = {}
        for name, pair in pairs.items():
            ours = (pair.ours.wakeups() - before[name][0]) / IDLE_S
            floor = (pair.floor.wakeups() - before[name][1]) / IDLE_S
            found[name] = {
                **_figures("wakeups/s", ours, floor),
                "own": round(max(0.0, ours - floor), 2),
            }
        return found


def start() -> dict[str, Any]:
    """Return the seconds from starting each role to its READY, and its floor's; best of 5."""
    with stage() as on:
        on.start_broker()
        on.loket("hub", "hub")
        on.processes["hub"].stop()
        found = {}
        for name, role in ROLES.items():
            ours, floor = [], []
            for _ in range(5):
                ours.append(_ready_s(on.loket(name, *role.start)))
                floor.append(_ready_s(on.bare(f"floor-{name}", *_floor_arguments(role))))
            found[name] = _figures("s", min(ours), min(floor))
        return found


def work(on: Stage, *, presses: int = 20) -> None:
    """Let the hall do something first, so that what is loaded lazily is loaded."""
    on.loket("kiosk", "node", "kiosk-1", "--pins", "mock")
    for _ in range(presses):
        on.press("kiosk-1", "adminduk")
        time.sleep(0.1)
        on.press("loket-1", "call")
        time.sleep(0.1)


def _floor_arguments(role: Role) -> tuple[str, ...]:
    screen = ("--screen",) if role.screen else ()
    return ("imports", *role.modules, *screen)


def _link(on: Stage, role: Role) -> str:
    return str(on.data / role.account / "link.json")


def _ready_s(process: Process) -> float:
    process.stop()
    return process.ready_s


def _figures(unit: str, ours: float, floor: float) -> dict[str, Any]:
    return {
        "unit": unit,
        "product": round(ours, 2),
        "floor": round(floor, 2),
        "ratio": round(ours / floor, 2) if floor else None,
    }
