"""Hall-days from seeds: nothing lost, nothing twice, no display that lies, whatever goes wrong.

Each test takes every `PARTS`-th seed, so that the cores share them. `loket simulate` runs more.
"""

import json
import subprocess
import sys

import pytest

from tests.sim.faults import FAULTS
from tests.sim.run import run_seed

SEEDS = 300
PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_no_seed_breaks_a_rule(part: int) -> None:
    """Short days of 40 visitors and 8 nodes with every fault."""
    for seed in range(part, SEEDS, PARTS):
        verdict = run_seed(seed)
        assert verdict.is_good, f"{verdict.violations[0]}; loket simulate --seeds 1 --seed {seed}"


def test_a_calm_day_serves_everybody() -> None:
    """Without faults every visitor has a slip, and most of them are called."""
    verdict = run_seed(1, faults=())
    assert verdict.is_good
    assert verdict.slips == 40
    assert verdict.calls >= 36


def test_a_seed_is_a_run() -> None:
    """The same seed is the same day, also in another process with other hashes; others differ."""
    command = [sys.executable, "-m", "edge.cli", "simulate", "--seeds", "1", "--json"]
    traces = [
        json.loads(
            subprocess.run(
                [*command, "--seed", "7"],
                env={"PYTHONHASHSEED": hashes},
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )["trace"]
        for hashes in ("1", "2")
    ]
    assert traces == [run_seed(7).trace] * 2
    assert run_seed(8).trace != traces[0]


def test_every_fault_happens() -> None:
    """Over some seeds each row of the table is drawn and applied."""
    drawn = {fault.name for seed in range(6) for fault in run_seed(seed).faults}
    assert drawn == {name for name, kind in FAULTS.items() if kind.count_max}
