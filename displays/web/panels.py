"""The nodes' panel sockets and the boards' frame sockets: soft buttons, lamps, the picture shown.

A node owns `DIR/<node>/panel.sock` (JSON lines, see `edge/panel.py`), a board
`DIR/<board>/frame.sock` (connect, read the PNG to its end). Either may be absent, or its process
dead: that is a state to show, not an error.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from broker.clock import Clock
from broker.log import kv

log = logging.getLogger(__name__)

LINE_BYTES_MAX = 64 * 1024
FRAME_BYTES_MAX = 16 * 1024 * 1024
ANSWER_WITHIN_S = 5.0
BACKOFF_MIN_S = 0.2
BACKOFF_MAX_S = 3.0
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Panel = dict[str, Any]

OnChange = Callable[[str, Panel | None], None]
"""Told a node's id and its panel, or None when it is not running."""


class NotRunningError(Exception):
    """The node's socket is not there, or nobody answers on it."""


class PressRefusedError(Exception):
    """The node runs and says why it doesn't press."""


class Panels:
    """Watches every node's panel, and presses its buttons.

    Args:
        folder: The data folder; node `x` has its socket in `folder/x`.

    Attributes:
        running: The newest panel of every node that runs.
    """

    def __init__(
        self,
        *,
        folder: Path,
        nodes: tuple[str, ...],
        clock: Clock,
        random: Random,
    ) -> None:
        self.running: dict[str, Panel] = {}
        self._folder = folder
        self._nodes = nodes
        self._clock = clock
        self._random = random

    async def watch(self, on_change: OnChange) -> None:
        """Follow all panels until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for node in self._nodes:
                tasks.create_task(self._watch(node, on_change), name=f"panel {node}")

    async def press(self, node: str, button: str, ms: int) -> None:
        """Press a button for that long; return when the node has answered.

        Raises:
            NotRunningError: Nobody answers on its socket.
            PressRefusedError: The node says no, and why.
        """
        line = msgspec.json.encode({"press": button, "ms": ms}) + b"\n"
        try:
            async with (
                asyncio.timeout(ms / 1000 + ANSWER_WITHIN_S),
                _connected(self._path(node)) as (reader, writer),
            ):
                writer.write(line)
                answer = msgspec.json.decode(await reader.readline(), type=dict[str, Any])
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise NotRunningError(f"{node}: {str(error) or 'no answer in time'}") from error
        if "error" in answer:
            raise PressRefusedError(str(answer["error"]))

    def _path(self, node: str) -> Path:
        return self._folder / node / "panel.sock"

    async def _watch(self, node: str, on_change: OnChange) -> None:
        wait_s = BACKOFF_MIN_S
        on_change(node, None)
        while True:
            try:
                await self._follow(node, on_change)
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                log.debug("panel is not there", extra=kv(node=node, why=str(error)))
            if self.running.pop(node, None) is not None:
                on_change(node, None)
                wait_s = BACKOFF_MIN_S
            await self._clock.sleep(wait_s * self._random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, BACKOFF_MAX_S)

    async def _follow(self, node: str, on_change: OnChange) -> None:
        async with _connected(self._path(node)) as (reader, writer):
            writer.write(b'{"watch":true}\n')
            while line := await reader.readline():
                panel = msgspec.json.decode(line, type=Panel)
                if self.running.get(node) != panel:
                    self.running[node] = panel
                    on_change(node, panel)


SLIP_PICTURE = "slip.png"
"""In a kiosk's data folder; written whole by `edge/paper.py`."""


class Frames:
    """Fetches the frame a board last showed, one at a time of each board, and a kiosk's slip.

    Attributes:
        folder: The data folder.
    """

    def __init__(self, *, folder: Path, boards: tuple[str, ...]) -> None:
        self.folder = folder
        self._turns = {board: asyncio.Lock() for board in boards}

    async def fetch(self, board: str) -> bytes:
        """Return the PNG.

        Raises:
            NotRunningError: The board gives no picture: it isn't running, or has shown nothing yet.
        """
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN_S),
                self._turns[board],
                _connected(self.folder / board / "frame.sock") as (reader, _),
            ):
                return await _read_frame(reader)
        except (OSError, ValueError) as error:
            raise NotRunningError(f"{board}: {str(error) or 'no picture in time'}") from error

    async def slip(self, kiosk: str) -> bytes:
        """Return the PNG of a kiosk's newest slip.

        Raises:
            NotRunningError: It has drawn none: no press yet, or a printer has it.
        """
        try:
            return await asyncio.to_thread((self.folder / kiosk / SLIP_PICTURE).read_bytes)
        except OSError as error:
            raise NotRunningError(f"{kiosk}: {error.strerror}") from error


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    frame = bytearray()
    while chunk := await reader.read(256 * 1024):
        frame += chunk
        if len(frame) > FRAME_BYTES_MAX:
            raise ValueError(f"a frame of more than {FRAME_BYTES_MAX} bytes")
    if not frame.startswith(PNG_SIGNATURE):
        raise ValueError(f"{len(frame)} bytes that are no PNG")
    return bytes(frame)


@contextlib.asynccontextmanager
async def _connected(
    path: Path,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES_MAX)
    try:
        yield reader, writer
    finally:
        writer.close()
