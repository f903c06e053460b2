"""A whole hall of real processes for tests: `loket demo`, a stranger's MQTT client, kill -9.

The client is `mosquitto_sub`, which knows nothing of Loket. What was pressed and what came of it is
read from the nodes' outboxes and the hub's journal, opened read-only.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.real.oracle import Decided, Kept

REPEAT_S = 2.0
"""A kiosk's button pressed again within 1.5 s is the same press."""


def free_port() -> int:
    """Return a TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(fact: Callable[[], Any], what: str, *, within_s: float = 20.0) -> Any:
    """Return the first truthy value of `fact()`.

    Raises:
        AssertionError: It did not become true in time; names `what`.
    """
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        value = fact()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {what}")


class Listener:
    """`mosquitto_sub -t 'loket/v1/#'`: the newest payload of every topic."""

    def __init__(self, mqtt: dict[str, Any]) -> None:
        self.newest: dict[str, Any] = {}
        self._program = subprocess.Popen(
            [
                "mosquitto_sub",
                *("-h", mqtt["host"], "-p", str(mqtt["port"])),
                *("-u", mqtt["username"], "-P", mqtt["password"]),
                *("-i", mqtt["username"], "-t", "loket/v1/#", "-F", "%t %p"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            topic, _, payload = line.decode(errors="replace").rstrip("\n").partition(" ")
            with contextlib.suppress(ValueError, RecursionError):
                self.newest[topic.split("/", 3)[-1]] = json.loads(payload)

    def issued(self, service: str) -> int:
        """Return how many were issued today in the newest `state/queue`."""
        services: dict[str, Any] = self.newest.get("state/queue", {}).get("services", {})
        return int(services.get(service, {}).get("issued", 0))

    def close(self) -> None:
        """Stop listening."""
        self._program.kill()
        self._program.wait()
        self._thread.join(5)
        if self._program.stdout is not None:
            self._program.stdout.close()


class Records:
    """What the processes of a hall leave in its data folder, read while they run."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def outbox(self, node: str) -> list[Kept]:
        """Return a node's rows."""
        return self.rows(self.data / node / "outbox.db")

    def rows(self, path: Path) -> list[Kept]:
        """Return the rows of an outbox's file."""
        with reading(path) as db:
            rows = db.execute("SELECT stream, seq, command, result IS NOT NULL FROM rows")
            return [
                Kept(stream, seq, json.loads(command), bool(has_result))
                for stream, seq, command, has_result in rows
            ]

    def is_settled(self, *nodes: str) -> bool:
        """Return whether each node has a result for every row it kept, and every slip its end."""
        has_results = all(row.has_result for node in nodes for row in self.outbox(node))
        return has_results and not any(map(self._is_printing, nodes))

    def _is_printing(self, node: str) -> bool:
        path = self.data / node / "outbox.db"
        if not path.exists():
            return False  # a box that is not ours
        with reading(path) as db:
            return bool(db.execute("SELECT 1 FROM slips").fetchall())

    def journal(self) -> list[Decided]:
        """Return the hub's rows."""
        with reading(self.data / "hub" / "journal.db") as db:
            return [
                Decided(pos, node, stream, seq, json.loads(command), json.loads(events), refusal)
                for pos, node, stream, seq, command, events, refusal in db.execute(
                    "SELECT pos, node, stream, seq, command, events, refusal FROM rows ORDER BY pos"
                )
            ]


class RunningHall(Records):
    """`loket demo --headless --json`, and what a person could do to it."""

    def __init__(
        self,
        *,
        data: Path,
        broker: str,
        hall: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data)
        self._again_s: dict[tuple[str, str], float] = {}
        self.program = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge.cli", "demo", "--headless", "--json"),
                *("--broker", broker, "--data", str(data), "--port", str(free_port())),
                *(("--hall", str(hall)) if hall else ()),
            ],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.program.stdout is not None
        line = self.program.stdout.readline()
        if not line:
            assert self.program.stderr is not None
            raise AssertionError(f"the demo ended: {self.program.stderr.read()}")
        self.ready: dict[str, Any] = json.loads(line)
        self.listener = Listener(self.ready["mqtt"])

    def pid(self, name: str) -> int:
        """Return the process's id now; it changes with a restart."""
        pids: dict[str, int] = json.loads((self.data / "pids.json").read_text())
        return pids[name]

    def kill(self, name: str) -> int:
        """Kill -9 the process and return the pid it had."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def until_restarted(self, name: str, old_pid: int) -> None:
        """Wait until the demo has started the process again."""
        until(lambda: self.pid(name) not in {0, old_pid}, f"{name} is started again")

    def until_new(self, node: str, button: str) -> None:
        """Wait until pressing a kiosk's button is the press of another visitor."""
        time.sleep(max(0.0, self._again_s.get((node, button), 0.0) - time.monotonic()))

    def press(self, node: str, button: str, *, ms: int = 40) -> bool:
        """Press a button; return whether the node answered that it was pressed.

        At a kiosk, as another visitor than the one before.
        """
        if node.startswith("kiosk"):
            self.until_new(node, button)
            # Counted from when it is accepted, which is before the answer.
            self._again_s[node, button] = time.monotonic() + REPEAT_S + ms / 1000
        request = urllib.request.Request(  # noqa: S310 - the demo's own address
            f"{self.ready['url']}/panel/{node}/press/{button}",
            data=json.dumps({"ms": ms}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def panel(self) -> dict[str, dict[str, Any]]:
        """Return what `GET /panel` lists, by node id."""
        with urllib.request.urlopen(f"{self.ready['url']}/panel", timeout=10) as answer:  # noqa: S310
            return {node["id"]: node for node in json.load(answer)["nodes"]}

    def slips(self, kiosk: str) -> list[str]:
        """Return the numbers a kiosk says it printed, each as often as it did."""
        logs = sorted((self.data / kiosk).glob("log*.jsonl"))
        lines = [line for log in logs for line in log.read_text("utf-8").splitlines()]
        said = [json.loads(line) for line in lines if '"slip printed"' in line]
        return [line["number"] for line in said]

    def stop(self) -> None:
        """Stop the hall as Ctrl-C does, and the listener."""
        self.listener.close()
        self.program.send_signal(signal.SIGINT)
        try:
            self.program.wait(20)
        finally:
            self.program.kill()
            self.program.communicate()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a live database read-only."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        yield db
    finally:
        db.close()


@contextlib.contextmanager
def running_hall(
    *,
    data: Path,
    broker: str,
    hall: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[RunningHall]:
    """Run the demo's hall for the block, or the one of this file."""
    # One start at a time: two demos that look at once both find the hall file's port free.
    with (Path(tempfile.gettempdir()) / "loket-tests-demo.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        running = RunningHall(data=data, broker=broker, hall=hall, environment=environment)
    try:
        yield running
    finally:
        running.stop()
