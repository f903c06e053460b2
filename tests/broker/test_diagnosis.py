"""What is the matter with a hall: each finding in a case where it holds, and one where not."""

import pytest
from msgspec.structs import replace

from broker.alarm_table import ALARMS
from broker.diagnosis import HallSight, NodeSight, Recent, ZoneSight, diagnose
from broker.watch import Contact
from broker.wire.figures import Button, DisplayHealth, Machine, PrinterHealth
from broker.wire.messages import Health
from tests.broker.sights import GOOD, GOOD_MACHINE, hall, held, node, unknown


def sick(**changed: object) -> Health:
    """Return a health with something wrong."""
    return replace(GOOD, **changed)


def ill(**changed: object) -> Health:
    """Return a health of a machine with something wrong."""
    return sick(machine=replace(GOOD_MACHINE, **changed))


def card(**changed: object) -> Health:
    """Return a health of a machine whose card has something wrong."""
    return ill(storage=replace(GOOD_MACHINE.storage, **changed))


def net(**changed: object) -> Health:
    """Return a health of a machine whose network has something wrong."""
    return ill(network=replace(GOOD_MACHINE.network, **changed))


def printer(state: str, failed: int = 0) -> Health:
    """Return a kiosk's health."""
    return sick(printer=PrinterHealth(state=state, failed=failed))


def one(role: str = "counter", **changed: object) -> HallSight:
    """Return a hall of one node, x."""
    return hall(node("x", role, **changed))


def silent(idle_s: float, busy: int) -> HallSight:
    """Return a hall of counters: one idle so long, so many others pressed a minute ago."""
    idle = sick(buttons={"call": Button(presses=1, pressed_age_s=idle_s)})
    return hall(node("x", health=idle), *(node(f"c{i}") for i in range(busy)))


def crowd(people: int | None) -> HallSight:
    """Return a hall with one zone, for 40 people."""
    return hall(zones=(ZoneSight(id="lantai-1", people=people, people_max=40),))


GONE = Contact.GONE
FIRES: list[tuple[str, HallSight, HallSight]] = [
    # alarm, a hall where it fires, one where it just doesn't
    ("node_offline.x", one(contact=GONE), one()),
    ("node_offline.x", one(contact=Contact.SILENT), one(contact=Contact.HERE)),
    ("sensor_offline.x", one("sensor", contact=GONE), one("sensor")),
    ("paper_out.x", one("kiosk", health=printer("out")), one("kiosk", health=printer("near_end"))),
    ("paper_low.x", one("kiosk", health=printer("near_end")), one("kiosk", health=printer("ok"))),
    ("printer_offline.x", one("kiosk", health=printer("offline")), one("kiosk")),
    (
        "print_failing.x",
        one("kiosk", health=printer("ok", 2)),
        one("kiosk", health=printer("ok", 1)),
    ),
    ("display_stale.x", one("board", behind=True), one("board", behind=False)),
    (
        "display_unplugged.x",
        one("board", health=sick(display=DisplayHealth(plugged=False))),
        one("board"),
    ),
    ("voice_silent.x", one("board", health=sick(counts={"voice_sound": 0})), one("board")),
    (
        "button_stuck.x",
        one(health=sick(buttons={"call": Button(stuck=True)})),
        one(health=sick(buttons={"call": Button(chatter=900)})),
    ),
    (
        "button_chatter.x",
        one(recent=Recent(chatter=61, presses=2)),
        one(recent=Recent(chatter=60, presses=2)),
    ),
    ("button_silent.x", silent(7201, busy=3), silent(7199, busy=3)),
    ("button_silent.x", silent(7201, busy=3), silent(7201, busy=2)),
    (
        "outbox_stuck.x",
        one(health=sick(outbox_depth=1, outbox_age_s=61.0)),
        one(health=sick(outbox_depth=1, outbox_age_s=59.0)),
    ),
    ("supply_low.x", one(health=ill(supply_low=True)), one()),
    ("supply_low_seen.x", one(health=ill(supply_low_seen=True)), one()),
    ("hot.x", one(health=ill(soc_c=80.5)), one(health=ill(soc_c=79.9))),
    ("throttled.x", one(health=ill(throttled=4)), one(health=ill(throttled=1))),
    (
        "memory_low.x",
        one(health=ill(memory_available=0.06)),
        one(health=ill(memory_available=0.08)),
    ),
    ("memory_killed.x", one(health=ill(oom_kills=1)), one()),
    ("card_errors.x", one(health=card(errors=1)), one()),
    ("card_read_only.x", one(health=card(read_only=True)), one()),
    ("card_failing.x", one(health=card(canary=False)), one()),
    ("card_slow.x", one(health=card(canary_s=2.5)), one(health=card(canary_s=1.9))),
    ("disk_low.x", one(health=card(available=0.09)), one(health=card(available=0.11))),
    ("disk_full.x", one(health=sick(disk="short")), one(health=sick(disk="low"))),
    ("clock_unsynced.x", one(health=ill(clock_synced=False)), one()),
    (
        "clock_unsynced.x",
        one(health=ill(clock_synced=False)),
        one(health=ill(model="", clock_synced=False)),
    ),
    ("clock_apart.x", one(skew_s=-0.6), one(skew_s=0.4)),
    ("radio_weak.x", one(health=net(rssi_dbm=-81)), one(health=net(rssi_dbm=-79))),
    ("cable_slow.x", one(health=net(link_mbps=10)), one(health=net(link_mbps=100))),
    ("cable_errors.x", one(health=net(errors=0.02)), one(health=net(errors=0.005))),
    ("restarting.x", one(recent=Recent(starts=4)), one(recent=Recent(starts=3))),
    ("reboot_loop.x", one(recent=Recent(boots=3)), one(recent=Recent(boots=2))),
    ("link_flapping.x", one(recent=Recent(connects=4)), one(recent=Recent(connects=3))),
    ("version_apart.x", one(health=sick(version="0.0.9")), one(health=sick(version=""))),
    ("hub_clock.hub", hall(clock_trusted=False), hall()),
    ("rows_lost.hall", hall(gaps=1), hall()),
    ("too_big.hall", hall(too_big=1), hall()),
    ("broker_restarted.hall", hall(broker_restarted=True), hall()),
    ("broker_dropping.hall", hall(broker_dropped=1), hall()),
    ("crowded.lantai-1", crowd(41), crowd(40)),
    ("crowded.lantai-1", crowd(41), crowd(None)),
    (
        "sensor_silent.x",
        one("sensor", health=sick(counts={"bme280_76_age_s": 601, "sht4x_44_age_s": 20})),
        one("sensor", health=sick(counts={"bme280_76_age_s": 600})),
    ),
    (
        "sensor_frozen.x",
        one("sensor", health=sick(counts={"bme280_76_suspect": 1})),
        one("sensor", health=sick(counts={"bme280_76_suspect": 0, "bme280_76_jumps": 9})),
    ),
    (
        "door_blocked.x",
        one("sensor", health=sick(counts={"door_1_blocked": 1, "door_2_blocked": 0})),
        one("sensor", health=sick(counts={"door_1_blocked": 0, "door_1_unclear": 9})),
    ),
]


@pytest.mark.parametrize(("alarm", "fires", "not_quite"), FIRES)
def test_a_finding_holds_here_and_not_there(
    alarm: str, fires: HallSight, not_quite: HallSight
) -> None:
    """And alone: one fault is one finding."""
    assert held(fires) == {alarm}
    assert held(not_quite) <= {"paper_low.x"}
    assert alarm not in held(not_quite)


GROUPS = {"pi_offline", "zone_offline", "switch_offline", "hall_offline"}


def test_every_alarm_of_the_table_has_its_case() -> None:
    """What no case makes fire may never fire."""
    assert {alarm.partition(".")[0] for alarm, _, _ in FIRES} | GROUPS == ALARMS.keys()


def test_of_a_healthy_hall_every_finding_is_in_the_table_and_none_holds() -> None:
    """Every role at once."""
    roles = ("hub", "web", "kiosk", "counter", "board", "sign", "sensor")
    sight = hall(*(node(role, role) for role in roles))

    assert {finding.kind for finding in diagnose(sight)} <= ALARMS.keys()
    assert held(sight) == set()


def test_what_a_silent_node_said_last_is_no_fact_of_now() -> None:
    """Its paper may be back, or not: unknown, and never fine."""
    sight = hall(node("k", "kiosk", contact=Contact.SILENT, health=None, behind=None, skew_s=None))

    assert held(sight) == {"node_offline.k"}
    assert {"paper_out.k", "button_stuck.k", "hot.k", "card_errors.k"} <= unknown(sight)


def test_what_a_machine_can_not_tell_is_unknown() -> None:
    """Not fine, and no alarm."""
    sight = one(health=sick(machine=Machine()), skew_s=None)

    assert held(sight) == set()
    assert {"hot.x", "supply_low.x", "card_failing.x", "clock_unsynced.x"} <= unknown(sight)


def test_a_printer_that_can_not_be_asked_is_unknown() -> None:
    """Many say nothing over USB; a kiosk without a printer has no paper to run out of."""
    assert {"paper_out.x", "printer_offline.x"} <= unknown(one("kiosk", health=printer("unknown")))
    assert not any(
        name.startswith(("paper", "print"))
        for name in unknown(one("kiosk", health=sick(printer=None)))
    )


@pytest.mark.parametrize(
    ("role", "up_s", "holds"),
    [("counter", 59, None), ("counter", 61, True), ("shadow", 999, None)],
)
def test_who_was_never_heard_is_missed_after_a_minute(
    role: str, up_s: float, *, holds: bool | None
) -> None:
    """Not at once: a hub that starts has heard nobody. A shadow has no process yet."""
    sight = hall(node("x", role, contact=None, health=None), up_s=up_s)
    (found,) = [f.holds for f in diagnose(sight) if f.kind == "node_offline"]

    assert found is holds


def test_a_birth_the_broker_kept_does_not_bring_a_node_back() -> None:
    """It may have died while no hub was there: only its own health shows that it lives."""
    assert "node_offline.x" in unknown(one(contact=Contact.HERE, health=None))


def counters(count: int, off: int, **changed: object) -> list[NodeSight]:
    """Return counters on a Pi each, the first of them gone."""
    return [
        node(f"c{i:02}", contact=GONE, health=None, **changed)
        if i < off
        else node(f"c{i:02}", **changed)
        for i in range(count)
    ]


DEAD = [
    ("half of the hall", counters(40, 20), {"hall_offline.hall"}),
    ("all of it", counters(40, 40), {"hall_offline.hall"}),
    (
        "a zone",
        [*counters(4, 4, zone="lt-2"), *(node(f"d{i}", zone="lt-1") for i in range(9))],
        {"zone_offline.lt-2"},
    ),
    (
        "a switch across zones",
        [*counters(4, 4, switch="sw-2"), *(node(f"d{i}", switch="sw-1") for i in range(9))],
        {"switch_offline.sw-2"},
    ),
    (
        "a Pi",
        [*counters(2, 2, host="pi-2"), *(node(f"d{i}") for i in range(9))],
        {"pi_offline.pi-2"},
    ),
    ("two of nine", counters(9, 2), {"node_offline.c00", "node_offline.c01"}),
    ("a small hall's two", counters(2, 2), {"node_offline.c00", "node_offline.c01"}),
]


@pytest.mark.parametrize(("what", "nodes", "alarms"), DEAD)
def test_what_took_several_with_it_is_one_alarm(
    what: str, nodes: list[NodeSight], alarms: set[str]
) -> None:
    """Not forty."""
    assert held(hall(node("hub", "hub", host="server"), *nodes)) == alarms, what


def test_a_fault_of_a_pi_is_told_once_whoever_of_it_says_so() -> None:
    """Two processes on it; one of them can't read the card."""
    nodes = (
        node("a", host="pi", health=card(errors=3)),
        node("b", host="pi", health=card(errors=None)),
    )
    assert held(hall(*nodes)) == {"card_errors.pi"}


def test_a_counter_that_is_closed_may_be_silent() -> None:
    """Nobody sits there."""
    sight = silent(9999, busy=3)
    closed = replace(sight.nodes[0], is_serving=False)

    assert held(replace(sight, nodes=(closed, *sight.nodes[1:]))) == set()
