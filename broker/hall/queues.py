"""Who waits where, kept as it changes so that nobody has to count a day's tickets."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter
from typing import Literal

from broker.hall.events import CALL_ID_EMPTY
from broker.hall.stamps import DisruptedBy
from broker.hall.ticket import Ticket
from broker.hall.views import CounterStatus

_by_place = attrgetter("place")


@dataclass(slots=True, kw_only=True)
class Line:
    """Tickets that could be called now: they wait, are on paper, and free.

    Free: nobody of their visit is at a counter.

    Attributes:
        normal, priority: Those of each class, next one first.
    """

    normal: list[Ticket] = field(default_factory=list)
    priority: list[Ticket] = field(default_factory=list)

    def of(self, *, priority: bool) -> list[Ticket]:
        """Return those of one class, next one first."""
        return self.priority if priority else self.normal

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.normal) + len(self.priority)

    @property
    def ready(self) -> list[Ticket]:
        """All of them by place, whatever their class. Costs as much as there are."""
        return list(merge(self.normal, self.priority, key=_by_place))

    def enter(self, ticket: Ticket) -> None:
        """Put the ticket at its place."""
        insort(self.of(priority=ticket.priority), ticket, key=_by_place)

    def leave(self, ticket: Ticket) -> None:
        """Take the ticket, which is in it, out."""
        tickets = self.of(priority=ticket.priority)
        del tickets[bisect_left(tickets, ticket.place, key=_by_place)]


@dataclass(slots=True, kw_only=True)
class Queue(Line):
    """The tickets of one service, of one day.

    Attributes:
        waiting: How many wait, ready or not, those for one counter alone too.
        issued: How many tickets of the day are for this service now.
        last: The newest number; empty before the first.
        calls: How many calls there were today, recalls not counted.
        taken: How many tickets of today were first issued for this service, cancelled and
            expired ones not counted: what its quota is of.
        disrupted: Why no ticket can be taken; empty when one can.
        guests: Services for which tickets were issued that were then moved to this queue.
    """

    waiting: int = 0
    issued: int = 0
    last: str = ""
    calls: int = 0
    taken: int = 0
    disrupted: DisruptedBy | Literal[""] = ""
    guests: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class CounterState(Line):
    """A counter of the hall, now; in its line stand those that were transferred to it alone.

    Attributes:
        priority_calls: How many of its newest calls, in a row, were for priority tickets.
        last: The ticket that was served here last; None before the first.
        last_ms: Hub's wall clock at its end.
        sent: All tickets transferred to it alone, whatever became of them.
    """

    id: int
    status: CounterStatus = "closed"
    current: Ticket | None = None
    priority_calls: int = 0
    last: Ticket | None = None
    last_ms: int = 0
    sent: list[Ticket] = field(default_factory=list)

    @property
    def call_id(self) -> str:
        """What `seen` must be: the newest call's id, or empty (DESIGN §5.6)."""
        return self.current.call_id if self.current else CALL_ID_EMPTY
