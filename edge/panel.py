"""Soft buttons and lamps: JSON lines on a Unix socket in the node's data folder (0600).

    {"press": "call", "ms": 120}   ->  {"ok": true}, once the button is up again and what it asked
                                       for is committed to the outbox: killed after that, it counts;
                                       {"error": "..."} when it could not be, or was a bounce
    {"take": ["kk"], "priority": false, "assist": false, "language": "id"}
                                   ->  {"take": "STREAM:SEQ"}, once it is in the outbox: the press
                                       under which the panel tells how far that visit is;
                                       {"error": "..."} when it could not be
    {"caption": "Nomor antrean"}   ->  {"ok": true}; shown as `caption` until it is empty
    {"get": "panel"}               ->  {"id", "role", "buttons", "lamps", "link", "hub",
                                       "slip", "said", ...}; `said` is what was refused last,
                                       {"refusal": CODE, "at": ITS ORIGIN}, empty before
    {"watch": true}                ->  the same object now and after every change, until closed
    anything else                  ->  {"error": "..."}

With mock pins a press moves the pin itself; beside real pins it goes to the press machine, so both
take the way of a finger. The demo page and a touch screen are clients; each connection is answered
in order. A watcher that reads slowly misses states in between, never the newest.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta, Struct

from broker.hall.setup import Id
from broker.store import StoreError
from edge.role import Visit

_log = logging.getLogger(__name__)

LINE_BYTES_MAX = 1024
CONNECTIONS_MAX = 32
PRESS_MS_MAX = 60_000
PATH_BYTES_MAX = 107
"""The kernel's limit for the path of a Unix socket."""

SOCKET_FILE = "panel.sock"


class PanelError(Exception):
    """The panel can't be opened; the message says how to mend it."""


class Soft(Protocol):
    """What a panel needs of a node."""

    def snapshot(self) -> dict[str, object]:
        """Return what the panel shows."""
        ...

    def is_up(self, button: str) -> bool:
        """Return whether nobody presses this button; KeyError when there is none."""
        ...

    def move(self, button: str, *, down: bool) -> None:
        """Press it, or let go."""
        ...

    def presses(self, button: str) -> int:
        """Return how many presses of it were accepted since the start."""
        ...

    async def settled(self, button: str) -> None:
        """Wait until it is up and what it asked for is committed; StoreError when it can't be."""
        ...

    async def take(self, visit: Visit) -> str:
        """Return the visit's id, when it is committed; StoreError, ValueError: it can't be."""
        ...


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a client: exactly one of press, take, caption, get, watch.

    Attributes:
        ms: How long a press lasts.
        take: Services of one visit, chosen on a screen.
        assist: Its visitor wishes to be accompanied by staff.
        language: In which its slip is to be.
        caption: What the kiosk's speaker says.
    """

    press: str = ""
    ms: Annotated[int, Meta(ge=1, le=PRESS_MS_MAX)] = 120
    take: Annotated[tuple[Id, ...], Meta(max_length=4)] = ()
    priority: bool = False
    assist: bool = False
    language: Annotated[str, Meta(max_length=3)] = ""
    caption: Annotated[str, Meta(max_length=300)] | None = None
    get: str = ""
    watch: bool = False


_read_request = msgspec.json.Decoder(Request)
_write = msgspec.json.Encoder().encode


class Panel:
    """The socket of one node."""

    def __init__(self, *, node: Soft, path: Path, group: asyncio.TaskGroup) -> None:
        self._node = node
        self._path = path
        self._group = group
        self._connections: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers: set[_Watcher] = set()
        self._pressed: set[str] = set()
        self._caption = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen while inside.

        Raises:
            PanelError: The socket can't be made there.
        """
        if len(str(self._path).encode()) > PATH_BYTES_MAX:
            raise PanelError(
                f"{self._path}: longer than the {PATH_BYTES_MAX} bytes a socket's path may have;"
                " choose a shorter --data"
            )
        try:
            server = await asyncio.start_unix_server(
                self._connected, self._path, limit=LINE_BYTES_MAX
            )
        except OSError as error:
            raise PanelError(f"{self._path}: {error}; the folder must be this user's") from error
        self._path.chmod(0o600)
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            self._path.unlink(missing_ok=True)

    def changed(self) -> None:
        """Wake the watchers that were shown something else; costs nothing without any."""
        if not self._watchers:
            return
        now = _write(self._snapshot())
        for watcher in self._watchers:
            if watcher.sent != now:
                watcher.woken.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= CONNECTIONS_MAX:
            writer.write(_line({"error": f"{CONNECTIONS_MAX} connections are open already"}))
            writer.close()
            return
        task = self._start(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that lives no longer than the socket is open."""
        task = self._group.create_task(work, name="panel")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await _read_line(reader):
                request = _parse(line)
                if isinstance(request, Request) and request.watch:
                    await self._watch(reader, writer)
                    return
                answer = request if isinstance(request, dict) else await self._answer(request)
                writer.write(_line(answer))
                await writer.drain()
        except _TooLongError:
            writer.write(_line({"error": f"a line has at most {LINE_BYTES_MAX} bytes"}))
        except ConnectionError:
            _log.debug("a panel's client left")
        finally:
            writer.close()

    async def _answer(self, request: Request) -> dict[str, Any]:
        if request.get == "panel":
            return self._snapshot()
        if request.caption is not None:
            self._caption = request.caption
            self.changed()
            return {"ok": True}
        if request.take:
            return await self._take(
                Visit(request.take, request.priority, request.language, request.assist)
            )
        return await self._press(request.press, request.ms)

    def _snapshot(self) -> dict[str, object]:
        said = {"caption": self._caption} if self._caption else {}
        return self._node.snapshot() | said

    async def _take(self, visit: Visit) -> dict[str, Any]:
        try:
            return {"take": await self._node.take(visit)}
        except (StoreError, ValueError) as error:
            return {"error": f"visit not taken: {error}"}

    async def _press(self, button: str, ms: int) -> dict[str, Any]:
        try:
            is_up = self._node.is_up(button)
        except KeyError:
            buttons = self._node.snapshot()["buttons"]
            return {"error": f"no button {button!r}", "buttons": buttons}
        if not is_up or button in self._pressed:
            return {"error": f"button {button} is still pressed"}
        self._pressed.add(button)
        before = self._node.presses(button)
        try:
            self._node.move(button, down=True)
            try:
                await asyncio.sleep(ms / 1000)
            finally:  # a pin left low would be stuck
                self._node.move(button, down=False)
            await self._node.settled(button)
        except StoreError as error:
            return {"error": f"button {button}: not kept: {error}"}
        finally:
            self._pressed.discard(button)
        if self._node.presses(button) == before:
            return {"error": f"button {button}: {ms} ms so soon after the last press is a bounce"}
        return {"ok": True}

    async def _watch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send the panel now and at each change, until the client closes."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        gone = self._start(_until_closed(reader, watcher.woken))
        try:
            while not gone.done():
                # Before the look: what changes during the write below must wake it once more.
                watcher.woken.clear()
                now = _write(self._snapshot())
                if now != watcher.sent:
                    watcher.sent = now
                    writer.write(now + b"\n")
                    await writer.drain()
                await watcher.woken.wait()
        finally:
            gone.cancel()
            self._watchers.discard(watcher)


class _Watcher:
    """A client that is told of changes: what it was sent last, and whether to look again."""

    def __init__(self) -> None:
        self.sent = b""
        self.woken = asyncio.Event()


class _TooLongError(Exception):
    """A client sent a line longer than any of ours."""


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """Return the next line, empty at the end."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as error:
        raise _TooLongError from error


async def _until_closed(reader: asyncio.StreamReader, woken: asyncio.Event) -> None:
    """Wait for the end of what the client sends, then wake its watcher."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(LINE_BYTES_MAX):
            pass
    woken.set()


def _parse(line: bytes) -> Request | dict[str, Any]:
    """Return the request, or the answer to a line that is none."""
    try:
        request = _read_request.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return {"error": f"not a request: {error}"}
    asks = (
        *(bool(request.press), bool(request.take), request.caption is not None),
        *(request.get == "panel", request.watch),
    )
    if asks.count(True) != 1:
        ways = (
            '{"press": BUTTON, "ms": N}, {"take": [SERVICE]}, {"caption": TEXT}, {"get": "panel"}'
        )
        return {"error": f'ask {ways} or {{"watch": true}}'}
    return request


def _line(answer: dict[str, Any]) -> bytes:
    return _write(answer) + b"\n"
