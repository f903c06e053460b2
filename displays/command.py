"""`loket board ID`: builds a board's real parts and runs them; `--shot` paints one picture."""

import argparse
import importlib.metadata
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from broker import log
from broker.checkup import Checkup
from broker.link import Link, SettingsError, read_settings
from broker.log import kv
from broker.vitals import boot_id, watchdog
from broker.wire.messages import HubState, WireError, read_board, read_queue
from broker.wire.topics import Kind, Topic
from displays.board import Board
from displays.board_setup import board_setup
from displays.frames import FrameServer, png
from displays.inbox import FrameAsked, Inbox
from displays.layout import Layout
from displays.loop import BoardLoop, Self
from displays.plug import Plug
from displays.sample import SAMPLE_AT, sample_view
from displays.screen import Screen, ScreenError
from displays.sizes import legibility, make_grid, size
from firmware_config.arguments import MisuseError, add_hall_arguments
from firmware_config.load import HallFileError, load_calendar, load_hall
from firmware_config.schema import BoardNode, HallFile, far_seat_m_of, node_of, role_of, setup_of

if TYPE_CHECKING:
    from displays.voice import Voice

_log = logging.getLogger(__name__)

FRAME_SOCKET = "frame.sock"

_T = TypeVar("_T")

SHOT_S = 10_800.0
"""The instant of a picture: the first sentence, in the main language, and nothing shifted."""


def board_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket board`."""
    parser.add_argument("id", metavar="ID", help="the id of a [[node]] with role board")
    add_hall_arguments(parser, is_data_required=False)  # not for --shot
    parser.add_argument(
        "--size",
        metavar="1920x1080",
        type=size,
        help="default: the whole screen, or the hall file's",
    )
    parser.add_argument(
        "--headless", action="store_true", help="paint in memory; the page of the demo shows it"
    )
    parser.add_argument(
        "--shot", metavar="FILE.png", type=Path, help="paint one picture of a busy hall, and end"
    )
    parser.add_argument(
        "--state", metavar="FILE.json", type=Path, help="with --shot: a body of state/board instead"
    )
    parser.add_argument(
        "--queue", metavar="FILE.json", type=Path, help="with --shot: a body of state/queue beside"
    )
    parser.add_argument(
        "--silent-s",
        metavar="SECONDS",
        type=float,
        default=0.0,
        help="with --shot: as if the hub had been silent for so long",
    )


PLUG_AGAIN_S = 5.0
"""How long a board without a television waits before it looks again."""

BOARD_READS = (Kind.BOARD, Kind.QUEUE, Kind.HUB)


def board(args: argparse.Namespace) -> int:
    """Run a board until SIGTERM, SIGINT or a closed window; return the exit code."""
    log.setup(args.log_level, node=args.id)
    try:
        file = load_hall(args.hall)
        node = _board_node(file, args)
        if args.shot:
            _shoot(file, node, args)
        else:
            _run(file, node, args)
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket board: {error}\n")
        return 2
    except (ScreenError, SettingsError, OSError) as error:
        _log.critical("the board can't run", extra=kv(why=str(error)))
        return 1
    return 0


def _board_node(file: HallFile, args: argparse.Namespace) -> BoardNode:
    try:
        node = node_of(file, args.id)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    if not isinstance(node, BoardNode):
        raise MisuseError(f"node {args.id} is a {role_of(node)}, not a board")
    if not args.shot and args.data is None:
        raise MisuseError("--data DIR is missing (or --shot FILE.png, for one picture)")
    return node


def _make_board(path: Path, file: HallFile, node: BoardNode, *, start_s: float, rows: int) -> Board:
    hall = setup_of(file, calendar=load_calendar(path, file))
    setup = board_setup(hall, timezone=ZoneInfo(file.hall.timezone), zone=node.zone)
    return Board(setup=setup, start_s=start_s, rows=rows)


def _make_layout(file: HallFile, node: BoardNode, screen: Screen) -> Layout:
    far_seat_m = far_seat_m_of(file, node)
    for found in legibility(make_grid(screen.size, diag_in=node.diag_in, far_seat_m=far_seat_m)):
        level = logging.INFO if found.is_enough else logging.WARNING
        fields = kv(
            element=found.element,
            cap_px=found.cap_px,
            cap_mm=round(found.cap_mm),
            reads_m=round(found.reads_m, 1),
            far_seat_m=far_seat_m,
        )
        words = "reads to the far seat" if found.is_enough else "does not read to the far seat"
        _log.log(level, words, extra=fields)
    return Layout(
        size=screen.size,
        diag_in=node.diag_in,
        far_seat_m=far_seat_m,
        measure=screen.fonts.measure,
    )


def _run(file: HallFile, node: BoardNode, args: argparse.Namespace) -> None:
    folder: Path = args.data / node.id
    settings = read_settings(folder / "link.json")
    inbox = Inbox()
    frames = FrameServer(path=folder / FRAME_SOCKET, ask=lambda: inbox.put(FrameAsked()))
    who = Self(file.hall.id, node.id, importlib.metadata.version("loket"), boot_id())
    screen = Screen(size=args.size, fallback=_native(node), is_headless=args.headless)
    link = Link(
        settings=settings,
        client_id=node.id,
        subscriptions=[str(Topic(who.hall, kind)) for kind in BOARD_READS],
        will=who.will,
        on_event=inbox.put,
        loop=inbox,
    )
    plug = Plug()
    voice = _make_voice(file, node, args)
    open_screen(screen, plug)
    try:
        layout = _make_layout(file, node, screen)
        loop = BoardLoop(
            who=who,
            board=_make_board(args.hall, file, node, start_s=time.monotonic(), rows=layout.rows),
            layout=layout,
            screen=screen,
            inbox=inbox,
            post=link,
            frames=frames,
            voice=voice,
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
        if voice is not None:
            voice.close()
        screen.close()


def _make_voice(file: HallFile, node: BoardNode, args: argparse.Namespace) -> "Voice | None":
    if not node.voice:
        return None
    from displays.hall_voice import make_voice  # noqa: PLC0415 - 5 MB a silent board doesn't need

    return make_voice(file, node, beside=args.hall.parent, folder=args.data / node.id)


def open_screen(screen: Screen, plug: Plug) -> None:
    """Open the screen; wait for a television that is not plugged in yet.

    Raises:
        ScreenError: It can't be opened, and that is not for want of a television.
    """
    while True:
        try:
            screen.open()
        except ScreenError:
            if plug.look() is not False:
                raise
            _log.exception("no screen is plugged in: looking again")
            screen.close()
            time.sleep(PLUG_AGAIN_S)
        else:
            return


def _shoot(file: HallFile, node: BoardNode, args: argparse.Namespace) -> None:
    at = datetime(*SAMPLE_AT, tzinfo=ZoneInfo(file.hall.timezone))
    view = (
        _read_body(args.state, Kind.BOARD, read_board)
        if args.state
        else sample_view(setup_of(file), at=at)
    )
    hub = HubState(gen=view.gen, pos=view.pos, beat=1, start="", at_ms=view.at_ms)
    heard_s = SHOT_S - args.silent_s
    screen = Screen(size=args.size, fallback=_native(node), is_headless=True)
    screen.open()
    try:
        layout = _make_layout(file, node, screen)
        board_ = _make_board(args.hall, file, node, start_s=heard_s, rows=layout.rows)
        board_.take_hub(hub, is_retained=False, now_s=heard_s)
        board_.take_board(view, is_retained=True, now_s=heard_s)
        if args.queue:
            board_.take_queue(_read_body(args.queue, Kind.QUEUE, read_queue))
        screen.show(layout.picture(board_.look(now_s=SHOT_S, wall_ms=view.at_ms)))
        args.shot.write_bytes(png(screen.shot()))
    finally:
        screen.close()


def _read_body(path: Path, kind: Kind, read: Callable[[bytes], _T]) -> _T:
    try:
        return read(path.read_bytes())
    except (OSError, WireError) as error:
        raise MisuseError(f"{path}: no body of {kind.value}: {error}") from error


def _native(node: BoardNode) -> tuple[int, int]:
    return node.width_px, node.height_px
