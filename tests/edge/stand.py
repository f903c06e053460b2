"""A whole node on a stand: real outbox, mock pins, a link that goes nowhere, virtual time."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from broker.hall.rules import Actor
from broker.outbox import Outbox
from broker.wire.delivery import Sender
from broker.wire.messages import Health, read_health
from broker.wire.topics import Kind
from edge.counter import LAMP, CounterRole
from edge.devices import Devices, open_factory
from edge.figures import NO_FIGURES, Figures
from edge.inbox import Inbox, Item, Timer
from edge.kiosk import READY, KioskRole
from edge.node import Node
from edge.paper import PaperPort, SlipFile
from edge.post import Identity
from edge.role import Role
from tests.fakes import TURNS, FakeClock
from tests.fakes_edge import HALL, SETUP, FakeLink, TinyHub, until

BUTTONS = {"call": 5, "recall": 6, "no_show": 13, "done": 19, "pause": 17, "rate_3": 21}
KIOSK_BUTTONS = {"ktp-el": 17, "pajak": 5}

COUNTER = Actor("loket-3", "counter", frozenset({3}))
KIOSK = Actor("kiosk-1", "kiosk")

ZONE = ZoneInfo("Asia/Jakarta")


class FakeTimers:
    """`call_later` in the time of a `FakeClock`."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, wait_s: float, fn: Callable[[], None]) -> Timer:
        """Call `fn` when the clock was moved on so far."""

        async def later() -> None:
            await self._clock.sleep(wait_s)
            fn()

        task = asyncio.get_running_loop().create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class WatchedInbox(Inbox):
    """An inbox that tells whether its node sleeps, and until when."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, clock: FakeClock) -> None:
        super().__init__(loop=loop, call_later=FakeTimers(clock))
        self._clock = clock
        self._sleeps = False
        self.due_s: float | None = None
        self.naps = 0

    @property
    def sleeps(self) -> bool:
        """Whether the node has nothing to do."""
        return self._sleeps and not self._items

    async def take(self, wait_s: float | None) -> list[Item]:
        """Note that the node sleeps, and wait."""
        self.due_s = None if wait_s is None else self._clock.mono_s() + wait_s
        self._sleeps = True
        self.naps += 1
        items = await super().take(wait_s)
        self._sleeps = False
        return items


class Stand:
    """One start of a node; the folder outlives it."""

    def __init__(  # noqa: PLR0913 - the parts of a start, each by name
        self,
        *,
        node: Node,
        link: FakeLink,
        devices: Devices,
        clock: FakeClock,
        inbox: WatchedInbox,
        folder: Path,
    ) -> None:
        self.folder = folder
        self.node = node
        self.inbox = inbox
        self.link = link
        self.devices = devices
        self.clock = clock
        self.hub: TinyHub | None = None

    @property
    def lamps(self) -> dict[str, str]:
        """What the lamps say."""
        lamps = self.node.snapshot()["lamps"]
        assert isinstance(lamps, dict)
        return lamps

    def health(self) -> Health:
        """Return the newest figures it sent."""
        payloads = [p for topic, p in self.link.published if topic.kind is Kind.HEALTH]
        return read_health(payloads[-1])

    async def quiet(self) -> None:
        """Wait until the node sleeps: SQLite's thread takes real time, which stands still here."""
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

    async def press(self, button: str, ms: float = 120) -> None:
        """Press a mock pin, and wait until all it asked for is committed."""
        self.devices.buttons[button].drive(down=True)
        await self.advance(ms / 1000)
        self.devices.buttons[button].drive(down=False)
        settled = asyncio.create_task(self.node.settled(button))
        await self.advance(0.03)
        await asyncio.wait_for(settled, 5)

    def allow_writes(self, *, allowed: bool) -> None:
        """Let the disk take what the outbox commits, or refuse it as a worn card does."""
        sql = f"PRAGMA query_only = {'OFF' if allowed else 'ON'}"
        self.node._outbox._db._conn.execute(sql)  # type: ignore[union-attr]

    async def shows(self, lamp: str, pattern: str) -> None:
        """Wait until a lamp says this."""
        await until(lambda: self.lamps[lamp] == pattern, f"{lamp} shows {pattern}")

    async def join(self, actor: Actor) -> TinyHub:
        """Bring a hub and a connection up, and wait until the node has heard it."""
        self.hub = TinyHub(link=self.link, actor=actor, clock=self.clock)
        self.link.connect()
        self.hub.beat()
        self.hub.show()
        await self.quiet()
        assert self.node.snapshot()["hub"] == "heard"
        return self.hub


def rows_of(folder: Path) -> list[tuple[str, int, str, bool]]:
    """Return (stream, seq, type of command, has a result) of an outbox, in order."""
    with contextlib.closing(sqlite3.connect(folder / "outbox.db")) as db:
        found = db.execute("SELECT stream, seq, command, result FROM rows ORDER BY stream, seq")
        return [
            (stream[0], seq, msgspec.json.decode(command)["type"], result is not None)
            for stream, seq, command, result in found.fetchall()
        ]


def slips_of(folder: Path) -> list[tuple[str, bool]]:
    """Return (number, whether its end was told) of the slips an outbox knows of, in order."""
    with contextlib.closing(sqlite3.connect(folder / "outbox.db")) as db:
        found = db.execute("SELECT confirms, is_out FROM slips ORDER BY number").fetchall()
        return [
            (confirm["number"], bool(is_out))
            for confirms, is_out in found
            for confirm in msgspec.json.decode(confirms)
        ]


def make_role(actor: Actor) -> Role:
    """Return the role of a stand's node."""
    if actor.role == "counter":
        return CounterRole(hall=HALL, counter=3, serves=("ktp-el",))
    return KioskRole(
        setup=SETUP,
        services={"ktp-el": "ktp-el", "pajak": "npwp"},
        lamps=(READY,),
        prefix=SETUP.offline["kiosk-1"],
        start=300,
    )


@contextlib.asynccontextmanager
async def stand(  # noqa: PLR0913 - what a start of a node may differ in, each by name
    actor: Actor,
    folder: Path,
    *,
    clock: FakeClock | None = None,
    stream: str = "a" * 32,
    boot: str = "b",
    fed: Callable[[], object] | None = None,
    paper: PaperPort | None = None,
    figures: Figures = NO_FIGURES,
) -> AsyncIterator[Stand]:
    """Start a node and stop it cleanly."""
    clock = clock or FakeClock()
    role = make_role(actor)
    is_counter = actor.role == "counter"
    loop = asyncio.get_running_loop()
    devices = Devices(
        factory=open_factory("mock", folder),
        buttons=BUTTONS if is_counter else KIOSK_BUTTONS,
        lamps={LAMP: 26} if is_counter else {READY: 22},
        mono_s=clock.mono_s,
    )
    inbox = WatchedInbox(loop=loop, clock=clock)
    link = FakeLink(inbox.put_threadsafe)
    identity = Identity(node=actor.node, hall=HALL, role=actor.role, version="1", boot=boot)
    with devices:
        async with Outbox.open(folder / "outbox.db", boot=boot, stream=stream) as outbox:
            node = Node(
                identity=identity,
                role=role,
                devices=devices,
                outbox=outbox,
                sender=Sender(stream=stream, rows=outbox.rows, gen=outbox.gen, random=Random(1)),
                link=link,
                inbox=inbox,
                paper=paper or SlipFile(path=folder / "slip.txt", zone=ZONE),
                clock=clock,
                fed=fed,
                figures=figures,
            )
            async with asyncio.TaskGroup() as group:
                running = group.create_task(node.run())
                await until(lambda: link.is_running or running.done(), "the node runs")
                yield Stand(
                    node=node, link=link, devices=devices, clock=clock, inbox=inbox, folder=folder
                )
                node.stop()
