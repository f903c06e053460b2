"""What changed, to every open page: server-sent events that a slow page can't pile up.

Each message has a key; of one key only the newest is kept for a page that has not read yet. So a
page holds at most one message a key, and a page that opens gets the whole state the same way.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple


class Message(NamedTuple):
    """One change: the event's name as the page's script knows it, and its JSON."""

    event: str
    body: str


class Page:
    """One open page and what it has not read yet."""

    def __init__(self, latest: dict[str, Message]) -> None:
        self._unread = dict(latest)
        self._has_unread = asyncio.Event()
        self._has_unread.set()

    def put(self, key: str, message: Message) -> None:
        """Keep the message until the page reads it, or a newer one of its key comes."""
        self._unread.pop(key, None)
        self._unread[key] = message
        self._has_unread.set()

    async def take(self) -> list[Message]:
        """Return what is unread, oldest first; wait when there is nothing."""
        await self._has_unread.wait()
        self._has_unread.clear()
        messages = list(self._unread.values())
        self._unread.clear()
        return messages


class Feed:
    """Fans changes out to the open pages.

    Args:
        pages_max: With so many pages open it is full.
    """

    def __init__(self, *, pages_max: int = 32) -> None:
        self._pages_max = pages_max
        self._latest: dict[str, Message] = {}
        self._pages: set[Page] = set()

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._pages)

    @property
    def is_full(self) -> bool:
        """Whether a further page should be refused: the limit protects the hub's Pi."""
        return self.pages >= self._pages_max

    def publish(self, key: str, message: Message) -> None:
        """Tell every page; the same message again tells nobody."""
        if self._latest.get(key) == message:
            return
        self._latest[key] = message
        for page in self._pages:
            page.put(key, message)

    async def follow(self) -> AsyncIterator[Message]:
        """Yield the whole state, then every change, until the page is gone."""
        page = Page(self._latest)
        self._pages.add(page)
        try:
            while True:
                for message in await page.take():
                    yield message
        finally:
            self._pages.discard(page)
