"""The long proof on real processes: rounds of chaos, their controls, and sabotaged builds.

    python -m tests.real.chaos --seed 1 --rounds 20 --presses 5100 --kills 52

Writes what came of it to `tests/real/RESULTS.md`, and all figures to `results.json` beside it; ends
with 1 when anything was lost, done twice or wrong, when a control was not clean, or when a
sabotaged build went unnoticed.
"""

import argparse
import json
import platform
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.real.chaos_results import FAULTS, render
from tests.real.chaos_run import VICTIMS, Plan, play_round
from tests.real.platter import LOSSES
from tests.real.power import COMMITS, kept_after_cut
from tests.real.sabotaged import SABOTAGES

OUT = Path(__file__).with_name("RESULTS.md")

AIMED: dict[str, tuple[str, ...]] = {
    "broker-trusted": ("broker", "hub"),
    "rows-forgotten": ("kiosk", "counter"),
    "dedup-off": ("broker", "hub"),
    "seen-ignored": VICTIMS,
    "numbers-forgotten": ("hub",),
}
"""Whose deaths bring each sabotage to light."""

CONTROL_PRESSES = 1000
ORDERLY_STOPS = 15
SABOTAGE_PRESSES = 600
SABOTAGE_KILLS = 12
SABOTAGE_SETTLE_S = 15.0


def played(plan: Plan) -> dict[str, Any]:
    """Play a round in a folder of its own, and say in a line how it went."""
    with tempfile.TemporaryDirectory(prefix="loket-chaos-") as folder:
        figures = play_round(plan, Path(folder))
    kills = sum(figures["kills"].values())
    faults = {kind: figures[kind] for kind in FAULTS if figures[kind]}
    sys.stdout.write(
        f"seed {plan.seed} {plan.sabotage or 'product'}: {figures['pressed']} presses,"
        f" {kills} kills, {figures['whole_s']} s, {faults or 'all there, once'}\n"
    )
    sys.stdout.flush()
    return figures


def controls(seed: int) -> dict[str, Any]:
    """Return rounds in which nothing may be found: nobody dies, or everybody in good order."""
    quiet = Plan(seed=seed, presses=CONTROL_PRESSES, kills=0)
    orderly = quiet._replace(kills=ORDERLY_STOPS, signal=signal.SIGTERM)
    return {"nobody dies": played(quiet), "ends by SIGTERM": played(orderly)}


def sabotaged(seed: int) -> dict[str, Any]:
    """Return a round of each sabotaged build, in which something must be found."""
    plan = Plan(
        seed=seed,
        presses=SABOTAGE_PRESSES,
        kills=SABOTAGE_KILLS,
        settle_s=SABOTAGE_SETTLE_S,
        kiosks=3,
    )
    return {
        name: played(plan._replace(sabotage=name, victims=AIMED[name]))
        | {"what": SABOTAGES[name][0]}
        for name in SABOTAGES
    }


def power_cuts() -> dict[str, dict[str, int]]:
    """Return, by `synchronous` and loss, how many of 50 commits a power cut left."""
    kept: dict[str, dict[str, int]] = {"FULL": {}, "NORMAL": {}}
    for loss in LOSSES:
        for mode, counts in kept.items():
            with tempfile.TemporaryDirectory(prefix="loket-power-") as folder:
                chosen = "" if mode == "FULL" else mode  # FULL is what the product chooses
                counts[loss] = kept_after_cut(Path(folder), loss=loss, synchronous=chosen)
    return kept


def versions() -> dict[str, str]:
    """Return what it ran on."""
    told = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, check=False)
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "mosquitto": told.stdout.split("\n", 1)[0].removeprefix("mosquitto version "),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        **{name: version(name) for name in ("loket", "paho-mqtt", "aiosqlite")},
    }


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--presses", type=int, default=5100, help="in each round")
    parser.add_argument("--kills", type=int, default=52, help="in each round")
    parser.add_argument("--kiosks", type=int, default=6)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def main() -> int:
    """Run all of it and write the results."""
    args, begun_s = arguments(), time.monotonic()
    figures: dict[str, Any] = {
        "command": f"python -m tests.real.chaos {shlex.join(sys.argv[1:])}".strip(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "seed": args.seed,
        "power": power_cuts(),
        "controls": controls(args.seed),
        "sabotaged": sabotaged(args.seed),
        "rounds": [],
    }
    for seed in range(args.seed, args.seed + args.rounds):
        plan = Plan(seed=seed, presses=args.presses, kills=args.kills, kiosks=args.kiosks)
        figures["rounds"].append(played(plan))
        # After each, so that a machine that fails in the last leaves those before.
        figures["whole_s"] = round(time.monotonic() - begun_s, 1)
        figures["wrong"] = wrong(figures)
        args.out.write_text(render(figures), encoding="utf-8")
        args.out.with_name("results.json").write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.writelines(f"WRONG: {line}\n" for line in figures["wrong"])
    return 1 if figures["wrong"] else 0


def wrong(figures: dict[str, Any]) -> list[str]:
    """Return what is not as it must be; empty when the proof holds."""
    lines = []
    rounds = [("the product", each) for each in figures["rounds"]]
    for name, each in (*rounds, *figures["controls"].items()):
        seen = Counter({kind: each[kind] for kind in FAULTS if each[kind]})
        if seen or not each["settled"]:
            lines.append(f"{name}, seed {each['seed']}: {dict(seen) or 'never settled'}")
    lines += [
        f"{name} went unnoticed"
        for name, each in figures["sabotaged"].items()
        if not any(each[kind] for kind in FAULTS)  # that it never settled is no proof
    ]
    power = figures["power"]
    lines += [f"FULL kept {n} of {COMMITS}: {k}" for k, n in power["FULL"].items() if n != COMMITS]
    lines += [f"NORMAL lost nothing: {k}" for k, n in power["NORMAL"].items() if n == COMMITS]
    return lines


if __name__ == "__main__":
    sys.exit(main())
