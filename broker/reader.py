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
        """Call it after those who were given what was read."""
        ...

    def call_soon_threadsafe(self, call: Callable[..., object], /, *args: object) -> object:
        """Call it on the loop's thread, from any other."""
        ...


class LoopReader:
    """Has a loop call `on_readable` for one socket at a time. Any thread may begin and end.

    What is begun and ended is done by the loop in that order, so that a new socket may have the
    number of the one before. It reads nothing after `end`.
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
        if self._sock is sock:
            with contextlib.suppress(ValueError, OSError):  # it is closed at this very moment
                self.loop.add_reader(sock.fileno(), self._read, sock)

    def _read(self, sock: Readable) -> None:
        if self._sock is sock:
            self._on_readable(sock)

    def _call(self, call: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is stopping
            self.loop.call_soon_threadsafe(call, *args)
