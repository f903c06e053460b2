"""Deliberate bugs, each a subclass put in the place of a part: the oracle must catch every one.

A proof that finds nothing proves little; this is the proof of the proof. The product has no switch
for any of them.
"""
# ruff: noqa: D102 - each class says what its methods do wrong

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Raw
from msgspec.json import decode, encode
from msgspec.structs import replace

from broker.batch import Batch
from broker.decider import Decider
from broker.hall.commands import AnyCommand, CounterCommand
from broker.hall.events import Adopted, HallEvent, TicketIssued
from broker.hall.rules import Actor, Asked, Refusal, decide
from broker.hall.state import Hall
from broker.hall.ticket import Ticket
from broker.hall.views import BoardView
from broker.hub import Hub
from broker.link import LinkEvent
from broker.store import StoreError
from broker.wire.delivery import Beats, Row, Sender
from broker.wire.generation import Stamp
from broker.wire.messages import Ack, Result, Up
from edge.inbox import Paper
from edge.newest import Newest
from edge.paper import Outcome
from tests.sim.faults import ALL
from tests.sim.parts import (
    Parts,
    WatchedBoard,
    WatchedCore,
    WatchedJournal,
    WatchedNode,
    WatchedOutbox,
)
from tests.sim.receivers import (
    DedupReceiver,
    ForgetfulReceiver,
    GapReceiver,
    WantReceiver,
    with_receiver,
)

# -- the hub -------------------------------------------------------------------------------------


class AckBeforeCommit(Hub):
    """Says what it decided, then commits it."""

    async def _settle(self, batch: Batch) -> None:
        self._say(self._core.publications(batch, {}, at_ms=self._wall_ms(), now_s=self._mono_s()))
        await super()._settle(batch)

    def _mono_s(self) -> float:
        return self._clock.mono_s()


class ViewsOfUncommitted(Hub):
    """Makes snapshots while the commit is still to come."""

    def _take(self, event: LinkEvent) -> None:
        super()._take(event)
        self._say(self._core.timed(at_ms=self._wall_ms(), now_s=self._clock.mono_s()))


class CommitErrorIgnored(Hub):
    """Goes on after a commit that failed."""

    async def _settle(self, batch: Batch) -> None:
        with contextlib.suppress(StoreError):
            await super()._settle(batch)
            return
        self._say(
            self._core.publications(batch, {}, at_ms=self._wall_ms(), now_s=self._clock.mono_s())
        )


class NeverStale(Beats):
    """Finds no command too late."""

    def is_stale(self, **_: Any) -> bool:
        return False


class StaleDecider(Decider):
    """Carries out what was pressed long ago."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._beats = NeverStale(base=0, start_s=0.0)


class BeatDecider(Decider):
    """Believes the age a node tells, and never looks at the beat."""

    def _decide(self, arrival: Any, up: Up, seq: int, command: AnyCommand) -> tuple[HallEvent, ...]:
        beat = self._beats.beat(arrival.now_s)
        return super()._decide(arrival, replace(up, beat=beat), seq, command)


class SeenIgnored(Decider):
    """Takes every press for one that saw the newest call."""

    def _decide(self, arrival: Any, up: Up, seq: int, command: AnyCommand) -> tuple[HallEvent, ...]:
        if isinstance(command, CounterCommand) and command.counter in self._hall.counters:
            command = replace(command, seen=self._hall.counters[command.counter].call_id)
        return super()._decide(arrival, up, seq, command)


def _with_decider(kind: type[Decider]) -> type[WatchedCore]:
    class Core(WatchedCore):
        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            self._decider = kind(
                hall=self.hall, nodes=parts["nodes"], beats=self._beats, ledger=self._ledger
            )

    return Core


class LateWill(WatchedCore):
    """Takes a will for the node's, whichever session it is of."""

    def _take_birth(self, arrival: Any) -> None:
        seen = self.presence.nodes.get(arrival.node)
        if seen is not None and not decode(arrival.payload)["online"]:
            self.presence.nodes[arrival.node] = replace(seen, birth=None)
        super()._take_birth(arrival)


class NumbersForgotten(WatchedCore):
    """Begins each start with the first numbers."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.hall.numbers.clear()


class DecidedAgain(WatchedCore):
    """Decides what nodes give back as if it were asked now."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        append = self._ledger.append

        def decided(row: Any, at_ms: int, events: Any, **said: Any) -> Any:
            if events and isinstance(events[0], Adopted):
                events = (events[0], *self._again(row, at_ms))
                said = {}
            return append(row, at_ms, events, **said)

        self._ledger.append = decided  # type: ignore[method-assign]

    def _again(self, row: Any, at_ms: int) -> tuple[HallEvent, ...]:
        command = decode(row.command, type=AnyCommand)
        asked = Asked(origin=f"{row.stream}:{row.seq}", at_ms=at_ms)
        try:
            return decide(self.hall, command, self._nodes.get(row.node, Actor("", "")), asked)
        except Refusal:
            return ()


class NothingGiven(WatchedCore):
    """Begins anew when rows are missing, and asks nobody."""

    def recover(self, now_s: float, *, heard: str = "") -> None:
        del now_s, heard

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts | {"recovering": False})


class PaperIgnored(Hall):
    """Takes a ticket for printed when it is issued."""

    def _issued(self, event: TicketIssued, ticket: Ticket, *args: Any) -> None:
        ticket.printed = True
        super()._issued(event, ticket, *args)


class ShortTail(WatchedJournal):
    """Folds all rows but the last."""

    async def tail(self) -> Any:
        return iter(list(await super().tail())[:-1])


# -- a node --------------------------------------------------------------------------------------


class AckedByUpto(Sender):
    """Takes rows for answered that `upto` covers."""

    def acked(self, ack: Ack, now_s: float) -> list[tuple[Row, Result]]:
        done = super().acked(ack, now_s)
        rows = self._streams.get(ack.stream)
        for seq in [seq for seq in rows or () if seq <= ack.upto]:
            del self._streams[ack.stream][seq]
        if not self._current()[1]:
            self._resend_s = None  # else it would be due for ever, with nothing to send
        return done


class NeverAgain(Sender):
    """Sends nothing twice."""

    def _start_over(self, now_s: float) -> None:
        self._ready_s = now_s
        self._resend_s = float("inf")

    def outgoing(self, now_s: float) -> list[Up]:
        self._resend_s = float("inf")
        return super().outgoing(now_s)


class WallAge(Sender):
    """Tells the age of a command by the wall clock."""

    def appended(self, row: Row, now_s: float) -> None:
        super().appended(row, now_s)
        self.made_ms[row.stream, row.seq] = self.machine.wall_ms()

    def __init__(self, **parts: Any) -> None:
        self.made_ms: dict[tuple[str, int], int] = {}
        self.machine: Any = None
        super().__init__(**parts)

    def outgoing(self, now_s: float) -> list[Up]:
        return [
            replace(
                up,
                commands=tuple(
                    Raw(encode(decode(raw) | {"age_ms": self._age_ms(up.stream, seq)}))
                    for seq, raw in enumerate(up.commands, start=up.start)
                ),
            )
            for up in super().outgoing(now_s)
        ]

    def _age_ms(self, stream: str, seq: int) -> int:
        made_ms = self.made_ms.get((stream, seq), 0)
        return min(max(0, self.machine.wall_ms() - made_ms), 10**9)


class RowsForgotten(WatchedOutbox):
    """Begins without the rows of earlier starts."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts | {"rows": ()})


class UnknownIsFailed(WatchedNode):
    """Cancels a ticket that may be in somebody's hand."""

    async def _printed(self, item: Paper) -> None:
        if item.printed.outcome is Outcome.UNKNOWN:
            item = item._replace(printed=item.printed._replace(outcome=Outcome.FAILED))
        await super()._printed(item)


class AlwaysNewest(Newest):
    """Takes any snapshot for the newest."""

    def takes(self, gen: str, pos: int, *, gen_n: int) -> bool:
        del gen, pos, gen_n
        return True


def _takes_all(role: Any) -> Any:
    if isinstance(role._newest, Newest):  # the desk has one for each counter
        role._newest = AlwaysNewest()
    return role


# -- a board -------------------------------------------------------------------------------------


class RetainedSpoken(WatchedBoard):
    """Speaks what the broker had kept."""

    def _show(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        self._is_kept = is_retained
        super()._show(view, is_retained=False, now_s=now_s)

    def _announce(self, call: Any, now_s: float) -> None:
        self._is_retained = self._is_kept
        super()._announce(call, now_s)


class ShowsOlder(WatchedBoard):
    """Shows whatever came last."""

    def take_board(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        self.shown = Stamp()
        super().take_board(view, is_retained=is_retained, now_s=now_s)


# -- the table -----------------------------------------------------------------------------------


class Sabotage(NamedTuple):
    """One bug.

    Attributes:
        faults: Those it shows under; a name twice is drawn twice.
    """

    what: str
    parts: Parts
    faults: tuple[str, ...] = ALL


def _core(kind: type[WatchedCore]) -> Parts:
    return Parts(core=kind)


SABOTAGES: dict[str, Sabotage] = {
    "ack-before-commit": Sabotage("acks go out before the commit", Parts(hub=AckBeforeCommit)),
    "views-of-uncommitted": Sabotage(
        "snapshots are made before the commit", Parts(hub=ViewsOfUncommitted)
    ),
    "commit-error-ignored": Sabotage(
        "the hub goes on after a failed commit", Parts(hub=CommitErrorIgnored)
    ),
    "dedup-off": Sabotage("a row that comes again is decided", _core(with_receiver(DedupReceiver))),
    "gap-taken": Sabotage("a row behind a gap is decided", _core(with_receiver(GapReceiver))),
    "want-off-by-one": Sabotage("the wanted row counts as had", _core(with_receiver(WantReceiver))),
    "stream-unchecked": Sabotage(
        "rows begin at any number", _core(with_receiver(ForgetfulReceiver))
    ),
    "never-stale": Sabotage(
        "late calls are carried out", _core(_with_decider(StaleDecider)), ("cut", "broker") * 3
    ),
    "beat-ignored": Sabotage(
        "a call's age is believed, its beat not looked at",
        _core(_with_decider(BeatDecider)),
        ("freeze_hub",) * 4,
    ),
    "seen-ignored": Sabotage("crossed presses act", _core(_with_decider(SeenIgnored))),
    "late-will": Sabotage(
        "a late will of an old session counts", _core(LateWill), ("reorder", "node", "reset") * 4
    ),
    "decided-again": Sabotage(
        "what nodes give back is decided again", _core(DecidedAgain), ("hub_wipe", "node", "loss")
    ),
    "nothing-given": Sabotage(
        "a hub that lost rows asks nobody", _core(NothingGiven), ("hub_wipe", "hub_old")
    ),
    "numbers-forgotten": Sabotage("a start gives out 001 again", _core(NumbersForgotten)),
    "paper-ignored": Sabotage("tickets without paper are called", Parts(hall=PaperIgnored)),
    "short-tail": Sabotage("a start folds all but the last row", Parts(journal=ShortTail)),
    "synchronous-normal": Sabotage(
        "commits are told before they are synced", Parts(unsynced_max=4), ("power", "hub_power")
    ),
    "acked-by-upto": Sabotage("`upto` answers rows", Parts(sender=AckedByUpto)),
    "never-again": Sabotage("rows are sent once", Parts(sender=NeverAgain), ("loss",) * 4),
    "wall-age": Sabotage(
        "a call's age is told by the wall clock", Parts(sender=WallAge), ("cut", "clock") * 8
    ),
    "rows-forgotten": Sabotage("rows of earlier starts are not sent", Parts(outbox=RowsForgotten)),
    "unknown-is-failed": Sabotage(
        "a slip perhaps out is cancelled", Parts(node=UnknownIsFailed), ("printer",) * 3
    ),
    "newest-ignored": Sabotage(
        "counters show older snapshots", Parts(role=_takes_all), ("reorder", "delay", "duplicates")
    ),
    "retained-spoken": Sabotage("kept calls are spoken", Parts(board=RetainedSpoken)),
    "board-goes-back": Sabotage(
        "the board shows older snapshots", Parts(board=ShowsOlder), ("reorder", "duplicates")
    ),
}


class Caught(NamedTuple):
    """How a sabotage came to light."""

    name: str
    what: str
    seed: int
    rule: str
    detail: str


Run = Callable[..., Any]


def catch(name: str, run: Run, *, seeds: int = 1000, first: int = 0) -> Caught | None:
    """Return what catches a sabotage first; None when no seed does."""
    sabotage = SABOTAGES[name]
    for seed in range(first, first + seeds):
        verdict = run(seed, faults=sabotage.faults, parts=sabotage.parts)
        if verdict.violations:
            rule, detail, _ = verdict.violations[0]
            return Caught(name, sabotage.what, seed, rule, detail)
    return None
