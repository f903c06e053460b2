"""What a kiosk's outbox knows of its slips: those promised to paper, and the numbers given alone.

Shapes and SQL; `broker.outbox` runs it, in the transactions of the rows it belongs to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from broker.hall.commands import ConfirmPrint


class Key(NamedTuple):
    """Names a row of any stream."""

    stream: str
    seq: int


class Promise(NamedTuple):
    """A slip that is about to be printed, or was.

    Attributes:
        key: Of its issue.
        made_s: When the button was pressed, by the monotonic clock; None = in an earlier boot.
        confirms: What the hub is asked when it is out.
        offline: The numbers on it that were given without the hub, each with the wall clock then.
        is_out: The hub was told of its end, and has not decided its issue yet.
    """

    key: Key
    made_s: float | None
    confirms: tuple[ConfirmPrint, ...]
    offline: Mapping[str, int] = {}
    is_out: bool = False


class Slips(NamedTuple):
    """What a commit changes of the slips: one that begins, one that ends."""

    begins: Promise | None = None
    ends: Key | None = None


MIGRATION = (
    # A slip is here from before it is printed until it has ended and its issue has its result; a
    # number, as long as it is the newest time it was given without the hub: the last one last.
    """CREATE TABLE slips (
        number INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL,
        node TEXT NOT NULL, boot TEXT NOT NULL, made_s REAL, confirms BLOB NOT NULL,
        is_out INTEGER NOT NULL DEFAULT 0, UNIQUE (stream, seq))""",
    """CREATE TABLE offline (
        given INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL)""",
)

PROMISES = """SELECT stream, seq, CASE WHEN boot = ? THEN made_s END, confirms, is_out
    FROM slips WHERE node = ? ORDER BY number"""
"""The slips of a node; for (boot, node)."""

OFFLINE = "SELECT number, at_ms FROM offline ORDER BY given"


class Found(NamedTuple):
    """What a start finds: the slips of its node, and when each number was given, the last last."""

    promises: list[Promise]
    offline: dict[str, int]


def read_slips(
    execute: Callable[[str, tuple[object, ...]], Iterable[tuple[Any, ...]]], boot: str, node: str
) -> Found:
    """Return the slips of a node, as the database that runs `execute` knows them."""
    promises = [
        Promise(
            key=Key(stream, seq),
            made_s=made_s,
            confirms=msgspec.json.decode(confirms, type=tuple[ConfirmPrint, ...]),
            is_out=bool(is_out),
        )
        for stream, seq, made_s, confirms, is_out in execute(PROMISES, (boot, node))
    ]
    offline = {str(number): int(at_ms) for number, at_ms in execute(OFFLINE, ())}
    return Found(promises, offline)


def statements(
    slips: Slips, answered: Sequence[Key], owner: tuple[str, str]
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield what is run after a commit's rows are written, each SQL with its values.

    Args:
        answered: The rows that have their result now.
        owner: Node and boot.
    """
    begins, ends = slips
    if begins is not None:
        yield (
            """INSERT INTO slips (stream, seq, node, boot, made_s, confirms)
            VALUES (?, ?, ?, ?, ?, ?)""",
            (*begins.key, *owner, begins.made_s, msgspec.json.encode(begins.confirms)),
        )
        for number in begins.offline.items():
            yield "INSERT OR REPLACE INTO offline (number, at_ms) VALUES (?, ?)", number
    if ends is not None:
        yield "UPDATE slips SET is_out = 1 WHERE stream = ? AND seq = ?", ends
    # One whose issue has no result stays: when that comes, nothing is printed.
    for key in (*answered, *([ends] if ends else [])):
        yield (
            """DELETE FROM slips WHERE stream = ? AND seq = ? AND is_out AND NOT EXISTS (
                SELECT * FROM pending JOIN streams USING (place)
                WHERE streams.stream = slips.stream AND pending.seq = slips.seq)""",
            key,
        )
