"""The rows of the commit to come: each is applied to the state and put into the batch, in order.

Who asks and what is decided belongs to `broker.core`; what is on the disk to `broker.journal`.
"""

from broker.batch import Batch, Row
from broker.entry import Entry, result_of
from broker.hall.commands import DateDay, DoubtDate, OpenDay, ReturnDue, encode_command
from broker.hall.events import HallEvent, encode_events
from broker.hall.rules import Actor, Asked, decide
from broker.hall.state import Hall
from broker.wire.messages import Result
from broker.wire.seal import Seals

HUB = Actor(node="hub", role="hub", counters=frozenset())


class Ledger:
    """What memory holds beyond the journal.

    Args:
        own: The stream of the hub's own commands, new at each start.

    Attributes:
        batch: What was decided since the last `cut`.
        gen: The generation its rows are of.
        newest_gen: Of the newest row, here or in the journal; empty when there is none.
    """

    def __init__(
        self, *, hall: Hall, seals: Seals, gen: str, own: str, newest_gen: str = ""
    ) -> None:
        self.batch = Batch()
        self.gen = gen
        self.newest_gen = newest_gen
        self._hall = hall
        self._seals = seals
        self._own = own
        self._own_seq = 0

    def cut(self) -> Batch:
        """Return the batch and begin the next."""
        batch, self.batch = self.batch, Batch()
        return batch

    def append(
        self,
        row: Row,
        at_ms: int,
        events: tuple[HallEvent, ...],
        *,
        refusal: str = "",
        detail: str = "",
    ) -> Entry:
        """Apply one row and have it committed; its stamp is never below the newest row's."""
        hall, batch = self._hall, self.batch
        entry = Entry(hall.pos + 1, max(at_ms, hall.at_ms), *row, events, refusal, detail)
        changed = hall.apply(entry.pos, entry.at_ms, events)
        batch.counters |= changed.counters
        batch.board |= changed.board
        batch.coded |= changed.coded
        batch.entries.append(entry)
        self.newest_gen = self.gen
        return entry

    def record(
        self,
        row: Row,
        at_ms: int,
        events: tuple[HallEvent, ...],
        *,
        refusal: str = "",
        detail: str = "",
    ) -> Result:
        """Append one row; return what its sender is told after the commit."""
        entry = self.append(row, at_ms, events, refusal=refusal, detail=detail)
        return result_of(entry, encode_events(events), gen=self.gen, seals=self._seals)

    def decide_own(self, command: OpenDay | DoubtDate | DateDay | ReturnDue, at_ms: int) -> None:
        """Decide and append a command of the hub itself.

        Raises:
            Refusal: The rules' no: the hub has a fault.
        """
        asked = Asked(origin=f"{self._own}:{self._own_seq + 1}", at_ms=at_ms)
        events = decide(self._hall, command, HUB, asked)
        self.append(self.own_row(encode_command(command)), at_ms, events)

    def own_row(self, command: bytes) -> Row:
        """Return the next row of the hub's own stream."""
        self._own_seq += 1
        return Row("hub", self._own, self._own_seq, command)
