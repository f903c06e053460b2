"""PURE: what the hub notices of its nodes and of its broker over time, as one sight of the hall.

A health counts by when it arrived, never by what it says of the time: after a start of the hub
nothing is fresh until it was heard again.
"""

from collections import deque
from collections.abc import Mapping, Sequence

from msgspec import Struct

from broker.diagnosis import HallSight, NodeSight, Recent
from broker.watch import SILENT_AFTER_S, Contact, Presence
from broker.wire.messages import Health
from firmware_config.schema import (
    BoardNode,
    CounterNode,
    HallFile,
    SensorNode,
    SignNode,
    host_of,
    role_of,
)

HOUR_S = 3600.0
SAMPLE_EVERY_S = 300.0
"""How often a node's counters are noted, to know what they were an hour ago."""

SAME_START_S = 5.0
"""Two healths of one process tell the same start within this; a message may lie for a while."""

BEHIND_S = 10.0
"""A board that has not shown what it was sent so long ago is behind."""

BROKER_S = 600.0
SENT_MAX = 64


class NodePlan(Struct, frozen=True, kw_only=True):
    """What the hall file says of a node's place.

    Attributes:
        counters: Of a counter's node.
    """

    id: str
    role: str
    host: str
    zone: str = ""
    switch: str = ""
    counters: tuple[int, ...] = ()


def plans_of(file: HallFile) -> list[NodePlan]:
    """Return every node of a hall file with where it stands."""
    zones = {counter.id: counter.zone or "" for counter in file.counters}
    found = []
    for node in file.nodes:
        counters = node.counters if isinstance(node, CounterNode | SignNode) else ()
        zone = (node.zone or "") if isinstance(node, BoardNode | SensorNode) else ""
        found.append(
            NodePlan(
                id=node.id,
                role=role_of(node),
                host=host_of(node),
                zone=zone or next((zones[counter] for counter in counters), ""),
                switch=node.switch or "",
                counters=counters if isinstance(node, CounterNode) else (),
            )
        )
    return found


class _Sample(Struct, frozen=True):
    at_s: float
    chatter: int
    presses: int
    connects: int


class _Track:
    """One node over the last hour."""

    def __init__(self) -> None:
        self.health_s = float("-inf")
        self.start_s = float("-inf")
        self.boot = ""
        self.skew_s: float | None = None
        self.starts: deque[float] = deque(maxlen=100)
        self.boots: deque[float] = deque(maxlen=100)
        self.samples: deque[_Sample] = deque(maxlen=round(HOUR_S / SAMPLE_EVERY_S) + 1)

    def heard(self, health: Health, at_s: float, wall_ms: int) -> None:
        """Take a health that arrived now."""
        self.health_s = at_s
        start_s = at_s - health.uptime_s
        if abs(start_s - self.start_s) > SAME_START_S:
            self.starts.append(at_s)
            self.samples.clear()
        self.start_s = start_s
        if health.boot and health.boot != self.boot:
            self.boots.append(at_s)
            self.boot = health.boot
        self.skew_s = None if health.wall_ms is None else (health.wall_ms - wall_ms) / 1000
        if not self.samples or at_s >= self.samples[-1].at_s + SAMPLE_EVERY_S:
            self.samples.append(_sample(health, at_s))

    def recent(self, health: Health | None, now_s: float) -> Recent:
        """Return what became of it in the last hour."""
        for instants in (self.starts, self.boots):
            while instants and instants[0] < now_s - HOUR_S:
                instants.popleft()
        if health is None or not self.samples:
            return Recent(starts=len(self.starts), boots=len(self.boots))
        now, then = _sample(health, now_s), self.samples[0]
        # A young process made its first connection within the hour too.
        connects = now.connects - (then.connects if then.at_s > self.start_s + HOUR_S else 0)
        return Recent(
            starts=len(self.starts),
            boots=len(self.boots),
            connects=connects,
            chatter=now.chatter - then.chatter,
            presses=now.presses - then.presses,
        )


class Observer:
    """Remembers what a diagnosis needs beyond the newest messages; all of it in memory, bounded.

    Args:
        plans: The nodes of the hall file.
        version: Of the hub.
        start_s: Monotonic, of the hub's start.
    """

    def __init__(self, plans: Sequence[NodePlan], *, version: str, start_s: float) -> None:
        self._plans = plans
        self._version = version
        self._start_s = start_s
        self._tracks = {plan.id: _Track() for plan in plans}
        self._sent: deque[tuple[float, str, int]] = deque(maxlen=SENT_MAX)
        self._broker: dict[str, int] = {}
        self._broker_up: tuple[float, int] | None = None
        self._broker_restart_s: float | None = None
        self._dropped: deque[tuple[float, int]] = deque(maxlen=SENT_MAX)

    @property
    def broker(self) -> Mapping[str, int]:
        """What the broker says of itself, by the end of the topic."""
        return self._broker

    def board_sent(self, gen: str, pos: int, now_s: float) -> None:
        """Note that boards were sent the state of this position."""
        self._sent.append((now_s, gen, pos))

    def broker_said(self, name: str, text: str, now_s: float) -> None:
        """Take a figure of the broker's own; what is no number is ignored.

        Args:
            name: The topic below `$SYS/broker/`.
            text: As mosquitto says it: `1234`, or `1234 seconds`.
        """
        digits = text.split(" ", maxsplit=1)[0]
        if not (digits.isascii() and digits.isdigit()):
            return
        value = self._broker[name] = int(digits)
        if name == "uptime":
            # Its start by our clock; what lies a while in a queue makes it later, never earlier.
            before = self._broker_up
            if before is not None and value < before[1]:
                self._broker_restart_s = now_s
            self._broker_up = (now_s, value)
        elif name == "publish/messages/dropped":
            self._dropped.append((now_s, value))

    def sight(  # noqa: PLR0913 - what is seen, each by name
        self,
        presence: Presence,
        *,
        now_s: float,
        wall_ms: int,
        open_counters: frozenset[int],
        clock_trusted: bool | None = None,
        gaps: int = 0,
        too_big: int = 0,
    ) -> HallSight:
        """Return the hall as it is now, the newest healths taken in.

        Args:
            open_counters: Those somebody sits at.
        """
        nodes = [self._node(plan, presence, now_s, wall_ms, open_counters) for plan in self._plans]
        restart_s, speaks = self._broker_restart_s, self._broker_up is not None
        was_restarted = restart_s is not None and now_s < restart_s + BROKER_S
        return HallSight(
            nodes=nodes,
            up_s=now_s - self._start_s,
            version=self._version,
            clock_trusted=clock_trusted,
            gaps=gaps,
            too_big=too_big,
            broker_restarted=was_restarted if speaks else None,
            broker_dropped=self._dropped_lately(now_s),
        )

    def _dropped_lately(self, now_s: float) -> int | None:
        if not self._dropped:
            return None
        while len(self._dropped) > 1 and self._dropped[0][0] < now_s - BROKER_S:
            self._dropped.popleft()
        # After a restart of the broker it counts anew.
        return max(0, self._dropped[-1][1] - self._dropped[0][1])

    def _node(
        self,
        plan: NodePlan,
        presence: Presence,
        now_s: float,
        wall_ms: int,
        open_counters: frozenset[int],
    ) -> NodeSight:
        seen, track = presence.nodes.get(plan.id), self._tracks[plan.id]
        health: Health | None = None
        if seen and seen.health and seen.health_s is not None:
            if seen.health_s > track.health_s:
                then_ms = wall_ms - round((now_s - seen.health_s) * 1000)
                track.heard(seen.health, seen.health_s, then_ms)
            is_here = seen.contact is Contact.HERE
            health = seen.health if is_here and now_s < seen.health_s + SILENT_AFTER_S else None
        return NodeSight(
            id=plan.id,
            role=plan.role,
            host=plan.host,
            zone=plan.zone,
            switch=plan.switch,
            contact=seen.contact if seen else None,
            health=health,
            behind=self._is_behind(plan, health, track.health_s),
            skew_s=track.skew_s if health else None,
            recent=track.recent(health, now_s),
            is_serving=plan.role != "counter" or bool(open_counters & set(plan.counters)),
        )

    def _is_behind(self, plan: NodePlan, health: Health | None, health_s: float) -> bool | None:
        """Return whether a board, when it sent its health, had not shown what it had been sent."""
        if plan.role != "board" or health is None or health.display is None:
            return None
        due = [(gen, pos) for at_s, gen, pos in self._sent if at_s <= health_s - BEHIND_S]
        if not due:
            return False
        gen, pos = due[-1]
        return health.display.gen != gen or health.display.pos < pos


def _sample(health: Health, at_s: float) -> _Sample:
    buttons = health.buttons.values()
    return _Sample(
        at_s,
        sum(button.chatter for button in buttons),
        sum(button.presses for button in buttons),
        health.connects or 0,
    )
