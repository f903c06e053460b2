"""SQLite as every process uses it: how a database is opened, and the one way to change it.

One process owns a database (flock); one thread, aiosqlite's, touches it. Committed means on the
disk: WAL with synchronous=FULL, one fsync a commit. Schemas live beside their tables.
"""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite

from broker.log import kv

Migration = tuple[str, ...]
"""SQL statements, run in one transaction. They only add (tables, columns with a default): the
previous release must be able to go on with the file after a rollback."""

BUSY_MS = 5000
"""A backup or report may hold the file for a moment; the next in line waits this long."""

WAL_PAGES = 250
"""So many 4 KiB pages the WAL takes, then it is written into the database and begun anew."""

WAL_BYTES = 1024 * 1024
"""The WAL file has its size from the start: a commit that makes a file longer has the file system's
own journal to wait for too (`loket bench press`: 0.1 ms of a commit's 0.6 on ext4)."""

FREE_BYTES_MIN = 8 * 1024 * 1024
"""With less room than this the WAL is left as short as it is: rows need the room more."""

WAL_INDEX_BYTES = 32 * 1024
"""By so much the index of the WAL (FILE-shm) grows."""

WAL_BYTES_MAX = 8 * 1024 * 1024
"""After a burst the WAL file is cut back to this."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA wal_autocheckpoint = {WAL_PAGES}",
    f"PRAGMA journal_size_limit = {WAL_BYTES_MAX}",
    # Temporary tables cost the SD card nothing, and a damaged file can't run its own SQL.
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)

Opens = Callable[[Path, Sequence[Migration]], AbstractAsyncContextManager[aiosqlite.Connection]]
"""`open_db`, or what opens a database of the simulation, whose disk fails when told."""

_T = TypeVar("_T")

_Execute = Callable[..., Awaitable[object]]

_log = logging.getLogger(__name__)


class StoreError(OSError):
    """A database can't be used; the message names the file and how to mend it."""


class StoreInUseError(StoreError):
    """Another process, or another part of this one, owns the database."""


class StoreFullError(StoreError):
    """The disk is full: nothing was changed, what was committed is safe."""


_DAMAGED = (
    "stop the process, move the file with its -wal and -shm aside (keep them: "
    "`sqlite3 FILE .recover` reads what can be read), start again with a new one"
)
_MEND: dict[int, str] = {
    sqlite3.SQLITE_FULL: "free some space; what was committed is safe",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_IOERR: "the disk fails: see `dmesg`, replace the card, restore from a copy",
    sqlite3.SQLITE_CANTOPEN: "the file and its folder must belong to the user of this process",
    sqlite3.SQLITE_READONLY: "the disk is read-only or the file is another user's: see `dmesg`",
    sqlite3.SQLITE_PERM: "the file and its folder must belong to the user of this process",
    sqlite3.SQLITE_BUSY: "another program holds the file open for writing: close it",
}


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file or the disk into `StoreError`; other errors stay."""
    try:
        yield
    except sqlite3.Error as error:
        told = _told(error, path)
        raise told from (None if told is error else error)


def _told(error: sqlite3.Error, path: Path | str) -> Exception:
    # The low byte is the kind of error, the rest says in which call; not every one has a code.
    told = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    # The WAL's index can't grow: an I/O error to SQLite, and nearly always a disk that is full.
    is_full = told == sqlite3.SQLITE_IOERR_SHMSIZE and _is_full(path)
    code = sqlite3.SQLITE_FULL if is_full else told & 0xFF
    if code not in _MEND:
        return error
    kind = StoreFullError if code == sqlite3.SQLITE_FULL else StoreError
    return kind(f"{path}: {error} ({error.sqlite_errorname}): {_MEND[code]}")


def _is_full(path: Path | str) -> bool:
    """Return whether not even an index of the WAL has room on the disk of this file."""
    try:
        room = os.statvfs(Path(path).parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < WAL_INDEX_BYTES


@contextlib.asynccontextmanager
async def open_db(
    path: Path, migrations: Sequence[Migration]
) -> AsyncIterator[aiosqlite.Connection]:
    """Open the database, made when missing (0600, its folder 0700), with all migrations applied.

    Opening blocks the loop for some fsyncs: a process has nothing to do before its store is open.
    A file with migrations unknown here comes from a newer release and is used as it is.

    Args:
        path: The file; `<path>.lock` beside it is locked while the database is open.
        migrations: All of them, oldest first; `user_version` counts those a file has.

    Raises:
        StoreInUseError: Another process owns it; its pid is named when known.
        StoreError: Not a database, damaged, not ours, disk full or failing.
    """
    with _locked(path):
        sync_db = _open(path, migrations)
        db = await aiosqlite.Connection(lambda: sync_db, iter_chunk_size=64)
        try:
            yield db
        finally:
            with store_errors(path):
                await db.close()


async def transact(db: aiosqlite.Connection, fn: Callable[[sqlite3.Connection], _T]) -> _T:
    """Run `fn` in one transaction, on aiosqlite's thread; commit, or roll back on any error.

    For reads too: a transaction that changed nothing costs no fsync. A cancel doesn't cut it off:
    it is finished first, so `CancelledError` means committed and any other error rolled back.

    Raises:
        StoreFullError: The disk is full.
        StoreError: The disk or the file fails. What SQLite says of `fn` itself stays as it is.
    """
    failed: list[BaseException] = []
    # Begin, execute and commit as awaits of their own cost a thread hop each, and a cancel between
    # them would leave the transaction open.
    execute, sync_db = _thread_of(db)
    try:
        return cast("_T", await execute(_run, sync_db, fn, failed))
    except asyncio.CancelledError:
        await _until_idle(execute)
        if failed:
            raise failed[0] from None
        raise


def _thread_of(db: aiosqlite.Connection) -> tuple[_Execute, sqlite3.Connection]:
    return db._execute, db._conn  # noqa: SLF001 - no public call runs a closure on its thread


async def _until_idle(execute: _Execute) -> None:
    """Wait until aiosqlite's thread has done all it was given, however often cancelled."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await execute(int)
            return


def _run(
    sync_db: sqlite3.Connection,
    fn: Callable[[sqlite3.Connection], _T],
    failed: list[BaseException],
) -> _T:
    """Run the transaction. What it raises is in `failed` too: a cancelled caller must hear it."""
    try:
        try:
            return _run_once(sync_db, fn)
        except sqlite3.Error as error:
            told = _told(error, _file_of(sync_db))
            raise told from (None if told is error else error)
    except BaseException as error:
        failed.append(error)
        raise


def _run_once(sync_db: sqlite3.Connection, fn: Callable[[sqlite3.Connection], _T]) -> _T:
    sync_db.execute("BEGIN IMMEDIATE")
    try:
        result = fn(sync_db)
        sync_db.execute("COMMIT")
    finally:
        if sync_db.in_transaction:
            sync_db.execute("ROLLBACK")
    return result


def _open(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Return the open and migrated database; it may then be used by one other thread."""
    try:
        # SQLite gives the -wal and -shm beside it the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    with store_errors(path):
        sync_db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with contextlib.ExitStack() as on_error:
            on_error.callback(sync_db.close)
            for pragma in _PRAGMAS:
                sync_db.execute(pragma)
            (mode,) = sync_db.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise StoreError(f"{path}: no WAL on this file system: use a local disk")
            _migrate(sync_db, path, migrations)
            _lengthen_wal(path)
            _keep_names(path)
            on_error.pop_all()
    return sync_db


def _lengthen_wal(path: Path) -> None:
    """Fill the WAL file up with zeros, which are no frames, where there is room for it."""
    room = os.statvfs(path)
    if room.f_bavail * room.f_frsize < FREE_BYTES_MIN:
        return
    # SQLite has made it, beside the file itself where `path` is a link to it.
    with path.resolve().with_name(path.resolve().name + "-wal").open("r+b") as wal:
        size = wal.seek(0, os.SEEK_END)
        try:
            wal.write(bytes(max(0, WAL_BYTES - size)))
            wal.flush()
            os.fdatasync(wal.fileno())
        except OSError as error:
            wal.truncate(size)
            _log.warning("no room for the WAL", extra=kv(path=str(path), why=str(error)))


def _keep_names(path: Path) -> None:
    """Sync the folder with the file and its WAL in it.

    SQLite does it too, and doesn't look whether it worked: with the WAL's name a power cut would
    take every commit in it away.
    """
    try:
        _sync_folder(path.resolve().parent)
    except OSError as error:
        raise _unusable(path, error) from error


def _migrate(sync_db: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    (version,) = sync_db.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        _log.warning(
            "a newer release wrote this file; it is used as it is",
            extra=kv(path=str(path), version=version, known=len(migrations)),
        )
    for number, statements in enumerate(migrations[version:], version + 1):

        def migrate(
            sync_db: sqlite3.Connection,
            statements: Migration = (*statements, f"PRAGMA user_version = {number}"),
        ) -> None:
            for statement in statements:
                sync_db.execute(statement)

        _run_once(sync_db, migrate)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Own the database for the block. The kernel frees the lock when the process dies."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
            _sync_folder(path.parent.parent)
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(lock_path, error) from error
    try:
        _lock(lock, path)
        with contextlib.suppress(OSError):  # the pid is a hint, and a full disk can be read
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def _lock(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        by = f"process {pid}" if pid else "another process"
        raise StoreInUseError(
            f"{path}: in use by {by}: stop it, or give this one another --data"
        ) from (error)


def _unusable(path: Path, error: OSError) -> StoreError:
    if error.errno == errno.ENOSPC:
        return StoreFullError(f"{path}: {error.strerror}: {_MEND[sqlite3.SQLITE_FULL]}")
    if error.errno == errno.EIO:
        return StoreError(f"{path}: {error.strerror}: {_MEND[sqlite3.SQLITE_IOERR]}")
    return StoreError(f"{path}: {error.strerror}: it must be a file this process may write")


def _sync_folder(folder: Path) -> None:
    """Make the entries of a folder survive a power cut, as SQLite does for its own files."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _file_of(sync_db: sqlite3.Connection) -> str:
    return str(sync_db.execute("PRAGMA database_list").fetchone()[2])
