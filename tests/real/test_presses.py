"""Presses that cross, come twice or come late, on real counter nodes and kiosks: one call each."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edge.counter import DOUBLE_PRESS_S
from edge.kiosk import REPEAT_S
from tests.real.boxes import Hall, hall
from tests.real.hall import reading, until
from tests.real.oracle import invented, lost, out_of_turn, skipped, twice

pytestmark = pytest.mark.needs("mosquitto")

CUT_S = 9.0
IMPATIENT_S = (0.2, 1.2, 2.5, 4.5, 8.0)
"""When staff press during a cut: each press by itself, none the second of a double one."""

TOGETHER_MS = 10
ROUNDS_MAX = 30


class Panel:
    """A client of one node's panel socket."""

    def __init__(self, here: Hall, node: str) -> None:
        self._path = here.data / node / "panel.sock"

    def ask(self, *requests: dict[str, Any]) -> list[dict[str, Any]]:
        """Say all of it at once, and return the answers."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._path))
            client.sendall(b"".join(json.dumps(request).encode() + b"\n" for request in requests))
            with client.makefile() as lines:
                return [json.loads(lines.readline()) for _ in requests]

    def press(self, *buttons: str, ms: int = 100) -> None:
        """Press these, one as soon as the other is let go; each is on disk afterwards."""
        answers = self.ask(*({"press": button, "ms": ms} for button in buttons))
        assert answers == [{"ok": True}] * len(buttons)

    def shows(self, **counter: Any) -> None:
        """Wait until the node knows this of its counter."""

        def is_known() -> bool:
            (panel,) = self.ask({"get": "panel"})
            return counter.items() <= panel["counter"].items()

        until(is_known, f"{self._path}: {counter}")

    @contextlib.contextmanager
    def watching(self) -> Iterator[list[str]]:
        """Give what its lamp says from now on, one after the other."""
        said: list[str] = []
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._path))
            client.sendall(b'{"watch": true}\n')
            with client.makefile() as lines:
                watcher = threading.Thread(target=self._note, args=(lines, said), daemon=True)
                watcher.start()
                yield said
                client.shutdown(socket.SHUT_RDWR)
                watcher.join(5)

    @staticmethod
    def _note(lines: Iterator[str], said: list[str]) -> None:
        for line in lines:
            lamp = json.loads(line)["lamps"]["lamp"]
            if said[-1:] != [lamp]:
                said.append(lamp)


@contextlib.contextmanager
def frozen(here: Hall, name: str) -> Iterator[None]:
    """Let a process stand still for the block, as on a machine that hangs; or the whole broker."""
    pid = here.stage.processes[name].pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pids = [pid, *map(int, children)]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


def people_wait(here: Hall, count: int) -> Panel:
    """Have people wait for counter 3, and return its panel when it knows of them."""
    box = here.box()
    for _ in range(count):
        box.press("paspor-baru")
    counter = Panel(here, "loket-3")
    counter.shows(waiting=count)
    return counter


def answers(here: Hall, node: str) -> list[str]:
    """Return how each press of a node was refused; empty when it was not."""
    return [row.refusal for row in here.journal() if row.node == node]


def press_impatiently(counter: Panel) -> None:
    """Press `call` again and again until `CUT_S` are over."""
    begun_s = time.monotonic()
    for at_s in IMPATIENT_S:
        time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
        counter.press("call")
    time.sleep(max(0.0, begun_s + CUT_S - time.monotonic()))


@pytest.mark.parametrize("part", ["hub", "broker"])
def test_five_impatient_presses_in_a_cut_of_9_s_call_one_person(part: str) -> None:
    """The lamp blinks slowly until the cut is over, flashes once for the call, never a refusal."""
    with hall(boxes=1, nodes=("loket-3",)) as here:
        counter = people_wait(here, 3)
        with counter.watching() as said:
            with frozen(here, part):
                press_impatiently(counter)
                assert said == ["steady", "slow_blink"]
            until(lambda: here.is_settled("loket-3"), "every press has its result")
            counter.shows(number="B001", waiting=2)
            until(lambda: said[-1] == "steady", "the flash is over")

        assert answers(here, "loket-3") == ["", *["seen_other"] * 4]
        assert len(here.events("ticket_called")) == 1
        assert said == ["steady", "slow_blink", "long_flash", "steady"]


def test_a_double_press_calls_one_person() -> None:
    """Staff see one flash, for the call that was made, and no refusal."""
    with hall(boxes=1, nodes=("loket-3",)) as here:
        counter = people_wait(here, 3)
        with counter.watching() as said:
            counter.press("call", "call")
            until(lambda: here.is_settled("loket-3"), "both presses have their results")
            counter.shows(number="B001", waiting=2)
            until(lambda: said[-2:] == ["long_flash", "steady"], "the flash is over")

        assert answers(here, "loket-3") == ["", "seen_other"]
        assert len(here.events("ticket_called")) == 1
        assert "short_flashes" not in said


def test_two_counters_that_call_one_visit_within_10_ms_call_it_once() -> None:
    """One counter gets the visitor, the other is told that nobody waits, every time."""
    with hall(boxes=1, nodes=("loket-3", "loket-5")) as here, ThreadPoolExecutor(2) as hands:
        box = here.box()
        panels = {3: Panel(here, "loket-3"), 5: Panel(here, "loket-5")}
        rounds = close = 0
        while close < 3 and rounds < ROUNDS_MAX:
            rounds += 1
            box.press("paspor-baru", "kepesertaan")
            for panel in panels.values():
                panel.shows(waiting=1)
            list(hands.map(lambda panel: panel.press("call"), panels.values()))
            until(lambda: here.is_settled("loket-3", "loket-5"), "both presses have results")
            calls = here.events("ticket_called")
            assert len(calls) == 2 * rounds - 1
            close += apart_ms(here) <= TOGETHER_MS
            first = calls[-1]["counter"]
            end_visit(panels[first], panels[8 - first])

        assert close == 3, f"{close} of {rounds} rounds within {TOGETHER_MS} ms"
        refused = Counter(answers(here, "loket-3") + answers(here, "loket-5"))
        # A counter's first call opens it, though nobody may be left to be called.
        assert refused == Counter({"": 4 * rounds + 1, "nobody_waiting": rounds - 1})
        assert twice(here.journal()) + out_of_turn(here.journal()) == []


def apart_ms(here: Hall) -> int:
    """Return how far apart the newest presses of both counters were decided."""
    with reading(here.data / "hub" / "journal.db") as db:
        newest = db.execute(
            "SELECT max(at_ms) FROM rows WHERE node IN ('loket-3', 'loket-5') GROUP BY node"
        ).fetchall()
    return int(abs(newest[0][0] - newest[1][0]))


def end_visit(first: Panel, second: Panel) -> None:
    """Have the visitor served at both counters."""
    for panel in (first, second):
        if panel is second:
            panel.shows(waiting=1)
            panel.press("call")
        panel.shows(repeat=1)
        panel.press("done")
        panel.shows(number="")
    time.sleep(DOUBLE_PRESS_S)


def press_often(kiosk: Panel, button: str) -> None:
    """Press ten times, as ten visitors."""
    for _ in range(10):
        begun_s = time.monotonic()
        kiosk.press(button)
        time.sleep(max(0.0, begun_s + REPEAT_S + 0.3 - time.monotonic()))


def test_eight_kiosks_and_320_presses_at_once() -> None:
    """32 buttons at once, ten times: 320 tickets, no number twice and none left out."""
    with hall(boxes=8) as here:
        kiosks = [f"box-{number}" for number in range(1, 9)]
        for kiosk in kiosks:
            here.stage.loket(kiosk, "node", kiosk, "--pins", "mock")
        with ThreadPoolExecutor(32) as hands:
            presses = [
                hands.submit(press_often, Panel(here, kiosk), button)
                for kiosk in kiosks
                for button in "ABCD"
            ]
            for press in presses:
                press.result()
        until(lambda: here.is_settled(*kiosks), "every press has its slip", within_s=60)

        journal = here.journal()
        numbers = [event["number"] for event in here.events("ticket_issued")]
        assert sorted(numbers) == [f"{prefix}{n:03}" for prefix in "ABCD" for n in range(1, 81)]
        kept = {kiosk: here.outbox(kiosk) for kiosk in kiosks}
        found = [*lost(journal, kept), *invented(journal, kept), *twice(journal)]
        assert [*found, *out_of_turn(journal), *skipped(journal)] == []
        assert len(here.events("print_confirmed")) == 320
