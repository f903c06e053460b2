"""PURE: what is seen of a hall -> what is the matter with it, each as a finding that holds or not.

A finding that can't be judged is unknown (None): a node that says nothing can't say that its paper
is back, and what it last said is no fact of now. When a finding becomes an alarm is the business of
`broker.alarms`; limits that are figures are here, those that are durations in `broker.alarm_table`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from broker.hall.occupancy import crowding
from broker.watch import Contact
from broker.wire.figures import Machine
from broker.wire.messages import Health

HALL = "hall"

SETTLE_S = 60.0
"""So long after its start a hub doesn't miss who it has not heard yet."""

HOT_C = 80.0
MEMORY_MIN = 0.07
DISK_MIN = 0.10
CANARY_SLOW_S = 2.0
CLOCK_APART_S = 0.5
RADIO_MIN_DBM = -80
CABLE_MIN_MBPS = 100
BAD_FRAMES_MAX = 0.01
OUTBOX_S = 60.0
FAILED_SLIPS = 2
AGAIN_IN_AN_HOUR = 3
"""Starts of a process, boots of a Pi, or lost connections, beyond the first, that are too many."""
CHATTER_MIN, CHATTER_PER_PRESS = 20, 20
SILENT_S = 7200.0
BUSY_S = 1800.0
PEERS_MIN = 3
THROTTLED = 0b1110
SENSOR_S = 600.0
"""Ten readings of a sensor that were not believed, or not there."""
AGE, SUSPECT, BLOCKED = "_age_s", "_suspect", "_blocked"
"""How a sensor node's counts end, after the name of the chip or the door."""

UNBUILT = frozenset({"shadow"})
"""Roles that have no process yet: who was never heard is not missed."""


class Finding(NamedTuple):
    """What is the matter with a subject, or is not.

    Attributes:
        kind: A key of the table of alarms.
        subject: A node, a Pi, a zone, a switch, or `hall`.
        holds: None is unknown.
        details: Fills the words of the alarm.
    """

    kind: str
    subject: str
    holds: bool | None
    details: Mapping[str, str | int | float] = {}


class Recent(Struct, frozen=True, kw_only=True):
    """What became of a node in the last hour.

    Attributes:
        starts, boots, connects: How often, the first included; connects of the newest start.
        chatter, presses: Of its buttons; None while that is not known for a while.
    """

    starts: int = 0
    boots: int = 0
    connects: int = 0
    chatter: int | None = None
    presses: int | None = None


class NodeSight(Struct, frozen=True, kw_only=True):
    """One node as the hub sees it now.

    Attributes:
        contact: None = never heard since the hub started.
        health: The newest, only while it is of now.
        behind: Its picture is older than what it was sent; None where that means nothing.
        skew_s: Its wall clock against the hub's.
        is_serving: Its counter is open, or it is a kiosk: somebody should be pressing.
    """

    id: str
    role: str
    host: str
    zone: str = ""
    switch: str = ""
    contact: Contact | None = None
    health: Health | None = None
    behind: bool | None = None
    skew_s: float | None = None
    recent: Recent = Recent()
    is_serving: bool = True


class ZoneSight(Struct, frozen=True, kw_only=True):
    """A zone with doors that count.

    Attributes:
        people: Inside; None while a door of it is not heard.
        people_max: With more it is too full.
    """

    id: str
    people: int | None
    people_max: int


class HallSight(Struct, frozen=True, kw_only=True):
    """The hall as the hub sees it now.

    Attributes:
        up_s: Since the hub started.
        version: The hub's.
        clock_trusted: The hub's clock can be believed; None = not known.
        gaps: Rows of nodes that were lost, in the last day.
        too_big: Messages the hub could not send for their size, in the last hour.
        broker_restarted: In the last 10 minutes; None = the broker says nothing.
        broker_dropped: Messages it dropped in the last 10 minutes.
        zones: Those with doors and a limit.
    """

    nodes: Sequence[NodeSight]
    up_s: float
    version: str = ""
    clock_trusted: bool | None = None
    gaps: int = 0
    too_big: int = 0
    broker_restarted: bool | None = None
    broker_dropped: int | None = None
    zones: Sequence[ZoneSight] = ()


class Group(NamedTuple):
    """Nodes that share something that can die."""

    kind: str
    subject: str
    nodes: tuple[str, ...]


def diagnose(hall: HallSight) -> list[Finding]:
    """Return every finding of now, those that don't hold included."""
    dead = dead_groups(hall)
    covered = {node for group in dead for node in group.nodes}
    found = [Finding(g.kind, g.subject, holds=True, details={"count": len(g.nodes)}) for g in dead]
    for node in hall.nodes:
        if node.role != "hub":
            found.append(_offline(node, hall.up_s, is_covered=node.id in covered))
        found += _process(node, hall.version)
        found += _parts(node, hall.nodes)
    found += _machines(hall.nodes)
    found += _crowds(hall.zones)
    found += _hub(hall)
    return found


def is_off(node: NodeSight, up_s: float) -> bool | None:
    """Return whether a node that should be here is not; None while that is not known."""
    if node.contact is None:
        return None if up_s < SETTLE_S or node.role in UNBUILT else True
    if node.contact is Contact.HERE and node.health is None:
        # Only the birth the broker kept: it may be of a node that died while no hub was there.
        return None
    return node.contact is not Contact.HERE


def dead_groups(hall: HallSight) -> list[Group]:
    """Return what took several nodes with it, the widest first; no node is in two.

    Half of the hall is its main switch or the broker; all of a switch, of a zone or of a Pi is that
    one thing. A zone or a switch of one Pi is that Pi.
    """
    off = {node.id for node in hall.nodes if is_off(node, hall.up_s)}
    hub_hosts = {node.host for node in hall.nodes if node.role == "hub"}
    far = [node for node in hall.nodes if node.host not in hub_hosts]
    hosts = {node.host for node in far}
    groups: list[Group] = []
    gone = [node.id for node in far if node.id in off]
    # Two Pis of four may be two plugs; of a hall of that size each is told alone.
    if len(hosts) >= PEERS_MIN and len(gone) * 2 >= len(far) and len(_hosts(far, off)) >= PEERS_MIN:
        groups.append(Group("hall_offline", HALL, tuple(gone)))
        off -= set(gone)
    for kind, subjects, hosts_min in (
        ("switch_offline", _by(far, "switch"), 2),
        ("zone_offline", _by(far, "zone"), 2),
        ("pi_offline", _by(far, "host"), 1),
    ):
        for subject, nodes in subjects.items():
            ids = {node.id for node in nodes}
            if len(ids) >= 2 and ids <= off and len({n.host for n in nodes}) >= hosts_min:  # noqa: PLR2004 - one node is no group
                groups.append(Group(kind, subject, tuple(sorted(ids))))
                off -= ids
    return groups


def _hosts(nodes: Iterable[NodeSight], off: set[str]) -> set[str]:
    return {node.host for node in nodes if node.id in off}


def _by(nodes: Iterable[NodeSight], name: str) -> dict[str, list[NodeSight]]:
    found: dict[str, list[NodeSight]] = defaultdict(list)
    for node in nodes:
        if subject := getattr(node, name):
            found[subject].append(node)
    return found


def _offline(node: NodeSight, up_s: float, *, is_covered: bool) -> Finding:
    kind = "sensor_offline" if node.role == "sensor" else "node_offline"
    return Finding(kind, node.id, holds=not is_covered and is_off(node, up_s))


def _process(node: NodeSight, version: str) -> Iterator[Finding]:
    health, recent = node.health, node.recent
    age_s = health.outbox_age_s if health else None
    stuck = None if health is None else age_s is not None and age_s > OUTBOX_S
    depth = health.outbox_depth if health else 0
    yield Finding("outbox_stuck", node.id, stuck, {"count": depth})
    full = None if health is None else health.disk in {"short", "full"}
    yield Finding("disk_full", node.id, full)
    is_other = bool(version and health and health.version and health.version != version)
    details = {"version": health.version if health else "", "hub": version}
    yield Finding("version_apart", node.id, None if health is None else is_other, details)
    many = recent.starts > AGAIN_IN_AN_HOUR
    yield Finding("restarting", node.id, many, {"count": recent.starts - 1})
    many = recent.connects > AGAIN_IN_AN_HOUR
    yield Finding("link_flapping", node.id, many, {"count": recent.connects - 1})


def _parts(node: NodeSight, all_nodes: Sequence[NodeSight]) -> Iterator[Finding]:
    health = node.health
    if node.role in {"kiosk", "counter"}:
        yield from _buttons(node, all_nodes)
    if node.role == "kiosk" and (health is None or health.printer is not None):
        state = health.printer.state if health and health.printer else None
        failed = health.printer.failed if health and health.printer else 0
        known = state is not None and state != "unknown"
        for kind, bad in (
            ("paper_out", "out"),
            ("printer_offline", "offline"),
            ("paper_low", "near_end"),
        ):
            yield Finding(kind, node.id, state == bad if known else None)
        # A printer that is known to be out fails of course: that is one fault, not two.
        is_failing = failed >= FAILED_SLIPS and state not in {"out", "offline"}
        yield Finding("print_failing", node.id, None if health is None else is_failing)
    if node.role == "sensor":
        yield from _sensors(node)
    if node.role in {"board", "sign"}:
        yield Finding("display_stale", node.id, node.behind if health else None)
        plugged = health.display.plugged if health and health.display else None
        yield Finding("display_unplugged", node.id, None if plugged is None else not plugged)
        sound = health.counts.get("voice_sound") if health else None
        if sound is not None:
            yield Finding("voice_silent", node.id, sound == 0)


def _sensors(node: NodeSight) -> Iterator[Finding]:
    """Yield what is the matter with each chip and door, by the counts of its node's health."""
    counts = node.health.counts if node.health else {}
    silent = sorted(
        name.removesuffix(AGE)
        for name, age_s in counts.items()
        if name.endswith(AGE) and age_s > SENSOR_S
    )
    frozen = sorted(name.removesuffix(SUSPECT) for name in counts if _is_set(counts, name, SUSPECT))
    doors = sorted(name.removesuffix(BLOCKED) for name in counts if _is_set(counts, name, BLOCKED))
    for kind, names in (
        ("sensor_silent", silent),
        ("sensor_frozen", frozen),
        ("door_blocked", doors),
    ):
        details = {"sensor": ", ".join(names)}
        yield Finding(kind, node.id, None if node.health is None else bool(names), details)


def _is_set(counts: Mapping[str, int], name: str, suffix: str) -> bool:
    return name.endswith(suffix) and counts[name] > 0


def _crowds(zones: Sequence[ZoneSight]) -> Iterator[Finding]:
    for zone in zones:
        is_crowded = crowding(zone.id, zone.people, zone.people_max) is not None
        details = {"count": zone.people or 0, "most": zone.people_max}
        yield Finding("crowded", zone.id, None if zone.people is None else is_crowded, details)


def _buttons(node: NodeSight, all_nodes: Sequence[NodeSight]) -> Iterator[Finding]:
    health = node.health
    stuck = sorted(name for name, b in health.buttons.items() if b.stuck) if health else []
    details = {"button": ", ".join(stuck)}
    yield Finding("button_stuck", node.id, None if health is None else bool(stuck), details)
    chatter, presses = node.recent.chatter, node.recent.presses
    if chatter is None or presses is None:
        yield Finding("button_chatter", node.id, None)
    else:
        is_bouncing = chatter > CHATTER_MIN + CHATTER_PER_PRESS * presses
        yield Finding("button_chatter", node.id, is_bouncing, {"count": chatter})
    yield Finding("button_silent", node.id, _is_silent(node, all_nodes))


def _is_silent(node: NodeSight, all_nodes: Sequence[NodeSight]) -> bool | None:
    """Return whether nobody presses here while most of its peers are pressed."""
    if node.health is None or not node.health.buttons:
        return None
    peers = [
        idle_s(peer.health)
        for peer in all_nodes
        if peer.role == node.role and peer.id != node.id and peer.health and peer.is_serving
    ]
    busy = sum(idle <= BUSY_S for idle in peers)
    is_busy = busy >= PEERS_MIN and busy * 2 > len(peers)
    return node.is_serving and is_busy and idle_s(node.health) > SILENT_S


def idle_s(health: Health) -> float:
    """Return how long no button was pressed; since its start when none was yet."""
    ages = [b.pressed_age_s for b in health.buttons.values() if b.pressed_age_s is not None]
    return min(ages, default=health.uptime_s)


def _machines(nodes: Sequence[NodeSight]) -> Iterator[Finding]:
    """Yield what holds of a Pi, once, whoever of its processes said so."""
    for host, on_it in _by(nodes, "host").items():
        found = [finding for node in on_it for finding in _machine(host, node)]
        # Ascending, so that the worst of each kind is what stays.
        found.sort(key=lambda finding: _RANK[finding.holds])
        yield from {finding.kind: finding for finding in found}.values()


_RANK = {None: 0, False: 1, True: 2}


def _machine(host: str, node: NodeSight) -> Iterator[Finding]:
    m = (node.health.machine if node.health else None) or Machine()

    def over(
        kind: str, value: float | None, limit: float, *, below: bool = False, unit: float = 1
    ) -> Finding:
        holds = None if value is None else (value < limit if below else value > limit)
        return Finding(kind, host, holds, {"value": _told((value or 0) * unit)})

    card, net = m.storage, m.network
    yield over("hot", m.soc_c, HOT_C)
    yield Finding("throttled", host, None if m.throttled is None else bool(m.throttled & THROTTLED))
    yield Finding("supply_low", host, m.supply_low)
    yield Finding("supply_low_seen", host, m.supply_low_seen)
    yield over("memory_low", m.memory_available, MEMORY_MIN, below=True, unit=100)
    yield over("memory_killed", m.oom_kills, 0)
    yield over("card_errors", card.errors, 0)
    yield Finding("card_read_only", host, card.read_only)
    yield Finding("card_failing", host, None if card.canary is None else not card.canary)
    yield over("card_slow", card.canary_s, CANARY_SLOW_S)
    yield over("disk_low", card.available, DISK_MIN, below=True, unit=100)
    # A PC has a clock of its own (`broker.trust`); the kernel names the model of a Pi alone.
    synced = m.clock_synced if m.model else None
    yield Finding("clock_unsynced", host, None if synced is None else not synced)
    skew_s = None if node.skew_s is None else abs(node.skew_s)
    yield over("clock_apart", skew_s, CLOCK_APART_S)
    yield over("radio_weak", net.rssi_dbm, RADIO_MIN_DBM, below=True)
    yield over("cable_slow", net.link_mbps, CABLE_MIN_MBPS, below=True)
    yield over("cable_errors", net.errors, BAD_FRAMES_MAX, unit=100)
    yield Finding(
        "reboot_loop", host, node.recent.boots > AGAIN_IN_AN_HOUR - 1, {"count": node.recent.boots}
    )


def _told(value: float) -> float | int:
    """Return a figure as it is read out: one that wavers in its last digit is no news."""
    return round(value, 1) if abs(value) < 10 else round(value)  # noqa: PLR2004 - two digits


def _hub(hall: HallSight) -> Iterator[Finding]:
    trusted = hall.clock_trusted
    yield Finding("hub_clock", "hub", None if trusted is None else not trusted)
    yield Finding("rows_lost", HALL, hall.gaps > 0, {"count": hall.gaps})
    yield Finding("too_big", HALL, hall.too_big > 0, {"count": hall.too_big})
    yield Finding("broker_restarted", HALL, hall.broker_restarted)
    dropped = hall.broker_dropped
    yield Finding(
        "broker_dropping", HALL, None if dropped is None else dropped > 0, {"count": dropped or 0}
    )
