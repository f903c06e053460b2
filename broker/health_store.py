"""What the hub remembers of its fleet, in a file of its own: open alarms, what changed, figures.

Bounded by days and, should the wall clock be wrong, by rows. A damaged or full file costs this
history and nothing else of the hall.
"""

import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import msgspec

from broker.log import kv
from broker.store import Migration, StoreError, open_db, store_errors, transact
from broker.wire.messages import Alarm

_log = logging.getLogger(__name__)

HEALTH_FILE = "health.db"

DAY_MS = 24 * 3600 * 1000
FINE_STEP_S = 900
COARSE_STEP_S = 3600
FINE_DAYS = 2
TRANSITIONS_MAX = 50_000
FIGURES_MAX = 400_000
"""Rows: 80 nodes for 90 days by the hour, and 2 days by the quarter, are half of it."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        "CREATE TABLE alarms (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE transitions (
            place INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL,
            subject TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL)""",
        "CREATE INDEX transitions_of ON transitions (subject, at_ms)",
        """CREATE TABLE figures (
            node TEXT NOT NULL, step_s INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (node, step_s, at_ms)) WITHOUT ROWID""",
    ),
)


class Transition(NamedTuple):
    """Something became another.

    Attributes:
        what: raised, cleared or changed of an alarm; here, silent or gone of a node.
        kind: Of the alarm; empty for a node's contact.
        alarm: As it is now, or was when it ended.
    """

    at_ms: int
    what: str
    subject: str
    kind: str = ""
    alarm: Alarm | None = None


class FigureRow(NamedTuple):
    """A node's figures over one step."""

    node: str
    step_s: int
    at_ms: int
    figures: Mapping[str, float]


class HealthStore:
    """Use `async with HealthStore.open(path) as store`.

    Attributes:
        kept: The alarms that were open when the hub last ended.
    """

    def __init__(self, db: aiosqlite.Connection, kept: Sequence[Alarm], keep_days: int) -> None:
        self.kept = kept
        self._db = db
        self._keep_days = keep_days

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path, *, keep_days: int = 90) -> AsyncIterator["HealthStore"]:
        """Open the file, made when missing.

        Args:
            path: The file.
            keep_days: How long changes, and figures by the hour, are kept.

        Raises:
            StoreError: The file can't be used.
        """
        async with open_db(path, MIGRATIONS) as db:
            yield cls(db, await transact(db, _alarms), keep_days)

    async def put(
        self,
        *,
        changed: Mapping[str, Alarm | None],
        transitions: Sequence[Transition],
        figures: Sequence[FigureRow],
    ) -> None:
        """Commit what became of alarms and nodes.

        Args:
            changed: Open alarms by id; None for one that ended.

        Raises:
            StoreError: None of it is kept.
        """
        await transact(self._db, lambda db: _put(db, changed, transitions, figures))

    async def trim(self, at_ms: int, *, is_trusted: bool) -> None:
        """Forget what is old, by a clock that can be believed; and by number, by any.

        Raises:
            StoreError: It stays for now.
        """
        await transact(self._db, lambda db: _trim(db, at_ms, self._keep_days, is_trusted))


@contextlib.asynccontextmanager
async def health_in(folder: Path) -> AsyncIterator[HealthStore | None]:
    """Open the history in the hub's folder; without it the hall, and its alarms, go on."""
    async with contextlib.AsyncExitStack() as stack:
        store: HealthStore | None = None
        try:
            store = await stack.enter_async_context(HealthStore.open(folder / HEALTH_FILE))
        except StoreError as error:
            _log.error("no history of health is kept", extra=kv(why=str(error)))
        yield store


def read_alarms(path: Path) -> list[Alarm]:
    """Return the alarms a hub that no longer runs left open.

    Raises:
        StoreError: The file is missing or can't be read.
    """
    if not path.exists():
        raise StoreError(f"{path}: no such file: is --data the hall's folder?")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with store_errors(path), contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
        return _alarms(db)


def _alarms(db: sqlite3.Connection) -> list[Alarm]:
    found = []
    for (body,) in db.execute("SELECT body FROM alarms ORDER BY id").fetchall():
        with contextlib.suppress(msgspec.ValidationError):  # of a later release, before a rollback
            found.append(msgspec.json.decode(body, type=Alarm))
    return found


def _put(
    db: sqlite3.Connection,
    changed: Mapping[str, Alarm | None],
    transitions: Sequence[Transition],
    figures: Sequence[FigureRow],
) -> None:
    encode = msgspec.json.encode
    for alarm_id, alarm in changed.items():
        if alarm is None:
            db.execute("DELETE FROM alarms WHERE id = ?", (alarm_id,))
        else:
            db.execute("INSERT OR REPLACE INTO alarms VALUES (?, ?)", (alarm_id, encode(alarm)))
    db.executemany(
        "INSERT INTO transitions (at_ms, what, subject, kind, body) VALUES (?, ?, ?, ?, ?)",
        [(t.at_ms, t.what, t.subject, t.kind, encode(t.alarm)) for t in transitions],
    )
    db.executemany(
        "INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?)",
        [(row.node, row.step_s, row.at_ms, encode(row.figures)) for row in figures],
    )


def _trim(db: sqlite3.Connection, at_ms: int, keep_days: int, is_trusted: bool) -> None:  # noqa: FBT001 - of this module alone
    if is_trusted:
        old_ms = at_ms - keep_days * DAY_MS
        db.execute("DELETE FROM transitions WHERE at_ms < ?", (old_ms,))
        db.execute("DELETE FROM figures WHERE at_ms < ?", (old_ms,))
        fine_ms = at_ms - FINE_DAYS * DAY_MS
        db.execute("DELETE FROM figures WHERE step_s = ? AND at_ms < ?", (FINE_STEP_S, fine_ms))
    db.execute(
        """DELETE FROM transitions WHERE place <= (SELECT max(place) FROM transitions) - ?""",
        (TRANSITIONS_MAX,),
    )
    (count,) = db.execute("SELECT count(*) FROM figures").fetchone()
    if count > FIGURES_MAX:
        db.execute(
            """DELETE FROM figures WHERE (node, step_s, at_ms) IN
                (SELECT node, step_s, at_ms FROM figures ORDER BY at_ms LIMIT ?)""",
            (count - FIGURES_MAX,),
        )
