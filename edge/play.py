"""`--play`: presses the demo's buttons as a calm hall would, or so many times faster.

PURE but for `play`: the rhythm is a sequence of (instant, node, button) made from a seed.
"""

import asyncio
import heapq
import json
import logging
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import count
from random import Random
from typing import NamedTuple

from broker.clock import Clock
from broker.log import kv

log = logging.getLogger(__name__)

# One visitor every 13 s between two kiosks. Of the demo's counters, number 3 has the most to do: a
# quarter of them, one every 52 s, each served in 45 s. So queues come and go.
ISSUE_EVERY_S = 26.0
SERVE_S = (12.0, 75.0, 33.0)
GAP_S = (2.0, 8.0)
RECALL_AFTER_S = (8.0, 14.0)
RECALLED, NO_SHOW = 0.12, 0.08

PRESSES_MAX = 16
ANSWER_WITHIN_S = 10.0
PRESS_MS = 80


class Player(NamedTuple):
    """A node whose buttons are played."""

    node: str
    role: str
    buttons: tuple[str, ...]


class Played(NamedTuple):
    """One press: seconds after the start at speed 1, where, which."""

    at_s: float
    node: str
    button: str


def rhythm(players: Sequence[Player], random: Random) -> Iterator[Played]:
    """Yield the presses of all nodes for ever, in order of time."""
    order = count()
    waiting: list[tuple[float, int, str, str, Iterator[tuple[float, str]]]] = []
    for player in players:
        steps = _kiosk(player, random) if player.role == "kiosk" else _counter(player, random)
        wait_s, button = next(steps)
        heapq.heappush(waiting, (wait_s, next(order), player.node, button, steps))
    while waiting:
        at_s, _, node, button, steps = heapq.heappop(waiting)
        yield Played(at_s, node, button)
        wait_s, button = next(steps)
        heapq.heappush(waiting, (at_s + wait_s, next(order), node, button, steps))


def _kiosk(player: Player, random: Random) -> Iterator[tuple[float, str]]:
    services = [button for button in player.buttons if button != "PRIORITY"]
    while True:
        yield random.expovariate(1 / ISSUE_EVERY_S), random.choice(services)


def _counter(player: Player, random: Random) -> Iterator[tuple[float, str]]:
    # Staff come one after the other.
    yield random.uniform(3.0, 15.0), "call"
    while True:
        if "recall" in player.buttons and random.random() < RECALLED:
            yield random.uniform(*RECALL_AFTER_S), "recall"
        is_absent = random.random() < NO_SHOW
        button = "no_show" if is_absent else "done"
        if button in player.buttons:
            yield random.triangular(*SERVE_S), button
        yield random.uniform(*GAP_S), "call"


async def play(presses: Iterator[Played], *, speed: float, port: int, clock: Clock) -> None:
    """Press through the page's own route until cancelled; what a node refuses is left out."""
    begin_s = clock.mono_s()
    async with asyncio.TaskGroup() as tasks:
        under_way: set[asyncio.Task[None]] = set()
        for press in presses:
            await clock.sleep(begin_s + press.at_s / speed - clock.mono_s())
            if len(under_way) >= PRESSES_MAX:
                continue
            task = tasks.create_task(_press(press, port))
            under_way.add(task)
            task.add_done_callback(under_way.discard)


async def _press(press: Played, port: int) -> None:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            status = await _post(f"/panel/{press.node}/press/{press.button}", port)
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        log.debug("not pressed", extra=kv(node=press.node, button=press.button, why=str(error)))
        return
    if status != HTTPStatus.OK:
        log.debug("refused", extra=kv(node=press.node, button=press.button, status=status))


async def _post(path: str, port: int) -> int:
    """Return the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        body = json.dumps({"ms": PRESS_MS})
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return int((await reader.readuntil(b"\r\n")).split()[1])
    finally:
        writer.close()
