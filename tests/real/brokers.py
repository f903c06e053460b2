"""Real brokers for tests: each on a free loopback port, with accounts of a small hall."""

import asyncio
import gc
import socket
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Queue
from typing import NamedTuple, Self

import pytest

from broker import embedded, mosquitto
from broker.accounts import Account, everyone, prepare
from broker.link import Link, LinkEvent, Received, read_settings
from broker.wire.topics import Kind, Topic

HALL = "hall-1"
WAIT_S = 10.0
NODES = [("node1", "counter"), ("node2", "kiosk")]

KINDS = [
    pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto")),
    pytest.param(
        "embedded",
        # amqtt's own: see `serve`.
        marks=pytest.mark.filterwarnings("ignore:unclosed (transport|<socket):ResourceWarning"),
    ),
]
"""Both kinds of broker, for `pytest.mark.parametrize`."""


class Running(NamedTuple):
    """A broker: its data folder, where it listens on the loopback address, and for whom."""

    data: Path
    port: int
    accounts: list[Account]


def free_port() -> int:
    """Return a TCP port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def running(kind: str, data: Path, *, port: int | None = None) -> AsyncIterator[Running]:
    """Run a broker in this process (mosquitto: as its child) until the block ends."""
    port = port or free_port()
    accounts = prepare(data=data, accounts=everyone(NODES), addresses=["127.0.0.1"], port=port)
    ready, stopping = asyncio.Event(), asyncio.Event()
    serving = serve(kind, Running(data, port, accounts), ready.set, stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serving)
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
        try:
            yield Running(data, port, accounts)
        finally:
            stopping.set()


async def serve(
    kind: str, broker: Running, on_ready: Callable[[], None], stopping: asyncio.Event
) -> None:
    """Be a broker of this kind."""
    if kind == "mosquitto":
        await mosquitto.serve(
            folder=broker.data / "broker",
            accounts=broker.accounts,
            hall=HALL,
            hosts=["127.0.0.1"],
            port=broker.port,
            on_ready=on_ready,
            stopping=stopping,
        )
        return
    try:
        await embedded.serve(
            accounts=broker.accounts,
            hall=HALL,
            host="127.0.0.1",
            port=broker.port,
            on_ready=on_ready,
            stopping=stopping,
        )
    finally:
        # amqtt leaves the transports of clients it threw out to the garbage collector; what is
        # collected here can't be blamed on a later test.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


class Ear:
    """A link of one account, and what it told; `async with` waits until it is connected."""

    def __init__(self, broker: Running, id_: str, *filters: str) -> None:
        self.told: Queue[LinkEvent] = Queue()
        self.id = id_
        self.link = Link(
            settings=read_settings(broker.data / id_ / "link.json"),
            client_id=id_,
            subscriptions=[f"loket/v1/{HALL}/{filter_}" for filter_ in filters],
            will=lambda session: (f"loket/v1/{HALL}/birth/{id_}", session.encode()),
            on_event=self.told.put,
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        self.link.start()
        await self.next()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the connection without a word, as a crash would."""
        await asyncio.to_thread(self.link.stop)

    async def next(self) -> LinkEvent:
        """Return the next event, waiting for it."""
        return await asyncio.to_thread(self.told.get, timeout=WAIT_S)

    async def heard_before(self, last: bytes) -> list[tuple[str, bytes]]:
        """Return (path below the hall, payload) of what arrives until the payload `last`."""
        heard: list[tuple[str, bytes]] = []
        while True:
            event = await self.next()
            assert isinstance(event, Received), event
            if event.payload == last:
                return heard
            heard.append((event.topic.removeprefix(f"loket/v1/{HALL}/"), event.payload))

    def is_quiet(self) -> bool:
        """Return whether nothing has arrived that was not taken."""
        return self.told.empty()

    def publish(self, kind: str, payload: bytes, id_: str = "") -> bool:
        """Publish; returns what the link says."""
        return self.link.publish(Topic(HALL, Kind(kind), id_), payload)


def connect(username: bytes, password: bytes, client_id: bytes = b"raw") -> bytes:
    """Return a CONNECT packet; no user name in it when it is empty."""
    flags = 0xC2 if username else 0x02
    parts = [client_id, username, password] if username else [client_id]
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c"
    body += b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    return bytes([0x10, len(body)]) + body


def publish(topic: bytes, payload: bytes) -> bytes:
    """Return a PUBLISH packet with QoS 0."""
    body = len(topic).to_bytes(2, "big") + topic + payload
    length, count = b"", len(body)
    while count > 127:
        length += bytes([count & 127 | 128])
        count >>= 7
    return b"\x30" + length + bytes([count]) + body


async def until(fact: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(WAIT_S):
        while not fact():  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)
