"""Each rule of the hub's end by itself: rows in, acks out, heartbeats between."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from broker.hall.events import StreamGap, TicketClosed
from broker.wire.delivery import (
    BEAT_SLACK_S,
    ENVELOPE_BYTES,
    SEQ_MAX,
    Beats,
    Receiver,
    Taken,
    pack_acks,
)
from broker.wire.messages import (
    ACK_BYTES_MAX,
    Ack,
    Result,
    Up,
    WireError,
    encode,
    read_ack,
)

OLD, OWN, OTHER = "0" * 32, "a" * 32, "f" * 32
GEN = "3-0a1b2c3d"


# -- rows -------------------------------------------------------------------------------------


def up(start: int, count: int = 1, *, first: int = 1, stream: str = OWN) -> Up:
    """Return rows `start` ... whose bodies are their seqs."""
    commands = tuple(Raw(b"%d" % seq) for seq in range(start, start + count))
    return Up(stream=stream, first=first, start=start, commands=commands)


def gap(seq_from: int, seq_upto: int) -> StreamGap:
    """Return the gap of these rows."""
    return StreamGap(stream=OWN, seq_from=seq_from, seq_upto=seq_upto)


def fresh(*seqs: int) -> list[tuple[int, Raw]]:
    """Return what `Taken.fresh` holds of these rows."""
    return [(seq, Raw(b"%d" % seq)) for seq in seqs]


TAKEN = {
    "the next": (5, up(6), Taken(None, fresh(6), [], 0, 6)),
    "the next 16": (5, up(6, 16), Taken(None, fresh(*range(6, 22)), [], 0, 21)),
    "the first of all": (0, up(1, 2), Taken(None, fresh(1, 2), [], 0, 2)),
    "an overlap": (5, up(4, 4), Taken(None, fresh(6, 7), [4, 5], 0, 7)),
    "the last again": (5, up(5), Taken(None, [], [5], 0, 5)),
    "older": (5, up(1, 3), Taken(None, [], [1, 2, 3], 0, 5)),
    "one too new": (5, up(7), Taken(None, [], [], 6, 5)),
    "much too new": (5, up(100, 16), Taken(None, [], [], 6, 5)),
    "first is the next": (5, up(6, 2, first=6), Taken(None, fresh(6, 7), [], 0, 7)),
    "one gone": (5, up(7, 2, first=7), Taken(gap(6, 6), fresh(7, 8), [], 0, 8)),
    "many gone": (0, up(15, first=15), Taken(gap(1, 14), fresh(15), [], 0, 15)),
    "gone and missing": (5, up(11, first=9), Taken(gap(6, 8), [], [], 9, 8)),
    "the highest": (0, up(SEQ_MAX, first=SEQ_MAX), None),
}


@pytest.mark.parametrize(("last", "rows", "taken"), TAKEN.values(), ids=TAKEN)
def test_only_the_next_row_is_accepted(last: int, rows: Up, taken: Taken | None) -> None:
    """An overlap is trimmed, older rows are answered again, newer ones are asked for."""
    if taken is None:
        taken = Taken(gap(1, SEQ_MAX - 1), fresh(SEQ_MAX), [], 0, SEQ_MAX)
    receiver = Receiver(streams={OWN: ("kiosk-1", last)} if last else {})

    assert receiver.take("kiosk-1", rows) == taken
    assert receiver.last("kiosk-1", OWN) == taken.last
    everything = list(range(rows.start, rows.start + len(rows.commands)))
    if not taken.want:
        again = Taken(None, [], everything, 0, taken.last)
        assert receiver.take("kiosk-1", rows) == again


@pytest.mark.parametrize(
    "bad", [up(4, first=5), up(6, first=7), up(SEQ_MAX, 2), up(SEQ_MAX - 14, 16)]
)
def test_numbers_that_cannot_be_change_nothing(bad: Up) -> None:
    """Rows before the first without a result are never sent; numbers end."""
    receiver = Receiver(streams={OWN: ("kiosk-1", 5)})

    with pytest.raises(WireError):
        receiver.take("kiosk-1", bad)
    assert receiver.last("kiosk-1", OWN) == 5


def test_a_stream_belongs_to_its_first_node() -> None:
    """Another node's rows of it are refused and change nothing, also after a restart of the hub."""
    receiver = Receiver(streams={OLD: ("kiosk-1", 5)})
    receiver.take("loket-3", up(1))

    for stream, node in ((OWN, "kiosk-1"), (OLD, "loket-3")):
        with pytest.raises(WireError):
            receiver.take(node, up(2, 9, first=2, stream=stream))
        with pytest.raises(WireError):
            receiver.last(node, stream)
    assert receiver.last("loket-3", OWN) == 1
    assert receiver.last("kiosk-1", OLD) == 5


def test_asking_for_a_stream_does_not_bind_it() -> None:
    """A birth is answered, but only rows make a stream someone's."""
    receiver = Receiver(streams={})

    assert receiver.last("kiosk-1", OWN) == 0
    assert receiver.take("loket-3", up(1)).last == 1


def test_the_journals_streams_stay_the_journals() -> None:
    """The receiver moves its own copy."""
    streams = {OWN: ("kiosk-1", 5)}
    Receiver(streams=streams).take("kiosk-1", up(6))

    assert streams == {OWN: ("kiosk-1", 5)}


# -- acks -------------------------------------------------------------------------------------


def results(count: int, size: int = 0) -> list[Result]:
    """Return so many results, each with one long event."""
    closed = TicketClosed(ticket="x" * size, outcome="served")
    return [Result(seq=seq, pos=seq, at_ms=seq, events=(closed,)) for seq in range(1, count + 1)]


def test_an_ack_without_results_is_still_an_ack() -> None:
    """Each birth and each `up` is answered."""
    (only,) = pack_acks(gen=GEN, stream=OWN, results=[], upto=5, window=3, want=6)

    assert only == Ack(gen=GEN, stream=OWN, upto=5, window=3, want=6)


@given(st.integers(0, 40), st.integers(0, 5000))
def test_acks_carry_every_result_and_fit(count: int, size: int) -> None:
    """In order, each at most 16 KiB; each goes up to where its results end, the last to `upto`."""
    told = results(count, size)

    acks = pack_acks(gen="999999999-ffffffff", stream=OWN, results=told, upto=2**53 - 1, want=9)

    assert [result for one in acks for result in one.results] == told
    assert all(len(encode(one)) <= ACK_BYTES_MAX for one in acks)
    assert [read_ack(encode(one)) for one in acks] == acks
    assert all(one.results for one in acks) or len(acks) == 1
    assert [one.upto for one in acks[:-1]] == [one.results[-1].seq for one in acks[:-1]]
    assert [one.want for one in acks] == [0] * (len(acks) - 1) + [9]
    assert acks[-1].upto == 2**53 - 1


def test_sixteen_results_of_the_usual_size_are_one_ack() -> None:
    """One ack a stream per commit."""
    assert len(pack_acks(gen=GEN, stream=OWN, results=results(16, 300), upto=16)) == 1


def test_a_result_too_long_for_an_ack_travels_alone() -> None:
    """Left out, its stream would block for ever."""
    small, huge = results(1)[0], results(1, ACK_BYTES_MAX)[0]

    acks = pack_acks(gen=GEN, stream=OWN, results=[small, huge, small], upto=3)

    assert [one.results for one in acks] == [(small,), (huge,), (small,)]


def test_the_envelopes_are_no_longer_than_reckoned() -> None:
    """With the longest number in every field."""
    most = 2**53 - 1
    one = Up(
        stream=OWN,
        first=most,
        start=most,
        beat=most,
        sent_ms=most,
        commands=(Raw(b""),),
        v=most,
    )
    other = Ack(gen="999999999-ffffffff", stream=OWN, upto=most, window=16, want=most)

    assert len(encode(one)) <= ENVELOPE_BYTES
    assert len(encode(other)) <= ENVELOPE_BYTES


# -- heartbeats -------------------------------------------------------------------------------

TTL_S = 10.0
BASE = 1000

STALE = {
    "pressed now, heartbeat new": (BASE + 1, 0, 100.0, False),
    "as old as may be": (BASE + 1, 10_000, 100.0, False),
    "too old when sent": (BASE + 1, 10_001, 100.0, True),
    "of an earlier boot": (BASE + 1, None, 100.0, True),
    "no heartbeat seen": (0, 0, 100.0, True),
    "another start's": (BASE, 0, 100.0, True),
    "not issued yet": (BASE + 2, 0, 100.0, True),
    "issued by now": (BASE + 2, 0, 100.1001, False),
    "on the way as long as may be": (BASE + 1, 0, 100.0 + TTL_S + BEAT_SLACK_S, False),
    "too long on the way": (BASE + 1, 0, 100.001 + TTL_S + BEAT_SLACK_S, True),
    "sent late, heartbeat new": (BASE + 10_001, 0, 1100.5, False),
}


@pytest.mark.parametrize(("beat", "age_ms", "now_s", "is_stale"), STALE.values(), ids=STALE)
def test_a_late_press_is_stale(
    beat: int, age_ms: int | None, now_s: float, *, is_stale: bool
) -> None:
    """By its age when sent, by its heartbeat's age when it arrives, or by another start's."""
    beats = Beats(base=BASE, start_s=100.0)

    assert beats.is_stale(beat=beat, age_ms=age_ms, ttl_s=TTL_S, now_s=now_s) == is_stale


def test_beats_grow_and_lie_above_their_base() -> None:
    """Also with base 0: 0 stays the beat of a node that has seen none."""
    beats = Beats(base=0, start_s=100.0)
    numbers = [beats.beat(100 + 5 * n) for n in range(1000)]

    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
    assert beats.is_stale(beat=0, age_ms=0, ttl_s=TTL_S, now_s=100)


def test_a_heartbeat_is_never_stale_when_it_is_heard() -> None:
    """Whatever the instant, rounding makes no fresh press stale."""
    beats = Beats(base=BASE, start_s=0.1)
    random = Random(1)
    for _ in range(1000):
        now_s = random.uniform(0.1, 1e6)
        assert not beats.is_stale(beat=beats.beat(now_s), age_ms=0, ttl_s=TTL_S, now_s=now_s)
