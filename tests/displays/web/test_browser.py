"""The page in a real browser, at a desk and on a phone: how it fits, and what it says."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, ViewportSize, async_playwright, expect

import firmware_config
from displays.web.command import listen
from displays.web.scene import scene_of
from firmware_config.load import load_hall
from tests.conftest import find_part
from tests.displays.web.stage import KIOSK, FakeNode, Stage, short_folder

EXAMPLES = Path(firmware_config.__file__).parent / "examples"

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
)

WITHIN_MS = 20_000

DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)

pytestmark = pytest.mark.needs("chromium")


@contextlib.asynccontextmanager
async def served(example: str) -> AsyncIterator[tuple[Stage, str]]:
    """Serve the page of an example hall, whose nodes are those of the test; yield its address."""
    listener = listen(0)
    with short_folder() as folder:
        stage = Stage(Path(folder), scene_of(load_hall(EXAMPLES / example)))
        config = uvicorn.Config(stage.app, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        async with stage.watching():
            serving = asyncio.create_task(server._serve([listener]))
            try:
                yield stage, f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True
                await serving


@contextlib.asynccontextmanager
async def opened(address: str, viewport: ViewportSize) -> AsyncIterator[tuple[Page, list[str]]]:
    """Open the page; yield it with all it complains of, which must stay empty but for boards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_part("chromium"), args=[*FLAGS]
        )
        page = await browser.new_page(viewport=viewport)
        page.set_default_timeout(WITHIN_MS)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(f"{line.text} {line.location['url']}"))
        await page.goto(address)
        yield page, faults
        await browser.close()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("example", ["demo.toml", "tebing_tinggi.toml"])
async def test_the_page_fits_and_folds_a_big_halls_queues(
    example: str, viewport: ViewportSize
) -> None:
    """Nothing to scroll sideways, folded or open; heads of a table never touch."""
    async with served(example) as (_, address), opened(address, viewport) as (page, _):
        fold = page.locator("details.queue")
        is_big = example != "demo.toml"
        assert await fold.count() == is_big
        if is_big:
            closed = await page.evaluate("document.documentElement.scrollHeight")
            await fold.locator("summary").click()
            assert await page.evaluate("document.documentElement.scrollHeight") > closed
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width == viewport["width"]
        heads = await page.locator("thead th").evaluate_all(
            """heads => heads.map(head => {
                 const text = document.createRange();
                 text.selectNodeContents(head);
                 const { left, right } = text.getBoundingClientRect();
                 return [left, right];
               })"""
        )
        for (_, right), (left, _) in pairwise(heads):
            assert left < right - 100 or left - right >= 6, "a new row, or a gap"


async def test_a_slip_comes_out_beside_the_keys() -> None:
    """At a desk; on a phone it is below them. Help keys and calls for staff move neither."""
    async with served("demo.toml") as (_, address):
        for viewport, is_beside in ((DESK, True), (PHONE, False)):
            async with opened(address, viewport) as (page, _):
                kiosk = page.locator('[data-node="kiosk-1"]')
                keys = await kiosk.locator(".keys").first.bounding_box()
                mouth = await kiosk.locator(".mouth").bounding_box()
                assert keys is not None
                assert mouth is not None
                assert (mouth["x"] >= keys["x"] + keys["width"]) is is_beside
                assert (mouth["y"] <= keys["y"]) is is_beside


async def test_a_refused_press_says_why_and_nothing_else_complains() -> None:
    """Once, in both languages; what was refused before the page was opened is no news."""
    before, after = ({"refusal": code, "at": code} for code in ("stale", "quota_reached"))
    node = FakeNode(KIOSK | {"said": before, "slip": "A007"})
    async with (
        served("demo.toml") as (stage, address),
        node.running(stage.folder / "kiosk-1"),
        opened(address, DESK) as (page, faults),
    ):
        key = page.locator('[data-node="kiosk-1"] .key:enabled').first
        await key.click()
        assert await page.locator("#says").inner_text() == ""
        node.show(said=after)
        await expect(page.locator("#says > *")).to_have_count(2)
        lines = await page.locator("#says > *").evaluate_all(
            "lines => lines.map(line => [line.lang, line.textContent])"
        )

    assert node.pressed == [("ktp-el", 120)]
    assert lines == [
        ["id", "kiosk-1: Kuota hari ini sudah habis."],
        ["en", "All numbers of today are given out."],
    ]
    assert [fault for fault in faults if "/frame/" not in fault] == []


async def test_a_press_at_a_node_that_has_died_says_so() -> None:
    """Before the page has heard of it."""
    node = FakeNode(dict(KIOSK))
    async with (
        served("demo.toml") as (stage, address),
        node.running(stage.folder / "kiosk-1"),
        opened(address, PHONE) as (page, _),
    ):
        key = page.locator('[data-node="kiosk-1"] .key:enabled').first
        await key.wait_for()
        (stage.folder / "kiosk-1" / "panel.sock").unlink()
        await key.click()
        await expect(page.locator("#says > *")).to_have_count(2)
        said = await page.locator("#says").inner_text()

    assert said.splitlines()[0] == (
        "Perangkat kiosk-1 tidak menjawab. Lihat dulu hasilnya, lalu tekan lagi."
    )


async def test_who_waited_is_listed_while_the_hub_is_gone_alone() -> None:
    """By counter, with the time at which that was so; visitors' keys are pressed like any other."""
    services = [
        {"service": "ktp-el", "waiting": 3, "next": ["A001", "A002"]},
        {"service": "kk", "waiting": 0, "next": []},
    ]
    gone = {"hub": "silent", "hub_age_s": 120, "list": services}
    counter = {"id": "loket-1", "role": "counter", "buttons": ["rate_4"], "lamps": {}}
    node = FakeNode(counter | gone | {"hub": "heard"})
    async with (
        served("demo.toml") as (stage, address),
        node.running(stage.folder / "loket-1"),
        opened(address, DESK) as (page, faults),
    ):
        desk = page.locator('[data-node="loket-1"]')
        await desk.locator('[data-button="rate_4"]:enabled').click()
        assert not await desk.locator(".list").is_visible()
        node.show(**gone)
        await desk.locator(".list").wait_for()
        text = await desk.locator(".list").inner_text()
        assert re.fullmatch(r"Terakhir diketahui \d\d[.:]\d\d: A001 A002 \(3\) · . \(0\)", text)
        node.show(hub_age_s=None)
        await desk.get_by_text("Dari waktu yang tidak diketahui").wait_for()
        node.show(hub="heard")
        await desk.locator(".list").wait_for(state="hidden")
        assert [fault for fault in faults if "/frame/" not in fault] == []
