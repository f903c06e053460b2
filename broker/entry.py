"""A row of the journal: its columns, its link in the chain, and the result its sender gets."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from broker.hall.events import HallEvent
from broker.wire.messages import Result
from broker.wire.seal import Sealed, Seals

COLUMNS = "pos, at_ms, node, stream, seq, command, events, refusal, detail"
"""What the hash of a row covers, in this order; a later column joins with a chain version."""


class Entry(NamedTuple):
    """One decided command, as it enters the journal.

    Attributes:
        pos: 1 for the first, dense.
        at_ms: Hub's wall clock, never lower than the row's before.
        seq: Within its stream the one after the last, or `seq_upto` of the gap it records.
        command: JSON as it arrived, unchecked when refused as `rejected`.
        refusal: Empty when accepted.
    """

    pos: int
    at_ms: int
    node: str
    stream: str
    seq: int
    command: bytes
    events: tuple[HallEvent, ...]
    refusal: str = ""
    detail: str = ""


def result_of(entry: Entry, events: bytes, *, gen: str, seals: Seals) -> Result:
    """Return what the entry's sender is told: sealed, as it stands in the journal of `gen`.

    Args:
        events: As the journal holds them: a later release may write the same ones otherwise.
    """
    sealed = Sealed(
        gen,
        entry.pos,
        entry.at_ms,
        entry.stream,
        entry.seq,
        entry.command,
        events,
        entry.refusal,
    )
    return Result(
        seq=entry.seq,
        pos=entry.pos,
        at_ms=entry.at_ms,
        events=entry.events,
        refusal=entry.refusal,
        detail=entry.detail,
        gen=gen,
        seal=seals.seal(sealed),
    )


class Fact(NamedTuple):
    """What a fold needs of a row."""

    pos: int
    at_ms: int
    events: tuple[HallEvent, ...]


def chain_root(born: str) -> bytes:
    """Return what stands for the hash before the first row of a journal born as `n-hex`."""
    return sha256(b"loket journal 1 " + born.encode()).digest()


def chained(before: bytes, columns: Sequence[int | str | bytes]) -> bytes:
    """Return a row's hash: over the hash before it and the row's `COLUMNS`.

    Each column is led by its length, so bytes moved from one to the next are another row.
    """
    parts = [before]
    for column in columns:
        body = column if isinstance(column, bytes) else str(column).encode()
        parts += (len(body).to_bytes(8, "big"), body)
    return sha256(b"".join(parts)).digest()
