"""The product's parts as the world joins them: watched by the oracle, and each may be exchanged.

Whoever sabotages puts a subclass of one of these into its `Parts`; the product has no switches.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from broker.batch import Arrival
from broker.core import HubCore
from broker.entry import Entry
from broker.hall.commands import Command
from broker.hall.state import Hall
from broker.hall.views import BoardView, Call
from broker.hub import Hub
from broker.journal import Journal
from broker.link import Received
from broker.outbox import Key, Outbox, Promise
from broker.watch import Contact
from broker.wire.delivery import Row, Sender
from broker.wire.messages import Health, Result, read_birth
from displays.board import Board
from edge.node import Node
from edge.paper import Outcome, PaperPort, Printed
from tests.sim.oracle import Oracle


class WatchedOutbox(Outbox):
    """An outbox whose commits the oracle is told of."""

    told: Callable[[Sequence[Row]], object]

    async def append_all(
        self,
        commands: Iterable[Command],
        *,
        made_s: float,
        decided: Sequence[tuple[Row, Result]] = (),
        promise: Promise | None = None,
        out: Key | None = None,
    ) -> tuple[Row, ...]:
        """Commit, then tell."""
        rows = await super().append_all(
            commands, made_s=made_s, decided=decided, promise=promise, out=out
        )
        self.told(rows)
        return rows


class WatchedJournal(Journal):
    """A journal whose commits the oracle is told of."""

    oracle: Oracle

    async def commit(self, entries: Sequence[Entry], **marks: Any) -> None:
        """Commit, then tell."""
        await super().commit(entries, **marks)
        self.oracle.committed(entries)


class WatchedNode(Node):
    """A node whose results the oracle is told of; its health has no figure of this machine."""

    oracle: Oracle

    async def _answered(self, row: Row, result: Result) -> None:
        self.oracle.answered(self._identity.node, row, result)
        await super()._answered(row, result)

    def _health(self, now_s: float) -> Health:
        return Health(uptime_s=round(now_s - self._started_s, 1), outbox_depth=self._post.depth)

    async def _received(self, item: Received, now_s: float) -> bool:
        is_news = await super()._received(item, now_s)
        view = getattr(self._role, "_view", None) if is_news else None
        if view is not None:
            self.oracle.shows(self._identity.node, view.gen, view.pos)
        return is_news


class WatchedCore(HubCore):
    """A hub whose view of its nodes the oracle is told of."""

    oracle: Oracle

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._sessions: dict[str, str] = {}

    def _take_birth(self, arrival: Arrival) -> None:
        birth = read_birth(arrival.payload)
        known = self._sessions.get(arrival.node, birth.session)
        before = self.presence.nodes.get(arrival.node)
        super()._take_birth(arrival)
        if self._is_quiet:
            return  # It is taken when the hub has listened.
        after = self.presence.nodes[arrival.node].contact
        if birth.online:
            self._sessions[arrival.node] = birth.session
        elif before is not None and after is Contact.GONE is not before.contact:
            is_own = birth.session == known
            self.oracle.check(is_own, "late_will", f"{arrival.node}: {birth.session} of {known}")


class WatchedBoard(Board):
    """A board whose announcements the oracle is told of."""

    oracle: Oracle
    node: str = ""
    _is_retained = False

    def _show(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        self._is_retained = is_retained
        super()._show(view, is_retained=is_retained, now_s=now_s)

    def _announce(self, call: Call, now_s: float) -> None:
        self.oracle.announced(self.node, call.call_id, call.number, is_retained=self._is_retained)
        super()._announce(call, now_s)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a world is made of."""

    outbox: type[WatchedOutbox] = WatchedOutbox
    journal: type[WatchedJournal] = WatchedJournal
    node: type[WatchedNode] = WatchedNode
    board: type[WatchedBoard] = WatchedBoard
    sender: type[Sender] = Sender
    core: type[WatchedCore] = WatchedCore
    hub: type[Hub] = Hub
    hall: type[Hall] = Hall
    role: Callable[[Any], Any] = lambda role: role
    unsynced_max: int = 0


PRODUCT = Parts()


class SimPin:
    """A button or a lamp of `edge.devices`."""

    is_down = False
    is_lit = False

    def __init__(self) -> None:
        self._on_edge: Callable[[bool, float], None] = lambda *_: None

    def on_edge(self, on_edge: Callable[[bool, float], None]) -> None:
        """Tell each change."""
        self._on_edge = on_edge

    def light(self, *, on: bool) -> None:
        """Be lit, or not."""
        self.is_lit = on

    def move(self, *, down: bool, at_s: float) -> None:
        """Have a finger come or go."""
        self.is_down = down
        self._on_edge(down, at_s)


class SimDevices:
    """`edge.devices.Devices`: pins by name."""

    is_mock = True

    def __init__(self, *, buttons: Iterable[str], lamps: Iterable[str]) -> None:
        self.buttons = {name: SimPin() for name in buttons}
        self.lamps = {name: SimPin() for name in lamps}


class SimPaper(PaperPort):
    """A printer that takes its time and fails as it is told.

    Attributes:
        outcome: What becomes of a slip; `UNKNOWN` may or may not be out.
    """

    def __init__(
        self,
        *,
        draw: Callable[[], float],
        after: Callable[[float, Callable[[], object]], object],
        out: Callable[[Any, int], object],
        cards: Callable[[], int],
        outcome: Callable[[], Outcome],
    ) -> None:
        self.text = ""
        self._draw = draw
        self._after = after
        self._out = out
        self._cards = cards
        self._outcome = outcome

    def start(self) -> None:
        """Be on."""

    def print_slip(self, slip: Any, told: Callable[[Printed], object]) -> None:
        """Print, and tell how it ended."""
        outcome, card = self._outcome(), self._cards()
        takes_s = 0.3 + 1.2 * self._draw()
        is_out = outcome is Outcome.PRINTED or (outcome is Outcome.UNKNOWN and self._draw() < 0.5)
        if is_out:
            self._after(takes_s * self._draw(), lambda: self._out(slip, card))
        self._after(takes_s, lambda: told(Printed(outcome)))
