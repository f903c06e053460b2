"""A board's real process on a real broker: shown in time, small, and back after a kill."""

import asyncio
import io
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pygame

from broker.accounts import everyone, prepare
from broker.hall.views import BoardView, Call
from broker.link import Received
from broker.wire.messages import HubState, encode, read_birth
from displays.palette import PANEL, YELLOW
from tests.real.brokers import HALL, WAIT_S, Ear, Running, free_port, serve

EXAMPLE = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"
GEN = "1-00000000"
RSS_MIB_MAX = 60
HERO_BORDER = (600, 120)
"""A pixel in the hero's upper border at 1080p, whatever the shift; panel when there is no hero."""


class BoardProcess:
    """`loket board board-1`, its frames and its log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "board.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it says READY."""
        notify = self.folder / "notify.sock"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, self.log.open("ab") as log:
            told.bind(str(notify))
            told.settimeout(WAIT_S)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "edge.cli", "board", "board-1", "--headless"),
                *("--hall", str(self.folder / "hall.toml"), "--data", str(self.folder)),
                *("--log-level", "debug"),
                env={**os.environ, "NOTIFY_SOCKET": str(notify)},
                stderr=log,
            )
            assert await asyncio.to_thread(told.recv, 64) == b"READY=1"

    async def stop(self, signum: int) -> int:
        """Send a signal; return the exit code."""
        assert self._process is not None
        self._process.send_signal(signum)
        return await asyncio.wait_for(self._process.wait(), WAIT_S)

    def rss_mib(self) -> float:
        """Return its memory."""
        assert self._process is not None
        statm = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def frame(self) -> pygame.Surface:
        """Return the picture it shows."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(WAIT_S)
            client.connect(str(self.folder / "board-1" / "frame.sock"))
            packed = b"".join(iter(lambda: client.recv(65536), b""))
        return pygame.image.load(io.BytesIO(packed), "frame.png")

    def shown(self) -> list[int]:
        """Return the positions its log says were shown."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [line["pos"] for line in lines if line["msg"] == "frame shown"]


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WAIT_S):
        while not is_so():  # noqa: ASYNC110 - pixels and a log file wake nobody
            await asyncio.sleep(0.05)


def now_ms() -> int:
    """Return the hub's clock."""
    return time.time_ns() // 1_000_000


def beat(hub: Ear, pos: int) -> None:
    """Publish a heartbeat."""
    state = HubState(gen=GEN, pos=pos, beat=1, start="", at_ms=now_ms())
    hub.publish("state/hub", encode(state))


def snapshot(pos: int, number: str) -> bytes:
    """Return a board's snapshot with one call of now."""
    call = Call(call_id=number, number=number, counter=3, service="ktp-el", at_ms=now_ms())
    return encode(BoardView(gen=GEN, pos=pos, at_ms=now_ms(), day="", calls=(call,)))


@asynccontextmanager
async def a_hall(folder: Path) -> AsyncIterator[tuple[Ear, BoardProcess]]:
    """Run a broker; yield the hub's side of it, and a board that runs."""
    text = EXAMPLE.read_text(encoding="utf-8").replace('id = "demo"', f'id = "{HALL}"')
    (folder / "hall.toml").write_text(text, encoding="utf-8")
    port, (ready, stopping) = free_port(), (asyncio.Event(), asyncio.Event())
    who = everyone([("board-1", "board")])
    accounts = prepare(data=folder, accounts=who, addresses=["127.0.0.1"], port=port)
    board = BoardProcess(folder)
    async with asyncio.TaskGroup() as tasks:
        broker = Running(folder, port, accounts)
        tasks.create_task(serve("embedded", broker, ready.set, stopping))
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
        await board.start()
        async with Ear(broker, "hub", "birth/+") as hub:
            await hub.next()
            yield hub, board
        stopping.set()


async def test_a_call_is_on_the_screen_and_after_a_kill_again(tmp_path: Path) -> None:
    """Live it is shown at once; after kill -9 only when the hub is heard again."""
    async with a_hall(tmp_path) as (hub, board):
        assert board.frame().get_at(HERO_BORDER)[:3] == PANEL
        hub.publish("state/board", snapshot(7, "A007"))
        await until(lambda: 7 in board.shown())
        await until(lambda: board.frame().get_at(HERO_BORDER)[:3] == YELLOW)
        assert board.frame().get_size() == (1920, 1080)
        assert board.rss_mib() <= RSS_MIB_MAX

        assert await board.stop(signal.SIGKILL) == -signal.SIGKILL
        board.log.unlink()
        await board.start()
        for is_online in (False, True):  # its will, then its birth
            event = await hub.next()
            assert isinstance(event, Received)
            assert read_birth(event.payload).online == is_online
        assert set(board.shown()) == {0}
        beat(hub, 7)
        await until(lambda: 7 in board.shown())

        assert await board.stop(signal.SIGTERM) == 0
        assert not (tmp_path / "board-1" / "frame.sock").exists()
