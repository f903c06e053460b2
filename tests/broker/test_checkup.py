"""What one sample can't show: low supply for the whole boot, and whether the card keeps bytes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from broker.checkup import CANARY_EVERY_S, CANARY_FILE, CANARY_LATE_S, Checkup, try_card
from broker.wire.figures import Machine

if TYPE_CHECKING:
    from collections.abc import Callable


class Bench:
    """A check-up whose machine, clock and thread are the test's."""

    def __init__(self, folder: Path, boot: str = "boot-1") -> None:
        self.machine = Machine(supply_low=False, supply_low_seen=False)
        self.now_s = 100.0
        self.begun: list[Callable[[], None]] = []
        self.checkup = Checkup(
            folder,
            boot=boot,
            mono_s=lambda: self.now_s,
            look_at=lambda _: self.machine,
            begin=self.begun.append,
        )


def test_low_supply_is_told_until_the_next_boot(tmp_path: Path) -> None:
    """A dip of two seconds explains a crash an hour later; a restart doesn't forget it."""
    bench = Bench(tmp_path)
    assert bench.checkup.look().supply_low_seen is False
    bench.machine = Machine(supply_low=True, supply_low_seen=True)
    bench.checkup.look()
    bench.machine = Machine(supply_low=False, supply_low_seen=False)

    assert bench.checkup.look().supply_low_seen is True
    assert Bench(tmp_path).checkup.look().supply_low_seen is True
    assert Bench(tmp_path, boot="boot-2").checkup.look().supply_low_seen is False


def test_supply_that_can_not_be_asked_is_unknown(tmp_path: Path) -> None:
    """Never fine."""
    bench = Bench(tmp_path)
    bench.machine = Machine()

    assert bench.checkup.look().supply_low_seen is None


def test_the_card_is_tried_at_the_start_and_every_quarter_of_an_hour(tmp_path: Path) -> None:
    """Before the first try has ended, nothing is known of it."""
    bench = Bench(tmp_path)
    assert bench.checkup.look().storage.canary is None
    bench.begun.pop()()
    assert bench.checkup.look().storage.canary is True
    bench.now_s += CANARY_EVERY_S - 1
    bench.checkup.look()
    assert bench.begun == []
    bench.now_s += 1
    bench.checkup.look()

    assert len(bench.begun) == 1


def test_a_card_that_does_not_come_back_has_failed(tmp_path: Path) -> None:
    """And is not given more to do; when it does come back that is told too."""
    bench = Bench(tmp_path)
    bench.checkup.look()
    bench.now_s += CANARY_LATE_S - 1
    assert bench.checkup.look().storage.canary is None
    bench.now_s += CANARY_EVERY_S
    found = bench.checkup.look().storage
    assert (found.canary, found.canary_s, len(bench.begun)) == (False, None, 1)
    bench.begun.pop()()

    assert bench.checkup.look().storage.canary is True


def test_a_card_that_can_not_be_written_has_failed(tmp_path: Path) -> None:
    """Here: there is a folder where the file should be."""
    (tmp_path / CANARY_FILE).mkdir()
    bench = Bench(tmp_path)
    bench.checkup.look()
    bench.begun.pop()()

    assert bench.checkup.look().storage.canary is False


def test_other_bytes_than_were_written_are_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Here: `/dev/zero`, which takes everything and gives back zeros."""
    (tmp_path / CANARY_FILE).symlink_to("/dev/zero")
    assert not try_card(tmp_path / CANARY_FILE, b"x" * 8)
    assert "card" in caplog.text


def test_a_good_card_keeps_them(tmp_path: Path) -> None:
    """Written, synced, read back; the file stays as long as what was written."""
    assert try_card(tmp_path / CANARY_FILE, os.urandom(4096))
    assert try_card(tmp_path / CANARY_FILE, b"shorter")
    assert (tmp_path / CANARY_FILE).read_bytes() == b"shorter"
