"""Sights of a hall for the tests of diagnosis and alarms."""

from msgspec.structs import replace

from broker.diagnosis import HallSight, NodeSight, diagnose
from broker.watch import Contact
from broker.wire.figures import Button, DisplayHealth, Machine, Network, PrinterHealth, Storage
from broker.wire.messages import Health

GOOD_MACHINE = Machine(
    model="Raspberry Pi 4 Model B",
    soc_c=52.0,
    supply_low=False,
    supply_low_seen=False,
    throttled=0,
    memory_available=0.6,
    oom_kills=0,
    clock_synced=True,
    storage=Storage(available=0.5, read_only=False, errors=0, canary=True, canary_s=0.05),
    network=Network(interface="eth0", link_mbps=1000, rssi_dbm=-50, errors=0.0),
)
GOOD = Health(
    uptime_s=90_000,
    version="0.1.0",
    machine=GOOD_MACHINE,
    buttons={"call": Button(presses=9, pressed_age_s=60.0)},
    printer=PrinterHealth(state="ok", printed_age_s=30.0),
    display=DisplayHealth(plugged=True),
    counts={"voice_sound": 1},
)


def node(id_: str, role: str = "counter", **changed: object) -> NodeSight:
    """Return a node with which everything is fine, but for what is given."""
    fine = NodeSight(
        id=id_, role=role, host=id_, contact=Contact.HERE, health=GOOD, behind=False, skew_s=0.01
    )
    return replace(fine, **changed)


def hall(*nodes: NodeSight, **changed: object) -> HallSight:
    """Return a hall that has been looked at for an hour."""
    fine = HallSight(
        nodes=nodes,
        up_s=3600.0,
        version="0.1.0",
        clock_trusted=True,
        broker_restarted=False,
        broker_dropped=0,
    )
    return replace(fine, **changed)


def held(sight: HallSight) -> set[str]:
    """Return the findings that hold, as ids of alarms."""
    return {f"{finding.kind}.{finding.subject}" for finding in diagnose(sight) if finding.holds}


def unknown(sight: HallSight) -> set[str]:
    """Return the findings that nobody can judge."""
    found = diagnose(sight)
    return {f"{finding.kind}.{finding.subject}" for finding in found if finding.holds is None}
