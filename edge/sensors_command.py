"""`loket node ID` of a node with sensors: builds the real parts, and runs them."""

import asyncio
import contextlib
import importlib.metadata
import logging
import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

from broker.checkup import Checkup
from broker.clock import SystemClock
from broker.disk import BALLAST_FILE, NODE_BALLAST_BYTES, Disk
from broker.hall.calendar import Calendar
from broker.hall.occupancy import people_day
from broker.link import Link, read_settings
from broker.outbox import Outbox
from broker.readings import READINGS_FILE, ReadingBox
from broker.vitals import boot_id, ready, watchdog
from broker.wire.delivery import Sender
from broker.wire.readings import Lane
from edge.devices import Devices, PinsKind, open_factory
from edge.inbox import Inbox
from edge.panel import SOCKET_FILE, Panel
from edge.post import Identity, LinkPort, Post
from edge.readings import ReadingPost
from edge.sensors_door import Doors
from edge.sensors_node import KEPT, Sensors
from edge.sensors_open import ports_of
from edge.sensors_thread import Reader
from firmware_config.buttons import door_beams
from firmware_config.schema import HallFile, SensorNode

_log = logging.getLogger(__name__)


async def run_sensors(
    hall: HallFile, node: SensorNode, *, calendar: Calendar, folder: Path, pins: PinsKind
) -> None:
    """Run the node until SIGTERM or SIGINT.

    Args:
        folder: Of the node's own data.

    Raises:
        SettingsError: It has no account yet.
        StoreError: Its files can't be used.
        PinsMissingError: There are no pins here for its doors.
        PanelError: Its panel can't be opened.
    """
    settings = read_settings(folder / "link.json")
    clock, loop = SystemClock(), asyncio.get_running_loop()
    boot, stream, lane_stream = boot_id(), secrets.token_hex(16), secrets.token_hex(16)
    beams = door_beams(node)
    disk = Disk(folder / BALLAST_FILE, size=NODE_BALLAST_BYTES)
    inbox = Inbox(loop=loop)
    identity = _identity(hall, node, boot)
    link = Link(
        settings=settings,
        client_id=node.id,
        subscriptions=identity.subscriptions(()),
        will=identity.will,
        on_event=inbox.put_threadsafe,
    )
    async with contextlib.AsyncExitStack() as stack:
        # Without doors it needs no pins, and a machine without any can still read its chips.
        factory = open_factory(pins if beams else "mock", folder)
        devices = stack.enter_context(Devices(factory=factory, buttons=beams, lamps={}))
        outbox = await stack.enter_async_context(
            Outbox.open(folder / "outbox.db", boot=boot, stream=stream, node=node.id, disk=disk)
        )
        box = await stack.enter_async_context(
            ReadingBox.open(folder / READINGS_FILE, boot=boot, stream=lane_stream, disk=disk)
        )
        ports = ports_of(node.sensors)
        reader = Reader(ports=ports, put=inbox.put_threadsafe, mono_s=clock.mono_s)
        parts = Sensors(
            identity=identity,
            devices=devices,
            outbox=outbox,
            post=make_post(identity, outbox, link, clock.mono_s()),
            readings=make_lane(identity, box, link),
            link=link,
            inbox=inbox,
            reader=reader,
            ports=ports,
            doors=Doors(beams, kept=box.kept.get(KEPT, "")),
            day_of=day_of(calendar),
            clock=clock,
            fed=watchdog if os.environ.get("WATCHDOG_USEC") else None,
            look=Checkup(folder, boot=boot, mono_s=clock.mono_s).look,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, parts.stop)
        reader.start()
        stack.callback(reader.stop)
        await _serve(parts, folder)


def _identity(hall: HallFile, node: SensorNode, boot: str) -> Identity:
    version = importlib.metadata.version("loket")
    return Identity(node=node.id, hall=hall.hall.id, role="sensor", version=version, boot=boot)


def make_post(identity: Identity, outbox: Outbox, link: LinkPort, begin_s: float) -> Post:
    """Return a node's way to the hub for births and health; it has no commands."""
    sender = Sender(stream=outbox.stream, rows=outbox.rows, gen=outbox.gen, random=SystemRandom())
    return Post(identity=identity, sender=sender, link=link, rows=outbox.rows, begin_s=begin_s)


def make_lane(identity: Identity, box: ReadingBox, link: LinkPort) -> ReadingPost:
    """Return the way of its readings, with those an earlier start left."""
    lane = Lane(rows=box.rows, random=SystemRandom())
    return ReadingPost(hall=identity.hall, node=identity.node, box=box, lane=lane, link=link)


def day_of(calendar: Calendar) -> Callable[[int], str]:
    """Return what names the day people are counted for at an instant of the hall's time."""
    return lambda at_ms: people_day(calendar, at_ms).isoformat()


async def _serve(parts: Sensors, folder: Path) -> None:
    """Run the node and its panel in the process's one task group."""
    async with asyncio.TaskGroup() as group:
        panel = Panel(node=parts, path=folder / SOCKET_FILE, group=group)
        async with panel.open():
            parts.panel = panel
            ready()
            _log.info("ready")
            await parts.run()
