"""The hub's process: inbox -> decide -> commit -> publish the board, the acks, the rest.

One task does all of it, in order. What arrives while a commit runs makes up the next one (group
commit). A commit that fails ends the process; the next start folds state from the journal.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
from collections import Counter, deque
from pathlib import Path

from broker.accounts import LinkSettings
from broker.clock import Clock
from broker.core import Batch, HubCore
from broker.hall.rules import Actor
from broker.hall.setup import Setup
from broker.hall.state import Hall
from broker.journal import Journal
from broker.link import Connected, Disconnected, Link, LinkEvent, Received
from broker.log import kv
from broker.vitals import ready
from broker.wire.topics import Kind, every

_log = logging.getLogger(__name__)

INBOX_MAX = 10_000
"""Messages waiting to be decided; beyond it they are dropped and counted, and nodes send again."""

BATCH_MAX = 64
"""Messages decided into one commit, so that one commit stays short."""


class Inbox:
    """What the link brings, handed from paho's thread to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.dropped = 0
        self._loop = loop
        self._events: deque[LinkEvent] = deque()
        self._arrived = asyncio.Event()

    def put_threadsafe(self, event: LinkEvent) -> None:
        """Take an event on any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: LinkEvent) -> None:
        if len(self._events) >= INBOX_MAX:
            self.dropped += 1
            return
        self._events.append(event)
        self._arrived.set()

    async def take(self, wait_s: float) -> list[LinkEvent]:
        """Return up to `BATCH_MAX` events, waiting at most `wait_s` for the first."""
        if not self._events:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait_s)):
                    await self._arrived.wait()
        return [self._events.popleft() for _ in range(min(BATCH_MAX, len(self._events)))]


class Hub:
    """Joins the deciding core to link, journal and clock."""

    def __init__(
        self, *, core: HubCore, journal: Journal, link: Link, inbox: Inbox, clock: Clock
    ) -> None:
        self._core = core
        self._journal = journal
        self._link = link
        self._inbox = inbox
        self._clock = clock
        self._unsent: Counter[str] = Counter()

    async def run(self) -> None:
        """Decide and publish until cancelled."""
        while True:
            core, clock = self._core, self._clock
            events = await self._inbox.take(core.due_s() - clock.mono_s())
            for event in events:
                self._take(event)
            core.open_day_if_due(self._wall_ms())
            if core.is_pending:
                await self._settle(core.cut())
            for topic, payload in core.timed(at_ms=self._wall_ms(), now_s=clock.mono_s()):
                self._publish(topic.kind, self._link.publish(topic, payload))

    def _take(self, event: LinkEvent) -> None:
        match event:
            case Received():
                self._core.take(
                    event.topic,
                    event.payload,
                    retained=event.retained,
                    at_ms=self._wall_ms(),
                    now_s=self._clock.mono_s(),
                )
            case Connected():
                _log.info("broker reached")
                self._core.connected()
            case Disconnected():
                _log.warning("broker lost", extra=kv(reason=event.reason))

    async def _settle(self, batch: Batch) -> None:
        """Commit the batch, then say it. Nothing is published of a batch that isn't committed."""
        if batch.entries:
            await self._journal.commit(batch.entries)
        again = {
            stream: await self._journal.results(stream, answer.again)
            for stream, answer in batch.answers.items()
            if answer.again
        }
        now_s = self._clock.mono_s()
        for topic, payload in self._core.publications(
            batch, again, at_ms=self._wall_ms(), now_s=now_s
        ):
            self._publish(topic.kind, self._link.publish(topic, payload))

    def _publish(self, kind: Kind, is_sent: bool) -> None:  # noqa: FBT001 - the link's answer
        # Not sent is no loss: at the next connect every retained topic is published again, and an
        # ack is asked for again.
        if not is_sent:
            self._unsent[kind.value] += 1

    def _wall_ms(self) -> int:
        """Return the wall clock, never earlier than the newest row: stamps don't go back."""
        return max(self._clock.wall_ms(), self._core.hall.at_ms)


async def run_hub(
    *, setup: Setup, nodes: dict[str, Actor], settings: LinkSettings, folder: Path, clock: Clock
) -> None:
    """Run the hub of a hall until SIGTERM or SIGINT.

    Args:
        nodes: Who may do what, by node id.
        folder: Where `journal.db` is.

    Raises:
        StoreError: The journal can't be opened, read or written.
    """
    loop = asyncio.get_running_loop()
    inbox = Inbox(loop)
    hall = Hall(setup)
    async with Journal.open(folder / "journal.db") as journal:
        for pos, at_ms, events in await journal.tail():
            hall.apply(pos, at_ms, events)
        core = HubCore(
            hall=hall,
            nodes=nodes,
            gen=journal.gen,
            start=secrets.token_hex(8),
            own=secrets.token_hex(16),
            streams=journal.streams,
            beat_base=journal.beat_base,
            now_s=clock.mono_s(),
        )
        link = Link(
            settings=settings,
            client_id="hub",
            subscriptions=[every(setup.hall, kind) for kind in (Kind.UP, Kind.BIRTH, Kind.HEALTH)],
            will=None,
            on_event=inbox.put_threadsafe,
        )
        hub = Hub(core=core, journal=journal, link=link, inbox=inbox, clock=clock)
        _log.info("hub folded", extra=kv(pos=hall.pos, day=hall.day, tickets=len(hall.tickets)))
        await _until_stopped(hub, link)


async def _until_stopped(hub: Hub, link: Link) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    link.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(hub.run(), name="hub")
            ready()
            await stopping.wait()
            running.cancel()
    finally:
        link.stop()
