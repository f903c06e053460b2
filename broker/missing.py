"""Which nodes a hub asks for rows its journal lacks, and what they gave (DESIGN §5.8).

A recovery stops the hub until the nodes that are here have given. A node that was off meanwhile
*owes*: when it comes, it alone waits until it has given what it holds, before one of its own rows
is decided, for a gap would stand for the rows between; everybody else is served. Who owes is kept
with the journal. A node that stops giving is served after `PROGRESS_S` and asked again at its next
birth.
"""

from collections.abc import Iterable, Mapping

from broker.hall.rules import Actor
from broker.wire.giving import PROGRESS_S, SETTLE_S, Ask, Recovery
from broker.wire.messages import Give
from broker.wire.seal import Seals

HOLDERS = ("kiosk", "counter")
"""Roles whose nodes keep rows with results, and are waited for."""

GIVERS = (*HOLDERS, "web")
"""Roles that are asked when they come: of a hall's pages not every one keeps rows."""


class Missing:
    """A recovery, if there is one, and what single nodes still owe of an earlier one.

    Args:
        owing: Nodes that gave nothing in an earlier recovery, from the journal.

    Attributes:
        holders: Nodes of the hall that may hold rows.
        here: By node the stream its last birth named; those whose will came are not in it.
        owing: Nodes to be asked when they come.
        recovery: None while rows of no more than single nodes are missing.
    """

    def __init__(
        self, *, seals: Seals, nodes: Mapping[str, Actor], owing: Iterable[str] = ()
    ) -> None:
        self.here: dict[str, str] = {}
        self.owing = set(owing)
        self.recovery: Recovery | None = None
        self._seals = seals
        self.holders = [actor.node for actor in nodes.values() if actor.role in HOLDERS]
        self._givers = {actor.node for actor in nodes.values() if actor.role in GIVERS}
        self._late: dict[str, Recovery] = {}
        self._is_linked = False

    def begin(self, now_s: float, *, settle_s: float = SETTLE_S) -> None:
        """Begin a recovery, unless one is going on: all nodes are asked."""
        if self.recovery is not None:
            return
        self._late.clear()
        self.recovery = self._asking(self.holders, now_s, settle_s=settle_s)
        for node, stream in self.here.items():
            self.recovery.born(node, stream, now_s)

    def end(self, now_s: float) -> Recovery:
        """End the recovery and return it; who has not given owes from now on.

        Who is here and has given some of its rows is asked on, and waits alone: a gap would stand
        for the rest.

        Raises:
            ValueError: There is none.
        """
        recovery, self.recovery = self.recovery, None
        if recovery is None:
            raise ValueError("no recovery is going on")
        self.owing = self._givers - recovery.done()
        for node in sorted(recovery.begun() & self.here.keys()):
            self.born(node, self.here[node], now_s)
        return recovery

    def waits_for(self, node: str) -> bool:
        """Return whether a node's own rows have to wait."""
        return self.recovery is not None or node in self._late

    def connected(self, now_s: float) -> None:
        """Take note that the link is up."""
        self._is_linked = True
        for asking in self._all():
            asking.linked(now_s)

    def disconnected(self) -> None:
        """Take note that the link is down."""
        self._is_linked = False
        for asking in self._all():
            asking.unlinked()

    def born(self, node: str, stream: str, now_s: float) -> None:
        """Take note of a node that is here; it is asked at once if it is to be."""
        self.here[node] = stream
        if self.recovery is not None:
            self.recovery.born(node, stream, now_s)
        elif node in self.owing:
            if node not in self._late:
                self._late[node] = self._asking([node], now_s)
            self._late[node].born(node, stream, now_s)

    def heard(self, node: str, stream: str, now_s: float) -> None:
        """Take note of a node's rows: it is here, though its birth was lost on the way.

        Taken before it is asked, its rows would leave a gap where it holds results.
        """
        if node not in self.here:
            self.born(node, stream, now_s)

    def left(self, node: str) -> None:
        """Wait no longer for a node whose will came."""
        self.here.pop(node, None)
        self._late.pop(node, None)
        if self.recovery is not None:
            self.recovery.left(node)

    def taken(self, node: str, give: Give, now_s: float) -> None:
        """Take what a node gave; what nobody asked for is ignored."""
        asking = self.recovery or self._late.get(node)
        if asking is not None:
            asking.taken(node, give, now_s)

    def asks(self, now_s: float) -> list[Ask]:
        """Return whom to ask now, and count them as asked."""
        return [ask for asking in self._all() for ask in asking.asks(now_s)]

    def wake_s(self) -> float:
        """Return the instant at which somebody is to be asked, or something may be over."""
        return min((asking.wake_s() for asking in self._all()), default=float("inf"))

    def is_over(self, now_s: float) -> bool:
        """Return whether there is a recovery and it is over."""
        return self.recovery is not None and self.recovery.is_over(now_s)

    def given_late(self, now_s: float) -> list[tuple[str, Recovery]]:
        """Return the nodes that owed, and have given or given up, each with what came of it.

        Who has given all owes nothing from now on.
        """
        over = [(node, late) for node, late in self._late.items() if late.is_over(now_s)]
        for node, late in over:
            del self._late[node]
            if not late.missing():
                self.owing.discard(node)
        return over

    def _all(self) -> list[Recovery]:
        return [self.recovery] if self.recovery is not None else list(self._late.values())

    def _asking(
        self, holders: Iterable[str], now_s: float, *, settle_s: float = PROGRESS_S
    ) -> Recovery:
        asking = Recovery(seals=self._seals, holders=holders, now_s=now_s, settle_s=settle_s)
        if self._is_linked:
            asking.linked(now_s)
        return asking
