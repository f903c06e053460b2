"""The runtime of a node with sensors: chips and doors -> readings -> disk -> link.

One task does all of it, in order, as in `edge.node`; a thread reads the chips. A reading decides
nothing and nobody waits for one: trouble with a chip, the disk or the broker is counted, said once,
and the next minute tries again. Of what is not known nothing is sent.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from broker.clock import Clock
from broker.link import Connected, Disconnected, Received
from broker.log import kv
from broker.outbox import Outbox
from broker.store import StoreError
from broker.vitals import rss_bytes
from broker.wire.figures import Machine
from broker.wire.generation import generation_number
from broker.wire.messages import Health, WireError, read_ack
from broker.wire.readings import Reading
from broker.wire.topics import Kind, parse_topic
from edge.devices import Devices
from edge.door import BEAM
from edge.fingers import Fingers
from edge.giving import answer_hub
from edge.inbox import Edge, Inbox, Item, Read, Settle, Stop
from edge.node import FEED_EVERY_S, PanelPort
from edge.post import Identity, LinkPort, Post
from edge.readings import ReadingPost
from edge.role import Visit
from edge.sensors import SensorPort, names_of
from edge.sensors_door import Doors
from edge.sensors_gauge import SAMPLE_EVERY_S, Gauge, State

_log = logging.getLogger(__name__)

REPORT_EVERY_S = 60.0

DOOR_WITHIN_S = 5.0
"""Who passes a door is told this soon: how full a hall is is asked for when it fills."""

KEPT = "doors"


class ReaderPort(Protocol):
    """What reads the chips; see `edge.sensors_thread.Reader`."""

    def ask(self) -> None:
        """Have all of them read once."""
        ...


class Sensors:
    """Joins chips, doors, disk and link of one node.

    Args:
        ports: In the order in which the reader reads them.
        doors: Of the beams among the devices' buttons.
        readings: Its lane was made from the box's rows.
        day_of: The day people are counted for at an instant of the hall's time.
        fed: As in `edge.node.Node`.
        look: Looks at the machine, for health; None where there is none to look at.

    Attributes:
        panel: Set before `run`, when there is one.
        counts: What went wrong since start, by name, for health.
    """

    def __init__(  # noqa: PLR0913 - the parts of a node, each by name
        self,
        *,
        identity: Identity,
        devices: Devices,
        outbox: Outbox,
        post: Post,
        readings: ReadingPost,
        link: LinkPort,
        inbox: Inbox,
        reader: ReaderPort,
        ports: Sequence[SensorPort],
        doors: Doors,
        day_of: Callable[[int], str],
        clock: Clock,
        fed: Callable[[], object] | None = None,
        look: Callable[[], Machine] | None = None,
    ) -> None:
        self.panel: PanelPort | None = None
        self.counts: Counter[str] = Counter()
        self._identity = identity
        self._outbox = outbox
        self._post = post
        self._readings = readings
        self._link = link
        self._inbox = inbox
        self._reader = reader
        self._doors = doors
        self._day_of = day_of
        self._clock = clock
        self._fed = fed
        self._look = look
        now_s = self._started_s = clock.mono_s()
        self._feed_s = now_s if fed else None
        self._fingers = Fingers(devices=devices, inbox=inbox, clock=clock, timing=BEAM)
        self._ports = tuple(ports)
        self._kinds = names_of(self._ports)
        self._gauges = [Gauge(port.kinds, at_s=now_s) for port in self._ports]
        self._states = [State.UNKNOWN] * len(self._ports)
        self._why = [""] * len(self._ports)
        self._is_reading = False
        self._sample_s: float | None = now_s if self._ports else None
        self._report_s = now_s + REPORT_EVERY_S
        self._news_s: float | None = None
        self._gen = post.gen
        self._is_stopping = False

    async def run(self) -> None:
        """Work until `stop()`; what the doors counted until then is on disk."""
        self._fingers.watch()
        self._link.start()
        try:
            while not self._is_stopping:
                await self._pass()
            if self._doors.has_news:
                await self._report(self._doors.readings())
        finally:
            self._link.stop()

    def stop(self) -> None:
        """Ask the node to end."""
        self._inbox.put_threadsafe(Stop())

    def snapshot(self) -> dict[str, object]:
        """Return what a panel shows."""
        now_s = self._clock.mono_s()
        return {
            "id": self._identity.node,
            "role": self._identity.role,
            "buttons": self._fingers.names,
            "lamps": {},
            **self._post.panel(now_s),
            **self._doors.panel(),
            "sensors": [
                {
                    "name": port.name,
                    "state": state.value,
                    "values": {
                        kind: round(value, 1) for kind, value in gauge.values(now_s).items()
                    },
                }
                for port, gauge, state in zip(self._ports, self._gauges, self._states, strict=True)
            ],
        }

    def is_up(self, button: str) -> bool:
        """Return whether this beam is whole; KeyError when there is none."""
        return self._fingers.is_up(button)

    def move(self, button: str, *, down: bool) -> None:
        """Break a beam, or let it be whole."""
        self._fingers.move(button, down=down)

    def presses(self, button: str) -> int:
        """Return how often the beam was broken since the start."""
        return self._fingers.presses(button)

    async def settled(self, button: str) -> None:
        """Wait until the beam is whole and what its break means is counted."""
        await self._fingers.settled(button)

    async def take(self, visit: Visit) -> str:
        """Refuse it.

        Raises:
            ValueError: Always: nobody takes a ticket at a sensor.
        """
        raise ValueError(f"a sensor takes no visits ({', '.join(visit.services)})")

    # -- one pass -----------------------------------------------------------------------------

    async def _pass(self) -> None:
        """Sleep until there is something to do, and do all of it."""
        items = await self._inbox.take(self._wait_s())
        now_s = self._clock.mono_s()
        for item in items:
            await self._take(item, now_s)
        self._doors.moments(self._fingers.advance(now_s))
        if (at_ms := self._post.time_ms(now_s)) is not None:
            self._doors.day_is(self._day_of(at_ms))
        self._ask_chips(now_s)
        await self._tell(now_s)
        self._judge(now_s)
        self._send(now_s)
        self._fingers.settle()
        if self.panel:
            self.panel.changed()
        if self._fed and self._feed_s is not None and self._feed_s <= now_s:
            self._fed()
            self._feed_s = now_s + FEED_EVERY_S

    def _wait_s(self) -> float | None:
        now_s = self._clock.mono_s()
        dues = [self._post.wake_s(now_s), self._readings.lane.wake_s(), self._fingers.wake_s()]
        dues += [self._report_s, self._news_s, self._sample_s, self._feed_s]
        return min(due for due in dues if due is not None) - now_s

    async def _take(self, item: Item, now_s: float) -> None:
        match item:
            case Edge():
                # All beams up to this instant: an edge of one says nothing of the other.
                said = [*self._fingers.advance(item.at_s), *self._fingers.edge(item)]
                self._doors.moments(said)
            case Read():
                self._read(item)
            case Received():
                await self._received(item, now_s)
            case Connected():
                self._post.connected(item.session, now_s)
                self._readings.lane.connected(now_s)
                _log.info("broker reached")
            case Disconnected():
                self._post.disconnected()
                self._readings.lane.disconnected()
                _log.warning("broker lost", extra=kv(reason=item.reason))
            case Settle():
                self._fingers.wait(item)
            case Stop():
                self._is_stopping = True
            case _:
                pass  # a visit, or a slip: there are none here

    def _ask_chips(self, now_s: float) -> None:
        if self._sample_s is None or now_s < self._sample_s:
            return
        self._sample_s = now_s + SAMPLE_EVERY_S
        if self._is_reading:
            self.counts["readings_late"] += 1  # a chip holds its bus: it is asked when it is back
            return
        self._is_reading = True
        self._reader.ask()

    def _read(self, read: Read) -> None:
        self._is_reading = False
        for place, (sample, why) in enumerate(read.results):
            self._why[place] = why
            if sample is None:
                self._gauges[place].failed()
            else:
                self._gauges[place].take(sample, read.at_s)

    def _judge(self, now_s: float) -> None:
        """Say once what became of a sensor."""
        for place, (port, gauge) in enumerate(zip(self._ports, self._gauges, strict=True)):
            state = gauge.state(now_s)
            is_early = not any(gauge.counts.values()) and gauge.age_s(now_s) < REPORT_EVERY_S
            if state is self._states[place] or (state is State.UNKNOWN and is_early):
                continue
            self._states[place] = state
            fields = kv(sensor=port.name, state=state.value, **gauge.counts)
            if state is State.OK:
                _log.info("sensor read", extra=fields)
            else:
                _log.warning("sensor not believed", extra=fields | kv(why=self._why[place]))

    # -- what is told -------------------------------------------------------------------------

    async def _tell(self, now_s: float) -> None:
        """Keep what is due: all of it once a minute, who passed a door within some seconds."""
        if self._news_s is None and self._doors.has_news:
            self._news_s = now_s + DOOR_WITHIN_S
        if self._report_s <= now_s:
            # In step with the start, not with how long a pass took.
            self._report_s += REPORT_EVERY_S * (1 + (now_s - self._report_s) // REPORT_EVERY_S)
            await self._report({**self._values(now_s), **self._doors.readings()})
        elif self._news_s is not None and self._news_s <= now_s:
            await self._report(self._doors.readings())

    def _values(self, now_s: float) -> dict[str, float]:
        return {
            kinds[kind]: round(value, 3)
            for kinds, gauge in zip(self._kinds, self._gauges, strict=True)
            for kind, value in gauge.values(now_s).items()
        }

    async def _report(self, values: Mapping[str, float]) -> None:
        self._news_s = None
        if not values:
            return
        made_ms, now_s = self._clock.wall_ms(), self._clock.mono_s()
        readings = [
            Reading(kind=kind, value=value, made_ms=made_ms) for kind, value in values.items()
        ]
        kept = {KEPT: self._doors.kept()} if len(self._doors) else None
        try:
            await self._readings.measured(readings, now_s, kept=kept)
        except StoreError as error:
            # People are counted on until the disk writes again; what was measured is lost.
            self.counts["store_errors"] += 1
            _log.error("readings not kept", extra=kv(why=str(error)))
        else:
            self._doors.told()

    # -- the other end ------------------------------------------------------------------------

    async def _received(self, item: Received, now_s: float) -> None:
        topic = parse_topic(item.topic)
        try:
            match topic.kind if topic else None:
                case Kind.ACK:
                    await self._acked(item.payload, now_s)
                case Kind.HUB:
                    self._post.hub_seen(item.payload, now_s, retained=item.retained)
                case _:
                    self._bad(WireError(f"{item.topic[:80]!r} is none of ours"))
            if self._post.gen != self._gen:
                await self._outbox.set_gen(self._post.gen)
                self._gen = self._post.gen
        except WireError as error:
            self._bad(error)
        except StoreError as error:
            self.counts["store_errors"] += 1
            _log.error("not kept, to be tried again", extra=kv(why=str(error)))

    def _bad(self, error: WireError) -> None:
        """Count what no peer should send; say the first."""
        self.counts["wire_errors"] += 1
        if self.counts["wire_errors"] == 1:
            _log.warning("bad message ignored", extra=kv(why=str(error)))

    async def _acked(self, payload: bytes, now_s: float) -> None:
        ack = read_ack(payload)
        self._post.acked(payload, now_s)  # it has no commands, but births and a generation
        if generation_number(ack.gen) >= generation_number(self._post.gen):
            await self._readings.acked(payload, now_s)
        if self._post.asked is not None or self._post.foreign is not None:
            await answer_hub(self._post, self._outbox)

    def _send(self, now_s: float) -> None:
        self._post.send_birth(now_s, held=self._outbox.held)
        self._post.send_commands(now_s)  # there are none, but it has to hear so
        self._readings.send(now_s)
        if self._post.is_health_due(now_s):
            self._post.send_health(self._health(now_s), now_s)

    def _health(self, now_s: float) -> Health:
        counts = {**self.counts, **self._doors.counts, "inbox_dropped": self._inbox.dropped}
        counts["readings_waiting"] = self._readings.lane.depth
        for port, gauge, state in zip(self._ports, self._gauges, self._states, strict=True):
            for name in ("read_errors", "implausible", "jumps"):
                counts[f"{port.name}_{name}"] = gauge.counts[name]
            counts[f"{port.name}_age_s"] = gauge.age_s(now_s)
            counts[f"{port.name}_suspect"] = int(state is State.SUSPECT)
        identity = self._post.identity
        return Health(
            uptime_s=round(now_s - self._started_s, 1),
            connects=self._post.connects,
            rss_bytes=rss_bytes(),
            disk=self._outbox.room().value,
            wall_ms=self._clock.wall_ms(),
            boot=identity.boot,
            version=identity.version,
            machine=self._look() if self._look else None,
            counts=counts,
        )
