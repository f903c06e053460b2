"""`loket check FILE`: is this hall file right; `loket parts FILE`: what hardware is it made of?"""

import argparse
import io
import json
import sys
from pathlib import Path

from broker.hall.setup import Counter, Service
from firmware_config.load import Examined, HallFileError, examine, load_hall
from firmware_config.parse import Draft
from firmware_config.parts import SOURCES, Part, parts_of, poe_of
from firmware_config.schema import HallFile, Node, host_of, role_of


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


def parts_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket parts`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the hall file, hall.toml")
    parser.add_argument("--json", action="store_true", help="the list as one JSON object")


def parts(args: argparse.Namespace) -> int:
    """Print the hardware of a hall, its counts and watts. Return 0, or 2 with any fault."""
    try:
        file = load_hall(args.file)
    except HallFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if args.json:
        sys.stdout.write(json.dumps(_parts_json(file), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(parts_text(file))
    return 0


def _parts_json(file: HallFile) -> dict[str, object]:
    found, poe = parts_of(file), poe_of(file)
    return {
        "hall": file.hall.id,
        "pis": _hosts(file.nodes),
        "parts": [
            {
                "group": part.group,
                "name": part.name,
                "count": part.pieces,
                "watts_each": round(part.watts, 1),
                "supply_watts_each": round(part.supply_w, 1),
                "source": part.source or None,
            }
            for part in found
        ],
        "watts": round(sum(part.pieces * part.watts for part in found), 1),
        "supply_watts": round(sum(part.pieces * part.supply_w for part in found), 1),
        "poe": {"ports": poe.ports, "watts": poe.watts},
        "sources": SOURCES,
    }


def parts_text(file: HallFile) -> str:
    """Return the list as a table: count, name, watts each and together, and their source."""
    found, poe = parts_of(file), poe_of(file)
    width = max(len(part.name) for part in found)
    lines = [f"{file.hall.name}: {_count(_hosts(file.nodes), 'Pi')}"]
    group = ""
    for part in found:
        if part.group != group:
            group = part.group
            lines += ["", f"{group:{width + 6}} {'W each':>8} {'W':>8}"]
        lines.append(_part_line(part, width))
    watts = sum(part.pieces * part.watts for part in found)
    supply_w = sum(part.pieces * part.supply_w for part in found)
    lines += [
        "",
        f"{'In all, a working hour':{width + 6}} {'':8} {watts:8.1f}",
        "",
        f"The power supplies listed are rated for {supply_w:.0f} W together.",
        f"Instead of the Pis' own: {poe.ports} PoE+ HATs and a switch rated for {poe.watts:.0f} W.",
        "Cases, wire, sockets, the switch itself and a UPS are not in the list.",
        "",
        *(f"{name:9} {text}" for name, text in SOURCES.items()),
    ]
    return "\n".join(lines) + "\n"


def _part_line(part: Part, width: int) -> str:
    line = f"{part.pieces:5} {part.name:{width}}"
    if not part.watts:
        return line.rstrip()
    return f"{line} {part.watts:8.1f} {part.pieces * part.watts:8.1f}  {part.source}"
