"""What the link brings to the hub's loop, from whatever thread, in order and bounded."""

import asyncio
import contextlib
import threading
from collections import deque

from broker.link import LinkEvent, Received

INBOX_MAX = 10_000
"""Messages waiting to be decided; beyond it they are dropped and counted, and nodes send again."""

BATCH_MAX = 64
"""Messages decided into one commit, so that one commit stays short."""


class Inbox:
    """What the link brings to the loop. Made on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.dropped = 0
        self._loop = loop
        self._own_thread = threading.get_ident()
        self._events: deque[LinkEvent] = deque()
        self._arrived = asyncio.Event()

    def put_threadsafe(self, event: LinkEvent) -> None:
        """Take an event on any thread."""
        if threading.get_ident() == self._own_thread:
            self._put(event)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: LinkEvent) -> None:
        # A lost message is sent again; what the link says of itself is said once.
        if len(self._events) >= INBOX_MAX and isinstance(event, Received):
            self.dropped += 1
            return
        self._events.append(event)
        self._arrived.set()

    async def take(self, wait_s: float) -> list[LinkEvent]:
        """Return up to `BATCH_MAX` events, waiting at most `wait_s` for the first."""
        if not self._events:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait_s)):
                    await self._arrived.wait()
        return [self._events.popleft() for _ in range(min(BATCH_MAX, len(self._events)))]
