"""Watches the fleet beside the hub's own work: sees, diagnoses, says what is wrong, remembers it.

A task of its own in the hub's process, every two seconds. No press waits for it; a file of its own
that fails costs the history, not the alarms.
"""

import importlib.metadata
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broker.alarm_table import ALARMS
from broker.alarms import Alarms
from broker.checkup import Checkup
from broker.clock import Clock, Trust
from broker.core import HubCore
from broker.diagnosis import HallSight, ZoneSight, diagnose
from broker.disk import Disk, Room
from broker.health_store import COARSE_STEP_S, FINE_STEP_S, FigureRow, Transition
from broker.link import Link, Received
from broker.log import kv
from broker.observer import NodePlan, Observer
from broker.people import People
from broker.rollup import Rollup
from broker.status import fleet_of
from broker.store import StoreError
from broker.vitals import boot_id, rss_bytes
from broker.wire.figures import Machine
from broker.wire.messages import Alarm, Health, encode
from broker.wire.topics import Kind, Topic, every, parse_topic

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
PEOPLE_EVERY_S = 15.0
HEALTH_EVERY_S = 15.0
TRIM_EVERY_S = 3600.0

SYS = "$SYS/broker/"
BROKER_SAYS = ("uptime", "clients/connected", "publish/messages/dropped", "store/messages/count")
"""Below `$SYS/broker/`: mosquitto says them every 10 s; the try-it broker says nothing."""

DAY_S = 24 * 3600.0
HOUR_S = 3600.0
WAITING_MAX = 1000
"""Changes not on the disk yet; beyond it the oldest are forgotten."""


class Store(Protocol):
    """What the monitor needs of `broker.health_store.HealthStore`."""

    @property
    def kept(self) -> Sequence[Alarm]:
        """The alarms that were open when the hub last ended."""

    async def put(
        self,
        *,
        changed: Mapping[str, Alarm | None],
        transitions: Sequence[Transition],
        figures: Sequence[FigureRow],
    ) -> None:
        """Commit all of it, or raise StoreError."""

    async def trim(self, at_ms: int, *, is_trusted: bool) -> None:
        """Forget what is old, or raise StoreError."""


class _Stamp(Struct):
    gen: str
    pos: int


class _Lately:
    """How much a count that only grows has grown in a window of time."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._before = 0
        self._grown: list[tuple[float, int]] = []

    def look(self, total: int, now_s: float) -> int:
        """Return the growth of the window that ends now."""
        if total > self._before:
            self._grown.append((now_s, total - self._before))
            self._before = total
        self._grown = [(at_s, by) for at_s, by in self._grown if now_s < at_s + self._window_s]
        return sum(by for _, by in self._grown)


def filters(hall: str) -> list[str]:
    """Return what the hub's link has to hear for a monitor."""
    return [every(hall, Kind.ALARM), *(SYS + name for name in BROKER_SAYS)]


class Monitor:
    """Joins observer, diagnosis and alarms to the hub's link, clock and files.

    Args:
        plans: The nodes of the hall file.
        store: None where the file can't be used.
        publish: Of the link.
        counts: Of the link.
        look: Looks at the hub's own machine.
        people: Looks up who is inside; None where no door counts.
        room: How much room there is on the hub's disk: the history is the first to give way.
        version: Of the hub.
        boot: Of its machine.
    """

    def __init__(  # noqa: PLR0913 - what it joins, each by name
        self,
        *,
        core: HubCore,
        plans: Sequence[NodePlan],
        store: Store | None,
        publish: Callable[[Topic, bytes], bool],
        counts: Callable[[], Mapping[str, int]],
        clock: Clock,
        trust: Trust,
        look: Callable[[], Machine],
        room: Callable[[], Room],
        version: str,
        boot: str,
        people: People | None = None,
    ) -> None:
        now_s = clock.mono_s()
        self.observer = Observer(plans, version=version, start_s=now_s)
        self.alarms = Alarms(ALARMS, kept=store.kept if store else (), now_s=now_s)
        self._core = core
        self._hall = core.hall.setup.hall
        self._plans = plans
        self._store = store
        self._publish = publish
        self._counts = counts
        self._clock = clock
        self._trust = trust
        self._look_at_machine = look
        self._people = people
        self._zones: Sequence[ZoneSight] = ()
        self._people_s = now_s
        self._room = room
        self._told = ""
        self._version = version
        self._boot = boot
        self._start_s = now_s
        self._at_broker: set[str] = set()
        self._unsent: set[str] = set()
        self._contacts: dict[str, str] = {}
        self._gaps, self._too_big = _Lately(DAY_S), _Lately(HOUR_S)
        self._rolled: dict[str, float] = {}
        self._steps = {FINE_STEP_S: (Rollup(), now_s), COARSE_STEP_S: (Rollup(), now_s)}
        self._changed: dict[str, Alarm | None] = {}
        self._transitions: list[Transition] = []
        self._figures: list[FigureRow] = []
        self._health_s = self._trim_s = now_s

    def takes(self, event: Received) -> bool:
        """Take what is the monitor's alone; return whether it was."""
        if event.topic.startswith(SYS):
            text = event.payload.decode("ascii", "replace")
            self.observer.broker_said(event.topic[len(SYS) :], text, self._clock.mono_s())
            return True
        topic = parse_topic(event.topic)
        if topic is None or topic.kind is not Kind.ALARM or topic.hall != self._hall:
            return False
        # What the broker kept of an earlier life, or what was just said from here.
        if event.payload and event.retained:
            self._at_broker.add(topic.id)
        return True

    def connected(self) -> None:
        """Say every open alarm again: the broker may have lost them all."""
        self._unsent |= self.alarms.open.keys()
        self._health_s = self._clock.mono_s()

    def said(self, topic: Topic, payload: bytes) -> None:
        """Note what the hub has said: of boards it is then expected that they show it."""
        if topic.kind is Kind.BOARD:
            stamp = msgspec.json.decode(payload, type=_Stamp)
            self.observer.board_sent(stamp.gen, stamp.pos, self._clock.mono_s())

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self._count_people()
                self.look()
            except Exception:  # noqa: BLE001 - the rim of this task: a fault here must not end the hall
                self._tell("the fleet was not looked at", exc_info=True)
            await self._keep()
            await self._clock.sleep(LOOK_EVERY_S)

    async def _count_people(self) -> None:
        if self._people is None or self._clock.mono_s() < self._people_s:
            return
        self._people_s = self._clock.mono_s() + PEOPLE_EVERY_S
        # As the readings' stamps, which never go back either.
        now_ms = max(self._clock.wall_ms(), self._core.hall.at_ms)
        self._zones = await self._people.look(now_ms)

    def look(self) -> None:
        """Look once at everything, and say what changed.

        A hub that does not serve yet may not be the hall's: it says nothing.
        """
        if not self._core.serves:
            return
        now_s, wall_ms = self._clock.mono_s(), self._clock.wall_ms()
        sight = self.sight(now_s, wall_ms)
        changed = self.alarms.take(
            diagnose(sight), now_s=now_s, at_ms=wall_ms, is_open=self._is_open(wall_ms)
        )
        self._note_alarms(changed, wall_ms)
        is_news = self._note_contacts(sight, wall_ms)
        self._say_alarms()
        if is_news or now_s >= self._health_s:
            fleet = fleet_of(sight, self._core.presence, now_s=now_s, at_ms=wall_ms)
            self._publish(Topic(self._hall, Kind.FLEET), encode(fleet))
        if now_s >= self._health_s:
            self._health_s = now_s + HEALTH_EVERY_S
            health = self._own_health(now_s, wall_ms)
            self._publish(Topic(self._hall, Kind.HEALTH, "hub"), encode(health))
        self._roll(sight, now_s, wall_ms)

    def sight(self, now_s: float, wall_ms: int) -> HallSight:
        """Return the hall as it is now."""
        counters = self._core.hall.counters.values()
        sight = self.observer.sight(
            self._core.presence,
            now_s=now_s,
            wall_ms=wall_ms,
            open_counters=frozenset(c.id for c in counters if c.status == "open"),
            clock_trusted=self._trust.is_trusted(),
            gaps=self._gaps.look(self._core.counts["stream_gaps"], now_s),
            too_big=self._too_big.look(self._counts().get("oversized", 0), now_s),
        )
        return replace(sight, zones=self._zones)

    def _is_open(self, wall_ms: int) -> bool:
        calendar = self._core.hall.setup.calendar
        if calendar is None or not self._core.hall.is_dated:
            return True
        moment = calendar.moment(wall_ms)
        agencies = ("", *self._core.hall.setup.agencies)
        return any(
            span.start_min <= moment.at_min < span.end_min
            for agency in agencies
            for span in calendar.spans(agency, moment.date)
        )

    def _note_alarms(self, changed: Mapping[str, Alarm | None], wall_ms: int) -> None:
        self._unsent |= changed.keys()
        for alarm_id, alarm in changed.items():
            kind, _, subject = alarm_id.partition(".")
            if alarm is None or alarm.since_ms == wall_ms:
                what = "cleared" if alarm is None else "raised"
                level = logging.INFO if alarm is None else logging.WARNING
                _log.log(level, "alarm %s", what, extra=kv(kind=kind, subject=subject))
                self._transitions.append(Transition(wall_ms, what, subject, kind, alarm))
        self._changed |= changed

    def _note_contacts(self, sight: HallSight, wall_ms: int) -> bool:
        """Note who came or went; return whether anybody did."""
        contacts = {node.id: node.contact.value for node in sight.nodes if node.contact}
        news = [node for node, contact in contacts.items() if self._contacts.get(node) != contact]
        self._transitions += [Transition(wall_ms, contacts[node], node) for node in news]
        self._contacts = contacts
        return bool(news)

    def _say_alarms(self) -> None:
        """Publish what changed, and end what the broker has kept of an alarm that is over."""
        open_now = self.alarms.open
        for alarm_id in self._unsent | (self._at_broker - open_now.keys()):
            alarm = open_now.get(alarm_id)
            payload = encode(alarm) if alarm else b""
            if self._publish(Topic(self._hall, Kind.ALARM, alarm_id), payload):
                self._unsent.discard(alarm_id)
                self._at_broker.discard(alarm_id)

    def _own_health(self, now_s: float, wall_ms: int) -> Health:
        return Health(
            uptime_s=round(now_s - self._start_s, 1),
            rss_bytes=rss_bytes(),
            disk=self._room().value,
            counts=dict(self._core.counts) | dict(self._counts()),
            sent_ms=int(now_s * 1000),
            wall_ms=wall_ms,
            boot=self._boot,
            version=self._version,
            connects=self._counts().get("connected"),
            machine=self._look_at_machine(),
        )

    def _roll(self, sight: HallSight, now_s: float, wall_ms: int) -> None:
        presence = self._core.presence.nodes
        for node in sight.nodes:
            seen = presence.get(node.id)
            if node.health and seen and seen.health_s != self._rolled.get(node.id):
                self._rolled[node.id] = seen.health_s or 0.0
                for rollup, _ in self._steps.values():
                    rollup.add(node.id, node.health)
        for step_s, (rollup, begun_s) in self._steps.items():
            if now_s >= begun_s + step_s:
                self._steps[step_s] = (rollup, now_s)
                rows = rollup.cut().items()
                self._figures += [FigureRow(n, step_s, wall_ms, figures) for n, figures in rows]

    def _tell(self, fault: str, *, exc_info: bool = False, **fields: str) -> None:
        """Log a fault once, until it is over or another one comes."""
        level = logging.DEBUG if fault == self._told else logging.ERROR
        self._told = fault
        _log.log(level, fault, exc_info=exc_info, extra=kv(**fields))

    async def _keep(self) -> None:
        """Commit what waits; what can't be kept waits on, up to a limit."""
        now_s = self._clock.mono_s()
        if self._store is None or self._room() is not Room.OK:
            self._transitions, self._figures = [], []
            return
        changed, transitions, figures = self._changed, self._transitions, self._figures
        try:
            if changed or transitions or figures:
                await self._store.put(changed=changed, transitions=transitions, figures=figures)
                self._changed, self._transitions, self._figures = {}, [], []
                self._told = ""
            if now_s >= self._trim_s:
                self._trim_s = now_s + TRIM_EVERY_S
                is_trusted = self._trust.is_trusted()
                await self._store.trim(self._clock.wall_ms(), is_trusted=is_trusted)
        except StoreError as error:
            self._tell("health is not kept", why=str(error))
            self._transitions = transitions[-WAITING_MAX:]
            self._figures = figures[-WAITING_MAX:]


def hub_monitor(  # noqa: PLR0913, PLR0917 - what it joins
    core: HubCore,
    link: Link,
    store: Store | None,
    folder: Path,
    clock: Clock,
    trust: Trust,
    plans: Sequence[NodePlan],
    disk: Disk,
    people: People | None,
) -> Monitor:
    """Return the monitor of a hub that runs on this machine."""
    boot = boot_id()
    return Monitor(
        core=core,
        plans=plans,
        store=store,
        publish=link.publish,
        counts=lambda: link.counts,
        clock=clock,
        trust=trust,
        look=Checkup(folder, boot=boot, mono_s=clock.mono_s).look,
        room=lambda: disk.room,
        version=importlib.metadata.version("loket"),
        boot=boot,
        people=people,
    )
