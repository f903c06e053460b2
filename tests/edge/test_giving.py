"""A node whose hub lost rows: its birth says what it holds, and it gives that when asked."""

from pathlib import Path

from msgspec.structs import replace

from broker.wire.messages import (
    Ack,
    Give,
    Held,
    HubState,
    Place,
    Result,
    encode,
    read_birth,
    read_up_or_give,
)
from broker.wire.topics import Kind, Topic
from tests.edge.stand import COUNTER, Stand, stand
from tests.fakes_edge import HALL

SEAL = "5e" * 16
GEN = "1-00000001"
STREAM = "a" * 32


async def hold_one(one: Stand) -> None:
    """Have a press decided, sealed, and its result on disk."""
    hub = await one.join(COUNTER)
    hub.is_mute = True
    await one.press("call")
    result = replace(hub.rows[STREAM, 1], gen=GEN, seal=SEAL)
    say(one, results=(result,))
    await one.advance(0.2)


def say(one: Stand, *, results: tuple[Result, ...] = (), give: Place | None = None) -> None:
    """Bring an ack."""
    ack = Ack(gen=GEN, stream=STREAM, upto=len(results), results=results, give=give)
    one.link.say(Topic(HALL, Kind.ACK, COUNTER.node), encode(ack))


async def test_a_birth_says_what_is_held_when_another_hub_starts(tmp_path: Path) -> None:
    """At once, not at the next connection: that hub may have another journal."""
    async with stand(COUNTER, tmp_path) as one:
        await hold_one(one)
        births = one.link.count(Kind.BIRTH)
        state = HubState(gen=GEN, pos=0, beat=1, start="another", at_ms=1)
        one.link.say(Topic(HALL, Kind.HUB), encode(state))
        await one.quiet()

        assert one.link.count(Kind.BIRTH) == births + 1
        birth = read_birth(next(p for t, p in reversed(one.link.published) if t.kind is Kind.BIRTH))
        assert birth.gen == GEN
        assert birth.held is not None
        assert (birth.held.gen, birth.held.seal) == (GEN, SEAL)
        assert isinstance(birth.held, Held)


async def test_it_gives_what_it_is_asked_for(tmp_path: Path) -> None:
    """The row with its result; and behind it, that there is nothing more."""
    async with stand(COUNTER, tmp_path) as one:
        await hold_one(one)
        one.link.published.clear()
        say(one, give=Place())
        await one.quiet()
        gives = [read_up_or_give(p) for t, p in one.link.published if t.kind is Kind.UP]

        (give,) = [give for give in gives if isinstance(give, Give)]
        assert ([given.seq for given in give.give], give.given) == ([1], True)
        assert give.give[0].result.seal == SEAL

        one.link.published.clear()
        say(one, give=give.upto)
        await one.quiet()
        (last,) = [read_up_or_give(p) for t, p in one.link.published if t.kind is Kind.UP]
        assert isinstance(last, Give)
        assert (last.give, last.given) == ((), True)
