"""Readings end to end: measured, kept, sent, stored once, forgotten; and never in a press's way."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from broker import readings as module
from broker.disk import Disk, Limits
from broker.keeper import WAITING_MAX, Keeper
from broker.readings import READINGS_FILE, ReadingBox, ReadingStore, readings_in
from broker.store import StoreError
from broker.wire.messages import encode
from broker.wire.readings import Arrived, Lane, Measured, Reading, Readings
from broker.wire.topics import Kind, Topic
from edge.readings import ReadingPost
from tests.broker.test_core import AT_MS, ISSUE, KIOSK, Desk
from tests.broker.test_hub import Received, issue, running
from tests.fakes import TURNS

OWN = "a" * 32
MB = 1024 * 1024


def reading(value: float) -> Reading:
    """Return a reading."""
    return Reading(kind="humidity_pct", value=value, made_ms=1_795_000_000_000)


def stored(path: Path) -> list[tuple[str, int, float]]:
    """Return (node, seq, value) of what the hub has."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT node, seq, value FROM readings ORDER BY seq").fetchall()


def arrived(start: int, *values: float, node: str = "s-1") -> Arrived:
    """Return a message as the hub took it."""
    readings = Readings(stream=OWN, start=start, readings=tuple(map(reading, values)))
    return Arrived(node, readings, AT_MS)


def seqs(rows: Sequence[Measured]) -> list[tuple[str, int]]:
    """Return (first of the stream, seq) of rows."""
    return [(row.stream[0], row.seq) for row in rows]


# -- a node's disk ----------------------------------------------------------------------------


async def test_a_box_keeps_what_the_hub_has_not(tmp_path: Path) -> None:
    """Over starts, older streams first; what the hub has is forgotten from the front."""
    path = tmp_path / "readings.db"
    for boot, stream in (("b1", "a" * 32), ("b2", "b" * 32)):
        async with ReadingBox.open(path, boot=boot, stream=stream) as box:
            for n in range(2):
                await box.append(reading(n), made_s=7.0)
    async with ReadingBox.open(path, boot="b2", stream="c" * 32) as box:
        assert seqs(box.rows) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
        assert [row.made_s for row in box.rows] == [None, None, 7.0, 7.0]
        await box.stored(3)
    async with ReadingBox.open(path, boot="b2", stream="d" * 32) as box:
        assert seqs(box.rows) == [("b", 2)]


async def test_a_box_has_a_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest give way; a hall without a hub for weeks fills no card."""
    monkeypatch.setattr(module, "PENDING_MAX", 3)
    async with ReadingBox.open(tmp_path / "r.db", boot="b", stream=OWN) as box:
        gone = [(await box.append(reading(n), made_s=1))[1] for n in range(5)]
        assert (gone, box.dropped) == ([0, 0, 0, 1, 1], 2)
    async with ReadingBox.open(tmp_path / "r.db", boot="b", stream="b" * 32) as box:
        assert [row.seq for row in box.rows] == [3, 4, 5]


async def test_readings_are_the_first_to_give_way(tmp_path: Path) -> None:
    """With little room none are kept any more; with less, those that are there go."""
    free = [1000]
    disk = Disk(tmp_path / "x", size=1, limits=Limits(300, 200, 100), free=lambda _: free[0])
    async with ReadingBox.open(tmp_path / "r.db", boot="b", stream=OWN, disk=disk) as box:
        one, gone = await box.append(reading(1), made_s=1)
        assert (one is not None, gone) == (True, 0)
        free[0] = 299
        assert await box.append(reading(2), made_s=1) == (None, 0)
        free[0] = 199
        assert await box.append(reading(3), made_s=1) == (None, 1)
        assert box.dropped == 3
        free[0] = 1000
        two, _ = await box.append(reading(4), made_s=1)
        assert two is not None
        assert two.seq == 2


# -- the hub's disk ---------------------------------------------------------------------------


async def test_a_repeated_reading_changes_nothing(tmp_path: Path) -> None:
    """Its place is (node, stream, seq): another node's stream of that name is another place."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        assert await store.put([arrived(1, 20.5, 21.5), arrived(2, 21.5, 22.5)])
        assert await store.put([arrived(1, 20.5), arrived(1, 9.0, node="s-2")])
        assert await store.put([arrived(3, 22.9)])  # the newest told counts
    assert stored(path) == [("s-1", 1, 20.5), ("s-2", 1, 9.0), ("s-1", 2, 21.5), ("s-1", 3, 22.9)]


async def test_a_hub_with_little_room_leaves_readings_with_their_nodes(tmp_path: Path) -> None:
    """They have room of their own, or drop them themselves."""
    disk = Disk(tmp_path / "x", size=1, limits=Limits(300, 200, 100), free=lambda _: 250)
    async with ReadingStore.open(tmp_path / "r.db", disk=disk) as store:
        disk.look()
        assert not await store.put([arrived(1, 1.0)])
    assert stored(tmp_path / "r.db") == []


class SlowStore:
    """A store whose disk is slow, or fails."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.error: StoreError | None = None
        self.puts = 0

    async def put(self, arrived: Sequence[Arrived]) -> bool:
        """Wait until told to go on."""
        await self.go_on.wait()
        self.puts += len(arrived)
        if self.error:
            raise self.error
        return True

    async def thin(self, now_ms: int) -> bool:
        """Have nothing to thin."""
        return now_ms < 0


def up(message: Arrived) -> Received:
    """Return a message on its topic."""
    return Received("loket/v1/demo/up/kiosk-1", encode(message.readings), retained=False)


async def test_a_backlog_of_readings_delays_no_press() -> None:
    """The press is committed and answered while not one of 200 messages is stored."""
    async with running() as room:
        store = SlowStore()
        keeper = Keeper(
            store=store, hall="demo", gen=lambda: "1-deadbeef", publish=room.wire.publish
        )
        room.hub._keeper = keeper
        task = asyncio.create_task(keeper.run())
        backlog = [up(arrived(1 + 16 * n, *range(16))) for n in range(200)]
        said = await room.takes(*backlog[:40], issue(1), *backlog[40:])
        assert said[:2] == ["commit TicketIssued", "ack/kiosk-1"]
        assert store.puts == 0

        room.said.clear()
        store.go_on.set()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert (store.puts, room.said.count("ack/kiosk-1")) == (200, 200)
        task.cancel()


async def test_a_store_that_fails_costs_readings_and_not_the_hub() -> None:
    """Nothing is answered, so the nodes keep them; too many waiting are dropped and counted."""
    said: list[Topic] = []
    store = SlowStore()
    store.error = StoreError("readings.db: the disk fails")
    store.go_on.set()
    keeper = Keeper(
        store=store,
        hall="demo",
        gen=lambda: "1-deadbeef",
        publish=lambda topic, _: not said.append(topic),
    )
    task = asyncio.create_task(keeper.run())
    for n in range(WAITING_MAX + 5):
        keeper.put(arrived(n + 1, 1.0))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert (said, keeper.dropped) == ([], WAITING_MAX + 5)
    store.error = None
    keeper.put(arrived(1, 1.0))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert said == [Topic("demo", Kind.ACK, "s-1")]
    task.cancel()


def test_the_core_decides_nothing_of_a_reading() -> None:
    """It has no row in the journal, no answer, and its node's presses go on as ever."""
    desk = Desk()
    message = arrived(1, 20.0, 21.0)
    desk.take("loket/v1/demo/up/kiosk-1", encode(message.readings))
    assert not desk.core.is_pending
    assert [(one.node, one.upto) for one in desk.core.readings()] == [("kiosk-1", 2)]
    assert desk.core.readings() == []
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    assert len(desk.results()) == 1


async def test_a_damaged_file_of_readings_stops_no_hub(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The hall goes on without them, and says so."""
    (tmp_path / READINGS_FILE).write_bytes(b"no database" * 500)
    async with readings_in(tmp_path, Disk(tmp_path / "ballast", size=1)) as store:
        assert store is None
    assert "no readings are kept" in caplog.text


# -- both ends --------------------------------------------------------------------------------


class Way:
    """A wire from a node's post to a hub's store, cut when told."""

    def __init__(self) -> None:
        self.is_cut = False
        self.sent: list[bytes] = []

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Carry a message, or lose it."""
        assert topic == Topic("demo", Kind.UP, "s-1")
        if not self.is_cut:
            self.sent.append(payload)
        return not self.is_cut


async def test_a_node_and_a_hub_through_a_cut_and_a_start(tmp_path: Path) -> None:
    """All are stored once; the node has none left."""
    way = Way()
    async with ReadingStore.open(tmp_path / "hub.db") as store:
        assert await one_start(way, store, tmp_path / "node.db", 0, cut_after=20) == 19
        assert await one_start(way, store, tmp_path / "node.db", 1, cut_after=40) == 0
    values = [value for _, _, value in stored(tmp_path / "hub.db")]
    assert sorted(values) == [100.0 * start + n for start in range(2) for n in range(40)]
    with closing(sqlite3.connect(tmp_path / "node.db")) as db:
        assert db.execute("SELECT count(*) FROM readings").fetchone() == (0,)


async def one_start(
    way: Way, store: ReadingStore, path: Path, start: int, *, cut_after: int
) -> int:
    """Let a node measure 40 times in one start; return how many the hub has not at its end."""
    now_s = 100.0
    async with ReadingBox.open(path, boot="b", stream="ab"[start] * 32) as box:
        lane = Lane(rows=box.rows, random=Random(1))
        post = ReadingPost(hall="demo", node="s-1", box=box, lane=lane, link=way)
        lane.connected(now_s)
        for n in range(40):
            way.is_cut = n > cut_after
            await post.measured((reading(100 * start + n),), now_s)
            now_s += 60
            await settle(way, store, post, now_s)
        for _ in range(40):
            now_s += 1
            post.send(now_s)
            await settle(way, store, post, now_s)
        return lane.depth


async def settle(way: Way, store: ReadingStore, post: ReadingPost, now_s: float) -> None:
    """Bring what was sent to the hub, and its answers back."""
    while way.sent:
        desk = Desk()
        desk.take("loket/v1/demo/up/kiosk-1", way.sent.pop(0))
        (message,) = desk.core.readings()
        assert await store.put([message._replace(node="s-1")])
        ack = {"gen": "1-deadbeef", "stream": message.readings.stream, "upto": message.upto}
        await post.acked(json.dumps(ack).encode(), now_s)
