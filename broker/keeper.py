"""Keeps readings for the hub beside its own work: no commit of theirs holds up a press."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from broker.log import kv
from broker.store import StoreError
from broker.wire.messages import Ack, encode
from broker.wire.readings import Arrived
from broker.wire.topics import Kind, Topic

_log = logging.getLogger(__name__)

WAITING_MAX = 256
"""Messages waiting to be stored; beyond it they are dropped, and their nodes send again."""

BATCH_MAX = 64

THIN_EVERY_MS = 3_600_000


class Store(Protocol):
    """What the keeper needs of `broker.readings.ReadingStore`."""

    async def put(self, arrived: Sequence[Arrived]) -> bool:
        """Commit all of them, or raise StoreError; False when there is no room."""

    async def thin(self, now_ms: int) -> bool:
        """Do a piece of the thinning, or raise StoreError; True when there is more to do."""


class Keeper:
    """Stores what arrives, and answers what is stored.

    Args:
        publish: Of the link.
        gen: Returns the generation the hub serves.

    Attributes:
        dropped: Messages not stored since the start, for want of room in memory or on the disk.
    """

    def __init__(
        self,
        *,
        store: Store,
        hall: str,
        gen: Callable[[], str],
        publish: Callable[[Topic, bytes], bool],
    ) -> None:
        self.dropped = 0
        self._store = store
        self._hall = hall
        self._gen = gen
        self._publish = publish
        self._waiting: deque[Arrived] = deque()
        self._arrived = asyncio.Event()
        self._thin_ms = 0

    def put(self, arrived: Arrived) -> None:
        """Take a message; returns at once."""
        if len(self._waiting) >= WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append(arrived)
        self._arrived.set()

    async def run(self) -> None:
        """Store until cancelled."""
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            if await self._is_stored(batch):
                for one in batch:
                    ack = Ack(gen=self._gen(), stream=one.readings.stream, upto=one.upto)
                    self._publish(Topic(self._hall, Kind.ACK, one.node), encode(ack))
                await self._thin(max(one.at_ms for one in batch))

    async def _thin(self, now_ms: int) -> None:
        """Thin what is old once an hour, a piece between two batches until it is done."""
        if now_ms < self._thin_ms:
            return
        self._thin_ms = now_ms + THIN_EVERY_MS
        try:
            if await self._store.thin(now_ms):
                self._thin_ms = now_ms
        except StoreError as error:
            _log.error("readings not thinned", extra=kv(why=str(error)))

    async def _is_stored(self, batch: Sequence[Arrived]) -> bool:
        """Store them; a file that fails costs readings, never the hub."""
        try:
            is_stored = await self._store.put(batch)
        except StoreError as error:
            is_stored = False
            _log.error("readings not stored", extra=kv(why=str(error)))
        self.dropped += 0 if is_stored else len(batch)
        return is_stored
