"""The journal commits all of an entry or nothing, and each start goes on from there."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from broker.entry import Entry, chained, result_of
from broker.hall.events import CounterOpened, StreamGap, encode_events
from broker.journal import BEATS_A_START, Journal
from broker.records import verify
from broker.store import StoreError
from broker.wire.seal import Seals
from tests.broker.written import (
    AT_MS,
    DESK,
    HUB,
    ISSUED,
    KIOSK,
    change,
    entry,
    hex_of,
    written,
)

SEALS = Seals(b"k" * 32)
GEN = "1-0a0a0a0a"


async def test_a_new_journal_is_of_the_first_generation(tmp_path: Path) -> None:
    """It has no rows, and its generation's hex is the random part given."""
    async with Journal.open(tmp_path / "journal.db", random_hex=hex_of) as journal:
        assert journal.gen == "1-0a0a0a0a"
        assert journal.streams == {}
        assert list(await journal.tail()) == []


async def test_a_start_finds_what_was_committed(tmp_path: Path) -> None:
    """Generation and stream positions; the tail begins at the newest day."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        assert journal.gen == "1-0a0a0a0a"
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
        found = await journal.results(KIOSK, [2, 9, 1], seals=SEALS)

        refused = entry(3, KIOSK, 2, refusal="unknown_service")
        issued = entry(2, KIOSK, 1, ISSUED)
        assert found == [
            result_of(refused, b"[]", gen=GEN, seals=SEALS),
            result_of(issued, encode_events(ISSUED), gen=GEN, seals=SEALS),
        ]
        assert found[1].events == ISSUED
        assert await journal.results("f" * 32, [1], seals=SEALS) == []


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
    assert verify(path) == (6, None)


async def test_a_row_a_gap_stands_for_is_refused_as_lost(tmp_path: Path) -> None:
    """Its node may still hold it: without a result it would send it for ever."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        found = await journal.results(DESK, [1, 3, 4, 5, 6], seals=SEALS)

    assert [(r.seq, r.pos, r.refusal) for r in found] == [
        (1, 5, "lost"),
        (3, 5, "lost"),
        (4, 5, "lost"),
        (5, 6, ""),
    ]


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
