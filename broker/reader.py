"""A loop that reads a socket whose connection another thread makes and ends."""

import contextlib
from collections.abc import Callable
from typing import Protocol


class Readable(Protocol):
    """A socket, as far as a loop needs it."""

    def fileno(self) -> int:
        """Return its number; -1 when it is closed."""
        ...


class Loop(Protocol):
    """What reads: asyncio's loops, and whoever else waits on sockets."""

    def add_reader(self, fd: int, call: Callable[..., object], /, *args: object) -> object:
        """Call it, on the loop's thread, whenever the socket has something to read."""
        ...

    def remove_reader(self, fd: int, /) -> object:
        """Look at the socket no more."""
        ...

    def call_soon(self, call: Callable[..., object], /, *args: object) -> object:
        """Call it soon, after what is due already."""
        ...

    def call_soon_threadsafe(self, call: Callable[..., object], /, *args: object) -> object:
        """Call it on the loop's thread, from any other."""
        ...


class LoopReader:
    """Has a loop call `on_readable` for one socket at a time.

    The loop's thread and one other may begin and end. It is done by the loop in that order, so
    that a new socket may have the number of the one before; a last call may come after `end`.
    """

    def __init__(self, loop: Loop, on_readable: Callable[[Readable], None]) -> None:
        self.loop = loop
        self._on_readable = on_readable
        self._sock: Readable | None = None

    def reads(self, sock: Readable) -> bool:
        """Return whether it is this socket the loop reads."""
        return self._sock is sock

    def begin(self, sock: Readable) -> None:
        """Read this socket from now on."""
        self._sock = sock
        self._call(self._add, sock)

    def end(self, sock: Readable) -> None:
        """Read it no more; call it before the socket is closed."""
        if self._sock is sock:
            self._sock = None
            self._call(self.loop.remove_reader, sock.fileno())

    def _add(self, sock: Readable) -> None:
        fd = sock.fileno()
        if self._sock is not sock or fd < 0:
            return
        # What a loop remembers of an older socket of this number would keep it deaf to this one.
        self.loop.remove_reader(fd)
        try:
            self.loop.add_reader(fd, self._on_readable, sock)
        except (ValueError, OSError):
            if sock.fileno() >= 0:
                raise
            # It was closed at this very moment.

    def _call(self, call: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self.loop.call_soon_threadsafe(call, *args)
