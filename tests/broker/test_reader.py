"""A link that is read by a loop, against a scripted broker."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

from broker.accounts import new_password
from broker.link import Connected, Disconnected, Link, LinkEvent, LinkSettings, Received
from broker.wire.topics import Kind, Topic, every
from tests.broker.stage import WAIT_S, Peer, Stage, message

ACKS = every("h", Kind.ACK)
UP = Topic("h", Kind.UP, "loket-3")
ACK = b"loket/v1/h/ack/loket-3"


class LoopEar:
    """A link that is read by this loop, and what it told, each with the thread it came on."""

    def __init__(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self.told: asyncio.Queue[tuple[LinkEvent, bool]] = asyncio.Queue()
        own = threading.get_ident()

        def on_event(event: LinkEvent) -> None:
            is_own = threading.get_ident() == own
            loop.call_soon_threadsafe(self.told.put_nowait, (event, is_own))

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
        sent.wait(WAIT_S)
        peer.write(message(ACK, b"2"))
        peer.read()

    with Stage(talk) as stage:
        ear = LoopEar(stage.port)
        ear.link.start()
        assert isinstance((await ear.next())[0], Connected)
        assert (await ear.next())[0] == _ack(b"1")
        sent.set()
        ear.link.stop()
        await asyncio.sleep(0.1)

        assert ear.told.empty()
        assert not ear.link.publish(UP, b"{}")


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
    ended = subprocess.run(
        [sys.executable, "-c", DYING],
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert ended.returncode == 1
    assert "KeyError: Received(topic=" in ended.stderr
