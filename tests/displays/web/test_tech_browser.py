"""The technician's pages in a real browser: signing in, looking, and being cut off."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, ViewportSize, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from broker.wire.figures import Button, Machine, PrinterHealth
from broker.wire.messages import Health
from displays.web.app import HERE
from displays.web.command import listen
from displays.web.gate import Gate
from tests.displays.web.stage import serving, short_folder
from tests.displays.web.test_browser import DESK, PHONE
from tests.displays.web.test_phone_browser import opened, violations
from tests.displays.web.test_tech import PASSWORD, Stage

pytestmark = pytest.mark.needs("chromium")


@contextlib.asynccontextmanager
async def pages() -> AsyncIterator[tuple[Stage, str, uvicorn.Server]]:
    """Serve the pages of a hall with a printer out of paper and a stuck button."""
    listener = listen(0)
    with short_folder() as folder:
        stage = Stage(Path(folder))
        stage.technician.set_password(PASSWORD)
        stage.beat()
        printer = PrinterHealth(state="out", printed_age_s=300.0)
        stage.health("kiosk-1", Health(uptime_s=60, printer=printer, machine=Machine(soc_c=54.0)))
        stage.health("loket-1", Health(uptime_s=60, buttons={"call": Button(stuck=True)}))
        stage.health("loket-2", Health(uptime_s=60))
        stage.alarm("kiosk-1", "Kertas kiosk-1 habis.", "Isi gulungan baru.")
        static = Mount("/static", StaticFiles(directory=HERE / "static"))
        app = Starlette(routes=[*stage.routes, static], middleware=[Middleware(Gate)])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        async with serving(server, listener):
            yield stage, f"http://127.0.0.1:{listener.getsockname()[1]}", server


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Type the password."""
    await page.locator("#password").fill(password)
    await page.locator("form button").click()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_technician_signs_in_and_sees_what_is_wrong(viewport: ViewportSize) -> None:
    """A form of this page is no foreign one; axe-core finds nothing, nothing scrolls sideways."""
    async with (
        pages() as (_, address, _),
        opened(address + "/tech", viewport, bypass_csp=True) as p,
    ):
        assert await violations(p) == []
        await sign_in(p, "a-wrong-one")
        await expect(p.locator(".says")).to_contain_text("Kata sandi salah")
        await sign_in(p)
        await expect(p.locator("h1")).to_have_text("Kertas kiosk-1 habis.")
        first = p.locator(".card").first
        assert await first.get_attribute("data-node") == "kiosk-1"
        await expect(first).to_contain_text("Gangguan")
        assert await violations(p) == []
        await first.locator("a").click()
        await expect(p.locator(".mend")).to_have_text("Isi gulungan baru.")
        assert await violations(p) == []
        width = await p.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        await p.locator(".bar form button").click()
        await expect(p.locator("#password")).to_be_visible()


async def test_the_page_follows_the_hall_and_says_when_it_is_cut_off() -> None:
    """Without a reload; old figures are marked as old."""
    async with pages() as (stage, address, server), opened(address + "/tech", PHONE) as p:
        await sign_in(p)
        await expect(p.locator("h1")).to_contain_text("Kertas")
        stage.roster.alarms.clear()
        await expect(p.locator("h1")).not_to_contain_text("Kertas", timeout=10_000)
        assert await p.locator("#old").is_hidden()

        server.should_exit = True
        await expect(p.locator("#old")).to_be_visible(timeout=15_000)
        await expect(p.locator("#old")).to_contain_text("terputus")


async def test_a_stuck_button_is_named_on_its_devices_page() -> None:
    """By a word."""
    async with pages() as (_, address, _), opened(address + "/tech", PHONE) as p:
        await sign_in(p)
        await p.locator('[data-node="loket-1"] a').click()
        await expect(p.get_by_text("MACET")).to_be_visible()
