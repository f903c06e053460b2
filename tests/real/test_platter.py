"""What a disk has after a power cut: what was synced, and what the cut leaves of the rest."""

import stat
from random import Random

import pytest

from tests.real.platter import LOSSES, SECTOR_BYTES, Change, File, Folder

MODE = stat.S_IFREG | 0o600


def written(*, loss: str, seed: int = 0) -> bytes:
    """Return what is left of a file with a synced half and two writes after it."""
    file = File(MODE)
    file.change(Change(0, b"a" * SECTOR_BYTES))
    file.sync()
    file.change(Change(SECTOR_BYTES, b"b" * SECTOR_BYTES))
    file.change(Change(2 * SECTOR_BYTES, b"c" * 2 * SECTOR_BYTES))
    file.cut(loss, Random(seed))
    return bytes(file.live)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_synced_is_there_after_every_cut(loss: str) -> None:
    """Whatever else is."""
    assert all(written(loss=loss, seed=s)[:SECTOR_BYTES] == b"a" * SECTOR_BYTES for s in range(50))


def test_a_cut_forgets_tears_reorders_or_leaves_some_sectors() -> None:
    """Each in its own way."""
    a, b, c = (letter * SECTOR_BYTES for letter in (b"a", b"b", b"c"))

    assert written(loss="forgotten") == a
    assert written(loss="reordered") == a + bytes(SECTOR_BYTES) + c + c
    torn = {len(written(loss="torn", seed=seed)) for seed in range(50)}
    assert torn <= set(range(2 * SECTOR_BYTES, 4 * SECTOR_BYTES + 1))
    assert len(torn) > 40
    hole = bytes(SECTOR_BYTES)
    left = {written(loss="sectors", seed=seed) for seed in range(50)}
    assert {a, a + b, a + hole + c, a + b + c + c} <= left


def test_a_sync_that_failed_is_not_made_good_by_the_next() -> None:
    """As Linux has it: what it should have written counts as written."""
    file = File(MODE)
    file.change(Change(0, b"lost"))
    file.fail_sync()
    assert bytes(file.live) == b"lost"
    file.change(Change(4, b"kept"))
    file.sync()
    file.cut("forgotten", Random(0))

    assert bytes(file.live) == bytes(4) + b"kept"


def test_a_name_is_there_after_a_cut_only_if_its_folder_was_synced() -> None:
    """A file's own sync keeps its bytes, not its name."""
    folder, kept, gone = Folder(), File(MODE), File(MODE)
    folder.live["kept"] = kept
    folder.sync()
    kept.change(Change(0, b"1"))
    kept.sync()
    folder.live["gone"] = gone
    gone.change(Change(0, b"2"))
    gone.sync()
    folder.live["renamed"] = folder.live.pop("kept")
    folder.cut("forgotten", Random(0))

    assert folder.live == {"kept": kept}
    assert bytes(kept.live) == b"1"
