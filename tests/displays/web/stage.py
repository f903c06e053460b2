"""What the web tests stand on: the demo's hall, nodes that are only a socket, and an asker."""

import asyncio
import json
import socket
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp, Message

import firmware_config
from broker.clock import SystemClock
from displays.web.app import Pages
from displays.web.feed import Feed
from displays.web.live import Live
from displays.web.panels import Frames, Panels
from displays.web.scene import Scene, scene_of
from firmware_config.load import load_hall

DEMO = Path(firmware_config.__file__).parent / "examples" / "demo.toml"


def demo_scene() -> Scene:
    """Return the page of the demo's hall."""
    return scene_of(load_hall(DEMO))


def png(width: int = 16, height: int = 9, grey: int = 40) -> bytes:
    """Return a small picture of one grey."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * width) * height
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


class FakeNode:
    """A node as seen from its panel socket: says its panel, takes presses, answers as told.

    Attributes:
        pressed: (button, ms) of every press it took.
        refuses: Its answer to the next presses, when not empty.
    """

    def __init__(self, panel: dict[str, Any]) -> None:
        self.panel = panel
        self.pressed: list[tuple[str, int]] = []
        self.refuses = ""
        self._watchers: list[asyncio.StreamWriter] = []

    def show(self, **changes: object) -> None:
        """Change the panel and tell who watches."""
        self.panel |= changes
        for writer in self._watchers:
            writer.write(json.dumps(self.panel).encode() + b"\n")

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[None]:
        """Listen on the node's socket for the block."""
        server = await asyncio.start_unix_server(self._serve, _fresh(folder / "panel.sock"))
        try:
            yield
        finally:
            server.close()
            for writer in self._watchers:
                writer.close()
            self._watchers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            if "watch" in asked:
                self._watchers.append(writer)
                answer = self.panel
            elif self.refuses:
                answer = {"error": self.refuses}
            else:
                self.pressed.append((asked["press"], asked["ms"]))
                answer = {"ok": True}
            writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()


def _fresh(path: Path) -> Path:
    """Return the path, in a folder that is there, with no dead socket on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


@asynccontextmanager
async def serving_bytes(path: Path, content: bytes) -> AsyncIterator[None]:
    """Give these bytes to whoever connects, as a board gives its frame."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, _fresh(path))
    try:
        yield
    finally:
        server.close()


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)


async def ask(  # noqa: PLR0913 - a request is made of these, each by name
    app: ASGIApp,
    path: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    query: str = "",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Ask the app as a browser on this machine would; no network in between."""
    asked = {"host": "127.0.0.1:8080"} | (headers or {})
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.encode(), value.encode()) for key, value in asked.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8080),
    }
    said: list[Message] = []

    bodies: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not bodies:
            await asyncio.Event().wait()  # the asker stays
        return bodies.pop()

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    start = said[0]
    return Answer(
        start["status"],
        {key.decode().lower(): value.decode() for key, value in start["headers"]},
        b"".join(message.get("body", b"") for message in said[1:]),
    )


@asynccontextmanager
async def serving(server: uvicorn.Server, listener: socket.socket) -> AsyncIterator[None]:
    """Have a server answer for the block."""
    task = asyncio.create_task(server._serve([listener]))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await task


class Stage:
    """The page's parts around a data folder, without link and without uvicorn."""

    def __init__(self, folder: Path, scene: Scene | None = None) -> None:
        self.folder = folder
        self.scene = scene or demo_scene()
        self.feed = Feed(pages_max=2)
        self.live = Live(
            hall=self.scene.hall,
            boards=self.scene.boards,
            feed=self.feed,
            call_later=asyncio.get_running_loop().call_later,
        )
        self.panels = Panels(
            folder=folder,
            nodes=tuple(node.id for node in self.scene.nodes if node.buttons),
            clock=SystemClock(),
            random=Random(1),
        )
        self.frames = Frames(folder=folder, boards=self.scene.boards)
        self.pages = Pages(
            scene=self.scene,
            feed=self.feed,
            live=self.live,
            panels=self.panels,
            frames=self.frames,
        )
        self.app = self.pages.app()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Follow the panels for the block."""
        watching = asyncio.create_task(self.panels.watch(self.pages.panel_changed))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder whose sockets fit the 108 bytes a Unix socket's path may have."""
    return tempfile.TemporaryDirectory(prefix="web-")


KIOSK = {"id": "kiosk-1", "role": "kiosk", "buttons": ["ktp-el", "skck"], "lamps": {}}
