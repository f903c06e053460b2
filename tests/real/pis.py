"""Several Pis on one machine: single `loket` processes, each Pi with its folder and address."""

import contextlib
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.real.hall import reading, until
from tests.real.oracle import Decided, Kept

SMALL = Path(__file__).parents[2] / "firmware_config" / "examples" / "small.toml"


class Pi:
    """One Pi: its processes know the brokers at `addresses`; its own listens at the first.

    Args:
        folder: Holds `hall.toml` and `data`, whose paths a Unix socket must bear.
        further: Nodes beside those of the small example.
    """

    def __init__(self, folder: Path, *, addresses: list[str], port: int, further: str = "") -> None:
        self.data = folder / "data"
        self._hall = folder / "hall.toml"
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir()
        text = SMALL.read_text("utf-8")
        for old, new in (
            ('addresses = ["10.77.0.1"]', f"addresses = {json.dumps(addresses)}"),
            ('address = "10.77.0.1"', f'address = "{addresses[0]}"'),
            ("port = 8883", f"port = {port}"),
            # At whatever hour the test runs.
            ('mon-thu = "08:00-15:00", fri = "08:00-15:30"', 'mon-sun = "00:00-24:00"'),
        ):
            assert old in text
            text = text.replace(old, new)
        text = re.sub(r"^(breaks|dates) = .*\n", "", text, flags=re.MULTILINE)
        self._hall.write_text(f"{text}\n{further}", "utf-8")

    def start(self, name: str, *arguments: str) -> None:
        """Start a process: `broker`, `hub`, or a node by its id."""
        command = [name] if name in {"broker", "hub"} else ["node", name, "--pins", "mock"]
        where = ["--hall", str(self._hall), "--data", str(self.data)]
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "edge.cli", *command, *where, *arguments],
                stdout=log,
                stderr=log,
            )

    def said(self, name: str, words: str) -> bool:
        """Return whether a line of the process's log has these words."""
        return words in self._log(name).read_text("utf-8")

    def is_running(self, name: str) -> bool:
        """Return whether the process has not ended."""
        return self._running[name].poll() is None

    def end(self, *names: str) -> None:
        """Kill processes; a broker is asked to end, for its mosquitto is a child of it."""
        for name in names or tuple(self._running):
            program = self._running.pop(name)
            if name == "broker":
                program.terminate()
            else:
                program.kill()
            program.wait(20)

    def press(self, node: str, button: str) -> bool:
        """Press a button through the node's panel; return whether it is committed."""
        with socket.socket(socket.AF_UNIX) as panel:
            panel.settimeout(10)
            try:
                panel.connect(str(self.data / node / "panel.sock"))
            except OSError:
                return False
            panel.sendall(json.dumps({"press": button, "ms": 40}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(panel.makefile().readline())
        return answer == {"ok": True}

    def outbox(self, node: str) -> list[Kept]:
        """Return a node's rows."""
        with reading(self.data / node / "outbox.db") as db:
            return [
                Kept(stream, seq, json.loads(command), bool(has_result))
                for stream, seq, command, has_result in db.execute(
                    "SELECT stream, seq, command, result IS NOT NULL FROM rows"
                )
            ]

    def journal(self) -> list[Decided]:
        """Return the hub's rows; none when it has no journal yet."""
        try:
            with reading(self.data / "hub" / "journal.db") as db:
                return [
                    Decided(pos, node, stream, seq, json.loads(cmd), json.loads(events), refusal)
                    for pos, node, stream, seq, cmd, events, refusal in db.execute(
                        "SELECT pos, node, stream, seq, command, events, refusal FROM rows"
                    )
                ]
        except sqlite3.OperationalError:
            return []

    def take_over(self, other: "Pi") -> None:
        """Get what a second hub's Pi is provisioned with: accounts, key, a copy of the journal."""
        for link in other.data.glob("*/link.json"):
            target = self.data / link.parent.name / link.name
            target.parent.mkdir(mode=0o700, parents=True)
            shutil.copy(link, target)
        hub = self.data / "hub"
        shutil.copy(other.data / "hub" / "hall.key", hub)
        with (
            reading(other.data / "hub" / "journal.db") as db,
            contextlib.closing(sqlite3.connect(hub / "journal-copy.db")) as copy,
        ):
            db.backup(copy)

    def wait_for(self, *said: tuple[str, str]) -> None:
        """Wait until each process said its words."""
        for name, words in said:
            until(lambda name=name, words=words: self.said(name, words), f"{name}: {words}")

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


@contextlib.contextmanager
def pis(*made: Pi) -> Iterator[None]:
    """End all processes of these Pis after the block."""
    try:
        yield
    finally:
        for pi in made:
            pi.end()
