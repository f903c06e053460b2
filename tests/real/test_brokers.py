"""Both kinds of broker, as the network sees them: who gets in, who reads and writes what."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker import mosquitto
from broker.accounts import everyone, prepare
from broker.link import Connected, Disconnected
from broker.mosquitto import BrokerError, listening
from tests.real.brokers import (
    HALL,
    KINDS,
    NODES,
    WAIT_S,
    Ear,
    connect,
    free_port,
    publish,
    running,
    serve,
    until,
)

both = pytest.mark.parametrize("kind", KINDS)
real = pytest.mark.needs("mosquitto")
ROOT = Path(__file__).parents[2]


async def _answer(port: int, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(packet)
        async with asyncio.timeout(WAIT_S):
            return await reader.readexactly(4)


@both
async def test_nobody_gets_in_without_an_account_and_its_password(
    kind: str, tmp_path: Path
) -> None:
    """Anonymous, unknown and mistaken clients are refused; the right one is let in."""
    async with running(kind, tmp_path) as broker:
        right = {account.id: account.password for account in broker.accounts}["viewer"].encode()
        asked = {
            b"": b"",
            b"stranger": right,
            b"viewer": b"guess",
            b"node1": right,
        }
        answers = [await _answer(broker.port, connect(*pair)) for pair in asked.items()]

        assert answers == [b"\x20\x02\x00\x05"] * 4
        assert await _answer(broker.port, connect(b"viewer", right)) == b"\x20\x02\x00\x00"


@both
async def test_a_node_writes_only_its_own_topics(kind: str, tmp_path: Path) -> None:
    """What it says in another's name or in the hub's is heard by nobody."""
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "hub", "#") as hub,
        Ear(broker, "node1") as node,
    ):
        node.publish("up", b"as another", "node2")
        node.publish("state/board", b"as the hub")
        node.publish("ack", b"to itself", "node1")
        node.publish("up", b"own up", "node1")
        node.publish("health", b"own health", "node1")
        node.publish("birth", b"own birth", "node1")

        assert await hub.heard_before(b"own birth") == [
            ("up/node1", b"own up"),
            ("health/node1", b"own health"),
        ]


@both
async def test_a_node_reads_only_what_is_for_it(kind: str, tmp_path: Path) -> None:
    """Another node's acks never reach it, even when it asks for all."""
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "hub") as hub,
        Ear(broker, "node2", "ack/+", "ack/node2", "up/+", "state/#") as node,
    ):
        hub.publish("ack", b"for the other", "node1")
        hub.publish("up", b"not for nodes", "node1")
        hub.publish("ack", b"for this one", "node2")
        hub.publish("state/board", b"for all")

        assert await node.heard_before(b"for all") == [("ack/node2", b"for this one")]


@both
async def test_a_viewer_hears_everything_and_says_nothing(kind: str, tmp_path: Path) -> None:
    """The account that the demo gives away can only look."""
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "hub", "#") as hub,
        Ear(broker, "node1") as node,
        Ear(broker, "viewer", "#") as viewer,
    ):
        for forbidden in ("up", "birth", "health", "ack"):
            viewer.publish(forbidden, b"viewer was here", "viewer")
        viewer.publish("state/board", b"viewer was here")
        await viewer_is_through(viewer, hub)
        node.publish("up", b"pressed", "node1")
        assert await hub.heard_before(b"pressed") == []
        hub.publish("state/board", b"shown")

        assert await viewer.heard_before(b"shown") == [("up/node1", b"pressed")]


async def viewer_is_through(viewer: Ear, hub: Ear) -> None:
    """Wait until the broker has confirmed all that the viewer published."""
    await until(lambda: not viewer.link._client._out_messages)
    await asyncio.sleep(0.1)
    assert hub.is_quiet()


@both
async def test_a_new_client_gets_the_retained_messages_it_asked_for(
    kind: str, tmp_path: Path
) -> None:
    """None of what others subscribe to: amqtt alone would send those too."""
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "hub", "#") as hub,
    ):
        hub.publish("birth", b"secret", "node1")
        hub.publish("state/queue", b"kept")
        await hub.heard_before(b"kept")
        async with Ear(broker, "node2", "state/#") as node:
            assert await node.heard_before(b"kept") == []
            hub.publish("state/board", b"last")
            assert await node.heard_before(b"last") == []
            assert node.link.counts == {"connected": 1}


@both
async def test_a_huge_message_harms_nobody_else(kind: str, tmp_path: Path) -> None:
    """A broken node sends 200 kB again and again; the hub stays connected and hears the others."""
    async with (
        running(kind, tmp_path) as broker,
        Ear(broker, "hub", "up/+", "state/#") as hub,
        Ear(broker, "node2") as node,
    ):
        password = {account.id: account.password for account in broker.accounts}["node1"].encode()
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            topic = f"loket/v1/{HALL}/up/node1".encode()
            writer.write(connect(b"node1", password, b"node1") + publish(topic, bytes(200_000)))
            await asyncio.sleep(0.02)
            writer.close()
        node.publish("up", b"small", "node2")

        heard = await hub.heard_before(b"small")
        assert {len(payload) for _, payload in heard} <= {200_000}
        assert (kind == "mosquitto") <= (heard == [])
        assert hub.link.counts["connected"] == 1


@both
async def test_a_will_is_published_when_a_process_is_gone(kind: str, tmp_path: Path) -> None:
    """Stopping and dying are one way: the will of this very connection arrives."""
    async with running(kind, tmp_path) as broker, Ear(broker, "hub", "birth/+") as hub:
        node = Ear(broker, "node1")
        node.link.start()
        connected = await node.next()
        assert isinstance(connected, Connected)
        await asyncio.to_thread(node.link.stop)

        assert await hub.heard_before(connected.session.encode()) == []


@both
async def test_a_restarted_broker_is_empty_and_filled_again(kind: str, tmp_path: Path) -> None:
    """It keeps nothing; its clients come back by themselves and their owners publish again."""
    port = free_port()
    async with running(kind, tmp_path, port=port) as broker:
        hub = Ear(broker, "hub", "state/#")
        hub.link.start()
        first = await hub.next()
        hub.publish("state/board", b"before")
        await hub.heard_before(b"before")
    assert isinstance(await hub.next(), Disconnected)
    async with running(kind, tmp_path, port=port) as broker:
        again = await hub.next()
        assert isinstance(again, Connected)
        assert again != first
        async with Ear(broker, "node1", "state/#") as node:
            hub.publish("state/board", b"after")
            assert await node.heard_before(b"after") == []
        await asyncio.to_thread(hub.link.stop)


@both
async def test_forty_clients_connect_in_a_moment(kind: str, tmp_path: Path) -> None:
    """After a restart all of a hall comes back at once: hashing passwords may not take long."""
    async with running(kind, tmp_path) as broker:
        password = {account.id: account.password for account in broker.accounts}["viewer"].encode()
        packets = [connect(b"viewer", password, b"c%d" % number) for number in range(40)]
        async with asyncio.timeout(2):
            answers = await asyncio.gather(*(_answer(broker.port, packet) for packet in packets))

    assert set(answers) == {b"\x20\x02\x00\x00"}


@both
async def test_a_taken_port_is_said_clearly(kind: str, tmp_path: Path) -> None:
    """The second broker ends with the port in its message; the first goes on."""
    async with running(kind, tmp_path) as broker:
        second = broker._replace(data=tmp_path / "second")
        with pytest.raises(BrokerError, match=str(broker.port)):
            await serve(kind, second, lambda: None, asyncio.Event())
        async with Ear(broker, "node1"):
            pass


@both
async def test_it_listens_on_its_one_address(kind: str, tmp_path: Path) -> None:
    """The embedded one, too, is seen by this machine alone."""
    async with running(kind, tmp_path) as broker:
        pids = [os.getpid(), *_children(os.getpid())]
        found = {address for pid in pids for address in listening(pid)}

        assert ("127.0.0.1", broker.port) in found
        assert {host for host, _ in found} == {"127.0.0.1"}


def _children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]


@real
async def test_a_client_id_is_not_believed(tmp_path: Path) -> None:
    """A node that calls itself hub is connected as itself, and doesn't throw the hub out."""
    async with (
        running("mosquitto", tmp_path) as broker,
        Ear(broker, "hub", "up/+") as hub,
        Ear(broker, "node2") as node,
    ):
        password = {account.id: account.password for account in broker.accounts}["node1"].encode()
        answer = await _answer(broker.port, connect(b"node1", password, b"hub"))
        node.publish("up", b"still here", "node2")

        assert answer == b"\x20\x02\x00\x00"
        assert await hub.heard_before(b"still here") == []
        assert hub.link.counts["connected"] == 1


@real
async def test_each_address_is_served_and_a_missing_one_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The cable is out at boot: this machine is served at once, the others when they can come."""
    here, lan, gone = "127.0.0.1", "127.0.0.2", "192.0.2.1"
    port = free_port()
    starts: asyncio.Queue[set[str]] = asyncio.Queue()

    def on_ready() -> None:
        (child,) = _children(os.getpid())
        starts.put_nowait({host for host, _ in listening(child)})

    async def served(*hosts: str) -> set[str]:
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(WAIT_S):
            tasks.create_task(
                mosquitto.serve(
                    folder=tmp_path,
                    accounts=prepare(
                        data=tmp_path, accounts=everyone(NODES), addresses=hosts, port=port
                    ),
                    hall=HALL,
                    hosts=hosts,
                    port=port,
                    on_ready=on_ready,
                    stopping=stopping,
                )
            )
            found = await starts.get()
            stopping.set()
        return found

    assert await served(here, lan) == {here, lan}
    assert await served(here, gone) == {here}
    warnings = [r.getMessage() for r in caplog.records if "an address is missing" in r.getMessage()]
    assert len(warnings) == 1


async def test_a_missing_address_is_looked_for_until_it_is_there() -> None:
    """An address that comes back ends the wait, so that mosquitto is started on it too."""
    port, stopping = free_port(), asyncio.Event()
    waiting = asyncio.create_task(mosquitto._until(stopping, ["192.0.2.1"], port, 0.01))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    stopping.set()
    await waiting

    await mosquitto._until(asyncio.Event(), ["192.0.2.1", "127.0.0.2"], port, 0.01)


@real
async def test_an_option_before_its_listener_opens_another_one(tmp_path: Path) -> None:
    """Any listener too many ends the start: this is how the trap of 2.0.11 is noticed."""
    wanted, other = free_port(), free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"user root\nlistener {wanted} 127.0.0.1\nlistener {other} 127.0.0.1\n"
        f"allow_anonymous false\n",
        encoding="ascii",
    )
    child = await asyncio.create_subprocess_exec(
        mosquitto.find_program(), "-c", str(config), stderr=subprocess.DEVNULL
    )
    try:
        with pytest.raises(BrokerError, match=rf"127.0.0.1:{other}"):
            await mosquitto._watch(child, {("127.0.0.1", wanted)}, lambda: None)
    finally:
        child.kill()
        await child.wait()


@real
async def test_a_broker_that_lets_anybody_in_is_stopped(tmp_path: Path) -> None:
    """The start asks it, instead of believing the file."""
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n", encoding="ascii"
    )
    child = await asyncio.create_subprocess_exec(
        mosquitto.find_program(), "-c", str(config), stderr=subprocess.DEVNULL
    )
    try:
        with pytest.raises(BrokerError, match="without an account"):
            await mosquitto._watch(child, {("127.0.0.1", port)}, lambda: None)
    finally:
        child.kill()
        await child.wait()


@real
async def test_mosquitto_dying_ends_serve_with_an_error(tmp_path: Path) -> None:
    """`loket broker` exits non-zero, so it is started again."""
    with pytest.raises(ExceptionGroup) as errors:
        await _serve_and_be_killed(tmp_path)

    assert "code -9" in str(errors.value.exceptions[0])


async def _serve_and_be_killed(data: Path) -> None:
    async with running("mosquitto", data):
        (child,) = _children(os.getpid())
        os.kill(child, signal.SIGKILL)
        await asyncio.sleep(WAIT_S)


SERVING = """
import asyncio, sys
from pathlib import Path
from tests.real.brokers import running

async def main():
    async with running("mosquitto", Path(sys.argv[1])):
        print("ready", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@real
async def test_mosquitto_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Kill -9 of `loket broker` is kill -9 of the broker: none is left on the port."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVING, str(tmp_path), stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"ready\n"
    (child,) = _children(parent.pid)
    parent.kill()
    await parent.wait()

    await until(lambda: not listening(child))
