"""The inbox: what wakes the drawing thread, in which order, and what is dropped."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from broker.link import Connected, Disconnected, Received
from displays.inbox import BATCH_MAX, EVENTS_MAX, FrameAsked, Inbox


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """An open one."""
    made = Inbox()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of one connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def snapshot(pos: int) -> Received:
    """Return a message like no other."""
    return Received("t", b"%d" % pos, retained=False)


def test_a_full_inbox_drops_the_oldest_message(inbox: Inbox) -> None:
    """A newer snapshot says all that an older said."""
    for pos in range(EVENTS_MAX + 3):
        inbox.put(snapshot(pos))
    events = inbox.take(0)

    assert inbox.dropped == 3
    assert events == [snapshot(pos) for pos in range(3, EVENTS_MAX + 3)]
    assert inbox.take(0) == []


def test_a_full_inbox_keeps_what_is_no_message(inbox: Inbox) -> None:
    """Without `Connected` no birth is said, and the hub would not say its state again."""
    kept = [Connected("s1"), Disconnected("x"), Connected("s2"), FrameAsked()]
    for event in kept:
        inbox.put(event)
    for pos in range(EVENTS_MAX):
        inbox.put(snapshot(pos))
    inbox.put(Disconnected("y"))
    events = inbox.take(0)

    assert [event for event in events if not isinstance(event, Received)] == [
        *kept,
        Disconnected("y"),
    ]
    assert events[-2] == snapshot(EVENTS_MAX - 1)
    assert len(events) == EVENTS_MAX


def test_an_event_wakes_the_loop(inbox: Inbox) -> None:
    """It does not wait for the second to end."""
    threading.Timer(0.02, inbox.put, [Connected("s")]).start()

    assert inbox.take(10) == [Connected("s")]
    assert inbox.take(0.01) == []


def test_a_socket_is_read_while_it_waits(
    inbox: Inbox, pair: tuple[socket.socket, socket.socket]
) -> None:
    """All that lies there is one batch; what must come after them is called in the next wait."""
    ours, theirs = pair
    written: list[str] = []

    def read() -> None:
        inbox.put(snapshot(int(ours.recv(1))))
        inbox.call_soon(written.append, "puback")

    inbox.add_reader(ours.fileno(), read)
    theirs.send(b"12")

    assert inbox.take(10) == [snapshot(1), snapshot(2)]
    assert written == []
    assert inbox.take(0) == []
    assert written == ["puback", "puback"]


def test_a_flood_is_drawn_from_time_to_time(
    inbox: Inbox, pair: tuple[socket.socket, socket.socket]
) -> None:
    """A socket that is never empty keeps nobody from drawing."""
    inbox.add_reader(pair[0].fileno(), lambda: inbox.put(snapshot(0)))
    pair[1].send(b"0")

    assert len(inbox.take(10)) == BATCH_MAX


def test_what_is_read_and_is_no_event_ends_no_wait(
    inbox: Inbox, pair: tuple[socket.socket, socket.socket]
) -> None:
    """A PUBACK is no reason to draw."""
    ours, theirs = pair
    inbox.add_reader(ours.fileno(), lambda: ours.recv(1))
    theirs.send(b"0")
    begun_s = time.monotonic()

    assert inbox.take(0.05) == []
    assert time.monotonic() - begun_s >= 0.05


def test_a_socket_is_left_alone_again(
    inbox: Inbox, pair: tuple[socket.socket, socket.socket]
) -> None:
    """What lies there wakes nobody; twice changes nothing."""
    read: list[str] = []
    fd = pair[0].fileno()
    inbox.add_reader(fd, read.append, "x")
    pair[1].send(b"0")
    for _ in range(2):
        inbox.remove_reader(fd)
    before_s = time.thread_time()

    assert inbox.take(0.2) == []
    assert time.thread_time() - before_s < 0.05
    assert read == []


def test_what_was_put_off_waits_for_one_drawing_only(inbox: Inbox) -> None:
    """Not until nothing more comes."""
    written: list[str] = []
    inbox.put(Connected("s"))
    inbox.call_soon(written.append, "puback")

    assert inbox.take(0) == [Connected("s")]
    assert written == ["puback"]


def test_another_thread_may_have_something_called(inbox: Inbox) -> None:
    """At once, though nothing came."""
    called: list[int] = []

    def ask() -> None:
        inbox.call_soon_threadsafe(lambda: called.append(threading.get_ident()))
        inbox.call_soon_threadsafe(inbox.put, Connected("s"))

    threading.Timer(0.02, ask).start()

    assert inbox.take(10) == [Connected("s")]
    assert called == [threading.get_ident()]
