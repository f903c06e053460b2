"""`loket web`: the process that serves the hall's pages; one more MQTT client, on 127.0.0.1."""

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import uvicorn

from broker import log as json_log
from broker.clock import SystemClock
from broker.hall.calendar import Calendar
from broker.link import (
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    LinkSettings,
    Received,
    SettingsError,
    read_settings,
)
from broker.log import kv
from broker.vitals import ready
from broker.wire.topics import Kind, every
from displays.web.app import Pages
from displays.web.feed import Feed
from displays.web.live import Live
from displays.web.panels import Frames, Panels
from displays.web.people import READINGS, People
from displays.web.pulse import Pulse
from displays.web.scene import Scene, scene_of
from firmware_config.arguments import add_hall_arguments, hall_of
from firmware_config.load import HallFileError, load_calendar
from firmware_config.schema import WEB_PORT, HallFile, WebNode

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
SHOWN = (Kind.BOARD, Kind.COUNTER, Kind.QUEUE, Kind.HUB)


def web_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket web`."""
    add_hall_arguments(parser)
    parser.add_argument("--port", type=int, help="on 127.0.0.1 (default: the web node's, or 8080)")


def web(args: argparse.Namespace) -> int:
    """Serve until stopped; return 2 for a hall file with faults, 1 for anything else."""
    json_log.setup(args.log_level, node="web")
    try:
        file = hall_of(args)
        scene = scene_of(file)
        calendar = load_calendar(args.hall, file)
    except HallFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    port = port_of(file) if args.port is None else args.port
    try:
        settings = read_settings(args.data / "web" / "link.json")
        listener = listen(port)
    except SettingsError as error:
        sys.stderr.write(f"loket web: {error}\n")
        return 1
    except (OSError, OverflowError) as error:
        mend = "pass another one with --port, or end the program that has it"
        sys.stderr.write(f"loket web: port {port} of {HOST}: {error}; {mend}\n")
        return 1
    asyncio.run(
        serve(
            scene=scene,
            calendar=calendar,
            settings=settings,
            folder=args.data,
            listener=listener,
        )
    )
    return 0


def port_of(file: HallFile) -> int:
    """Return the port the hall file gives its pages."""
    return next((node.port for node in file.nodes if isinstance(node, WebNode)), WEB_PORT)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on this port of the loopback; 0 = any free one.

    Raises:
        OSError: It is in use, or not ours to take.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


async def serve(
    *,
    scene: Scene,
    calendar: Calendar,
    settings: LinkSettings,
    folder: Path,
    listener: socket.socket,
) -> None:
    """Serve the pages of this hall until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    feed = Feed()
    live = Live(hall=scene.hall, boards=scene.boards, feed=feed, call_later=loop.call_later)
    pulse = Pulse(hall=scene.hall, node=settings.username, folder=folder / settings.username)
    link = Link(
        settings=settings,
        client_id=settings.username,
        subscriptions=[every(scene.hall, kind) for kind in SHOWN],
        will=pulse.will,
        on_event=lambda event: _to_loop(loop, live, pulse, event),
    )
    panels = Panels(
        folder=folder,
        nodes=tuple(node.id for node in scene.nodes if node.buttons),
        clock=SystemClock(),
        random=Random(),  # noqa: S311 - back-off, not a secret
    )
    frames = Frames(folder=folder, boards=scene.boards)
    pages = Pages(scene=scene, feed=feed, live=live, panels=panels, frames=frames)
    people = People(
        doorways=scene.doorways,
        path=folder / READINGS,
        calendar=calendar,
        feed=feed,
        now_ms=live.hub_ms,
    )
    link.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(panels.watch(pages.panel_changed), name="panels"),
                tasks.create_task(people.watch(SystemClock()), name="people"),
                tasks.create_task(pulse.beat(link.publish), name="pulse"),
            ]
            await PageServer(_config(pages)).serve(sockets=[listener])
            for task in watching:
                task.cancel()
    finally:
        link.stop()


class PageServer(uvicorn.Server):
    """uvicorn that tells systemd, or the demo, when it answers, and leaves the end to `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT.

        uvicorn's own raises them again when it has stopped, which ends the process there and then:
        the link would say no goodbye, and the exit code would be that of a killed process.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        await super().startup(sockets)
        ready()


def _config(pages: Pages) -> uvicorn.Config:
    return uvicorn.Config(
        pages.app(),
        # Log lines are this process's own; an access log would hold visitors' addresses.
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        server_header=False,
        date_header=False,
        limit_concurrency=256,
        timeout_graceful_shutdown=1,
    )


def _to_loop(loop: asyncio.AbstractEventLoop, live: Live, pulse: Pulse, event: LinkEvent) -> None:
    """Carry an event from paho's thread to the loop's; a loop that has ended needs none."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_take, live, pulse, event)


def _take(live: Live, pulse: Pulse, event: LinkEvent) -> None:
    match event:
        case Connected(session=session):
            log.info("broker reached")
            live.connected()
            pulse.connected(session)
        case Disconnected(reason=reason):
            log.warning("broker lost", extra=kv(reason=reason))
            live.disconnected(reason)
        case Received(topic=topic, payload=payload, retained=retained):
            live.received(topic, payload, retained=retained)
