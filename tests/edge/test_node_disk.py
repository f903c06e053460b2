"""A node whose disk refuses to write: nothing is said that is not kept, and nothing done twice."""

import contextlib
import logging
import sqlite3
from pathlib import Path

import pytest

from broker.hall.state import TicketState
from broker.store import StoreError, StoreFullError
from edge.node import KEEP_AGAIN_S
from edge.paper import Outcome
from tests.edge.stand import COUNTER, KIOSK, Stand, rows_of, stand
from tests.fakes_edge import SlowPaper, TinyHub, until


async def press_often(one: Stand) -> None:
    """Press until it can't be kept, or 200 times."""
    for _ in range(200):
        await one.press("recall", ms=5)


async def test_a_full_disk_refuses_the_press_and_the_node_lives_on(tmp_path: Path) -> None:
    """What could not be kept is shown as refused, never as sent."""
    async with stand(COUNTER, tmp_path) as one:
        with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as blocker:
            pages = blocker.execute("PRAGMA page_count").fetchone()[0]
        one.node._outbox._db._conn.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[union-attr]
        with pytest.raises(StoreFullError):
            await press_often(one)
        assert one.lamps == {"lamp": "short_flashes"}
        kept = len(rows_of(tmp_path))

        hub = await one.join(COUNTER)
        await one.advance(1)
        assert len(hub.rows) == kept
        one.node._outbox._db._conn.execute("PRAGMA max_page_count = 1000000")  # type: ignore[union-attr]


@pytest.mark.parametrize("button", ["call", "pause"])
async def test_a_press_that_could_not_be_kept_is_told_to_who_waits_for_it(
    tmp_path: Path, button: str
) -> None:
    """A panel must not say ok; the next press, which is kept, is settled as ever."""
    async with stand(COUNTER, tmp_path) as one:
        one.allow_writes(allowed=False)
        with pytest.raises(StoreError, match=r"outbox\.db: .*read-only"):
            await one.press(button)
        one.allow_writes(allowed=True)
        await one.press(button)

        assert len(rows_of(tmp_path)) == 1


async def print_on_a_refusing_disk(one: Stand, paper: SlowPaper) -> TinyHub:
    """Bring a slip out whose confirm can't be committed."""
    hub = await one.join(KIOSK)
    await one.press("ktp-el")
    await until(lambda: paper.numbers == ["A001"], "the slip was taken")
    one.allow_writes(allowed=False)
    paper.end(Outcome.PRINTED)
    await one.advance(5)
    return hub


def slips(caplog: pytest.LogCaptureFixture) -> int:
    """Return how many slips came out."""
    return [record.message for record in caplog.records].count("slip printed")


async def test_a_slip_that_could_not_be_confirmed_is_confirmed_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The kiosk goes on, blinks while the disk refuses, and prints no second slip."""
    caplog.set_level(logging.INFO)
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await print_on_a_refusing_disk(one, paper)
        await one.advance(KEEP_AGAIN_S)
        assert one.lamps == {"ready": "slow_blink"}
        assert one.node.counts["store_errors"] == 2
        assert rows_of(tmp_path) == [("a", 1, "issue", True)]

        one.allow_writes(allowed=True)
        await one.advance(KEEP_AGAIN_S)
        (ticket,) = hub.hall.tickets.values()
        assert (ticket.number, ticket.printed) == ("A001", True)
        hub.beat()
        await one.shows("ready", "steady")
        assert slips(caplog) == 1
    assert rows_of(tmp_path) == [("a", 1, "issue", True), ("a", 2, "confirm_print", True)]


async def test_a_press_that_is_kept_shows_that_the_disk_writes_again(tmp_path: Path) -> None:
    """What waited is committed at once then, not after the rest of the minute."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await print_on_a_refusing_disk(one, paper)
        with pytest.raises(StoreError):
            await one.press("pajak")
        one.allow_writes(allowed=True)
        await one.press("pajak")
        await until(lambda: len(paper.taken) == 1, "the next slip was taken")
        paper.end(Outcome.PRINTED)
        await until(lambda: len(hub.rows) == 4, "both were confirmed")

        assert [(t.number, t.printed) for t in hub.hall.tickets.values()] == [
            ("A001", True),
            ("B001", True),
        ]


async def test_the_end_tries_once_more(tmp_path: Path) -> None:
    """The slip is out; what could be said of it is said now, not after the next start."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        await print_on_a_refusing_disk(one, paper)
        one.allow_writes(allowed=True)

    assert rows_of(tmp_path) == [("a", 1, "issue", True), ("a", 2, "confirm_print", False)]


@pytest.mark.parametrize("is_alone", [False, True])
async def test_a_number_that_can_not_be_kept_is_not_printed(tmp_path: Path, is_alone: bool) -> None:  # noqa: FBT001 - a case
    """It could come out a second time: the visitor is told no, and the ticket is taken back."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        hub.is_mute = True
        await one.press("ktp-el")
        one.allow_writes(allowed=False)
        if is_alone:
            one.link.cut()
            await one.quiet()
        hub.is_mute = False
        if not is_alone:
            await one.advance(1)
        assert one.lamps == {"ready": "short_flashes"}
        one.link.connect("s2")
        await one.advance(5)
        one.allow_writes(allowed=True)
        await one.advance(KEEP_AGAIN_S)

        assert paper.numbers == []
        assert [t.state for t in hub.hall.tickets.values()] == [TicketState.CLOSED]


async def test_a_ticket_without_paper_is_cancelled_later(tmp_path: Path) -> None:
    """A disk that refuses the slip refuses the cancel too."""
    (tmp_path / "slip.txt.part").mkdir()
    async with stand(KIOSK, tmp_path) as one:
        hub = await one.join(KIOSK)
        hub.is_mute = True
        await one.press("ktp-el")
        hub.is_mute = False
        one.allow_writes(allowed=False)
        await one.advance(5)
        assert one.node.counts["paper_errors"] == 1
        one.allow_writes(allowed=True)
        await one.advance(KEEP_AGAIN_S)

        assert [t.state for t in hub.hall.tickets.values()] == [TicketState.CLOSED]
        assert one.node.counts["paper_errors"] == 1


async def test_a_generation_that_could_not_be_kept_is_kept_later(tmp_path: Path) -> None:
    """It is obeyed from when it was heard; each heartbeat is not another try."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        one.allow_writes(allowed=False)
        hub.gen = "2-00000002"
        for _ in range(3):
            hub.beat()
            await one.advance(5)
        assert one.lamps == {"lamp": "slow_blink"}
        assert one.node.counts["store_errors"] == 1
        assert one.node._outbox.gen == "1-00000001"

        one.allow_writes(allowed=True)
        await one.advance(KEEP_AGAIN_S)
        assert one.node._outbox.gen == "2-00000002"
        hub.beat()
        await one.shows("lamp", "off")


async def test_results_that_could_not_be_kept_are_kept_later(tmp_path: Path) -> None:
    """They wait in memory; lost with the process, they are asked for again."""
    async with stand(COUNTER, tmp_path) as one:
        await one.join(COUNTER)
        await one.press("call", ms=40)
        one.allow_writes(allowed=False)
        await one.advance(5)
        assert rows_of(tmp_path) == [("a", 1, "call_next", False)]
        assert one.lamps == {"lamp": "slow_blink"}
        one.allow_writes(allowed=True)
        await one.advance(KEEP_AGAIN_S)

        assert rows_of(tmp_path) == [("a", 1, "call_next", True)]
