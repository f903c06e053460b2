"""The pages' routes. The stable ones are DESIGN §7's: `/panel`, its presses, and `/frame`."""

import hashlib
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Meta, Struct
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from displays.web import phrases
from displays.web.feed import Feed, Message
from displays.web.gate import Gate, refusal
from displays.web.glass import Glass
from displays.web.live import Live
from displays.web.panels import Frames, NotRunningError, Panel, Panels, PressRefusedError
from displays.web.phone import Phone
from displays.web.scene import Node, Scene
from displays.web.tech import TechPages

BODY_BYTES_MAX = 1024
PRESSES_MAX = 64
PRESS_MS = 120

HERE = Path(str(resources.files("displays.web")))


class PressBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a button is pressed."""

    ms: Annotated[int, Meta(ge=1, le=60_000)] = PRESS_MS


def make_templates() -> Jinja2Templates:
    """Return the pages' templates; a name nobody gave is a fault, not an empty place."""
    return Jinja2Templates(
        env=Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )


def phone_app(phone: Phone) -> Starlette:
    """Return what answers on the visitors' Wi-Fi: the phone page, and nothing else."""
    return Starlette(
        routes=[*phone.routes()],
        middleware=[Middleware(Gate, names=None)],
        exception_handlers={HTTPException: _nothing_here},
    )


class Pages:
    """The routes, over the parts that know the hall.

    Args:
        phone: The phone page, where this machine's browser is to see it too.
        tech: The technician's pages.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        scene: Scene,
        feed: Feed,
        live: Live,
        panels: Panels,
        frames: Frames,
        phone: Phone | None = None,
        tech: TechPages | None = None,
    ) -> None:
        self._phone = phone
        self._tech = tech
        self._scene = scene
        self._nodes = {node.id: node for node in scene.nodes}
        self._feed = feed
        self._live = live
        self._panels = panels
        self._frames = frames
        self._presses = 0
        self._templates = make_templates()
        self._glass = Glass(
            folder=frames.folder,
            kiosks=tuple(kiosk.node for kiosk in scene.kiosks if kiosk.has_screen),
            templates=self._templates,
            picture=_picture,
        )

    def app(self) -> Starlette:
        """Return the ASGI application."""
        fonts = Path(str(resources.files("fontpkg_atkinson_hyperlegible"))) / "files"
        return Starlette(
            routes=[
                Route("/", self.demo),
                Route("/panel", self.panel),
                Route("/panel/{node}/press/{button}", self.press, methods=["POST"]),
                Route("/frame/{board}.png", self.frame),
                Route("/slip/{kiosk}.png", self.slip),
                *self._glass.routes(),
                *(self._phone.routes() if self._phone else ()),
                *(self._tech.routes() if self._tech else ()),
                Route("/events", self.events),
                Route("/healthz", self.healthz),
                Mount("/static", StaticFiles(directory=HERE / "static")),
                Mount("/fonts", StaticFiles(directory=fonts)),
            ],
            middleware=[Middleware(Gate)],
            exception_handlers={HTTPException: _no_such_page},
        )

    async def demo(self, request: Request) -> Response:
        """Show kiosks, counters and boards side by side."""
        return self._templates.TemplateResponse(
            request, "demo.html", {"scene": self._scene}, headers={"Cache-Control": "no-store"}
        )

    async def panel(self, _: Request) -> Response:
        """List every node with pins or a picture, as it is now."""
        nodes = [self.node(node.id) for node in self._scene.nodes]
        return _json({"nodes": nodes})

    def node(self, node_id: str) -> Panel:
        """Return what is known of one node; `running` is false while its panel doesn't answer."""
        node = self._nodes[node_id]
        body: Panel = {"id": node.id, "role": node.role, "buttons": node.buttons, "lamps": {}}
        if node.role == "board":
            return body | {"frame": f"/frame/{node.id}.png"}
        panel = self._panels.running.get(node_id)
        body |= panel or {}
        for internal in ("offers", "help", "given"):  # of a kiosk's own face
            body.pop(internal, None)
        if self._phone is None:
            body.pop("phone", None)  # it is the visitor's
        body["running"] = panel is not None
        if said := self._said(body.pop("said", None)):
            body["said"] = said
        views = self._live.mirror.counters
        if node.counters:
            body["counters"] = [views[each] for each in node.counters if each in views]
        return body

    def _said(self, said: object) -> dict[str, object] | None:
        """Return the words for what a node was refused last, and which press that was."""
        match said:
            case {"refusal": str(code), "at": str(at)}:
                return {"at": at, "says": phrases.refused(code, self._scene.languages)}
            case _:
                return None

    async def press(self, request: Request) -> Response:
        """Press a button of a node for `ms`."""
        node, button = request.path_params["node"], request.path_params["button"]
        if refused := self._unknown(node, button):
            return refused
        raw = await _body(request)
        if raw is None:
            mend = 'send {"ms": 120}, or nothing'
            return refusal(413, f"a body of more than {BODY_BYTES_MAX} bytes", mend)
        try:
            body = msgspec.json.decode(raw or b"{}", type=PressBody)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return refusal(400, f"the body: {error}", 'send {"ms": 120}, 1 to 60000')
        return await self._press(node, button, body.ms)

    async def _press(self, node: str, button: str, ms: int) -> Response:
        if self._presses >= PRESSES_MAX:
            says = phrases.texts(phrases.TOO_MANY, self._scene.languages)
            what = f"{self._presses} buttons are being pressed"
            return refusal(429, what, "wait, press again", says=says)
        self._presses += 1
        try:
            await self._panels.press(node, button, ms)
        except NotRunningError as error:
            mend = f"start it: loket node {node} --hall FILE --data DIR (the demo does, in 2 s)"
            says = phrases.texts(phrases.NOT_RUNNING, self._scene.languages, node=node)
            return refusal(503, f"node {node} is not running ({error})", mend, says=says)
        except PressRefusedError as error:
            says = phrases.texts(phrases.NOT_TAKEN, self._scene.languages, node=node)
            mend = "see its lamp, or press again"
            return refusal(409, f"node {node}: {error}", mend, says=says)
        finally:
            self._presses -= 1
        return _json({"ok": True})

    def _unknown(self, node_id: str, button: str) -> Response | None:
        node = self._nodes.get(node_id)
        if node is None or not node.buttons:
            known = [node.id for node in self._scene.nodes if node.buttons]
            mend = f"one of: {', '.join(known)}"
            return refusal(404, f"there is no node {node_id!r} with buttons", mend)
        if button not in _buttons(node, self._panels.running.get(node_id)):
            mend = f"one of: {', '.join(node.buttons)}"
            return refusal(404, f"node {node_id} has no button {button!r}", mend)
        return None

    async def frame(self, request: Request) -> Response:
        """Return the frame a board last showed; 304 when the asker has it."""
        board = request.path_params["board"]
        if board not in self._scene.boards:
            mend = f"one of: {', '.join(self._scene.boards) or '(this hall has none)'}"
            return refusal(404, f"there is no board {board!r}", mend)
        try:
            png = await self._frames.fetch(board)
        except NotRunningError as error:
            mend = f"start it: loket board {board} --hall FILE --data DIR (the demo does, in 2 s)"
            return refusal(503, f"board {board} is not running ({error})", mend)
        return _picture(request, png)

    async def slip(self, request: Request) -> Response:
        """Return the picture of a kiosk's newest slip; 304 when the asker has it, 204 before it."""
        kiosk = request.path_params["kiosk"]
        known = [kiosk.node for kiosk in self._scene.kiosks]
        if kiosk not in known:
            mend = f"one of: {', '.join(known) or '(this hall has none)'}"
            return refusal(404, f"there is no kiosk {kiosk!r}", mend)
        try:
            png = await self._frames.slip(kiosk)
        except NotRunningError:  # no fault: nobody has pressed, or a printer has it
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        return _picture(request, png)

    async def events(self, _: Request) -> Response:
        """Stream the whole state, then what changes."""
        if self._feed.is_full:
            return refusal(503, f"{self._feed.pages} pages are open", "close one, then reload")
        return EventSourceResponse(self._stream(), ping=15, send_timeout=10)

    async def _stream(self) -> AsyncIterator[dict[str, str]]:
        async for message in self._feed.follow():
            yield {"event": message.event, "data": message.body}

    def panel_changed(self, node_id: str, _: Panel | None) -> None:
        """Tell the open pages what `GET /panel` says of this node now."""
        body = msgspec.json.encode(self.node(node_id)).decode()
        self._feed.publish(f"panel/{node_id}", Message("panel", body))

    async def healthz(self, _: Request) -> Response:
        """Say whether this process reaches the hall; always 200: it answers, so it lives."""
        return _json(
            {
                "link": self._live.is_linked,
                "hub": self._live.is_hub_heard,
                "pages": self._feed.pages,
                "wire_errors": self._live.wire_errors,
                "nodes_running": sorted(self._panels.running),
            }
        )


def _picture(request: Request, png: bytes) -> Response:
    tag = f'"{hashlib.sha256(png).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-store"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(png, media_type="image/png", headers=headers)


def _buttons(node: Node, panel: Panel | None) -> set[str]:
    named = panel.get("buttons", ()) if panel else ()
    return {*node.buttons, *(name for name in named if isinstance(name, str))}


async def _body(request: Request) -> bytes | None:
    """Return the body, or None when it is longer than any press needs."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return body


def _json(body: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)


async def _nothing_here(_: Request, __: Exception) -> Response:
    return Response(status_code=404)


async def _no_such_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = f"{request.method} {request.url.path}: {getattr(error, 'detail', error)}"
    return refusal(
        status, what, "GET /, /panel, /frame/BOARD.png, /slip/KIOSK.png, /events, or POST a press"
    )
