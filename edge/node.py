"""The runtime of a node with pins: buttons -> role -> outbox -> link, and results -> role -> lamps.

One task does all of it, in order. It sleeps until something arrives or the earliest of the
machines' instants (buttons, lamps, post) is due; nothing polls. Most messages are a heartbeat of a
hub that is heard anyhow, or a snapshot that no lamp shows: they are remembered, and it sleeps on.
From an accepted press to its publish there is one wait: the commit. Expected trouble (no broker, no
hub, a bad message, no paper) is dealt with here. So is a disk that refuses to write: a press is
refused, and what has happened already (a slip that is out, a generation that is obeyed, results)
stays in memory, is tried again, and meanwhile the lamps blink slowly. Anything else ends the
process, and its supervisor starts it again.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from broker.clock import Clock
from broker.hall.commands import AnyCommand, decode_command
from broker.link import Connected, Disconnected, Received
from broker.log import kv
from broker.outbox import Key, Outbox
from broker.store import StoreError
from broker.wire.delivery import Row, Sender
from broker.wire.generation import generation_number
from broker.wire.messages import Health, Result, WireError
from broker.wire.topics import Kind, parse_topic
from edge.devices import Devices
from edge.figures import NO_FIGURES, Figures
from edge.fingers import Fingers
from edge.giving import answer_hub
from edge.inbox import Edge, Inbox, Item, Paper, Settle, Stop, Wanted
from edge.lights import Lights
from edge.paper import PaperPort
from edge.post import Identity, LinkPort, Post
from edge.press import Moment, Press
from edge.printing import Printing, key_of
from edge.role import Ask, Flash, Print, Role, Sent, Visit, Wish
from edge.visits import Visits, name_of

_log = logging.getLogger(__name__)

KEEP_AFTER_S = 0.1
"""Results are written with the next commit, or after this long; a lost one is asked for again.
Soon, so that the next press has its commit to itself (`loket bench press`: 0.1 ms at p50)."""

KEEP_AGAIN_S = 60.0
"""After a disk was full or failed; sooner when a press shows that it writes again."""

FEED_EVERY_S = 5.0
"""A watchdog that is to bite sooner than after twice this long would bite a healthy node."""


class PanelPort(Protocol):
    """What a node tells its panel."""

    def changed(self) -> None:
        """What the panel shows may be another now."""
        ...


class Node:
    """Joins role, devices, outbox, sender and link.

    Args:
        outbox: Open; `sender` was made from its rows.
        inbox: What `link` puts its events into.
        fed: Called after a pass that did all its work, every 5 s: it feeds the watchdog. None
            where nobody watches: then a node has no reason to wake.
        figures: What its health is made with.

    Attributes:
        panel: Set before `run`, when there is one.
        counts: What went wrong since start, by name, for health.
    """

    def __init__(  # noqa: PLR0913 - the parts of a node, each by name
        self,
        *,
        identity: Identity,
        role: Role,
        devices: Devices,
        outbox: Outbox,
        sender: Sender,
        link: LinkPort,
        inbox: Inbox,
        paper: PaperPort,
        clock: Clock,
        fed: Callable[[], object] | None = None,
        figures: Figures = NO_FIGURES,
    ) -> None:
        self.panel: PanelPort | None = None
        self.counts: Counter[str] = Counter()
        self._identity = identity
        self._role = role
        self._outbox = outbox
        self._link = link
        self._inbox = inbox
        self._paper = paper
        self._clock = clock
        self._fed = fed
        self._figures = figures
        begin_s = self._started_s = clock.mono_s()
        self._feed_s = self._started_s if fed else None
        self._post = Post(
            identity=identity, sender=sender, link=link, rows=outbox.rows, begin_s=begin_s
        )
        self._visits = Visits()
        self._printing = Printing(
            role=role,
            outbox=outbox,
            paper=paper,
            inbox=inbox,
            visits=self._visits,
            clock=clock,
            time_ms=self._post.time_ms,
        )
        self._fingers = Fingers(devices=devices, inbox=inbox, clock=clock)
        self._lights = Lights(devices=devices)
        self._timed = (self._printing, role, self._fingers, self._lights)
        self._gen = sender.gen
        self._keep_s: float | None = None
        self._is_disk_bad = self._is_stopping = False
        self._accepted: list[tuple[str, Row, float]] = []
        self._told: set[str] = set()
        self._said: dict[str, str] = {}

    async def run(self) -> None:
        """Work until `stop()`."""
        self._fingers.watch()
        self._link.start()
        try:
            await self._keep()
            while not self._is_stopping or self._printing.in_hand:
                await self._pass()
            await self._keep()
        finally:
            self._link.stop()

    def stop(self) -> None:
        """Ask the node to end; what was pressed before is committed first."""
        self._inbox.put_threadsafe(Stop())

    def snapshot(self) -> dict[str, object]:
        """Return what a panel shows."""
        return {
            "id": self._identity.node,
            "role": self._identity.role,
            "buttons": self._fingers.names,
            "lamps": self._lights.panel(),
            **self._post.panel(self._clock.mono_s()),
            "slip": self._paper.text,
            "said": self._said,
            **self._visits.shown(),
            **self._role.panel(),
        }

    def is_up(self, button: str) -> bool:
        """Return whether nobody presses this button; KeyError when there is none."""
        return self._fingers.is_up(button)

    def move(self, button: str, *, down: bool) -> None:
        """Move a button without a finger."""
        self._fingers.move(button, down=down)

    def presses(self, button: str) -> int:
        """Return how many presses of the button were accepted since the start."""
        return self._fingers.presses(button)

    async def settled(self, button: str) -> None:
        """Wait until it is up and what it asked for is committed; StoreError when it can't be."""
        await self._fingers.settled(button)

    async def take(self, visit: Visit) -> str:
        """Return the id of a visit that was chosen on a screen, when it is in the outbox.

        Raises:
            ValueError: The role takes no visits, or not this one.
            StoreError: It could not be kept.
        """
        wanted = Wanted(visit, asyncio.get_running_loop().create_future())
        self._inbox.put_threadsafe(wanted)
        return await wanted.taken

    async def _pass(self) -> None:
        """Sleep until there is something to do, and do all of it."""
        taken_s = await self._sleep()
        for name, press in self._fingers.advance(taken_s):
            await self._pressed(name, press)
        if self._printing.is_waiting:
            for flash in await self._printing.go_alone(is_gone=self._post.is_gone(taken_s)):
                self._flash(flash)
                await self._keep()
        self._send()
        self._show()
        if self._keep_s is not None and self._keep_s <= self._clock.mono_s():
            await self._keep()
        self._fingers.settle()
        self._feed()

    async def _sleep(self) -> float:
        """Take what arrives, until there is more to do than that; return when it was taken.

        Buttons live up to that instant and no further: a commit may take long, and an edge that
        comes meanwhile must find its machine no later than its own stamp.
        """
        due_s = self._due_s()
        while True:
            wait_s = None if due_s is None else due_s - self._clock.mono_s()
            items = await self._inbox.take(wait_s)
            taken_s = self._clock.mono_s()
            is_news = not items or (due_s is not None and due_s <= taken_s)
            for item in items:
                is_news |= await self._take(item, self._clock.mono_s())
            if is_news:
                return taken_s
            if self.panel:
                self.panel.changed()

    def _feed(self) -> None:
        now_s = self._clock.mono_s()
        if self._fed and self._feed_s is not None and self._feed_s <= now_s:
            self._fed()
            self._feed_s = now_s + FEED_EVERY_S

    def _due_s(self) -> float | None:
        """Return the instant at which there is something to do though nothing arrives."""
        dues = [self._post.wake_s(self._clock.mono_s()), self._keep_s, self._feed_s]
        dues += [part.wake_s() for part in self._timed]
        return min((due_s for due_s in dues if due_s is not None), default=None)

    async def _take(self, item: Item, now_s: float) -> bool:
        """Take what has arrived; return whether anything is to be done, sent or shown for it."""
        match item:
            case Received():
                return await self._received(item, now_s)
            case Edge():
                for name, press in self._fingers.edge(item):
                    await self._pressed(name, press)
            case Connected():
                self._post.connected(item.session, now_s)
                _log.info("broker reached")
            case Disconnected():
                self._post.disconnected()
                _log.warning("broker lost", extra=kv(reason=item.reason))
            case Paper():
                await self._printed(item)
            case Wanted():
                await self._wanted(item, now_s)
            case Settle():
                self._fingers.wait(item)
            case Stop():
                self._is_stopping = True
        return True

    async def _pressed(self, button: str, press: Press) -> None:
        accepted_s = self._clock.mono_s()
        if press.moment is Moment.STUCK:
            self.counts["stuck"] += 1
            _log.warning("button stuck", extra=kv(button=button))
        for wish in self._role.pressed(button, press):
            if not isinstance(wish, Ask):
                self._grant(wish)
                continue
            try:
                (row,) = await self._ask((wish.command,), press.at_s)
            except StoreError as error:
                self.counts["store_errors"] += 1
                self._fingers.not_kept(button, error)
                _log.error("press not kept", extra=kv(button=button, why=str(error)))
                self._flash(self._role.failed(button))
            else:
                self._accepted.append((button, row, accepted_s))
                self._printing.asked(row, wish.command, press.at_s)

    async def _wanted(self, item: Wanted, now_s: float) -> None:
        try:
            issue = self._role.wanted(item.visit, now_s)
            (row,) = await self._ask((issue,), now_s)
        except (StoreError, ValueError) as error:
            _log.error("visit not taken", extra=kv(why=str(error)))
            item.taken.set_exception(error)
            return
        self._visits.begin(key_of(row))
        self._printing.asked(row, issue, now_s)
        item.taken.set_result(name_of(key_of(row)))

    async def _ask(
        self,
        commands: Sequence[AnyCommand],
        made_s: float,
        decided: Sequence[tuple[Row, Result]] = (),
        out: Key | None = None,
    ) -> Sequence[Row]:
        """Commit, then hand to the sender; results noted before are in the same commit."""
        rows = await self._outbox.append_all(commands, made_s=made_s, decided=decided, out=out)
        # The disk writes: what it refused before is due at once.
        self._keep_s = self._clock.mono_s() if self._is_disk_bad else None
        for row in rows:
            self._post.appended(row, self._clock.mono_s())
        return rows

    def _grant(self, wish: Wish) -> None:
        if isinstance(wish, Flash):
            self._flash(wish)

    def _flash(self, flash: Flash) -> None:
        if flash.why:
            _log.info("refused here", extra=kv(why=flash.why))
        self._lights.flash(flash.lamps, flash.pattern, self._clock.mono_s())

    async def _received(self, item: Received, now_s: float) -> bool:
        topic = parse_topic(item.topic)
        if topic is None:
            self._bad("topic", WireError(f"{item.topic[:80]!r} is none of ours"))
            return False
        is_news = True
        try:
            if topic.kind is Kind.ACK:
                await self._acked(item.payload, now_s)
            elif topic.kind is Kind.HUB:
                is_news = self._post.hub_seen(item.payload, now_s, retained=item.retained)
            else:
                gen_n = generation_number(self._post.gen)
                is_news = self._role.received(topic, item.payload, gen_n=gen_n)
        except WireError as error:
            self._bad(topic.kind, error)
        if self._post.gen != self._gen and not self._is_disk_bad:
            with self._trying_again():
                await self._keep_gen()
        return is_news

    def _bad(self, kind: str, error: WireError) -> None:
        """Count what no peer should send; say it once for each kind."""
        self.counts["wire_errors"] += 1
        if kind not in self._told:
            self._told.add(kind)
            _log.warning("bad message ignored", extra=kv(kind=str(kind), why=str(error)))

    async def _acked(self, payload: bytes, now_s: float) -> None:
        for row, result in self._post.acked(payload, now_s):
            await self._answered(row, result)
        if self._post.asked is not None or self._post.foreign is not None:
            await self._keep()
            with self._trying_again():  # the hub asks again
                await answer_hub(self._post, self._outbox)

    async def _answered(self, row: Row, result: Result) -> None:
        fields = kv(stream=row.stream, seq=row.seq, code=result.refusal, detail=result.detail)
        level, became = (logging.INFO, "refused") if result.refusal else (logging.DEBUG, "accepted")
        _log.log(level, became, extra=fields)
        if self._printing.answered(row):
            self._note(row, result)
            return
        try:
            wishes = self._role.answered(decode_command(row.command), result)
        except msgspec.ValidationError:  # a row of a newer release, before a rollback
            wishes = ()
        if result.refusal and wishes:  # without any it is no news: a second press of one meant
            self._said = {"refusal": result.refusal, "at": f"{row.stream}:{row.seq}"}
        if result.refusal:
            self._visits.refused(key_of(row), result.refusal)
        for wish in wishes:
            if isinstance(wish, Print):
                await self._printing.print_slip(wish, row, result)
                return
            if isinstance(wish, Ask):
                self._printing.ask_again(row, wish.command)
                with self._trying_again():
                    await self._keep_slips()
            self._grant(wish)
        self._note(row, result)

    async def _printed(self, item: Paper) -> None:
        """Commit the confirm, or the cancel of a slip that surely is not there.

        A disk that refuses them is no reason to print it again: they are kept for later.
        """
        if (flash := self._printing.end(item, self.counts)) is not None:
            self._flash(flash)
        with self._trying_again():
            await self._keep_slips()

    def _note(self, row: Row, result: Result) -> None:
        self._outbox.note(row, result)
        if self._keep_s is None:
            self._keep_s = self._clock.mono_s() + KEEP_AFTER_S

    async def _keep(self) -> None:
        """Commit all that happened and is not on disk yet."""
        self._keep_s = None
        with self._trying_again():
            await self._keep_slips()
            await self._keep_gen()
            await self._outbox.flush()
            self._keep_s, self._is_disk_bad = None, False

    async def _keep_slips(self) -> None:
        while self._printing.ended:
            key, asks, made_s, decided = self._printing.ended[0]
            await self._ask(asks, made_s, decided, out=key)
            self._printing.ended.popleft()

    async def _keep_gen(self) -> None:
        if self._post.gen != self._gen:
            await self._outbox.set_gen(self._post.gen)
            self._gen = self._post.gen

    @contextlib.contextmanager
    def _trying_again(self) -> Iterator[None]:
        """Bear a disk that refuses what is kept in the block: say so, and do all of it later."""
        try:
            yield
        except StoreError as error:
            self.counts["store_errors"] += 1
            self._is_disk_bad = True
            self._keep_s = self._clock.mono_s() + KEEP_AGAIN_S
            _log.error("not kept, to be tried again", extra=kv(why=str(error)))

    def _send(self) -> None:
        """Publish what is due; what costs time comes after the commands."""
        now_s = self._clock.mono_s()
        self._post.send_birth(now_s, held=self._outbox.held)  # a hub that lost rows knows it first
        self._post.send_commands(now_s)
        for button, row, accepted_s in self._accepted:
            fields = kv(
                button=button, stream=row.stream, seq=row.seq, mono_ns=int(accepted_s * 1e9)
            )
            _log.debug("press accepted", extra=fields)
        self._accepted.clear()
        if self._post.is_health_due(now_s):
            self._post.send_health(self._health(now_s), now_s)

    def _health(self, now_s: float) -> Health:
        return self._figures.health(
            post=self._post,
            fingers=self._fingers,
            printing=self._printing,
            outbox=self._outbox,
            counts=self.counts | {"inbox_dropped": self._inbox.dropped},
            clock=self._clock,
            up_s=now_s - self._started_s,
        )

    def _show(self) -> None:
        now_s = self._clock.mono_s()
        standing = self._post.standing(now_s)
        if self._is_disk_bad:
            standing = standing._replace(sent=Sent.LATE, is_kept=False)
        self._lights.show(self._role.standing(standing), now_s)
        if self.panel:
            self.panel.changed()
