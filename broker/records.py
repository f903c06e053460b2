"""Read-only questions to the hub's files, while the hub runs or not: verify, export, count.

Each takes the file's path, opens it for itself and never changes it. Rows are read in pieces, so
no long read keeps the hub's WAL from being recycled.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from broker.entry import COLUMNS, chain_root, chained
from broker.hall.occupancy import Passed, people_after
from broker.store import StoreError, store_errors
from broker.thinning import QUARTER_MS

ROWS_AT_ONCE = 1000

WAIT_S = 5.0

_ROWS = f"SELECT hash, {COLUMNS} FROM rows WHERE pos > ? ORDER BY pos LIMIT {ROWS_AT_ONCE}"  # noqa: S608 - constants


# Only rows that can hold one are parsed: a month has hundreds of thousands of others.
_ENDS = """
    SELECT json_extract(event.value, '$.outcome')
           || iif(json_extract(event.value, '$.by_hand'), '_by_hand', '') AS outcome,
           count(*)
    FROM rows, json_each(CAST(rows.events AS TEXT)) AS event
    WHERE pos BETWEEN ? AND ?
      AND instr(rows.events, CAST('"ticket_closed"' AS BLOB))
      AND json_extract(event.value, '$.type') = 'ticket_closed'
    GROUP BY outcome
"""


class Fault(NamedTuple):
    """Something in a journal that is not what was written.

    Attributes:
        pos: The first row that can't be trusted; one past the last when rows are missing there.
        what: In a sentence.
    """

    pos: int
    what: str


class Verified(NamedTuple):
    """What a walk along the whole chain found.

    Attributes:
        rows: Rows whose hash was right.
        fault: The first, or None.
    """

    rows: int
    fault: Fault | None


class Stats(Struct, frozen=True, kw_only=True):
    """A journal in figures.

    Attributes:
        days: Days opened.
        refusals: Rows by refusal code, accepted ones left out.
        ends: Tickets' ends by outcome; expired are those left when their day ended. Those who were
            called by voice while the hub was gone are apart, as `served_by_hand`: how long they
            waited is not known, and not 0.
        file_bytes: The database with its WAL, which may hold the newest rows alone.
    """

    gen: str
    rows: int
    last_pos: int
    last_at_ms: int
    days: int
    streams: int
    refusals: dict[str, int]
    ends: dict[str, int]
    file_bytes: int


class _Tag(Struct):
    type: str


_tags = msgspec.json.Decoder(tuple[_Tag, ...])


def verify(path: Path) -> Verified:
    """Walk the chain from the first row, then compare stream positions and day marks with it.

    Finds a changed byte, a removed, added or moved row, a missing end, a changed position or day.

    Raises:
        StoreError: The file can't be read.
    """
    walk = _Walk()
    with _reading(path) as db:
        walk.link = chain_root(_meta(db)["born"])
        is_last = False
        while walk.fault is None and not is_last:
            # The last piece, the positions and the marks must be of one instant.
            db.execute("BEGIN")
            is_last = walk.take(db.execute(_ROWS, (walk.pos,)).fetchall())
            if is_last:
                walk.compare(db)
            db.execute("COMMIT")
    return Verified(walk.pos, walk.fault)


def export(path: Path) -> Iterator[bytes]:
    """Yield each row as a line of JSON without its newline; `hash` is hex.

    A command that isn't JSON (it was refused as `rejected`) is given as the hex of its bytes.

    Raises:
        StoreError: The file can't be read.
    """
    names = [name.strip() for name in COLUMNS.split(",")]
    pos = 0
    with _reading(path) as db:
        while rows := db.execute(_ROWS, (pos,)).fetchall():
            for written, *columns in rows:
                line = dict(zip(names, columns, strict=True))
                line["command"] = _json_or_hex(line["command"])
                line["events"] = Raw(line["events"])
                yield msgspec.json.encode({**line, "hash": written.hex()})
            pos = rows[-1][1]


def stats(path: Path) -> Stats:
    """Return the journal in figures.

    Raises:
        StoreError: The file can't be read.
    """
    with _reading(path) as db:
        db.execute("BEGIN")
        rows, last_pos, last_at_ms = db.execute(
            "SELECT count(*), coalesce(max(pos), 0), coalesce(max(at_ms), 0) FROM rows"
        ).fetchone()
        refusals = db.execute(
            "SELECT refusal, count(*) FROM rows WHERE refusal <> '' GROUP BY refusal ORDER BY 1"
        ).fetchall()
        found = Stats(
            gen=_meta(db)["gen"],
            rows=rows,
            last_pos=last_pos,
            last_at_ms=last_at_ms,
            days=_one(db, "SELECT count(*) FROM days"),
            streams=_one(db, "SELECT count(*) FROM streams"),
            refusals=dict(refusals),
            ends={},
            file_bytes=sum(file.stat().st_size for file in (path, _wal(path)) if file.exists()),
        )
        db.execute("COMMIT")
        # Rows don't change, so what takes long needs no instant of its own.
        return replace(found, ends=_ends(db, last_pos))


def _wal(path: Path) -> Path:
    """Return the file in which SQLite keeps what it has not put into the main one yet."""
    return path.with_name(path.name + "-wal")


class Inside(NamedTuple):
    """The people in a part of the hall by its doors, since their day began.

    Attributes:
        people: The estimate; None when a door of it was not heard lately, or never.
    """

    people: int | None
    entered: int
    left: int


class Newest(NamedTuple):
    """What a node's sensor said last."""

    node: str
    kind: str
    value: float
    at_ms: int


class Quarter(NamedTuple):
    """A quarter of an hour of one kind: `total` is for what is counted, `mean` for the rest."""

    at_ms: int
    readings: int
    mean: float
    low: float
    high: float
    total: float


HEARD_WITHIN_MS = 180_000
"""Doors say once a minute that they count; after three they are not heard."""


def inside(path: Path, nodes: Sequence[str], *, since_ms: int, now_ms: int) -> Inside:
    """Return who is inside, by the doors of these nodes together.

    Args:
        path: The hub's `readings.db`.
        nodes: Those whose doors lead there.
        since_ms: When the day began (`broker.hall.occupancy.people_day_begin_ms`).
        now_ms: The hub's stamp of now.

    Raises:
        StoreError: The file can't be read.
    """
    sql = f"""SELECT kind, CAST(value AS INTEGER), node, at_ms FROM readings
        WHERE kind IN ('door_in', 'door_out') AND at_ms >= ? AND node IN ({_marks(nodes)})
        ORDER BY at_ms, kind"""  # noqa: S608 - question marks
    with _reading_readings(path) as db:
        rows = db.execute(sql, (since_ms, *nodes)).fetchall()
    heard = {node: at_ms for _, _, node, at_ms in rows}
    day = people_after(
        Passed(value, 0) if kind == "door_in" else Passed(0, value) for kind, value, *_ in rows
    )
    is_known = all(now_ms - heard.get(node, 0) <= HEARD_WITHIN_MS for node in nodes)
    return Inside(day.people if is_known else None, day.entered, day.left)


def newest_readings(path: Path, *, since_ms: int) -> list[Newest]:
    """Return the newest reading of each node and kind that is not older, in order of both.

    Raises:
        StoreError: The file can't be read.
    """
    sql = """SELECT node, kind, value, max(at_ms) FROM readings WHERE at_ms >= ?
        GROUP BY node, kind ORDER BY node, kind"""
    with _reading_readings(path) as db:
        return [Newest(*row) for row in db.execute(sql, (since_ms,))]


def readings_between(
    path: Path, node: str, kind: str, *, from_ms: int, to_ms: int
) -> list[Quarter]:
    """Return a node's quarters of one kind in order of time, those of the last two days too.

    Raises:
        StoreError: The file can't be read.
    """
    sql = f"""SELECT at_ms, sum(count), sum(total) / sum(count), min(low), max(high), sum(total)
        FROM (SELECT at_ms, count, total, low, high FROM quarters
                WHERE node = ?1 AND kind = ?2 AND at_ms >= ?3 AND at_ms < ?4
            UNION ALL SELECT at_ms - at_ms % {QUARTER_MS}, 1, value, value, value FROM readings
                WHERE node = ?1 AND kind = ?2 AND at_ms >= ?3 AND at_ms < ?4)
        GROUP BY at_ms ORDER BY at_ms"""  # noqa: S608 - a constant
    with _reading_readings(path) as db:
        return [Quarter(*row) for row in db.execute(sql, (node, kind, from_ms, to_ms))]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


@contextlib.contextmanager
def _reading_readings(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise StoreError(f"{path}: no such file: no hub has stored a reading there")
    with store_errors(path), contextlib.closing(_connected(path)) as db:
        yield db


def _ends(db: sqlite3.Connection, last_pos: int) -> dict[str, int]:
    """Return the tickets' ends by outcome, up to a row."""
    ends: Counter[str] = Counter()
    for first in range(1, last_pos + 1, ROWS_AT_ONCE):
        upto = min(first + ROWS_AT_ONCE - 1, last_pos)
        ends.update(dict(db.execute(_ENDS, (first, upto)).fetchall()))
    return dict(sorted(ends.items()))


class _Walk:
    """How far the chain was followed, and what it says of streams and days."""

    def __init__(self) -> None:
        self.pos = 0
        self.link = b""
        self.fault: Fault | None = None
        self._streams: dict[str, tuple[str, int]] = {}
        self._days: list[int] = []

    def take(self, rows: list[tuple[Any, ...]]) -> bool:
        """Follow the chain along these rows, up to the first fault; return whether it ends here."""
        for written, *columns in rows:
            self.fault = self._fault_of(written, columns)
            if self.fault is not None:
                return False
        return len(rows) < ROWS_AT_ONCE

    def compare(self, db: sqlite3.Connection) -> None:
        """Compare what lies beside the rows with them."""
        self.fault = self._fault_of_streams(db) or self._fault_of_days(db)

    def _fault_of(self, written: bytes, columns: list[Any]) -> Fault | None:
        expected = self.pos + 1
        pos, _, node, stream, seq, _, events, *_ = columns
        if pos != expected:
            return Fault(expected, f"row {expected} is missing, row {pos} comes next")
        link = chained(self.link, columns)
        if link != written:
            return Fault(expected, f"row {expected} is not what was written")
        self.pos, self.link = expected, link
        self._streams[stream] = (node, seq)
        if any(tag.type == "day_opened" for tag in _tags.decode(events)):
            self._days.append(expected)
        return None

    def _fault_of_streams(self, db: sqlite3.Connection) -> Fault | None:
        """Compare the stream positions with the rows: they also tell that the end is there."""
        written = {
            stream: (node, last)
            for stream, node, last in db.execute("SELECT stream, node, last FROM streams")
        }
        if written == self._streams:
            return None
        streams = sorted(set(written) | set(self._streams))
        stream = next(s for s in streams if written.get(s) != self._streams.get(s))
        return Fault(
            self.pos + 1,
            f"stream {stream} stands at {written.get(stream)}, its newest row is "
            f"{self._streams.get(stream)}: rows at the end are missing, or the position is wrong",
        )

    def _fault_of_days(self, db: sqlite3.Connection) -> Fault | None:
        """Compare the day marks with the rows."""
        marks = [pos for (pos,) in db.execute("SELECT pos FROM days ORDER BY pos")]
        if marks == self._days:
            return None
        return Fault(min(set(marks) ^ set(self._days)), "a day's mark is not where the day opened")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file read-only, beside a hub that writes it.

    Raises:
        StoreError: It is missing, no journal, or can't be read.
    """
    if not path.exists():
        raise StoreError(f"{path}: no such file: is --data the hall's folder?")
    none = f"{path}: this is no hub's journal: is --data the hall's folder?"
    try:
        with store_errors(path), contextlib.closing(_connected(path)) as db:
            if not {"born", "gen"} <= _meta(db).keys():
                raise StoreError(none)
            yield db
    except sqlite3.OperationalError as error:  # a table or a column is missing
        raise StoreError(f"{none} ({error})") from error


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=WAIT_S, isolation_level=None)


def _meta(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT key, value FROM meta").fetchall())


def _one(db: sqlite3.Connection, sql: str) -> int:
    (value,) = db.execute(sql).fetchone()
    return int(value)


def _json_or_hex(command: bytes) -> Raw | str:
    try:
        line = msgspec.json.format(command, indent=-1)
        line.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return command.hex()
    return Raw(line)
