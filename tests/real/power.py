"""A process that commits through `broker.store` on a failing disk, and what is there afterwards."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.real.failing_disk import FailingDisk, failing_disk

COMMITS = 50


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


def kept_after_cut(folder: Path, *, loss: str, synchronous: str = "") -> int:
    """Return how many of `COMMITS` acknowledged commits a power cut left."""
    disk_folder = folder / "disk"
    disk_folder.mkdir(exist_ok=True)
    with failing_disk(disk_folder, folder / "control") as disk:
        writer = Writer(disk, synchronous)
        assert writer.commit(*range(COMMITS))
        disk.cut(writer.program)
        disk.power_on(loss=loss)
        writer.end()
        there = found(writer.path)
        assert there.integrity == "ok"
        return len(there.numbers)
