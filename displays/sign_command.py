"""`loket sign ID`: the sign above a counter, on a small screen or on four digits."""

import argparse
import contextlib
import importlib.metadata
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from broker import log
from broker.checkup import Checkup
from broker.link import Link, SettingsError, read_settings
from broker.log import kv
from broker.vitals import boot_id, watchdog
from broker.wire.topics import Kind, Topic
from displays.inbox import Inbox
from displays.loop import Self
from displays.phrases import known
from displays.sign import Sign
from displays.sizes import size
from firmware_config.arguments import MisuseError, add_hall_arguments
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import HallFile, SignNode, node_of, role_of

if TYPE_CHECKING:
    from displays.digit_screen import Digits

_log = logging.getLogger(__name__)


def sign_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket sign`."""
    parser.add_argument("id", metavar="ID", help="the id of a [[node]] with role sign")
    add_hall_arguments(parser, is_data_required=False)  # not for --shot
    parser.add_argument(
        "--size", metavar="800x480", type=size, help="default: the whole screen, or the hall file's"
    )
    parser.add_argument("--headless", action="store_true", help="paint in memory")
    parser.add_argument(
        "--shot", metavar="FILE.png", type=Path, help="paint one picture of a call, and end"
    )
    parser.add_argument(
        "--state", metavar="FILE.json", type=Path, help="with --shot: a body of state/counter"
    )


def sign(args: argparse.Namespace) -> int:
    """Run a sign until SIGTERM, SIGINT or a closed window; return the exit code."""
    log.setup(args.log_level, node=args.id)
    try:
        file = load_hall(args.hall)
        node = _sign_node(file, args)
        _run(file, node, args)
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket sign: {error}\n")
        return 2
    except (SettingsError, OSError) as error:
        _log.critical("the sign can't run", extra=kv(why=str(error)))
        return 1
    return 0


def _sign_node(file: HallFile, args: argparse.Namespace) -> SignNode:
    try:
        node = node_of(file, args.id)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    if not isinstance(node, SignNode):
        raise MisuseError(f"node {args.id} is a {role_of(node)}, not a sign")
    if node.has_digits and args.shot:
        raise MisuseError(f"node {args.id} has digits: there is no picture of them")
    if not args.shot and args.data is None:
        raise MisuseError("--data DIR is missing (or --shot FILE.png, for one picture)")
    return node


def make_sign(file: HallFile, node: SignNode, *, start_s: float) -> Sign:
    """Return its model."""
    languages = known(file.hall.languages)
    return Sign(counters=node.counters, languages=languages, start_s=start_s)


def self_of(file: HallFile, node: SignNode) -> Self:
    """Return who it is on the wire."""
    version = importlib.metadata.version("loket")
    return Self(file.hall.id, node.id, version, boot_id(), role="sign")


def topics_of(file: HallFile, node: SignNode) -> list[str]:
    """Return what it listens to: its counters and the hub's heartbeat."""
    topics = [Topic(file.hall.id, Kind.COUNTER, str(number)) for number in node.counters]
    return [str(topic) for topic in (*topics, Topic(file.hall.id, Kind.HUB))]


def _run(file: HallFile, node: SignNode, args: argparse.Namespace) -> None:
    # Each loads only its own libraries: digits need no pygame, a screen no smbus2.
    if node.has_digits:
        with _chip(node, args.data / node.id) as digits:
            _run_digits(file, node, digits, args)
        return
    from displays import sign_screen  # noqa: PLC0415 - as above

    try:
        (sign_screen.shoot if args.shot else sign_screen.run)(file, node, args)
    except sign_screen.ScreenError as error:
        raise OSError(str(error)) from error


@contextlib.contextmanager
def _chip(node: SignNode, folder: Path) -> Iterator["Digits"]:
    # Each kind of chip loads only its own library.
    if node.tm1637 is not None:
        from displays.digit_lines import open_lines  # noqa: PLC0415 - as above
        from displays.tm1637 import Tm1637  # noqa: PLC0415 - as above

        with open_lines(clk=node.tm1637.clk, dio=node.tm1637.dio, folder=folder) as lines:
            yield Tm1637(lines)
    elif node.i2c is not None:
        from displays.digit_screen import Ht16k33, I2cBus  # noqa: PLC0415 - as above

        with I2cBus(node.i2c) as bus:
            yield Ht16k33(bus)


def _run_digits(file: HallFile, node: SignNode, digits: "Digits", args: argparse.Namespace) -> None:
    from displays.digit_screen import DigitScreen  # noqa: PLC0415 - a screen needs no smbus2
    from displays.sign_loop import DigitLoop  # noqa: PLC0415 - as above

    settings = read_settings(args.data / node.id / "link.json")
    inbox, who = Inbox(), self_of(file, node)
    link = Link(
        settings=settings,
        client_id=node.id,
        subscriptions=topics_of(file, node),
        will=who.will,
        on_event=inbox.put,
        loop=inbox,
    )
    loop = DigitLoop(
        sign=make_sign(file, node, start_s=time.monotonic()),
        screen=DigitScreen(digits),
        who=who,
        inbox=inbox,
        post=link,
        fed=watchdog if os.environ.get("WATCHDOG_USEC") else None,
        look=Checkup(args.data / node.id, boot=who.boot, mono_s=time.monotonic).look,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    link.start()
    try:
        loop.run()
    finally:
        link.stop()
        inbox.close()
