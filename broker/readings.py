"""Readings on disk: a node's until the hub has them, the hub's for reports. Files of their own.

Neither shares a file with presses: a commit of readings holds up no press, and a damaged file costs
readings alone. They are the first to give way on a disk that fills up (`broker.disk`).
"""

import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import aiosqlite

from broker import thinning
from broker.disk import Disk, Room
from broker.log import kv
from broker.store import Migration, StoreError, open_db, transact
from broker.wire.readings import Arrived, Measured, Reading

_log = logging.getLogger(__name__)

READINGS_FILE = "readings.db"

PENDING_MAX = 50_000
"""A node's: at three a minute more than eleven days without a hub; then the oldest give way."""

NODE_MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE streams (
            place INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE, boot TEXT NOT NULL)""",
        """CREATE TABLE readings (
            place INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, value REAL NOT NULL,
            made_ms INTEGER NOT NULL, made_s REAL NOT NULL,
            PRIMARY KEY (place, seq)) WITHOUT ROWID""",
    ),
    (
        # What a node has to know at its next start, written with the readings it belongs to.
        "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
)

HUB_MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE readings (
            node TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
            value REAL NOT NULL, at_ms INTEGER NOT NULL,
            PRIMARY KEY (node, stream, seq)) WITHOUT ROWID""",
        "CREATE INDEX readings_in_time ON readings (kind, at_ms)",
    ),
    thinning.MIGRATION,
)

KEPT_DAYS = 90


class ReadingBox:
    """A node's readings the hub has not. Use `async with ReadingBox.open(...) as box`.

    Attributes:
        rows: Those of earlier starts, older streams first.
        dropped: How many were not kept, or gave way, since the start.
        kept: What the start before wrote beside its readings, by key.
    """

    def __init__(  # noqa: PLR0913 - what `open` found, each by name
        self,
        *,
        db: aiosqlite.Connection,
        stream: str,
        place: int,
        rows: Sequence[Measured],
        kept: Mapping[str, str],
        disk: Disk | None,
    ) -> None:
        self.rows = rows
        self.kept = kept
        self.dropped = 0
        self._db = db
        self._stream = stream
        self._place = place
        self._disk = disk
        self._last = 0
        self._depth = len(rows)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, path: Path, *, boot: str, stream: str, disk: Disk | None = None
    ) -> AsyncIterator["ReadingBox"]:
        """Open the file, made when missing, and begin this start's stream.

        Args:
            path: The file.
            boot: Of the machine; readings of another boot have no age.
            stream: 128 random bits as hex, new at each start of the process.
            disk: Readings give way on it; None where no disk fills up.

        Raises:
            StoreError: The file can't be used.
        """
        async with open_db(path, NODE_MIGRATIONS) as db:
            place, rows, kept = await transact(db, lambda sql: _begin(sql, boot, stream))
            yield cls(db=db, stream=stream, place=place, rows=rows, kept=kept, disk=disk)

    async def append(self, reading: Reading, *, made_s: float) -> tuple[Measured | None, int]:
        """Commit a reading, when there is room; return it, and how many of the oldest gave way.

        Raises:
            StoreError: It is not committed.
        """
        rows, gone = await self.append_all((reading,), made_s=made_s)
        return (rows[0] if rows else None), gone

    async def append_all(
        self, readings: Sequence[Reading], *, made_s: float, kept: Mapping[str, str] | None = None
    ) -> tuple[Sequence[Measured], int]:
        """Commit readings of one instant in one transaction; return as `append`.

        Args:
            kept: Written with them, and there at the next start.

        Raises:
            StoreError: None is committed.
        """
        room = Room.OK if self._disk is None else self._disk.look()
        if room is not Room.OK:
            self.dropped += len(readings)
            gone = 0 if room is Room.LOW else await self._drop(self._depth)
            return (), gone
        rows = [
            Measured(self._stream, seq, reading, made_s)
            for seq, reading in enumerate(readings, self._last + 1)
        ]
        await transact(self._db, lambda db: _append(db, self._place, rows, kept or {}))
        self._last, self._depth = self._last + len(rows), self._depth + len(rows)
        gone = await self._drop(self._depth - PENDING_MAX)
        return rows, gone

    async def stored(self, count: int) -> None:
        """Forget so many of the oldest: the hub has them.

        Raises:
            StoreError: They stay, and are sent again after the next start.
        """
        if count > 0:
            await transact(self._db, lambda db: _forget(db, count))
            self._depth -= count

    async def _drop(self, count: int) -> int:
        if count <= 0:
            return 0
        await self.stored(count)
        self.dropped += count
        _log.warning("readings gave way", extra=kv(count=count))
        return count


class ReadingStore:
    """The hub's readings. Use `async with ReadingStore.open(path) as store`."""

    def __init__(self, db: aiosqlite.Connection, disk: Disk | None, days: int) -> None:
        self._db = db
        self._disk = disk
        self._days = days

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, path: Path, *, disk: Disk | None = None, days: int = KEPT_DAYS
    ) -> AsyncIterator["ReadingStore"]:
        """Open the file, made when missing.

        Args:
            path: The file.
            disk: Readings give way on it; None where no disk fills up.
            days: After so many they are erased.

        Raises:
            StoreError: The file can't be used.
        """
        async with open_db(path, HUB_MIGRATIONS) as db:
            yield cls(db, disk, days)

    async def put(self, arrived: Sequence[Arrived]) -> bool:
        """Commit messages in one transaction; one that comes again changes nothing.

        Return False, and keep none, on a disk with little room: the nodes keep them meanwhile.

        Raises:
            StoreError: None is committed.
        """
        if self._disk is not None and self._disk.room is not Room.OK:
            return False
        rows = [row for one in arrived for row in one.rows()]
        await transact(self._db, lambda db: db.executemany(thinning.PUT, rows).close())
        return True

    async def thin(self, now_ms: int) -> bool:
        """Put one piece of what is old together, and erase what is older; return if there is more.

        Raises:
            StoreError: Nothing is changed.
        """
        days = self._days
        return await transact(self._db, lambda db: thinning.thin(db, now_ms=now_ms, days=days))


@contextlib.asynccontextmanager
async def readings_in(
    folder: Path, disk: Disk, days: int = KEPT_DAYS
) -> AsyncIterator[ReadingStore | None]:
    """Open the hub's readings; None when their file is damaged: the hall goes on all the same."""
    async with contextlib.AsyncExitStack() as stack:
        store: ReadingStore | None = None
        try:
            opening = ReadingStore.open(folder / READINGS_FILE, disk=disk, days=days)
            store = await stack.enter_async_context(opening)
        except StoreError as error:
            _log.error("no readings are kept", extra=kv(why=str(error)))
        yield store


def _append(
    db: sqlite3.Connection, place: int, rows: Sequence[Measured], kept: Mapping[str, str]
) -> None:
    values = [
        (place, seq, reading.kind, reading.value, reading.made_ms, made_s)
        for _, seq, reading, made_s in rows
    ]
    db.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?)", values)
    db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", kept.items())


def _begin(
    db: sqlite3.Connection, boot: str, stream: str
) -> tuple[int, list[Measured], dict[str, str]]:
    db.execute("DELETE FROM streams WHERE place NOT IN (SELECT place FROM readings)")
    place = db.execute("INSERT INTO streams (stream, boot) VALUES (?, ?)", (stream, boot)).lastrowid
    found = db.execute(
        """SELECT stream, seq, kind, value, made_ms, CASE WHEN boot = ? THEN made_s END
        FROM readings JOIN streams USING (place) ORDER BY place, seq""",
        (boot,),
    )
    rows = [
        Measured(of, seq, Reading(kind=kind, value=value, made_ms=made_ms), made_s)
        for of, seq, kind, value, made_ms, made_s in found
    ]
    return place or 0, rows, dict(db.execute("SELECT key, value FROM kept").fetchall())


def _forget(db: sqlite3.Connection, count: int) -> None:
    db.execute(
        """DELETE FROM readings WHERE (place, seq) IN
            (SELECT place, seq FROM readings ORDER BY place, seq LIMIT ?)""",
        (count,),
    )
