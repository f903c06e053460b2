"""Pages get the whole state, then changes; a slow page holds one message a key."""

import asyncio

from displays.web.feed import Feed, Message


def message(body: str) -> Message:
    """Return a message of one event."""
    return Message("queue", body)


async def test_a_new_page_gets_the_newest_of_each_key() -> None:
    """Opening a page needs no second way to get the state."""
    feed = Feed()
    feed.publish("a", message("1"))
    feed.publish("b", message("2"))
    feed.publish("a", message("3"))
    page = feed.follow()
    assert sorted([(await anext(page)).body, (await anext(page)).body]) == ["2", "3"]


async def test_a_slow_page_skips_to_the_newest() -> None:
    """What it never read of a key is replaced, so nothing piles up."""
    feed = Feed()
    page = feed.follow()
    first = asyncio.ensure_future(anext(page))
    await asyncio.sleep(0)
    feed.publish("a", message("0"))
    assert (await first).body == "0"
    for number in range(1000):
        feed.publish("a", message(str(number + 1)))
    feed.publish("b", message("b"))
    assert [(await anext(page)).body, (await anext(page)).body] == ["1000", "b"]


async def test_the_same_again_tells_nobody() -> None:
    """A repeated snapshot wakes no page."""
    feed = Feed()
    feed.publish("a", message("1"))
    page = feed.follow()
    await anext(page)
    feed.publish("a", message("1"))
    feed.publish("b", message("2"))
    assert (await anext(page)).body == "2"


async def test_a_page_that_is_gone_frees_its_place() -> None:
    """Its end is noticed when its stream is closed."""
    feed = Feed(pages_max=1)
    feed.publish("a", message("1"))
    page = feed.follow()
    await anext(page)
    assert feed.is_full
    await page.aclose()  # type: ignore[attr-defined]  # an async generator behind its interface
    assert (feed.is_full, feed.pages) == (False, 0)
