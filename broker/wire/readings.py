"""Readings of sensors: what travels, and a node's end of it, without IO (DESIGN §5.14).

A reading is no press. It has no result and is never decided, asked back or given; lost is lost. So
it has a lane of its own beside the presses': streams of its own, one message on the way, at most
`MESSAGES_PER_S`. A backlog of a week drains in some minutes and no press waits for it.

Node to hub, on `up/<node>`, at most 16 in a message:

    {"v":1,"stream":"32 hex","from":15,
     "readings":[{"kind":"temperature_c","value":27.4,"made_ms":1795000000000,"age_ms":12}]}

The hub puts each into its place (node, stream, seq), so a repeated one changes nothing, commits,
and answers on `ack/<node>` with the stream and `upto`, the last of them. What is not answered is
sent again.
"""

from collections import deque
from collections.abc import Iterable
from random import Random
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct, field

from broker.hall.stamps import AtMs
from broker.wire.delivery import RESEND_MAX_S, RESEND_MIN_S, RESEND_S
from broker.wire.messages import (
    UP_BYTES_MAX,
    Ack,
    Give,
    Reader,
    Seq,
    Stream,
    Up,
    WireError,
    read_up_or_give,
)

READINGS_MAX = 16
"""A message of them has some 2 KiB."""

MESSAGES_PER_S = 4

Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
AgeMs = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Reading(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sensor measured or counted, once.

    Attributes:
        kind: What, unit last: `temperature_c`, `humidity_pct`, `door_in`, ...
        made_ms: The node's wall clock then; it may be wrong.
        age_ms: When sent; None = measured in an earlier boot, so only `made_ms` tells.
    """

    kind: Kind
    value: float
    made_ms: AtMs
    age_ms: AgeMs | None = None


class Readings(Struct, frozen=True, kw_only=True):
    """`up/<node>`: readings of one stream, in order from `from`."""

    stream: Stream
    start: Seq = field(name="from")
    readings: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=READINGS_MAX)]
    v: Annotated[int, Meta(ge=1)] = 1


read_readings = Reader(Readings, UP_BYTES_MAX)


class Measured(NamedTuple):
    """A reading on a node's disk.

    Attributes:
        made_s: By this boot's monotonic clock; None = of an earlier boot.
    """

    stream: str
    seq: int
    reading: Reading
    made_s: float | None


class Lane:
    """A node's end: which readings the hub has not, and what to publish now.

    Args:
        rows: Those on disk, older streams first, each in order.
    """

    def __init__(self, *, rows: Iterable[Measured] = (), random: Random) -> None:
        self._rows = deque(rows)
        self._random = random
        self._is_linked = False
        self._resends = 0
        self._next_s = 0.0
        self._sent_s = float("-inf")

    @property
    def depth(self) -> int:
        """How many the hub has not."""
        return len(self._rows)

    def appended(self, row: Measured) -> None:
        """Take one that is on disk."""
        self._rows.append(row)

    def forgot(self, count: int) -> None:
        """Drop so many of the oldest, which gave way on the disk."""
        for _ in range(min(count, len(self._rows))):
            self._rows.popleft()

    def connected(self, now_s: float) -> None:
        """Begin a connection: what was on the way is lost."""
        self._is_linked = True
        self._resends = 0
        self._next_s = now_s

    def disconnected(self) -> None:
        """End a connection."""
        self._is_linked = False

    def acked(self, ack: Ack, now_s: float) -> int:
        """Return how many of the oldest are the hub's now; 0 for an ack of another stream."""
        count = 0
        while self._rows and self._rows[0].stream == ack.stream and self._rows[0].seq <= ack.upto:
            self._rows.popleft()
            count += 1
        if count:
            self._resends = 0
            self._next_s = max(now_s, self._sent_s + 1 / MESSAGES_PER_S)
        return count

    def outgoing(self, now_s: float) -> Readings | None:
        """Return the message to publish now, if one is due, and count it as on the way."""
        if not (self._is_linked and self._rows and now_s >= self._next_s):
            return None
        longest_s = min(RESEND_MAX_S, RESEND_S * 2 ** min(self._resends, 10))
        self._next_s = now_s + self._random.uniform(RESEND_MIN_S, longest_s)
        self._resends += 1
        self._sent_s = now_s
        first = self._rows[0]
        rows: list[Reading] = []
        for row in self._rows:
            is_next = row.stream == first.stream and row.seq == first.seq + len(rows)
            if not is_next or len(rows) == READINGS_MAX:
                break
            rows.append(_aged(row, now_s))
        return Readings(stream=first.stream, start=first.seq, readings=tuple(rows))

    def wake_s(self) -> float | None:
        """Return the instant of the next `outgoing`; None = not before an event."""
        return self._next_s if self._is_linked and self._rows else None


class Arrived(NamedTuple):
    """A message of readings as the hub took it.

    Attributes:
        at_ms: The hub's wall clock then.
    """

    node: str
    readings: Readings
    at_ms: int

    @property
    def upto(self) -> int:
        """The seq of the last reading."""
        return self.readings.start + len(self.readings.readings) - 1

    def rows(self) -> list[tuple[str, str, int, str, float, int]]:
        """Return (node, stream, seq, kind, value, stamp) of each; by the hub's clock if it can."""
        stream, start = self.readings.stream, self.readings.start
        return [
            (
                self.node,
                stream,
                seq,
                one.kind,
                one.value,
                one.made_ms if one.age_ms is None else max(0, self.at_ms - one.age_ms),
            )
            for seq, one in enumerate(self.readings.readings, start)
        ]


def read_from_node(payload: bytes) -> Up | Give | Readings:
    """Return what came on `up/<node>`.

    Raises:
        WireError: None of them; says why it is no `Up`.
    """
    try:
        return read_up_or_give(payload)
    except WireError as error:
        try:
            return read_readings(payload)
        except WireError:
            raise error from error.__cause__


def _aged(row: Measured, now_s: float) -> Reading:
    age_ms = None if row.made_s is None else max(0, int((now_s - row.made_s) * 1000))
    return Reading(
        kind=row.reading.kind,
        value=row.reading.value,
        made_ms=row.reading.made_ms,
        age_ms=age_ms,
    )
