"""Each rule of the two ends by itself; both together are in `test_delivery_ends`."""

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from broker.hall.commands import AGE_MAX_MS, CallNext, encode_command
from broker.hall.events import StreamGap, TicketClosed
from broker.wire.delivery import (
    BEAT_SLACK_S,
    ENVELOPE_BYTES,
    RESEND_MAX_S,
    RESEND_MIN_S,
    RESEND_S,
    SEQ_MAX,
    Beats,
    Receiver,
    Row,
    Sender,
    Taken,
    generation_number,
    pack_acks,
)
from broker.wire.messages import (
    ACK_BYTES_MAX,
    COMMAND_BYTES_MAX,
    COMMANDS_MAX,
    UP_BYTES_MAX,
    Ack,
    HubState,
    Result,
    Up,
    WireError,
    encode,
    read_ack,
    read_up,
)

OLD, OWN, OTHER = "0" * 32, "a" * 32, "f" * 32
GEN = "3-0a1b2c3d"


def row(seq: int, stream: str = OWN, size: int = 0, made_s: float | None = 100.0) -> Row:
    """Return a row whose command says its seq."""
    return Row(stream, seq, b'{"age_ms":0,"n":%d,"pad":"%s"}' % (seq, b"x" * size), made_s)


def ack(*seqs: int, stream: str = OWN, gen: str = GEN, **fields: int) -> Ack:
    """Return an ack with a result for each seq."""
    results = tuple(Result(seq=seq, pos=seq, at_ms=seq) for seq in seqs)
    upto = max(seqs, default=0)
    return Ack(gen=gen, stream=stream, results=results, **({"upto": upto} | fields))


def hub(start: str = "s1", beat: int = 7, gen: str = GEN) -> HubState:
    """Return a heartbeat."""
    return HubState(gen=gen, pos=0, beat=beat, start=start, at_ms=0)


def sender(rows: int = 0, *, older: tuple[Row, ...] = (), answered: bool = True) -> Sender:
    """Return a connected sender with so many rows of its own stream, at 100 s."""
    made = Sender(stream=OWN, rows=older, random=Random(1))
    for seq in range(1, rows + 1):
        made.appended(row(seq), 100)
    made.connected(100)
    if answered:
        made.acked(ack(stream=made.birth()[0]), 100)
    return made


def sent(ups: list[Up]) -> list[int]:
    """Return the seqs of the rows in these, as their bodies say."""
    return [msgspec.json.decode(command)["n"] for up in ups for command in up.commands]


# -- when a sender speaks ---------------------------------------------------------------------


def test_nothing_is_sent_before_the_birth_is_answered() -> None:
    """Not before the connection, not before the hub's answer, and not after the connection."""
    one = Sender(stream=OWN, random=Random(1))
    one.appended(row(1), 100)
    assert (one.outgoing(100), one.wake_s(), one.is_answered) == ([], None, False)

    one.connected(101)
    assert (one.outgoing(101), one.wake_s(), one.is_answered) == ([], None, False)

    one.acked(ack(), 102)
    assert (one.is_answered, one.wake_s()) == (True, 102)
    assert sent(one.outgoing(102)) == [1]

    one.disconnected()
    assert (one.outgoing(1000), one.wake_s(), one.is_answered) == ([], None, False)


def test_an_ack_that_comes_late_does_not_answer_a_birth() -> None:
    """Its results count even while the link is down, but nothing is sent by it."""
    one = sender(2)
    one.disconnected()

    assert [r.seq for r, _ in one.acked(ack(1), 101)] == [1]
    assert (one.is_answered, one.outgoing(101)) == (False, [])


def test_the_answer_is_that_of_the_stream_to_be_sent() -> None:
    """An ack of another stream of this node says nothing about where to begin."""
    one = sender(older=(row(4, OLD),), answered=False)

    one.acked(ack(stream=OWN), 100)
    assert not one.is_answered
    one.acked(ack(stream=OLD), 100)
    assert one.is_answered


def test_a_sender_sleeps_when_all_have_their_result() -> None:
    """Without rows there is no timer."""
    one = sender(1)
    one.outgoing(100)
    one.acked(ack(1), 101)

    assert one.outgoing(101) == []
    assert one.wake_s() is None


def test_a_birth_names_what_comes_first() -> None:
    """The oldest stream with rows and its first row; the next row to come when all is empty."""
    one = sender(1, older=(row(4, OLD), row(5, OLD)))
    assert one.birth() == (OLD, 4)

    one.acked(ack(4, stream=OLD), 100)
    assert one.birth() == (OLD, 5)
    one.acked(ack(5, stream=OLD), 100)
    assert one.birth() == (OWN, 1)
    one.acked(ack(1), 100)
    assert one.birth() == (OWN, 2)
    assert Sender(stream=OWN, random=Random(1)).birth() == (OWN, 1)


# -- what it sends ----------------------------------------------------------------------------


def test_older_streams_are_drained_first() -> None:
    """A stream begins when the one before it has every result."""
    one = sender(1, older=(row(7, OTHER), row(3, OLD), row(4, OLD)))
    assert one.depth == 4

    assert [(up.stream, up.first, up.start) for up in one.outgoing(100)] == [(OTHER, 7, 7)]
    one.acked(ack(7, stream=OTHER), 100)
    assert [(up.stream, up.first, up.start) for up in one.outgoing(100)] == [(OLD, 3, 3)]
    one.acked(ack(3, stream=OLD), 100)
    assert one.outgoing(100) == []
    one.acked(ack(4, stream=OLD), 100)
    assert [(up.stream, up.first, up.start) for up in one.outgoing(100)] == [(OWN, 1, 1)]
    one.acked(ack(1), 100)
    assert one.depth == 0


def test_a_result_of_a_later_stream_is_taken_when_it_comes() -> None:
    """It is done with, and changes nothing for the stream that is being sent."""
    one = sender(older=(row(1, OTHER), row(2, OTHER), row(9, OLD)))
    one.outgoing(100)

    assert one.acked(ack(9, stream=OLD, window=0, want=1), 100)
    assert one.outgoing(100) == []
    one.acked(ack(1, 2, stream=OTHER), 100)
    assert one.birth() == (OWN, 1)


def test_rows_that_have_a_result_are_never_sent_again() -> None:
    """A result in the middle parts the batch in two."""
    one = sender(5)
    one.outgoing(100)
    one.acked(ack(3), 100)
    one.connected(101)
    one.acked(ack(), 101)

    ups = one.outgoing(101)

    assert [(up.first, up.start) for up in ups] == [(1, 1), (1, 4)]
    assert sent(ups) == [1, 2, 4, 5]


def test_a_row_is_acknowledged_by_its_own_result_only() -> None:
    """`upto` alone acknowledges nothing."""
    one = sender(3)
    one.outgoing(100)

    assert one.acked(ack(upto=3), 100) == []
    assert one.depth == 3


def test_a_result_is_given_once() -> None:
    """Repeated, late and swapped acks are harmless, and so is a result nobody asked for."""
    one = sender(3)
    one.outgoing(100)

    assert [r.seq for r, _ in one.acked(ack(2, 3), 100)] == [2, 3]
    assert [r.seq for r, _ in one.acked(ack(1, 2, 3, 9), 100)] == [1]
    assert one.acked(ack(1), 100) == []


def test_a_stream_it_does_not_know_changes_nothing() -> None:
    """Not even the window or the generation."""
    one = sender(20)

    assert one.acked(ack(1, stream=OTHER, gen="9-00000000", window=0), 100) == []
    assert one.gen == GEN
    assert len(sent(one.outgoing(100))) == 16


@pytest.mark.parametrize("window", range(COMMANDS_MAX + 1))
def test_the_window_bounds_the_rows_on_the_way(window: int) -> None:
    """As many as the hub allows, counting those sent and not answered."""
    one = sender(40)
    one.acked(ack(window=window), 100)

    assert sent(one.outgoing(100)) == list(range(1, window + 1))
    assert one.outgoing(100) == []
    if window:
        one.acked(ack(1, window=window), 100)
        assert sent(one.outgoing(100)) == [window + 1]


def test_a_smaller_window_holds_back_until_there_is_room() -> None:
    """What is on the way already stays there."""
    one = sender(40)
    one.outgoing(100)
    one.acked(ack(*range(1, 5), window=3), 100)

    assert one.outgoing(100) == []
    one.acked(ack(*range(5, 15), window=3), 100)
    assert sent(one.outgoing(100)) == [17]


def test_a_closed_window_is_probed() -> None:
    """The timer sends one row, since the ack that opens the window may have been lost."""
    one = sender(3)
    one.acked(ack(window=0), 100)
    assert one.outgoing(100) == []

    wake_s = one.wake_s()
    assert wake_s is not None
    assert sent(one.outgoing(wake_s)) == [1]
    one.acked(ack(1, window=0), wake_s)
    assert one.outgoing(wake_s) == []
    one.acked(ack(window=16), wake_s)
    assert sent(one.outgoing(wake_s)) == [2, 3]


@given(st.lists(st.integers(0, COMMAND_BYTES_MAX - 40), min_size=1, max_size=16), st.integers(0))
def test_no_message_is_too_long_and_no_row_left_out(sizes: list[int], made_s: int) -> None:
    """Any sizes of commands fit, in order, in messages the hub reads."""
    one = sender()
    for seq, size in enumerate(sizes, start=1):
        one.appended(row(seq, size=size, made_s=-float(made_s % 2**62)), 100)

    ups = one.outgoing(100)

    assert sent(ups) == list(range(1, len(sizes) + 1))
    for up in ups:
        payload = encode(up)
        assert len(payload) <= UP_BYTES_MAX
        assert read_up(payload) == up


def test_a_message_is_filled() -> None:
    """16 small rows are one message; 8 KiB are filled to the last row that fits."""
    small, big = sender(16), sender()
    for seq in range(1, 17):
        big.appended(row(seq, size=1950), 100)

    assert len(small.outgoing(100)) == 1
    assert [len(up.commands) for up in big.outgoing(100)] == [4, 4, 4, 4]


def test_a_row_too_long_to_be_sent_is_refused() -> None:
    """The outbox refuses it first; here it would block its stream."""
    too_long = row(1, size=COMMAND_BYTES_MAX)

    with pytest.raises(ValueError, match="at most 4096"):
        sender().appended(too_long, 100)
    with pytest.raises(ValueError, match="at most 4096"):
        Sender(stream=OWN, rows=[too_long], random=Random(1))


@pytest.mark.parametrize("wrong", [row(1), row(3), row(2, OTHER)])
def test_rows_are_dense_and_of_its_own_stream(wrong: Row) -> None:
    """Anything else is a fault of the outbox, and nothing changes."""
    one = sender(1)

    with pytest.raises(ValueError, match="dense"):
        one.appended(wrong, 100)
    assert one.depth == 1
    one.appended(row(2), 100)


def test_its_own_stream_may_have_rows_already() -> None:
    """They come after those of older streams, and the next row follows them."""
    one = Sender(stream=OWN, rows=[row(3), row(1, OLD)], random=Random(1))

    assert one.birth() == (OLD, 1)
    one.appended(row(4), 100)


AGES = [
    (100.0, 100.0, 0),
    (100.0, 100.0129, 12),
    (100.0, 99.0, 0),
    (None, 100.0, None),
    (100.0, 1e12, AGE_MAX_MS),
]


@pytest.mark.parametrize(("made_s", "now_s", "age_ms"), AGES)
def test_age_is_that_at_the_moment_of_sending(
    made_s: float | None, now_s: float, age_ms: int | None
) -> None:
    """Whole milliseconds, within what the hub accepts; unknown after a boot."""
    one = sender()
    one.appended(row(1, made_s=made_s), 100)

    (up,) = one.outgoing(now_s)

    assert msgspec.json.decode(up.commands[0]) == {"age_ms": age_ms, "n": 1, "pad": ""}


def test_age_is_new_with_each_sending() -> None:
    """A row that is sent again says how old it is now."""
    one = sender(1)
    one.outgoing(100.5)
    wake_s = one.wake_s()
    assert wake_s is not None

    (up,) = one.outgoing(wake_s)

    assert msgspec.json.decode(up.commands[0])["age_ms"] == int((wake_s - 100) * 1000)


def test_fields_of_another_release_travel_on() -> None:
    """An outbox may hold rows of the release before a roll-back, or without an age."""
    body = b'{"type":"later","deep":{"a":[1.50,1e5]},"big":12345678901234567890}'
    one = sender()
    one.appended(Row(OWN, 1, body, 100.0), 100)

    (up,) = one.outgoing(100)

    assert bytes(up.commands[0]) == body[:-1] + b',"age_ms":0}'


def test_a_real_command_is_sent_with_its_age() -> None:
    """The wire body is the command's own JSON."""
    one = sender()
    one.appended(Row(OWN, 1, encode_command(CallNext(counter=3)), 100.0), 100)

    (up,) = one.outgoing(100.012)

    assert bytes(up.commands[0]) == encode_command(CallNext(counter=3, age_ms=12))


# -- sending again ----------------------------------------------------------------------------


def test_the_timer_sends_again_from_the_first_without_result() -> None:
    """Not before it is due, then the whole window."""
    one = sender(3)
    one.outgoing(100)
    one.acked(ack(1), 100)
    one.outgoing(100)
    wake_s = one.wake_s()
    assert wake_s is not None

    assert one.outgoing(wake_s - 0.001) == []
    (up,) = one.outgoing(wake_s)
    assert (up.first, up.start, sent([up])) == (2, 2, [2, 3])


def seeded(seed: int) -> Sender:
    """Return a sender of its own seed with one row."""
    one = Sender(stream=OWN, rows=[row(1)], random=Random(seed))
    one.connected(100)
    one.acked(ack(), 100)
    return one


def waits(one: Sender, count: int) -> list[float]:
    """Return how long the sender waits before each of so many resends."""
    now_s, found = 100.0, []
    one.outgoing(now_s)
    for _ in range(count):
        wake_s = one.wake_s()
        assert wake_s is not None
        found.append(wake_s - now_s)
        now_s = wake_s
        assert one.outgoing(now_s)
    return found


def test_waits_double_to_a_minute_and_are_spread() -> None:
    """Full jitter between half a second and 2, 4, 8 ... 60 s; a week of it overflows nothing."""
    many = [waits(seeded(seed), 8) for seed in range(200)]

    for resend, drawn in enumerate(zip(*many, strict=True)):
        longest_s = min(RESEND_MAX_S, RESEND_S * 2**resend)
        assert all(RESEND_MIN_S <= wait_s <= longest_s for wait_s in drawn)
        assert max(drawn) > 0.9 * longest_s
        assert min(drawn) < RESEND_MIN_S + 0.1 * longest_s
    assert len(waits(seeded(0), 20_000)) == 20_000


def test_progress_starts_the_waits_again() -> None:
    """A result shows that the wire works: the next wait is a short one."""
    one = sender(2)
    waits(one, 8)
    one.acked(ack(1), 1000)
    one.outgoing(1000)

    wake_s = one.wake_s()
    assert wake_s is not None
    assert 1000 + RESEND_MIN_S <= wake_s <= 1000 + RESEND_S


def test_new_rows_do_not_put_off_the_timer() -> None:
    """A busy kiosk asks for a lost result as soon as a quiet one."""
    one = sender(1)
    one.outgoing(100)
    wake_s = one.wake_s()
    assert wake_s is not None
    one.appended(row(2), 100.4)
    assert one.wake_s() == 100.4
    assert sent(one.outgoing(100.4)) == [2]

    assert one.wake_s() == wake_s
    assert sent(one.outgoing(wake_s)) == [1, 2]


def test_want_sends_from_there() -> None:
    """Go-back-N: the hub got a later row than its next."""
    one = sender(6)
    one.outgoing(100)

    one.acked(ack(1, 2, want=3), 100)

    assert sent(one.outgoing(100)) == [3, 4, 5, 6]


def test_one_want_is_obeyed_once() -> None:
    """Every part of a batch whose first part was lost says the same; the timer covers the rest."""
    one = sender(6)
    one.outgoing(100)
    one.acked(ack(1, 2, want=3), 100)
    one.outgoing(100)

    one.acked(ack(upto=2, want=3), 100)
    assert one.outgoing(100) == []
    one.acked(ack(upto=2, want=2), 100)
    assert one.outgoing(100) == []
    one.acked(ack(3, 4, want=5), 100)
    assert sent(one.outgoing(100)) == [5, 6]


def test_a_want_it_does_not_hold_sends_what_it_holds() -> None:
    """`first` then tells the hub that the row will never come."""
    one = sender(6)
    one.outgoing(100)
    one.acked(ack(1, 2, 3, 4), 100)

    one.acked(ack(upto=2, want=3), 100)
    (up,) = one.outgoing(100)

    assert (up.first, up.start, sent([up])) == (5, 5, [5, 6])


def test_a_want_beyond_what_was_sent_is_nothing_to_go_back_to() -> None:
    """It would leave rows out."""
    one = sender(3)

    one.acked(ack(want=3), 100)

    assert sent(one.outgoing(100)) == [1, 2, 3]


def test_a_new_connection_sends_again_at_once() -> None:
    """After its birth is answered: what was on the way is lost."""
    one = sender(2)
    waits(one, 8)
    one.connected(1000)
    one.acked(ack(), 1000)

    assert sent(one.outgoing(1000)) == [1, 2]
    wake_s = one.wake_s()
    assert wake_s is not None
    assert wake_s <= 1000 + RESEND_S


def test_a_new_start_of_the_hub_is_sent_to_at_once() -> None:
    """Its memory of what was on the way is gone; the first start heard of is no new one."""
    one = sender(2)
    one.outgoing(100)
    one.hub_seen(hub("s1"), 100)
    one.hub_seen(hub("s1"), 100)
    assert one.outgoing(100) == []

    one.hub_seen(hub("s2"), 101)

    assert one.wake_s() == 101
    assert sent(one.outgoing(101)) == [1, 2]


# -- whom it obeys ----------------------------------------------------------------------------


@pytest.mark.parametrize(("gen", "number"), [("", 0), ("3-0a1b2c3d", 3), ("12-ffffffff", 12)])
def test_generations_are_compared_by_their_number(gen: str, number: int) -> None:
    """10 is higher than 9, whatever the letters say."""
    assert generation_number(gen) == number


def test_a_lower_generation_is_not_obeyed() -> None:
    """An old hub that came back gives no results, answers no birth and lends no beat."""
    one = Sender(stream=OWN, rows=[row(1)], gen="10-00000000", random=Random(1))
    one.connected(100)

    assert one.acked(ack(1, gen="9-ffffffff"), 100) == []
    one.hub_seen(hub(gen="9-ffffffff"), 100)

    assert (one.is_answered, one.depth, one.beat, one.gen) == (False, 1, 0, "10-00000000")


def test_a_higher_generation_is_obeyed_and_sent_to_at_once() -> None:
    """By an ack as by a heartbeat."""
    one = sender(3)
    one.outgoing(100)
    one.acked(ack(1, gen="9-00000000"), 100)
    assert (one.gen, sent(one.outgoing(100))) == ("9-00000000", [2, 3])

    one.hub_seen(hub(gen="10-00000000"), 100)
    assert (one.gen, sent(one.outgoing(100))) == ("10-00000000", [2, 3])


def test_two_hubs_of_one_number_do_not_make_it_send_for_ever() -> None:
    """The first one's name stays; only a higher number is news."""
    one = sender(3)
    one.outgoing(100)

    one.acked(ack(gen="3-ffffffff"), 100)

    assert (one.gen, one.outgoing(100)) == (GEN, [])


def test_beat_is_the_newest_of_the_newest_start() -> None:
    """A late heartbeat doesn't take it back; another start's does."""
    one = sender(1)
    one.hub_seen(hub("s1", 7), 100)
    one.hub_seen(hub("s1", 9), 100)
    one.hub_seen(hub("s1", 8), 100)
    assert one.outgoing(100)[0].beat == 9

    one.hub_seen(hub("s2", 4), 100)
    assert one.outgoing(100)[0].beat == 4


# -- the hub's end ----------------------------------------------------------------------------


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
    one = Up(stream=OWN, first=most, start=most, beat=most, commands=(Raw(b""),), v=most)
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
