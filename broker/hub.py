"""The hub's process: inbox -> decide -> commit -> publish the board, the acks, the rest.

One task does all of it, in order. What arrives while a commit runs makes up the next one (group
commit). A commit that fails ends the process; the next start folds state from the journal.
"""

import asyncio
import logging
import secrets
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from broker.accounts import HallKey, LinkSettings
from broker.batch import Batch, Publication
from broker.clock import Clock, Trust
from broker.core import HubCore
from broker.disk import BALLAST_FILE, Disk
from broker.entry import Entry
from broker.hall.rules import Actor
from broker.hall.setup import Setup
from broker.hall.state import Hall
from broker.hall_time import HallTime
from broker.health_store import health_in
from broker.hub_inbox import Inbox
from broker.journal import Journal
from broker.keeper import Keeper
from broker.link import Connected, Disconnected, Link, LinkEvent, Received
from broker.log import kv
from broker.monitor import Monitor, filters, hub_monitor
from broker.observer import NodePlan
from broker.people import People
from broker.readings import KEPT_DAYS, readings_in
from broker.stamps import Stamps
from broker.store import StoreError
from broker.vitals import ready, watchdog
from broker.wire.messages import MESSAGE_BYTES_MAX, Held, HubState, Result
from broker.wire.seal import Seals
from broker.wire.topics import Kind, Topic, every

_log = logging.getLogger(__name__)

COUNTS_EVERY_S = 60.0

COPY_FILE = "journal-copy.db"

HEARD = (Kind.UP, Kind.BIRTH, Kind.HEALTH, Kind.HUB)
"""What a hub reads. Kept births come before the kept heartbeat, which ends the listening."""

STOOD_DOWN_EVERY_S = 600.0
"""How often a hub that stands down says so."""

FED_EVERY_S = 5.0


class Rows(Protocol):
    """What the hub's loop needs of a journal."""

    async def commit(
        self,
        entries: Sequence[Entry],
        *,
        recovered: bool = False,
        owing: frozenset[str] | None = None,
    ) -> None:
        """Commit the entries in one transaction, or raise StoreError."""

    async def begin_generation(self, gen: str) -> None:
        """Commit the generation of all further rows."""

    async def lacks(self, held: Held, *, seals: Seals) -> bool:
        """Return whether a row that was decided is not in it."""

    async def results(self, stream: str, seqs: Sequence[int], *, seals: Seals) -> list[Result]:
        """Return the results of committed rows, sealed."""


class Wire(Protocol):
    """What the hub's loop needs of a link."""

    @property
    def counts(self) -> dict[str, int]:
        """What happened since start, by name."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self) -> None:
        """End the connection."""

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Send a message; return whether it was sent."""


class Hub:
    """Joins the deciding core to link, journal and clock.

    Args:
        trust: Whether the wall clock is to be believed.
        time: The core's, which makes the stamps.
        fed: Called after each round that ended in a heartbeat: it feeds the watchdog.
    """

    def __init__(  # noqa: PLR0913 - what it joins, each by name
        self,
        *,
        core: HubCore,
        journal: Rows,
        link: Wire,
        inbox: Inbox,
        clock: Clock,
        trust: Trust,
        time: HallTime,
        disk: Disk | None = None,
        keeper: Keeper | None = None,
        monitor: Monitor | None = None,
        fed: Callable[[], object] = watchdog,
    ) -> None:
        self._core = core
        self._journal = journal
        self._link = link
        self._inbox = inbox
        self._clock = clock
        self._disk = disk
        self._keeper = keeper
        self._monitor = monitor
        self._stamps = Stamps(clock=clock, trust=trust, time=time)
        self._fed = fed
        self._unsent: Counter[str] = Counter()
        self._counts_due_s = clock.mono_s() + COUNTS_EVERY_S
        self._counts_told: dict[str, dict[str, int]] = {}

    async def serve(self, stopping: asyncio.Event, *, on_ready: Callable[[], object]) -> None:
        """Connect, decide and publish until `stopping` is set.

        Raises:
            StoreError: A commit failed: state must be folded again from the disk.
            OSError: The supervisor can't be told.
        """
        failed: list[BaseException] = []
        self._link.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(self.run(), name="hub")]
                if self._keeper is not None:
                    running.append(tasks.create_task(self._keeper.run(), name="readings"))
                if self._monitor is not None:
                    running.append(tasks.create_task(self._monitor.run(), name="monitor"))
                on_ready()
                await stopping.wait()
                for task in running:
                    task.cancel()
        except* OSError as errors:
            failed += errors.exceptions
        finally:
            self._link.stop()
        if failed:
            # One clear line in the log, not a tree of tracebacks. Not raised above: before Python
            # 3.11.4 that makes a group of it again.
            raise failed[0]

    async def run(self) -> None:
        """Decide and publish until cancelled."""
        while True:
            core, clock = self._core, self._clock
            events = await self._inbox.take(core.due_s() - clock.mono_s())
            for event in events:
                self._take(event)
                self._keep_readings()
                # Now, not with the commit: what is decided on too short a journal is decided
                # wrongly, and a number would be given twice.
                await self._check_held()
            if core.rival is not None:
                await self._stand_down(core.rival)
            core.listen(clock.mono_s())
            await self._check_held()
            core.advance(at_ms=self._wall_ms(), now_s=clock.mono_s())
            if core.is_pending:
                await self._settle(core.cut())
            kinds = self._say(core.timed(at_ms=self._wall_ms(), now_s=clock.mono_s()))
            if Kind.HUB in kinds:
                self._fed()
                self._look_at_disk()
            self._tell_counts(clock.mono_s())

    async def _stand_down(self, rival: HubState) -> NoReturn:
        """Leave the hall to another hub until this process is stopped; what is pending is dropped.

        Started again it would only be thrown out again, and throw the other out each time.
        """
        self._link.stop()
        fields = kv(gen=rival.gen, start=rival.start, own=self._core.gen)
        while True:
            _log.critical(
                "another hub serves this hall: this one stands down; stop the one that is to go,"
                " then start the other again",
                extra=fields,
            )
            end_s = self._clock.mono_s() + STOOD_DOWN_EVERY_S
            while self._clock.mono_s() < end_s:
                self._fed()
                await self._clock.sleep(FED_EVERY_S)

    def _take(self, event: LinkEvent) -> None:
        match event:
            case Received() if self._monitor is not None and self._monitor.takes(event):
                pass
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
                self._core.connected(self._clock.mono_s())
                if self._monitor is not None:
                    self._monitor.connected()
            case Disconnected():
                _log.warning("broker lost", extra=kv(reason=event.reason))
                self._core.disconnected()

    async def _settle(self, batch: Batch) -> None:
        """Commit the batch, then say it. Nothing is published of a batch that isn't committed."""
        if batch.entries or batch.recovered or batch.owing is not None:
            await self._journal.commit(batch.entries, recovered=batch.recovered, owing=batch.owing)
        if batch.generation:
            await self._journal.begin_generation(batch.generation)
        again = {
            stream: await self._journal.results(stream, answer.again, seals=self._core.seals)
            for stream, answer in batch.answers.items()
            if answer.again
        }
        now_s = self._clock.mono_s()
        self._say(self._core.publications(batch, again, at_ms=self._wall_ms(), now_s=now_s))

    async def _check_held(self) -> None:
        """Recover when a node holds a row the journal should have and has not."""
        for row in self._core.held():
            if await self._journal.lacks(row, seals=self._core.seals):
                fields = kv(gen=row.gen, pos=row.pos)
                _log.error("the journal lacks a row a node holds: rolled back", extra=fields)
                self._core.recover(self._clock.mono_s())
                return

    def _say(self, publications: Iterable[Publication]) -> set[Kind]:
        """Publish; return the kinds there were, sent or not."""
        kinds = set()
        for topic, payload in publications:
            kinds.add(topic.kind)
            if self._link.publish(topic, payload):
                if self._monitor is not None:
                    self._monitor.said(topic, payload)
                continue
            self._unsent[topic.kind.value] += 1
            # One that is too big stays so until the hall changes, and then is said anyhow.
            if len(payload) <= MESSAGE_BYTES_MAX:
                self._core.unsent(topic, now_s=self._clock.mono_s())
        return kinds

    def _keep_readings(self) -> None:
        for arrived in self._core.readings():
            if self._keeper is not None:
                self._keeper.put(arrived)

    def _look_at_disk(self) -> None:
        if self._disk is not None:
            self._core.disk_is(self._disk.look(), now_s=self._clock.mono_s())

    def _tell_counts(self, now_s: float) -> None:
        """Log what was counted, when it has changed since it was last told."""
        if now_s < self._counts_due_s:
            return
        self._counts_due_s = now_s + COUNTS_EVERY_S
        counts = {
            "dropped": dict(self._core.counts),
            "unsent": dict(self._unsent),
            "inbox": {"dropped": self._inbox.dropped},
            "readings": {"dropped": self._keeper.dropped if self._keeper else 0},
            "link": self._link.counts,
        }
        if counts != self._counts_told:
            self._counts_told = counts
            _log.info("counted since start", extra=kv(**counts))

    def _wall_ms(self) -> int:
        """Return the stamp of now, never earlier than the newest row: stamps don't go back."""
        return self._stamps.now_ms(self._core.hall.at_ms)


async def run_hub(  # noqa: PLR0913 - what a hub is made of, each by name
    *,
    setup: Setup,
    nodes: dict[str, Actor],
    settings: LinkSettings,
    key: HallKey,
    folder: Path,
    clock: Clock,
    trust: Trust,
    plans: Sequence[NodePlan],
    readings_days: int = KEPT_DAYS,
    people: People | None = None,
) -> None:
    """Run the hub of a hall until SIGTERM or SIGINT.

    Args:
        nodes: Who may do what, by node id.
        key: The hall's, which seals results.
        folder: Where `journal.db` is. A hub takes the rows that `journal-copy.db` beside it has
            behind its journal's end, and then from the nodes what came after.
        readings_days: After so many what sensors said is erased.
        plans: Where each node stands.
        people: Looks up who is inside; None where no door counts.

    Raises:
        StoreError: The journal can't be opened, read or written.
    """
    loop = asyncio.get_running_loop()
    inbox = Inbox(loop)
    time = HallTime(newest_ms=0)  # the journal tells with the first reading
    disk = Disk(folder / BALLAST_FILE)
    async with (
        Journal.open(folder / "journal.db", disk=disk) as journal,
        readings_in(folder, disk, readings_days) as store,
        health_in(folder) as health,
    ):
        core = await _folded(
            journal, _copy_in(folder), Hall(setup), nodes, key, clock.mono_s(), time
        )
        link = Link(
            settings=settings,
            client_id="hub",
            subscriptions=[*(every(setup.hall, kind) for kind in HEARD), *filters(setup.hall)],
            will=None,
            on_event=inbox.put_threadsafe,
            loop=loop,
        )
        keeper, publish = None, link.publish
        if store is not None:
            keeper = Keeper(store=store, hall=setup.hall, gen=lambda: core.gen, publish=publish)
        hub = Hub(
            core=core,
            journal=journal,
            link=link,
            inbox=inbox,
            clock=clock,
            trust=trust,
            time=time,
            disk=disk,
            keeper=keeper,
            monitor=hub_monitor(core, link, health, folder, clock, trust, plans, disk, people),
        )
        await hub.serve(_stopping(), on_ready=ready)


async def _folded(  # noqa: PLR0913, PLR0917 - what a core is made of
    journal: Journal,
    copy: Path | None,
    hall: Hall,
    nodes: dict[str, Actor],
    key: HallKey,
    now_s: float,
    time: HallTime,
) -> HubCore:
    """Return the core of a hub whose state is that of its journal, and of a copy beyond it."""
    is_from_copy = copy is not None and await _takes_copy(journal, copy)
    for pos, at_ms, events in await journal.tail():
        hall.apply(pos, at_ms, events)
    core = HubCore(
        hall=hall,
        time=time,
        nodes=nodes,
        seals=Seals(key.bytes),
        gen=journal.gen,
        start=secrets.token_hex(8),
        own=secrets.token_hex(16),
        streams=journal.streams,
        beat_base=journal.beat_base,
        now_s=now_s,
        newest_gen=journal.newest_gen,
        recovering=journal.is_recovering or (not hall.pos and not key.is_new),
        owing=journal.owing,
        listens=True,
    )
    if is_from_copy:
        core.recover(now_s)
    _log.info("hub folded", extra=kv(pos=hall.pos, day=hall.day, tickets=len(hall.tickets)))
    return core


def _copy_in(folder: Path) -> Path | None:
    """Return the copy a person, or another Pi, has put there; None when there is none."""
    copy = folder / COPY_FILE
    return copy if copy.exists() else None


async def _takes_copy(journal: Journal, copy: Path) -> bool:
    """Take what the copy has beyond the journal; return whether a recovery is to follow.

    Raises:
        StoreError: The copy of a journal without rows can't be read; a person has to know.
    """
    is_empty = not journal.newest_gen
    try:
        taken = await journal.take_copy(copy)
    except StoreError as error:
        if is_empty:
            raise
        _log.error("the copy can't be used: going on without it", extra=kv(why=str(error)))
        return False
    if taken:
        _log.warning("rows taken from a copy", extra=kv(file=copy.name, rows=taken))
    return is_empty or taken > 0


def _stopping() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set."""
    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    return stopping
