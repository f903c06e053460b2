"""The readings' lane: its own pace, its own answers, nothing decided."""

from random import Random

import pytest

from broker.wire.delivery import RESEND_MAX_S, RESEND_MIN_S, RESEND_S
from broker.wire.messages import UP_BYTES_MAX, Ack, Give, Place, Up, WireError, encode
from broker.wire.readings import (
    MESSAGES_PER_S,
    READINGS_MAX,
    Arrived,
    Lane,
    Measured,
    Reading,
    Readings,
    read_from_node,
    read_readings,
)

OLD, OWN = "0" * 32, "a" * 32
GEN = "3-0a1b2c3d"


def row(seq: int, stream: str = OWN, made_s: float | None = 90.0) -> Measured:
    """Return a reading whose value says its seq."""
    reading = Reading(kind="temperature_c", value=float(seq), made_ms=1_795_000_000_000)
    return Measured(stream, seq, reading, made_s)


def ack(upto: int, stream: str = OWN) -> Ack:
    """Return the hub's answer."""
    return Ack(gen=GEN, stream=stream, upto=upto)


def lane(*rows: Measured) -> Lane:
    """Return one that is connected, at 100 s."""
    one = Lane(rows=rows, random=Random(1))
    one.connected(100)
    return one


def sent(message: Readings | None) -> list[float]:
    """Return what a message carries, by the values."""
    return [one.value for one in message.readings] if message else []


def test_one_message_is_on_the_way_and_the_next_follows_its_answer() -> None:
    """At the lane's own pace: not more than so many a second."""
    one = lane(*(row(seq) for seq in range(1, READINGS_MAX + 3)))
    first = one.outgoing(100)
    assert (first and first.start, len(sent(first))) == (1, READINGS_MAX)
    assert one.outgoing(100.1) is None

    assert one.acked(ack(READINGS_MAX), 100.01) == READINGS_MAX
    assert one.outgoing(100.02) is None
    assert one.wake_s() == 100 + 1 / MESSAGES_PER_S
    assert sent(one.outgoing(100 + 1 / MESSAGES_PER_S)) == [17, 18]
    assert one.acked(ack(READINGS_MAX + 2), 101) == 2
    assert (one.depth, one.wake_s()) == (0, None)


def test_what_is_not_answered_is_sent_again_ever_more_seldom() -> None:
    """A hub with a full disk answers nothing for days."""
    one, now_s, waits = lane(row(1)), 100.0, []
    for _ in range(20):
        assert sent(one.outgoing(now_s)) == [1]
        wake_s = one.wake_s()
        assert wake_s is not None
        waits.append(wake_s - now_s)
        now_s = wake_s
    assert RESEND_MIN_S <= waits[0] <= RESEND_S
    assert 10 < max(waits) <= RESEND_MAX_S
    one.disconnected()
    assert (one.outgoing(now_s + 99), one.wake_s()) == (None, None)
    one.connected(now_s + 100)
    assert sent(one.outgoing(now_s + 100)) == [1]


def test_older_streams_are_drained_first_and_each_message_is_of_one() -> None:
    """A hole, left by readings that gave way, ends a message too."""
    one = lane(row(7, OLD), row(9, OLD), row(1))
    assert sent(one.outgoing(100)) == [7]
    assert one.acked(ack(7), 101) == 0
    assert one.acked(ack(7, OLD), 101) == 1
    assert sent(one.outgoing(102)) == [9]
    assert one.acked(ack(9, OLD), 103) == 1
    assert sent(one.outgoing(104)) == [1]


def test_the_age_is_that_when_sent() -> None:
    """Of an earlier boot nobody knows it."""
    one = lane(row(1, OLD, None), row(1))
    first = one.outgoing(100)
    assert first is not None
    assert first.readings[0].age_ms is None
    one.acked(ack(1, OLD), 100)
    second = one.outgoing(103.5)
    assert second is not None
    assert second.readings[0].age_ms == 13_500


def test_what_gave_way_is_not_sent_and_a_late_answer_changes_nothing() -> None:
    """The disk was nearly full."""
    one = lane(row(1), row(2), row(3))
    one.outgoing(100)
    one.forgot(2)
    assert one.acked(ack(2), 101) == 0
    assert one.acked(ack(3), 101) == 1
    one.forgot(5)
    assert one.depth == 0


def test_the_longest_message_is_within_its_limit() -> None:
    """Kinds and figures as long as they may be."""
    reading = Reading(kind="k" * 32, value=-1.7976931348623157e308, made_ms=4_102_444_800_000)
    rows = [Measured(OWN, 2**53 - 20 + n, reading, -1e9) for n in range(READINGS_MAX)]
    message = Lane(rows=rows, random=Random(1))
    message.connected(0)
    longest = message.outgoing(0)
    assert longest is not None
    assert len(encode(longest)) < UP_BYTES_MAX
    assert read_from_node(encode(longest)) == longest


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b'{"stream":"%s","from":1,"readings":[]}' % OWN.encode(),
        b'{"stream":"%s","from":0,"readings":[{"kind":"a","value":1,"made_ms":1}]}' % OWN.encode(),
        b'{"stream":"%s","from":1,"readings":[{"kind":"A","value":1,"made_ms":1}]}' % OWN.encode(),
        b'{"stream":"%s","from":1,"readings":[{"kind":"a","value":NaN,"made_ms":1}]}'
        % OWN.encode(),
        b'{"stream":"%s","from":1,"readings":[%s{"kind":"a","value":1,"made_ms":1}]}'
        % (OWN.encode(), b'{"kind":"a","value":1,"made_ms":1},' * READINGS_MAX),
    ],
)
def test_what_is_no_reading_is_refused(bad: bytes) -> None:
    """Empty, a bad place, kind or figure, one too many."""
    with pytest.raises(WireError):
        read_readings(bad)
    with pytest.raises(WireError):
        read_from_node(bad)


def test_what_a_node_sends_is_told_apart() -> None:
    """One topic, three sorts of message."""
    give = Give(stream=OWN, give=(), after=Place(), upto=Place(), given=True)
    readings = Readings(stream=OWN, start=1, readings=(row(1).reading,))
    up = b'{"stream":"%s","first":1,"from":1,"commands":[{}]}' % OWN.encode()
    assert isinstance(read_from_node(up), Up)
    assert read_from_node(encode(give)) == give
    assert read_from_node(encode(readings)) == readings


def test_the_hub_stamps_by_its_own_clock_if_it_can() -> None:
    """A node's clock may be years off; a reading of an earlier boot has no other."""
    young = Reading(kind="a", value=1, made_ms=5, age_ms=300)
    old = Reading(kind="a", value=2, made_ms=5)
    arrived = Arrived("s-1", Readings(stream=OWN, start=8, readings=(young, old)), 1000)
    assert arrived.upto == 9
    assert arrived.rows() == [("s-1", OWN, 8, "a", 1.0, 700), ("s-1", OWN, 9, "a", 2.0, 5)]


def test_its_depth_is_what_the_hub_has_not() -> None:
    """Appended, acknowledged, and given way on a full disk."""
    one = lane(row(1), row(2))
    one.appended(row(3))
    assert one.depth == 3
    one.forgot(2)
    assert one.depth == 1
    one.forgot(9)
    assert one.depth == 0
