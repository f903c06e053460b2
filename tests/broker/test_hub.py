"""The hub's loop: in which order it decides, commits and says, and what it says when it can't."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from broker.core import HubCore
from broker.entry import Entry
from broker.hall.rules import Actor
from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.state import Hall
from broker.hall_time import HallTime
from broker.hub import COUNTS_EVERY_S, STOOD_DOWN_EVERY_S, Hub
from broker.hub_inbox import INBOX_MAX, Inbox
from broker.link import Connected, Disconnected, LinkEvent, Received
from broker.publisher import SAY_AGAIN_S
from broker.store import StoreError
from broker.wire.messages import MESSAGE_BYTES_MAX, Held, Result
from broker.wire.seal import Seals
from broker.wire.topics import Topic
from tests.fakes import TURNS, FakeClock, FakeTrust

STREAM = "a" * 32


def setup_with(*services: str) -> Setup:
    """Return a hall with one counter for these services."""
    return make_setup(
        hall="demo",
        name="MPP Kota Contoh",
        timezone="Asia/Jakarta",
        agencies=(Agency(id="dukcapil", name="Dinas", short="Disdukcapil", series="A"),),
        services=tuple(
            Service(id=service, agency="dukcapil", name={"id": "Layanan"}) for service in services
        ),
        counters=(Counter(id=3, serves=services),),
    )


SETUP = setup_with("ktp-el")
WAKE = Received("loket/v1/demo/health/kiosk-1", b'{"uptime_s":1}', retained=False)
DAY_S = 86_400


class Wire:
    """A link that writes down what is published, and refuses what a test says."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.refuses: set[str] = set()
        self.counts: dict[str, int] = {}

    def start(self) -> None:
        """Connect."""
        self.said.append("start")

    def stop(self) -> None:
        """Disconnect."""
        self.said.append("stop")

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Note the topic without the hall."""
        path = str(topic).split("/", 3)[-1]
        is_sent = path not in self.refuses and len(payload) <= MESSAGE_BYTES_MAX
        self.said.append(path if is_sent else f"({path})")
        return is_sent


class Rows:
    """A journal that writes down what is committed."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.fails = False
        self.ends_at = 10**9

    async def begin_generation(self, gen: str) -> None:
        """Note it."""
        self.said.append(f"generation {gen}")

    async def lacks(self, held: Held, *, seals: Seals) -> bool:
        """Return whether a row that was decided is not in it."""
        assert seals.seal
        return held.pos > self.ends_at

    async def commit(
        self,
        entries: Sequence[Entry],
        *,
        recovered: bool = False,
        owing: frozenset[str] | None = None,
    ) -> None:
        """Note the events, or fail as a full disk does."""
        if self.fails:
            raise StoreError("journal.db: disk full: free some space")
        assert owing is None, "no test here has a recovery"
        events = [type(event).__name__ for entry in entries for event in entry.events]
        self.said.append(f"commit {' '.join(events)}{' recovered' * recovered}")

    async def results(self, stream: str, seqs: Sequence[int], *, seals: Seals) -> list[Result]:
        """Return nothing: no test here asks for an old row."""
        raise AssertionError((stream, seqs, seals))


class Room:
    """A hub with its loop running, and all it did in order."""

    def __init__(self, setup: Setup = SETUP) -> None:
        self.said: list[str] = []
        self.clock = FakeClock()
        self.wire = Wire(self.said)
        self.rows = Rows(self.said)
        self.inbox = Inbox(asyncio.get_running_loop())
        self.core = HubCore(
            hall=Hall(setup),
            nodes={"kiosk-1": Actor(node="kiosk-1", role="kiosk", counters=frozenset())},
            seals=Seals(b"k" * 32),
            gen="1-deadbeef",
            start="start",
            own="f" * 32,
            streams={},
            beat_base=0,
            now_s=self.clock.mono_s(),
        )
        self.hub = Hub(
            core=self.core,
            journal=self.rows,
            link=self.wire,
            inbox=self.inbox,
            clock=self.clock,
            trust=FakeTrust(self.clock),
            time=HallTime(newest_ms=0),
            fed=lambda: self.said.append("fed"),
        )

    async def takes(self, *events: LinkEvent) -> list[str]:
        """Let events arrive, or one that only wakes the loop; return what came of it."""
        self.said.clear()
        for event in events or (WAKE,):
            self.inbox.put_threadsafe(event)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return self.said.copy()

    async def later(self, wait_s: float) -> list[str]:
        """Let time pass and wake the loop; return what came of it."""
        await self.clock.advance(wait_s)
        return await self.takes()


@asynccontextmanager
async def running(setup: Setup = SETUP) -> AsyncIterator[Room]:
    """Run a hub that is connected and has said everything, for the block."""
    room = Room(setup)
    task = asyncio.create_task(room.hub.run())
    await room.takes(Connected("session"))
    await room.later(0.3)
    try:
        yield room
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def issue(seq: int, services: Iterable[str] = ("ktp-el",)) -> Received:
    """Return a kiosk's message with one row."""
    command = {"type": "issue", "services": [*services]}
    body = {"stream": STREAM, "first": 1, "from": seq, "beat": 1, "commands": [command]}
    return Received("loket/v1/demo/up/kiosk-1", json.dumps(body).encode(), retained=False)


async def test_a_press_is_committed_before_anything_is_said_of_it() -> None:
    """Commit, ack; the queue waits its quarter of a second."""
    async with running() as room:
        assert await room.takes(issue(1)) == [
            "commit TicketIssued",
            "ack/kiosk-1",
            "state/queue",
        ]


async def test_what_arrives_together_is_one_commit() -> None:
    """Group commit: three presses, one fsync, one ack."""
    async with running() as room:
        said = await room.takes(issue(1), issue(2), issue(3))

        assert said[:2] == ["commit TicketIssued TicketIssued TicketIssued", "ack/kiosk-1"]


async def test_the_first_press_after_midnight_finds_the_new_day_open() -> None:
    """One commit: first the day, then the ticket; the board forgets yesterday before the ack."""
    async with running() as room:
        room.clock.step_wall(DAY_S)

        assert (await room.takes(issue(1)))[:3] == [
            "commit DayOpened TicketIssued",
            "state/board",
            "ack/kiosk-1",
        ]
        assert list(room.core.hall.tickets) == [f"{STREAM}:1"]


async def test_the_day_opens_without_a_press() -> None:
    """An idle hall at midnight: the next wake-up opens the day."""
    async with running() as room:
        room.clock.step_wall(DAY_S)

        assert (await room.takes())[:2] == ["commit DayOpened", "state/board"]


async def test_a_snapshot_the_link_did_not_take_is_said_again() -> None:
    """The broker would show the one before for ever; and again until it is taken."""
    async with running() as room:
        room.wire.refuses = {"state/queue"}
        assert (await room.takes(issue(1)))[-1] == "(state/queue)"
        assert await room.later(SAY_AGAIN_S) == ["(state/queue)"]
        room.wire.refuses = set()
        assert await room.later(SAY_AGAIN_S) == ["state/queue"]
        assert await room.later(SAY_AGAIN_S) == []


async def test_nothing_is_repeated_while_the_link_is_down() -> None:
    """It is all said when the link is up again."""
    async with running() as room:
        room.wire.refuses = {"state/queue", "ack/kiosk-1"}
        await room.takes(Disconnected("gone"), issue(1))
        assert await room.later(SAY_AGAIN_S) == []
        room.wire.refuses = set()
        assert await room.takes(Connected("session")) == [
            "state/board",
            "state/hub",
            "state/queue",
        ]
        assert await room.later(SAY_AGAIN_S) == ["state/counter/3"]


async def test_of_a_batch_whose_commit_failed_nothing_is_said() -> None:
    """Nobody hears of a ticket that is on no disk; the process ends, with one plain error."""
    room = Room()
    serving = asyncio.create_task(
        room.hub.serve(asyncio.Event(), on_ready=lambda: room.said.append("ready"))
    )
    await room.takes(Connected("session"))
    room.rows.fails = True
    said = await room.takes(issue(1))

    with pytest.raises(StoreError, match="disk full"):
        await serving
    assert said == ["stop"]


def birth(held_pos: int) -> Received:
    """Return a kiosk's birth that says which row it holds."""
    held = {"gen": "1-deadbeef", "pos": held_pos, "seal": "5e" * 16}
    body = {"session": "s", "online": True, "stream": STREAM, "first": 1, "held": held}
    return Received("loket/v1/demo/birth/kiosk-1", json.dumps(body).encode(), retained=False)


async def test_on_a_journal_that_was_set_back_not_one_row_is_decided() -> None:
    """Not even one that came together with the birth that tells of it: its number is given."""
    async with running() as room:
        await room.takes(issue(1))
        room.rows.ends_at = 2
        said = await room.takes(birth(3), issue(2))

        assert said == ["generation 2-start", "state/hub", "ack/kiosk-1"]
        assert room.core.hall.pos == 2
        assert await room.takes(issue(2)) == []


async def test_a_hub_that_is_outranked_leaves_and_stays_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is pending is not committed; it says so, feeds its watchdog, and does nothing else."""
    async with running() as room:
        state = b'{"gen":"2-00000001","pos":1,"beat":9,"start":"other","at_ms":1}'
        other = Received("loket/v1/demo/state/hub", state, retained=False)
        assert await room.takes(issue(1), other, issue(2)) == ["stop", "fed"]
        assert "another hub serves this hall" in caplog.text
        room.said.clear()
        await room.clock.advance(STOOD_DOWN_EVERY_S / 2)
        assert room.said == ["fed"] * 60
        assert await room.takes(issue(3), Connected("session")) == []
        caplog.clear()
        await room.later(STOOD_DOWN_EVERY_S / 2 + 1)
        assert "another hub serves this hall" in caplog.text


async def test_a_node_that_holds_what_the_journal_has_is_just_answered() -> None:
    """Each birth is looked at; nothing more comes of it."""
    async with running() as room:
        said = await room.takes(birth(1), issue(1))
        assert said == ["commit TicketIssued", "state/hub", "ack/kiosk-1", "state/queue"]


async def test_a_hub_serves_until_told_to_stop() -> None:
    """It is ready once it runs, and the link ends last."""
    room = Room()
    stopping = asyncio.Event()
    stopping.set()
    await room.hub.serve(stopping, on_ready=lambda: room.said.append("ready"))

    assert (room.said[:2], room.said[-1]) == (["start", "ready"], "stop")


async def test_the_watchdog_is_fed_after_a_round_with_a_heartbeat() -> None:
    """A loop that no longer comes round starves it (DESIGN §8)."""
    async with running() as room:
        assert await room.takes(issue(1)) == ["commit TicketIssued", "ack/kiosk-1", "state/queue"]
        assert (await room.later(5))[-2:] == ["state/hub", "fed"]


async def test_counts_are_logged_once_a_minute_when_they_changed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is only counted can be read; a quiet hall writes nothing."""
    caplog.set_level(logging.INFO)

    def told() -> list[object]:
        found = [r for r in caplog.records if r.getMessage() == "counted since start"]
        return [record.__dict__["loket_fields"] for record in found]

    async with running() as room:
        room.wire.refuses = {"state/queue"}
        await room.takes(issue(1), Received("elsewhere", b"", retained=False))
        await room.takes()
        assert told() == []
        room.wire.refuses = set()
        room.wire.counts = {"connected": 1}
        room.inbox.dropped = 4
        await room.later(COUNTS_EVERY_S)
        assert told() == [
            {
                "dropped": {"not_ours": 1},
                "unsent": {"state/queue": 1},
                "inbox": {"dropped": 4},
                "readings": {"dropped": 0},
                "link": {"connected": 1},
            }
        ]
        await room.later(COUNTS_EVERY_S)
        assert len(told()) == 1


async def test_a_full_inbox_drops_messages_and_keeps_what_says_how_the_link_is() -> None:
    """A node sends a message again; that the link is up is said once."""
    inbox = Inbox(asyncio.get_running_loop())
    for _ in range(INBOX_MAX + 5):
        inbox.put_threadsafe(Received("x", b"", retained=False))
    inbox.put_threadsafe(Disconnected("gone"))
    inbox.put_threadsafe(Connected("session"))
    await asyncio.sleep(0)

    taken: list[LinkEvent] = []
    while events := await inbox.take(0):
        taken += events
    assert inbox.dropped == 5
    assert taken[INBOX_MAX:] == [Disconnected("gone"), Connected("session")]


async def test_a_message_too_big_is_not_tried_again() -> None:
    """It stays too big until the hall changes, and then is made anew anyhow."""
    wide = setup_with("ktp-el", *(f"{i:032}" for i in range(600)))
    async with running(wide) as room:
        assert (await room.takes(issue(1)))[-1] == "(state/queue)"
        assert await room.later(SAY_AGAIN_S) == []
