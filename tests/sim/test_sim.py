"""Hall-days from seeds: nothing lost, nothing twice, no display that lies, whatever goes wrong.

Each test takes every `PARTS`-th seed, so that the cores share them. `loket simulate` runs more.
"""

import json
import subprocess
import sys

import pytest

from broker.wire.giving import PROGRESS_S
from tests.sim.command import RECORD
from tests.sim.faults import ALL, CLOGGED, SLOW, plan
from tests.sim.oracle import Violation
from tests.sim.run import Verdict, run_seed
from tests.sim.sabotage import SABOTAGES, catch
from tests.sim.shrink import shrink

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
    """Over some seeds each row of the table is drawn."""
    drawn = {f.name for seed in range(40) for f in plan(ALL, seed=str(seed), begin_s=0, end_s=999)}
    assert drawn == set(ALL)


def test_a_slow_wire_is_as_slow_as_a_recovery_bears() -> None:
    """A question and its answer, by the broker, each way as slow as can be."""
    assert 4 * SLOW.delay_s[1] < PROGRESS_S < 4 * CLOGGED.delay_s[1]


def test_days_follow_each_other() -> None:
    """Overnight the hall is dark; in the morning numbers begin again."""
    verdict = run_seed(3, days=2)
    assert verdict.is_good
    assert verdict.virtual_s > 24 * 3600
    assert verdict.slips > 40


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_deliberate_bug_is_caught(name: str) -> None:
    """From the seed that is on record on, or the oracle has gone blind on that side."""
    record = {row["name"]: row["seed"] for row in json.loads(RECORD.read_text())}
    assert catch(name, run_seed, first=record[name], seeds=40) is not None


def test_a_failing_seed_is_shrunk_to_the_faults_it_takes() -> None:
    """Of twenty faults those two are left without which nothing breaks."""
    calm = run_seed(1, visitors=1, faults=())
    broken = calm._replace(violations=(Violation("rule", "", 1.0),), faults=("f",) * 20)

    def run(seed: int, *, faults: tuple[str, ...], only: tuple[int, ...]) -> Verdict:
        assert (seed, faults) == (1, ("cut",))
        return (broken if {3, 11} <= set(only) else calm)._replace(only=only)

    assert shrink(broken, run, ("cut",), tries=60).only == (3, 11)
