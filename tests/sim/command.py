"""`loket simulate`: hall-days in virtual time with all that goes wrong, from seeds."""

import argparse
import concurrent.futures
import functools
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.sim.faults import ALL, FAULTS
from tests.sim.progress import Progress
from tests.sim.run import Verdict, run_seed
from tests.sim.sabotage import SABOTAGES, catch
from tests.sim.shrink import shrink

RECORD = Path(__file__).with_name("caught.json")
"""What `--sabotage all --json` found last."""

SABOTAGE_SEEDS = 1000

SHRINK_TRIES = 60
"""Runs spent on shortening a failing seed's list of faults."""

LINES = 12
"""Of a failing seed's story, the last so many are shown."""


def simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket simulate`."""
    parser.add_argument("--seeds", type=count, default=20, help="how many seeds, from --seed on")
    parser.add_argument("--days", type=count, default=1, help="days one after the other")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--visitors", type=count, default=40, help="2000: 40 counters, 7 hours")
    parser.add_argument(
        "--faults",
        default="all",
        help=f"all, none, or any of {', '.join(FAULTS)}, with commas",
    )
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=count, default=cores, help="seeds at once; else one a core")
    parser.add_argument(
        "--only",
        type=numbers,
        metavar="N,N",
        help="of the faults drawn, only those with these numbers",
    )
    parser.add_argument(
        "--sabotage",
        metavar="NAME",
        help="put a deliberate bug in and look for the seed that shows it; `list`: those recorded",
    )
    parser.add_argument(
        "--journal-out", type=Path, metavar="FILE", help="write the last day's journal, as SQLite"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def count(text: str) -> int:
    """Return how many: a whole number above 0.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of faults, as a replay command names them.

    Raises:
        ArgumentTypeError: They are none.
    """
    words = text.split(",")
    if not all(word.isdecimal() for word in words):
        raise argparse.ArgumentTypeError(f"{text!r}: numbers with commas, as in 3,11")
    return tuple(map(int, words))


@dataclass
class Report:
    """What a run of seeds has shown."""

    seeds: int = 0
    presses: int = 0
    rows: int = 0
    slips: int = 0
    forgiven: int = 0
    faults: int = 0
    messages: int = 0
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    real_s: float = 0.0
    failed: list[dict[str, Any]] = field(default_factory=list)
    trace: str = ""
    stopped: bool = False

    def take(self, verdict: Verdict, replay: str) -> None:
        """Add one seed's verdict."""
        self.seeds += 1
        self.presses += verdict.presses
        self.rows += verdict.rows
        self.slips += verdict.slips
        self.forgiven += verdict.forgiven
        self.faults += len(verdict.faults)
        self.messages += verdict.messages
        self.virtual_s += verdict.virtual_s
        self.cpu_s = round(self.cpu_s + verdict.cpu_s, 1)
        # The hash of one seed is its own; of several, what they come to together.
        both = int(self.trace or "0", 16) ^ int(verdict.trace, 16)
        self.trace = f"{both:016x}"
        if not verdict.is_good:
            self.failed.append(
                {
                    "seed": verdict.seed,
                    "violations": [violation._asdict() for violation in verdict.violations],
                    "replay": replay,
                    "faults": [str(fault) for fault in verdict.faults],
                    "story": verdict.story[-LINES:],
                }
            )


def simulate(args: argparse.Namespace) -> int:
    """Run the seeds and print the verdict; return 0 when no rule was broken."""
    names = fault_names(args.faults)
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        sys.stderr.write(f"loket simulate: no {', '.join(unknown)}; {', '.join(FAULTS)}\n")
        return 2
    if args.sabotage:
        return sabotage(args)
    begun_s = time.perf_counter()
    progress = Progress(args.seeds, out=sys.stderr, mono_s=time.monotonic)
    report = report_of(args, verdicts(args, names), progress)
    report.real_s = round(time.perf_counter() - begun_s, 1)
    sys.stdout.write(json.dumps(asdict(report)) + "\n" if args.json else as_text(report))
    return 1 if report.failed or report.stopped else 0


def report_of(args: argparse.Namespace, found: Iterable[Verdict], progress: Progress) -> Report:
    """Return what came of the seeds, or of those until Ctrl-C; tell of each failure at once."""
    report = Report()
    try:
        for verdict in found:
            report.take(verdict, explained(args, verdict, progress))
            progress.show(report.seeds, len(report.failed))
            if args.journal_out and verdict.journal:
                args.journal_out.write_bytes(verdict.journal)
    except KeyboardInterrupt:
        progress.tell(f"stopped after {report.seeds} of {args.seeds} seeds")
        report.stopped = True
    return report


def sabotage(args: argparse.Namespace) -> int:
    """Show what catches a deliberate bug, or the record of all; return 0 when it was caught."""
    if args.sabotage == "list":
        record = json.loads(RECORD.read_text())
        told = json.dumps(record) if args.json else "".join(map(as_line, record))
        sys.stdout.write(told + "\n" * args.json)
        return 0 if {row["name"] for row in record} == SABOTAGES.keys() else 1
    if args.sabotage not in {"all", *SABOTAGES}:
        sys.stderr.write(f"loket simulate: no {args.sabotage}; {', '.join(SABOTAGES)}\n")
        return 2
    names = SABOTAGES if args.sabotage == "all" else (args.sabotage,)
    found = []
    for name in names:
        caught = catch(name, run_seed, seeds=SABOTAGE_SEEDS, first=args.seed)
        if caught is None:
            sys.stderr.write(f"{name}: not caught in {SABOTAGE_SEEDS} seeds\n")
            continue
        found.append(caught._asdict())
        sys.stdout.write("" if args.json else as_line(found[-1]))
        sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0 if len(found) == len(names) else 1


def as_line(caught: dict[str, Any]) -> str:
    """Return how a bug came to light, for people."""
    return f"{caught['name']:22} {caught['what']}: {caught['rule']} in seed {caught['seed']}\n"


def fault_names(text: str) -> list[str]:
    """Return the names that `--faults` stands for."""
    if text == "all":
        return list(ALL)
    return [] if text == "none" else text.split(",")


def verdicts(args: argparse.Namespace, names: list[str]) -> Iterator[Verdict]:
    """Run each seed, several at once, and yield what became of it, in order."""
    seeds = range(args.seed, args.seed + args.seeds)
    run = functools.partial(
        run_seed,
        visitors=args.visitors,
        days=args.days,
        faults=tuple(names),
        only=args.only,
        wants_journal=args.journal_out is not None,
    )
    if args.jobs == 1 or args.seeds == 1:
        yield from map(run, seeds)
        return
    # Ctrl-C goes to all of them; only this one is to end for it, and says how far it came.
    quiet = (signal.SIGINT, signal.SIG_IGN)
    pool = concurrent.futures.ProcessPoolExecutor(
        args.jobs, initializer=signal.signal, initargs=quiet
    )
    try:
        yield from pool.map(run, seeds)
    finally:
        pool.shutdown(cancel_futures=True)


def explained(args: argparse.Namespace, verdict: Verdict, progress: Progress) -> str:
    """Return the command that runs a seed again; a failure is told at once, then made short."""
    replay = replay_of(args, verdict)
    if verdict.is_good:
        return replay
    first = verdict.violations[0]
    progress.tell(f"seed {verdict.seed}: {first.rule}: {first.detail}\n    again: {replay}")
    short = replay_of(args, shrunk(args, verdict))
    if short != replay:
        progress.tell(f"seed {verdict.seed}, with as few faults as it takes\n    again: {short}")
    return short


def shrunk(args: argparse.Namespace, verdict: Verdict) -> Verdict:
    """Return a failing verdict with as few faults as still break the same rule."""
    if verdict.is_good or args.only or not verdict.faults:
        return verdict
    run = functools.partial(run_seed, visitors=args.visitors, days=args.days)
    return shrink(verdict, run, fault_names(args.faults), tries=SHRINK_TRIES)


def replay_of(args: argparse.Namespace, verdict: Verdict) -> str:
    """Return the command that runs a seed again."""
    words = ["loket simulate --seeds 1", f"--seed {verdict.seed}", f"--visitors {args.visitors}"]
    words += [f"--days {args.days}"] * (args.days > 1)
    words.append("--faults none" if verdict.only == () else f"--faults {args.faults}")
    if verdict.only:
        words.append("--only " + ",".join(map(str, verdict.only)))
    return " ".join(words)


def as_text(report: Report) -> str:
    """Return the report for people."""
    lines = [
        f"{report.seeds} seeds, {report.virtual_s / 3600:.1f} hours of virtual time",
        f"{report.real_s} s, {report.cpu_s} s of CPU",
        f"{report.presses} rows of nodes, {report.rows} of journals, {report.slips} slips,",
        f"{report.faults} faults, {report.messages} messages, {report.forgiven} known losses",
        f"trace {report.trace}",
    ]
    for failed in report.failed:
        first = failed["violations"][0]
        lines += [
            f"seed {failed['seed']}: {first['rule']} at {first['at_s']} s: {first['detail']}",
            *(f"    {line}" for line in failed["story"]),
            f"    again: {failed['replay']}",
        ]
    lines.append("0 violations" if not report.failed else f"{len(report.failed)} seeds failed")
    return "\n".join(lines) + "\n"
