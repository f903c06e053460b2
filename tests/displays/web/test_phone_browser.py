"""The phone page in a real browser: what it keeps nobody from, how it rings, that it comes back."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import uvicorn
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from displays.web.command import listen
from tests.conftest import find_part
from tests.displays.web.phones import AT_MS, CODE, STATES, PhoneStage, ticket
from tests.displays.web.stage import KIOSK, FakeNode, serving, short_folder
from tests.displays.web.test_browser import DESK, FLAGS, PHONE, WITHIN_MS

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

PICTURES = os.environ.get("LOKET_PICTURES", "")
"""A folder: the pages are put there for a person to look at."""

RUN_AXE = """() => axe.run(document, {resultTypes: ["violations"]}).then(
    found => found.violations.map(one => one.id + ": " + one.nodes.map(n => n.target).join(" ")))"""

WATCH = """
window.shaken = [];
navigator.vibrate = (pattern) => window.shaken.push(pattern);
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.tones += 1; start.call(this, at); };
"""
"""Counts what the page does with the phone."""

QUIET = """
navigator.vibrate = undefined;
Object.defineProperty(navigator, "wakeLock", { value: undefined });
"""
"""A phone that has neither; over plain HTTP none has the second."""

PULSE = """(big) => {
  const style = getComputedStyle(big);
  return [style.animationDuration, style.animationIterationCount];
}"""

pytestmark = pytest.mark.needs("chromium")


@contextlib.asynccontextmanager
async def phones() -> AsyncIterator[tuple[PhoneStage, str]]:
    """Serve the phone page before a hub that is heard; yield it and the page's address."""
    listener = listen(0)
    with short_folder() as folder:
        stage = PhoneStage(Path(folder))
        stage.beat()
        config = uvicorn.Config(stage.app, log_config=None, lifespan="off", ws="none")
        async with serving(uvicorn.Server(config), listener):
            yield stage, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def opened(
    address: str, viewport: ViewportSize = PHONE, **options: Any
) -> AsyncIterator[Page]:
    """Open the page as a phone does; what it complains of fails the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_part("chromium"), args=[*FLAGS]
        )
        page = await browser.new_page(viewport=viewport, **options)
        page.set_default_timeout(WITHIN_MS)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(address)
        yield page
        await browser.close()
        assert faults == []


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds, of every rule it has."""
    await page.add_script_tag(path=AXE)
    found: list[str] = await page.evaluate(RUN_AXE)
    return found


async def picture(page: Page, name: str) -> None:
    """Put a picture where somebody asked for it."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"phone-{name}.png", full_page=True)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_no_state_keeps_anybody_out(viewport: ViewportSize) -> None:
    """0 violations of axe-core in every state, and nothing to scroll sideways."""
    async with phones() as (stage, address), opened(address, viewport, bypass_csp=True) as page:
        shown = {**STATES, "unknown": None}
        for name, one in shown.items():
            stage.show(*([one] if one else []))
            await page.goto(f"{address}/t/{CODE}/en" if name == "next" else f"{address}/t/{CODE}")
            assert await violations(page) == [], name
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], name
            can_tell = await page.locator("#notify").is_visible()
            assert can_tell is (one is not None and one.state != "closed"), name
            if viewport is PHONE:
                await picture(page, name)


async def test_a_visit_cut_off_keeps_nobody_out() -> None:
    """Two numbers, the badge, the question before a cancel; and the full screen of a number."""
    async with phones() as (stage, address), opened(address, bypass_csp=True) as page:
        stage.show(STATES["waiting"], ticket(ticket=f"{STATES['waiting'].ticket}.2", number="B012"))
        await page.goto(f"{address}/t/{CODE}")
        await page.locator("summary").first.click()
        assert await violations(page) == []
        await picture(page, "sure")
        stage.live.disconnected("gone")
        await page.reload()
        await expect(page.locator("#lost")).to_be_visible()
        assert await violations(page) == []
        await picture(page, "lost")
        await page.locator("#notify").click()
        await expect(page.locator("#big-lost")).to_contain_text("Sambungan terputus sejak")
        assert await violations(page) == []
        await picture(page, "big-lost")
        stage.live.connected()
        stage.beat()
        await expect(page.locator("#big-lost")).to_be_hidden(timeout=30_000)
        assert await violations(page) == []


async def test_twice_the_text_still_fits() -> None:
    """Text at 200 % on the narrowest phone: nothing is cut, nothing scrolls sideways."""
    async with phones() as (stage, address), opened(address, bypass_csp=True) as page:
        for name in ("waiting", "called", "missed"):
            stage.show(STATES[name])
            await page.goto(f"{address}/t/{CODE}")
            await page.add_style_tag(content=":root{font-size:36px!important}")
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], name
            await picture(page, f"{name}-200")


async def test_a_call_reaches_the_open_page_by_itself() -> None:
    """Full screen after a tap: number, counter, pulse of at most 1 Hz, tone, vibration."""
    async with phones() as (stage, address), opened(address) as page:
        stage.show(STATES["next"])
        await page.add_init_script(WATCH)
        await page.goto(f"{address}/t/{CODE}")
        await page.locator("#notify").click()
        assert not await page.locator("#big").evaluate("big => big.classList.contains('ring')")
        called = ticket(state="called", ahead=None, counter=3, called_ms=AT_MS, repeat=1)
        stage.show(called)
        await expect(page.locator("#big-says")).to_have_text("Silakan menuju loket 3")
        await expect(page.locator("#big")).to_have_class("called ring")
        await expect(page).to_have_title("A007: Silakan menuju loket 3 – MPP Kota Contoh")  # noqa: RUF001
        assert await page.locator("#big").evaluate(PULSE) == ["1.2s", "4"]
        assert await page.evaluate("[window.shaken.length, window.tones]") == [2, 3]
        assert await page.locator("#no-vibration").is_hidden()
        await picture(page, "big-called")

        await page.locator("#shut").click()
        await expect(page.locator("#big")).not_to_be_visible()
        await page.reload()
        await expect(page.locator(".headline")).to_have_text("Silakan menuju loket 3")


async def test_a_phone_that_can_not_vibrate_is_told() -> None:
    """No iPhone and no Firefox has it; over plain HTTP no screen can be kept on."""
    async with phones() as (stage, address), opened(address) as page:
        stage.show(STATES["waiting"])
        await page.add_init_script(QUIET)
        await page.goto(f"{address}/t/{CODE}")
        await page.locator("#notify").click()
        await expect(page.locator("#no-vibration")).to_be_visible()
        await expect(page.locator("#no-wake")).to_be_visible()
        await picture(page, "big-quiet")


async def test_everything_is_done_with_the_keyboard() -> None:
    """Hold, the question before a cancel and the cancel, the full screen and out again."""
    async with phones() as (stage, address), opened(address) as page:
        stage.show(STATES["waiting"])
        await page.goto(f"{address}/t/{CODE}")
        await page.locator("#notify").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#big")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#big")).not_to_be_visible()

        await page.locator("summary").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        focused = "document.activeElement.textContent"
        assert await page.evaluate(focused) == "Ya, batalkan A007"
        stage.show(ticket(ahead=2))
        await expect(page.locator(".headline")).to_have_text("Sebelum Anda: 2 nomor")
        assert await page.evaluate(focused) == "Ya, batalkan A007", "the page took the focus away"
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert [type(one).__name__ for one in stage.asked] == ["Cancel"]


async def test_without_a_script_the_page_is_read_and_pressed() -> None:
    """It is loaded again by itself, or by a link; hold is a form."""
    async with (
        phones() as (stage, address),
        opened(address, java_script_enabled=False) as page,
    ):
        stage.show(STATES["waiting"])
        stage.result = None
        await page.goto(f"{address}/t/{CODE}")
        assert await page.locator("meta[http-equiv=refresh]").count() == 1
        assert await page.locator("#notify").is_hidden()
        await page.locator("#hold1").click()
        await expect(page.locator("#said")).to_contain_text("Belum ada jawaban")
        stage.show(STATES["served"])
        await page.locator("a.button").click()
        await expect(page.locator(".headline")).to_contain_text("Selesai")


async def test_a_page_that_lost_the_hall_says_so_and_comes_back() -> None:
    """The Wi-Fi was gone: the number stays, the badge comes, and goes again."""
    async with phones() as (stage, address), opened(address, bypass_csp=True) as page:
        stage.show(STATES["next"])
        await page.goto(f"{address}/t/{CODE}")
        await page.route("**/t/**", lambda route: route.abort())
        await expect(page.locator("#offline")).to_be_visible(timeout=30_000)
        assert await violations(page) == []
        assert await page.locator(".number").inner_text() == "A007"
        await page.unroute("**/t/**")
        await expect(page.locator("#offline")).to_be_hidden(timeout=30_000)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_demo_page_keeps_nobody_out(viewport: ViewportSize) -> None:
    """0 violations there too; a slip's link leads to its page."""
    node = FakeNode(KIOSK | {"slip": "A007", "phone": f"HTTP://127.0.0.1:1/T/{CODE}/ID"})
    async with (
        phones() as (stage, address),
        node.running(stage.folder / "kiosk-1"),
        stage.watching(),
        opened(address, viewport, bypass_csp=True) as page,
    ):
        link = page.locator('[data-node="kiosk-1"] .to-phone a')
        await expect(link).to_be_visible()
        assert await link.evaluate("link => link.href") == f"http://127.0.0.1:1/T/{CODE}/ID"
        assert await violations(page) == []
        await picture(page, f"demo-{viewport['width']}")
