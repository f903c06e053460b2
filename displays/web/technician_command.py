"""`loket technician`: sets the password of the technician's pages, on the Pi that serves them."""

import argparse
import getpass
import sys
from pathlib import Path

from displays.web.technician import AccountError, Technician, generated


def technician_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket technician`."""
    parser.add_argument("--data", type=Path, required=True, help="the folder of the hall's data")
    parser.add_argument(
        "--generate", action="store_true", help="choose a password and print it, once"
    )


def technician(args: argparse.Namespace) -> int:
    """Set the password; return 0, 1 when it can't be kept, 2 when none was given."""
    account = Technician(args.data / "web")
    try:
        password = generated() if args.generate else _asked()
    except EOFError:
        sys.stderr.write("loket technician: no password was typed; or pass --generate\n")
        return 2
    try:
        account.set_password(password)
    except AccountError as error:
        sys.stderr.write(f"loket technician: {error}\n")
        return 1
    sys.stdout.write(f"{password}\n" if args.generate else "the password is set\n")
    return 0


def _asked() -> str:
    """Return what was typed twice on a terminal, or the first line of a pipe.

    Raises:
        EOFError: Nothing was.
    """
    if not sys.stdin.isatty():
        typed = sys.stdin.readline().rstrip("\n")
        if not typed:
            raise EOFError
        return typed
    while True:
        typed = getpass.getpass("New password of the technician's pages: ")
        if getpass.getpass("Once more: ") == typed:
            return typed
        sys.stderr.write("these are two different passwords; once more\n")
