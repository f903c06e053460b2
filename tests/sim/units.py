"""The processes of a hall, each on its machine: thin shells that build the product's own parts.

A shell does what `broker.hub.run_hub`, `edge.command` and `displays.command` do before they serve,
and starts what died again after 2 s, as a supervisor does.
"""

import functools
import hashlib
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from broker.entry import COLUMNS, Entry
from broker.hall.events import decode_events
from broker.hall_time import HallTime
from broker.hub import HEARD
from broker.hub_inbox import BATCH_MAX
from broker.link import Connected, Received
from broker.store import StoreError
from broker.wire.messages import Birth, Health, encode, read_board, read_hub, read_queue
from broker.wire.seal import Seals
from broker.wire.topics import Kind, Topic, every, parse_topic
from displays.board_setup import board_setup
from edge.paper import Outcome
from edge.post import HEALTH_EVERY_S, Identity
from tests.sim.card import Card
from tests.sim.machine import Machine, Process, SimInbox
from tests.sim.net import Cable, SimLink
from tests.sim.parts import SimDevices, SimPaper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.role import Role
    from tests.sim.world import World

RESTART_S = 2.0


class Unit:
    """One node of the hall: a machine with its cable and card, and its process.

    Attributes:
        is_wanted: A supervisor starts it whenever it is not running.
    """

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.random = Random(f"{world.seed}:{name}")
        self.machine = Machine(name, world.timeline, self._hex(8))
        self.card = Card(self.random)
        self.card.unsynced_max = world.parts.unsynced_max
        self.cable = Cable()
        self.process = Process(world.timeline, self._ended)
        self.link: SimLink | None = None
        self.is_wanted = False
        self.deaths = 0
        self._cuts = 0

    def start(self) -> None:
        """Start the process unless it runs."""
        if not self.is_wanted or self.process.is_alive:
            return
        self.process = Process(self.world.timeline, self._ended)
        self.world.oracle.restarted(self.name)
        self.process.start(self._main())

    def switch_on(self) -> None:
        """Begin for the day."""
        self.is_wanted = True
        self.start()

    def switch_off(self) -> None:
        """End for the day, by the switch."""
        self.is_wanted = False
        self._cuts += 1
        self.process.kill()
        self.card.power_cut()
        if self.link is not None:
            self.link.vanish()
        self.machine.reboot(self._hex(8))

    def kill(self, down_s: float) -> None:
        """Kill -9; it is started again."""
        if not self.process.is_alive:
            return
        self.process.kill()
        self.card.killed()
        if self.link is not None:
            self.link.stop()
        self.world.timeline.after(down_s, self.start)

    def power_cut(self, down_s: float) -> None:
        """Lose power; it boots again."""
        self.process.kill()
        self.card.power_cut()
        if self.link is not None:
            self.link.vanish()
        self.is_wanted = False
        self._cuts += 1
        cut = self._cuts

        def boot() -> None:
            if cut != self._cuts:
                return  # cut again before it was back
            self.machine.reboot(self._hex(8))
            self.is_wanted = True
            self.start()

        self.world.timeline.after(down_s, boot)

    def _ended(self, error: BaseException | None) -> None:
        self.deaths += 1
        if self.link is not None:
            self.link.stop()
        if not isinstance(error, StoreError):
            self.world.oracle.fail("process_died", f"{self.name}: {error!r}")
        self.world.timeline.after(RESTART_S, self.start)

    def _hex(self, size: int) -> str:
        return f"{self.random.getrandbits(8 * size):0{2 * size}x}"

    def _make_link(self, inbox: SimInbox, filters: "Sequence[str]", will: Any) -> SimLink:
        self.link = SimLink(
            client_id=self.name,
            subscriptions=filters,
            will=will,
            on_event=inbox.put_threadsafe,
            broker=self.world.broker,
            cable=self.cable,
            timeline=self.world.timeline,
            random=self.random,
        )
        return self.link

    def _main(self) -> Coroutine[Any, Any, None]:
        raise NotImplementedError


class HubUnit(Unit):
    """The hub. Its key outlives its card: a person keeps a copy of it."""

    def __init__(self, world: "World") -> None:
        super().__init__(world, "hub")
        self.core: Any = None
        self.key = hashlib.sha256(f"{world.seed}".encode()).digest()
        self.is_key_new = True

    def rows(self) -> list[Entry]:
        """Return what the journal's file holds."""
        sql = self.card.file("journal.db").sql
        if not sql.execute("SELECT * FROM sqlite_master WHERE name = 'rows'").fetchone():
            return []
        found = sql.execute(f"SELECT {COLUMNS} FROM rows ORDER BY pos").fetchall()  # noqa: S608
        return [Entry(*row[:6], decode_events(row[6]), *row[7:]) for row in found]

    async def _main(self) -> None:
        world, parts = self.world, self.world.parts
        async with parts.journal.open(
            Path("journal.db"), random_hex=self._hex, opens=self.card.opens(self.process)
        ) as journal:
            journal.oracle = world.oracle
            world.oracle.hub_began(self.rows())
            hall = parts.hall(world.setup)
            for pos, at_ms, events in await journal.tail():
                hall.apply(pos, at_ms, events)
            hall_time = HallTime(newest_ms=hall.at_ms)
            self.core = parts.core(
                hall=hall,
                time=hall_time,
                nodes=world.actors,
                seals=Seals(self.key),
                gen=journal.gen,
                start=self._hex(8),
                own=self._hex(16),
                streams=journal.streams,
                beat_base=journal.beat_base,
                now_s=self.machine.mono_s(),
                newest_gen=journal.newest_gen,
                owing=journal.owing,
                recovering=journal.is_recovering or (not hall.pos and not self.is_key_new),
                listens=True,
            )
            self.core.oracle = world.oracle
            self.is_key_new = False
            inbox = SimInbox(self.process, BATCH_MAX)
            filters = [every(world.setup.hall, kind) for kind in HEARD]
            link = self._make_link(inbox, filters, None)
            link.on_publish = world.oracle.published
            hub = parts.hub(
                core=self.core,
                journal=journal,
                link=link,
                inbox=inbox,
                clock=self.machine,
                trust=self.machine,
                time=hall_time,
                fed=lambda: None,
            )
            link.start()
            await hub.run()


class NodeUnit(Unit):
    """A kiosk, a counter or a desk: the real `edge.node.Node`.

    Attributes:
        outcome: What becomes of a slip.
    """

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.role: Role | None = None
        self.devices = SimDevices(buttons=(), lamps=())
        self.node: Any = None
        self.outcome = Outcome.PRINTED

    def press(self, button: str, hold_s: float = 0.12) -> bool:
        """Have a finger press a button; return whether anything is there to feel it."""
        pin = self.devices.buttons.get(button)
        if pin is None:
            return False
        pin.move(down=True, at_s=self.machine.mono_s())

        def leave() -> None:
            if self.devices.buttons.get(button) is pin:
                pin.move(down=False, at_s=self.machine.mono_s())

        self.world.timeline.after(hold_s, leave)
        return True

    def waiting_rows(self) -> int:
        """Return how many rows on its card have no result."""
        sql = self.card.file("outbox.db").sql
        if not sql.execute("SELECT * FROM sqlite_master WHERE name = 'pending'").fetchone():
            return 0
        # Those of a card's other home are named in the log, for a person to put it back there.
        mine = "SELECT count(*) FROM pending JOIN streams USING (place) WHERE node = ?"
        count: int = sql.execute(mine, (self.name,)).fetchone()[0]
        return count

    def foreign_rows(self) -> list[tuple[str, int]]:
        """Return the rows on its card that are another node's and have no result."""
        sql = self.card.file("outbox.db").sql
        found = "SELECT stream, seq FROM pending JOIN streams USING (place) WHERE node != ?"
        return list(sql.execute(found, (self.name,)))

    def held_rows(self) -> set[tuple[str, int]]:
        """Return all rows on its card, with a result or without."""
        sql = self.card.file("outbox.db").sql
        if not sql.execute("SELECT * FROM sqlite_master WHERE name = 'pending'").fetchone():
            return set()
        pending = "SELECT stream, seq FROM pending JOIN streams USING (place)"
        return {*sql.execute(pending), *self.decided_rows()}

    def decided_rows(self) -> list[tuple[str, int]]:
        """Return the rows on its card that have a sealed result."""
        sql = self.card.file("outbox.db").sql
        found = "SELECT stream, seq FROM decided JOIN streams USING (place) WHERE n > 0"
        return list(sql.execute(found))

    async def _main(self) -> None:
        world, parts = self.world, self.world.parts
        stream = self._hex(16)
        async with parts.outbox.open(
            Path("outbox.db"),
            boot=self.machine.boot,
            stream=stream,
            node=self.name,
            opens=self.card.opens(self.process),
        ) as outbox:
            outbox.told = functools.partial(world.oracle.appended, self.name)
            wiring = world.wiring(self.name)
            self.role = role = parts.role(wiring.role)
            self.devices = SimDevices(buttons=wiring.buttons, lamps=wiring.lamps)
            identity = Identity(
                node=self.name,
                hall=world.setup.hall,
                role=role.name,
                version="1",
                boot=self.machine.boot,
            )
            inbox = SimInbox(self.process, 1000)
            link = self._make_link(inbox, identity.subscriptions(role.topics()), identity.will)
            sender = parts.sender(
                stream=stream, rows=outbox.rows, gen=outbox.gen, random=self.random
            )
            sender.machine = self.machine  # for whoever reads the wrong clock
            self.node = parts.node(
                identity=identity,
                role=role,
                devices=self.devices,
                outbox=outbox,
                sender=sender,
                link=link,
                inbox=inbox,
                paper=SimPaper(
                    draw=self.random.random,
                    after=world.timeline.after,
                    out=functools.partial(world.slip_out, self),
                    cards=lambda: world.oracle.card(self.name),
                    outcome=lambda: self.outcome,
                ),
                clock=self.machine,
            )
            self.node.oracle = world.oracle
            await self.node.run()


class BoardUnit(Unit):
    """A hall board: its pure part, and the loop of `displays.loop` without a screen."""

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.board: Any = None

    def _birth(self, session: str, *, online: bool) -> bytes:
        return encode(Birth(session=session, online=online, role="board", boot=self.machine.boot))

    async def _main(self) -> None:
        world, machine = self.world, self.machine
        setup = board_setup(world.setup, timezone=world.timezone)
        board = self.board = world.parts.board(setup=setup, start_s=machine.mono_s())
        board.oracle, board.node = world.oracle, self.name
        inbox = SimInbox(self.process, BATCH_MAX)
        hall, birth = world.setup.hall, Topic(world.setup.hall, Kind.BIRTH, self.name)
        link = self._make_link(
            inbox,
            [str(Topic(hall, kind)) for kind in (Kind.BOARD, Kind.HUB, Kind.QUEUE)],
            lambda session: (str(birth), self._birth(session, online=False)),
        )
        link.start()
        health_s = machine.mono_s() + HEALTH_EVERY_S
        while True:
            is_new = False
            for event in await inbox.take(health_s - machine.mono_s()):
                if isinstance(event, Connected):
                    link.publish(birth, self._birth(event.session, online=True))
                elif isinstance(event, Received):
                    is_new |= self._receive(board, event)
            now_s = machine.mono_s()
            # Pulses and pages change no fact: it is enough to look at new calls, and now and then.
            if is_new or now_s >= health_s:
                board.look(now_s=now_s, wall_ms=machine.wall_ms())
            world.oracle.shows(self.name, *board.shown)
            if now_s >= health_s:
                health_s = now_s + HEALTH_EVERY_S
                figures = Health(uptime_s=round(now_s, 1))
                link.publish(Topic(hall, Kind.HEALTH, self.name), encode(figures))

    def _receive(self, board: Any, event: Received) -> bool:
        """Take a message; return whether other calls may be shown for it."""
        topic, now_s, before = parse_topic(event.topic), self.machine.mono_s(), board.shown
        match topic.kind if topic else None:
            case Kind.BOARD:
                view = read_board(event.payload)
                board.take_board(view, is_retained=event.retained, now_s=now_s)
            case Kind.HUB:
                state = read_hub(event.payload)
                board.take_hub(state, is_retained=event.retained, now_s=now_s)
            case Kind.QUEUE:
                board.take_queue(read_queue(event.payload))
            case _:
                pass
        return bool(board.shown != before)
