"""A machine's storage: real SQLite without a file, behind a disk that takes its time and fails.

What `broker.store.transact` asks for is done when its fsync is over. A process killed before that
finds its transaction done or not done at its next start, as a coin falls: both are true of a disk
whose answer nobody lived to hear. A transaction is never half there: SQLite's WAL drops a torn
frame, and `tests/real` cuts the power on files to prove it.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random
from typing import Any

from broker.store import Migration, StoreError
from tests.sim.machine import Process

FSYNC_S = (0.0004, 0.006)
"""Shortest and longest, of a good card."""

SLOW_FSYNC_S = (0.2, 1.5)


class Database:
    """One file of a card."""

    def __init__(self) -> None:
        self.sql = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.sql.execute("PRAGMA synchronous = OFF")

    def migrate(self, migrations: Sequence[Migration]) -> None:
        """Apply what is missing, as `open_db` does."""
        (version,) = self.sql.execute("PRAGMA user_version").fetchone()
        for number, statements in enumerate(migrations[version:], version + 1):
            for statement in (*statements, f"PRAGMA user_version = {number}"):
                self.sql.execute(statement)

    def image(self) -> bytes:
        """Return the file's content."""
        return self.sql.serialize()

    def restore(self, image: bytes) -> None:
        """Have another content."""
        self.sql.deserialize(image)


class Card:
    """The files of one machine, by name.

    Attributes:
        is_bad: Writes are refused, as by a full or failing disk; reads go on.
        fsync_s: How long a commit takes.
        commits: Transactions done.
        unsynced_max: So many of the newest transactions a power cut loses; 0 = what was told
            to be committed is on the disk (synchronous=FULL).
    """

    def __init__(self, random: Random) -> None:
        self.is_bad = False
        self.fsync_s = FSYNC_S
        self.commits = 0
        self.unsynced_max = 0
        self._random = random
        self._files: dict[str, Database] = {}
        self._synced: dict[str, list[bytes]] = {}
        self._pending: list[Callable[[], object]] = []

    def file(self, name: str) -> Database:
        """Return the file, made when missing."""
        database = self._files.get(name)
        if database is None:
            database = self._files[name] = Database()
        return database

    def wipe(self) -> None:
        """Be a new card."""
        for database in self._files.values():
            database.sql.close()
        self._files.clear()
        self._synced.clear()
        self._pending.clear()

    def image(self) -> dict[str, bytes]:
        """Return the content of all files."""
        return {name: database.image() for name, database in self._files.items()}

    def restore(self, image: dict[str, bytes]) -> None:
        """Hold this content and no other."""
        self.wipe()
        for name, content in image.items():
            self.file(name).restore(content)

    def killed(self) -> None:
        """A process died: what it was writing is there, or is not."""
        for write in self._pending:
            if not self.is_bad and self._random.random() < 0.5:
                with contextlib.suppress(sqlite3.Error, StoreError):
                    write()
        self._pending.clear()

    def power_cut(self) -> None:
        """The machine died: what was not synced is gone."""
        self.killed()
        for name, images in self._synced.items():
            self._files[name].restore(images[0])
        self._synced.clear()

    def opens(
        self, process: Process
    ) -> Callable[[Path, Sequence[Migration]], AbstractAsyncContextManager[Any]]:
        """Return what opens this card's files for one process, instead of `open_db`."""

        @contextlib.asynccontextmanager
        async def opened(path: Path, migrations: Sequence[Migration]) -> AsyncIterator[Any]:
            await process.spend(self._random.uniform(*self.fsync_s))
            if self.is_bad:
                raise StoreError(f"{path}: the disk fails")
            database = self.file(path.name)
            database.migrate(migrations)
            yield _Connection(self, path.name, process)

        return opened

    async def run(self, name: str, process: Process, fn: Callable[..., Any], args: Any) -> Any:
        """Do one transaction."""

        def write() -> Any:
            return fn(*args)

        self._pending.append(write)
        await process.spend(self._random.uniform(*self.fsync_s))
        self._pending.remove(write)
        if self.unsynced_max:
            images = self._synced.setdefault(name, [])
            images.append(self.file(name).image())
            del images[: -self.unsynced_max]
        if not self.is_bad:
            self.commits += 1
            return write()
        return fn(_Full(args[0]), *args[1:])


class _Full:
    """A connection whose disk is full: it can be read, and refuses what would change it."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sql, name)

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Read."""
        self._check(sql)
        return self._sql.execute(sql, *args)

    def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
        """Refuse rows, if there are any."""
        rows = list(rows)
        if rows:
            self._check(sql)
        return self._sql.executemany(sql, rows)

    def _check(self, sql: str) -> None:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE")):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise error


class _Connection:
    """The two names of `aiosqlite.Connection` that `broker.store.transact` uses."""

    def __init__(self, card: Card, name: str, process: Process) -> None:
        self._card = card
        self._name = name
        self._process = process
        self._conn = card.file(name).sql

    async def _execute(self, fn: Callable[..., Any], *args: Any) -> Any:
        return await self._card.run(self._name, self._process, fn, args)
