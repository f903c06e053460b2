"""A database of `broker.store` on a disk that forgets, tears and fails: what is committed stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.failing_disk import FailingDisk, failing_disk
from tests.real.platter import LOSSES
from tests.real.power import COMMITS, Writer, found, kept_after_cut

pytestmark = pytest.mark.needs("fusermount3")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FailingDisk]:
    """Give a mounted disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with failing_disk(folder, tmp_path / "control") as mounted:
        yield mounted


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("synchronous", "is_kept"), [("", True), ("NORMAL", False)])
def test_what_was_committed_survives_a_power_cut_with_full_and_not_with_normal(
    tmp_path: Path, synchronous: str, loss: str, *, is_kept: bool
) -> None:
    """50 of 50 acknowledged commits; with synchronous=NORMAL, the control of this proof, fewer."""
    kept = kept_after_cut(tmp_path, loss=loss, synchronous=synchronous)

    assert (kept == COMMITS) is is_kept
    if loss == "forgotten":
        assert kept in {COMMITS, 0}


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
