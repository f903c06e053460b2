"""What a process has to say, on disk until the hub has decided it, and 2 days longer.

A row is committed before anything is shown or sent. Rows with a result move from `pending` to
`decided`, so that the first stays tiny however long the second; `rows` shows both to people.

Rows are their node's: opened by another node, or when the hub says that a stream is another's,
those without a result are named in the log, stay here as that node's, and are not sent.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import aiosqlite
import msgspec

from broker.disk import Disk, Room
from broker.hall.commands import Command, encode_command
from broker.log import kv
from broker.promise import MIGRATION, Found, Key, Promise, Slips, read_slips, statements
from broker.store import Migration, Opens, StoreError, open_db, transact
from broker.wire.delivery import Row
from broker.wire.generation import generation_number
from broker.wire.giving import Decided, place_order
from broker.wire.messages import (
    COMMAND_BYTES_MAX,
    GIVEN_MAX,
    GivenResult,
    Held,
    Place,
    Result,
)

_log = logging.getLogger(__name__)

TOLD_MAX = 50
"""Rows given up that one line of the log names; how many there are, and from where, it says."""

__all__ = ["CommandTooBig", "Key", "Outbox", "Promise"]

KEEP_MS = 2 * 24 * 3600 * 1000
"""Rows with a result are kept this long for a hub that lost its disk (DESIGN §5.8). Both ends of
the span are the hub's own stamps, which never go back: no clock of this machine can shorten it."""

KEEP_MIN = 10_000
"""The newest of them stay whatever their age: a hub whose clock ran ahead by years costs nothing
that matters. About 5 MB, and more than two days of any node in a hall of 4,000 visitors."""

KEEP_MAX = 50_000
"""More than these are never kept: some 25 MB."""

KEEP_SHORT = 500
"""On a disk that is nearly full no more than these: some 0.3 MB, a counter's day."""

PURGE_EVERY = 500
"""Results after which old rows are looked for, and how many one commit drops at most."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        # One stream per start of the process; a smaller place is older. `boot` tells whether
        # `made_s` of its rows still means something.
        """CREATE TABLE streams (
            place INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE, boot TEXT NOT NULL)""",
        """CREATE TABLE pending (
            place INTEGER NOT NULL, seq INTEGER NOT NULL, command BLOB NOT NULL,
            made_s REAL NOT NULL, PRIMARY KEY (place, seq)) WITHOUT ROWID""",
        # In the order the results came; `number` is dense, for it is only cut from the front.
        """CREATE TABLE decided (
            number INTEGER PRIMARY KEY, place INTEGER NOT NULL, seq INTEGER NOT NULL,
            command BLOB NOT NULL, made_s REAL NOT NULL,
            result BLOB NOT NULL, result_at_ms INTEGER NOT NULL)""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE VIEW rows AS
            SELECT stream, seq, CAST(command AS TEXT) AS command, boot, made_s,
                CAST(result AS TEXT) AS result, result_at_ms
            FROM (SELECT place, seq, command, made_s, result, result_at_ms FROM decided
                UNION ALL SELECT place, seq, command, made_s, NULL, NULL FROM pending)
            JOIN streams USING (place)""",
    ),
    (
        # Where the hub's journal held each: `n` is the number of the generation `gen`; 0 = not
        # known, or without a seal. In this order rows are given back to a hub that lost them.
        "ALTER TABLE decided ADD COLUMN n INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE decided ADD COLUMN gen TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE decided ADD COLUMN pos INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX decided_in_order ON decided (n, gen, pos) WHERE n > 0",
    ),
    (
        # Whose rows these are; '' = of before this column, so of whoever opens the file.
        "ALTER TABLE streams ADD COLUMN node TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX decided_of_stream ON decided (place)",
    ),
    MIGRATION,
)


_T = TypeVar("_T")


class CommandTooBig(ValueError):  # noqa: N818 - caught by name where a refusal is shown
    """The command can't be sent: more bytes of JSON than a message may hold."""


class _Noted(NamedTuple):
    """A result about to be written: of which row, and as JSON."""

    place: int
    seq: int
    body: bytes
    result: Result


class Outbox:
    """The rows of one process. Use `async with Outbox.open(...) as outbox`.

    Attributes:
        stream: The stream of this start; its rows are numbered from 1.
        rows: What had no result at the start, older streams first, each in order.
        held: The newest row with a sealed result, in the hub's order; None = none.
        foreign: How many rows without a result are another node's.
        promises: Slips of before the start whose end, or whose issue's result, is not on disk.
        offline: When each number was last given without the hub; the newest one last.
    """

    def __init__(  # noqa: PLR0913 - what `open` found, each by name
        self,
        *,
        db: aiosqlite.Connection,
        path: Path,
        stream: str,
        place: int,
        places: dict[str, int],
        rows: Sequence[Row],
        gen: str,
        held: Held | None,
        disk: Disk | None,
        slips: Found,
        owner: tuple[str, str],
    ) -> None:
        self.promises, self.offline = slips
        self._owner = owner
        self.foreign = 0
        self.held = held
        self.stream = stream
        self.rows = rows
        self._db = db
        self._path = path
        self._places = places
        self._place = place
        self._gen = gen
        self._disk = disk
        self._last = 0
        self._noted: list[tuple[Row, Result]] = []
        self._since_purge = 0
        self._is_cut_off = False
        self._turn = asyncio.Lock()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(  # noqa: PLR0913 - what a start of a process is, each by name
        cls,
        path: Path,
        *,
        boot: str,
        stream: str,
        node: str = "",
        opens: Opens = open_db,
        disk: Disk | None = None,
    ) -> AsyncIterator["Outbox"]:
        """Open the outbox, begin this start's stream and drop what is old; on leaving, flush.

        Args:
            path: The file, made when missing.
            boot: Of the machine; `made_s` of rows of another boot is None.
            stream: 128 random bits as hex, new at each start of the process.
            node: Whose rows these are; rows of another are left alone. Empty = of whoever comes.
            opens: How the file is opened.
            disk: Gives way when it is full; None where no disk fills up.

        Raises:
            StoreError: The file can't be used; says how to mend it.
        """
        if disk is not None:
            disk.opening()
        async with opens(path, MIGRATIONS) as db:
            while await transact(db, _purge):
                pass
            place, places, rows, gen = await transact(
                db, lambda sql: _begin(sql, boot, stream, node)
            )
            outbox = cls(
                db=db,
                path=path,
                stream=stream,
                place=place,
                places=places,
                rows=rows,
                gen=gen,
                held=await transact(db, _held),
                disk=disk,
                slips=await transact(db, lambda sql: read_slips(sql.execute, boot, node)),
                owner=(node, boot),
            )
            for other, owner, left in await transact(db, lambda sql: _foreign(sql, node)):
                outbox._given_up(other, owner, left)
            yield outbox
            await outbox.flush()

    def next_origin(self) -> str:
        """What the next command's row will be called, `stream:seq`."""
        return f"{self.stream}:{self._last + 1}"

    @property
    def gen(self) -> str:
        """The highest generation this process obeyed; empty before the first."""
        return self._gen

    async def set_gen(self, gen: str) -> None:
        """Commit the generation this process obeys from now on."""
        sql = "INSERT OR REPLACE INTO meta VALUES ('gen', ?)"
        await self._transact(lambda db: db.execute(sql, (gen,)).close())
        self._gen = gen

    async def disown(self, stream: str, owner: str, rows: Sequence[Row]) -> None:
        """Commit that an earlier stream is another node's, and name its rows without a result."""
        sql = "UPDATE streams SET node = ? WHERE stream = ?"
        await self._transact(lambda db: db.execute(sql, (owner, stream)).close())
        self._given_up(stream, owner, rows)

    def _given_up(self, stream: str, owner: str, rows: Sequence[Row]) -> None:
        self.foreign += len(rows)
        told = [f"{row.seq} {_type_of(row.command)}" for row in rows[:TOLD_MAX]]
        _log.error(
            "rows of another node, not sent from here: put this card back into that node, or have"
            " what they say entered by hand",
            extra=kv(owner=owner, stream=stream, count=len(rows), rows=told, file=str(self._path)),
        )

    async def append_all(
        self,
        commands: Iterable[Command],
        *,
        made_s: float,
        decided: Sequence[tuple[Row, Result]] = (),
        promise: Promise | None = None,
        out: Key | None = None,
    ) -> tuple[Row, ...]:
        """Commit the commands, and the results noted until now, in one transaction.

        Cancelled, it is committed all the same; then nothing more is taken, because the sender
        does not know of that row before the next start.

        Args:
            commands: They get the next numbers, in this order.
            made_s: When they were made, by the monotonic clock.
            decided: Results that must be committed with these commands or not at all.
            promise: A slip that is printed after this.
            out: The issue of a slip whose end these commands tell.

        Raises:
            CommandTooBig: One has more than 4 KiB; none is committed.
            StoreError: They are not committed: show that; noted results are kept for later.
        """
        bodies = [_checked(encode_command(command)) for command in commands]
        noted, self._noted = self._noted, []
        try:
            async with self._turn:
                rows = await self._commit(bodies, made_s, [*noted, *decided], Slips(promise, out))
        except BaseException:
            self._noted[:0] = noted
            raise
        for number, at_ms in promise.offline.items() if promise else ():
            self.offline.pop(number, None)
            self.offline[number] = at_ms
        return rows

    def note(self, row: Row, result: Result) -> None:
        """Keep the result for the next commit, of commands or a flush's. Twice changes nothing."""
        self._noted.append((row, result))

    async def flush(self) -> None:
        """Commit the results noted until now, if any; call it soon after the last."""
        if self._noted:
            await self.append_all((), made_s=0.0)
        if self._since_purge >= PURGE_EVERY:
            self._since_purge = 0
            while await transact(self._db, _purge):
                pass
        if self.room() in {Room.SHORT, Room.FULL}:
            while await self._transact(_purge_short):
                pass

    def room(self) -> Room:
        """Look how much room there is on the disk."""
        return Room.OK if self._disk is None else self._disk.look()

    async def _transact(self, fn: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `fn` in one transaction; when the disk is full, once more without its ballast."""
        if self._disk is None:
            return await transact(self._db, fn)
        return await self._disk.written(lambda: transact(self._db, fn))

    async def decided_after(self, place: Place) -> tuple[list[Decided], bool]:
        """Return committed rows with a sealed result behind a place of the hub's journals.

        In the hub's order, at most `GIVEN_MAX`; and whether nothing lies behind the last of them.

        Raises:
            StoreError: They can't be read.
        """
        rows = await transact(self._db, lambda db: _decided_after(db, place))
        return rows[:GIVEN_MAX], len(rows) <= GIVEN_MAX

    async def _commit(
        self, bodies: list[bytes], made_s: float, noted: list[tuple[Row, Result]], slips: Slips
    ) -> tuple[Row, ...]:
        if self._is_cut_off:
            raise StoreError(f"{self._path}: an append was cut off: start the process again")
        rows = tuple(
            Row(self.stream, seq, body, made_s) for seq, body in enumerate(bodies, self._last + 1)
        )
        fresh = [(self._place, row.seq, row.command, made_s) for row in rows]
        decided = [
            _Noted(self._places[row.stream], row.seq, msgspec.json.encode(result), result)
            for row, result in noted
        ]
        answered = [Key(row.stream, row.seq) for row, _ in noted]

        def write(db: sqlite3.Connection) -> None:
            _write(db, fresh, decided)
            for sql, values in statements(slips, answered, self._owner):
                db.execute(sql, values)

        try:
            await self._transact(write)
        except asyncio.CancelledError:
            self._is_cut_off = True
            raise
        sealed = [_held_of(result) for _, result in noted if result.seal]
        known = [self.held] if self.held else []
        self.held = max([*known, *sealed], key=place_order, default=None)
        self._last += len(rows)
        self._since_purge += len(noted)
        return rows


def _checked(body: bytes) -> bytes:
    if len(body) > COMMAND_BYTES_MAX:
        raise CommandTooBig(f"{len(body)} bytes, a command has at most {COMMAND_BYTES_MAX}")
    return body


class _Typed(msgspec.Struct):
    type: str = "?"


def _type_of(command: bytes) -> str:
    try:
        return msgspec.json.decode(command, type=_Typed).type
    except msgspec.MsgspecError:
        return "?"


def _foreign(db: sqlite3.Connection, node: str) -> list[tuple[str, str, list[Row]]]:
    """Return (stream, owner, rows without a result) of each stream that is another node's."""
    found: dict[tuple[str, str], list[Row]] = {}
    for owner, *row in db.execute(
        """SELECT node, stream, seq, command, NULL FROM pending JOIN streams USING (place)
        WHERE node NOT IN ('', ?) ORDER BY place, seq""",
        (node,),
    ):
        found.setdefault((row[0], owner), []).append(Row(*row))
    return [(stream, owner, rows) for (stream, owner), rows in found.items()]


def _begin(
    db: sqlite3.Connection, boot: str, stream: str, node: str
) -> tuple[int, dict[str, int], list[Row], str]:
    """Begin a stream; return its place, the places of all, the pending rows, and `gen`."""
    db.execute("INSERT INTO streams (stream, boot, node) VALUES (?, ?, ?)", (stream, boot, node))
    places: dict[str, int] = dict(db.execute("SELECT stream, place FROM streams").fetchall())
    rows = db.execute(
        """SELECT stream, seq, command, CASE WHEN boot = ? THEN made_s END
        FROM pending JOIN streams USING (place) WHERE node IN ('', ?) ORDER BY place, seq""",
        (boot, node),
    ).fetchall()
    gen = db.execute("SELECT value FROM meta WHERE key = 'gen'").fetchone()
    return places[stream], places, [Row(*row) for row in rows], gen[0] if gen else ""


def _held(db: sqlite3.Connection) -> Held | None:
    newest = db.execute(
        "SELECT result FROM decided WHERE n > 0 ORDER BY n DESC, gen DESC, pos DESC LIMIT 1"
    ).fetchone()
    return _held_of(msgspec.json.decode(newest[0], type=GivenResult)) if newest else None


def _held_of(result: Result | GivenResult) -> Held:
    return Held(gen=result.gen, pos=result.pos, seal=result.seal)


def _decided_after(db: sqlite3.Connection, place: Place) -> list[Decided]:
    rows = db.execute(
        """SELECT stream, seq, command, result, gen, pos, node
        FROM decided JOIN streams USING (place)
        WHERE n > 0 AND (n, gen, pos) > (?, ?, ?) ORDER BY n, gen, pos LIMIT ?""",
        (*place_order(place), GIVEN_MAX + 1),
    ).fetchall()
    return [
        Decided(stream, seq, command, result, Place(gen=gen, pos=pos), owner)
        for stream, seq, command, result, gen, pos, owner in rows
    ]


def _write(
    db: sqlite3.Connection,
    fresh: list[tuple[int, int, bytes, float]],
    decided: list[_Noted],
) -> None:
    db.executemany("INSERT INTO pending VALUES (?, ?, ?, ?)", fresh)
    for place, seq, body, result in decided:
        gen, pos = (result.gen, result.pos) if result.seal else ("", 0)
        # A result noted twice finds no pending row the second time and changes nothing.
        db.execute(
            """INSERT INTO decided
                (place, seq, command, made_s, result, result_at_ms, n, gen, pos)
            SELECT place, seq, command, made_s, ?, ?, ?, ?, ?
            FROM pending WHERE place = ? AND seq = ?""",
            (body, result.at_ms, generation_number(gen), gen, pos, place, seq),
        )
        db.execute("DELETE FROM pending WHERE place = ? AND seq = ?", (place, seq))


def _purge_short(db: sqlite3.Connection) -> bool:
    """Drop some of the rows with a result but the newest few; return whether there may be more."""
    return (
        db.execute(
            """DELETE FROM decided WHERE number IN (SELECT number FROM decided
            WHERE number <= (SELECT max(number) FROM decided) - ? ORDER BY number LIMIT ?)""",
            (KEEP_SHORT, PURGE_EVERY),
        ).rowcount
        == PURGE_EVERY
    )


def _purge(db: sqlite3.Connection) -> bool:
    """Drop some of the oldest rows with a result; return whether there may be more to drop."""
    oldest, newest, newest_ms = db.execute(
        """SELECT (SELECT min(number) FROM decided), number, result_at_ms
        FROM decided ORDER BY number DESC LIMIT 1"""
    ).fetchone() or (1, 0, 0)
    kept_max = newest - KEEP_MAX
    upto = min(oldest + PURGE_EVERY - 1, newest - KEEP_MIN)
    dropped = db.execute(
        "DELETE FROM decided WHERE number <= ? AND (number <= ? OR result_at_ms < ?)",
        (upto, kept_max, newest_ms - KEEP_MS),
    ).rowcount
    # Streams without rows, but never this start's.
    db.execute(
        """DELETE FROM streams WHERE place < (SELECT max(place) FROM streams)
        AND place NOT IN (SELECT place FROM pending)
        AND NOT EXISTS (SELECT * FROM decided WHERE decided.place = streams.place)"""
    )
    return dropped == PURGE_EVERY
