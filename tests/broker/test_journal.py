"""The journal commits all of an entry or nothing, and its reader finds what was changed since."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from broker.hall.events import (
    CounterOpened,
    DayOpened,
    HallEvent,
    StreamGap,
    TicketCalled,
    TicketIssued,
)
from broker.journal import BEATS_A_START, Entry, Journal, chained
from broker.records import ROWS_AT_ONCE, Fault, export, stats, verify
from broker.store import StoreError
from broker.wire.messages import Result

HUB, KIOSK, DESK = (f"{n:032x}" for n in range(1, 4))

AT_MS = 1_795_000_000_000

DAY = (DayOpened(date="2026-11-25"),)

ISSUED = (TicketIssued(ticket="t", number="A001", service="kk", visit="t", issued_ms=AT_MS),)


def entry(  # noqa: PLR0913 - the columns of a row
    pos: int,
    stream: str,
    seq: int,
    events: tuple[HallEvent, ...] = (),
    *,
    refusal: str = "",
    at_ms: int = AT_MS,
    command: bytes = b'{"type":"close"}',
) -> Entry:
    """Return an entry whose node follows from its stream."""
    node = {HUB: "hub", KIOSK: "kiosk-1", DESK: "desk"}[stream]
    return Entry(pos, at_ms + pos, node, stream, seq, command, events, refusal)


def hex_of(count: int) -> str:
    """Stand in for randomness."""
    return "0a" * count


async def written(path: Path) -> None:
    """Write a journal of six rows in three commits, over two days."""
    async with Journal.open(path, random_hex=hex_of) as journal:
        await journal.commit([entry(1, HUB, 1, DAY)])
        await journal.commit(
            [entry(2, KIOSK, 1, ISSUED), entry(3, KIOSK, 2, refusal="unknown_service")]
        )
        await journal.commit(
            [
                entry(4, HUB, 2, (DayOpened(date="2026-11-26"),)),
                entry(5, DESK, 4, (StreamGap(stream=DESK, seq_from=1, seq_upto=4),)),
                entry(6, DESK, 5, (CounterOpened(counter=3),)),
            ]
        )


def change(path: Path, sql: str, *values: object) -> None:
    """Change the file behind the journal's back."""
    with sqlite3.connect(path) as db:
        assert db.execute(sql, values).rowcount > 0
    db.close()


async def test_a_new_journal_is_of_the_first_generation(tmp_path: Path) -> None:
    """It has no rows, and its generation's hex is the random part given."""
    async with Journal.open(tmp_path / "journal.db", random_hex=hex_of) as journal:
        assert journal.gen == "1-0a0a0a0a"
        assert (journal.last_pos, journal.last_at_ms, journal.streams) == (0, 0, {})
        assert list(await journal.tail()) == []


async def test_a_start_finds_what_was_committed(tmp_path: Path) -> None:
    """Generation, newest row and stream positions; the tail begins at the newest day."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        assert journal.gen == "1-0a0a0a0a"
        assert (journal.last_pos, journal.last_at_ms) == (6, AT_MS + 6)
        assert journal.streams == {HUB: ("hub", 2), KIOSK: ("kiosk-1", 2), DESK: ("desk", 5)}
        tail = list(await journal.tail())

        assert [pos for pos, _, _ in tail] == [4, 5, 6]
        assert tail[2] == (6, AT_MS + 6, (CounterOpened(counter=3),))
        await journal.commit([entry(7, DESK, 6)])
    assert verify(path) == (7, None)


async def test_without_a_day_the_tail_is_everything(tmp_path: Path) -> None:
    """A journal whose first rows come before any day is folded from its first row."""
    async with Journal.open(tmp_path / "journal.db") as journal:
        await journal.commit([entry(1, KIOSK, 1), entry(2, KIOSK, 2)])

        assert [pos for pos, _, _ in await journal.tail()] == [1, 2]


async def test_each_start_has_beats_of_its_own(tmp_path: Path) -> None:
    """A start that is killed at once has used up its share all the same."""
    bases = []
    for _ in range(3):
        async with Journal.open(tmp_path / "journal.db") as journal:
            bases.append(journal.beat_base)

    assert bases == [0, BEATS_A_START, 2 * BEATS_A_START]


async def test_results_are_what_was_committed(tmp_path: Path) -> None:
    """In the order asked, accepted or refused; what isn't there is left out."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        found = await journal.results(KIOSK, [2, 9, 1])

        assert found == [
            Result(seq=2, pos=3, at_ms=AT_MS + 3, refusal="unknown_service"),
            Result(seq=1, pos=2, at_ms=AT_MS + 2, events=ISSUED),
        ]
        assert await journal.results("f" * 32, [1]) == []


WRONG: dict[str, list[Entry]] = {
    "a position is missing": [entry(8, KIOSK, 3)],
    "a position comes twice": [entry(6, KIOSK, 3)],
    "a stamp goes back": [entry(7, KIOSK, 3, at_ms=AT_MS - 5)],
    "a seq is missing": [entry(7, KIOSK, 4)],
    "a seq comes again": [entry(7, KIOSK, 2)],
    "a seq is missing within": [entry(7, KIOSK, 3), entry(8, KIOSK, 5)],
    "a new stream begins late": [entry(7, HUB, 3)._replace(stream="f" * 32)],
    "another node's stream": [entry(7, KIOSK, 3)._replace(node="kiosk-2")],
    "another node within": [entry(7, KIOSK, 3), entry(8, KIOSK, 4)._replace(node="kiosk-2")],
    "a gap begins late": [
        entry(7, KIOSK, 9, (StreamGap(stream=KIOSK, seq_from=4, seq_upto=9),)),
    ],
}


@pytest.mark.parametrize("entries", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_entry_stops_the_hub(tmp_path: Path, entries: list[Entry]) -> None:
    """Nothing of its commit is written, and no further commit is taken."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        with pytest.raises(ValueError, match="can't follow"):
            await journal.commit(entries)
        with pytest.raises(StoreError, match="start the process again"):
            await journal.commit([entry(7, KIOSK, 3)])

        assert journal.last_pos == 6
    assert verify(path) == (6, None)


async def test_a_cancelled_commit_is_whole_and_the_last(tmp_path: Path) -> None:
    """It is on the disk, but the hub that was cut off must fold again."""
    path = tmp_path / "journal.db"
    async with Journal.open(path) as journal:
        task = asyncio.create_task(journal.commit([entry(1, KIOSK, 1), entry(2, KIOSK, 2)]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(StoreError, match="start the process again"):
            await journal.commit([entry(3, KIOSK, 3)])
    assert verify(path) == (2, None)


def test_a_byte_moved_between_columns_is_another_row() -> None:
    """Each column's length is hashed."""
    assert chained(b"", ["ab", "c"]) != chained(b"", ["a", "bc"])
    assert chained(b"", ["a", ""]) != chained(b"", ["a"])
    assert chained(b"x", ["a"]) != chained(b"y", ["a"])


CHANGES: dict[str, tuple[int, str]] = {
    # What was done to the file: the first row that can't be trusted, and how it was done.
    "the stamp": (2, "UPDATE rows SET at_ms = at_ms + 1 WHERE pos = 2"),
    "the node": (3, "UPDATE rows SET node = 'kiosk-2' WHERE pos = 3"),
    "the command": (2, 'UPDATE rows SET command = \'{"type":"recall"}\' WHERE pos = 2'),
    "the events": (6, "UPDATE rows SET events = replace(events, '3', '4') WHERE pos = 6"),
    "the refusal": (3, "UPDATE rows SET refusal = '' WHERE pos = 3"),
    "the detail": (1, "UPDATE rows SET detail = 'x' WHERE pos = 1"),
    "the seq": (3, "UPDATE rows SET seq = 3 WHERE pos = 3"),
    "the stream": (3, "UPDATE rows SET stream = 'x' WHERE pos = 3"),
    "the hash": (4, "UPDATE rows SET hash = zeroblob(32) WHERE pos = 4"),
    "a row from the middle": (3, "DELETE FROM rows WHERE pos = 3"),
    "the first row": (1, "DELETE FROM rows WHERE pos = 1"),
    "the last row": (6, "DELETE FROM rows WHERE pos = 6"),
    "the last two rows": (5, "DELETE FROM rows WHERE pos > 4"),
    "every row": (1, "DELETE FROM rows"),
    "the position of a row": (6, "UPDATE rows SET pos = 9 WHERE pos = 6"),
    "a stream's position": (7, "UPDATE streams SET last = 3 WHERE node = 'kiosk-1'"),
    "a stream's node": (7, "UPDATE streams SET node = 'x' WHERE node = 'kiosk-1'"),
    "a stream": (7, "DELETE FROM streams WHERE node = 'desk'"),
    "a day's mark": (4, "DELETE FROM days WHERE pos = 4"),
    "where a day begins": (4, "UPDATE days SET pos = 5 WHERE pos = 4"),
    "its birth": (1, "UPDATE meta SET value = '1-ffffffff' WHERE key = 'born'"),
}


@pytest.mark.parametrize(("pos", "sql"), CHANGES.values(), ids=CHANGES.keys())
async def test_verify_finds_a_change(tmp_path: Path, pos: int, sql: str) -> None:
    """Whatever was changed, the first bad position is named."""
    path = tmp_path / "journal.db"
    await written(path)
    assert verify(path) == (6, None)
    change(path, sql)

    fault = verify(path).fault
    assert fault is not None
    assert fault.pos == pos


async def test_verify_says_how_far_it_came(tmp_path: Path) -> None:
    """Rows before the fault are counted as good."""
    path = tmp_path / "journal.db"
    await written(path)
    change(path, "DELETE FROM rows WHERE pos = 3")

    assert verify(path) == (2, Fault(3, "row 3 is missing, row 4 comes next"))


@pytest.mark.parametrize("pos", [4, 5, 6])
async def test_a_start_refuses_a_changed_tail(tmp_path: Path, pos: int) -> None:
    """State is never folded from a row that is not what was written."""
    path = tmp_path / "journal.db"
    await written(path)
    change(path, "UPDATE rows SET at_ms = at_ms + 1 WHERE pos = ?", pos)
    async with Journal.open(path) as journal:
        with pytest.raises(StoreError, match=f"row {pos} is not what was written: keep the file"):
            await journal.tail()


async def test_an_event_of_a_newer_release_is_named(tmp_path: Path) -> None:
    """After a rollback the fold stops at the row and says which release is needed."""
    path = tmp_path / "journal.db"
    events: Any = [{"type": "hall_painted"}]
    async with Journal.open(path) as journal:
        await journal.commit([entry(1, KIOSK, 1, events)])
        with pytest.raises(StoreError, match=r"row 1: .*hall_painted.*the release that wrote it"):
            list(await journal.tail())
    assert verify(path) == (1, None)


async def test_many_pieces_are_one_walk(tmp_path: Path) -> None:
    """More rows than are read at once: verified and exported to the last."""
    path = tmp_path / "journal.db"
    rows = 2 * ROWS_AT_ONCE
    async with Journal.open(path) as journal:
        await journal.commit([entry(n, KIOSK, n) for n in range(1, rows + 1)])

    assert verify(path) == (rows, None)
    assert [json.loads(line)["pos"] for line in export(path)] == list(range(1, rows + 1))


async def test_export_is_a_json_line_a_row(tmp_path: Path) -> None:
    """Command and events as JSON, the hash as hex, one line even when the command had several."""
    path = tmp_path / "journal.db"
    events = (TicketCalled(ticket="t", counter=3, call_id="c"),)
    bad = b'{"type":"\xff"}'
    async with Journal.open(path) as journal:
        await journal.commit(
            [
                entry(1, KIOSK, 1, events, command=b'{"type": "call_next",\n "counter": 3}'),
                entry(2, KIOSK, 2, refusal="rejected", command=bad),
            ]
        )
        lines = list(export(path))

    assert b"\n" not in lines[0]
    one, two = (json.loads(line) for line in lines)
    assert len(bytes.fromhex(one.pop("hash"))) == 32
    assert one == {
        "pos": 1,
        "at_ms": AT_MS + 1,
        "node": "kiosk-1",
        "stream": KIOSK,
        "seq": 1,
        "command": {"type": "call_next", "counter": 3},
        "events": [{"type": "ticket_called", "ticket": "t", "counter": 3, "call_id": "c"}],
        "refusal": "",
        "detail": "",
    }
    assert (two["command"], two["refusal"]) == (bad.hex(), "rejected")


async def test_stats_count(tmp_path: Path) -> None:
    """Rows, days, streams and refusals, while the hub runs."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path):
        found = stats(path)

    assert (found.gen, found.rows, found.last_pos, found.last_at_ms) == (
        "1-0a0a0a0a",
        6,
        6,
        AT_MS + 6,
    )
    assert (found.days, found.streams, found.refusals) == (2, 3, {"unknown_service": 1})
    assert found.file_bytes > 0


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    """Reading makes no file."""
    with pytest.raises(StoreError, match=r"journal\.db: no such file"):
        verify(tmp_path / "journal.db")

    assert list(tmp_path.iterdir()) == []
