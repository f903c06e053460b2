"""Watching panels: absent sockets, nodes that come, go, and talk nonsense."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest

from displays.web.panels import Panel, Panels
from tests.displays.web.stage import KIOSK, FakeNode, serving_bytes, short_folder
from tests.fakes import FakeClock


class Watch:
    """Panels of one node under a clock that moves when told, and what they said."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.panels = Panels(folder=folder, nodes=("kiosk-1",), clock=self.clock, random=Random(1))
        self.said: list[Panel | None] = []
        self.task = asyncio.create_task(self.panels.watch(lambda _, panel: self.said.append(panel)))

    async def until(self, count: int) -> None:
        """Move time on until so much was said."""
        async with asyncio.timeout(5):
            while len(self.said) < count:
                await self.clock.advance(1.0)
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """End it."""
        self.task.cancel()
        await asyncio.wait([self.task])


async def test_a_node_that_starts_later_is_found_and_its_end_is_seen() -> None:
    """Absent at first, then there, then gone: said each time, once."""
    with short_folder() as folder:
        watch = Watch(Path(folder))
        await watch.until(1)
        await watch.clock.advance(60)
        assert watch.said == [None]
        async with FakeNode(dict(KIOSK)).running(Path(folder) / "kiosk-1"):
            await watch.until(2)
        await watch.until(3)
        assert watch.said == [None, KIOSK, None]
        assert watch.panels.running == {}
        await watch.stop()


NONSENSE = [b"hello\n", b"[1]\n", b"\xff\n", b"x" * 70_000 + b"\n", b"{\n", b"[" * 9000 + b"\n"]


@pytest.mark.parametrize("line", NONSENSE)
async def test_nonsense_on_the_socket_is_a_node_that_does_not_run(line: bytes) -> None:
    """Nothing of it is shown, and the watch goes on."""
    with short_folder() as folder:
        async with serving_bytes(Path(folder) / "kiosk-1" / "panel.sock", line):
            watch = Watch(Path(folder))
            for _ in range(5):
                await watch.clock.advance(5.0)
                await asyncio.sleep(0.005)
            assert watch.said == [None]
        node: dict[str, Any] = dict(KIOSK)
        async with FakeNode(node).running(Path(folder) / "kiosk-1"):
            await watch.until(2)
            assert watch.said[1] == KIOSK
        await watch.stop()
