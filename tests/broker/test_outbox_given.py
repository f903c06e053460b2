"""What an outbox gives back: sealed results, in the order of the hub that decided them."""

import sqlite3
from pathlib import Path

from broker import outbox as module
from broker.hall.commands import CallNext
from broker.outbox import Outbox
from broker.store import open_db
from broker.wire.delivery import Row
from broker.wire.messages import GIVEN_MAX, Held, Place, Result

STREAMS = [f"{n:032x}" for n in range(1, 4)]
SEAL = "5e" * 16


def sealed(row: Row, pos: int, gen: str = "1-0a0a0a0a") -> Result:
    """Return a result with a seal."""
    return Result(seq=row.seq, pos=pos, at_ms=1, gen=gen, seal=SEAL)


async def fill(outbox: Outbox, count: int) -> tuple[Row, ...]:
    """Commit commands."""
    return await outbox.append_all([CallNext(counter=3)] * count, made_s=1.0)


async def test_rows_come_in_the_order_of_the_hub(tmp_path: Path) -> None:
    """By generation number, then position; those without a seal prove nothing and are left out."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=STREAMS[0]) as outbox:
        assert outbox.held is None
        rows = await fill(outbox, 4)
        outbox.note(rows[0], sealed(rows[0], 9))
        outbox.note(rows[1], sealed(rows[1], 3, "10-0a0a0a0a"))
        outbox.note(rows[2], Result(seq=3, pos=50, at_ms=1))
        outbox.note(rows[3], sealed(rows[3], 70, "2-0a0a0a0a"))
        await outbox.flush()
        newest = Held(gen="10-0a0a0a0a", pos=3, seal=SEAL)
        assert outbox.held == newest

        found, is_all = await outbox.decided_after(Place())
        assert ([row.place.pos for row in found], is_all) == ([9, 70, 3], True)
        found, _ = await outbox.decided_after(Place(gen="2-0a0a0a0a", pos=69))
        assert [row.place.pos for row in found] == [70, 3]
    async with Outbox.open(path, boot="b", stream=STREAMS[1]) as outbox:
        assert outbox.held == newest


async def test_they_come_in_pieces(tmp_path: Path) -> None:
    """The last piece says that it is the last."""
    async with Outbox.open(tmp_path / "outbox.db", boot="b", stream=STREAMS[0]) as outbox:
        rows = await fill(outbox, GIVEN_MAX + 1)
        for row in rows:
            outbox.note(row, sealed(row, row.seq))
        await outbox.flush()

        found, is_all = await outbox.decided_after(Place())
        assert (len(found), is_all) == (GIVEN_MAX, False)
        found, is_all = await outbox.decided_after(found[-1].place)
        assert (len(found), is_all) == (1, True)


async def test_rows_of_the_release_before_stay_and_are_not_given(tmp_path: Path) -> None:
    """Its hub sealed nothing."""
    path = tmp_path / "outbox.db"
    async with open_db(path, module.MIGRATIONS[:1]):
        pass
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO streams VALUES (1, ?, 'b')", (STREAMS[2],))
        db.execute("INSERT INTO decided VALUES (1, 1, 1, '{}', 1.0, '{}', 1)")
    db.close()
    async with Outbox.open(path, boot="b", stream=STREAMS[0]) as outbox:
        assert outbox.held is None
        assert await outbox.decided_after(Place()) == ([], True)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM decided").fetchone() == (1,)
    db.close()
