"""A database of `broker.store` on a disk that forgets, tears and fails: what is committed stays."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.real.failing_disk import FailingDisk, failing_disk
from tests.real.platter import LOSSES

pytestmark = pytest.mark.needs("fusermount3")

COMMITS = 50


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FailingDisk]:
    """Give a mounted disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with failing_disk(folder, tmp_path / "control") as mounted:
        yield mounted


class Writer:
    """`writer.py` as a process, and the commits it told of."""

    def __init__(self, disk: FailingDisk, synchronous: str = "") -> None:
        self.path = disk.folder / "rows.db"
        self.told: list[int] = []
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.real.writer", str(self.path), synchronous],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def commit(self, *numbers: int) -> bool:
        """Have it commit these, one after the other; return whether it told of all."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            for number in numbers:
                self.program.stdin.write(f"{number}\n")
                self.program.stdin.flush()
                if self.program.stdout.readline() == f"{number}\n":
                    self.told.append(number)
        return set(numbers) <= set(self.told)

    def end(self) -> str:
        """Let it end by itself; return what it said of errors."""
        _, said = self.program.communicate()
        return said


class Found(NamedTuple):
    """What is in the file."""

    numbers: list[int]
    integrity: str


def found(path: Path) -> Found:
    """Read the file; the process that wrote it is dead. One that is not there has nothing."""
    if not path.exists():
        return Found([], "ok")
    with contextlib.closing(sqlite3.connect(path)) as db:  # not read-only: it may have to recover
        has_table = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'rows'").fetchone()
        rows = db.execute("SELECT number FROM rows ORDER BY 1").fetchall() if has_table else []
        integrity = db.execute("PRAGMA integrity_check").fetchone()[0]
        return Found([number for (number,) in rows], integrity)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("synchronous", "is_kept"), [("", True), ("NORMAL", False)])
def test_what_was_committed_survives_a_power_cut_with_full_and_not_with_normal(
    disk: FailingDisk, synchronous: str, loss: str, *, is_kept: bool
) -> None:
    """50 of 50 acknowledged commits; with synchronous=NORMAL, the control of this proof, fewer."""
    writer = Writer(disk, synchronous)
    assert writer.commit(*range(COMMITS))
    disk.cut(writer.program)
    disk.power_on(loss=loss)
    writer.end()
    there = found(writer.path)

    assert there.integrity == "ok"
    assert (there.numbers == list(range(COMMITS))) is is_kept
    if not synchronous:
        return
    assert len(there.numbers) < COMMITS
    if loss == "forgotten":
        assert there.numbers == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["sync", "write"])
def test_a_power_cut_at_any_call_loses_nothing_that_was_told(
    disk: FailingDisk, call: str, when: str
) -> None:
    """At each write and each sync of a few commits, of a start and of a checkpoint."""
    nth, told = 0, list[int]()
    next_number = 0
    while True:
        nth += 1
        disk.arm(call, nth, "cut", when=when)
        writer = Writer(disk)
        is_whole = writer.commit(next_number, next_number + 1)
        told += writer.told
        next_number += 2
        said = writer.end()
        if is_whole and not disk.has_fired:
            assert nth > 5, said
            return
        loss = LOSSES[nth % len(LOSSES)]
        disk.power_on(loss=loss, seed=nth)
        there = found(writer.path)
        assert there.integrity == "ok"
        assert set(told) <= set(there.numbers), f"{call} {nth}, {loss}: {said}"


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", ["sync", "write"])
def test_a_call_that_fails_loses_nothing_that_was_told(
    disk: FailingDisk, call: str, fault: str
) -> None:
    """The process hears of it; what it is told to be committed is there after a power cut too."""
    nth, told, next_number = 0, list[int](), 0
    while True:
        nth += 1
        disk.arm(call, nth, fault)
        writer = Writer(disk)
        writer.commit(*range(next_number, next_number + 3))
        told += writer.told
        next_number += 3
        said = writer.end()
        if not disk.has_fired:
            assert nth > 5, said
            return
        disk.cut()
        disk.power_on(seed=nth)
        there = found(writer.path)
        assert there.integrity == "ok"
        assert set(told) <= set(there.numbers), f"{call} {nth}: {said}"
