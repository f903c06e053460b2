"""A sign with a screen: its real parts, and one picture of it."""

import argparse
import logging
import os
import signal
import time
from pathlib import Path

from broker.checkup import Checkup
from broker.hall.views import CounterCall, CounterView
from broker.link import Link, read_settings
from broker.log import kv
from broker.vitals import watchdog
from broker.wire.messages import HubState, WireError, read_counter
from displays.command import FRAME_SOCKET, open_screen
from displays.frames import FrameServer, png
from displays.inbox import FrameAsked, Inbox
from displays.plug import Plug
from displays.screen import Screen, ScreenError
from displays.sign_command import make_sign, self_of, topics_of
from displays.sign_layout import READS_FROM_M, reads_m, sign_picture
from displays.sign_loop import SignLoop
from firmware_config.arguments import MisuseError
from firmware_config.schema import HallFile, SignNode, setup_of

__all__ = ["ScreenError", "run", "shoot"]

_log = logging.getLogger(__name__)

SAMPLE_GEN = "1-00000000"


def run(file: HallFile, node: SignNode, args: argparse.Namespace) -> None:
    """Run it until SIGTERM, SIGINT or a closed window.

    Raises:
        ScreenError, SettingsError, OSError: It can't run.
    """
    folder: Path = args.data / node.id
    settings = read_settings(folder / "link.json")
    inbox = Inbox()
    frames = FrameServer(path=folder / FRAME_SOCKET, ask=lambda: inbox.put(FrameAsked()))
    who = self_of(file, node)
    screen = _screen(node, args)
    link = Link(
        settings=settings,
        client_id=node.id,
        subscriptions=topics_of(file, node),
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
            sign=make_sign(file, node, start_s=time.monotonic()),
            screen=screen,
            inbox=inbox,
            post=link,
            frames=frames,
            plug=plug if screen.is_kms else None,
            fed=watchdog if os.environ.get("WATCHDOG_USEC") else None,
            look=Checkup(folder, boot=who.boot, mono_s=time.monotonic).look,
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


def shoot(file: HallFile, node: SignNode, args: argparse.Namespace) -> None:
    """Paint one picture.

    Raises:
        ScreenError, OSError: It can't be painted or written.
        MisuseError: `--state` is no body of state/counter.
    """
    view = _read_state(args.state) if args.state else sample_view(file, node)
    made = make_sign(file, node, start_s=0.0)
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
