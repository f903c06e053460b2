"""A kiosk's touch screen in a browser: the real frame, and a finger that reaches the glass."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from displays.touch_port import Finger, TouchPort
from tests.displays.web.stage import Stage, ask, serving_bytes, short_folder

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
FOLDER = "kiosk-2.screen"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose sockets fit."""
    with short_folder() as name:
        yield Path(name)


@pytest.fixture
async def stage(folder: Path) -> Stage:
    """The demo's page; its kiosk-2 has a screen."""
    return Stage(folder)


@contextlib.contextmanager
def glass(folder: Path) -> Iterator[list[Finger]]:
    """Listen as a touch screen does; return the fingers that came."""
    fingers: list[Finger] = []
    (folder / FOLDER).mkdir(exist_ok=True)
    port = TouchPort(path=folder / FOLDER / "touch.sock", put=fingers.append)
    port.start()
    try:
        yield fingers
    finally:
        port.close()


async def test_the_page_names_its_kiosk(stage: Stage) -> None:
    """And the demo's page leads there, for kiosks that have a screen only."""
    page = await ask(stage.app, "/screen/kiosk-2")
    demo = (await ask(stage.app, "/")).body.decode()

    assert (page.status, b'data-kiosk="kiosk-2"' in page.body) == (200, True)
    assert "/screen/kiosk-2" in demo
    assert "/screen/kiosk-1" not in demo


async def test_the_frame_is_the_screens_own(stage: Stage) -> None:
    """Fetched once: who has it already is told so."""
    (stage.folder / FOLDER).mkdir()
    async with serving_bytes(stage.folder / FOLDER / "frame.sock", PNG):
        answer = await ask(stage.app, "/screen/kiosk-2/frame.png")
        tag = {"if-none-match": answer.headers["etag"]}
        again = await ask(stage.app, "/screen/kiosk-2/frame.png", headers=tag)

    assert (answer.status, answer.body, again.status) == (200, PNG, 304)


async def test_a_finger_reaches_the_glass(stage: Stage) -> None:
    """Where it was put, and that it let go."""
    with glass(stage.folder) as fingers:
        for down in (True, False):
            body = msgspec.json.encode({"x": 0.25, "y": 0.75, "down": down})
            answer = await ask(stage.app, "/screen/kiosk-2/touch", method="POST", body=body)
            assert answer.status == 200
        while len(fingers) < 2:
            await ask(stage.app, "/healthz")

    assert fingers == [Finger(0.25, 0.75, down) for down in (True, False)]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"x":2,"y":0,"down":true}', b"\xff", b'{"x":' + b"0" * 300 + b"}"]
)
async def test_what_is_no_finger_is_refused(stage: Stage, body: bytes) -> None:
    """With what to send instead; nothing reaches the glass."""
    with glass(stage.folder) as fingers:
        answer = await ask(stage.app, "/screen/kiosk-2/touch", method="POST", body=body)

    assert answer.status == 400
    assert b"shares from 0 to 1" in answer.body
    assert fingers == []


@pytest.mark.parametrize("path", ["", "/frame.png", "/touch"])
@pytest.mark.parametrize("kiosk", ["kiosk-1", "nowhere"])
async def test_a_kiosk_without_a_screen_has_none(stage: Stage, kiosk: str, path: str) -> None:
    """404, and the names of those that have one."""
    method = "POST" if path == "/touch" else "GET"
    answer = await ask(stage.app, f"/screen/{kiosk}{path}", method=method)

    assert answer.status == 404
    assert b"kiosk-2" in answer.body


async def test_a_screen_that_is_not_running_says_so(stage: Stage) -> None:
    """503, and how to start it."""
    body = b'{"x":0,"y":0,"down":true}'
    touched = await ask(stage.app, "/screen/kiosk-2/touch", method="POST", body=body)
    seen = await ask(stage.app, "/screen/kiosk-2/frame.png")

    assert (touched.status, seen.status) == (503, 503)
    assert b"loket screen kiosk-2" in touched.body
