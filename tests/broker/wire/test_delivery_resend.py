"""When a node's end sends again, and which hub it obeys."""

from random import Random

from broker.wire.delivery import (
    RESEND_MAX_S,
    RESEND_MIN_S,
    RESEND_S,
    Sender,
)
from tests.broker.wire.rows import GEN, OWN, ack, hub, row, sender, sent

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
    """The one that spoke last is believed, but only a higher number is a reason to send."""
    one = sender(3)
    one.outgoing(100)

    for gen in ("3-ffffffff", GEN, "3-ffffffff"):
        one.acked(ack(gen=gen), 100)
        assert (one.gen, one.outgoing(100)) == (gen, [])


def test_a_hub_with_a_new_journal_of_the_same_number_is_sent_to_at_once() -> None:
    """A wiped data folder: its heartbeat names another start, and its ack counts."""
    one = sender(2)
    one.hub_seen(hub("s1", 900), 100)
    one.outgoing(100)
    one.hub_seen(hub("s2", 4, gen="3-ffffffff"), 101)
    (up,) = one.outgoing(101)

    assert (sent([up]), up.beat, one.gen) == ([1, 2], 4, "3-ffffffff")
    assert len(one.acked(ack(1, 2, gen="3-ffffffff"), 101)) == 2


def test_beat_is_the_newest_of_the_newest_start() -> None:
    """A late heartbeat doesn't take it back; another start's does."""
    one = sender(1)
    one.hub_seen(hub("s1", 7), 100)
    one.hub_seen(hub("s1", 9), 100)
    one.hub_seen(hub("s1", 8), 100)
    assert one.outgoing(100)[0].beat == 9

    one.hub_seen(hub("s2", 4), 100)
    assert one.outgoing(100)[0].beat == 4
