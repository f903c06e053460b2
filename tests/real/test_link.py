"""The link on a real broker: what a press may cost on the way, and how it behaves over time."""

import asyncio
import socket
import statistics
import threading
import time
from pathlib import Path

import pytest

from broker.link import Connected, Disconnected, Link, LinkEvent, Received, read_settings
from broker.wire.topics import Kind, Topic, every
from tests.real.brokers import HALL, KINDS, Ear, Running, running

UP = Topic(HALL, Kind.UP, "node1")
ACK = Topic(HALL, Kind.ACK, "node1")
BOARD = Topic(HALL, Kind.BOARD)


def _option(link: Link, option: int) -> int:
    sock = link._client.socket()
    assert isinstance(sock, socket.socket)
    return sock.getsockopt(socket.IPPROTO_TCP, option)


@pytest.mark.needs("mosquitto")
async def test_tcp_nodelay_is_set_at_every_connect(tmp_path: Path) -> None:
    """Also at the second one: a setting of the first socket dies with it."""
    async with running("mosquitto", tmp_path) as broker, Ear(broker, "node1") as node:
        first = node.link._client.socket()
        assert _option(node.link, socket.TCP_NODELAY) == 1
        assert _option(node.link, socket.TCP_USER_TIMEOUT) == 10_000
        assert isinstance(first, socket.socket)
        first.shutdown(socket.SHUT_RDWR)
        assert isinstance(await node.next(), Disconnected)
        assert isinstance(await node.next(), Connected)

        assert node.link._client.socket() is not first
        assert _option(node.link, socket.TCP_NODELAY) == 1
        assert _option(node.link, socket.TCP_USER_TIMEOUT) == 10_000


def _answering_hub(broker: Running) -> Link:
    def answer(event: LinkEvent) -> None:
        if isinstance(event, Received):
            hub.publish(BOARD, bytes(3000))
            hub.publish(ACK, event.payload)

    hub = Link(
        settings=read_settings(broker.data / "hub" / "link.json"),
        client_id="hub",
        subscriptions=[every(HALL, Kind.UP)],
        will=None,
        on_event=answer,
    )
    hub.start()
    return hub


@pytest.mark.parametrize("kind", KINDS)
async def test_a_press_is_answered_without_nagle(kind: str, tmp_path: Path) -> None:
    """Press, board and ack: 0.7 ms; 40 ms when link or broker leave out TCP_NODELAY, 85 when both.

    So this pins `set_tcp_nodelay true` of the broker too, whose sockets nobody else can ask.
    """
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "node2", "state/#"),
        Ear(broker, "node1", "ack/node1") as node,
    ):
        hub = _answering_hub(broker)
        await asyncio.sleep(0.2)
        times_ms = []
        for number in range(40):
            start_s = time.monotonic()
            node.link.publish(UP, b"%d" % number)
            answer = await node.next()
            times_ms.append((time.monotonic() - start_s) * 1000)
            assert isinstance(answer, Received)
            assert answer.payload == b"%d" % number
        await asyncio.to_thread(hub.stop)

    assert statistics.median(times_ms) < 20


def _switches(thread: threading.Thread) -> int:
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("voluntary"))
    return int(line.split()[1])


@pytest.mark.needs("mosquitto")
async def test_an_idle_link_sleeps(tmp_path: Path) -> None:
    """At most one wake-up a second, where two are allowed to a whole process."""
    async with running("mosquitto", tmp_path) as broker, Ear(broker, "node1", "ack/node1") as node:
        thread = node.link._thread
        assert thread is not None
        await asyncio.sleep(0.3)
        before = _switches(thread)
        await asyncio.sleep(3)

        assert _switches(thread) - before <= 3
