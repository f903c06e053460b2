"""The page as one more node of the hall: how it is, and that it is gone."""

import asyncio
import contextlib
import importlib.metadata
import time
from collections.abc import Callable
from pathlib import Path

from broker.checkup import Checkup
from broker.vitals import boot_id, rss_bytes
from broker.wire.messages import Birth, Health, encode
from broker.wire.topics import Kind, Topic

HEALTH_EVERY_S = 15.0

Publish = Callable[[Topic, bytes], bool]


class Pulse:
    """Says how the page is.

    Args:
        folder: Of its account, on the card that is tried.

    Attributes:
        depth: How many rows of its outbox have no result.
    """

    def __init__(self, *, hall: str, node: str, folder: Path) -> None:
        self._hall = hall
        self._node = node
        self._start_s = time.monotonic()
        self._boot = boot_id()
        self._version = importlib.metadata.version("loket")
        self._look = Checkup(folder, boot=self._boot, mono_s=time.monotonic).look
        self._connects = 0
        self.depth: Callable[[], int] = int
        self._woken = asyncio.Event()

    def will(self, session: str) -> tuple[str, bytes]:
        """Return what the broker says when the connection breaks."""
        return str(self._topic(Kind.BIRTH)), encode(
            Birth(session=session, online=False, role="web")
        )

    def connected(self) -> None:
        """Note that the broker is reached: how it is is to be said."""
        self._connects += 1
        self._woken.set()

    async def beat(self, publish: Publish) -> None:
        """Say how it is at each connection and every 15 s, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_EVERY_S):
                    await self._woken.wait()
            self._woken.clear()
            publish(self._topic(Kind.HEALTH), encode(self._health()))

    def _topic(self, kind: Kind) -> Topic:
        return Topic(self._hall, kind, self._node)

    def _health(self) -> Health:
        now_s = time.monotonic()
        return Health(
            uptime_s=round(now_s - self._start_s, 1),
            outbox_depth=self.depth(),
            rss_bytes=rss_bytes(),
            sent_ms=int(now_s * 1000),
            wall_ms=time.time_ns() // 1_000_000,
            boot=self._boot,
            version=self._version,
            connects=self._connects,
            machine=self._look(),
        )
