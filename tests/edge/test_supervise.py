"""Real small processes under the supervisor: READY, logs, restarts, and an end that leaves nothing.

No timer here: a fake clock counts the two seconds before a restart.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.supervise import Child, StartError, Supervisor, write_pids
from tests.fakes import FakeClock

READY = """
import os, socket, sys, time
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
print("hello from", os.environ["WHO"], file=sys.stderr, flush=True)
to.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
"""
STAYS = READY + "time.sleep(60)"
FORKS = """
import os, time
pid = os.fork()
if pid:
    print("grandchild", pid, flush=True)
    {ready}
time.sleep(60)
""".replace("{ready}", READY.replace("\n", "\n    "))
SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from broker.clock import SystemClock
from edge.supervise import Child, Supervisor

async def main():
    supervisor = Supervisor(
        folder=Path(sys.argv[1]), clock=SystemClock(), restarts=True, on_change=lambda _: None
    )
    child = Child("node-1", (sys.executable, "-c", sys.argv[2]), {"WHO": "node-1"})
    keeping = asyncio.create_task(supervisor.keep(child))
    await supervisor.until_ready(["node-1"])
    print(supervisor.pids["node-1"], flush=True)
    await keeping

asyncio.run(main())
"""
FAILS = "import sys; print('the disk is full', file=sys.stderr); sys.exit(3)"


def child(code: str, name: str = "node-1") -> Child:
    """Return a child that runs this Python."""
    return Child(name, (sys.executable, "-c", code), {"WHO": name})


class Watch:
    """A supervisor, the clock it waits by, and the pids it told."""

    def __init__(self, folder: Path, *, restarts: bool = True) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.told: list[dict[str, int]] = []
        self._news = asyncio.Event()
        self.supervisor = Supervisor(
            folder=folder, clock=self.clock, restarts=restarts, on_change=self._note
        )

    def _note(self, pids: dict[str, int]) -> None:
        self.told.append(pids)
        self._news.set()

    async def until_told(self, count: int) -> None:
        """Wait until pids changed so many times."""
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self._news.clear()
                await self._news.wait()

    @asynccontextmanager
    async def keeping(self, *children: Child) -> AsyncIterator[None]:
        """Keep these running for the block."""
        tasks = [asyncio.create_task(self.supervisor.keep(one)) for one in children]
        try:
            async with asyncio.timeout(20):
                await self.supervisor.until_ready([one.name for one in children])
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def has_ended(descriptor: int, *, within_s: float) -> bool:
    """Return whether a process ends in time; closes its pidfd then."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = bool(poll.poll(within_s * 1000))
    if ended:
        os.close(descriptor)
    return ended


async def test_a_ready_child_has_a_pid_and_a_log(tmp_path: Path) -> None:
    """READY arrives as systemd would get it; stderr is appended to the log in its folder."""
    watch = Watch(tmp_path)
    async with watch.keeping(child(STAYS)):
        ended = os.pidfd_open(watch.supervisor.pids["node-1"])
        assert not has_ended(ended, within_s=0)
        assert (tmp_path / "node-1" / "log.jsonl").read_text() == "hello from node-1\n"
    assert watch.supervisor.pids == {"node-1": 0}
    assert has_ended(ended, within_s=0)


async def test_a_killed_child_is_started_again_after_two_seconds(tmp_path: Path) -> None:
    """Not before, and its log goes on."""
    watch = Watch(tmp_path)
    async with watch.keeping(child(STAYS)):
        first = watch.supervisor.pids["node-1"]
        os.kill(first, signal.SIGKILL)
        await watch.until_told(2)
        assert watch.told[1] == {"node-1": 0}
        await watch.clock.advance(1.9)
        assert len(watch.told) == 2
        await watch.clock.advance(0.2)
        await watch.until_told(3)
        assert watch.told[2]["node-1"] not in {0, first}


async def test_without_restarts_it_stays_dead(tmp_path: Path) -> None:
    """`--no-restart`: a technician looks at what is left."""
    watch = Watch(tmp_path, restarts=False)
    async with watch.keeping(child(STAYS)):
        os.kill(watch.supervisor.pids["node-1"], signal.SIGKILL)
        await watch.until_told(2)
        await watch.clock.advance(60)
        assert watch.supervisor.pids == {"node-1": 0}


async def test_a_child_that_never_gets_ready_is_given_up_with_its_last_words(
    tmp_path: Path,
) -> None:
    """Three tries; then the message shows what it said."""
    watch = Watch(tmp_path)
    keeping = asyncio.create_task(watch.supervisor.keep(child(FAILS)))
    for ends in (2, 4, 6):
        await watch.until_told(ends)
        await watch.clock.advance(3)
    with pytest.raises(StartError, match=r"3 times .* exit code 3.*\n.*the disk is full"):
        await keeping


def test_last_words_are_words(tmp_path: Path) -> None:
    """JSON lines become what a person reads; other lines stay; the file is named."""
    (tmp_path / "hub").mkdir()
    log = tmp_path / "hub" / "log.jsonl"
    log.write_text(
        '{"msg": "the process dies of an error", "error": "Traceback\\n  File\\nKeyError: 1"}\n'
        '{"msg": "the hub does not run", "why": "no journal"}\nSegmentation fault\n[1]\n'
    )
    assert Watch(tmp_path).supervisor.last_words("hub").splitlines() == [
        "the process dies of an error KeyError: 1",
        "the hub does not run no journal",
        "Segmentation fault",
        "[1]",
        f"(all of it: {log})",
    ]


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    """A mosquitto left over by a killed broker would hold the port."""
    watch = Watch(tmp_path)
    async with watch.keeping(child(FORKS)):
        grandchild = int((tmp_path / "node-1" / "log.jsonl").read_text().split()[1])
        ended = os.pidfd_open(grandchild)
        os.kill(watch.supervisor.pids["node-1"], signal.SIGKILL)
        await watch.until_told(2)
    assert has_ended(ended, within_s=10)


def test_the_kill_of_the_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    """Not even its kill -9 does."""
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), STAYS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        ended = os.pidfd_open(int(supervisor.stdout.readline()))
        assert not has_ended(ended, within_s=0)
        supervisor.kill()
    assert has_ended(ended, within_s=10)


def test_pids_are_replaced_whole(tmp_path: Path) -> None:
    """Who reads the file while it is written sees the old pids or the new ones."""
    path = tmp_path / "pids.json"
    write_pids(path, {"hub": 1})
    with path.open() as old:
        write_pids(path, {"hub": 2})
        assert json.load(old) == {"hub": 1}
    assert json.loads(path.read_text()) == {"hub": 2}
    assert list(tmp_path.iterdir()) == [path]
