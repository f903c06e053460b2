"""What reads the hub's files finds whatever was changed in them, and changes nothing."""

import json
from pathlib import Path

import pytest

from broker.hall.events import TicketCalled, TicketClosed
from broker.journal import Journal
from broker.records import ROWS_AT_ONCE, Fault, export, stats, verify
from broker.store import StoreError
from tests.broker.written import (
    AT_MS,
    DAY,
    DESK,
    HUB,
    ISSUED,
    KIOSK,
    change,
    entry,
    hex_of,
    written,
)

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


async def test_a_deep_command_hides_no_row_behind_it(tmp_path: Path) -> None:
    """It is exported as its bytes where it is too deep for the parser of this Python."""
    path = tmp_path / "journal.db"
    deep = b"[" * 2000 + b"]" * 2000
    async with Journal.open(path) as journal:
        await journal.commit(
            [entry(1, KIOSK, 1, refusal="rejected", command=deep), entry(2, KIOSK, 2)]
        )

    one, two = (json.loads(line)["command"] for line in export(path))
    # Only where the exporter's parser took it: another may not.
    assert one == deep.hex() or json.dumps(one, separators=(",", ":")).encode() == deep
    assert two == {"type": "close"}


async def test_stats_count(tmp_path: Path) -> None:
    """Rows, days, streams and refusals, while the hub runs."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path):
        found = stats(path)
        on_disk = sum(file.stat().st_size for file in (path, path.with_name("journal.db-wal")))

    assert (found.gen, found.rows, found.last_pos, found.last_at_ms) == (
        "1-0a0a0a0a",
        6,
        6,
        AT_MS + 6,
    )
    assert (found.days, found.streams, found.refusals) == (2, 3, {"unknown_service": 1})
    assert found.file_bytes == on_disk


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    """Reading makes no file."""
    with pytest.raises(StoreError, match=r"journal\.db: no such file"):
        verify(tmp_path / "journal.db")

    assert list(tmp_path.iterdir()) == []


async def test_stats_count_how_tickets_ended(tmp_path: Path) -> None:
    """Who was called by voice is apart from who was called here; other events are no ends."""
    path = tmp_path / "journal.db"
    ends = (
        TicketClosed(ticket="t", outcome="served"),
        TicketClosed(ticket="u", outcome="served", by_hand=True, counter=3),
        TicketCalled(ticket="v", counter=3, call_id="c"),
        TicketClosed(ticket="w", outcome="no_show"),
    )
    async with Journal.open(path, random_hex=hex_of) as journal:
        await journal.commit([entry(1, HUB, 1, DAY), entry(2, KIOSK, 1, ISSUED)])
        await journal.commit([entry(3, DESK, 1, ends), entry(4, DESK, 2, ends[:1])])

    assert stats(path).ends == {"no_show": 1, "served": 2, "served_by_hand": 1}
