"""The hall of the chaos runs: broker, hub, kiosks, counters and a board, each a real process.

Whoever dies is started again, by this program in the place of systemd, after what the schedule
says. Presses go through the panel sockets of the nodes, each button a person of its own.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from broker.link import read_settings
from tests.bench.stage import HALL
from tests.real.hall import Listener, Records, free_port, until

PRESS_MS = 30
AGAIN_S = 1.6
"""A kiosk's button pressed again within 1.5 s is the same press."""

COUNTERS = 6
SERVICES = (
    *("adminduk", "ktp-el", "kk", "paspor-baru", "ganti-paspor", "skck", "sim", "kepesertaan"),
)
PINS = (17, 5, 6, 12, 13, 16, 19, 20)

COUNTER_GAPS_S = {"call": 0.35, "recall": 1.2, "done": 0.8, "no_show": 1.5}
"""Mean time between two presses of one button of a counter."""

TYPE_OF = {"call": "call_next", "recall": "recall", "done": "close", "no_show": "no_show"}
"""What each button of a counter asks for; a kiosk's are called as their services."""

DOUBLE = 0.1
"""So many presses of `call` are double ones: 60 ms after the first the next."""


def hall_text(kiosks: int) -> str:
    """Return the demo's hall with so many kiosks that have a button a service."""
    head, *blocks = HALL.read_text("utf-8").split("[[node]]")
    kept = [b for b in blocks if b.split("\n")[1].split('"')[1] not in {"kiosk-1", "kiosk-2"}]
    buttons = ", ".join(f"{s} = {pin}" for s, pin in zip(SERVICES, PINS, strict=True))
    kept += [
        f'\nid = "kiosk-{n}"\nrole = "kiosk"\naddress = "127.0.0.1"\noffline = "K{n}"\n'
        f"buttons = {{ {buttons} }}\nlamps = {{ ready = 22 }}\n"
        for n in range(1, kiosks + 1)
    ]
    return "[[node]]".join([head, *kept])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """One process, started again as often as it takes."""

    def __init__(self, name: str, argv: list[str], log: Path) -> None:
        self.name = name
        self.is_wanted = True
        self.starts = 0
        self.unasked: list[int] = []
        """Exit codes of ends nobody asked for."""
        self._argv = argv
        self._log = log
        self._program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._program = subprocess.Popen(
                self._argv,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads here
            )
        self.starts += 1

    def run_in(self, namespace: str) -> None:
        """Have it run in this network namespace from its next start on."""
        self._argv = ["ip", "netns", "exec", namespace, *self._argv]

    @property
    def is_running(self) -> bool:
        """Return whether it lives."""
        return self._program is not None and self._program.poll() is None

    @property
    def code(self) -> int | None:
        """Return how it ended."""
        return None if self._program is None else self._program.poll()

    def pids(self) -> list[int]:
        """Return its pid and its children's: mosquitto is one of `loket broker`."""
        assert self._program is not None
        pid = self._program.pid
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
            return [pid, *map(int, text.split())]
        return [pid]

    def send(self, signum: int, *, to_all: bool = False) -> None:
        """Send it a signal; to its children too, if so."""
        for pid in self.pids() if to_all else self.pids()[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    def wait(self) -> None:
        """Wait for its end."""
        assert self._program is not None
        self._program.wait(20)


class Build(NamedTuple):
    """What runs: the product, or a sabotaged build of it (`sabotaged.py`)."""

    sabotage: str = ""

    def argv(self, *arguments: str) -> list[str]:
        """Return the command of one process."""
        if self.sabotage:
            return [sys.executable, "-m", "tests.real.sabotaged", self.sabotage, *arguments]
        return [sys.executable, "-m", "edge.cli", *arguments]


class ChaosHall(Records):
    """The running hall.

    Args:
        is_loopback: Whether every node looks for the broker here, not at `[hub] addresses`.
    """

    def __init__(
        self, folder: Path, *, kiosks: int, build: Build, is_loopback: bool = True
    ) -> None:
        super().__init__(folder / "data")
        self._folder = folder
        self._hall = folder / "hall.toml"
        self._hall.write_text(hall_text(kiosks), "utf-8")
        self.kiosks = [f"kiosk-{n}" for n in range(1, kiosks + 1)]
        self.counters = [f"loket-{n}" for n in range(1, COUNTERS + 1)]
        self.nodes = [*self.kiosks, *self.counters]
        self.build = build
        port = str(free_port())
        listens = ["--kind", "mosquitto", "--port", port, *(["--loopback"] * is_loopback)]
        self.processes = {
            "broker": self._process("broker", "broker", *listens),
            "hub": self._process("hub", "hub"),
            "board-1": self._process(
                "board-1", "board", "board-1", "--headless", "--log-level", "debug"
            ),
            **{n: self._process(n, "node", n, "--pins", "mock") for n in self.nodes},
        }

    def _process(self, name: str, *arguments: str) -> Process:
        where = ("--hall", str(self._hall), "--data", str(self.data))
        return Process(name, self.build.argv(*arguments, *where), self.log(name))

    def log(self, name: str) -> Path:
        """Return where a process logs."""
        return self._folder / f"{name}.log"

    def start(self) -> None:
        """Start all of it."""
        self.processes["broker"].start()
        until(lambda: "mosquitto serves" in self.log("broker").read_text("utf-8"), "the broker")
        for name, process in self.processes.items():
            if name != "broker":
                process.start()
        for node in self.nodes:
            until((self.data / node / "panel.sock").exists, f"the panel of {node}", within_s=40)
        until(lambda: "board ready" in self.log("board-1").read_text("utf-8"), "the board")

    def listener(self) -> Listener:
        """Return a stranger's client that hears what is retained now."""
        viewer = read_settings(self.data / "viewer" / "link.json")
        return Listener(
            {
                "host": viewer.addresses[0],
                "port": viewer.port,
                "username": viewer.username,
                "password": viewer.password,
            }
        )

    def slips(self, kiosk: str) -> list[str]:
        """Return the numbers a kiosk says it printed, each as often as it did."""
        return [line["number"] for line in self._lines(kiosk, '"slip printed"')]

    def shown_pos(self) -> int:
        """Return the journal position of the board's newest frame."""
        return max((line["pos"] for line in self._lines("board-1", '"frame shown"')), default=0)

    def _lines(self, name: str, words: str) -> list[dict[str, Any]]:
        log = self.log(name).read_text("utf-8").splitlines()
        return [json.loads(line) for line in log if words in line]

    def stop(self) -> None:
        """End all of it."""
        for process in reversed(self.processes.values()):
            if process.is_running:
                process.send(signal.SIGCONT, to_all=True)
                process.send(signal.SIGTERM)
        for process in self.processes.values():
            if process.starts:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait()
                process.send(signal.SIGKILL)


class Presses:
    """What was pressed, by (node, button), and what the nodes said to it.

    Attributes:
        kept: The node answered that it is on disk.
        unsure: The node died before it answered.
        not_kept: The node answered that its disk refused; it counts as not pressed.
    """

    def __init__(self) -> None:
        self.kept: Counter[tuple[str, str]] = Counter()
        self.unsure: Counter[tuple[str, str]] = Counter()
        self.not_kept: Counter[tuple[str, str]] = Counter()
        self.began: dict[str, asyncio.Event] = {}

    def total(self) -> int:
        """Return how many were pressed, answered or not."""
        return self.kept.total() + self.unsure.total()

    def begin(self, node: str) -> None:
        """Tell whoever waits for a press of this node, or of any, that one begins."""
        for name in (node, ""):
            if (event := self.began.get(name)) is not None:
                event.set()

    async def next_of(self, node: str = "") -> None:
        """Wait until a press of this node, or of any, begins."""
        event = self.began[node] = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await event.wait()


class Button:
    """One button, and who stands before it."""

    def __init__(self, path: Path, node: str, button: str, presses: Presses) -> None:
        self._path = path
        self._key = (node, button)
        self._presses = presses
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._line = json.dumps({"press": button, "ms": PRESS_MS}).encode() + b"\n"

    async def press(self) -> bool:
        """Press once; return whether there was a node to be pressed."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(self._path)
            reader, writer = self._streams
            writer.write(self._line)
        except OSError:
            self.close()
            return False
        self._presses.begin(self._key[0])
        try:
            line = await reader.readline()
        except OSError:
            line = b""
        if not line:
            self._presses.unsure[self._key] += 1
            self.close()
            return True
        answer = json.loads(line)
        if answer.get("ok"):
            self._presses.kept[self._key] += 1
        elif "not kept" in answer["error"]:
            self._presses.not_kept[self._key] += 1
        return True

    def close(self) -> None:
        """Close the connection; the next press opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def visitors(button: Button, random: Random, is_over: Callable[[], bool]) -> None:
    """Press a kiosk's button, each time as another visitor."""
    await asyncio.sleep(random.uniform(0, AGAIN_S))
    while not is_over():
        pressed = await button.press()
        await asyncio.sleep(AGAIN_S + random.expovariate(10) if pressed else 0.1)
    button.close()


async def staff(
    button: Button, gap_s: float, random: Random, is_over: Callable[[], bool], *, doubles: bool
) -> None:
    """Press a counter's button now and then, or twice at once."""
    await asyncio.sleep(random.uniform(0, 2 * gap_s))
    while not is_over():
        pressed = await button.press()
        if pressed and doubles and random.random() < DOUBLE:
            await asyncio.sleep(0.06)
            await button.press()
        await asyncio.sleep(random.expovariate(1 / gap_s) + 0.06 if pressed else 0.1)
    button.close()


def ask(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Return what the panel of the node with this folder answers; empty when there is none."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        try:
            client.connect(str(folder / "panel.sock"))
            client.sendall(json.dumps(request).encode() + b"\n")
            line = client.makefile().readline()
        except OSError:
            return {}
    answer: dict[str, Any] = json.loads(line) if line else {}
    return answer
