"""One way in, one way to change: a store keeps what it committed, and says what it can't."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosqlite
import pytest

from broker.store import (
    WAL_BYTES,
    WAL_PAGES,
    Migration,
    StoreError,
    StoreFullError,
    StoreInUseError,
    open_db,
    transact,
)

NOTES: Migration = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",)


def add(text: str) -> Callable[[sqlite3.Connection], int | None]:
    """Return a closure that inserts a note and returns its id."""
    return lambda db: db.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid


def texts(db: sqlite3.Connection) -> list[str]:
    """Return all notes."""
    return [text for (text,) in db.execute("SELECT text FROM notes ORDER BY id")]


def test_aiosqlite_still_has_its_private_execute() -> None:
    """`transact` stands on `Connection._execute` and `_conn`; a new release may drop them."""
    assert asyncio.iscoroutinefunction(aiosqlite.Connection._execute)
    assert isinstance(aiosqlite.Connection._conn, property)


async def test_a_transaction_runs_on_aiosqlites_thread(tmp_path: Path) -> None:
    """The closure gets the raw connection there, and its value comes back."""
    async with open_db(tmp_path / "a.db", [NOTES]) as db:
        assert await transact(db, add("one")) == 1
        assert await transact(db, texts) == ["one"]


async def test_a_store_is_durable_and_private(tmp_path: Path) -> None:
    """WAL, FULL, foreign keys; the file is 0600 and the folder made for it 0700."""
    path = tmp_path / "hub" / "a.db"
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("one"))
        settings = await transact(
            db,
            lambda sql: [
                sql.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ],
        )
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}

    assert settings == ["wal", 2, 1, 5000]
    assert modes == dict.fromkeys(["a.db", "a.db-wal", "a.db-shm", "a.db.lock"], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_commit_makes_no_file_longer(tmp_path: Path) -> None:
    """Or the file system's own journal is waited for too, at each press."""
    path = tmp_path / "a.db"
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("one"))
        before = path.with_name("a.db-wal").stat()
        for _ in range(2 * WAL_PAGES):
            await transact(db, add("x" * 100))
        after = path.with_name("a.db-wal").stat()

    assert before.st_size >= WAL_PAGES * 4120
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.rglob("*-wal")}


async def test_a_linked_store_has_its_wal_beside_the_file(tmp_path: Path) -> None:
    """Where SQLite looks for it."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.db").symlink_to(tmp_path / "disk" / "a.db")
    async with open_db(tmp_path / "a.db", [NOTES]):
        sizes = _sizes(tmp_path)

    assert sizes == {"a.db-wal": WAL_BYTES}


async def test_zeros_after_the_frames_of_a_dead_process_are_no_frames(tmp_path: Path) -> None:
    """A WAL left shorter by an earlier release, or cut off, is read as far as it goes."""
    path, wal = tmp_path / "a.db", tmp_path / "a.db-wal"
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("one"))
        frames = wal.read_bytes().rstrip(b"\0")
        left = path.read_bytes(), frames + bytes(-(len(frames) - 32) % 4120)
    for file, content in zip((path, wal), left, strict=True):
        file.write_bytes(content)

    async with open_db(path, [NOTES]) as db:
        assert await transact(db, texts) == ["one"]
        await transact(db, add("two"))
        assert await transact(db, texts) == ["one", "two"]


async def test_any_error_rolls_back(tmp_path: Path) -> None:
    """An error of the closure is raised as it is, and nothing of it stays."""

    def fail(db: sqlite3.Connection) -> None:
        add("half")(db)
        raise KeyError("x")

    async with open_db(tmp_path / "a.db", [NOTES]) as db:
        with pytest.raises(KeyError):
            await transact(db, fail)
        with pytest.raises(sqlite3.IntegrityError):
            await transact(db, lambda sql: sql.execute("INSERT INTO notes VALUES (1, NULL)"))
        await transact(db, add("whole"))

        assert await transact(db, texts) == ["whole"]


class Gate:
    """A closure that waits on aiosqlite's thread until the test lets it go on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, error: Exception | None = None) -> None:
        self.entered = asyncio.Event()
        self._loop = loop
        self._error = error
        self._read, self._write = os.pipe()

    def __call__(self, db: sqlite3.Connection) -> None:
        """Insert a note, then wait, then fail if told so."""
        add("gated")(db)
        self._loop.call_soon_threadsafe(self.entered.set)
        os.read(self._read, 1)
        os.close(self._read)
        os.close(self._write)
        if self._error:
            raise self._error

    def open(self) -> None:
        """Let it go on."""
        os.write(self._write, b"x")


async def test_a_cancel_lets_the_commit_finish(tmp_path: Path) -> None:
    """Cancelled twice in the middle, it commits, and only then the cancel is raised."""
    async with open_db(tmp_path / "a.db", [NOTES]) as db:
        gate = Gate(asyncio.get_running_loop())
        task = asyncio.create_task(transact(db, gate))
        await gate.entered.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await transact(db, texts) == ["gated"]


async def test_a_cancel_hides_no_error(tmp_path: Path) -> None:
    """What failed after the cancel is raised in its stead."""
    async with open_db(tmp_path / "a.db", [NOTES]) as db:
        gate = Gate(asyncio.get_running_loop(), KeyError("x"))
        task = asyncio.create_task(transact(db, gate))
        await gate.entered.wait()
        task.cancel()
        await asyncio.sleep(0)
        gate.open()
        with pytest.raises(KeyError):
            await task

        assert await transact(db, texts) == []


async def test_one_owner_at_a_time(tmp_path: Path) -> None:
    """A second opening is refused and names the owner's pid; after closing it may open."""
    path = tmp_path / "a.db"
    async with open_db(path, [NOTES]):
        with pytest.raises(StoreInUseError, match=rf"a\.db: in use by process {os.getpid()}"):
            async with open_db(path, [NOTES]):
                pass
    async with open_db(path, [NOTES]) as db:
        assert await transact(db, texts) == []


async def test_migrations_run_once_each_in_order(tmp_path: Path) -> None:
    """A file gets the migrations it lacks and no other."""
    path = tmp_path / "a.db"
    more: Migration = ("ALTER TABLE notes ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0",)
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("old"))
    for _ in range(2):
        async with open_db(path, [NOTES, more]) as db:
            rows = await transact(db, lambda sql: sql.execute("SELECT * FROM notes").fetchall())
            assert rows == [(1, "old", 0)]


async def test_a_failing_migration_changes_nothing(tmp_path: Path) -> None:
    """Its statements and its number are one transaction; the lock is freed."""
    path = tmp_path / "a.db"
    bad: Migration = ("CREATE TABLE more (id INTEGER)", "CREATE TABLE notes (id INTEGER)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        async with open_db(path, [NOTES, bad]):
            pass
    async with open_db(path, [NOTES]) as db:
        tables = await transact(
            db, lambda sql: sql.execute("SELECT name FROM sqlite_schema").fetchall()
        )
        version = await transact(db, lambda sql: sql.execute("PRAGMA user_version").fetchone())

    assert (tables, version) == ([("notes",)], (1,))


async def test_a_newer_file_is_used_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After a rollback the previous release goes on with the file, and says so."""
    path = tmp_path / "a.db"
    async with open_db(path, [NOTES, ("CREATE TABLE more (id INTEGER)",)]):
        pass
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("one"))

    assert "newer release" in caplog.text


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\1" * 500])
async def test_what_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    """The error names the file and says what to do; the file is not touched."""
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"a\.db: file is not a database.*aside"):
        async with open_db(path, [NOTES]):
            pass

    assert path.read_bytes() == content


async def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    """Damage found while reading is a StoreError too."""
    path = tmp_path / "a.db"
    async with open_db(path, [NOTES]) as db:
        for _ in range(3):
            await transact(db, add("x" * 3000))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    async with open_db(path, [NOTES]) as db:
        with pytest.raises(StoreError, match=r"a\.db: database disk image is malformed"):
            await transact(db, texts)


async def test_a_path_that_cannot_be_is_named(tmp_path: Path) -> None:
    """A folder where the file should be, or a file where the folder should be."""
    (tmp_path / "a.db").mkdir()
    (tmp_path / "hub").write_text("")
    for path in (tmp_path / "a.db", tmp_path / "hub" / "a.db"):
        with pytest.raises(StoreError, match="must be a file this process may write"):
            async with open_db(path, [NOTES]):
                pass


@pytest.fixture
def tiny_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Mount a file system of 1 MB, or of the test's `param` MB, or skip."""
    size_mb = getattr(request, "param", 1)
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a full disk needs a mount, and that needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def fill(db: aiosqlite.Connection, kept: list[str]) -> None:
    """Add notes for ever, and to `kept` those committed."""
    while True:
        text = f"{len(kept)} " + "x" * 5000
        await transact(db, add(text))
        kept.append(text)


async def test_a_full_disk_is_said_and_loses_nothing(tiny_disk: Path) -> None:
    """The first commit that doesn't fit raises; all before are there; room makes it work again."""
    path = tiny_disk / "a.db"
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    kept: list[str] = []
    async with open_db(path, [NOTES]) as db:
        with pytest.raises(StoreFullError, match=r"a\.db: .*full.*free some space"):
            await fill(db, kept)
        assert await transact(db, texts) == kept
        ballast.unlink()
        await transact(db, add("after"))
    async with open_db(path, [NOTES]) as db:
        assert await transact(db, texts) == [*kept, "after"]


@pytest.mark.parametrize("tiny_disk", [1, 4], indirect=True)
async def test_a_nearly_full_disk_keeps_its_room_for_rows(tiny_disk: Path) -> None:
    """A file as long as the WAL is to be would leave none to the next process."""
    async with open_db(tiny_disk / "a.db", [NOTES]) as db:
        await transact(db, add("one"))
        assert _sizes(tiny_disk)["a.db-wal"] < WAL_BYTES // 4
        async with open_db(tiny_disk / "b.db", [NOTES]) as other:
            await transact(other, add("two"))


async def test_an_old_store_on_a_full_disk_is_said(tiny_disk: Path) -> None:
    """SQLite calls it an I/O error when its index of the WAL can't grow: no card is broken."""
    path = tiny_disk / "a.db"
    async with open_db(path, [NOTES]) as db:
        await transact(db, add("one"))
    with (tiny_disk / "big").open("wb", buffering=0) as big, contextlib.suppress(OSError):
        while True:
            big.write(bytes(512))
    with pytest.raises(StoreFullError, match="free some space"):
        async with open_db(path, [NOTES]):
            pass


async def test_a_new_store_on_a_full_disk_is_said(tiny_disk: Path) -> None:
    """Opening fails with the same error."""
    (tiny_disk / "ballast").write_bytes(b"x" * 1_048_576)
    with pytest.raises(StoreFullError):
        async with open_db(tiny_disk / "a.db", [NOTES]):
            pass


WRITER = """
import asyncio, sys
from pathlib import Path
from broker.store import open_db, transact

async def main():
    async with open_db(Path(sys.argv[1]), [("CREATE TABLE n (i INTEGER PRIMARY KEY)",)]) as db:
        last = await transact(db, lambda sql: sql.execute("SELECT max(i) FROM n").fetchone()[0])
        i = last or 0
        while True:
            i += 1
            await transact(db, lambda sql: sql.execute("INSERT INTO n VALUES (?)", (i,)).close())
            print(i, flush=True)

asyncio.run(main())
"""


def test_kill_9_loses_no_committed_row(tmp_path: Path) -> None:
    """Killed at ten different instants, all that was said committed is there, and it goes on."""
    path = tmp_path / "a.db"
    for kill in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(5 + kill * 3)]
            writer.send_signal(signal.SIGKILL)
            said += [int(line) for line in writer.stdout.read().splitlines(keepends=True)]
        with sqlite3.connect(path) as db:
            (rows, last) = db.execute("SELECT count(*), max(i) FROM n").fetchone()
        db.close()

        assert rows == last
        assert said[-1] <= last <= said[-1] + 1
