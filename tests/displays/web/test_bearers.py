"""What bearers ask for: kept first, sent once, answered by its own result; with a real receiver."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from broker.clock import SystemClock
from broker.hall.commands import Hold, decode_command
from broker.outbox import Outbox
from broker.wire.delivery import Receiver
from broker.wire.messages import (
    Ack,
    Birth,
    Give,
    HubState,
    Place,
    Result,
    Up,
    WireError,
    encode,
    read_birth,
    read_give,
    read_up,
)
from broker.wire.topics import Kind, Topic
from displays.web import bearers as module
from displays.web.bearers import Bearers
from tests.fakes_edge import until

GEN = "1-0123abcd"
STREAM, LATER = "a" * 32, "b" * 32
HOLD = Hold(ticket=f"{'c' * 32}:1", code_sha256="d" * 64)


class Hub:
    """The other end: takes what `web` publishes, and answers as a hub would while it is up."""

    def __init__(self) -> None:
        self.receiver = Receiver(streams={})
        self.decided: list[tuple[str, int, object]] = []
        self.births: list[Birth] = []
        self.gives: list[Give] = []
        self.refusal = ""
        self.is_deaf = False
        self.bearers: Bearers

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Take a message."""
        assert (topic.hall, topic.id) == ("demo", "web")
        asyncio.get_running_loop().call_soon(self._take, topic.kind, payload)
        return True

    def _take(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.BIRTH:
            self.births.append(read_birth(payload))
            self.ack(self.births[-1].stream, ())
        elif kind is Kind.UP and b'"give"' in payload:
            self.gives.append(read_give(payload))
        elif not self.is_deaf:
            self._decide(read_up(payload))

    def _decide(self, up: Up) -> None:
        results = []
        for seq, raw in self.receiver.take("web", up).fresh:
            self.decided.append((up.stream, seq, decode_command(raw)))
            pos = len(self.decided)
            results.append(
                Result(seq=seq, pos=pos, at_ms=1, refusal=self.refusal, gen=GEN, seal="e" * 32)
            )
        self.ack(up.stream, tuple(results))

    def ack(self, stream: str, results: tuple[Result, ...], *, give: Place | None = None) -> None:
        """Answer."""
        last = self.receiver.last("web", stream)
        ack = Ack(gen=GEN, stream=stream, upto=last, results=results, give=give)
        self.bearers.acked(encode(ack))


@contextlib.asynccontextmanager
async def bearers(folder: Path, hub: Hub, stream: str = STREAM) -> AsyncIterator[Bearers]:
    """Start the public's sender."""
    async with Outbox.open(folder / "public.db", boot="boot", stream=stream, node="web") as outbox:
        made = Bearers(
            hall="demo",
            birth=Birth(session="", online=True, role="web", version="1", boot="boot"),
            outbox=outbox,
            wire=hub,
            clock=SystemClock(),
            random=Random(1),
        )
        hub.bearers = made
        running = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_command_is_decided_once_and_its_asker_told(tmp_path: Path) -> None:
    """The birth comes first; a refusal is a result like any other."""
    hub = Hub()
    async with bearers(tmp_path, hub) as public:
        public.connected("s1")
        done = await public.ask(HOLD)
        hub.refusal = "held_out"
        refused = await public.ask(HOLD)

    assert done is not None
    assert refused is not None
    assert (done.seq, done.refusal, refused.refusal) == (1, "", "held_out")
    assert [(stream, seq) for stream, seq, _ in hub.decided] == [(STREAM, 1), (STREAM, 2)]
    assert (hub.births[0].session, hub.births[0].role) == ("s1", "web")
    assert hub.births[0].stream == STREAM


async def test_what_had_no_answer_is_sent_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed or cut off in between: kept first, so never lost; decided once, in order."""
    monkeypatch.setattr(module, "ANSWER_WITHIN_S", 0.05)
    hub = Hub()
    async with bearers(tmp_path, hub) as public:
        assert await public.ask(HOLD) is None, "not connected yet"
        hub.is_deaf = True
        public.connected("s1")
        assert await public.ask(HOLD) is None, "the hub does not answer"
        public.disconnected()
    hub.is_deaf = False
    async with bearers(tmp_path, hub, stream=LATER) as public:
        assert public.depth == 2
        public.connected("s2")
        await until(lambda: len(hub.decided) == 2, "both rows")

    assert [(stream, seq) for stream, seq, _ in hub.decided] == [(STREAM, 1), (STREAM, 2)]


async def test_a_hub_that_lost_rows_is_given_them(tmp_path: Path) -> None:
    """As every node does; another start of it is greeted again."""
    hub = Hub()
    async with bearers(tmp_path, hub) as public:
        public.connected("s1")
        await public.ask(HOLD)
        hub.ack(STREAM, (), give=Place())
        await until(lambda: len(hub.gives) == 1, "the rows")
        births = len(hub.births)
        for start in ("one", "two"):
            public.hub_seen(HubState(gen=GEN, pos=1, beat=1, start=start, at_ms=1))
        await until(lambda: len(hub.births) > births, "a birth")

    (give,) = hub.gives
    assert (give.given, [row.seq for row in give.give]) == (True, [1])
    assert hub.births[-1].held is not None


async def test_a_bad_ack_changes_nothing(tmp_path: Path) -> None:
    """And is told to whoever counts."""
    hub = Hub()
    async with bearers(tmp_path, hub) as public:
        with pytest.raises(WireError):
            public.acked(b"{}")


async def test_whoever_hangs_up_stops_nobody_else(tmp_path: Path) -> None:
    """An append that was cut off would be the process's last: it is committed all the same."""
    hub = Hub()
    async with bearers(tmp_path, hub) as public:
        public.connected("s1")
        asking = asyncio.create_task(public.ask(HOLD))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        done = await public.ask(HOLD)

    assert asking.cancelled()
    assert done is not None
    assert [seq for _, seq, _ in hub.decided] == [1, 2]
