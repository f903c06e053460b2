"""The panel's socket, with several clients, good and bad ones."""

import asyncio
import contextlib
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.store import StoreError, StoreFullError
from edge.panel import CONNECTIONS_MAX, LINE_BYTES_MAX, Panel, PanelError
from edge.role import Visit
from tests.fakes_edge import until

MUCH = "x" * 4_000_000
"""More than a socket's buffers hold: its write waits until the client reads."""


class FakeNode:
    """Two buttons; keeps how they were moved."""

    def __init__(self) -> None:
        self.moves: list[tuple[str, bool]] = []
        self.state = 0
        self.pad = ""
        self.finger: set[str] = set()
        self.bounces = False
        self.fails: StoreError | None = None
        self.visits: list[Visit] = []
        self.settles = asyncio.Event()
        self.settles.set()

    def snapshot(self) -> dict[str, object]:
        """Return what the panel shows."""
        pad = {"pad": self.pad} if self.pad else {}
        return {"buttons": ["call", "done"], "state": self.state, **pad}

    def is_up(self, button: str) -> bool:
        """Return whether no finger is on it."""
        return {"call": True, "done": True}[button] and button not in self.finger

    def move(self, button: str, *, down: bool) -> None:
        """Keep the move."""
        self.moves.append((button, down))

    def presses(self, button: str) -> int:
        """Return how many presses were accepted."""
        return 0 if self.bounces else self.moves.count((button, True))

    async def settled(self, button: str) -> None:
        """Wait until the test lets it settle, or fail as it says."""
        assert (button, False) in self.moves
        await self.settles.wait()
        if self.fails:
            raise self.fails

    async def take(self, visit: Visit) -> str:
        """Keep the visit, or fail as the test says."""
        if self.fails:
            raise self.fails
        if "unheard-of" in visit.services:
            raise ValueError("no service unheard-of in this hall")
        self.visits.append(visit)
        return f"{'a' * 32}:{len(self.visits)}"


class Client:
    """A connection that speaks lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def hear(self) -> dict[str, Any]:
        """Return the next answer."""
        async with asyncio.timeout(5):
            line = await self.reader.readline()
        return msgspec.json.decode(line, type=dict[str, Any]) if line else {"closed": True}

    async def ask(self, line: bytes) -> dict[str, Any]:
        """Send a line and return the answer."""
        self.writer.write(line + b"\n")
        return await self.hear()


class Stage:
    """A panel that listens, and its node."""

    def __init__(self, node: FakeNode, panel: Panel, path: Path) -> None:
        self.node = node
        self.panel = panel
        self.path = path

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Connect."""
        reader, writer = await asyncio.open_unix_connection(self.path, limit=2 * len(MUCH))
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    def change(self, state: int) -> None:
        """Let the panel show something else."""
        self.node.state = state
        self.panel.changed()

    @contextlib.asynccontextmanager
    async def clogged(self, client: Client) -> AsyncIterator[None]:
        """Watch, and for the block read nothing of a first state that fills the socket."""
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        self.node.pad = MUCH
        client.writer.write(b'{"watch":true}\n')
        await until(lambda: self.panel._watchers, "the watcher is known")
        self.node.pad = ""
        yield
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Open a panel."""
    node = FakeNode()
    async with asyncio.TaskGroup() as group:
        panel = Panel(node=node, path=folder / "panel.sock", group=group)
        async with panel.open():
            yield Stage(node, panel, folder / "panel.sock")


async def test_a_press_moves_the_button_and_says_ok_when_it_is_kept(tmp_path: Path) -> None:
    """Killed after the ok, the press counts: so it is not said before."""
    async with stage(tmp_path) as on, on.client() as client, on.client() as other:
        on.node.settles.clear()
        asked = asyncio.create_task(client.ask(b'{"press":"call","ms":1}'))
        await until(lambda: len(on.node.moves) == 2, "pressed and let go")
        for _ in range(3):
            await other.ask(b'{"get":"panel"}')
        assert not asked.done()
        on.node.settles.set()

        assert await asked == {"ok": True}
        assert on.node.moves == [("call", True), ("call", False)]


async def test_a_visit_is_taken_and_named(tmp_path: Path) -> None:
    """What a touch screen chose, and the id under which the panel tells how far it is."""
    line = b'{"take":["kk","ktp-el"],"priority":true,"language":"en"}'
    async with stage(tmp_path) as on, on.client() as client:
        assert await client.ask(line) == {"take": f"{'a' * 32}:1"}
        assert on.node.visits == [Visit(("kk", "ktp-el"), is_priority=True, language="en")]


async def test_a_visit_that_is_not_taken_is_an_error(tmp_path: Path) -> None:
    """A service nobody knows, and a disk that refuses."""
    async with stage(tmp_path) as on, on.client() as client:
        unknown = await client.ask(b'{"take":["unheard-of"]}')
        on.node.fails = StoreError("the disk is full")
        full = await client.ask(b'{"take":["kk"]}')

    assert unknown == {"error": "visit not taken: no service unheard-of in this hall"}
    assert full == {"error": "visit not taken: the disk is full"}


async def test_only_its_owner_may_press(tmp_path: Path) -> None:
    """The socket is 0600, and gone at the end."""
    async with stage(tmp_path) as on:
        assert stat.S_IMODE(on.path.stat().st_mode) == 0o600
    assert not on.path.exists()


async def test_a_socket_left_by_a_killed_process_is_replaced(tmp_path: Path) -> None:
    """SIGKILL is the normal stop."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "panel.sock"))
    async with stage(tmp_path) as on, on.client() as client:
        assert await client.ask(b'{"get":"panel"}') == on.node.snapshot()


BAD = [
    b"",
    b"x",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"press":5}',
    b'{"press":"call","ms":0}',
    b'{"press":"call","ms":60001}',
    b'{"press":"call","ms":NaN}',
    b'{"press":"call","get":"panel"}',
    b'{"press":"call","watch":true}',
    b'{"press":"call","take":["kk"]}',
    b'{"take":[]}',
    b'{"take":["kk","kk","kk","kk","kk"]}',
    b'{"take":["KK"]}',
    b'{"take":["kk"],"language":"much too long"}',
    b'{"get":"lamps"}',
    b'{"push":"call"}',
    b"[" * 1000,
]


@pytest.mark.parametrize("line", BAD)
async def test_a_bad_line_gets_an_error_and_the_next_is_answered(
    tmp_path: Path, line: bytes
) -> None:
    """Nothing moves."""
    async with stage(tmp_path) as on, on.client() as client:
        assert set(await client.ask(line)) == {"error"}
        assert await client.ask(b'{"get":"panel"}') == on.node.snapshot()
        assert on.node.moves == []


async def test_a_button_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    """The client sees its typing error."""
    async with stage(tmp_path) as on, on.client() as client:
        assert await client.ask(b'{"press":"cal"}') == {
            "error": "no button 'cal'",
            "buttons": ["call", "done"],
        }


async def test_a_long_line_closes_only_its_own_connection(tmp_path: Path) -> None:
    """It is told why; others go on."""
    async with stage(tmp_path) as on, on.client() as good, on.client() as bad:
        answer = await bad.ask(b"x" * (LINE_BYTES_MAX * 3))
        assert answer == {"error": f"a line has at most {LINE_BYTES_MAX} bytes"}
        assert await good.ask(b'{"get":"panel"}') == on.node.snapshot()


async def test_a_press_over_a_press_is_refused(tmp_path: Path) -> None:
    """Of the same button; another one may be pressed meanwhile."""
    async with stage(tmp_path) as on, on.client() as one, on.client() as two:
        on.node.settles.clear()
        first = asyncio.create_task(one.ask(b'{"press":"call","ms":1}'))
        await until(lambda: on.node.moves, "pressed")
        assert await two.ask(b'{"press":"call"}') == {"error": "button call is still pressed"}
        on.node.settles.set()
        assert await two.ask(b'{"press":"done","ms":1}') == {"ok": True}
        assert await first == {"ok": True}
        on.node.finger.add("call")
        assert await two.ask(b'{"press":"call"}') == {"error": "button call is still pressed"}


async def test_a_press_ends_although_its_client_left(tmp_path: Path) -> None:
    """A pin left low would be a stuck button."""
    async with stage(tmp_path) as on:
        async with on.client() as client:
            client.writer.write(b'{"press":"call","ms":30}\n')
            await client.writer.drain()
            await until(lambda: on.node.moves, "pressed")
        await until(lambda: ("call", False) in on.node.moves, "let go")


async def test_the_end_lets_go_of_a_pressed_button(tmp_path: Path) -> None:
    """A process that stops in the middle of a press."""
    async with stage(tmp_path) as on, on.client() as client:
        client.writer.write(b'{"press":"call","ms":60000}\n')
        await until(lambda: on.node.moves, "pressed")
    assert on.node.moves == [("call", True), ("call", False)]


async def test_watchers_see_now_and_every_change(tmp_path: Path) -> None:
    """The same again is not a change."""
    async with stage(tmp_path) as on, on.client() as one, on.client() as two:
        assert (await one.ask(b'{"watch":true}'))["state"] == 0
        assert (await two.ask(b'{"watch":true}'))["state"] == 0
        on.change(1)
        assert [(await client.hear())["state"] for client in (one, two)] == [1, 1]
        on.change(1)
        on.change(2)
        assert [(await client.hear())["state"] for client in (one, two)] == [2, 2]


async def test_a_slow_watcher_misses_states_but_never_the_newest(tmp_path: Path) -> None:
    """Nothing piles up for a client that doesn't read."""
    async with stage(tmp_path) as on, on.client() as client:
        assert (await client.ask(b'{"watch":true}'))["state"] == 0
        for state in range(1, 5001):
            on.change(state)
            if state % 100 == 0:
                await asyncio.sleep(0)
        states = [(await client.hear())["state"]]
        while states[-1] != 5000:
            states.append((await client.hear())["state"])

        assert len(states) < 200


async def test_a_change_during_a_write_is_sent_after_it(tmp_path: Path) -> None:
    """The newest state reaches a client that was not reading when it came, with no change after."""
    async with stage(tmp_path) as on, on.client() as client:
        async with on.clogged(client):
            on.change(1)

        assert [(await client.hear())["state"] for _ in range(2)] == [0, 1]


async def test_a_client_that_closes_during_a_write_frees_its_place(tmp_path: Path) -> None:
    """It has said all it had to; once it has read all, the connection ends."""
    async with stage(tmp_path) as on, on.client() as client:
        async with on.clogged(client):
            (watcher,) = on.panel._watchers
            client.writer.write_eof()
            await until(watcher.woken.is_set, "the end was seen")
        await client.hear()

        assert await client.hear() == {"closed": True}


async def test_a_change_back_to_what_an_earlier_watcher_saw_is_told(tmp_path: Path) -> None:
    """Each watcher's news are measured by what it was sent itself."""
    async with stage(tmp_path) as on:
        async with on.client() as first:
            await first.ask(b'{"watch":true}')
            on.change(1)
            assert (await first.hear())["state"] == 1
        await until(lambda: not on.panel._watchers, "the watcher is forgotten")
        on.change(2)
        async with on.client() as second:
            assert (await second.ask(b'{"watch":true}'))["state"] == 2
            on.change(1)

            assert (await second.hear())["state"] == 1


async def test_a_watcher_that_left_costs_nothing(tmp_path: Path) -> None:
    """Its place is free again."""
    async with stage(tmp_path) as on:
        async with on.client() as client:
            await client.ask(b'{"watch":true}')
        await until(lambda: not on.panel._watchers, "the watcher is forgotten")


async def test_connections_are_limited(tmp_path: Path) -> None:
    """One too many is told so; when one has left there is room again."""
    async with stage(tmp_path) as on, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(on.client()) for _ in range(CONNECTIONS_MAX)]
        for client in clients:
            await client.ask(b'{"get":"panel"}')
        async with on.client() as extra:
            assert "connections are open" in (await extra.hear())["error"]
        clients[0].writer.close()
        await until(lambda: len(on.panel._connections) < CONNECTIONS_MAX, "a place is free")
        async with on.client() as again:
            assert await again.ask(b'{"get":"panel"}') == on.node.snapshot()


async def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    """The kernel's own message names neither path nor limit."""
    folder = tmp_path / ("x" * 100)
    with pytest.raises(ExceptionGroup) as told:
        async with stage(folder):
            pass
    assert isinstance(told.value.exceptions[0], PanelError)
    assert "choose a shorter --data" in str(told.value.exceptions[0])


async def test_a_press_that_counts_as_a_bounce_is_not_called_ok(tmp_path: Path) -> None:
    """Too short after the last one, the press machine drops it; the client is told."""
    async with stage(tmp_path) as on, on.client() as client:
        on.node.bounces = True
        answer = await client.ask(b'{"press":"call","ms":1}')

        assert answer == {"error": "button call: 1 ms so soon after the last press is a bounce"}


async def test_a_press_that_was_not_kept_is_not_called_ok(tmp_path: Path) -> None:
    """It would be lost without a word; the next one is answered."""
    async with stage(tmp_path) as on, on.client() as client:
        on.node.fails = StoreFullError("outbox.db: disk full")
        assert await client.ask(b'{"press":"call","ms":1}') == {
            "error": "button call: not kept: outbox.db: disk full"
        }
        on.node.fails = None
        assert await client.ask(b'{"press":"call","ms":1}') == {"ok": True}


async def test_what_the_speaker_says_is_shown_until_it_is_silent(tmp_path: Path) -> None:
    """To every watcher; a caption longer than one may be is refused."""
    async with stage(tmp_path) as on, on.client() as watcher, on.client() as speaker:
        before = await watcher.ask(b'{"watch": true}')
        assert await speaker.ask(b'{"caption": "Kembali."}') == {"ok": True}
        during = await watcher.hear()
        assert await speaker.ask(b'{"caption": ""}') == {"ok": True}
        after = await watcher.hear()
        refused = await speaker.ask(b'{"caption": "%s"}' % (b"a" * 301))

    assert (during.pop("caption"), during, after) == ("Kembali.", before, before)
    assert "error" in refused
