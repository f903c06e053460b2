"""A receipt printer on a TCP port, or a serial line, that speaks the ESC/POS a kiosk sends it.

It answers DLE EOT 1 and 4 at once, as real ones do while they print, and keeps the pictures it was
sent. It can be silent, slow, out of paper, deaf to what is written, or break off in mid-picture.
"""

import contextlib
import os
import pty
import select
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from PIL import Image

FIXED = 0x12
OFFLINE = 0x08
NEAR_END = 0x0C
OUT = 0x60

QUERY = b"\x10\x04"
RASTER = b"\x1dv0"
CUT = b"\x1dV"
PATIENCE_S = 0.1
"""How often it looks whether it was switched off."""

WAIT_S = 30.0


def eventually(check: Callable[[], bool]) -> bool:
    """Return whether it becomes true within `WAIT_S`: a busy machine is slow."""
    end_s = time.monotonic() + WAIT_S
    while not check():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.001)
    return True


class Peer(Protocol):
    """What is at the other end; as much of a socket as is used here."""

    def recv(self, size: int, /) -> bytes:
        """Return what came, empty at the end; TimeoutError when nothing did."""
        ...

    def sendall(self, text: bytes, /) -> None:
        """Send all of it."""
        ...


class FakePrinter:
    """One printer; inside `with` it listens on 127.0.0.1, on a free port if none is given.

    Attributes:
        status: Added to the status bytes: OFFLINE to the first, NEAR_END or OUT to the second.
        is_silent: It takes all and says nothing.
        answer: Said in place of any status byte.
        answer_s: How long it thinks before it answers.
        cut_after: It closes the connection after so many bytes of a picture.
        out_after: Paper ends after so many bytes of a picture; it takes the rest.
        is_deaf: It reads nothing more once a picture begins, so the sender's buffer fills.
        pictures: What it printed.
        cuts: How often it cut.
        queries: The n of each DLE EOT n; `answered` of them were.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.status = {1: 0, 4: 0}
        self.is_silent = False
        self.answer: bytes | None = None
        self.answer_s = 0.0
        self.cut_after: int | None = None
        self.out_after: int | None = None
        self.is_deaf = False
        self.pictures: list[Image.Image] = []
        self.cuts = 0
        self.queries: list[int] = []
        self.answered = 0
        self._stopping = threading.Event()
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(PATIENCE_S)
        # As little as a printer has, so that a sender soon notices that nothing is read.
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._thread = threading.Thread(target=self._serve, name="fake-printer")

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        """Switch it on."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Switch it off."""
        self._stopping.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                peer, _ = self._server.accept()
            except TimeoutError:
                continue
            with peer:
                peer.settimeout(PATIENCE_S)
                _Session(self, peer, self._stopping).run()


class FakeLinePrinter(FakePrinter):
    """The same at the end of a serial line: a pseudo-terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._ours, self._theirs = pty.openpty()

    @property
    def path(self) -> str:
        """The device a computer sees."""
        return os.ttyname(self._theirs)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Switch it off, and pull the cable."""
        super().__exit__(kind, error, trace)
        os.close(self._ours)
        os.close(self._theirs)

    def _serve(self) -> None:
        _Session(self, _Line(self._ours), self._stopping).run()


class _Line:
    """A terminal as a `Peer`."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal

    def recv(self, size: int, /) -> bytes:
        if not select.select([self._terminal], [], [], PATIENCE_S)[0]:
            raise TimeoutError
        return os.read(self._terminal, size)

    def sendall(self, text: bytes, /) -> None:
        os.write(self._terminal, text)


class _Session:
    """One connection: a byte stream, read as far as whole commands go."""

    def __init__(self, printer: FakePrinter, peer: Peer, off: threading.Event) -> None:
        self._printer = printer
        self._peer = peer
        self._off = off
        self._stream = bytearray()

    def run(self) -> None:
        while not self._off.is_set():
            try:
                got = self._peer.recv(1024)
            except TimeoutError:
                continue
            except ConnectionError:
                return
            if not got:
                return
            self._stream += got
            if not self._consume():
                return

    def _consume(self) -> bool:
        """Do what has come whole; return whether the connection goes on."""
        while self._stream:
            if self._stream.startswith(RASTER):
                go_on = self._raster()
                if go_on is None:
                    return True
                if not go_on:
                    return False
            elif self._stream.startswith(QUERY):
                if len(self._stream) < 3:
                    return True
                self._answer(self._stream[2])
                del self._stream[:3]
            elif self._stream.startswith(CUT):
                self._printer.cuts += 1
                del self._stream[:3]
            else:
                del self._stream[:1]
        return True

    def _raster(self) -> bool | None:
        """Take a picture; None = not all of it is there, False = broken off."""
        printer, stream = self._printer, self._stream
        if printer.is_deaf:
            self._off.wait()
            return False
        if printer.cut_after is not None and len(stream) >= printer.cut_after:
            return False
        if printer.out_after is not None and len(stream) >= printer.out_after:
            printer.status = {1: OFFLINE, 4: OUT}
        if len(stream) < 8:
            return None
        across, down = (int.from_bytes(stream[i : i + 2], "little") for i in (4, 6))
        if len(stream) < 8 + across * down:
            return None
        dots = bytes(255 - byte for byte in stream[8 : 8 + across * down])
        printer.pictures.append(Image.frombytes("1", (across * 8, down), dots))
        del stream[: 8 + across * down]
        return True

    def _answer(self, n: int) -> None:
        self._printer.queries.append(n)
        if self._printer.is_silent:
            return
        self._off.wait(self._printer.answer_s)
        status = bytes((FIXED | self._printer.status.get(n, 0),))
        with contextlib.suppress(OSError):  # whoever asked has left
            self._peer.sendall(self._printer.answer or status)
        self._printer.answered += 1
