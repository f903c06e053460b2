"""A card moved to another node: its rows are refused by name, given up by name, and kept."""

import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from broker.hall.commands import CallNext
from broker.outbox import TOLD_MAX, Outbox
from broker.wire.giving import PROGRESS_S, Decided
from broker.wire.messages import Place, Result
from broker.wire.topics import Kind
from tests.broker.test_core import COUNTER, ISSUE, KIOSK, OTHER, Desk
from tests.broker.test_recovery import Hall, end, linked

CALL = {"type": "call_next", "counter": 3, "seen": ""}


def acks_to(desk: Desk, node: str) -> list[Any]:
    """Settle, and return the acks for a node."""
    _, said = desk.settle()
    return [json.loads(p.payload) for p in said if (p.topic.kind, p.topic.id) == (Kind.ACK, node)]


def birth(desk: Desk, node: str, stream: str, first: int = 1) -> None:
    """Have a node be born with a stream."""
    body = {"session": "s", "online": True, "stream": stream, "first": first}
    desk.take(f"loket/v1/demo/birth/{node}", json.dumps(body).encode())


def test_a_hub_says_whose_the_stream_is() -> None:
    """At the birth and at each try; nothing is decided, and the owner is served as ever."""
    desk = Desk()
    desk.up("loket-3", COUNTER, 1, CALL)
    desk.settle()
    birth(desk, "kiosk-1", COUNTER, 2)
    (born,) = acks_to(desk, "kiosk-1")
    desk.up("kiosk-1", COUNTER, 2, ISSUE)
    (tried,) = acks_to(desk, "kiosk-1")

    for ack in (born, tried):
        said = {key: ack[key] for key in ("stream", "owner", "window", "results")}
        assert said == {"stream": COUNTER, "owner": "loket-3", "window": 0, "results": []}
    assert desk.core.counts == {"foreign_stream": 2}
    desk.up("loket-3", COUNTER, 2, CALL)
    (ack,) = acks_to(desk, "loket-3")
    assert ([r["seq"] for r in ack["results"]], ack["owner"], ack["window"]) == ([2], "", 16)


def test_both_in_one_commit_get_their_own_answer() -> None:
    """The owner its result, the other the refusal."""
    desk = Desk()
    desk.up("loket-3", COUNTER, 1, CALL)
    desk.up("kiosk-1", COUNTER, 1, ISSUE)
    _, said = desk.settle()

    acks = {p.topic.id: json.loads(p.payload) for p in said if p.topic.kind is Kind.ACK}
    assert [r["seq"] for r in acks["loket-3"]["results"]] == [1]
    assert acks["kiosk-1"]["owner"] == "loket-3"


def test_a_copied_card_does_not_end_a_recovery() -> None:
    """Two nodes are born with one stream and only one may be its owner: the hub goes on."""
    hall = Hall()
    hall.tickets(1)
    desk = linked(Desk(gen="1-0000000f", recovering=True))
    hall.give_to(desk, "kiosk-1")
    birth(desk, "loket-3", KIOSK, 9)
    desk.now_s += PROGRESS_S
    desk.core.advance(at_ms=desk.core.hall.at_ms + 1, now_s=desk.now_s)

    (ack,) = acks_to(desk, "loket-3")
    assert ack["owner"] == "kiosk-1"


def test_a_row_given_by_another_node_stays_its_owners() -> None:
    """It proves itself; so a card in the wrong Pi gives what only it holds."""
    hall = Hall()
    hall.tickets(2)
    last = hall.rows["kiosk-1"].pop()
    before = Desk()
    hall.give_to(before, "kiosk-1")  # answered as a hub that needs nothing
    desk = linked(Desk(gen="1-0000000f", recovering=True))
    hall.rows["loket-3"] = [Decided(*last)]
    hall.give_to(desk, "kiosk-1", "loket-3")
    end(desk, PROGRESS_S)

    owners = {seq: desk.core._receiver.owner(s) for s, seq in desk.journal if s == KIOSK}
    assert owners == dict.fromkeys((1, 2, 3, 4), "kiosk-1")


# -- the node's disk --------------------------------------------------------------------------


def kept(path: Path) -> list[tuple[str, str, int]]:
    """Return (owner, stream, seq) of every row without a result."""
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT node, stream, seq FROM pending JOIN streams USING (place) ORDER BY place, seq"
        ).fetchall()
    db.close()
    return rows


async def press(outbox: Outbox, count: int) -> None:
    """Commit calls."""
    await outbox.append_all([CallNext(counter=3)] * count, made_s=1.0)


async def test_rows_of_another_node_are_named_kept_and_sent_at_home(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The card of loket-3 in loket-4 says nothing for it; back in loket-3 it does."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=KIOSK, node="loket-3") as outbox:
        await press(outbox, TOLD_MAX + 1)
    with caplog.at_level(logging.ERROR):
        async with Outbox.open(path, boot="b", stream=COUNTER, node="loket-4") as outbox:
            assert (outbox.rows, outbox.foreign) == ([], TOLD_MAX + 1)
            await press(outbox, 1)
    (told,) = caplog.records
    fields = told.__dict__["loket_fields"]
    assert (fields["owner"], fields["stream"], fields["count"]) == ("loket-3", KIOSK, TOLD_MAX + 1)
    assert fields["rows"][:2] == ["1 call_next", "2 call_next"]
    assert len(fields["rows"]) == TOLD_MAX
    async with Outbox.open(path, boot="b", stream=OTHER, node="loket-3") as outbox:
        assert {(row.stream, row.made_s) for row in outbox.rows} == {(KIOSK, 1.0)}
        assert (len(outbox.rows), outbox.foreign) == (TOLD_MAX + 1, 1)


async def test_what_the_hub_refuses_is_anothers_from_then_on(tmp_path: Path) -> None:
    """A file of an earlier release does not say whose it is: the hub does."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=KIOSK) as outbox:
        await press(outbox, 2)
    async with Outbox.open(path, boot="b", stream=COUNTER, node="loket-4") as outbox:
        assert len(outbox.rows) == 2
        await outbox.disown(KIOSK, "loket-3", outbox.rows)
        assert outbox.foreign == 2
    assert kept(path) == [("loket-3", KIOSK, 1), ("loket-3", KIOSK, 2)]
    async with Outbox.open(path, boot="b", stream=OTHER, node="loket-4") as outbox:
        assert outbox.rows == []


async def test_results_of_a_stream_that_came_home_are_still_given(tmp_path: Path) -> None:
    """Rows drained out of the order of their streams keep the stream they are of."""
    path = tmp_path / "outbox.db"
    gen, seal = "1-0a0a0a0a", "5e" * 16
    async with Outbox.open(path, boot="b", stream=KIOSK, node="loket-3") as outbox:
        await press(outbox, 1)
    for pos, (stream, node) in enumerate(((COUNTER, "loket-4"), (OTHER, "loket-3")), 1):
        async with Outbox.open(path, boot="b", stream=stream, node=node) as outbox:
            await press(outbox, 1)
            rows = outbox.rows or await outbox.append_all([CallNext(counter=3)], made_s=1.0)
            outbox.note(rows[0], Result(seq=rows[0].seq, pos=pos, at_ms=1, gen=gen, seal=seal))
    async with Outbox.open(path, boot="b", stream="d" * 32, node="loket-3") as outbox:
        found, _ = await outbox.decided_after(Place())
        assert [row.stream for row in found] == [COUNTER, KIOSK]
