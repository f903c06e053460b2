"""`loket bench [NAME...]`: figures, each beside its floor measured in the same run."""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import board, health, press, resources, voice


def bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket bench`."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHES)}; default: all"
    )
    parser.add_argument("--presses", type=int, default=200, help="presses on each side")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="also write that object to a file")


def bench(args: argparse.Namespace) -> int:
    """Measure and print; return the exit code."""
    unknown = set(args.names) - BENCHES.keys()
    if unknown:
        sys.stderr.write(f"loket bench: no {', '.join(sorted(unknown))}; {', '.join(BENCHES)}\n")
        return 2
    if shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        sys.stderr.write("loket bench: needs mosquitto: apt install mosquitto\n")
        return 1
    # So that an ended bench ends its processes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begun_s = time.monotonic()
    figures = {name: BENCHES[name](args) for name in args.names or BENCHES}
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "took_s": round(time.monotonic() - begun_s),
        "machine": machine(),
        "figures": figures,
    }
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(json.dumps(report) + "\n" if args.json else as_text(figures))
    return 0


BENCHES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "press": lambda args: {"button to frame": press.measure(args.presses)},
    "voice": lambda args: {"button to sound": voice.measure(max(10, args.presses // 20))},
    "board": lambda _: board.measure(),
    "health": lambda _: health.measure(),
    "memory": lambda _: resources.memory(),
    "idle": lambda _: resources.idle(),
    "start": lambda _: resources.start(),
}


def machine() -> dict[str, Any]:
    """Return what the figures were measured with."""
    mosquitto = subprocess.run(
        ["mosquitto", "-h"], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    return {
        "cpus": os.cpu_count(),
        "arch": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "mosquitto": mosquitto[0] if mosquitto else "",
        **{name: version(name) for name in ("loket", "paho-mqtt", "pygame-ce", "aiosqlite")},
    }


def as_text(figures: dict[str, Any]) -> str:
    """Return the figures as a table: product, floor, ratio."""
    lines = [f"{'':24} {'product':>28} {'floor':>28}  ratio"]
    for name, rows in figures.items():
        for row, found in rows.items():
            extra = "".join(
                f"  {name} {found[name]}" for name in ("own", "limit", "lay out") if name in found
            )
            lines.append(
                f"{name + ' ' + row:24} {_cell(found['product'], found['unit']):>28}"
                f" {_cell(found['floor'], found['unit']):>28}  {_cell(found['ratio'], 'x')}{extra}"
            )
    return "\n".join(lines) + "\n"


def _cell(value: object, unit: str) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{part}" for part in value.values()) + f" {unit}"
    return f"{value} {unit}"
