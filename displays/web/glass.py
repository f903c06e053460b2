"""A kiosk's touch screen in a browser: the frame really shown, touched where it is touched.

`GET /screen/KIOSK` is the page, `GET /screen/KIOSK/frame.png` what is on the glass now,
`POST /screen/KIOSK/touch` a finger: `{"x": 0.5, "y": 0.1, "down": true}`, in shares of the width
and height. The screen is a process of its own (`loket screen KIOSK`), with sockets in
`DIR/KIOSK.screen`.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from displays.touch_port import Finger
from displays.web.gate import refusal
from displays.web.panels import ANSWER_WITHIN_S, Frames, NotRunningError

BODY_BYTES_MAX = 200

SCREEN_FOLDER = "{kiosk}.screen"


class Glass:
    """The routes of the touch screens.

    Args:
        folder: The data folder.
        kiosks: Those with a screen.
        picture: Makes the answer of a PNG.
    """

    def __init__(
        self,
        *,
        folder: Path,
        kiosks: tuple[str, ...],
        templates: Jinja2Templates,
        picture: Callable[[Request, bytes], Response],
    ) -> None:
        self._folder = folder
        self._kiosks = kiosks
        self._templates = templates
        self._picture = picture
        self._frames = Frames(
            folder=folder, boards=tuple(SCREEN_FOLDER.format(kiosk=kiosk) for kiosk in kiosks)
        )

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/screen/{kiosk}", self.page),
            Route("/screen/{kiosk}/frame.png", self.frame),
            Route("/screen/{kiosk}/touch", self.touch, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the glass."""
        kiosk = request.path_params["kiosk"]
        if refused := self._unknown(kiosk):
            return refused
        headers = {"Cache-Control": "no-store"}
        return self._templates.TemplateResponse(
            request, "screen.html", {"kiosk": kiosk}, headers=headers
        )

    async def frame(self, request: Request) -> Response:
        """Return what is on the glass; 304 when the asker has it."""
        kiosk = request.path_params["kiosk"]
        if refused := self._unknown(kiosk):
            return refused
        try:
            png = await self._frames.fetch(SCREEN_FOLDER.format(kiosk=kiosk))
        except NotRunningError as error:
            return _not_running(kiosk, error)
        return self._picture(request, png)

    async def touch(self, request: Request) -> Response:
        """Put a finger on the glass, or let go."""
        kiosk = request.path_params["kiosk"]
        if refused := self._unknown(kiosk):
            return refused
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                break
        try:
            finger = msgspec.json.decode(body, type=Finger)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            mend = 'send {"x": 0.5, "y": 0.1, "down": true}, shares from 0 to 1'
            return refusal(400, f"the body: {error}", mend)
        try:
            await self._put(kiosk, finger)
        except (OSError, TimeoutError) as error:
            return _not_running(kiosk, error)
        return Response(b'{"ok":true}', media_type="application/json")

    async def _put(self, kiosk: str, finger: Finger) -> None:
        path = self._folder / SCREEN_FOLDER.format(kiosk=kiosk) / "touch.sock"
        async with asyncio.timeout(ANSWER_WITHIN_S):
            _, writer = await asyncio.open_unix_connection(path)
            with contextlib.closing(writer):
                writer.write(msgspec.json.encode(finger) + b"\n")
                await writer.drain()

    def _unknown(self, kiosk: str) -> Response | None:
        if kiosk in self._kiosks:
            return None
        known = ", ".join(self._kiosks) or "(no kiosk of this hall has one)"
        return refusal(404, f"there is no touch screen {kiosk!r}", f"one of: {known}")


def _not_running(kiosk: str, error: Exception) -> Response:
    mend = f"start it: loket screen {kiosk} --hall FILE --data DIR (the demo does, in 2 s)"
    return refusal(503, f"the screen of {kiosk} is not running ({error})", mend)
