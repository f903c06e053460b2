"""`loket screen ID`: a kiosk's face: its touch screen, its spoken menu, or both.

One process, for it owns what a kiosk shows and says. A kiosk with a loudspeaker and no glass has
the spoken menu alone; nothing is drawn then, and no display is opened.
"""

import argparse
import logging
import os
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from broker import log
from broker.log import kv
from broker.vitals import watchdog
from displays.frames import FrameServer
from displays.guide_loop import GuideLoop
from displays.inbox import FrameAsked, Inbox
from displays.node_panel import NodePanel
from displays.screen import Screen, ScreenError
from displays.sizes import size
from displays.touch import Touch
from displays.touch_layout import Pages
from displays.touch_loop import TouchLoop
from displays.touch_port import TouchPort
from firmware_config.arguments import MisuseError, add_hall_arguments
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import HallFile, KioskNode, node_of, role_of, setup_of

if TYPE_CHECKING:
    from pathlib import Path

    from displays.guide import Guide

_log = logging.getLogger(__name__)

FOLDER = "{id}.screen"
"""Of a screen's own files, beside its node's: no id has a point."""

NATIVE = (1920, 1080)


def screen_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket screen`."""
    parser.add_argument("id", metavar="ID", help="the id of a [[node]] with role kiosk")
    add_hall_arguments(parser)
    parser.add_argument("--size", metavar="1920x1080", type=size, help="default: the whole screen")
    parser.add_argument(
        "--headless", action="store_true", help="paint in memory; the page of the demo shows it"
    )


def screen(args: argparse.Namespace) -> int:
    """Run a kiosk's face until SIGTERM, SIGINT or a closed window; return the exit code."""
    log.setup(args.log_level, node=args.id)
    try:
        file = load_hall(args.hall)
        _run(file, _kiosk(file, args.id), args)
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket screen: {error}\n")
        return 2
    except (ScreenError, OSError) as error:
        _log.critical("the kiosk's face can't run", extra=kv(why=str(error)))
        return 1
    return 0


def _kiosk(file: HallFile, node_id: str) -> KioskNode:
    try:
        node = node_of(file, node_id)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    if not isinstance(node, KioskNode):
        raise MisuseError(f"node {node_id} is a {role_of(node)}, not a kiosk")
    if not node.screen and not node.voice:
        mend = "write screen = true or voice = true in the hall file"
        raise MisuseError(f"node {node_id} has no screen and no voice: {mend}")
    return node


def _run(file: HallFile, node: KioskNode, args: argparse.Namespace) -> None:
    folder: Path = args.data / FOLDER.format(id=node.id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inbox = Inbox()
    panel_of = partial(NodePanel, path=args.data / node.id / "panel.sock", inbox=inbox)
    fed = watchdog if os.environ.get("WATCHDOG_USEC") else None
    guide_of = partial(_guide, file, node, folder) if node.voice else None
    if not node.screen and guide_of is not None:
        speaking = GuideLoop(inbox=inbox, panel_of=panel_of, guide_of=guide_of, fed=fed)
        _until_stopped(speaking)
        inbox.close()
        return
    frames = FrameServer(path=folder / "frame.sock", ask=lambda: inbox.put(FrameAsked()))
    fingers = TouchPort(path=folder / "touch.sock", put=inbox.put)
    setup = setup_of(file)
    glass = Screen(size=args.size, fallback=NATIVE, is_headless=args.headless)
    glass.open()
    try:
        loop = TouchLoop(
            touch=Touch(setup=setup, start_s=time.monotonic()),
            pages=Pages(
                setup=setup, size=glass.size, diag_in=node.diag_in, measure=glass.fonts.measure
            ),
            screen=glass,
            inbox=inbox,
            panel_of=panel_of,
            frames=frames,
            guide_of=guide_of,
            fed=fed,
        )
        frames.start()
        fingers.start()
        _until_stopped(loop)
    finally:
        fingers.close()
        frames.close()
        inbox.close()
        glass.close()


def _until_stopped(loop: TouchLoop | GuideLoop) -> None:
    # Python's own, before SDL puts its in place.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    try:
        loop.run()
    finally:
        loop.close()


def _guide(file: HallFile, node: KioskNode, folder: "Path", panel: NodePanel) -> "Guide":
    from displays.kiosk_voice import make_guide  # noqa: PLC0415 - a silent kiosk doesn't need it

    return make_guide(file, node, folder=folder, panel=panel)
