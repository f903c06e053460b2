"""What reaches the drawing thread: events of its link, and frames somebody waits for.

The drawing thread reads the broker's socket by itself while it waits, so that a snapshot passes
from no thread to another on its way to the screen. No asyncio: a board waits for nothing else.
"""

import contextlib
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from broker.link import LinkEvent, Received
from displays.touch_port import Finger

EVENTS_MAX = 512
"""Events that wait to be taken; beyond it the oldest message goes: a newer snapshot says it all."""

BATCH_MAX = 64
"""So many are taken before they are drawn, however fast more come."""


class FrameAsked(NamedTuple):
    """Someone wants the frame last shown; put by the frame server's thread."""


Event = LinkEvent | FrameAsked | Finger


class Inbox:
    """Events in the order they came; a `broker.reader.Loop` too. Made on the drawing thread."""

    def __init__(self) -> None:
        self.dropped = 0
        self._own_thread = threading.get_ident()
        self._gate = threading.Lock()
        self._events: deque[Event] = deque()
        self._calls: deque[Callable[[], object]] = deque()
        self._later: deque[Callable[[], object]] = deque()
        self._readers: dict[int, Callable[[], object]] = {}
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)  # noqa: FBT003 - its only form
        self._waker.setblocking(False)  # noqa: FBT003 - its only form
        self._poll = select.poll()
        self.add_reader(self._woken.fileno(), self._woken.recv, 4096)

    def close(self) -> None:
        """Take no more; what is put later is nobody's."""
        self._woken.close()
        self._waker.close()

    def put(self, event: Event) -> None:
        """Take an event, on any thread; never waits for the drawing one."""
        with self._gate:
            if len(self._events) >= EVENTS_MAX:
                self._drop_oldest_message()
            self._events.append(event)
        if threading.get_ident() != self._own_thread:
            self._wake()

    def call_soon_threadsafe(self, call: Callable[..., object], *args: object) -> None:
        """Have the drawing thread call it while it waits; on any thread."""
        self._calls.append(partial(call, *args))
        self._wake()

    # On the drawing thread.

    def take(self, wait_s: float) -> list[Event]:
        """Return all that came, waiting so long for the first."""
        end_s = time.monotonic() + wait_s
        _run(self._later)  # what was taken before is drawn
        while True:
            if not self._events:
                _run(self._later)
            left_s = 0.0 if self._events else max(0.0, end_s - time.monotonic())
            ready = self._poll.poll(left_s * 1000)
            for fd, _ in ready:
                if read := self._readers.get(fd):
                    read()
            _run(self._calls)
            is_enough = not ready or len(self._events) >= BATCH_MAX
            if (self._events and is_enough) or time.monotonic() >= end_s:
                return self._drained()

    def add_reader(self, fd: int, call: Callable[..., object], *args: object) -> None:
        """Call it whenever the file has something to read."""
        self._poll.register(fd, select.POLLIN)
        self._readers[fd] = partial(call, *args)

    def remove_reader(self, fd: int) -> None:
        """Look at the file no more."""
        if self._readers.pop(fd, None):
            self._poll.unregister(fd)

    def call_soon(self, call: Callable[..., object], *args: object) -> None:
        """Call it when what has come is drawn."""
        self._later.append(partial(call, *args))

    def _drained(self) -> list[Event]:
        with self._gate:
            events = list(self._events)
            self._events.clear()
        return events

    def _drop_oldest_message(self) -> None:
        # The rest is told once: a birth lost here would leave the board without the hub's answer.
        # It is few: connections, which the link spaces out, and frames somebody waits for.
        for index, event in enumerate(self._events):
            if isinstance(event, Received):
                del self._events[index]
                self.dropped += 1
                return

    def _wake(self) -> None:
        # It has a wake-up waiting already, or is closed: the process is stopping.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")


def _run(calls: deque[Callable[[], object]]) -> None:
    while calls:
        calls.popleft()()
