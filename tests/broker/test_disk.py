"""A disk that fills up: what gives way when, and that no row without a result ever does."""

import contextlib
import json
import logging
from pathlib import Path

import pytest

from broker.disk import Disk, Limits, Room, room_of
from broker.hall.commands import CallNext
from broker.journal import Journal
from broker.outbox import KEEP_SHORT, Outbox
from broker.records import verify
from broker.store import StoreFullError
from broker.wire.delivery import Row
from broker.wire.messages import Place, Result
from broker.wire.topics import Kind
from tests.broker.test_core import Desk
from tests.broker.written import HUB, entry
from tests.small_disk import fill, small_disk

MB = 1024 * 1024
LIMITS = Limits(low=300, short=200, full=100)
SMALL = Limits(low=3 * MB, short=2 * MB, full=64 * 1024)
STREAM = "a" * 32


@pytest.mark.parametrize(
    ("free", "room"),
    [
        (300, Room.OK),
        (299, Room.LOW),
        (200, Room.LOW),
        (199, Room.SHORT),
        (100, Room.SHORT),
        (99, Room.FULL),
        (0, Room.FULL),
    ],
)
def test_the_tiers(free: int, room: Room) -> None:
    """At each limit and one byte below."""
    assert room_of(free, LIMITS) is room


def test_without_its_ballast_a_disk_is_full_whatever_is_free() -> None:
    """What looks free is what the ballast gave."""
    assert room_of(10**9, LIMITS, has_ballast=False) is Room.FULL


class Fake:
    """A folder whose free bytes a test says."""

    def __init__(self, folder: Path, free: int) -> None:
        self.free = free
        self.ballast = folder / "ballast"
        self.disk = Disk(self.ballast, size=50, limits=LIMITS, free=lambda _: self.free)


def test_the_ballast_is_made_where_there_is_room_and_given_once(tmp_path: Path) -> None:
    """Made again only with room for it and some more: else it would be given again at once."""
    fake = Fake(tmp_path, 250)
    assert fake.disk.look() is Room.LOW
    assert fake.ballast.stat().st_size == 50
    assert (fake.disk.give_way(), fake.disk.give_way()) == (True, False)
    assert fake.disk.room is Room.FULL
    fake.free = 249
    assert fake.disk.look() is Room.FULL
    assert not fake.ballast.exists()
    fake.free = 1000
    assert fake.disk.look() is Room.OK
    assert fake.ballast.exists()


def test_a_change_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A disk is looked at every few seconds."""
    caplog.set_level(logging.INFO)
    fake = Fake(tmp_path, 1000)
    for free in (1000, 150, 150, 1000, 1000):
        fake.free = free
        fake.disk.look()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


async def test_a_write_is_tried_again_without_the_ballast(tmp_path: Path) -> None:
    """Once; then it is the caller's."""
    fake = Fake(tmp_path, 1000)
    fake.disk.look()
    tries: list[bool] = []

    async def write() -> str:
        tries.append(fake.ballast.exists())
        if fake.ballast.exists() or len(tries) > 2:
            raise StoreFullError("full")
        return "written"

    assert await fake.disk.written(write) == "written"
    assert tries == [True, False]
    with pytest.raises(StoreFullError):
        await fake.disk.written(write)
    assert len(tries) == 3


# -- a disk that is really full ---------------------------------------------------------------


async def press(outbox: Outbox, count: int = 20) -> tuple[Row, ...]:
    """Commit calls."""
    return await outbox.append_all([CallNext(counter=3)] * count, made_s=1.0)


def result(row: Row) -> Result:
    """Return a sealed result."""
    gen, seal = "1-0a0a0a0a", "5e" * 16
    return Result(seq=row.seq, pos=row.seq, at_ms=1, gen=gen, seal=seal)


async def until_full(outbox: Outbox) -> list[Row]:
    """Press until it is refused; return what was kept."""
    kept: list[Row] = []
    with contextlib.suppress(StoreFullError):
        for _ in range(10_000):
            kept += await press(outbox)
        pytest.fail("a disk of 8 MB took 200,000 rows")
    return kept


async def test_on_a_full_disk_the_ballast_goes_and_no_press_is_lost(tmp_path: Path) -> None:
    """Presses go on into its room; then they are refused; with room again all is as before."""
    with small_disk(tmp_path / "disk", 8) as folder:
        disk = Disk(folder / "ballast", size=MB, limits=SMALL)
        path = folder / "outbox.db"
        async with Outbox.open(path, boot="b", stream=STREAM, disk=disk) as outbox:
            assert outbox.room() is Room.OK
            first = await press(outbox)
            fill(folder / "other")
            second = await press(outbox)
            while (folder / "ballast").exists():
                second = (*second, *await press(outbox))
            assert outbox.room() is Room.FULL
            third = await until_full(outbox)
            assert len(third) > 1000

            outbox.note(first[0], result(first[0]))
            (folder / "other").unlink()
            await outbox.flush()
            assert outbox.room() is Room.OK
            assert (folder / "ballast").stat().st_size == MB
        async with Outbox.open(path, boot="b", stream="b" * 32, disk=disk) as outbox:
            kept = [row.seq for row in outbox.rows]
            assert kept == [row.seq for row in (*first, *second, *third)][1:]


async def test_results_are_moved_in_the_room_of_the_ballast(tmp_path: Path) -> None:
    """Without it SQLite can't even delete; with it the node forgets what it may."""
    with small_disk(tmp_path / "disk", 8) as folder:
        disk = Disk(folder / "ballast", size=MB, limits=SMALL)
        async with Outbox.open(folder / "outbox.db", boot="b", stream=STREAM, disk=disk) as outbox:
            outbox.room()
            rows = await press(outbox, KEEP_SHORT + 300)
            fill(folder / "other")
            for row in rows:
                outbox.note(row, result(row))
            await outbox.flush()
            assert outbox.room() is Room.FULL
            found, is_all = await outbox.decided_after(Place(gen="1-0a0a0a0a", pos=300))
            assert (found[0].seq, is_all) == (301, False)
            found, _ = await outbox.decided_after(Place())
            assert found[0].seq == 301


async def test_a_start_on_a_full_disk_succeeds(tmp_path: Path) -> None:
    """It writes too: a node that can't start can't say what is wrong."""
    with small_disk(tmp_path / "disk", 8) as folder:
        disk = Disk(folder / "ballast", size=MB, limits=SMALL)
        path = folder / "outbox.db"
        async with Outbox.open(path, boot="b", stream=STREAM, disk=disk) as outbox:
            await press(outbox)
        fill(folder / "other")
        async with Outbox.open(path, boot="b", stream="b" * 32, disk=disk) as outbox:
            assert len(outbox.rows) == 20
            assert disk.room is Room.FULL


async def commit_until_full(journal: Journal, last: int) -> int:
    """Commit row after row until it is refused; return the last that was not."""
    with contextlib.suppress(StoreFullError):
        for last in range(last, 100_000):  # noqa: B020, PLR1704 - where it ends is the answer
            await journal.commit([entry(last + 1, HUB, last + 1)])
        pytest.fail("a disk of 8 MB took 100,000 rows")
    return last


async def test_a_journal_keeps_all_it_committed(tmp_path: Path) -> None:
    """The last commits go into the ballast's room; then the hub ends, and its chain holds."""
    with small_disk(tmp_path / "disk", 8) as folder:
        disk = Disk(folder / "ballast", size=MB, limits=SMALL)
        path = folder / "journal.db"
        async with Journal.open(path, disk=disk) as journal:
            await journal.commit([entry(1, HUB, 1)])
            fill(folder / "other")
            last = await commit_until_full(journal, 1)
            assert (disk.room, last > 100) == (Room.FULL, True), last
        assert verify(path) == (last, None)


# -- who is told ------------------------------------------------------------------------------


def test_a_heartbeat_says_at_once_how_the_hubs_disk_is() -> None:
    """For whoever looks after the hall; and not again and again."""
    desk = Desk()
    desk.timed(1)
    for room in (Room.FULL, Room.FULL):
        desk.core.disk_is(room, now_s=desk.now_s)
    said = [p.payload for p in desk.timed(1) if p.topic.kind is Kind.HUB]
    assert [json.loads(payload)["disk"] for payload in said] == ["full"]


def test_a_nodes_disk_is_in_the_hubs_log_when_it_changes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its health says it every 15 s."""
    desk = Desk()
    for room in ("ok", "short", "short", "ok"):
        health = json.dumps({"uptime_s": 1, "disk": room}).encode()
        desk.take("loket/v1/demo/health/kiosk-1", health)
    told = [r.__dict__["loket_fields"] for r in caplog.records if r.getMessage() == "node disk"]
    assert told == [{"who": "kiosk-1", "room": "short"}, {"who": "kiosk-1", "room": "ok"}]
