"""An outbox keeps rows in order until their result came, and a while longer."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from broker import outbox as module
from broker.hall.commands import CallNext, Command, Issue, OpenDay, decode_command
from broker.hall.events import CounterOpened
from broker.outbox import CommandTooBig, Outbox
from broker.store import StoreError, transact
from broker.wire.delivery import Row
from broker.wire.messages import Result

STREAMS = [f"{n:032x}" for n in range(1, 6)]

AT_MS = 1_795_000_000_000

DAY_MS = 24 * 3600 * 1000


def result_of(row: Row, *, at_ms: int = AT_MS) -> Result:
    """Return an accepted result."""
    return Result(seq=row.seq, pos=row.seq + 100, at_ms=at_ms, events=(CounterOpened(counter=3),))


def shown(path: Path) -> list[tuple[Any, ...]]:
    """Return what a person sees who looks into the file."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT stream, seq, command, result FROM rows").fetchall()
    db.close()
    return [
        (stream, seq, json.loads(command)["type"], result and json.loads(result)["pos"])
        for stream, seq, command, result in rows
    ]


async def append(outbox: Outbox, command: Command, *, made_s: float) -> Row:
    """Commit one command."""
    (row,) = await outbox.append_all((command,), made_s=made_s)
    return row


async def test_a_row_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    """Numbers are dense from 1, and the command is the one given."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        assert outbox.rows == []
        one = await append(outbox, CallNext(counter=3, seen="x"), made_s=12.5)
        two = await append(outbox, Issue(services=("ktp-el",)), made_s=13.0)

        assert (one.stream, one.seq, one.made_s) == (STREAMS[0], 1, 12.5)
        assert decode_command(one.command) == CallNext(counter=3, seen="x")
        assert two.seq == 2
        assert shown(path) == [
            (STREAMS[0], 1, "call_next", None),
            (STREAMS[0], 2, "issue", None),
        ]


async def test_what_has_no_result_is_there_after_a_start(tmp_path: Path) -> None:
    """Older streams first, each in order; `made_s` only of rows of the same boot."""
    path = tmp_path / "outbox.db"
    for boot, stream in zip(("b1", "b2", "b2"), reversed(STREAMS[:3]), strict=True):
        async with Outbox.open(path, boot=boot, stream=stream) as outbox:
            row = await append(outbox, CallNext(counter=3), made_s=1.0)
            outbox.note(row, result_of(row))
            await append(outbox, CallNext(counter=4), made_s=2.0)
            await append(outbox, CallNext(counter=5), made_s=3.0)
    async with Outbox.open(path, boot="b2", stream=STREAMS[3]) as outbox:
        found = [(row.stream, row.seq, row.made_s) for row in outbox.rows]

    assert found == [
        (STREAMS[2], 2, None),
        (STREAMS[2], 3, None),
        (STREAMS[1], 2, 2.0),
        (STREAMS[1], 3, 3.0),
        (STREAMS[0], 2, 2.0),
        (STREAMS[0], 3, 3.0),
    ]


async def test_a_noted_result_rides_with_the_next_commit(tmp_path: Path) -> None:
    """Until an append or a flush it is in memory only; twice changes nothing."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        one = await append(outbox, CallNext(counter=3), made_s=1.0)
        outbox.note(one, result_of(one))
        assert shown(path) == [(STREAMS[0], 1, "call_next", None)]

        two = await append(outbox, CallNext(counter=3), made_s=2.0)
        outbox.note(one, result_of(one))
        outbox.note(two, result_of(two))
        await outbox.flush()

        assert shown(path) == [
            (STREAMS[0], 1, "call_next", 101),
            (STREAMS[0], 2, "call_next", 102),
        ]
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        assert outbox.rows == []


async def test_a_result_of_an_earlier_stream_is_kept(tmp_path: Path) -> None:
    """What was pending at the start gets its result like any other row."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        await append(outbox, CallNext(counter=3), made_s=1.0)
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        outbox.note(outbox.rows[0], result_of(outbox.rows[0]))
        await outbox.flush()

    assert shown(path) == [(STREAMS[0], 1, "call_next", 101)]


async def test_commands_and_results_in_one_commit(tmp_path: Path) -> None:
    """`append_all` with `decided`: all of it, or, when refused, none of it."""
    path = tmp_path / "outbox.db"
    big = OpenDay(date="2" * 5000)
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        one = await append(outbox, CallNext(counter=3), made_s=1.0)
        with pytest.raises(CommandTooBig):
            await outbox.append_all(
                [CallNext(counter=4), big], made_s=2.0, decided=[(one, result_of(one))]
            )
        await outbox.flush()
        assert shown(path) == [(STREAMS[0], 1, "call_next", None)]

        rows = await outbox.append_all(
            [CallNext(counter=4), CallNext(counter=5)],
            made_s=2.0,
            decided=[(one, result_of(one))],
        )

        assert [row.seq for row in rows] == [2, 3]
        assert [result for *_, result in shown(path)] == [101, None, None]


@pytest.mark.parametrize(("length", "is_taken"), [(4096, True), (4097, False)])
async def test_a_command_has_at_most_4_kib(tmp_path: Path, length: int, *, is_taken: bool) -> None:
    """A bigger one could never be sent; its number is not used up."""
    empty = len(json.dumps({"type": "open_day", "age_ms": 0, "date": ""}, separators=(",", ":")))
    command = OpenDay(date="2" * (length - empty))
    async with Outbox.open(tmp_path / "o.db", boot="b1", stream=STREAMS[0]) as outbox:
        if not is_taken:
            with pytest.raises(CommandTooBig, match="4097 bytes"):
                await append(outbox, command, made_s=1.0)
            command = OpenDay(date="2026-11-25")

        assert (await append(outbox, command, made_s=1.0)).seq == 1


async def test_a_failed_append_uses_no_number_and_keeps_results(tmp_path: Path) -> None:
    """After an error the next row gets the same number and takes the noted results along."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        one = await append(outbox, CallNext(counter=3), made_s=1.0)
        outbox.note(one, result_of(one))
        await transact(outbox._db, lambda db: db.execute("ALTER TABLE pending RENAME TO away"))
        with pytest.raises(sqlite3.OperationalError):
            await append(outbox, CallNext(counter=3), made_s=2.0)
        await transact(outbox._db, lambda db: db.execute("ALTER TABLE away RENAME TO pending"))
        two = await append(outbox, CallNext(counter=3), made_s=3.0)

        assert two.seq == 2
        assert [result for *_, result in shown(path)] == [101, None]


async def test_appends_at_once_are_in_order(tmp_path: Path) -> None:
    """Many tasks append at the same time: dense numbers, each its own."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        rows = await asyncio.gather(
            *(append(outbox, CallNext(counter=n), made_s=1.0) for n in range(1, 21))
        )

    assert [row.seq for row in rows] == list(range(1, 21))
    assert [json.loads(row.command)["counter"] for row in rows] == list(range(1, 21))


async def test_a_cut_off_append_is_committed_and_the_last(tmp_path: Path) -> None:
    """Its sender never saw the row, so nothing may follow it before the next start."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        task = asyncio.create_task(append(outbox, CallNext(counter=3), made_s=1.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(StoreError, match="cut off: start the process again"):
            await append(outbox, CallNext(counter=3), made_s=2.0)
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        assert [row.seq for row in outbox.rows] == [1]


async def test_a_stream_is_never_begun_twice(tmp_path: Path) -> None:
    """The same stream again would give numbers twice: refused."""
    async with Outbox.open(tmp_path / "o.db", boot="b1", stream=STREAMS[0]):
        pass
    with pytest.raises(sqlite3.IntegrityError):
        async with Outbox.open(tmp_path / "o.db", boot="b1", stream=STREAMS[0]):
            pass


async def test_the_generation_is_kept(tmp_path: Path) -> None:
    """A process knows after a start which generation it obeyed."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        seen = [outbox.gen]
        await outbox.set_gen("3-0a0b0c0d")
        seen.append(outbox.gen)
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        seen.append(outbox.gen)

    assert seen == ["", "3-0a0b0c0d", "3-0a0b0c0d"]


def fill(path: Path, ages_ms: list[int]) -> None:
    """Put decided rows of the first stream into the file, oldest first."""
    result = b'{"seq":1,"pos":1,"at_ms":1}'
    with sqlite3.connect(path) as db:
        db.executemany(
            """INSERT INTO decided (place, seq, command, made_s, result, result_at_ms)
            VALUES (1, ?, '{"type":"close"}', 1.0, ?, ?)""",
            [(n, result, AT_MS - age_ms) for n, age_ms in enumerate(ages_ms, 10)],
        )
    db.close()


OLD, YOUNG = 2 * DAY_MS + 1, 2 * DAY_MS


@pytest.mark.parametrize(
    ("ages_ms", "kept"),
    [
        ([OLD] * 3 + [0] * module.KEEP_MIN, module.KEEP_MIN),
        ([YOUNG] * 3 + [0] * module.KEEP_MIN, module.KEEP_MIN + 3),
        ([OLD] * 3 + [0] * (module.KEEP_MIN - 3), module.KEEP_MIN),
        ([OLD] * 1200 + [0] * module.KEEP_MIN, module.KEEP_MIN),
        ([0] * (module.KEEP_MAX + 700), module.KEEP_MAX),
    ],
    ids=["old", "young", "few", "many pieces", "too many"],
)
async def test_old_rows_with_a_result_go_at_the_start(
    tmp_path: Path, ages_ms: list[int], kept: int
) -> None:
    """Past 2 days by the hub's stamps, but the newest 10,000 stay, and 50,000 at most."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        await append(outbox, CallNext(counter=3), made_s=1.0)
    fill(path, ages_ms)
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        assert [row.seq for row in outbox.rows] == [1]

    rows = shown(path)
    assert len(rows) - 1 == kept
    assert max(seq for _, seq, *_ in rows) == 9 + len(ages_ms)


async def test_old_rows_go_while_running(tmp_path: Path) -> None:
    """After 500 results the next flush looks for old ones."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b1", stream=STREAMS[0]) as outbox:
        pass
    fill(path, [0] * module.KEEP_MIN)
    async with Outbox.open(path, boot="b1", stream=STREAMS[1]) as outbox:
        rows = await outbox.append_all([CallNext(counter=3)] * module.PURGE_EVERY, made_s=1.0)
        for row in rows[1:]:
            outbox.note(row, result_of(row, at_ms=AT_MS + OLD))
        await outbox.flush()
        assert len(shown(path)) == module.KEEP_MIN + module.PURGE_EVERY
        outbox.note(rows[0], result_of(rows[0], at_ms=AT_MS + OLD))
        await outbox.flush()

        assert len(shown(path)) == module.KEEP_MIN


async def test_empty_streams_leave_no_trace(tmp_path: Path) -> None:
    """Starts without a press don't grow the file: only the newest two are remembered."""
    path = tmp_path / "outbox.db"
    for stream in STREAMS[:4]:
        async with Outbox.open(path, boot="b1", stream=stream):
            pass
    async with Outbox.open(path, boot="b1", stream=STREAMS[4]) as outbox:
        streams = await transact(
            outbox._db, lambda db: db.execute("SELECT stream FROM streams").fetchall()
        )

    assert streams == [(STREAMS[3],), (STREAMS[4],)]


PRESSER = """
import asyncio, sys
from pathlib import Path
from broker.hall.commands import CallNext
from broker.outbox import Outbox
from broker.wire.messages import Result

async def main():
    path, stream = Path(sys.argv[1]), sys.argv[2]
    async with Outbox.open(path, boot="b1", stream=stream) as outbox:
        for row in outbox.rows:
            outbox.note(row, Result(seq=row.seq, pos=1, at_ms=1))
        while True:
            (row,) = await outbox.append_all((CallNext(counter=3),), made_s=1.0)
            print(row.seq, flush=True)
            if row.seq % 3:
                outbox.note(row, Result(seq=row.seq, pos=1, at_ms=1))

asyncio.run(main())
"""


def test_kill_9_loses_no_row_and_repeats_none(tmp_path: Path) -> None:
    """Killed ten times between presses and results: every row said committed is there once."""
    path = tmp_path / "outbox.db"
    said: list[tuple[str, int]] = []
    for kill in range(10):
        stream = f"{kill:032x}"
        with subprocess.Popen(
            [sys.executable, "-c", PRESSER, str(path), stream], stdout=subprocess.PIPE
        ) as presser:
            assert presser.stdout is not None
            said += [(stream, int(presser.stdout.readline())) for _ in range(4 + kill)]
            presser.send_signal(signal.SIGKILL)
            said += [(stream, int(line)) for line in presser.stdout.read().splitlines()]

    kept = [(stream, seq) for stream, seq, *_ in shown(path)]
    assert len(set(kept)) == len(kept)
    assert set(said) <= set(kept)
    assert len(kept) - len(said) <= 10
