"""The panel of a kiosk's node, as its touch screen reads it: JSON lines on a Unix socket.

`edge/panel.py` says what the lines are. Everything here runs on the drawing thread, which reads the
sockets while it waits (`Inbox.add_reader`): nothing blocks, nothing is polled. A node that is not
there is looked for again every `AGAIN_S`.
"""

import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from broker.log import kv
from displays.inbox import Inbox
from displays.menu import Given, HelpPress
from displays.touch import Offer, Take, Taking

_log = logging.getLogger(__name__)

AGAIN_S = 1.0
READ_BYTES = 64 * 1024
LINE_BYTES_MAX = 1024 * 1024
CONNECT_WAIT_S = 0.5

CAPTION_MAX = 300
"""Characters of what is said that a node shows."""


class Told(msgspec.Struct, frozen=True):
    """What a touch screen and a spoken menu need of a panel; the rest is not read."""

    offers: dict[str, Offer] = {}
    take: Taking | None = None
    help: tuple[HelpPress, ...] = ()
    given: Given | None = None
    assist: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The node's answer: under which press it keeps a visit, that it did so, or why not."""

    take: str = ""
    ok: bool = False
    error: str = ""


_read_told = msgspec.json.Decoder(Told)
_read_answer = msgspec.json.Decoder(Answer)


class _Lines:
    """One connection, read on the drawing thread until its end."""

    def __init__(
        self,
        *,
        path: Path,
        request: dict[str, Any],
        inbox: Inbox,
        on_line: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._on_line = on_line
        self._on_end = on_end
        self._held = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.settimeout(CONNECT_WAIT_S)
            self._socket.connect(str(path))
            self._socket.sendall(msgspec.json.encode(request) + b"\n")
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)  # noqa: FBT003 - its only form
        inbox.add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """Read no more, and say nothing of it."""
        self._inbox.remove_reader(self._socket.fileno())
        self._socket.close()

    def _read(self) -> None:
        try:
            got = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got or len(self._held) > LINE_BYTES_MAX:
            self.close()
            self._on_end()
            return
        *lines, self._held = (self._held + got).split(b"\n")
        for line in lines:
            self._on_line(line)


class NodePanel:
    """Follows one node's panel and asks it for visits.

    Args:
        path: Of the node's `panel.sock`.
        on_told: Given each new panel; None when the node is not there any more.
    """

    def __init__(
        self,
        *,
        path: Path,
        inbox: Inbox,
        on_told: Callable[[Told | None], None],
    ) -> None:
        self._path = path
        self._inbox = inbox
        self._on_told = on_told
        self._watch: _Lines | None = None
        self._is_heard = False
        self._asked: set[_Lines] = set()
        self._again_s = 0.0

    def look(self, now_s: float) -> None:
        """Follow the node, if it is not followed and it is time to look for it."""
        if self._watch is not None or now_s < self._again_s:
            return
        self._again_s = now_s + AGAIN_S
        # Not there yet, or its process is just starting again: looked for in a second.
        with contextlib.suppress(OSError):
            self._watch = _Lines(
                path=self._path,
                request={"watch": True},
                inbox=self._inbox,
                on_line=self._told,
                on_end=self._lost,
            )

    def take(self, take: Take, language: str, on_taken: Callable[[str | None], object]) -> None:
        """Ask the node for a visit.

        Args:
            on_taken: Given the press under which the node keeps it; None when it did not take it.
        """
        request = {
            "take": take.services,
            "priority": take.is_priority,
            "assist": take.is_assisted,
            "language": language,
        }
        self._ask(request, lambda answer: on_taken(answer.take or None))

    def caption(self, text: str) -> None:
        """Have the node show what is said here; a node that is not there shows nothing."""
        self._ask({"caption": text[:CAPTION_MAX]}, lambda _: None)

    def _ask(self, request: dict[str, Any], on_answer: Callable[[Answer], object]) -> None:
        answers: list[Answer] = []

        def ended() -> None:
            self._asked.discard(lines)
            answer = answers[0] if answers else Answer(error="no answer")
            if answer.error:
                _log.error("the node did not take it", extra=kv(why=answer.error))
            on_answer(answer)

        def on_line(line: bytes) -> None:
            try:
                answers.append(_read_answer.decode(line))
            except msgspec.MsgspecError as error:
                answers.append(Answer(error=str(error)))
            lines.close()
            ended()

        try:
            lines = _Lines(
                path=self._path, request=request, inbox=self._inbox, on_line=on_line, on_end=ended
            )
        except OSError as error:
            _log.error("the node is not there", extra=kv(why=str(error)))
            on_answer(Answer(error=str(error)))
            return
        self._asked.add(lines)

    def close(self) -> None:
        """Follow nothing any more."""
        for lines in (*self._asked, self._watch):
            if lines is not None:
                lines.close()
        self._asked.clear()
        self._watch = None

    def _told(self, line: bytes) -> None:
        try:
            told = _read_told.decode(line)
        except msgspec.MsgspecError as error:
            _log.warning("a panel that can't be read", extra=kv(why=str(error)))
            return
        if not self._is_heard:
            self._is_heard = True
            _log.info("node heard")
        self._on_told(told)

    def _lost(self) -> None:
        self._watch, self._is_heard = None, False
        self._on_told(None)
