"""The hub's log: everything that was decided, in order, append-only, each row chained to the last.

State is a fold of it. A commit holds rows, stream positions and day marks in one transaction.
Every row belongs to a stream, a node's or the hub's own; a `stream_gap` row stands at the last seq
it covers. Reading the file without owning it is `broker.records`.
"""

import contextlib
import secrets
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite
import msgspec

from broker.disk import Disk
from broker.entry import COLUMNS, Entry, Fact, chain_root, chained, result_of
from broker.hall.events import DayOpened, StreamGap, decode_events, encode_events
from broker.store import Migration, Opens, StoreError, open_db, store_errors, transact
from broker.wire.generation import generation_number
from broker.wire.messages import LOST, Held, Result
from broker.wire.seal import Seals

BEATS_A_START = 2**32
"""Numbers of `state/hub` set apart for one start of the hub: at 10 a second, 13 years."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE rows (
            pos INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, node TEXT NOT NULL,
            stream TEXT NOT NULL, seq INTEGER NOT NULL, command BLOB NOT NULL,
            events BLOB NOT NULL, refusal TEXT NOT NULL, detail TEXT NOT NULL,
            hash BLOB NOT NULL, UNIQUE (stream, seq))""",
        # `last` is the seq of the stream's newest row; it also tells that no row at the end of
        # the journal is missing, which a chain can't.
        """CREATE TABLE streams (
            stream TEXT PRIMARY KEY, node TEXT NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID""",
        # Where each day begins: a start folds from the newest.
        "CREATE TABLE days (pos INTEGER PRIMARY KEY, date TEXT NOT NULL)",
        # gen: `n-hex`. born: the gen of the first start, which the chain begins with.
        # beat_base: where the next start's beats begin.
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Which generation a row was decided in: the one that begins last at or before it.
        "CREATE TABLE generations (pos INTEGER PRIMARY KEY, gen TEXT NOT NULL)",
        "INSERT INTO generations SELECT 1, value FROM meta WHERE key = 'gen'",
    ),
)


_Columns = tuple[int, int, str, str, int, bytes, bytes, str, str]


class _Head(NamedTuple):
    pos: int
    at_ms: int
    hash: bytes


class _Move(NamedTuple):
    """How far one commit takes a stream."""

    node: str
    before: int
    last: int


class Journal:
    """The journal, owned by this process. Use `async with Journal.open(...) as journal`.

    Attributes:
        generations: (first position, generation), oldest first; the last is `gen`.
        streams: Per stream its node and its last seq, as found at the start.
        is_recovering: Its hub asks the nodes for rows that are missing here, or did so when it
            was stopped.
        owing: Nodes that gave nothing in a recovery yet, as found at the start.
        beat_base: Beats of this start are above it and at most `BEATS_A_START` above.
    """

    def __init__(  # noqa: PLR0913 - what `open` found, each by name
        self,
        *,
        db: aiosqlite.Connection,
        path: Path,
        generations: Sequence[tuple[int, str]],
        beat_base: int,
        head: _Head,
        streams: dict[str, tuple[str, int]],
        is_recovering: bool,
        owing: frozenset[str],
        disk: Disk | None,
    ) -> None:
        self.owing = owing
        self._disk = disk
        self.generations = tuple(generations)
        self.beat_base = beat_base
        self.streams = streams
        self._db = db
        self._path = path
        self.is_recovering = is_recovering
        self._head = head
        self._is_sound = True

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        random_hex: Callable[[int], str] = secrets.token_hex,
        opens: Opens = open_db,
        disk: Disk | None = None,
    ) -> AsyncIterator["Journal"]:
        """Open the journal, made when missing, and reserve the beats of this start.

        Args:
            path: The file.
            random_hex: Hex of so many random bytes, for the generation of a new journal.
            opens: How the file is opened.
            disk: Gives way when it is full; None where no disk fills up.

        Raises:
            StoreError: The file can't be used; says how to mend it.
        """
        if disk is not None:
            disk.opening()
        async with opens(path, MIGRATIONS) as db:
            beat_base, head = await transact(db, lambda sql: _begin(sql, random_hex(4)))
            yield cls(
                db=db,
                path=path,
                generations=await transact(db, _generations),
                beat_base=beat_base,
                head=head,
                streams=await transact(db, _streams),
                is_recovering=await transact(db, _is_recovering),
                owing=await transact(db, _owing),
                disk=disk,
            )

    @property
    def gen(self) -> str:
        """The generation this hub serves (DESIGN §5.9)."""
        return self.generations[-1][1]

    def gen_of(self, pos: int) -> str:
        """Return the generation in which the row at `pos` was decided."""
        return next(gen for first, gen in reversed(self.generations) if first <= pos)

    async def tail(self) -> Iterator[Fact]:
        """Return the rows from the newest opened day on, to fold; each is checked by the chain.

        Raises:
            StoreError: A row is not what was written, or of a newer release (while iterating).
        """
        rows = await transact(self._db, lambda db: _tail(db, self._path))
        return (self._fact(*row) for row in rows)

    def _fact(self, pos: int, at_ms: int, events: bytes) -> Fact:
        try:
            return Fact(pos, at_ms, decode_events(events))
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{self._path}: row {pos}: {error}: install the release that wrote it"
            ) from error

    @property
    def newest_gen(self) -> str:
        """The generation of the newest row; empty when there is none."""
        return self.gen_of(self._head.pos) if self._head.pos else ""

    async def take_copy(self, copy: Path) -> int:
        """Take the rows a copy has behind this journal's end, as far as its chain holds.

        Nothing of a copy that does not go on from here: it is older, or of another journal. With
        the first row a recovery is going on: nodes hold what came after the copy. Return how many
        rows were taken.

        Raises:
            StoreError: The copy can't be read, or the disk refuses its rows; nothing has changed.
        """
        before = self._head
        self._head = await transact(self._db, lambda db: _take_copy(db, copy, before))
        self.generations = tuple(await transact(self._db, _generations))
        self.streams = await transact(self._db, _streams)
        self.is_recovering = await transact(self._db, _is_recovering)
        return self._head.pos - before.pos

    async def begin_generation(self, gen: str) -> None:
        """Commit that rows from here on are of this generation, and that a recovery is going on."""
        pos = self._head.pos + 1
        await transact(self._db, lambda db: _begin_generation(db, pos, gen))
        self.generations = (*(g for g in self.generations if g[0] < pos), (pos, gen))
        self.is_recovering = True

    async def lacks(self, held: Held, *, seals: Seals) -> bool:
        """Return whether a row this journal's hub decided is not in it: it was rolled back.

        Rows of earlier generations were asked for when this one began.
        """
        if held.gen != self.gen:
            return generation_number(held.gen) >= generation_number(self.gen)
        row = await transact(self._db, lambda db: _row_at(db, held.pos))
        if row is None:
            return True
        found = result_of(_entry(row), row[6], gen=self.gen_of(held.pos), seals=seals)
        return found.seal != held.seal

    async def commit(
        self,
        entries: Sequence[Entry],
        *,
        recovered: bool = False,
        owing: frozenset[str] | None = None,
    ) -> None:
        """Commit the entries in one transaction; after that they are the hall's truth.

        With `recovered` they are the end of a recovery; `owing`, when given, are the nodes that
        gave nothing in it.

        A commit that failed or was cancelled is the last one taken: state must be folded again
        from the disk, by a new start.

        Raises:
            StoreError: Nothing of it is committed (or an earlier commit failed).
            ValueError: The entries don't follow on what is there; the hub has a fault.
        """
        if not self._is_sound:
            raise StoreError(f"{self._path}: an earlier commit failed: start the process again")
        self._is_sound = False
        rows, head = _chain(entries, self._head)
        moves = _moves(entries)
        days = [
            (entry.pos, event.date)
            for entry in entries
            for event in entry.events
            if isinstance(event, DayOpened)
        ]

        def write(db: sqlite3.Connection) -> None:
            _write(db, rows, moves, days)
            if recovered:
                db.execute("DELETE FROM meta WHERE key = 'recovering'")
            if owing is not None:
                named = " ".join(sorted(owing))
                db.execute("INSERT OR REPLACE INTO meta VALUES ('owing', ?)", (named,))

        if self._disk is None:
            await transact(self._db, write)
        else:
            await self._disk.written(lambda: transact(self._db, write))
        self.is_recovering = self.is_recovering and not recovered
        self._head = head
        self._is_sound = True

    async def results(self, stream: str, seqs: Sequence[int], *, seals: Seals) -> list[Result]:
        """Return the results of rows of a stream, in the order asked; unknown rows are left out.

        A row that a gap stands for is refused as `lost`: its node must not wait for it for ever.
        """
        rows = await transact(self._db, lambda db: _found(db, stream, seqs))
        return [self._result(seq, row, seals) for seq, row in rows]

    def _result(self, seq: int, row: _Columns, seals: Seals) -> Result:
        entry = _entry(row)
        if any(isinstance(event, StreamGap) for event in entry.events):
            detail = f"row {entry.stream}:{seq} was lost with an earlier journal"
            return Result(seq=seq, pos=entry.pos, at_ms=entry.at_ms, refusal=LOST, detail=detail)
        return result_of(entry, row[6], gen=self.gen_of(entry.pos), seals=seals)


def _begin(db: sqlite3.Connection, hex8: str) -> tuple[int, _Head]:
    """Reserve this start's beats; return their base and the newest row."""
    db.executemany(
        "INSERT OR IGNORE INTO meta VALUES (?, ?)",
        [("born", f"1-{hex8}"), ("gen", f"1-{hex8}"), ("beat_base", "0")],
    )
    db.execute(
        """INSERT INTO generations SELECT 1, value FROM meta
        WHERE key = 'gen' AND NOT EXISTS (SELECT * FROM generations)"""
    )
    meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta").fetchall())
    beat_base = int(meta["beat_base"])
    db.execute(
        "UPDATE meta SET value = ? WHERE key = 'beat_base'", (str(beat_base + BEATS_A_START),)
    )
    head = db.execute("SELECT pos, at_ms, hash FROM rows ORDER BY pos DESC LIMIT 1").fetchone()
    return beat_base, _Head(*head) if head else _Head(0, 0, chain_root(meta["born"]))


def _generations(db: sqlite3.Connection) -> list[tuple[int, str]]:
    return db.execute("SELECT pos, gen FROM generations ORDER BY pos").fetchall()


def _is_recovering(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT * FROM meta WHERE key = 'recovering'").fetchone() is not None


def _owing(db: sqlite3.Connection) -> frozenset[str]:
    found = db.execute("SELECT value FROM meta WHERE key = 'owing'").fetchone()
    return frozenset(found[0].split() if found else ())


def _begin_generation(db: sqlite3.Connection, pos: int, gen: str) -> None:
    db.execute("DELETE FROM generations WHERE pos >= ?", (pos,))
    db.execute("INSERT INTO generations VALUES (?, ?)", (pos, gen))
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [("gen", gen), ("recovering", "1")])


def _take_copy(db: sqlite3.Connection, copy: Path, end: _Head) -> _Head:
    with store_errors(copy), contextlib.closing(_opened_copy(copy)) as other:
        meta: dict[str, str] = dict(other.execute("SELECT key, value FROM meta").fetchall())
        head = end if end.pos else _Head(0, 0, chain_root(meta["born"]))
        # Of another journal, or of another life of this one, its first row breaks the chain.
        sql = f"SELECT hash, {COLUMNS} FROM rows WHERE pos > ? ORDER BY pos"  # noqa: S608 - constant
        for written, *columns in other.execute(sql, (end.pos,)):
            link = chained(head.hash, columns)
            if columns[0] != head.pos + 1 or link != written:
                break
            head = _Head(columns[0], columns[1], link)
            _take_row(db, columns, link)
        generations = other.execute("SELECT pos, gen FROM generations").fetchall()
    if head.pos == end.pos and end.pos:
        return end
    db.execute("DELETE FROM generations WHERE pos > ? OR ? = 0", (end.pos, end.pos))
    db.executemany(
        "INSERT INTO generations VALUES (?, ?)",
        [g for g in generations if end.pos < g[0] <= max(1, head.pos)],
    )
    gen = _generations(db)[-1][1]
    db.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("born", meta["born"]), ("gen", gen), ("recovering", "1")],
    )
    return head


def _take_row(db: sqlite3.Connection, columns: Sequence[Any], link: bytes) -> None:
    pos, _, node, stream, seq, *_ = columns
    db.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*columns, link))
    db.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (stream, node, seq))
    days = [event for event in decode_events(columns[6]) if isinstance(event, DayOpened)]
    db.executemany("INSERT INTO days VALUES (?, ?)", [(pos, day.date) for day in days])


def _opened_copy(copy: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)


def _streams(db: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    return {
        # One string a node, not one a stream: a year brings thousands of streams.
        stream: (sys.intern(node), last)
        for stream, node, last in db.execute("SELECT stream, node, last FROM streams")
    }


def _tail(db: sqlite3.Connection, path: Path) -> list[tuple[int, int, bytes]]:
    (first,) = db.execute("SELECT coalesce(max(pos), 1) FROM days").fetchone()
    found = db.execute("SELECT hash FROM rows WHERE pos = ?", (first - 1,)).fetchone()
    (born,) = db.execute("SELECT value FROM meta WHERE key = 'born'").fetchone()
    link = found[0] if found else chain_root(born)
    rows: list[tuple[int, int, bytes]] = []
    sql = f"SELECT hash, {COLUMNS} FROM rows WHERE pos >= ? ORDER BY pos"  # noqa: S608 - constant
    for written, *columns in db.execute(sql, (first,)):
        link = chained(link, columns)
        if link != written:
            raise StoreError(
                f"{path}: row {columns[0]} is not what was written: keep the file, restore a copy"
            )
        rows.append((columns[0], columns[1], columns[6]))
    return rows


def _chain(
    entries: Sequence[Entry], head: _Head
) -> tuple[list[tuple[int | str | bytes, ...]], _Head]:
    """Return the rows to insert, each with its hash, and the newest of them.

    Raises:
        ValueError: A position is not the next one, or a stamp goes back.
    """
    rows: list[tuple[int | str | bytes, ...]] = []
    for entry in entries:
        if entry.pos != head.pos + 1 or entry.at_ms < head.at_ms:
            raise ValueError(
                f"row {entry.pos} at {entry.at_ms} ms can't follow row {head.pos} at {head.at_ms}"
            )
        columns = _columns(entry)
        head = _Head(entry.pos, entry.at_ms, chained(head.hash, columns))
        rows.append((*columns, head.hash))
    return rows, head


def _columns(entry: Entry) -> tuple[int | str | bytes, ...]:
    events = encode_events(entry.events)
    return (*entry[:6], events, entry.refusal, entry.detail)


def _moves(entries: Sequence[Entry]) -> dict[str, _Move]:
    """Return how far the entries take each stream.

    Raises:
        ValueError: Within the entries a seq doesn't follow, or a stream has two nodes.
    """
    moves: dict[str, _Move] = {}
    for entry in entries:
        move = _Move(entry.node, _seq_before(entry), entry.seq)
        known = moves.get(entry.stream)
        if known is not None:
            _check_follows(entry.stream, move, (known.node, known.last))
            move = known._replace(last=entry.seq)
        moves[entry.stream] = move
    return moves


def _seq_before(entry: Entry) -> int:
    """Return the seq the stream must stand at for this entry to follow."""
    for event in entry.events:
        if isinstance(event, StreamGap) and event.stream == entry.stream:
            return event.seq_from - 1
    return entry.seq - 1


def _check_follows(stream: str, move: _Move, at: tuple[str, int]) -> None:
    if at != (move.node, move.before):
        raise ValueError(
            f"stream {stream}: row {move.before + 1} of {move.node} can't follow row {at[1]} of "
            f"{at[0]}"
        )


def _write(
    db: sqlite3.Connection,
    rows: list[tuple[int | str | bytes, ...]],
    moves: dict[str, _Move],
    days: list[tuple[int, str]],
) -> None:
    for stream, move in moves.items():
        at = db.execute("SELECT node, last FROM streams WHERE stream = ?", (stream,)).fetchone()
        _check_follows(stream, move, at or (move.node, 0))
    db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.executemany(
        "INSERT OR REPLACE INTO streams VALUES (?, ?, ?)",
        [(stream, move.node, move.last) for stream, move in moves.items()],
    )
    db.executemany("INSERT INTO days VALUES (?, ?)", days)


def _found(db: sqlite3.Connection, stream: str, seqs: Sequence[int]) -> list[tuple[int, _Columns]]:
    """Return each seq that is known with its row, or that of the gap which stands for it."""
    last = f"SELECT {COLUMNS} FROM rows WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT 1"  # noqa: S608 - constant
    found = ((seq, db.execute(last, (stream, seq)).fetchone()) for seq in seqs)
    # A gap stands at its last seq, so the first row from here on is the row or its gap.
    return [(seq, row) for seq, row in found if row]


def _row_at(db: sqlite3.Connection, pos: int) -> _Columns | None:
    sql = f"SELECT {COLUMNS} FROM rows WHERE pos = ?"  # noqa: S608 - constant
    row: _Columns | None = db.execute(sql, (pos,)).fetchone()
    return row


def _entry(columns: _Columns) -> Entry:
    pos, at_ms, node, stream, seq, command, events, refusal, detail = columns
    return Entry(pos, at_ms, node, stream, seq, command, decode_events(events), refusal, detail)
