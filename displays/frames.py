"""The frame last shown, as a PNG, to whoever connects to a Unix socket: the demo's page.

A client connects and reads until the end: one picture. The drawing thread only copies its pixels,
and only when asked; packing them takes place on this server's own thread, in zlib, which lets the
drawing go on.
"""

import contextlib
import logging
import os
import queue
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from broker.log import kv

_log = logging.getLogger(__name__)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB = 2
"""PNG's colour type of three bytes a pixel."""

SEND_WAIT_S = 5.0
"""A client that does not read for so long is dropped: it keeps the others waiting."""

SHOT_WAIT_S = 5.0
"""The drawing thread answers within a second, unless it hangs; then the client gets nothing."""


class Shot(NamedTuple):
    """Pixels that were shown: three bytes each, rows from the top; `number` counts the frames."""

    number: int
    size: tuple[int, int]
    rgb: bytes


def png(shot: Shot) -> bytes:
    """Return the picture as a PNG file."""
    width, height = shot.size
    pitch, pixels = width * 3, memoryview(shot.rgb)
    # Level 1: 8 ms for a board at 1080p; level 6 saves a quarter and costs twice that. Row by row,
    # since a second copy of the picture is 6 MB.
    packing = zlib.compressobj(1)
    packed = bytearray()
    for start in range(0, height * pitch, pitch):
        packed += packing.compress(b"\0")  # this row is not filtered
        packed += packing.compress(pixels[start : start + pitch])
    packed += packing.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0)
    return PNG_SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes | bytearray) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def private_listener(path: Path) -> socket.socket:
    """Listen on a Unix socket that only its owner may open (0600).

    A socket left there by a killed process goes.

    Raises:
        OSError: The folder is missing, or the path is longer than 107 bytes.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(8)
    return listener


class FrameServer:
    """Serves one client after the other.

    Args:
        path: Of the socket; its folder exists. A socket left there by a killed process goes.
        ask: Called on the server's thread when a client wants a frame; the drawing thread answers
            with `give`.
    """

    def __init__(self, *, path: Path, ask: Callable[[], None]) -> None:
        self._path = path
        self._ask = ask
        self._shots: queue.Queue[Shot] = queue.Queue(maxsize=1)
        self._socket: socket.socket | None = None
        self._packed: tuple[int, bytes] = (-1, b"")

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The folder is missing, or the path is longer than 107 bytes.
        """
        self._socket = listener = private_listener(self._path)
        threading.Thread(target=self._serve, args=(listener,), name="frames", daemon=True).start()

    def give(self, shot: Shot) -> None:
        """Answer what was asked; called on the drawing thread, never blocks."""
        with contextlib.suppress(queue.Full):  # the client before gave up waiting for this one
            self._shots.put_nowait(shot)

    def close(self) -> None:
        """Stop listening; the socket's file goes."""
        if self._socket is not None:
            self._socket.close()
            self._path.unlink(missing_ok=True)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            with client:
                client.settimeout(SEND_WAIT_S)
                try:
                    client.sendall(self._picture())
                except (OSError, queue.Empty) as error:
                    _log.info("a client got no frame", extra=kv(why=repr(error)))

    def _picture(self) -> bytes:
        with contextlib.suppress(queue.Empty):
            self._shots.get_nowait()  # came too late for the client before
        self._ask()
        shot = self._shots.get(timeout=SHOT_WAIT_S)
        if shot.number != self._packed[0]:
            self._packed = (shot.number, png(shot))
        return self._packed[1]
