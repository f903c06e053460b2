"""A link that is read by a loop, against a scripted broker."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from queue import Queue
from random import Random
from time import monotonic

from broker.accounts import new_password
from broker.link import Connected, Disconnected, Link, LinkEvent, LinkSettings, Received
from broker.reader import LoopReader
from broker.wire.topics import Kind, Topic, every
from tests.broker.stage import WAIT_S, Peer, Stage, ended, message, packet

ACKS = every("h", Kind.ACK)
UP = Topic("h", Kind.UP, "loket-3")
ACK = b"loket/v1/h/ack/loket-3"


class LoopEar:
    """A link that is read by this loop, and what it told, each with the thread it came on."""

    def __init__(self, port: int, *, also: Callable[[LinkEvent], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.told: asyncio.Queue[tuple[LinkEvent, bool]] = asyncio.Queue()
        own = threading.get_ident()

        def on_event(event: LinkEvent) -> None:
            is_own = threading.get_ident() == own
            loop.call_soon_threadsafe(self.told.put_nowait, (event, is_own))
            if also:
                also(event)

        settings = LinkSettings(
            addresses=("127.0.0.1",), port=port, username="hub", password=new_password()
        )
        self.link = Link(
            settings=settings,
            client_id="hub",
            subscriptions=(ACKS,),
            will=None,
            on_event=on_event,
            loop=loop,
            random=Random(1),
        )

    async def next(self) -> tuple[LinkEvent, bool]:
        """Return the next event and whether it came on the loop's thread."""
        return await asyncio.wait_for(self.told.get(), WAIT_S)


def _ack(payload: bytes) -> Received:
    return Received(ACK.decode(), payload, retained=False)


async def test_a_loop_may_read_by_itself() -> None:
    """Each connection anew, in order, though the sockets get the same number again and again."""
    rounds = 5

    def talk(peer: Peer) -> None:
        peer.welcome(then=(message(ACK, b"1"), message(ACK, b"2")))
        peer.read()

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        for _ in range(rounds):
            told = [await ear.next() for _ in range(3)]
            assert isinstance(told[0][0], Connected)
            assert told[1:] == [(_ack(b"1"), True), (_ack(b"2"), True)]
            assert ear.link.publish(UP, b"{}")
            assert isinstance((await ear.next())[0], Disconnected)
        ear.link.stop()


async def test_a_stopped_link_reads_no_more_on_its_loop() -> None:
    """What comes after `stop` is nobody's, and the loop is left as it was."""
    sent = threading.Event()

    def talk(peer: Peer) -> None:
        peer.welcome(then=(message(ACK, b"1"),))
        peer.write(message(ACK, b"2"))
        sent.set()
        peer.read()

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        assert isinstance((await ear.next())[0], Connected)
        assert (await ear.next())[0] == _ack(b"1")
        sock = ear.link._client.socket()
        assert sock is not None
        fd = sock.fileno()
        await asyncio.to_thread(sent.wait)
        ear.link.stop()
        ear.link._read(sock)
        await asyncio.sleep(0.1)

        assert ear.told.empty()
        assert not asyncio.get_running_loop().remove_reader(fd)
        assert not ear.link.publish(UP, b"{}")


SOON_S = 0.5
"""Far below `LOOK_S`, at which an idle link would find out by itself."""


async def test_what_is_read_is_acknowledged_at_once() -> None:
    """Or the broker holds back the rest: it waits for 20 of them at most."""
    acknowledged: Queue[tuple[int, float]] = Queue()

    def talk(peer: Peer) -> None:
        peer.welcome()
        begun_s = monotonic()
        peer.write(packet(0x32, len(ACK).to_bytes(2, "big") + ACK + b"\0\7" + b"1"))
        acknowledged.put((peer.read()[0], monotonic() - begun_s))

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        kind, after_s = await asyncio.to_thread(acknowledged.get, timeout=WAIT_S)
        ear.link.stop()

    assert kind == 0x40
    assert after_s < SOON_S


async def test_an_ended_connection_is_told_at_once() -> None:
    """Though nobody publishes, and the loop is the one to see it."""
    ended_s: list[float] = []

    def talk(peer: Peer) -> None:
        peer.welcome()
        ended_s.append(monotonic())

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        told = [(await ear.next())[0] for _ in range(2)]
        after_s = monotonic() - ended_s[0]
        ear.link.stop()

    assert isinstance(told[1], Disconnected)
    assert after_s < SOON_S


async def test_the_link_sleeps_until_a_busy_loop_reads_the_end() -> None:
    """A broken socket is no reason to spin."""
    is_broken = threading.Event()

    def talk(peer: Peer) -> None:
        peer.welcome()
        peer.reset()
        is_broken.set()

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        assert isinstance((await ear.next())[0], Connected)
        is_broken.wait(WAIT_S)
        thread = ear.link._thread
        assert thread is not None
        assert thread.ident is not None
        clock = time.pthread_getcpuclockid(thread.ident)
        before_s = time.clock_gettime(clock)
        time.sleep(0.5)  # noqa: ASYNC251 - the loop is busy
        took_s = time.clock_gettime(clock) - before_s
        assert isinstance((await ear.next())[0], Disconnected)
        ear.link.stop()

    assert took_s < 0.1


async def test_what_reads_may_publish_on_a_socket_that_breaks() -> None:
    """Paho would wait for itself: its lock is held while it calls the reader."""
    may_publish = threading.Event()

    def talk(peer: Peer) -> None:
        peer.welcome(then=(message(ACK, b"1"),))
        peer.reset()
        may_publish.set()

    def answer(event: LinkEvent) -> None:
        if isinstance(event, Received):
            may_publish.wait(WAIT_S)
            ear.link.publish(UP, b"{}")

    with Stage(talk) as stage:
        ear = LoopEar(stage.port, also=answer)
        ear.link.start()
        told = [(await ear.next())[0] for _ in range(3)]
        ear.link.stop()

    assert [type(event) for event in told] == [Connected, Received, Disconnected]


def test_a_loop_is_not_deaf_to_a_new_socket_of_an_old_number() -> None:
    """It may remember the old one, closed without its knowing."""
    loop = asyncio.new_event_loop()
    heard: list[int] = []
    reader = LoopReader(loop, lambda sock: heard.append(sock.fileno()))
    first, far = socket.socketpair()
    fd = first.fileno()
    loop.add_reader(fd, heard.append, -1)
    first.close()
    second, near = socket.socketpair()
    with far, second, near:
        assert second.fileno() == fd
        reader.begin(second)
        near.send(b"x")
        loop.call_later(0.05, loop.stop)
        loop.run_forever()
        loop.remove_reader(fd)
    loop.close()

    assert set(heard) == {fd}


def test_a_socket_closed_before_its_turn_is_nobodys() -> None:
    """The loop was busy meanwhile."""
    loop = asyncio.new_event_loop()
    reader = LoopReader(loop, lambda _: None)
    ours, theirs = socket.socketpair()
    with theirs:
        reader.begin(ours)
        ours.close()
        faults: list[object] = []
        loop.set_exception_handler(lambda _, context: faults.append(context))
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    assert faults == []


DYING = """
import asyncio
from broker.link import Link, LinkSettings, Received
from tests.broker.stage import Stage, message

def fault(event):
    if isinstance(event, Received):
        raise KeyError(event)

def agree(peer):
    peer.welcome(then=(message(b"t", b"1"),))
    peer.read()

async def main():
    with Stage(agree) as stage:
        settings = LinkSettings(
            addresses=("127.0.0.1",), port=stage.port, username="a", password="b"
        )
        Link(
            settings=settings, client_id="a", subscriptions=["t"], will=None, on_event=fault,
            loop=asyncio.get_running_loop(),
        ).start()
        await asyncio.sleep(20)

asyncio.run(main())
"""


def test_an_error_in_the_receiver_ends_the_process() -> None:
    """A loop would log it and go on, deaf."""
    died = ended(DYING)

    assert died.returncode == 1
    assert "KeyError: Received(topic=" in died.stderr
