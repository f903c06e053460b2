"""How the hub's readings stay few: minutes for two days, then quarters of an hour, then nothing.

Of a quarter are kept how many readings it had, their sum (what doors counted), their mean, the
lowest and the highest. Time is the stamps of arriving readings, which the hub makes and never sets
back: a wrong clock makes nothing old. It is done in small pieces beside the storing.
"""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

QUARTER_MS = 15 * 60 * 1000
DAY_MS = 24 * 3600 * 1000

MINUTES_MS = 2 * DAY_MS
"""So long each reading is kept as it came."""

AHEAD_MS = DAY_MS
"""A reading from further ahead than this is of a node whose clock was wrong in an earlier boot."""

PIECE = 2000
"""Rows a transaction takes: some 20 ms on a Pi's card, while no reading is stored."""

MINUTE_ROWS_MAX = 500_000
QUARTERS_MAX = 1_000_000
"""Some 50 MB each: 20 sensors of 3 values fill a third of them. Only a node gone mad comes there;
then the oldest give way sooner."""

MIGRATION = (
    """CREATE TABLE quarters (
        node TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, count INTEGER NOT NULL,
        total REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
        PRIMARY KEY (node, kind, at_ms)) WITHOUT ROWID""",
    "CREATE INDEX quarters_in_time ON quarters (at_ms)",
    # How far a stream is in quarters: a message that comes once more must not count twice.
    """CREATE TABLE folded (
        node TEXT NOT NULL, stream TEXT NOT NULL, upto INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        PRIMARY KEY (node, stream)) WITHOUT ROWID""",
    "CREATE INDEX readings_by_age ON readings (at_ms)",
)

PUT = """INSERT OR REPLACE INTO readings SELECT ?1, ?2, ?3, ?4, ?5, ?6
    WHERE NOT EXISTS (SELECT 1 FROM folded WHERE node = ?1 AND stream = ?2 AND upto >= ?3)"""
"""Readings of a stream are stored in the order of their numbers, so what is not above `upto` was
stored before."""


class Row(NamedTuple):
    """A reading as the hub has stored it."""

    node: str
    stream: str
    seq: int
    kind: str
    value: float
    at_ms: int


def thin(db: sqlite3.Connection, *, now_ms: int, days: int) -> bool:
    """Do one piece of the work, in the caller's transaction; return whether there is more.

    Args:
        now_ms: The stamp of the newest reading that arrived.
        days: After which a quarter is erased.
    """
    db.execute("DELETE FROM readings WHERE at_ms > ?", (now_ms + AHEAD_MS,))
    (count,) = db.execute("SELECT count(*) FROM readings").fetchone()
    before_ms = now_ms - MINUTES_MS if count <= MINUTE_ROWS_MAX else now_ms + AHEAD_MS
    # Whole quarters: one that is half folded would be right too, but is written twice.
    found = db.execute(
        "SELECT node, stream, seq, kind, value, at_ms FROM readings WHERE at_ms < ?"
        " ORDER BY at_ms LIMIT ?",
        (before_ms - before_ms % QUARTER_MS, PIECE),
    ).fetchall()
    _fold(db, [Row(*row) for row in found])
    gone = _erase(db, now_ms - days * DAY_MS)
    return PIECE in {len(found), gone}


def _fold(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    for row in rows:
        quarter_ms = row.at_ms - row.at_ms % QUARTER_MS
        db.execute(
            """INSERT INTO quarters VALUES (?1, ?2, ?3, 1, ?4, ?4, ?4)
            ON CONFLICT DO UPDATE SET count = count + 1, total = total + ?4,
                low = min(low, ?4), high = max(high, ?4)""",
            (row.node, row.kind, quarter_ms, row.value),
        )
        db.execute(
            """INSERT INTO folded VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET upto = max(upto, ?3), at_ms = max(at_ms, ?4)""",
            (row.node, row.stream, row.seq, row.at_ms),
        )
        db.execute(
            "DELETE FROM readings WHERE node = ? AND stream = ? AND seq = ?",
            (row.node, row.stream, row.seq),
        )


def _erase(db: sqlite3.Connection, before_ms: int) -> int:
    """Erase a piece of what is too old, or too much; return how many rows went."""
    (count,) = db.execute("SELECT count(*) FROM quarters").fetchone()
    over = max(0, count - QUARTERS_MAX)
    gone = db.execute(
        """DELETE FROM quarters WHERE (node, kind, at_ms) IN
            (SELECT node, kind, at_ms FROM quarters WHERE at_ms < ? ORDER BY at_ms LIMIT ?)""",
        (before_ms, PIECE),
    ).rowcount
    if over > gone:
        gone += db.execute(
            """DELETE FROM quarters WHERE (node, kind, at_ms) IN
                (SELECT node, kind, at_ms FROM quarters ORDER BY at_ms LIMIT ?)""",
            (min(PIECE - gone, over - gone),),
        ).rowcount
    db.execute("DELETE FROM folded WHERE at_ms < ?", (before_ms - DAY_MS,))
    return gone
