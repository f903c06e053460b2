"""`loket slip` and `loket sheet`: what visitors hold in their hands, as files to look at."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import firmware_config
from broker.clock import SystemClock
from edge import phrases
from edge.draw import draw_slip, measure, png_of, save_pages
from edge.paper import replace_file
from edge.sheet import DPI, paper_numbers, sheet_pages
from edge.slip import Slip, SlipTicket, slip_ticket
from edge.slip_layout import DOTS
from firmware_config.arguments import MisuseError
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import HallFile, KioskNode, setup_of

EXAMPLE = Path(firmware_config.__file__).parent / "examples" / "demo.toml"

DIGITS_MIN = 3
"""A number is a prefix of one or two characters, and at least so many digits."""

PREFIX_CHARS_MAX = 2


def slip_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket slip`."""
    parser.add_argument("number", metavar="NUMBER", help="as it is printed, e.g. A007")
    _common_arguments(parser, out="FILE.png")
    parser.add_argument(
        "--width", type=int, choices=sorted(DOTS), default=80, help="of the paper, mm"
    )
    parser.add_argument("--qr", metavar="TEXT", default="", help="what a QR code says")
    parser.add_argument("--copy", action="store_true", help="as it is printed once more")


def sheet_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket sheet`."""
    parser.add_argument(
        "--from", type=int, default=1, dest="first", metavar="N", help="the first number"
    )
    parser.add_argument(
        "--to", type=int, required=True, dest="last", metavar="N", help="the last number"
    )
    _common_arguments(parser, out="FILE.pdf")


def slip(args: argparse.Namespace) -> int:
    """Draw the slip a ticket of this number would have now; return the exit code."""
    return _run("slip", lambda: _slip(args))


def sheet(args: argparse.Namespace) -> int:
    """Draw paper numbers to print and cut; return the exit code."""
    return _run("sheet", lambda: _sheet(args))


def _common_arguments(parser: argparse.ArgumentParser, *, out: str) -> None:
    parser.add_argument("--out", metavar=out, type=Path, required=True, help="where it goes")
    parser.add_argument(
        "--hall",
        metavar="FILE",
        type=Path,
        default=EXAMPLE,
        help="the hall file; the demo's without it",
    )
    parser.add_argument(
        "--lang", choices=phrases.languages(), help="the hall's first language without it"
    )


def _run(name: str, work: Callable[[], None]) -> int:
    try:
        work()
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket {name}: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"loket {name}: {error}\n")
        return 1
    return 0


def _slip(args: argparse.Namespace) -> None:
    hall = load_hall(args.hall)
    language = _language(hall, args)
    ticket, is_offline = sample_ticket(hall, args.number, language=language)
    sample = Slip(
        hall=hall.hall.name,
        tickets=(ticket,),
        at_ms=SystemClock().wall_ms(),
        language=language,
        is_copy=args.copy,
        is_offline=is_offline,
        qr=args.qr,
    )
    try:
        bitmap = draw_slip(sample, ZoneInfo(hall.hall.timezone), width=args.width)
    except ValueError as error:
        raise MisuseError(f"--qr: {error}") from error
    replace_file(args.out, png_of(bitmap))


def _sheet(args: argparse.Namespace) -> None:
    hall = load_hall(args.hall)
    if hall.hall.paper is None:
        raise MisuseError(f'{args.hall}: [hall] has no prefix for paper numbers: add paper = "P"')
    try:
        numbers = paper_numbers(hall.hall.paper, args.first, args.last)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    pages = sheet_pages(
        numbers, hall=hall.hall.name, language=_language(hall, args), measure=measure
    )
    part = args.out.with_name(f"{args.out.name}.part")
    try:
        save_pages(pages, part, dpi=DPI)
        part.replace(args.out)
    finally:
        part.unlink(missing_ok=True)


def sample_ticket(hall: HallFile, number: str, *, language: str) -> tuple[SlipTicket, bool]:
    """Return a ticket of this number, and whether a kiosk gave it out without the hub.

    It is of the first service of its series; of the hall's first service for an offline number.

    Raises:
        MisuseError: The hall gives out no such number.
    """
    setup = setup_of(hall)
    offline = {node.offline for node in hall.nodes if isinstance(node, KioskNode)}
    series: dict[str, str] = {}
    for service, prefix in setup.series.items():
        series.setdefault(prefix, service)
    for prefix in (number[:length] for length in range(1, PREFIX_CHARS_MAX + 1)):
        digits = number[len(prefix) :]
        if not (digits.isascii() and digits.isdigit() and len(digits) >= DIGITS_MIN):
            continue
        if prefix in offline:
            service = hall.services[0].id
        elif prefix in series and len(digits) == DIGITS_MIN:
            service = series[prefix]
        else:
            continue
        return slip_ticket(setup, service, number=number, language=language), prefix in offline
    prefixes = ", ".join(sorted({*series, *offline}))
    raise MisuseError(
        f"{number}: this hall gives out no such number; its prefixes are {prefixes},"
        " each with three digits, e.g. A007"
    )


def _language(hall: HallFile, args: argparse.Namespace) -> str:
    return args.lang or phrases.known(hall.hall.languages[0])
