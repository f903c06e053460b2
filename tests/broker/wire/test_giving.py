"""Nodes give back what they hold, a hub collects it: two real ends, over a wire that misbehaves."""

from random import Random

import msgspec
import pytest

from broker.wire.giving import (
    ASK_AGAIN_S,
    ENVELOPE_BYTES,
    PROGRESS_S,
    SETTLE_S,
    START,
    Ask,
    Decided,
    Recovery,
    give_of,
    place_order,
)
from broker.wire.messages import (
    GIVEN_MAX,
    UP_BYTES_MAX,
    Ack,
    Give,
    Place,
    Result,
    encode,
    read_ack,
    read_up_or_give,
)
from broker.wire.seal import Sealed, Seals
from tests.fakes import FakeWire, Weather

SEALS = Seals(b"k" * 32)
OLD, OWN = "0" * 32, "a" * 32
GEN = "1-0a1b2c3d"


def decided(
    pos: int, stream: str = OWN, *, gen: str = GEN, size: int = 0, seals: Seals = SEALS
) -> Decided:
    """Return a row as an outbox holds it; its seq is its position."""
    command = b'{"type":"x","age_ms":0,"pad":"%s"}' % (b"x" * size)
    row = Sealed(gen, pos, pos, stream, pos, b'{"age_ms":7,' + command[1:], b"[]", "stale")
    result = Result(seq=pos, pos=pos, at_ms=pos, refusal="stale", gen=gen, seal=seals.seal(row))
    return Decided(stream, pos, command, encode(result), Place(gen=gen, pos=pos))


class Holder:
    """A node: what it holds, and an answer to each ask."""

    def __init__(self, rows: list[Decided]) -> None:
        self.rows = sorted(rows, key=lambda row: place_order(row.place))

    def answer(self, after: Place) -> Give:
        """Answer as `Outbox.decided_after` and `Post.give` do."""
        rows = [row for row in self.rows if place_order(row.place) > place_order(after)]
        is_all = len(rows) <= GIVEN_MAX
        return give_of(rows[:GIVEN_MAX], after=after, stream=OWN, is_all=is_all)


def recovery(*holders: str, now_s: float = 100.0) -> Recovery:
    """Return a recovery that is connected."""
    made = Recovery(seals=SEALS, holders=holders, now_s=now_s)
    made.linked(now_s)
    return made


@pytest.mark.parametrize("seed", range(60))
def test_all_that_nodes_hold_arrives_once(seed: int) -> None:
    """With loss up to 40 %, duplicates, swaps and delays; rows of several hubs and streams."""
    random = Random(seed)
    names = ("kiosk-1", "loket-3")
    holders, pos = {}, 0
    for name in names:
        rows = []
        for _ in range(random.randrange(300)):
            pos += 1
            stream = random.choice((OLD, OWN)) if name == "kiosk-1" else "b" * 32
            gen = f"{1 + pos // 100}-0a1b2c3d"
            rows.append(decided(pos, stream, gen=gen, size=random.choice((0, 0, 2000))))
        holders[name] = Holder(rows)
    wire = FakeWire(
        seed=seed, weather=Weather(loss=seed % 5 / 10, duplicate=0.2, reorder=0.2, late_s=1.0)
    )
    hub = recovery(*names, now_s=0.0)
    for name in names:
        hub.born(name, OWN, 0.0)
    now_s = 0.0
    while not hub.is_over(now_s):
        for ask in hub.asks(now_s):
            ack = Ack(gen="9-00000000", stream=ask.stream, upto=0, window=0, give=ask.after)
            wire.send(ask.node, "ack", encode(ack), now_s)
        now_s = min(t for t in (hub.wake_s(), wire.next_s()) if t is not None and t > now_s)
        for to, topic, payload in wire.arrived(now_s):
            if topic == "ack":
                after = read_ack(payload).give
                assert after is not None
                wire.send("hub", to, encode(holders[to].answer(after)), now_s)
            else:
                give = read_up_or_give(payload)
                assert isinstance(give, Give)
                hub.taken(topic, give, now_s)
        assert now_s < 1000, wire

    if not hub.missing():
        held = {(row.stream, row.seq) for holder in holders.values() for row in holder.rows}
        assert set(hub.rows) == held, wire
    else:
        assert wire.weather.loss, wire  # ten seconds in which nothing came through
    assert hub.unproved == 0


def test_a_message_holds_what_fits() -> None:
    """At most 64 rows and 8 KiB; the envelope is counted at its longest."""
    longest = Place(gen="999999999-ffffffff", pos=2**53 - 1)
    bare = Give(stream=OWN, give=(), after=longest, upto=longest, given=True)
    assert len(encode(bare)) <= ENVELOPE_BYTES

    for size in (0, 100, 500, 3000):
        give = give_of(
            [decided(n, size=size) for n in range(1, 65)], after=START, stream=OWN, is_all=True
        )
        assert give.give
        assert len(encode(give)) <= UP_BYTES_MAX


def test_a_row_that_fits_no_message_is_passed_over() -> None:
    """The rows behind it are given all the same."""
    rows = [decided(1), decided(2, size=UP_BYTES_MAX), decided(3)]
    give = give_of(rows, after=START, stream=OWN, is_all=True)

    assert [given.seq for given in give.give] == [1, 3]
    assert give.given


def test_a_message_is_of_one_stream() -> None:
    """The next ask brings the rows of the next."""
    rows = [decided(1, OLD), decided(2, OLD), decided(3, OWN)]
    give = give_of(rows, after=START, stream=OWN, is_all=True)

    assert (give.stream, give.upto.pos, give.given) == (OLD, 2, False)


def test_what_another_hall_sealed_is_not_taken() -> None:
    """Nor what a node made up."""
    hub = recovery("kiosk-1")
    hub.born("kiosk-1", OWN, 100)
    rows = [decided(1), decided(2, seals=Seals(b"o" * 32))]
    hub.taken("kiosk-1", give_of(rows, after=START, stream=OWN, is_all=True), 100)

    assert set(hub.rows) == {(OWN, 1)}
    assert hub.unproved == 1


def test_it_is_over_at_once_when_every_node_of_the_hall_has_given() -> None:
    """Nobody waits for nodes that can't come."""
    hub = recovery("kiosk-1")
    assert not hub.is_over(100)
    hub.born("kiosk-1", OWN, 100)
    hub.taken("kiosk-1", give_of([], after=START, stream=OWN, is_all=True), 101)

    assert hub.is_over(101)
    assert hub.missing() == []


def test_a_node_that_says_nothing_is_waited_for_ten_seconds() -> None:
    """It is asked twice a second; then the hall goes on without it."""
    hub = recovery("kiosk-1")
    hub.born("kiosk-1", OWN, 100)

    assert [ask.node for ask in hub.asks(100)] == ["kiosk-1"]
    assert hub.asks(100 + ASK_AGAIN_S / 2) == []
    assert [ask.node for ask in hub.asks(100 + ASK_AGAIN_S)] == ["kiosk-1"]
    assert not hub.is_over(100 + PROGRESS_S - 1)
    assert hub.is_over(100 + PROGRESS_S)
    assert hub.missing() == ["kiosk-1"]


def test_a_node_that_is_off_is_waited_for_a_moment() -> None:
    """All that are connected have given, and no other came."""
    hub = recovery("kiosk-1", "kiosk-2")
    hub.born("kiosk-1", OWN, 100)
    hub.taken("kiosk-1", give_of([], after=START, stream=OWN, is_all=True), 100)

    assert not hub.is_over(100)
    assert hub.is_over(100 + SETTLE_S)


def test_whoever_else_was_asked_is_waited_for() -> None:
    """The pages' node need not be there, but when it is it gives too."""
    hub = recovery("kiosk-1")
    for node in ("kiosk-1", "web"):
        hub.born(node, OWN, 100)
    hub.taken("kiosk-1", give_of([], after=START, stream=OWN, is_all=True), 100)
    assert not hub.is_over(100)
    hub.taken("web", give_of([], after=START, stream=OWN, is_all=True), 101)
    assert hub.is_over(101)


def test_without_a_connection_no_time_passes() -> None:
    """Who can't be heard can't have given."""
    hub = recovery("kiosk-1")
    hub.unlinked()
    assert not hub.is_over(1000)
    assert hub.wake_s() == float("inf")

    hub.linked(1000)
    assert not hub.is_over(1000)


def test_a_result_in_a_give_is_what_the_outbox_holds() -> None:
    """Events travel undecoded: written otherwise by a later release, they break the seal."""
    body = b'{"pos":1,"at_ms":1,"gen":"1-0a1b2c3d","seal":"%s","events":[{"type": "new"}]}' % (
        b"0" * 32
    )
    row = Decided(OWN, 1, b"{}", body, Place(gen=GEN, pos=1))
    give = give_of([row], after=START, stream=OWN, is_all=True)

    assert b'[{"type": "new"}]' in encode(give)
    assert msgspec.json.decode(encode(give), type=Give) == give


def test_a_new_connection_asks_at_once() -> None:
    """What was asked on the old one may be lost."""
    hub = recovery("kiosk-1")
    hub.born("kiosk-1", OWN, 100)
    assert hub.asks(100)
    hub.unlinked()
    assert hub.asks(100.1) == []
    hub.linked(100.1)

    assert [ask.node for ask in hub.asks(100.1)] == ["kiosk-1"]


def test_a_node_born_again_is_asked_from_where_it_ended() -> None:
    """By its new stream; one that has given all is not asked again."""
    hub = recovery("kiosk-1", "kiosk-2")
    hub.born("kiosk-1", OLD, 100)
    hub.taken("kiosk-1", give_of([decided(1)], after=START, stream=OLD, is_all=False), 100)
    hub.asks(100)
    hub.born("kiosk-1", OWN, 100.1)

    assert hub.asks(100.1) == [Ask("kiosk-1", OWN, Place(gen=GEN, pos=1))]
    hub.taken("kiosk-1", give_of([], after=Place(gen=GEN, pos=1), stream=OWN, is_all=True), 101)
    hub.born("kiosk-1", OWN, 102)
    assert hub.asks(102) == []


def test_a_node_that_leaves_is_waited_for_no_longer() -> None:
    """What it gave stays; who had given all has given all; who was never here changes nothing."""
    hub = recovery("kiosk-1", "kiosk-2")
    for node in ("kiosk-1", "kiosk-2"):
        hub.born(node, OWN, 100)
    hub.taken("kiosk-1", give_of([decided(1)], after=START, stream=OWN, is_all=False), 100)
    hub.taken("kiosk-2", give_of([], after=START, stream=OWN, is_all=True), 100)
    for node in ("kiosk-1", "kiosk-2", "kiosk-9"):
        hub.left(node)

    assert hub.missing() == ["kiosk-1"]
    assert hub.asks(101) == []
    assert set(hub.rows) == {(OWN, 1)}


def test_who_has_given_some_and_not_all_is_named() -> None:
    """No gap is written over rows that are still to come; who gave nothing is not among them."""
    hub = recovery("kiosk-1", "kiosk-2", "kiosk-3")
    for node in ("kiosk-1", "kiosk-2", "kiosk-3"):
        hub.born(node, OWN, 100)
    hub.taken("kiosk-1", give_of([decided(1)], after=START, stream=OWN, is_all=False), 100)
    hub.taken("kiosk-2", give_of([decided(2)], after=START, stream=OWN, is_all=True), 100)

    assert hub.begun() == {"kiosk-1"}
    hub.taken("kiosk-1", give_of([], after=Place(gen=GEN, pos=1), stream=OWN, is_all=True), 101)
    assert hub.begun() == set()


@pytest.mark.parametrize(
    ("node", "give"),
    [
        ("kiosk-9", give_of([decided(2)], after=Place(gen=GEN, pos=1), stream=OWN, is_all=True)),
        ("kiosk-1", give_of([decided(2)], after=START, stream=OWN, is_all=True)),
        ("kiosk-1", give_of([], after=Place(gen=GEN, pos=1), stream=OWN, is_all=False)),
    ],
    ids=["nobody asked it", "an answer to an older ask", "nothing new and not the end"],
)
def test_an_answer_to_nothing_changes_nothing(node: str, give: Give) -> None:
    """It is asked again, and only what answers the last ask counts as progress."""
    hub = recovery("kiosk-1")
    hub.born("kiosk-1", OWN, 100)
    hub.taken("kiosk-1", give_of([decided(1)], after=START, stream=OWN, is_all=False), 100)
    hub.taken(node, give, 105)

    assert set(hub.rows) == {(OWN, 1)}
    assert hub.missing() == ["kiosk-1"]
    assert hub.is_over(100 + PROGRESS_S)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_row_given_twice_the_newest_generation_counts(order: tuple[int, int]) -> None:
    """A hub that was set back decided it anew: what the later one said is on paper last."""
    twice = (decided(1, gen="1-0a1b2c3d"), decided(1, gen="2-0a1b2c3d"))
    hub = recovery("kiosk-1", "kiosk-2")
    for node, which in zip(("kiosk-1", "kiosk-2"), order, strict=True):
        hub.born(node, OWN, 100)
        hub.taken(node, give_of([twice[which]], after=START, stream=OWN, is_all=True), 100)

    assert hub.rows[OWN, 1].row.gen == "2-0a1b2c3d"
