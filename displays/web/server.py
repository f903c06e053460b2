"""The web process's one loop: its link, its outbox, and the servers of its pages."""

import asyncio
import contextlib
import importlib.metadata
import logging
import secrets
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom
from typing import NamedTuple
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette

from broker.clock import SystemClock
from broker.hall.calendar import Calendar
from broker.link import Connected, Disconnected, Link, LinkEvent, LinkSettings, Received
from broker.log import kv
from broker.outbox import Outbox
from broker.vitals import boot_id, ready
from broker.wire.messages import Birth, WireError, read_hub
from broker.wire.topics import Kind, Topic, every, parse_topic
from displays.web.app import HERE, Pages, make_templates, phone_app
from displays.web.bearers import Bearers
from displays.web.feed import Feed
from displays.web.live import Live
from displays.web.panels import Frames, Panels
from displays.web.people import READINGS, People
from displays.web.phone import Phone
from displays.web.pulse import Pulse
from displays.web.roster import Roster, members_of
from displays.web.scene import Scene, scene_of
from displays.web.signin import SignIn
from displays.web.tech import TechPages
from displays.web.technician import Technician
from firmware_config.schema import HallFile, setup_of

log = logging.getLogger(__name__)

SHOWN = (Kind.BOARD, Kind.COUNTER, Kind.QUEUE, Kind.CODED, Kind.HUB)
WATCHED = (Kind.BIRTH, Kind.HEALTH, Kind.ALARM, Kind.HUB)
"""What the technician's pages are made of."""

OUTBOX_FILE = "public.db"
"""In the web node's folder: what bearers of codes asked for."""


GUESTS_MAX = 800
"""Open connections of phones, below the 1,024 files a process may have open."""

KEEP_ALIVE_S = 2
"""A phone asks every 3 s and more, on a connection of its own each time: hundreds may be here."""


class Doors(NamedTuple):
    """Where the pages are asked for.

    Attributes:
        here: Of this machine's browser.
        guests: On the visitors' Wi-Fi; None for no phone page there.
        has_phone_here: This machine's browser has the phone page too.
    """

    here: socket.socket
    guests: socket.socket | None = None
    has_phone_here: bool = False


async def serve(
    *,
    file: HallFile,
    calendar: Calendar,
    settings: LinkSettings,
    folder: Path,
    doors: Doors,
) -> None:
    """Serve the pages of this hall until SIGTERM or SIGINT.

    Raises:
        StoreError: The outbox can't be opened.
    """
    boot, stream = boot_id(), secrets.token_hex(16)
    opening = Outbox.open(folder / "web" / OUTBOX_FILE, boot=boot, stream=stream, node="web")
    async with opening as outbox:
        await _serve(file, calendar, settings, folder, doors, outbox, boot)


async def _serve(  # noqa: PLR0913, PLR0917 - what `serve` was given, and what it opened
    file: HallFile,
    calendar: Calendar,
    settings: LinkSettings,
    folder: Path,
    doors: Doors,
    outbox: Outbox,
    boot: str,
) -> None:
    scene, loop, feed = scene_of(file), asyncio.get_running_loop(), Feed()
    live = Live(hall=scene.hall, boards=scene.boards, feed=feed, call_later=loop.call_later)
    pulse = Pulse(hall=scene.hall, node=settings.username, folder=folder / settings.username)
    link = Link(
        settings=settings,
        client_id=settings.username,
        subscriptions=_subscriptions(scene),
        will=pulse.will,
        on_event=lambda event: _to_loop(loop, ears, event),
    )
    bearers = _bearers(scene.hall, outbox, link, boot)
    pulse.depth = lambda: bearers.depth
    ears = Ears(live=live, bearers=bearers, pulse=pulse, roster=Roster(members_of(file)))
    phone = _phone(file, live, bearers)
    panels, people = _panels(scene, folder), _people(scene, calendar, folder, live, feed)
    pages = Pages(
        scene=scene,
        feed=feed,
        live=live,
        panels=panels,
        frames=Frames(folder=folder, boards=scene.boards),
        phone=phone if doors.has_phone_here else None,
        tech=_tech(file, scene, ears.roster, live, folder),
    )
    link.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(panels.watch(pages.panel_changed), name="panels"),
                tasks.create_task(bearers.run(), name="bearers"),
                tasks.create_task(people.watch(SystemClock()), name="people"),
                tasks.create_task(pulse.beat(link.publish), name="pulse"),
            ]
            if doors.guests is not None:
                guests = _guests(phone).serve(sockets=[doors.guests])
                running.append(tasks.create_task(guests, name="guests"))
            await PageServer(_config(pages.app())).serve(sockets=[doors.here])
            for task in running:
                task.cancel()
    finally:
        link.stop()


def _people(scene: Scene, calendar: Calendar, folder: Path, live: Live, feed: Feed) -> People:
    return People(
        doorways=scene.doorways,
        path=folder / READINGS,
        calendar=calendar,
        feed=feed,
        now_ms=live.hub_ms,
    )


def _guests(phone: Phone) -> "GuestServer":
    return GuestServer(_config(phone_app(phone), connections_max=GUESTS_MAX))


def _tech(file: HallFile, scene: Scene, roster: Roster, live: Live, folder: Path) -> TechPages:
    templates, now_s = make_templates(), SystemClock().mono_s
    return TechPages(
        scene=scene,
        roster=roster,
        mirror=live.mirror,
        sign_in=SignIn(technician=Technician(folder / "web"), templates=templates, now_s=now_s),
        templates=templates,
        zones={zone.id: zone.name for zone in file.zones},
        now_s=now_s,
    )


def _phone(file: HallFile, live: Live, bearers: Bearers) -> Phone:
    return Phone(
        setup=setup_of(file),
        zone=ZoneInfo(file.hall.timezone),
        live=live,
        ask=bearers.ask,
        templates=make_templates(),
        folder=HERE,
    )


def _bearers(hall: str, outbox: Outbox, link: Link, boot: str) -> Bearers:
    version = importlib.metadata.version("loket")
    return Bearers(
        hall=hall,
        birth=Birth(session="", online=True, role="web", version=version, boot=boot),
        outbox=outbox,
        wire=link,
        clock=SystemClock(),
        random=SystemRandom(),
    )


def _subscriptions(scene: Scene) -> list[str]:
    own = Topic(scene.hall, Kind.ACK, "web")
    kinds = dict.fromkeys((*SHOWN, *WATCHED))
    return [*(every(scene.hall, kind) for kind in kinds), str(own)]


def _panels(scene: Scene, folder: Path) -> Panels:
    return Panels(
        folder=folder,
        nodes=tuple(node.id for node in scene.nodes if node.buttons),
        clock=SystemClock(),
        random=Random(),  # noqa: S311 - back-off, not a secret
    )


class Ears:
    """Takes the link's events, on the loop's thread, to whom they are for."""

    def __init__(self, *, live: Live, bearers: Bearers, pulse: Pulse, roster: Roster) -> None:
        self.roster = roster
        self._now_s = SystemClock().mono_s
        self._pulse = pulse
        self._live = live
        self._bearers = bearers

    def take(self, event: LinkEvent) -> None:
        """Take one."""
        match event:
            case Connected(session=session):
                log.info("broker reached")
                self.roster.linked = True
                self._live.connected()
                self._bearers.connected(session)
                self._pulse.connected()
            case Disconnected(reason=reason):
                log.warning("broker lost", extra=kv(reason=reason))
                self.roster.linked = False
                self._live.disconnected(reason)
                self._bearers.disconnected()
            case Received(topic=text, payload=payload, retained=retained):
                self._received(text, payload, retained=retained)

    def _received(self, text: str, payload: bytes, *, retained: bool) -> None:
        self._live.received(text, payload, retained=retained)
        topic = parse_topic(text)
        if topic is None:
            return
        try:
            if topic.kind in WATCHED:
                self.roster.take(topic, payload, self._now_s(), retained=retained)
            if topic.kind is Kind.ACK:
                self._bearers.acked(payload)
            elif topic.kind is Kind.HUB and not retained:
                self._bearers.hub_seen(read_hub(payload))
        except WireError as error:
            log.debug("unreadable message", extra=kv(topic=text, why=str(error)))


class GuestServer(uvicorn.Server):
    """uvicorn beside another: signals are the other's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


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


def _config(app: Starlette, *, connections_max: int = 256) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # Log lines are this process's own; an access log would hold visitors' addresses.
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        server_header=False,
        date_header=False,
        limit_concurrency=connections_max,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )


def _to_loop(loop: asyncio.AbstractEventLoop, ears: Ears, event: LinkEvent) -> None:
    """Carry an event from paho's thread to the loop's; a loop that has ended needs none."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(ears.take, event)
