"""The `loket` command: a table of subcommands, each imported only when it runs.

A row names a module and a noun. The module has two functions of that noun: `NOUN_arguments(parser)`
adds the flags, `NOUN(args)` runs and returns the exit code (0 done, 1 failed, 2 misuse).
"""

import argparse
import importlib
import sys
from typing import NamedTuple


class Row(NamedTuple):
    """Where a subcommand lives, what it does, and one example of its use."""

    module: str
    help: str
    example: str
    extra: str = ""


TABLE: dict[str, Row] = {
    "demo": Row(
        "edge.demo",
        "the whole hall on this machine, as real processes",
        "loket demo --port 8080 --play 20",
        "demo",
    ),
    "broker": Row(
        "broker.command",
        "the hall's MQTT broker, and the accounts of its nodes",
        "loket broker --hall hall.toml --data /var/lib/loket",
        "embedded",
    ),
    "hub": Row(
        "broker.command",
        "the process that decides",
        "loket hub --hall hall.toml --data /var/lib/loket",
    ),
    "node": Row(
        "edge.command",
        "a kiosk or counter with pins",
        "loket node loket-3 --hall hall.toml --data /var/lib/loket",
        "edge",
    ),
    "board": Row(
        "displays.command",
        "a hall display; with --shot one frame as a picture",
        "loket board board-1 --hall hall.toml --shot board.png",
        "board",
    ),
    "sign": Row(
        "displays.sign_command",
        "the small display above a counter; with --shot one frame as a picture",
        "loket sign sign-3 --hall hall.toml --data /var/lib/loket",
        "board",
    ),
    "screen": Row(
        "displays.touch_command",
        "a kiosk's touch screen",
        "loket screen kiosk-1 --hall hall.toml --data /var/lib/loket",
        "board",
    ),
    "web": Row(
        "displays.web.command",
        "the hall's pages",
        "loket web --hall hall.toml --data /var/lib/loket",
        "web",
    ),
    "status": Row(
        "broker.status_command",
        "the hall at a glance, in a terminal: what is wrong first, then every node",
        "loket status --data /var/lib/loket",
    ),
    "technician": Row(
        "displays.web.technician_command",
        "set the password of the technician's pages",
        "loket technician --data /var/lib/loket --generate",
        "web",
    ),
    "check": Row(
        "firmware_config.command",
        "check a hall file: 0, or 2 with every fault and how to mend it",
        "loket check firmware_config/examples/small.toml",
    ),
    "parts": Row(
        "firmware_config.command",
        "the hardware of a hall, its counts and watts",
        "loket parts firmware_config/examples/small.toml",
    ),
    "slip": Row(
        "edge.paper_command",
        "a ticket's slip as a picture, as the printer would print it",
        "loket slip A007 --out slip.png --width 58",
        "kiosk",
    ),
    "say": Row(
        "displays.say",
        "a call as a sound file; with --list the clips a site may record itself",
        "loket say A007 3 --lang id --out call.wav",
        "board",
    ),
    "sheet": Row(
        "edge.paper_command",
        "paper numbers for the drawer: A4 sheets to print and cut",
        "loket sheet --from 1 --to 100 --out papers.pdf",
        "kiosk",
    ),
    "journal": Row(
        "broker.command",
        "verify, export or count the hub's journal",
        "loket journal verify --data /var/lib/loket",
    ),
    "simulate": Row(
        "tests.sim.command",
        "hall-days in virtual time with all that goes wrong, from seeds (needs a checkout)",
        "loket simulate --seeds 300 --faults all --json",
    ),
    "bench": Row(
        "tests.bench.command",
        "figures, each beside a floor measured in the same run (needs a checkout)",
        "loket bench press --json",
        "demo",
    ),
}


def overview() -> str:
    """Return the table as text, for `loket` and `loket --help`."""
    width = max(map(len, TABLE))
    rows = [f"  {name:{width}}  {row.help}" for name, row in TABLE.items()]
    return "\n".join(
        [
            "usage: loket COMMAND [ARGUMENTS]",
            "",
            "The queue of a public service hall.",
            "",
            *rows,
            "",
            "`loket COMMAND --help` shows its arguments and an example.",
            "",
        ]
    )


def run(name: str, arguments: list[str]) -> int:
    """Import the subcommand's module and run it; return the exit code."""
    row = TABLE[name]
    try:
        module = importlib.import_module(row.module)
    except ModuleNotFoundError as error:
        return _missing(name, row, error)
    parser = argparse.ArgumentParser(
        prog=f"loket {name}",
        description=row.help,
        epilog=f"example: {row.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    getattr(module, f"{name}_arguments")(parser)
    code: int = getattr(module, name)(parser.parse_args(arguments))
    return code


def _missing(name: str, row: Row, error: ModuleNotFoundError) -> int:
    if error.name and error.name.split(".")[0] == "tests":
        sys.stderr.write(f"loket {name}: needs a checkout of Loket, not an installed wheel\n")
        return 2
    hint = f": pip install 'loket[{row.extra}]'" if row.extra else ""
    sys.stderr.write(f"loket {name}: the Python package {error.name} is not installed{hint}\n")
    return 1


def main() -> None:
    """Run `loket`."""
    if len(sys.argv) > 1 and sys.argv[1] in TABLE:
        try:
            sys.exit(run(sys.argv[1], sys.argv[2:]))
        except KeyboardInterrupt:
            sys.exit(130)
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(overview())
        sys.exit(0)
    if len(sys.argv) > 1:
        sys.stderr.write(f"loket: there is no command {sys.argv[1]!r}\n\n")
    sys.stderr.write(overview())
    sys.exit(2)


if __name__ == "__main__":
    main()
