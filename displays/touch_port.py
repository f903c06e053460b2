"""Fingers from elsewhere: JSON lines on a Unix socket (0600), as a touch on the glass would come.

    {"x": 0.5, "y": 0.1, "down": true}   ->  a finger at half the width and a tenth of the height
    {"x": 0.5, "y": 0.1, "down": false}  ->  it lets go there

For the demo's page and for tests: a picture in a browser is touched where it is touched. The lines
become what SDL says of a finger, and take its way from there.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from broker.log import kv
from displays.frames import private_listener

_log = logging.getLogger(__name__)

Share = Annotated[float, Meta(ge=0, le=1)]

LINE_BYTES_MAX = 200


class Finger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finger, in shares of the screen's width and height."""

    x: Share
    y: Share
    down: bool


_read = msgspec.json.Decoder(Finger)


class TouchPort:
    """Listens for fingers, one client after the other.

    Args:
        put: Called on the port's own thread.
    """

    def __init__(self, *, path: Path, put: Callable[[Finger], None]) -> None:
        self._path = path
        self._put = put
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: The folder is missing, or the path is longer than 107 bytes.
        """
        self._socket = listener = private_listener(self._path)
        threading.Thread(target=self._serve, args=(listener,), name="touches", daemon=True).start()

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
            with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
                client.settimeout(5.0)
                while line := lines.readline(LINE_BYTES_MAX):
                    self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            self._put(_read.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning("no finger", extra=kv(why=str(error)))
