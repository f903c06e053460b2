"""What the hub's core takes in, what one commit holds, and what is said after it."""

from typing import TYPE_CHECKING, NamedTuple

from broker.wire.messages import Result
from broker.wire.topics import Topic

if TYPE_CHECKING:
    from broker.entry import Entry


class Row(NamedTuple):
    """Where a command came from, and its body."""

    node: str
    stream: str
    seq: int
    command: bytes


class Publication(NamedTuple):
    """One message to send."""

    topic: Topic
    payload: bytes


class Arrival(NamedTuple):
    """One message as it came in: from which node, when, and whether the broker had kept it."""

    node: str
    payload: bytes
    retained: bool
    at_ms: int
    now_s: float


class Answer(NamedTuple):
    """What one stream's sender is told after the commit.

    Attributes:
        fresh: Results made in this batch, in order of seq.
        again: Seqs of earlier rows whose results are read from the journal.
    """

    node: str
    stream: str
    last: int
    want: int
    fresh: list[Result]
    again: list[int]


class Batch:
    """What one commit holds, and what must be said after it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.answers: dict[str, Answer] = {}
        self.counters: set[int] = set()
        self.births: list[str] = []
        self.foreign: dict[str, tuple[str, str]] = {}
        """By node the stream it sent, and the other node whose that is."""
        self.generation = ""
        """The generation to open before anything is said; empty = none."""
        self.recovered = False
        """Whether the recovery ends with these entries."""
        self.owing: frozenset[str] | None = None
        """Nodes to be asked when they come, from this commit on; None = as before."""
        self.coded: set[str] = set()
        """Services whose `coded_pages` changed."""
        self.all_views = False
        self.board = False

    def __bool__(self) -> bool:
        """Return whether there is anything to commit or to say."""
        return bool(
            self.entries
            or self.answers
            or self.births
            or self.foreign
            or self.generation
            or self.recovered
            or self.owing is not None
            or self.all_views
        )
