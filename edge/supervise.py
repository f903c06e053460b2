"""Keeps real processes running as systemd would: READY, a log each, started again when they die.

A child is a process group of its own and dies with this process, even with its kill -9. One that
ends three times without ever being ready is given up: its fault won't mend by trying again.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from broker.clock import Clock
from broker.log import kv
from broker.vitals import dying_with

log = logging.getLogger(__name__)

RESTART_AFTER_S = 2.0
STOP_WITHIN_S = 5.0
TRIES_MAX = 3
LOG_BYTES_MAX = 8 * 1024 * 1024
LAST_LINES = 5

LOG_FILE = "log.jsonl"
NOTIFY_FILE = "notify.sock"


class StartError(Exception):
    """A process can't be started, or never became ready; the message shows what it said last."""


class Child(NamedTuple):
    """One process: its name, what is run, and what its environment has besides ours."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}


class Supervisor:
    """Runs children, each with its things in `folder/NAME`.

    Args:
        restarts: Whether a dead child is started again.
        on_change: Told all pids after each start and end; 0 = not running.
    """

    def __init__(
        self,
        *,
        folder: Path,
        clock: Clock,
        restarts: bool,
        on_change: Callable[[dict[str, int]], None],
    ) -> None:
        self.pids: dict[str, int] = {}
        self._folder = folder
        self._clock = clock
        self._restarts = restarts
        self._on_change = on_change
        self._ready: dict[str, asyncio.Event] = {}

    async def keep(self, child: Child) -> None:
        """Run a child, and run it again when it dies, until cancelled.

        Raises:
            StartError: It never became ready.
        """
        ready = self._event(child.name)
        failed = 0
        while True:
            code = await self._live(child)
            failed += not ready.is_set()
            log.warning("a process ended", extra=kv(name=child.name, code=code))
            if failed and (failed >= TRIES_MAX or not self._restarts):
                what = f"{child.name} ended {failed} times before it was ready, with exit code"
                raise StartError(f"{what} {code}; its last words:\n{self.last_words(child.name)}")
            if not self._restarts:
                return
            await self._clock.sleep(RESTART_AFTER_S)

    async def until_ready(self, names: Iterable[str]) -> None:
        """Wait until each has been ready once."""
        for name in names:
            await self._event(name).wait()

    def unready(self) -> list[str]:
        """Return the names of those that were never ready."""
        return [name for name, event in self._ready.items() if not event.is_set()]

    def last_words(self, name: str) -> str:
        """Return the end of a child's log."""
        path = self._folder / name / LOG_FILE
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        said = "\n".join(_in_words(line) for line in lines[-LAST_LINES:])
        return f"{said or '(nothing)'}\n(all of it: {path})"

    def _event(self, name: str) -> asyncio.Event:
        return self._ready.setdefault(name, asyncio.Event())

    async def _live(self, child: Child) -> int:
        """Run it once; return its exit code, negative for a signal."""
        folder = self._folder / child.name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _notified(folder / NOTIFY_FILE, self._event(child.name)) as address:
            process = _started(child, folder, address)
            ended, stop_watching = _watched(process.pid)
            self._set_pid(child.name, process.pid)
            try:
                await ended.wait()
            finally:
                await _stopped(process, ended)
                stop_watching()
                self._set_pid(child.name, 0)
        return process.returncode or 0

    def _set_pid(self, name: str, pid: int) -> None:
        self.pids[name] = pid
        self._on_change(dict(self.pids))


def _in_words(line: str) -> str:
    """Return a line of a log as people read it: its message, its reason, the end of a traceback."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "msg" not in fields:
        return line
    said = [str(fields[key]).strip() for key in ("msg", "why", "error") if key in fields]
    return " ".join(text.rpartition("\n")[2] for text in said)


def write_pids(path: Path, pids: Mapping[str, int]) -> None:
    """Replace the file by these pids; a reader sees the old ones or the new ones, whole."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(pids) + "\n", encoding="utf-8")
    draft.replace(path)


@contextlib.contextmanager
def _notified(path: Path, ready: asyncio.Event) -> Iterator[str]:
    """Listen for READY on a socket, as systemd does, for the block; yield its address."""
    path.unlink(missing_ok=True)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as listener:
        listener.settimeout(0)
        listener.bind(str(path))

        def read() -> None:
            if b"READY=1" in listener.recv(4096).split(b"\n"):
                ready.set()

        loop.add_reader(listener, read)
        try:
            yield str(path)
        finally:
            loop.remove_reader(listener)
            path.unlink(missing_ok=True)


def _started(child: Child, folder: Path, address: str) -> subprocess.Popen[bytes]:
    path = folder / LOG_FILE
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".1.jsonl"))
    with path.open("ab") as said:
        return subprocess.Popen(  # noqa: S603 - our own commands
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=os.environ | child.environment | {"NOTIFY_SOCKET": address},
            # A group of its own: Ctrl-C in the terminal is ours to act on, and what the child has
            # started ends with it.
            start_new_session=True,
            preexec_fn=dying_with(os.getpid()),  # noqa: PLW1509 - this process has no threads
        )


def _watched(pid: int) -> tuple[asyncio.Event, Callable[[], None]]:
    """Return an event for the end of a child, and what ends the watch; no thread, no polling."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)

    def stop() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)

    return ended, stop


async def _stopped(process: subprocess.Popen[bytes], ended: asyncio.Event) -> None:
    """End a child that runs, softly first, and all that it has started; take its exit code."""
    if not ended.is_set():
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN_S):
                await ended.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
