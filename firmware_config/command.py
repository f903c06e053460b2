"""`loket check FILE`: is this hall file right, and if not, what is to be mended?"""

import argparse
import io
import json
import sys
from pathlib import Path

from broker.hall.setup import Counter, Service
from firmware_config.load import Examined, examine
from firmware_config.parse import Draft
from firmware_config.schema import Node, host_of, role_of


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket check`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the hall file, hall.toml")
    parser.add_argument(
        "--json", action="store_true", help="list nodes, services, counters and faults as JSON"
    )


def check(args: argparse.Namespace) -> int:
    """Check a hall file; print its faults, or what it holds. Return 0, or 2 with any fault."""
    path: Path = args.file
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that can't show a letter of a fault shows its code instead.
        sys.stdout.reconfigure(errors="backslashreplace")
    examined = examine(path)
    if args.json:
        sys.stdout.write(json.dumps(_as_json(path, examined), ensure_ascii=False, indent=2) + "\n")
    elif examined.file is None:
        sys.stdout.writelines(f"{path}: {fault}\n" for fault in examined.faults)
    else:
        file = examined.file
        sys.stdout.write(
            f"{path}: {file.hall.name}: {_count(len(file.agencies), 'agency', 'agencies')}, "
            f"{_count(len(file.services), 'service')}, {_count(len(file.counters), 'counter')}, "
            f"{_count(len(file.nodes), 'node')} on {_count(_hosts(file.nodes), 'Pi')}: no faults\n"
        )
    return 2 if examined.faults else 0


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _hosts(nodes: tuple[Node, ...]) -> int:
    return len({host_of(node) for node in nodes})


def _as_json(path: Path, examined: Examined) -> dict[str, object]:
    """Return what could be read of the file; with faults, that isn't all of it."""
    draft = examined.draft
    return {
        "file": str(path),
        "ok": not examined.faults,
        "hall": draft.hall.value.id if draft and draft.hall else None,
        "nodes": [_node(placed.value) for placed in draft.nodes] if draft else [],
        "services": [_service(placed.value, draft) for placed in draft.services] if draft else [],
        "counters": [_counter(placed.value) for placed in draft.counters] if draft else [],
        "faults": [fault._asdict() for fault in examined.faults],
    }


def _node(node: Node) -> dict[str, object]:
    return {
        "id": node.id,
        "role": role_of(node),
        "host": host_of(node),
        "model": node.model,
        "address": node.address,
    }


def _service(service: Service, draft: Draft) -> dict[str, object]:
    series = {placed.value.id: placed.value.series for placed in draft.agencies}
    return {
        "id": service.id,
        "agency": service.agency,
        "name": service.name,
        "series": service.series or series.get(service.agency),
    }


def _counter(counter: Counter) -> dict[str, object]:
    return {"id": counter.id, "zone": counter.zone, "serves": list(counter.serves)}
