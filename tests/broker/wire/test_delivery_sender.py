"""Each rule of a node's end by itself; both ends together are in `test_delivery_ends`."""

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.hall.commands import AGE_MAX_MS, CallNext, encode_command
from broker.wire.delivery import (
    Row,
    Sender,
)
from broker.wire.messages import (
    COMMAND_BYTES_MAX,
    COMMANDS_MAX,
    UP_BYTES_MAX,
    Ack,
    encode,
    read_up,
)
from tests.broker.wire.rows import GEN, OLD, OTHER, OWN, ack, row, sender, sent

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


def test_a_window_wider_than_a_message_is_used_as_far_as_that() -> None:
    """A later hub may allow any number; what this end was tested with is one `up` on the way."""
    one = sender(40)
    one.acked(ack(window=4096), 100)

    assert [len(up.commands) for up in one.outgoing(100)] == [COMMANDS_MAX]


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


# -- rows of another node ---------------------------------------------------------------------


def test_a_stream_of_another_node_is_given_up_and_the_next_is_sent() -> None:
    """Its rows are returned once; nobody waits for a new birth."""
    one = sender(2, older=(row(4, OLD), row(5, OLD)), answered=False)
    told = Ack(gen=GEN, stream=OLD, upto=0, window=0, owner="loket-9")

    assert [r.seq for r in one.disowned(told, 101)] == [4, 5]
    assert (one.is_answered, one.depth) == (True, 2)
    assert sent(one.outgoing(101)) == [1, 2]
    assert one.disowned(told, 102) == []


@pytest.mark.parametrize(
    "told",
    [
        Ack(gen=GEN, stream=OLD, upto=0, window=0),
        Ack(gen="2-00000001", stream=OLD, upto=0, window=0, owner="loket-9"),
        Ack(gen=GEN, stream=OWN, upto=0, window=0, owner="loket-9"),
        Ack(gen=GEN, stream=OTHER, upto=0, window=0, owner="loket-9"),
    ],
    ids=["no owner", "an old hub", "this start's own", "not held"],
)
def test_nothing_else_is_given_up(told: Ack) -> None:
    """A hub of a lower generation is never obeyed."""
    one = sender(1, older=(row(4, OLD),))

    assert one.disowned(told, 101) == []
    assert one.depth == 2


def test_a_later_stream_of_another_node_is_given_up_while_the_first_is_sent() -> None:
    """What is on the way goes on: nothing is sent again for it."""
    one = sender(1, older=(row(4, OLD), row(2, OTHER)))
    assert sent(one.outgoing(101)) == [4]
    told = Ack(gen=GEN, stream=OTHER, upto=0, window=0, owner="loket-9")

    assert [r.seq for r in one.disowned(told, 101)] == [2]
    assert one.depth == 2
    assert one.birth() == (OLD, 4)
    assert sent(one.outgoing(101)) == []
