"""Real processes of the demo's hall on a real broker, for measuring: start, wait for READY, log."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

HALL = Path(str(files("firmware_config") / "examples" / "demo.toml"))
READY_WITHIN_S = 30.0
LINE_WITHIN_S = 10.0
LOOK_S = 0.02


class Process:
    """One process, with the time it took to say READY and its log lines.

    The log goes to a file that is read only when somebody asks: a reader that woke for each line
    would take the CPU from what is measured.
    """

    def __init__(self, argv: list[str], *, folder: Path, env: dict[str, str] | None = None) -> None:
        self.pos = 0
        """The journal position of the newest frame read from its log; a board's."""
        self.said: list[str] = []
        self._lines: deque[dict[str, Any]] = deque()
        self._rest = ""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "log"
        notify = folder / "notify.sock"
        notify.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
            log.open("w") as writing,
        ):
            ready.bind(str(notify))
            ready.settimeout(LOOK_S)
            begun_s = time.monotonic()
            self.program = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=writing,
                text=True,
                env={**os.environ, "NOTIFY_SOCKET": str(notify), **(env or {})},
            )
            self._log = log.open()
            if not self._is_ready(ready, begun_s + READY_WITHIN_S):
                self._read()
                self.stop()
                raise RuntimeError(f"{argv} never said READY: {self.said[-20:]}")
            self.ready_s = time.monotonic() - begun_s
        self.pid = self.program.pid

    def _is_ready(self, ready: socket.socket, end_s: float) -> bool:
        """Return whether it says READY in time; one that has ended says nothing more."""
        while time.monotonic() < end_s:
            has_ended = self.program.poll() is not None
            with contextlib.suppress(TimeoutError):
                return bool(ready.recv(1024))
            if has_ended:
                return False
        return False

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._log.read()).split("\n")
        for line in lines:
            try:
                self._lines.append(json.loads(line))
            except json.JSONDecodeError:
                self.said.append(line)

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.program.stdin is not None
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()

    def until(self, msg: str, **fields: object) -> dict[str, Any]:
        """Return the next log line with this message and these fields; earlier ones are dropped."""
        return self.until_any((msg,), **fields)

    def until_any(self, msgs: tuple[str, ...], **fields: object) -> dict[str, Any]:
        """Return the next log line with one of these messages, and with these fields."""
        end_s = time.monotonic() + LINE_WITHIN_S
        while time.monotonic() < end_s:
            self._read()
            while self._lines:
                line = self._lines.popleft()
                if line.get("msg") in msgs and fields.items() <= line.items():
                    return line
            time.sleep(LOOK_S)
        raise RuntimeError(f"no log line {msgs} {fields} in {LINE_WITHIN_S} s: {self.said[-20:]}")

    def newest(self, msg: str, field: str, default: int) -> int:
        """Return a field of the newest such line not yet read; all lines are dropped."""
        self._read()
        found = [line[field] for line in self._lines if line.get("msg") == msg]
        self._lines.clear()
        value: int = found[-1] if found else default
        return value

    def rss_mb(self) -> float:
        """Return the resident memory, MB (10^6 bytes)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError("no VmRSS")

    def wakeups(self) -> int:
        """Return how often its threads went to sleep and woke, since its start."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total

    def stop(self) -> None:
        """End it."""
        self.program.send_signal(signal.SIGTERM)
        try:
            self.program.wait(5)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()
        if self.program.stdin is not None:
            self.program.stdin.close()
        self._log.close()


class Stage:
    """A data folder, a broker, and whatever processes a figure, or a test, needs.

    Args:
        hall: The hall file; the demo's without one.
    """

    def __init__(self, data: Path, hall: Path = HALL) -> None:
        self.data = data
        self.hall = hall
        self.port = 0
        self.processes: dict[str, Process] = {}

    def loket(self, name: str, *arguments: str) -> Process:
        """Start `loket ...` as the process called `name` and wait for its READY."""
        argv = [
            *(sys.executable, "-m", "edge.cli", *arguments),
            *("--hall", str(self.hall), "--data", str(self.data)),
        ]
        return self._keep(name, argv)

    def bare(self, name: str, *arguments: str) -> Process:
        """Start one of `tests.bench.bare`'s floor processes and wait for its READY."""
        argv = [sys.executable, "-m", "tests.bench.bare", *arguments]
        return self._keep(name, argv)

    def _keep(self, name: str, argv: list[str]) -> Process:
        env = {"SDL_VIDEODRIVER": "dummy"}
        process = Process(argv, folder=self.data / "notify" / name, env=env)
        self.processes[name] = process
        return process

    def start_broker(self, *, port: int = 0) -> None:
        """Start mosquitto as the product configures it, on this port or on a free one."""
        self.port = port or _free_port()
        self.loket("broker", "broker", "--kind", "mosquitto", "--port", str(self.port))

    def start_hall(self, *, nodes: tuple[str, ...] = ()) -> None:
        """Start broker, hub and the named nodes: kiosks, counters, boards."""
        self.start_broker()
        self.loket("hub", "hub")
        for node in nodes:
            if node.startswith("board"):
                self.loket(node, "board", node, "--headless")
            else:
                self.loket(node, "node", node, "--pins", "mock")

    def press(self, node: str, button: str, *, ms: int = 40) -> None:
        """Press a mock pin through the node's panel socket."""
        with socket.socket(socket.AF_UNIX) as panel:
            panel.connect(str(self.data / node / "panel.sock"))
            panel.sendall(json.dumps({"press": button, "ms": ms}).encode() + b"\n")
            answer = json.loads(panel.makefile().readline())
        if not answer.get("ok"):
            raise RuntimeError(f"{node} {button}: {answer}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def stage(hall: Path = HALL) -> Iterator[Stage]:
    """Give a stage for the block and end all its processes after it."""
    with tempfile.TemporaryDirectory(prefix="loket-bench-") as data:
        new = Stage(Path(data), hall)
        try:
            yield new
        finally:
            for process in reversed(new.processes.values()):
                process.stop()
