"""A whole node with sensors: real boxes, mock pins, fake chips, virtual time."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from broker.hall.calendar import Calendar, Span
from broker.outbox import Outbox
from broker.readings import READINGS_FILE, ReadingBox
from broker.wire.delivery import Sender
from broker.wire.messages import Ack, Give, Health, HubState, Place, encode, read_birth
from broker.wire.readings import Lane, Readings, read_from_node
from broker.wire.topics import Kind, Topic
from edge.devices import Devices, open_factory
from edge.i2c_bme280 import Bme280Port, compensated
from edge.inbox import Read
from edge.post import Identity, Post
from edge.readings import ReadingPost
from edge.role import Visit
from edge.sensors import HUMIDITY, PRESSURE, TEMPERATURE
from edge.sensors_command import day_of
from edge.sensors_door import DOOR_IN, DOOR_OUT, RESIDUE, Doors
from edge.sensors_node import KEPT, Sensors
from edge.sensors_thread import read_all
from tests.edge.stand import WatchedInbox
from tests.edge.test_i2c_bme280 import PIMORONI, PIMORONI_RAW
from tests.fakes import TURNS, FakeClock
from tests.fakes_edge import HALL, FakeLink, until
from tests.fakes_i2c import FakeBme280, FakeBus

NODE = "sensor-1"
BEAMS = {"door-1-outer": 23, "door-1-inner": 24}
GEN = "1-00000001"

CALENDAR = Calendar(
    zone=ZoneInfo("Asia/Jakarta"),
    open={day: (Span(8 * 60, 15 * 60),) for day in ("mon", "tue", "wed", "thu", "fri")},
)
WEDNESDAY_14_59_MS = 1_796_198_340_000
"""2026-12-02 14:59 in Jakarta."""


class TinyKeeper:
    """A hub's end of readings: takes them, and answers unless it is mute."""

    def __init__(self, link: FakeLink) -> None:
        self.values: list[tuple[str, float]] = []
        self.given: list[Give] = []
        self.is_mute = False
        self._link = link

    def take(self, topic: Topic, payload: bytes) -> None:
        """Answer a birth, take readings."""
        if topic.kind is Kind.BIRTH:
            self.ack(read_birth(payload).stream, 0)
        if topic.kind is Kind.UP:
            up = read_from_node(payload)
            if isinstance(up, Give):
                self.given.append(up)
            if isinstance(up, Readings) and not self.is_mute:
                self.values += [(one.kind, one.value) for one in up.readings]
                self.ack(up.stream, up.start + len(up.readings) - 1)

    def ack(self, stream: str, upto: int, *, give: Place | None = None, gen: str = GEN) -> None:
        """Answer."""
        ack = Ack(gen=gen, stream=stream, upto=upto, give=give)
        self._link.say(Topic(HALL, Kind.ACK, NODE), encode(ack))

    def beat(self, at_ms: int = WEDNESDAY_14_59_MS) -> None:
        """Say the hall's time."""
        state = HubState(gen=GEN, pos=1, beat=1, start="h", at_ms=at_ms)
        self._link.say(Topic(HALL, Kind.HUB), encode(state))

    def took(self, kind: str) -> list[float]:
        """Return the values of a kind."""
        return [value for one, value in self.values if one == kind]


class Stand:
    """One start of the node, with one door and one chip."""

    def __init__(  # noqa: PLR0913 - the parts of a start, each by name
        self,
        *,
        node: Sensors,
        link: FakeLink,
        devices: Devices,
        clock: FakeClock,
        inbox: WatchedInbox,
        chips: FakeBus,
    ) -> None:
        self.node = node
        self.link = link
        self.devices = devices
        self.clock = clock
        self.inbox = inbox
        self.chips = chips
        self.keeper = TinyKeeper(link)
        link.hub = self.keeper  # type: ignore[assignment]

    @property
    def chip(self) -> FakeBme280:
        """The chip on the bus."""
        chip = self.chips.chips[0x76]
        assert isinstance(chip, FakeBme280)
        return chip

    async def quiet(self) -> None:
        """Wait until the node sleeps."""
        calm = 0

        def is_calm() -> bool:
            nonlocal calm
            calm = calm + 1 if self.inbox.sleeps else 0
            return calm > TURNS

        await until(is_calm, "the node sleeps")

    async def advance(self, seconds: float) -> None:
        """Let time pass, the node doing at each instant what is due then."""
        end_s = self.clock.mono_s() + seconds
        await self.quiet()
        while (now_s := self.clock.mono_s()) < end_s:
            due_s = self.inbox.due_s
            to_s = end_s if due_s is None else min(end_s, max(due_s, now_s))
            await self.clock.advance(to_s - now_s + 1e-9)
            await self.quiet()

    async def join(self) -> None:
        """Bring the broker and the hub up."""
        self.link.connect()
        self.keeper.beat()
        await self.quiet()

    async def walk(self, *names: str) -> None:
        """Break beams, one 0.25 s after the other, each for 0.3 s."""
        for name in names:
            self.devices.buttons[name].drive(down=True)
            await self.advance(0.25)
        await self.advance(0.05)
        for name in names:
            self.devices.buttons[name].drive(down=False)
            await self.advance(0.05)

    async def comes(self) -> None:
        """Let somebody come in."""
        await self.walk("door-1-outer", "door-1-inner")

    async def goes(self) -> None:
        """Let somebody go out."""
        await self.walk("door-1-inner", "door-1-outer")

    def health(self) -> dict[str, int]:
        """Return the counts of the newest health."""
        sent = [body for topic, body in self.link.published if topic.kind is Kind.HEALTH]
        return msgspec.json.decode(sent[-1], type=Health).counts


class SoonReader:
    """Reads at once, where the thread would."""

    def __init__(self, read: Callable[[], None]) -> None:
        self.ask = read


@contextlib.asynccontextmanager
async def stand(
    folder: Path, *, clock: FakeClock | None = None, stream: str = "ab"
) -> AsyncIterator[Stand]:
    """Start the node and stop it cleanly."""
    clock = clock or FakeClock()
    chips = FakeBus({0x76: FakeBme280(PIMORONI, PIMORONI_RAW)})
    inbox = WatchedInbox(loop=asyncio.get_running_loop(), clock=clock)
    link = FakeLink(inbox.put_threadsafe)
    identity = Identity(node=NODE, hall=HALL, role="sensor", version="1", boot="b")
    factory = open_factory("mock", folder)
    with Devices(factory=factory, buttons=BEAMS, lamps={}, mono_s=clock.mono_s) as devices:
        async with (
            Outbox.open(folder / "outbox.db", boot="b", stream=stream[0] * 32) as outbox,
            ReadingBox.open(folder / READINGS_FILE, boot="b", stream=stream[1] * 32) as box,
        ):
            sender = Sender(stream=outbox.stream, rows=(), gen=outbox.gen, random=Random(1))
            ports = (Bme280Port(bus=chips, address=0x76, sleep=chips.sleep),)
            node = Sensors(
                identity=identity,
                devices=devices,
                outbox=outbox,
                post=Post(
                    identity=identity, sender=sender, link=link, rows=(), begin_s=clock.mono_s()
                ),
                readings=ReadingPost(
                    hall=HALL,
                    node=NODE,
                    box=box,
                    lane=Lane(rows=box.rows, random=Random(1)),
                    link=link,
                ),
                link=link,
                inbox=inbox,
                reader=SoonReader(
                    lambda: inbox.put_threadsafe(Read(read_all(ports), clock.mono_s()))
                ),
                ports=ports,
                doors=Doors(BEAMS, kept=box.kept.get(KEPT, "")),
                day_of=day_of(CALENDAR),
                clock=clock,
            )
            async with asyncio.TaskGroup() as group:
                running = group.create_task(node.run())
                await until(lambda: link.is_running or running.done(), "the node runs")
                yield Stand(
                    node=node, link=link, devices=devices, clock=clock, inbox=inbox, chips=chips
                )
                node.stop()


async def test_what_the_chip_says_is_sent_once_a_minute(tmp_path: Path) -> None:
    """The median of the newest three, of all three kinds; and it moves on."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.advance(61)
        assert one.keeper.took(TEMPERATURE) == [24.789]
        assert one.keeper.took(HUMIDITY) == [68.67]
        assert one.keeper.took(PRESSURE) == [1006.615]
        one.chip.raw = PIMORONI_RAW._replace(temperature=PIMORONI_RAW.temperature + 500)
        await one.advance(120)
        meant = compensated(one.chip.raw, PIMORONI)
        assert one.keeper.took(TEMPERATURE)[1:] == [round(meant[TEMPERATURE], 3)] * 2
        panel = one.node.snapshot()
        assert panel["sensors"] == [
            {
                "name": "bme280_76",
                "state": "ok",
                "values": {kind: round(value, 1) for kind, value in meant.items()},
            }
        ]


async def test_a_calm_node_sleeps(tmp_path: Path) -> None:
    """It wakes for its chip, its health and its readings."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.advance(120)
        before = one.inbox.naps
        await one.advance(60)
        assert one.inbox.naps - before <= 20


async def test_a_chip_that_is_gone_is_unknown_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is sent of it meanwhile; it is said once, with where to look."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.advance(61)
        chips, one.chips.chips = one.chips.chips, {}
        await one.advance(300)
        assert len(one.keeper.took(TEMPERATURE)) == 1
        said = [record for record in caplog.records if record.message == "sensor not believed"]
        assert len(said) == 1
        assert "I2C address 0x76" in str(said[0].__dict__)
        assert one.health()["bme280_76_read_errors"] >= 19
        assert one.health()["bme280_76_age_s"] >= 240

        one.chips.chips = chips
        await one.advance(120)
        assert len(one.keeper.took(TEMPERATURE)) >= 2
        assert one.health()["bme280_76_age_s"] < 60


async def test_people_are_told_within_seconds_and_kept_over_a_start(tmp_path: Path) -> None:
    """Who passed is in the next readings once; the day goes on after a restart."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.comes()
        await one.comes()
        await one.goes()
        await one.advance(6)
        assert (sum(one.keeper.took(DOOR_IN)), sum(one.keeper.took(DOOR_OUT))) == (2, 1)
        door = {"in": 2, "out": 1, "people": 1, "blocked": False}
        assert one.node.snapshot()["door"] == door
        await one.advance(60)
        assert sum(one.keeper.took(DOOR_IN)) == 2
        await one.comes()  # not told yet when it is stopped
    async with stand(tmp_path, stream="cd") as two:
        assert two.node.snapshot()["door"] == {"in": 3, "out": 1, "people": 2, "blocked": False}
        await two.join()
        await two.advance(2)
        assert sum(two.keeper.took(DOOR_IN)) == 1


async def test_who_passed_while_the_broker_was_gone_is_told_afterwards(tmp_path: Path) -> None:
    """Readings wait on the disk."""
    async with stand(tmp_path) as one:
        await one.comes()
        await one.advance(130)
        assert one.keeper.values == []
        await one.join()
        await one.advance(20)
        assert sum(one.keeper.took(DOOR_IN)) == 1
        assert len(one.keeper.took(TEMPERATURE)) == 2
        with contextlib.closing(sqlite3.connect(tmp_path / READINGS_FILE)) as db:
            assert db.execute("SELECT count(*) FROM readings").fetchone() == (0,)


async def test_the_day_ends_an_hour_after_closing_with_its_residue(tmp_path: Path) -> None:
    """Who was never seen leaving is recorded, and nobody is inside any more."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.comes()
        await one.comes()
        await one.goes()
        await one.advance(50 * 60)
        assert one.node.snapshot()["door"] == {"in": 2, "out": 1, "people": 1, "blocked": False}
        assert one.keeper.took(RESIDUE) == []
        one.keeper.beat(WEDNESDAY_14_59_MS + 61 * 60_000)
        await one.advance(65)
        assert one.keeper.took(RESIDUE) == [1]
        assert one.node.snapshot()["door"] == {"in": 0, "out": 0, "people": 0, "blocked": False}
        await one.advance(600)
        assert one.keeper.took(RESIDUE) == [1]


async def test_a_blocked_beam_tells_no_numbers(tmp_path: Path) -> None:
    """Nobody counted is not known, and is not 0."""
    async with stand(tmp_path) as one:
        await one.join()
        await one.advance(61)
        before = len(one.keeper.took(DOOR_IN))
        assert before == 1
        one.devices.buttons["door-1-inner"].drive(down=True)
        await one.advance(59)
        assert one.health()["door_1_blocked"] == 0
        await one.advance(200)
        assert one.health()["door_1_blocked"] == 1
        assert len(one.keeper.took(DOOR_IN)) == before + 1
        one.devices.buttons["door-1-inner"].drive(down=False)
        await one.advance(61)
        assert one.health()["door_1_blocked"] == 0
        assert len(one.keeper.took(DOOR_IN)) == before + 2


async def test_a_hub_that_asks_for_rows_hears_that_there_are_none(tmp_path: Path) -> None:
    """Or it would wait for them; and a higher generation is obeyed and kept."""
    async with stand(tmp_path) as one:
        await one.join()
        one.keeper.ack("a" * 32, 0, give=Place(), gen="5-0000000a")
        await one.quiet()
        (given,) = one.keeper.given
        assert (given.give, given.given) == ((), True)
        one.keeper.is_mute = True
        await one.advance(61)
        one.keeper.ack("b" * 32, 99, gen="4-0000000a")  # a hub that was set back has stored nothing
        await one.quiet()
        assert one.health().get("readings_waiting", 0) >= 0
        assert one.node._readings.lane.depth > 0
    async with Outbox.open(tmp_path / "outbox.db", boot="b", stream="e" * 32) as outbox:
        assert outbox.gen == "5-0000000a"


async def test_a_disk_that_refuses_costs_what_was_measured_and_no_people(tmp_path: Path) -> None:
    """They are told when it writes again."""
    async with stand(tmp_path) as one:
        await one.join()
        sql = one.node._readings._box._db._conn
        assert sql is not None
        sql.execute("PRAGMA query_only = ON")
        await one.comes()
        await one.advance(70)
        assert one.keeper.values == []
        assert one.health()["store_errors"] >= 1
        sql.execute("PRAGMA query_only = OFF")
        await one.advance(60)
        assert sum(one.keeper.took(DOOR_IN)) == 1


async def test_bad_messages_are_counted_and_a_visit_is_refused(tmp_path: Path) -> None:
    """Nobody takes a ticket at a sensor."""
    async with stand(tmp_path) as one:
        await one.join()
        one.link.say(Topic(HALL, Kind.ACK, NODE), b"{}")
        one.link.say(Topic(HALL, Kind.BOARD), b"{}")
        await one.advance(16)
        assert one.health()["wire_errors"] == 2
        with pytest.raises(ValueError, match="no visits"):
            await one.node.take(Visit(("ktp-el",)))
