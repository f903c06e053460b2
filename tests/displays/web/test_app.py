"""The routes: what they show, what they refuse and with which words, over real Unix sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from displays.web.feed import Message
from tests.displays.web.stage import (
    KIOSK,
    FakeNode,
    Stage,
    ask,
    png,
    serving_bytes,
    short_folder,
)

PRESS = "/panel/kiosk-1/press/ktp-el"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A page around an empty data folder."""
    with short_folder() as folder:
        yield Stage(Path(folder))


async def until(stage: Stage, fact: Callable[[], bool]) -> None:
    """Read what the pages are told until `fact()` is true."""
    async with asyncio.timeout(5):
        async for _ in stage.feed.follow():
            if fact():
                return


async def test_the_page_draws_the_halls_kiosks_counters_and_board(stage: Stage) -> None:
    """Every button of the hall file is a key on the page, disabled until its node runs."""
    answer = await ask(stage.app, "/")
    page = answer.body.decode()
    assert answer.status == 200
    assert page.count('class="key ticket') == 8 + 4
    assert page.count('class="key staff"') == 6 * 6
    assert page.count('data-button="rate_') == 2 * 4
    assert page.count('data-then="door-1-') == 2
    assert 'data-board="board-1"' in page
    assert "MPP Kota Contoh" in page
    assert page.count("<button") == page.count(" disabled>")


async def test_the_page_takes_nothing_from_elsewhere(stage: Stage) -> None:
    """No address of another server, no inline script or style: the CSP would stop them anyway."""
    page = (await ask(stage.app, "/")).body.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "style=" not in page
    assert "<style" not in page


async def test_what_the_page_names_is_served(stage: Stage) -> None:
    """Script, style, icon and font are there, with their types."""
    for path, kind in [
        ("/static/demo.js", "javascript"),
        ("/static/fonts.css", "text/css"),
        ("/static/demo.css", "text/css"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/fonts/AtkinsonHyperlegible-Bold.ttf", "font/"),
    ]:
        answer = await ask(stage.app, path)
        assert answer.status == 200, path
        assert kind in answer.headers["content-type"], path


async def test_panel_lists_every_node_of_the_hall(stage: Stage) -> None:
    """A node that doesn't run is listed too, with the buttons the hall file gives it."""
    nodes = {node["id"]: node for node in (await ask(stage.app, "/panel")).json()["nodes"]}
    assert len(nodes) == 10
    assert nodes["sensor-1"]["buttons"] == ["door-1-outer", "door-1-inner"]
    assert nodes["loket-1"] == {
        "id": "loket-1",
        "role": "counter",
        "buttons": [
            *("call", "recall", "no_show", "done", "park", "pause"),
            *("rate_1", "rate_2", "rate_3", "rate_4"),
        ],
        "lamps": {},
        "running": False,
        "counters": [],
    }
    assert nodes["board-1"]["frame"] == "/frame/board-1.png"


async def test_panel_shows_what_a_running_node_says(stage: Stage) -> None:
    """Lamps and slip come from the node itself, the counter's state from the hub."""
    node = FakeNode(KIOSK | {"lamps": {"ready": "steady"}, "slip": "A007"})
    async with node.running(stage.folder / "kiosk-1"), stage.watching():
        await until(stage, lambda: "kiosk-1" in stage.panels.running)
        kiosk = (await ask(stage.app, "/panel")).json()["nodes"][0]
        assert (kiosk["running"], kiosk["lamps"], kiosk["slip"]) == (
            True,
            {"ready": "steady"},
            "A007",
        )
        node.show(lamps={"ready": "slow_blink"})
        await until(
            stage, lambda: stage.panels.running["kiosk-1"]["lamps"]["ready"] == "slow_blink"
        )
    await ask(stage.app, "/panel")


async def test_panel_says_what_was_refused_in_the_halls_languages(stage: Stage) -> None:
    """The node tells the code and which press it was; what is no such thing is passed over."""
    node = FakeNode(KIOSK | {"said": {}})
    async with node.running(stage.folder / "kiosk-1"), stage.watching():
        await until(stage, lambda: "kiosk-1" in stage.panels.running)
        assert "said" not in stage.pages.node("kiosk-1")
        said = {"refusal": "disrupted", "at": "a:7"}
        node.show(said=said)
        await until(stage, lambda: stage.panels.running["kiosk-1"]["said"] == said)

        assert stage.pages.node("kiosk-1")["said"] == {
            "at": "a:7",
            "says": [
                {"lang": "id", "text": "Layanan sedang terganggu. Lapor ke meja informasi."},
                {"lang": "en", "text": "The service is disrupted. Ask at the information desk."},
            ],
        }


async def test_panel_shows_the_counters_call(stage: Stage) -> None:
    """Status, number and waiting count of a counter are in its node's row."""
    view = {"gen": "1-0000000a", "pos": 7, "counter": 1, "status": "open", "waiting": 3}
    call = {"call_id": "c", "ticket": "t", "number": "A007", "service": "kk", "state": "called"}
    body = json.dumps(view | {"call": call | {"called_ms": 1}}).encode()
    stage.live.received("loket/v1/demo/state/counter/1", body, retained=True)
    nodes = (await ask(stage.app, "/panel")).json()["nodes"]
    [counter] = next(node for node in nodes if node["id"] == "loket-1")["counters"]
    assert (counter["status"], counter["waiting"]) == ("open", 3)
    assert counter["call"]["number"] == "A007"


async def test_a_press_reaches_the_node(stage: Stage) -> None:
    """The button and how long it is held arrive on the node's socket; 120 ms without a body."""
    node = FakeNode(dict(KIOSK))
    async with node.running(stage.folder / "kiosk-1"):
        assert (await ask(stage.app, PRESS, method="POST")).json() == {"ok": True}
        await ask(stage.app, PRESS, method="POST", body=b'{"ms":3000}')
    assert node.pressed == [("ktp-el", 120), ("ktp-el", 3000)]


BAD_BODIES = [
    (b"{", "the body"),
    (b"\xff\xfe", "the body"),
    (b"[120]", "the body"),
    (b'{"ms":0}', "$.ms"),
    (b'{"ms":60001}', "$.ms"),
    (b'{"ms":"120"}', "$.ms"),
    (b'{"ms":NaN}', "the body"),
    (b'{"ms":120,"force":true}', "force"),
    (b"[" * 1000, "the body"),
]


@pytest.mark.parametrize(("body", "text"), BAD_BODIES)
async def test_a_bad_body_is_400_and_presses_nothing(stage: Stage, body: bytes, text: str) -> None:
    """What is wrong is named, and what to send instead."""
    node = FakeNode(dict(KIOSK))
    async with node.running(stage.folder / "kiosk-1"):
        answer = await ask(stage.app, PRESS, method="POST", body=body)
    assert answer.status == 400
    assert text in answer.json()["error"]
    assert '{"ms": 120}' in answer.json()["mend"]
    assert node.pressed == []


async def test_a_huge_body_is_413(stage: Stage) -> None:
    """It is not read to its end."""
    answer = await ask(stage.app, PRESS, method="POST", body=b" " * 5000)
    assert answer.status == 413


UNKNOWN = [
    ("/panel/kiosk-9/press/ktp-el", "no node 'kiosk-9'", "kiosk-1"),
    ("/panel/board-1/press/call", "no node 'board-1' with buttons", "loket-1"),
    ("/panel/loket-1/press/coffee", "no button 'coffee'", "call, recall"),
]


@pytest.mark.parametrize(("path", "error", "mend"), UNKNOWN)
async def test_an_unknown_node_or_button_is_404_and_lists_those_there_are(
    stage: Stage, path: str, error: str, mend: str
) -> None:
    """A typing mistake is mended from the answer alone."""
    answer = await ask(stage.app, path, method="POST")
    assert answer.status == 404
    assert error in answer.json()["error"]
    assert mend in answer.json()["mend"]


async def test_a_node_that_does_not_run_is_503(stage: Stage) -> None:
    """The answer names the command that starts it."""
    answer = await ask(stage.app, PRESS, method="POST")
    assert answer.status == 503
    assert "kiosk-1 is not running" in answer.json()["error"]
    assert "loket node kiosk-1" in answer.json()["mend"]
    assert [each["lang"] for each in answer.json()["says"]] == ["id", "en"]
    assert "Perangkat kiosk-1 tidak menjawab." in answer.json()["says"][0]["text"]


async def test_a_node_that_dies_within_a_press_is_503(stage: Stage) -> None:
    """A connection without an answer is not taken for a press."""
    async with serving_bytes(stage.folder / "kiosk-1" / "panel.sock", b""):
        assert (await ask(stage.app, PRESS, method="POST")).status == 503


async def test_what_the_node_refuses_is_passed_on(stage: Stage) -> None:
    """The node's own words are the error."""
    node = FakeNode(dict(KIOSK))
    node.refuses = "button ktp-el is held already"
    async with node.running(stage.folder / "kiosk-1"):
        answer = await ask(stage.app, PRESS, method="POST")
    assert answer.status == 409
    assert "held already" in answer.json()["error"]
    assert "Tekanan di kiosk-1 tidak diterima." in answer.json()["says"][0]["text"]


async def test_a_frame_is_the_boards_own_bytes_and_is_fetched_once(stage: Stage) -> None:
    """Unchanged since the asker's copy: 304, nothing is sent again."""
    picture = png()
    async with serving_bytes(stage.folder / "board-1" / "frame.sock", picture):
        answer = await ask(stage.app, "/frame/board-1.png")
        again = await ask(
            stage.app, "/frame/board-1.png", headers={"if-none-match": answer.headers["etag"]}
        )
    assert (answer.status, answer.body) == (200, picture)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    assert (again.status, again.body) == (304, b"")


async def test_a_slip_is_the_kiosks_own_picture(stage: Stage) -> None:
    """None before it has drawn one; unchanged since the asker's copy: 304."""
    before = await ask(stage.app, "/slip/kiosk-1.png")
    (stage.folder / "kiosk-1").mkdir()
    (stage.folder / "kiosk-1" / "slip.png").write_bytes(png())
    answer = await ask(stage.app, "/slip/kiosk-1.png")
    tag = {"if-none-match": answer.headers["etag"]}

    assert (before.status, before.body) == (204, b"")
    assert (await ask(stage.app, "/slip/loket-1.png")).status == 404
    assert (answer.status, answer.body) == (200, png())
    assert (await ask(stage.app, "/slip/kiosk-1.png", headers=tag)).status == 304


async def test_a_board_that_gives_no_picture_is_503(stage: Stage) -> None:
    """Not running, or bytes that are no PNG: said, never shown as a broken picture."""
    assert (await ask(stage.app, "/frame/board-1.png")).status == 503
    async with serving_bytes(stage.folder / "board-1" / "frame.sock", b"oops"):
        answer = await ask(stage.app, "/frame/board-1.png")
    assert answer.status == 503
    assert "4 bytes that are no PNG" in answer.json()["error"]


@pytest.mark.parametrize("board", ["board-9", "kiosk-1", "..%2fhub"])
async def test_an_unknown_board_is_404(stage: Stage, board: str) -> None:
    """No name from an address becomes a path on disk."""
    assert (await ask(stage.app, f"/frame/{board}.png")).status == 404


async def test_an_unknown_page_is_404_as_json(stage: Stage) -> None:
    """Scripts get one shape of error everywhere."""
    answer = await ask(stage.app, "/nothing")
    assert answer.status == 404
    assert "/panel" in answer.json()["mend"]


async def test_healthz_says_what_is_reached(stage: Stage) -> None:
    """A technician's first look."""
    stage.live.connected()
    assert (await ask(stage.app, "/healthz")).json() == {
        "link": True,
        "hub": False,
        "pages": 0,
        "wire_errors": 0,
        "nodes_running": [],
    }


async def test_events_are_refused_when_enough_pages_are_open(stage: Stage) -> None:
    """The hub's Pi serves a fixed number of open pages."""
    stage.feed.publish("link", Message("link", "{}"))
    pages = [stage.feed.follow() for _ in range(2)]
    for page in pages:
        await anext(page)
    answer = await ask(stage.app, "/events")
    assert answer.status == 503
    assert "2 pages are open" in answer.json()["error"]
    for page in pages:
        await page.aclose()  # type: ignore[attr-defined]  # an async generator behind its interface


FOREIGN = [
    ("POST", {"origin": "http://evil.example"}, 403),
    ("POST", {"sec-fetch-site": "cross-site"}, 403),
    ("POST", {"sec-fetch-site": "same-site"}, 403),
    ("POST", {"origin": "null"}, 403),
    ("POST", {"host": "evil.example"}, 421),
    ("GET", {"host": "127.0.0.1.evil.example:8080"}, 421),
    ("GET", {"host": ""}, 421),
]


@pytest.mark.parametrize(("method", "headers", "status"), FOREIGN)
async def test_a_foreign_page_may_not_press_or_read(
    stage: Stage, method: str, headers: dict[str, str], status: int
) -> None:
    """DNS rebinding and forged requests end before any route."""
    node = FakeNode(dict(KIOSK))
    path = PRESS if method == "POST" else "/panel"
    async with node.running(stage.folder / "kiosk-1"):
        answer = await ask(stage.app, path, method=method, headers=headers)
    assert answer.status == status
    assert set(answer.json()) == {"error", "mend"}
    assert node.pressed == []


OWN = [
    {},
    {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"},
    {"host": "localhost:8080", "origin": "http://localhost:8080"},
    {"host": "[::1]:8080"},
]


@pytest.mark.parametrize("headers", OWN)
async def test_the_own_page_and_plain_programs_may_press(
    stage: Stage, headers: dict[str, str]
) -> None:
    """A plain curl sends no Origin; a browser on this page sends this server's."""
    node = FakeNode(dict(KIOSK))
    async with node.running(stage.folder / "kiosk-1"):
        assert (await ask(stage.app, PRESS, method="POST", headers=headers)).status == 200


async def test_every_answer_has_the_security_headers(stage: Stage) -> None:
    """Pages, errors and pictures alike."""
    for path in ("/", "/nothing", "/frame/board-1.png"):
        headers = (await ask(stage.app, path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
