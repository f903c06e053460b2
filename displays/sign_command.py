"""`loket sign ID`: builds a sign's real parts and runs them; `--shot` paints one picture."""

import argparse
import importlib.metadata
import logging
import os
import signal
import sys
import time
from pathlib import Path

from broker import log
from broker.hall.views import CounterCall, CounterView
from broker.link import Link, SettingsError, read_settings
from broker.log import kv
from broker.vitals import boot_id, watchdog
from broker.wire.messages import HubState, WireError, read_counter
from broker.wire.topics import Kind, Topic
from displays.command import FRAME_SOCKET, open_screen, size
from displays.frames import FrameServer, png
from displays.inbox import FrameAsked, Inbox
from displays.loop import Self
from displays.phrases import known
from displays.plug import Plug
from displays.screen import Screen, ScreenError
from displays.sign import Sign
from displays.sign_layout import READS_FROM_M, reads_m, sign_picture
from displays.sign_loop import SignLoop
from firmware_config.arguments import MisuseError, add_hall_arguments
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import HallFile, SignNode, node_of, role_of, setup_of

_log = logging.getLogger(__name__)

SAMPLE_GEN = "1-00000000"


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
        if args.shot:
            _shoot(file, node, args)
        else:
            _run(file, node, args)
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket sign: {error}\n")
        return 2
    except (ScreenError, SettingsError, OSError) as error:
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
    if node.i2c is not None:
        raise MisuseError(f"node {args.id} has digits on I2C, which this release can't drive yet")
    if not args.shot and args.data is None:
        raise MisuseError("--data DIR is missing (or --shot FILE.png, for one picture)")
    return node


def _make_sign(file: HallFile, node: SignNode, *, start_s: float) -> Sign:
    languages = known(file.hall.languages)
    return Sign(counters=node.counters, languages=languages, start_s=start_s)


def _run(file: HallFile, node: SignNode, args: argparse.Namespace) -> None:
    folder: Path = args.data / node.id
    settings = read_settings(folder / "link.json")
    inbox = Inbox()
    frames = FrameServer(path=folder / FRAME_SOCKET, ask=lambda: inbox.put(FrameAsked()))
    version = importlib.metadata.version("loket")
    who = Self(file.hall.id, node.id, version, boot_id(), role="sign")
    screen = _screen(node, args)
    topics = [Topic(who.hall, Kind.COUNTER, str(number)) for number in node.counters]
    link = Link(
        settings=settings,
        client_id=node.id,
        subscriptions=[str(topic) for topic in (*topics, Topic(who.hall, Kind.HUB))],
        will=who.will,
        on_event=inbox.put,
        loop=inbox,
    )
    plug = Plug()
    open_screen(screen, plug)
    _say_legibility(node, screen)
    try:
        loop = SignLoop(
            who=who,
            sign=_make_sign(file, node, start_s=time.monotonic()),
            screen=screen,
            inbox=inbox,
            post=link,
            frames=frames,
            plug=plug if screen.is_kms else None,
            fed=watchdog if os.environ.get("WATCHDOG_USEC") else None,
        )
        # Python's own, before SDL puts its in place.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        frames.start()
        link.start()
        loop.run()
    finally:
        link.stop()
        frames.close()
        inbox.close()
        screen.close()


def _say_legibility(node: SignNode, screen: Screen) -> None:
    found_m = reads_m(screen.size, node.diag_in, len(node.counters), screen.fonts.measure)
    is_enough = found_m >= READS_FROM_M
    words = "reads from where people come" if is_enough else "does not read from where people come"
    fields = kv(element="number", reads_m=round(found_m, 1), wanted_m=READS_FROM_M)
    _log.log(logging.INFO if is_enough else logging.WARNING, words, extra=fields)


def _shoot(file: HallFile, node: SignNode, args: argparse.Namespace) -> None:
    view = _read_state(args.state) if args.state else sample_view(file, node)
    made = _make_sign(file, node, start_s=0.0)
    hub = HubState(gen=view.gen, pos=view.pos, beat=1, start="", at_ms=0)
    made.take_hub(hub, is_retained=False, now_s=0.0)
    made.take_counter(view, is_retained=True, now_s=0.0)
    screen = _screen(node, args, is_headless=True)
    screen.open()
    try:
        model = made.look(now_s=0.0)
        screen.show(sign_picture(model, size=screen.size, measure=screen.fonts.measure))
        args.shot.write_bytes(png(screen.shot()))
    finally:
        screen.close()


def sample_view(file: HallFile, node: SignNode) -> CounterView:
    """Return the snapshot of a counter that has just called."""
    setup = setup_of(file)
    service = setup.counters[node.counters[0]].serves[0]
    call = CounterCall(
        call_id="sample:1",
        ticket="sample",
        number=f"{setup.series[service]}007",
        service=service,
        state="called",
        called_ms=0,
    )
    return CounterView(
        gen=SAMPLE_GEN, pos=1, counter=node.counters[0], status="open", waiting=3, call=call
    )


def _read_state(path: Path) -> CounterView:
    try:
        return read_counter(path.read_bytes())
    except (OSError, WireError) as error:
        raise MisuseError(f"{path}: no body of state/counter: {error}") from error


def _screen(node: SignNode, args: argparse.Namespace, *, is_headless: bool = False) -> Screen:
    native = node.width_px, node.height_px
    return Screen(size=args.size, fallback=native, is_headless=is_headless or args.headless)
