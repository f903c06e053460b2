"""A node that holds rows of another node's stream: it gives them up and works for itself."""

import logging
from pathlib import Path

import pytest

from broker.hall.commands import CallNext
from broker.outbox import Outbox
from broker.wire.messages import read_health
from broker.wire.topics import Kind
from tests.edge.stand import COUNTER, rows_of, stand
from tests.fakes_edge import TinyHub, until

MOVED = "0" * 32


async def moved_card(folder: Path) -> None:
    """Have rows of an earlier release's node on the card, which do not say whose they are."""
    async with Outbox.open(folder / "outbox.db", boot="b", stream=MOVED) as outbox:
        await outbox.append_all([CallNext(counter=9)] * 2, made_s=1.0)


async def test_a_moved_card_is_not_mute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The old rows are named and stay; the next press is decided, and the lamp is not late."""
    await moved_card(tmp_path)
    async with stand(COUNTER, tmp_path) as one:
        hub = TinyHub(link=one.link, actor=COUNTER, clock=one.clock)
        hub.owners[MOVED] = "loket-9"
        one.link.connect()
        hub.beat()
        hub.show()
        await one.quiet()
        with caplog.at_level(logging.ERROR):
            await until(lambda: "rows of another node" in caplog.text, "the rows are named")
        await one.press("call")
        await one.advance(16)
        hub.beat()
        await one.quiet()

        assert [stream for stream, _ in hub.rows] == ["a" * 32]
        assert rows_of(tmp_path)[:2] == [
            ("0", 1, "call_next", False),
            ("0", 2, "call_next", False),
        ]
        health = [p for t, p in one.link.published if t.kind is Kind.HEALTH][-1]
        assert read_health(health).counts["foreign_rows"] == 2
        assert read_health(health).outbox_depth == 0
        assert one.lamps["lamp"] == "off"


async def test_a_disk_that_refuses_does_not_stop_the_node(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The rows are given up all the same; they are named when the disk writes again."""
    await moved_card(tmp_path)
    async with stand(COUNTER, tmp_path) as one:
        hub = TinyHub(link=one.link, actor=COUNTER, clock=one.clock)
        hub.owners[MOVED] = "loket-9"
        one.allow_writes(allowed=False)
        one.link.connect()
        hub.beat()
        hub.show()
        await until(lambda: one.node.counts["store_errors"], "the disk refuses")
        await one.quiet()
        assert "rows of another node" not in caplog.text
        one.allow_writes(allowed=True)
        await one.press("call")
        await one.quiet()
        assert ("a" * 32, 1) in hub.rows
        assert "rows of another node" in caplog.text
