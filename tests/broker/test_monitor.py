"""The monitor beside a hub: what it says on the wire, what it leaves alone, what it keeps."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from broker.core import HubCore
from broker.disk import Room
from broker.hall.rules import Actor
from broker.hall.state import Hall
from broker.health_store import FigureRow, Transition
from broker.link import Received
from broker.monitor import HEALTH_EVERY_S, SYS, Monitor, filters
from broker.observer import NodePlan
from broker.store import StoreError
from broker.wire.figures import Button, Machine
from broker.wire.messages import Alarm, Birth, Health, encode, read_alarm, read_fleet, read_health
from broker.wire.seal import Seals
from broker.wire.topics import Kind, Topic
from tests.broker.test_hub import SETUP
from tests.fakes import TURNS, FakeClock, FakeTrust

KIOSK = NodePlan(id="kiosk-1", role="kiosk", host="pi-1")
KEPT = Alarm(
    id="hot.pi-1", kind="hot", subject="pi-1", level="warning", since_ms=7, what={}, mend={}
)


class Store:
    """A history in memory."""

    def __init__(self, *kept: Alarm) -> None:
        self.kept: Sequence[Alarm] = kept
        self.is_full = False
        self.changed: dict[str, Alarm | None] = {}
        self.transitions: list[Transition] = []
        self.figures: list[FigureRow] = []

    async def put(
        self,
        *,
        changed: Mapping[str, Alarm | None],
        transitions: Sequence[Transition],
        figures: Sequence[FigureRow],
    ) -> None:
        """Take it, or refuse as a full disk does."""
        if self.is_full:
            raise StoreError("health.db: disk full: free some space")
        self.changed |= changed
        self.transitions += transitions
        self.figures += figures

    async def trim(self, at_ms: int, *, is_trusted: bool) -> None:
        """Nothing here gets old."""
        assert at_ms
        assert is_trusted


class Bench:
    """A core that serves, a monitor beside it, and all it published."""

    def __init__(self, store: Store | None = None, *, listens: bool = False) -> None:
        self.clock = FakeClock()
        self.store = store or Store()
        self.said: list[tuple[str, bytes]] = []
        self.is_up = True
        self.room = Room.OK
        self.machine = Machine(soc_c=44.0)
        actor = Actor(node="kiosk-1", role="kiosk", counters=frozenset())
        self.core = HubCore(
            hall=Hall(SETUP),
            nodes={"kiosk-1": actor},
            seals=Seals(b"k" * 32),
            gen="1-deadbeef",
            start="start",
            own="f" * 32,
            streams={},
            beat_base=0,
            now_s=self.clock.mono_s(),
            listens=listens,
        )
        self.monitor = Monitor(
            core=self.core,
            plans=[KIOSK],
            store=self.store,
            publish=self.publish,
            counts=dict,
            clock=self.clock,
            trust=FakeTrust(self.clock),
            look=lambda: self.machine,
            room=lambda: self.room,
            version="0.1.0",
            boot="b",
        )

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Note it, while the link is up."""
        if self.is_up:
            self.said.append((str(topic).split("/", 3)[3], payload))
        return self.is_up

    def hear(self, health: Health | None = None) -> None:
        """Let the kiosk say how it is."""
        now_s = self.clock.mono_s()
        self.core.presence.health("kiosk-1", health or Health(uptime_s=now_s), now_s)

    async def look(self, wait_s: float = 0.0) -> list[str]:
        """Let time pass, look once, and return the topics of what was said."""
        await self.clock.advance(wait_s)
        self.said.clear()
        self.monitor.look()
        await self.monitor._keep()
        return [path for path, _ in self.said]

    def body(self, path: str) -> bytes:
        """Return what was said last on a topic."""
        return dict(self.said)[path]


STUCK = Health(uptime_s=500, buttons={"A": Button(stuck=True)})


async def test_a_fault_is_an_alarm_on_the_wire_and_ends_with_an_empty_message() -> None:
    """Once each; nothing is repeated in between."""
    room = Bench()
    room.hear(STUCK)
    assert "alarm/button_stuck.kiosk-1" in await room.look()
    alarm = read_alarm(room.body("alarm/button_stuck.kiosk-1"))
    assert alarm.what["en"] == "Button A of kiosk-1 is stuck"
    assert alarm.since_ms == room.clock.wall_ms()
    assert await room.look(2) == []
    room.hear(Health(uptime_s=510))
    await room.look(2)
    assert await room.look(10) == ["alarm/button_stuck.kiosk-1"] * 1
    assert room.body("alarm/button_stuck.kiosk-1") == b""
    told = [(t.what, t.subject, t.kind) for t in room.store.transitions]
    assert told == [
        ("raised", "kiosk-1", "button_stuck"),
        ("here", "kiosk-1", ""),
        ("cleared", "kiosk-1", "button_stuck"),
    ]
    assert room.store.changed == {"button_stuck.kiosk-1": None}


async def test_the_fleet_and_the_hubs_own_health_go_every_15_s() -> None:
    """And the fleet at once when somebody comes or goes."""
    room = Bench()
    room.hear(STUCK)
    await room.look()
    assert read_health(room.body("health/hub")).machine == Machine(soc_c=44.0)
    (status,) = read_fleet(room.body("state/fleet")).nodes
    assert (status.id, status.contact, status.place) == ("kiosk-1", "here", "pi-1")
    assert await room.look(HEALTH_EVERY_S - 1) == []
    assert await room.look(1) == ["state/fleet", "health/hub"]
    will = Birth(session="s", online=False)
    room.core.presence.birth("kiosk-1", will, room.clock.mono_s())
    assert await room.look(2) == ["state/fleet"]
    assert read_fleet(room.body("state/fleet")).nodes[0].contact == "gone"


async def test_a_hub_that_does_not_serve_says_nothing() -> None:
    """It may be a second one: the first one's alarms are not its to end."""
    room = Bench(listens=True)
    topic = str(Topic(SETUP.hall, Kind.ALARM, "hot.pi-1"))
    assert room.monitor.takes(Received(topic, encode(KEPT), retained=True))
    room.hear(STUCK)

    assert await room.look(100) == []


async def test_alarms_outlive_the_hub_and_are_not_raised_anew() -> None:
    """Open until it is known that the Pi is cool; nobody is told twice."""
    room = Bench(Store(KEPT))
    assert [path for path in await room.look() if path.startswith("alarm")] == []
    room.monitor.connected()
    assert "alarm/hot.pi-1" in await room.look(2)
    assert room.body("alarm/hot.pi-1") == encode(KEPT)
    for _ in range(31):
        room.hear(Health(uptime_s=9, machine=Machine(soc_c=50.0)))
        said = await room.look(10)
    assert room.store.changed["hot.pi-1"] is None
    assert [t.what for t in room.store.transitions if t.kind == "hot"] == ["cleared"]
    assert said is not None


async def test_what_the_broker_kept_of_an_earlier_life_is_ended() -> None:
    """A history that was lost must not leave an alarm on the page for ever."""
    room = Bench()
    room.hear()
    topic = str(Topic(SETUP.hall, Kind.ALARM, "hot.pi-9"))
    assert room.monitor.takes(Received(topic, encode(KEPT), retained=True))
    assert "alarm/hot.pi-9" in await room.look()
    assert room.body("alarm/hot.pi-9") == b""
    assert "alarm/hot.pi-9" not in await room.look(2)


async def test_what_the_link_did_not_take_is_said_later() -> None:
    """An alarm is not lost in a gap of the connection."""
    room = Bench()
    room.hear(STUCK)
    room.is_up = False
    assert await room.look() == []
    room.is_up = True
    assert await room.look(2) == ["alarm/button_stuck.kiosk-1"]


async def test_a_history_that_can_not_be_written_waits(caplog: pytest.LogCaptureFixture) -> None:
    """The alarms go on; what was not kept is kept later."""
    room = Bench()
    room.store.is_full = True
    room.hear(STUCK)
    assert "alarm/button_stuck.kiosk-1" in await room.look()
    assert "health is not kept" in caplog.text
    room.store.is_full = False
    await room.look(2)
    assert "button_stuck.kiosk-1" in room.store.changed
    assert [t.what for t in room.store.transitions] == ["raised", "here"]


async def test_figures_are_kept_by_the_quarter_and_by_the_hour() -> None:
    """The worst of each step, once."""
    room = Bench()
    for minute in range(61):
        soc_c = 70.0 if minute == 20 else 50.0
        await room.look(50)
        room.hear(Health(uptime_s=60.0 * minute, machine=Machine(soc_c=soc_c)))
        await room.look(10)
    steps = [(row.step_s, row.figures["soc_c"]) for row in room.store.figures]

    assert steps == [(900, 50.0), (900, 70.0), (900, 50.0), (900, 50.0), (3600, 70.0)]


async def test_the_brokers_figures_are_the_monitors_alone() -> None:
    """No row of the hub's; anything else is none of the monitor's."""
    room = Bench()
    assert room.monitor.takes(Received(SYS + "uptime", b"17 seconds", retained=False))
    assert room.monitor.observer.broker == {"uptime": 17}
    assert not room.monitor.takes(Received("loket/v1/demo/up/kiosk-1", b"{}", retained=False))
    assert set(filters("h")) >= {"loket/v1/h/alarm/+", "$SYS/broker/uptime"}


async def test_on_a_disk_with_little_room_the_history_gives_way_first() -> None:
    """The alarms go on, and what is open is kept once there is room."""
    room = Bench()
    room.room = Room.LOW
    room.hear(STUCK)
    assert "alarm/button_stuck.kiosk-1" in await room.look()
    assert (room.store.changed, room.store.transitions) == ({}, [])
    assert read_health(room.body("health/hub")).disk == "low"
    room.room = Room.OK
    await room.look(2)
    assert list(room.store.changed) == ["button_stuck.kiosk-1"]


async def test_a_fault_of_the_monitor_does_not_end_the_hall(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is said once, and it looks again."""
    room = Bench()

    def broken(_topic: Topic, _payload: bytes) -> bool:
        raise ZeroDivisionError

    room.monitor._publish = broken
    running = asyncio.create_task(room.monitor.run())
    for _ in range(3):
        await room.clock.advance(2)
        for _ in range(TURNS):
            await asyncio.sleep(0)
    assert not running.done()
    told = [r for r in caplog.records if "not looked at" in r.message and r.levelname == "ERROR"]
    assert len(told) == 1
    room.monitor._publish = room.publish
    await room.clock.advance(2)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    running.cancel()
    assert "state/fleet" in dict(room.said)
