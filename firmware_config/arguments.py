"""The flags every process of a hall takes: which hall file, which data folder, how much to log.

And the one error of all commands that were asked for what can't be.
"""

import argparse
from pathlib import Path

from firmware_config.load import load_hall
from firmware_config.schema import HallFile

LEVELS = ("debug", "info", "warning", "error")


class MisuseError(Exception):
    """The command can't mean this; the message says what it can. The exit code is 2."""


def add_hall_arguments(parser: argparse.ArgumentParser, *, is_data_required: bool = True) -> None:
    """Add `--hall FILE --data DIR [--log-level LEVEL]`."""
    parser.add_argument("--hall", type=Path, required=True, metavar="FILE", help="the hall file")
    parser.add_argument(
        "--data",
        type=Path,
        required=is_data_required,
        metavar="DIR",
        help="the data folder; each process owns DIR/<its id>",
    )
    parser.add_argument("--log-level", choices=LEVELS, default="info")


def hall_of(args: argparse.Namespace) -> HallFile:
    """Return the hall file that `--hall` names.

    Raises:
        HallFileError: It can't be read, or has faults.
    """
    return load_hall(args.hall)
