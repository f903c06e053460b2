"""The link against a scripted broker: what it tells, refuses, drops, and does again."""

import logging
import re
import threading
from collections.abc import Callable
from itertools import count
from queue import Empty, Queue
from random import Random
from time import monotonic

import pytest

from broker.accounts import new_password
from broker.link import (
    UNCONFIRMED_MAX,
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    LinkSettings,
    Received,
)
from broker.wire.messages import MESSAGE_BYTES_MAX
from broker.wire.topics import Kind, Topic, every
from tests.broker.stage import WAIT_S, Peer, Stage, connack, ended, message, suback

ACKS = every("h", Kind.ACK)
UP = Topic("h", Kind.UP, "loket-3")
ACK = b"loket/v1/h/ack/loket-3"


class Ear:
    """A link, and what it told."""

    def __init__(
        self,
        port: int,
        *,
        addresses: tuple[str, ...] = ("127.0.0.1",),
        filters: tuple[str, ...] = (ACKS,),
        is_in_a_hurry: bool = False,
        on_event: Callable[[LinkEvent], None] | None = None,
    ) -> None:
        self.told: Queue[LinkEvent] = Queue()
        sessions, seconds = count(1), count(0, 100)
        settings = LinkSettings(
            addresses=addresses, port=port, username="loket-3", password=new_password()
        )
        self.link = Link(
            settings=settings,
            client_id="loket-3",
            subscriptions=filters,
            will=lambda session: ("loket/v1/h/birth/loket-3", f"gone {session}".encode()),
            on_event=on_event or self.told.put,
            new_session=lambda: f"session-{next(sessions)}",
            random=Random(1),
            mono_s=(lambda: float(next(seconds))) if is_in_a_hurry else monotonic,
        )

    def __enter__(self) -> "Ear":
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def next(self) -> LinkEvent:
        """Return the next event, waiting for it."""
        return self.told.get(timeout=WAIT_S)


def _until_closed(peer: Peer) -> None:
    while peer.read()[0]:
        pass


def _agree(peer: Peer) -> None:
    peer.welcome()
    _until_closed(peer)


def test_it_is_connected_when_its_subscriptions_are() -> None:
    """CONNACK alone is not enough: what comes before SUBACK would be missed."""
    may_go_on = threading.Event()

    def slow(peer: Peer) -> None:
        peer.read()
        peer.write(connack())
        _, subscribe = peer.read()
        may_go_on.wait(WAIT_S)
        peer.write(suback(subscribe[:2], 1))
        _until_closed(peer)

    with Stage(slow) as stage, Ear(stage.port) as ear:
        with pytest.raises(Empty):
            ear.told.get(timeout=0.1)
        assert not ear.link.publish(UP, b"{}")
        may_go_on.set()

        assert ear.next() == Connected("session-1")
        assert ear.link.publish(UP, b"{}")
        assert ear.link.counts == {"unsent": 1, "connected": 1}


def test_a_refused_subscription_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A node that may not read its acks is a fault of the accounts, and said aloud."""

    def partly(peer: Peer) -> None:
        peer.welcome(1, 0x80)
        _until_closed(peer)

    filters = (ACKS, every("h", Kind.UP))
    with Stage(partly) as stage, Ear(stage.port, filters=filters) as ear:
        assert ear.next() == Connected("session-1")
        assert ear.link.counts["filters_refused"] == 1
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in errors] == ["the broker refuses a subscription"]


def test_what_it_did_not_subscribe_to_is_dropped_and_counted() -> None:
    """Other topics and topics that are no text don't reach the receiver."""

    def leaky(peer: Peer) -> None:
        peer.welcome(
            then=(
                message(b"loket/v1/h/state/board", b"leak"),
                message(b"loket/v1/h/ack/loket-3/more", b"leak"),
                message(b"loket/v1/h/ack/\xff", b"leak"),
                message(ACK, b"old", retained=True),
                message(ACK, b"new"),
            )
        )
        _until_closed(peer)

    with Stage(leaky) as stage, Ear(stage.port) as ear:
        assert [ear.next() for _ in range(3)] == [
            Connected("session-1"),
            Received(ACK.decode(), b"old", retained=True),
            Received(ACK.decode(), b"new", retained=False),
        ]
        assert ear.link.counts["unasked"] == 3


def test_what_no_peer_of_ours_sends_is_dropped_before_it_fills_memory() -> None:
    """An inbox of 10,000 messages must not be able to hold 256 MiB each."""

    def bulky(peer: Peer) -> None:
        peer.welcome(
            then=(
                message(ACK, bytes(MESSAGE_BYTES_MAX + 1)),
                message(ACK, bytes(MESSAGE_BYTES_MAX)),
            )
        )
        _until_closed(peer)

    with Stage(bulky) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        assert ear.next() == Received(ACK.decode(), bytes(MESSAGE_BYTES_MAX), retained=False)
        assert ear.link.counts["overlong"] == 1


def test_nothing_arrives_before_it_is_connected() -> None:
    """A receiver begins with `Connected`; what a broker sends too early comes again."""

    def hasty(peer: Peer) -> None:
        peer.read()
        peer.write(connack())
        _, subscribe = peer.read()
        peer.write(message(ACK, b"early"), suback(subscribe[:2], 1), message(ACK, b"in time"))
        _until_closed(peer)

    with Stage(hasty) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        assert ear.next() == Received(ACK.decode(), b"in time", retained=False)


def test_each_connection_has_a_session_of_its_own_in_its_will() -> None:
    """A late will of an earlier connection can be told from this one's."""
    connects: Queue[bytes] = Queue()

    def short(peer: Peer) -> None:
        connects.put(peer.welcome())

    def long(peer: Peer) -> None:
        connects.put(peer.welcome())
        _until_closed(peer)

    with Stage(short, long) as stage, Ear(stage.port) as ear:
        told = [ear.next() for _ in range(3)]

        assert told[0] == Connected("session-1")
        assert isinstance(told[1], Disconnected)
        assert told[2] == Connected("session-2")
    bodies = [connects.get(timeout=WAIT_S) for _ in range(2)]
    assert [re.findall(rb"gone session-\d", body) for body in bodies] == [
        [b"gone session-1"],
        [b"gone session-2"],
    ]
    # Will, QoS 1, retained; clean session; user name and password. Protocol level 4 = 3.1.1.
    assert {body[6:8] for body in bodies} == {bytes([4, 0b11101110])}
    assert {body[8:10] for body in bodies} == {(15).to_bytes(2, "big")}


def test_a_publisher_writes_the_socket_itself() -> None:
    """A message leaves although the link's thread is held up, by its receiver or by Python."""
    held, heard = threading.Event(), threading.Event()
    arrived: Queue[bytes] = Queue()

    def hold(event: LinkEvent) -> None:
        if isinstance(event, Received):
            held.set()
            heard.wait(WAIT_S)

    def one_message(peer: Peer) -> None:
        peer.welcome(then=(message(ACK, b"hold"),))
        arrived.put(peer.read()[1])
        _until_closed(peer)

    with Stage(one_message) as stage, Ear(stage.port, on_event=hold) as ear:
        assert held.wait(WAIT_S)
        assert ear.link.publish(UP, b"now")
        assert arrived.get(timeout=WAIT_S / 2).endswith(b"now")
        heard.set()


def test_what_was_not_confirmed_is_not_sent_again() -> None:
    """Delivery repeats by itself, with a true age; an old message would lie about its own."""
    seen: Queue[bytes] = Queue()

    def deaf(peer: Peer) -> None:
        peer.welcome()
        seen.put(peer.read()[1])

    def hears(peer: Peer) -> None:
        peer.welcome()
        seen.put(peer.read()[1])

    with Stage(deaf, hears) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        assert ear.link.publish(UP, b"first")
        assert isinstance(ear.next(), Disconnected)
        assert ear.next() == Connected("session-2")
        assert ear.link.publish(UP, b"second")

        assert [seen.get(timeout=WAIT_S)[-5:] for _ in range(2)] == [b"first", b"econd"]


def test_too_big_a_message_is_refused_here(caplog: pytest.LogCaptureFixture) -> None:
    """The broker would cut the connection for it, again and again."""
    with Stage(_agree) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        assert ear.link.publish(UP, bytes(MESSAGE_BYTES_MAX))
        for _ in range(3):
            assert not ear.link.publish(UP, bytes(MESSAGE_BYTES_MAX + 1))
        assert not ear.link.publish(UP._replace(id="loket-4"), bytes(MESSAGE_BYTES_MAX + 1))
        assert ear.link.counts["oversized"] == 4
    # Once a topic: a snapshot that grew too big is made four times a second.
    assert caplog.messages.count("message too big, not sent") == 2


def test_a_broker_that_confirms_nothing_fills_no_memory() -> None:
    """Beyond the limit `publish` says no, and raises nothing."""
    with Stage(_agree) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        answers = [ear.link.publish(UP, b"x") for _ in range(UNCONFIRMED_MAX + 2)]

        assert answers == [True] * UNCONFIRMED_MAX + [False, False]
        assert ear.link.counts["unsent"] == 2


def test_the_next_address_is_tried() -> None:
    """A hub that is gone is not waited for: its shadow may be there."""
    with Stage(_agree) as stage, Ear(stage.port, addresses=("127.0.0.2", "127.0.0.1")) as ear:
        assert isinstance(ear.next(), Connected)


def test_a_refusal_is_one_warning_that_says_how_to_mend_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No event: it never was connected."""
    refused = threading.Event()

    def refuse(peer: Peer) -> None:
        peer.read()
        peer.write(connack(5))
        _until_closed(peer)
        refused.set()

    with Stage(refuse) as stage, Ear(stage.port) as ear:
        assert refused.wait(WAIT_S)
        with pytest.raises(Empty):
            ear.told.get(timeout=0.1)
        assert stage.connections == 1
        assert ear.link.counts == {"refused": 1}
    assert len(caplog.messages) == 1
    assert "link.json" in caplog.messages[0]


def test_the_same_fault_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    """A night without a broker is one line, not 10,000."""
    again = threading.Event()
    times = count(1)

    def hang_up(_: Peer) -> None:
        if next(times) == 3:
            again.set()

    caplog.set_level(logging.DEBUG, "broker.link")
    with Stage(hang_up) as stage, Ear(stage.port):
        assert again.wait(WAIT_S)
    levels = [record.levelname for record in caplog.records if record.name == "broker.link"]
    assert levels[:2] == ["WARNING", "DEBUG"]


def test_a_broker_that_never_answers_is_left() -> None:
    """A frozen broker still accepts: the handshake has an end."""
    left = threading.Event()

    def frozen(peer: Peer) -> None:
        peer.read()
        _until_closed(peer)
        left.set()

    with Stage(frozen) as stage, Ear(stage.port, is_in_a_hurry=True):
        assert left.wait(WAIT_S)


def test_stopping_looks_like_a_crash_to_the_broker() -> None:
    """No DISCONNECT, so the broker publishes the will; and no event follows."""
    last: Queue[int] = Queue()

    def watch(peer: Peer) -> None:
        peer.welcome()
        last.put(peer.read()[0])

    with Stage(watch) as stage, Ear(stage.port) as ear:
        assert ear.next() == Connected("session-1")
        ear.link.stop()

        assert last.get(timeout=WAIT_S) == 0
        assert ear.told.empty()


def test_stopping_what_never_started_does_nothing() -> None:
    """A process that fails early may always call it."""
    Ear(1).link.stop()


DYING = """
import sys, time
from broker.link import Link, LinkSettings
from tests.broker.stage import Stage

def fault(event):
    raise KeyError(event)

def agree(peer):
    peer.welcome()
    peer.read()

with Stage(agree) as stage:
    settings = LinkSettings(
        addresses=("127.0.0.1",), port=stage.port, username="a", password="b"
    )
    Link(settings=settings, client_id="a", subscriptions=["t"], will=None, on_event=fault).start()
    time.sleep(20)
"""


def test_an_error_in_the_receiver_ends_the_process() -> None:
    """A link that hears nothing any more must not look alive: it says why and exits 1."""
    died = ended(DYING)

    assert died.returncode == 1
    assert "KeyError: Connected(session=" in died.stderr
