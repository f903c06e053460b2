"""`loket simulate`: what it refuses, what it tells meanwhile, and what it leaves behind."""

import argparse
import io
import json
from collections.abc import Iterator

import pytest

from tests.sim.command import explained, report_of, simulate, simulate_arguments
from tests.sim.oracle import Violation
from tests.sim.progress import Progress
from tests.sim.run import Verdict, run_seed


def parsed(*words: str) -> argparse.Namespace:
    """Return what the command line makes of the words."""
    parser = argparse.ArgumentParser("loket simulate")
    simulate_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--seeds", "0"), "argument --seeds: '0' is no whole number above 0"),
        (("--seeds", "-3"), "argument --seeds: '-3' is no whole number above 0"),
        (("--jobs", "0"), "argument --jobs: '0' is no whole number above 0"),
        (("--jobs", "many"), "argument --jobs: 'many' is no whole number above 0"),
        (("--days", "0"), "argument --days: '0' is no whole number above 0"),
        (("--visitors", "1.5"), "argument --visitors: '1.5' is no whole number above 0"),
        (("--only", "3;11"), "argument --only: '3;11': numbers with commas, as in 3,11"),
        (("--only", ""), "argument --only: '': numbers with commas, as in 3,11"),
    ],
)
def test_what_can_not_be_is_refused(
    words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the message names the argument."""
    with pytest.raises(SystemExit) as stop:
        parsed(*words)
    assert stop.value.code == 2
    assert why in capsys.readouterr().err


def test_seeds_on_two_cores_are_those_on_one(capsys: pytest.CaptureFixture[str]) -> None:
    """In the same order, with the same hash."""
    told = []
    for jobs in ("1", "2"):
        args = parsed("--seeds", "4", "--visitors", "5", "--jobs", jobs, "--json")
        assert simulate(args) == 0
        told.append(json.loads(capsys.readouterr().out))
    one, two = told
    assert one["seeds"] == two["seeds"] == 4
    assert one["trace"] == two["trace"]
    assert not one["failed"]
    assert not one["stopped"]


def test_a_failure_is_told_at_once_with_its_replay() -> None:
    """Before anything else of the run is over; then again, with as few faults as it takes."""
    args = parsed("--seeds", "100", "--visitors", "5", "--seed", "7")
    good = run_seed(7, visitors=5, faults=())
    broken = good._replace(violations=(Violation("row_twice", "loket-1 abc:3", 12.0),))
    out = io.StringIO()
    again = explained(args, broken, Progress(100, out=out, mono_s=lambda: 0.0))
    assert again == "loket simulate --seeds 1 --seed 7 --visitors 5 --faults all"
    assert out.getvalue() == f"seed 7: row_twice: loket-1 abc:3\n    again: {again}\n"


def test_a_run_that_is_stopped_says_how_far_it_came() -> None:
    """What was found until Ctrl-C is kept."""
    verdict = run_seed(0, visitors=1, faults=())

    def found() -> Iterator[Verdict]:
        yield verdict
        raise KeyboardInterrupt

    out = io.StringIO()
    progress = Progress(10_000, out=out, mono_s=lambda: 0.0)
    report = report_of(parsed("--seeds", "10000"), found(), progress)
    assert report.stopped
    assert report.seeds == 1
    assert report.rows == verdict.rows
    assert out.getvalue() == "stopped after 1 of 10000 seeds\n"
