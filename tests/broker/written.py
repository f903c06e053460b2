"""A small journal for tests to read, change and go on with."""

import sqlite3
from pathlib import Path

from broker.entry import Entry
from broker.hall.events import CounterOpened, DayOpened, HallEvent, StreamGap, TicketIssued
from broker.journal import Journal

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
