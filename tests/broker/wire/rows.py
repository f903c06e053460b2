"""Rows, acks, heartbeats and a sender, as the tests of a node's end begin with."""

from random import Random

import msgspec

from broker.wire.delivery import (
    Row,
    Sender,
)
from broker.wire.messages import (
    Ack,
    HubState,
    Result,
    Up,
)

OLD, OWN, OTHER = "0" * 32, "a" * 32, "f" * 32
GEN = "3-0a1b2c3d"


def row(seq: int, stream: str = OWN, size: int = 0, made_s: float | None = 100.0) -> Row:
    """Return a row whose command says its seq."""
    return Row(stream, seq, b'{"age_ms":0,"n":%d,"pad":"%s"}' % (seq, b"x" * size), made_s)


def ack(*seqs: int, stream: str = OWN, gen: str = GEN, **fields: int) -> Ack:
    """Return an ack with a result for each seq."""
    results = tuple(Result(seq=seq, pos=seq, at_ms=seq) for seq in seqs)
    upto = max(seqs, default=0)
    return Ack(gen=gen, stream=stream, results=results, **({"upto": upto} | fields))


def hub(start: str = "s1", beat: int = 7, gen: str = GEN) -> HubState:
    """Return a heartbeat."""
    return HubState(gen=gen, pos=0, beat=beat, start=start, at_ms=0)


def sender(rows: int = 0, *, older: tuple[Row, ...] = (), answered: bool = True) -> Sender:
    """Return a connected sender with so many rows of its own stream, at 100 s."""
    made = Sender(stream=OWN, rows=older, random=Random(1))
    for seq in range(1, rows + 1):
        made.appended(row(seq), 100)
    made.connected(100)
    if answered:
        made.acked(ack(stream=made.birth()[0]), 100)
    return made


def sent(ups: list[Up]) -> list[int]:
    """Return the seqs of the rows in these, as their bodies say."""
    return [msgspec.json.decode(command)["n"] for up in ups for command in up.commands]
