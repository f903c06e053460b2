"""What is known of the hall's devices, from what arrives."""

import pytest

from broker.watch import SILENT_AFTER_S
from broker.wire.messages import Alarm, Birth, Health, HubState, WireError, encode
from broker.wire.topics import Kind, Topic
from displays.web.roster import HUB_SILENT_S, Member, Roster, members_of
from firmware_config.load import load_hall
from tests.displays.web.stage import DEMO

HEALTH = encode(Health(uptime_s=1))
BIRTH = encode(Birth(session="s", online=True, role="kiosk"))
WILL = encode(Birth(session="s", online=False))
BEAT = encode(HubState(gen="1-0a0a0a0a", pos=7, beat=3, start="x", at_ms=0))
ALARM = Alarm(
    id="paper_out.kiosk-1",
    kind="paper_out",
    subject="kiosk-1",
    level="urgent",
    since_ms=0,
    what={"id": "Kertas habis."},
    mend={"id": "Isi kertas."},
)


@pytest.fixture
def roster() -> Roster:
    """A kiosk and the hub, of which nothing is known."""
    made = Roster([Member("kiosk-1", "kiosk"), Member("hub", "hub")])
    made.linked = True
    return made


def take(roster: Roster, kind: Kind, of: str, payload: bytes, at_s: float, **how: bool) -> None:
    """Have a message arrive."""
    roster.take(Topic("demo", kind, of), payload, at_s, retained=how.get("retained", False))


def test_a_birth_the_broker_kept_does_not_say_that_a_device_is_there(roster: Roster) -> None:
    """Its next health does, and the age of what is known counts from that."""
    take(roster, Kind.BIRTH, "kiosk-1", BIRTH, 0.0, retained=True)
    assert not roster.is_here("kiosk-1", 0.0)

    take(roster, Kind.HEALTH, "kiosk-1", HEALTH, 12.0)
    assert roster.is_here("kiosk-1", 12.0)
    seen = roster.seen("kiosk-1", 12.0)
    assert seen is not None
    assert seen.heard_s == 12.0


def test_a_health_the_broker_kept_is_none(roster: Roster) -> None:
    """Nobody retains them; what somebody did retain is old."""
    take(roster, Kind.HEALTH, "kiosk-1", HEALTH, 0.0, retained=True)

    assert roster.seen("kiosk-1", 0.0) is None


def test_a_device_that_is_not_heard_is_not_here(roster: Roster) -> None:
    """After three healths, or at once when its will comes."""
    take(roster, Kind.BIRTH, "kiosk-1", BIRTH, 0.0)
    take(roster, Kind.HEALTH, "kiosk-1", HEALTH, 0.0)
    assert roster.is_here("kiosk-1", SILENT_AFTER_S - 1)
    assert not roster.is_here("kiosk-1", SILENT_AFTER_S)

    take(roster, Kind.HEALTH, "kiosk-1", HEALTH, 50.0)
    assert roster.is_here("kiosk-1", 50.0)
    take(roster, Kind.BIRTH, "kiosk-1", WILL, 51.0)
    assert not roster.is_here("kiosk-1", 51.0)


def test_the_hub_is_heard_by_its_live_beats_alone(roster: Roster) -> None:
    """And not at all without the broker."""
    take(roster, Kind.HUB, "", BEAT, 0.0, retained=True)
    assert roster.hub is not None
    assert not roster.is_here("hub", 0.0)

    take(roster, Kind.HUB, "", BEAT, 1.0)
    assert roster.is_here("hub", HUB_SILENT_S)
    assert not roster.is_here("hub", 1.0 + HUB_SILENT_S)

    take(roster, Kind.HUB, "", BEAT, 20.0)
    roster.linked = False
    assert not roster.is_here("hub", 20.0)


def test_alarms_open_and_end(roster: Roster) -> None:
    """Retained or not: they are the hub's word of now."""
    take(roster, Kind.ALARM, ALARM.id, encode(ALARM), 0.0, retained=True)
    assert roster.alarms == {ALARM.id: ALARM}

    take(roster, Kind.ALARM, ALARM.id, b"", 1.0)
    take(roster, Kind.ALARM, "never.opened", b"", 1.0)
    assert roster.alarms == {}


def test_strangers_are_no_members(roster: Roster) -> None:
    """A topic nobody gave an account to can't fill the page."""
    take(roster, Kind.HEALTH, "kiosk-9", HEALTH, 0.0)

    assert roster.seen("kiosk-9", 0.0) is None


@pytest.mark.parametrize("kind", [Kind.BIRTH, Kind.HEALTH, Kind.HUB, Kind.ALARM])
def test_what_cannot_be_read_is_an_error(roster: Roster, kind: Kind) -> None:
    """Nothing known changes."""
    with pytest.raises(WireError):
        take(roster, kind, "kiosk-1", b"{", 0.0)


def test_members_are_the_halls_nodes_in_their_places() -> None:
    """Counters and boards in their zone; a board of the whole hall shows every counter's calls."""
    members = {member.id: member for member in members_of(load_hall(DEMO))}

    assert "web" not in members
    assert members["hub"] == Member("hub", "hub")
    assert members["kiosk-1"] == Member("kiosk-1", "kiosk")
    assert members["loket-1"].counters == (1,)
    assert members["board-1"].role == "board"
    assert set(members["board-1"].counters) >= {1, 2, 3}
