"""`loket node ID`: builds the real parts of a kiosk or counter, and runs them.

A node with sensors has a file of its own, imported for it alone (`sensors_command.py`).
"""

import argparse
import asyncio
import contextlib
import importlib
import importlib.metadata
import logging
import os
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random, SystemRandom
from typing import Literal
from zoneinfo import ZoneInfo

from broker import log
from broker.checkup import Checkup
from broker.clock import SystemClock
from broker.disk import BALLAST_FILE, NODE_BALLAST_BYTES, Disk
from broker.link import Link, SettingsError, read_settings
from broker.outbox import Outbox
from broker.private import make_private_folder, write_private
from broker.store import StoreError
from broker.vitals import boot_id, ready, watchdog
from broker.wire.delivery import Sender
from edge.codes import KEY_BYTES, Codes
from edge.counter import LAMP, CounterRole
from edge.devices import Devices, PinsKind, PinsMissingError, open_factory
from edge.figures import Figures
from edge.inbox import Inbox
from edge.kiosk import KioskRole
from edge.node import Node
from edge.panel import SOCKET_FILE, Panel, PanelError
from edge.paper import PaperPort, SlipFile, drawn_slip_file
from edge.post import Identity
from edge.role import Role
from edge.spool import PrinterState, Spool, printer_spool
from firmware_config.arguments import MisuseError, add_hall_arguments
from firmware_config.buttons import counter_buttons, help_buttons, kiosk_services
from firmware_config.load import HallFileError, load_calendar, load_hall
from firmware_config.pins import Contact
from firmware_config.schema import (
    CounterNode,
    HallFile,
    KioskNode,
    SensorNode,
    node_of,
    role_of,
    setup_of,
)

_log = logging.getLogger(__name__)

SLIP_FILE = "slip.txt"
CODE_KEY_FILE = "code.key"

PaperKind = Literal["auto", "file"]


def node_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket node`."""
    parser.add_argument(
        "id", metavar="ID", help="the id of a [[node]] with role kiosk, counter or sensor"
    )
    add_hall_arguments(parser)
    parser.add_argument(
        "--pins",
        choices=("auto", "mock"),
        default="auto",
        help="auto: this machine's GPIO; mock: pins that only DIR/ID/panel.sock moves",
    )
    parser.add_argument(
        "--paper",
        choices=("auto", "file"),
        default="auto",
        help="auto: the printer the hall file gives a kiosk; file: DIR/ID/slip.txt and slip.png",
    )
    parser.add_argument(
        "--page",
        metavar="URL",
        help="where the phone page of its slips is (default: [wifi] page; the demo says its own)",
    )


def node(args: argparse.Namespace) -> int:
    """Run a node until SIGTERM or SIGINT; return the exit code."""
    # Absolute at once: lgpio moves the process into another folder.
    hall_path, data = args.hall.resolve(), args.data.resolve()
    log.setup(args.log_level, node=args.id)
    code = 0
    try:
        hall = load_hall(hall_path)
        folder = data / args.id
        config = next((one for one in hall.nodes if one.id == args.id), None)
        if isinstance(config, SensorNode):
            sensors = importlib.import_module("edge.sensors_command")
            calendar = load_calendar(hall_path, hall)
            asyncio.run(
                sensors.run_sensors(hall, config, calendar=calendar, folder=folder, pins=args.pins)
            )
            return 0
        paper = paper_of(hall, args.id, folder=folder, kind=args.paper)
        codes = codes_of(hall, args.id, folder=folder, page=args.page)
        running = _run(hall, args.id, folder=folder, pins=args.pins, paper=paper, codes=codes)
        asyncio.run(running)
    except* (HallFileError, MisuseError) as errors:
        for error in _single(errors):
            sys.stderr.write(f"loket node: {error}\n")
        code = 2
    except* (SettingsError, StoreError, PinsMissingError, PanelError) as errors:
        for error in _single(errors):
            _log.critical("the node can't run", extra=log.kv(why=str(error)))
        code = 1
    return code


def _single(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors of a group, and of the groups in it."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error


class Wiring:
    """What one `[[node]]` says: its role, and its pins by name."""

    def __init__(
        self, *, role: Role, buttons: Mapping[str, Contact], lamps: Mapping[str, Contact]
    ) -> None:
        self.role = role
        self.buttons = buttons
        self.lamps = lamps


def wiring_of(
    hall: HallFile, node_id: str, *, random: Random | None = None, codes: Codes | None = None
) -> Wiring:
    """Return the role and pins of this node.

    Args:
        codes: Of a kiosk's slips.
        random: Where a kiosk nobody knows a number of begins to count; the system's without it.

    Raises:
        MisuseError: There is no such node, or it has neither buttons nor lamps of ours.
    """
    try:
        config = node_of(hall, node_id)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    match config:
        case KioskNode():
            kiosk = KioskRole(
                setup=setup_of(hall),
                services=kiosk_services(hall, config),
                helps=tuple(help_buttons(config)),
                node=node_id,
                lamps=tuple(config.lamps),
                prefix=config.offline,
                start=100 * (random or SystemRandom()).randrange(10),
                codes=codes,
            )
            buttons = {**config.buttons, **help_buttons(config)}
            return Wiring(role=kiosk, buttons=buttons, lamps=config.lamps)
        case CounterNode():
            # The schema lets a node with buttons have exactly one counter.
            counter_id = config.counters[0]
            serves = setup_of(hall).counters[counter_id].serves
            counter = CounterRole(hall=hall.hall.id, counter=counter_id, serves=serves)
            lamps = {} if config.lamp is None else {LAMP: config.lamp}
            return Wiring(role=counter, buttons=counter_buttons(config), lamps=lamps)
        case _:
            role = role_of(config)
            raise MisuseError(
                f"node {node_id} is a {role}: `loket node` runs kiosks, counters and sensors"
            )


def paper_of(hall: HallFile, node_id: str, *, folder: Path, kind: PaperKind) -> PaperPort:
    """Return where the node's slips go; a node that isn't in the file, or no kiosk, has none.

    What draws and prints is imported when the paper starts, not here.
    """
    config = next((node for node in hall.nodes if node.id == node_id), None)
    zone = ZoneInfo(hall.hall.timezone)
    if not isinstance(config, KioskNode):
        return SlipFile(path=folder / SLIP_FILE, zone=zone)
    if config.printer is None or kind == "file":
        return drawn_slip_file(folder / SLIP_FILE, zone)
    return printer_spool(config.printer, zone)


def codes_of(hall: HallFile, node_id: str, *, folder: Path, page: str | None) -> Codes | None:
    """Return what makes the codes of a kiosk's slips; None for another node, or without a page.

    Args:
        page: Instead of the visitors' Wi-Fi's, where a phone needs no Wi-Fi.

    Raises:
        SettingsError: Its key is not what was written.
        OSError: Its key can't be read, or not be made.
    """
    is_kiosk = any(isinstance(node, KioskNode) and node.id == node_id for node in hall.nodes)
    where = page or (hall.wifi.page if hall.wifi else "")
    if not is_kiosk or not where:
        return None
    path = folder / CODE_KEY_FILE
    if not path.exists():
        make_private_folder(folder)
        write_private(path, secrets.token_hex(KEY_BYTES).encode() + b"\n")
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError as error:
        mend = "delete it: a new one is made, and slips not printed yet have no QR code"
        raise SettingsError(f"{path}: no key; {mend}") from error
    return Codes(key=key, page=where, ssid=hall.wifi.ssid if hall.wifi and not page else "")


def _outbox_in(
    folder: Path, *, boot: str, stream: str, node: str
) -> contextlib.AbstractAsyncContextManager[Outbox]:
    disk = Disk(folder / BALLAST_FILE, size=NODE_BALLAST_BYTES)
    return Outbox.open(folder / "outbox.db", boot=boot, stream=stream, node=node, disk=disk)


def _sender_of(outbox: Outbox) -> Sender:
    random = SystemRandom()
    return Sender(stream=outbox.stream, rows=outbox.rows, gen=outbox.gen, random=random)


async def _run(  # noqa: PLR0913 - what a node is made of, each by name
    hall: HallFile,
    node_id: str,
    *,
    folder: Path,
    pins: PinsKind,
    paper: PaperPort,
    codes: Codes | None,
) -> None:
    wiring = wiring_of(hall, node_id, codes=codes)
    settings = read_settings(folder / "link.json")
    clock, loop = SystemClock(), asyncio.get_running_loop()
    boot, stream = boot_id(), secrets.token_hex(16)
    factory = open_factory(pins, folder)
    with Devices(factory=factory, buttons=wiring.buttons, lamps=wiring.lamps) as devices:
        async with _outbox_in(folder, boot=boot, stream=stream, node=node_id) as outbox:
            if codes:
                codes.next_origin = outbox.next_origin
            inbox = Inbox(loop=loop)
            identity = Identity(
                node=node_id,
                hall=hall.hall.id,
                role=wiring.role.name,
                version=importlib.metadata.version("loket"),
                boot=boot,
            )
            link = Link(
                settings=settings,
                client_id=node_id,
                subscriptions=identity.subscriptions(wiring.role.topics()),
                will=identity.will,
                on_event=inbox.put_threadsafe,
            )
            parts = Node(
                identity=identity,
                role=wiring.role,
                devices=devices,
                outbox=outbox,
                sender=_sender_of(outbox),
                link=link,
                inbox=inbox,
                paper=paper,
                clock=clock,
                fed=watchdog if os.environ.get("WATCHDOG_USEC") else None,
                figures=_figures(paper, folder, boot),
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, parts.stop)
            tell_health(paper, parts.counts, loop)
            await _serve(parts, paper, folder)


def _figures(paper: PaperPort, folder: Path, boot: str) -> Figures:
    """Return what the node's health is made with; slips that are files have no printer."""
    printer = (lambda: paper.state.value) if isinstance(paper, Spool) else None
    return Figures(Checkup(folder, boot=boot, mono_s=time.monotonic).look, printer)


def tell_health(paper: PaperPort, counts: Counter[str], loop: asyncio.AbstractEventLoop) -> None:
    """Have the node's health count how often its printer came to each state."""

    def told(state: PrinterState) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the process ends
            loop.call_soon_threadsafe(counts.update, (f"printer_{state}",))

    if isinstance(paper, Spool):
        paper.on_state = told


async def _serve(parts: Node, paper: PaperPort, folder: Path) -> None:
    """Run the node and its panel in the process's one task group."""
    async with asyncio.TaskGroup() as group:
        panel = Panel(node=parts, path=folder / SOCKET_FILE, group=group)
        async with panel.open():
            parts.panel = panel
            ready()
            _log.info("ready")
            paper.start()
            await parts.run()
