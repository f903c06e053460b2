"""What nodes give back to a hub that lost rows, both ends, as machines without IO (DESIGN §5.8).

The hub asks each node for what lies behind a place; the node answers each ask with one message and
remembers nothing. So a lost, late or repeated message costs one more ask, and either end may start
again at any moment.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Raw

from broker.wire.generation import generation_number
from broker.wire.messages import (
    GIVEN_MAX,
    UP_BYTES_MAX,
    Give,
    Given,
    GivenResult,
    Held,
    Place,
)
from broker.wire.seal import Sealed, Seals

ASK_AGAIN_S = 0.5
"""An answer takes some ms: a commit of the node's and a read."""

PROGRESS_S = 10.0
"""So long without a birth or a row and nobody is waited for any longer (DESIGN §5.8)."""

SETTLE_S = 2.0
"""So long after the last progress, births of nodes that are connected have long arrived: who is
not here by now is off."""

ENVELOPE_BYTES = 384
"""A `Give` without rows takes less, whatever its places (pinned by a test)."""

START = Place()


class Decided(NamedTuple):
    """A row of an outbox with its result, as they stand there.

    Attributes:
        command: JSON.
        result: JSON of a `Result` with generation and seal.
        owner: The node whose row it is; empty = this one.
    """

    stream: str
    seq: int
    command: bytes
    result: bytes
    place: Place
    owner: str = ""


def place_order(place: Place | Held | Sealed) -> tuple[int, str, int]:
    """Return what sorts rows of several journals: by generation number, generation, position."""
    return generation_number(place.gen), place.gen, place.pos


def give_of(rows: Sequence[Decided], *, after: Place, stream: str, is_all: bool) -> Give:
    """Return the answer to an ask: as many rows as one message holds, all of one stream.

    A row that is too long for a message of its own is passed over: the rest is worth more.

    Args:
        rows: What the outbox holds behind `after`, in order, at most `GIVEN_MAX`.
        stream: Of this start of the node: named when there is no row.
        is_all: Whether nothing lies behind the last of them.
    """
    given: list[Given] = []
    upto, size, taken = after, ENVELOPE_BYTES, 0
    of, owner = next(((row.stream, row.owner) for row in rows), (stream, ""))
    for row in rows[:GIVEN_MAX]:
        length = len(row.command) + len(row.result) + 40
        is_too_long = ENVELOPE_BYTES + length > UP_BYTES_MAX
        if not is_too_long:
            if row.stream != of or size + length > UP_BYTES_MAX:
                break
            result = msgspec.json.decode(row.result, type=GivenResult)
            given.append(Given(seq=row.seq, command=Raw(row.command), result=result))
            size += length
        upto, taken = row.place, taken + 1
    is_end = is_all and taken == len(rows)
    return Give(stream=of, give=tuple(given), after=after, upto=upto, given=is_end, owner=owner)


class Ask(NamedTuple):
    """What one node is to be asked now: `Ack.give`, with the stream of its birth."""

    node: str
    stream: str
    after: Place


class GivenRow(NamedTuple):
    """A row that proved itself.

    Attributes:
        node: Whose row it is.
    """

    node: str
    row: Sealed
    detail: str


class _Giver:
    """How far one node has given."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.after = START
        self.is_done = False
        self.ask_s = float("-inf")


class Recovery:
    """The hub's end: asks every node that is here, and collects what they give.

    Args:
        holders: Nodes of the hall that may hold rows: when all of them have given, and whoever else
            is here, it is over.
        settle_s: How long after the last progress no more nodes are waited for.
    """

    def __init__(
        self, *, seals: Seals, holders: Iterable[str], now_s: float, settle_s: float = SETTLE_S
    ) -> None:
        self.unproved = 0
        """Rows given whose seal is not this hall's."""
        self.rows: dict[tuple[str, int], GivenRow] = {}
        """By stream and seq; given twice, the one of the newest generation."""
        self._seals = seals
        self._holders = frozenset(holders)
        self._settle_s = settle_s
        self._givers: dict[str, _Giver] = {}
        self._is_linked = False
        self._progress_s = now_s

    def linked(self, now_s: float) -> None:
        """Begin a connection: what was asked may be lost, and births will come."""
        self._is_linked = True
        self._progress_s = now_s
        for giver in self._givers.values():
            giver.ask_s = float("-inf")

    def unlinked(self) -> None:
        """End a connection: nobody can give, so no time passes."""
        self._is_linked = False

    def born(self, node: str, stream: str, now_s: float) -> None:
        """Take note of a node that is here; it is asked at once."""
        giver = self._givers.get(node)
        if giver is None:
            giver = self._givers[node] = _Giver(stream)
            self._progress_s = now_s
        giver.stream = stream
        if not giver.is_done:
            giver.ask_s = float("-inf")

    def left(self, node: str) -> None:
        """Wait no longer for a node whose will came; what it gave stays."""
        if node in self._givers and not self._givers[node].is_done:
            del self._givers[node]

    def taken(self, node: str, give: Give, now_s: float) -> None:
        """Take what a node gave; an answer to another ask than the last one is ignored."""
        giver = self._givers.get(node)
        if giver is None or giver.is_done or give.after != giver.after:
            return
        for given in give.give:
            self._take(give.owner or node, give.stream, given)
        is_further = place_order(give.upto) > place_order(giver.after)
        if not (is_further or give.given):
            return
        giver.after = give.upto
        giver.is_done = give.given
        giver.ask_s = float("-inf")
        self._progress_s = now_s

    def asks(self, now_s: float) -> list[Ask]:
        """Return whom to ask now, and count them as asked."""
        if not self._is_linked:
            return []
        due = [
            (node, giver)
            for node, giver in self._givers.items()
            if not giver.is_done and giver.ask_s <= now_s
        ]
        for _, giver in due:
            giver.ask_s = now_s + ASK_AGAIN_S
        return [Ask(node, giver.stream, giver.after) for node, giver in due]

    def wake_s(self) -> float:
        """Return the instant at which somebody is to be asked, or it may be over."""
        if not self._is_linked:
            return float("inf")
        waiting = [giver.ask_s for giver in self._givers.values() if not giver.is_done]
        return min([*waiting, self._over_s()])

    def is_over(self, now_s: float) -> bool:
        """Return whether nobody is waited for any longer."""
        return self._is_linked and now_s >= self._over_s()

    def missing(self) -> list[str]:
        """Return the nodes of the hall that have not given all they hold, in order."""
        return sorted(self._holders - self.done())

    def done(self) -> set[str]:
        """Return the nodes that have given all they hold."""
        return {node for node, giver in self._givers.items() if giver.is_done}

    def begun(self) -> set[str]:
        """Return the nodes that have given some of their rows, and not all."""
        givers = self._givers.items()
        return {node for node, giver in givers if giver.after != START and not giver.is_done}

    def _over_s(self) -> float:
        done = self.done()
        if self._holders | self._givers.keys() <= done:
            return float("-inf")
        return self._progress_s + (self._settle_s if self._givers.keys() <= done else PROGRESS_S)

    def _take(self, node: str, stream: str, given: Given) -> None:
        result = given.result
        row = Sealed(
            result.gen,
            result.pos,
            result.at_ms,
            stream,
            given.seq,
            bytes(given.command),
            bytes(result.events),
            result.refusal,
        )
        if not self._seals.holds(row, result.seal):
            self.unproved += 1
            return
        known = self.rows.get((stream, given.seq))
        if known is None or place_order(known.row) < place_order(row):
            self.rows[stream, given.seq] = GivenRow(node, row, result.detail)
