"""What reaches a node's one task from other threads: edges of pins, events of the link.

Crossing costs one `call_soon_threadsafe`; there is no other way in.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from broker.link import LinkEvent, Received
from broker.wire.delivery import Row
from broker.wire.messages import Result
from edge.paper import Printed
from edge.role import Print, Visit

INBOX_MAX = 1000
"""Items waiting. Beyond it the oldest message of the broker is dropped and counted: a snapshot has
a newer one behind it, an ack is asked for again. Edges of buttons are never dropped."""


class Timer(Protocol):
    """Something that will happen once."""

    def cancel(self) -> None:
        """Take it back."""
        ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""(seconds, what to call then), as a loop's `call_later`."""


class Edge(NamedTuple):
    """A pin changed.

    Attributes:
        at_s: When, by the monotonic clock; stamped on the thread that saw it.
    """

    button: str
    down: bool
    at_s: float


class Paper(NamedTuple):
    """A slip's way has ended: what was wished, and the row of its press.

    Attributes:
        decided: A result of the press that is not on disk yet.
    """

    wish: Print
    row: Row
    printed: Printed
    decided: tuple[tuple[Row, Result], ...] = ()


class Wanted(NamedTuple):
    """A visit that was chosen on a screen; `taken` gets the id under which it was committed."""

    visit: Visit
    taken: asyncio.Future[str]


class Settle(NamedTuple):
    """Somebody waits until this button is up and all it said is committed, or could not be."""

    button: str
    settled: asyncio.Future[None]


class Read(NamedTuple):
    """What a thread that reads sensors brings.

    Attributes:
        results: Of each sensor, in order: its values by kind, or None and why.
        at_s: When they were read, by the monotonic clock.
    """

    results: tuple[tuple[Mapping[str, float] | None, str], ...]
    at_s: float


class Stop(NamedTuple):
    """The process is asked to end."""


Item = Edge | Paper | Wanted | Settle | Read | Stop | LinkEvent


class Inbox:
    """Items in the order they came.

    Args:
        call_later: Instead of the loop's, where time is not the machine's.

    Attributes:
        dropped: Messages lost to overflow since start.
    """

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, call_later: CallLater | None = None
    ) -> None:
        self.dropped = 0
        self._loop = loop
        self._call_later = call_later or loop.call_later
        self._items: deque[Item] = deque()
        self._arrived = asyncio.Event()

    def put_threadsafe(self, item: Item) -> None:
        """Take an item on any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self._loop.call_soon_threadsafe(self._put, item)

    async def take(self, wait_s: float | None) -> list[Item]:
        """Return all items, or none after `wait_s`; None = wait for the first, however long."""
        if self._items or (wait_s is not None and wait_s <= 0):
            await asyncio.sleep(0)
        else:
            self._arrived.clear()
            timer = None if wait_s is None else self._call_later(wait_s, self._arrived.set)
            await self._arrived.wait()
            if timer:
                timer.cancel()
        items = list(self._items)
        self._items.clear()
        return items

    def _put(self, item: Item) -> None:
        if len(self._items) >= INBOX_MAX:
            self._drop_oldest_message()
        self._items.append(item)
        self._arrived.set()

    def _drop_oldest_message(self) -> None:
        for at, item in enumerate(self._items):
            if isinstance(item, Received):
                del self._items[at]
                self.dropped += 1
                return
