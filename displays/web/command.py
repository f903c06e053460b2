"""`loket web`: the process that serves the hall's pages; one more MQTT client.

The pages answer on 127.0.0.1, the phone page alone on the visitors' Wi-Fi.
"""

import argparse
import asyncio
import logging
import socket
import sys

from broker import log as json_log
from broker.link import SettingsError, read_settings
from broker.log import kv
from broker.store import StoreError
from displays.web.server import Doors, serve
from firmware_config.arguments import add_hall_arguments, hall_of
from firmware_config.load import HallFileError, load_calendar
from firmware_config.schema import WEB_PORT, HallFile, WebNode
from firmware_config.wifi import address_of

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
IP_FREEBIND = 15
"""Linux: an address may be bound before it is there. Python names it from 3.12 on."""


def web_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket web`."""
    add_hall_arguments(parser)
    parser.add_argument("--port", type=int, help="on 127.0.0.1 (default: the web node's, or 8080)")
    parser.add_argument(
        "--phone",
        action="store_true",
        help="the phone page on 127.0.0.1, not on the visitors' Wi-Fi (the demo does)",
    )


def web(args: argparse.Namespace) -> int:
    """Serve until stopped; return 2 for a hall file with faults, 1 for anything else."""
    json_log.setup(args.log_level, node="web")
    try:
        file = hall_of(args)
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
    guests = None if args.phone or file.wifi is None else listen_to_guests(file.wifi.page)
    doors = Doors(here=listener, guests=guests, has_phone_here=args.phone)
    code = 0
    try:
        asyncio.run(
            serve(file=file, calendar=calendar, settings=settings, folder=args.data, doors=doors)
        )
    except* StoreError as errors:
        for refused in errors.exceptions:
            log.critical("the web process can't run", extra=kv(why=str(refused)))
        code = 1
    return code


def port_of(file: HallFile) -> int:
    """Return the port the hall file gives its pages."""
    return next((node.port for node in file.nodes if isinstance(node, WebNode)), WEB_PORT)


def listen_to_guests(page: str) -> socket.socket | None:
    """Return a socket on the visitors' Wi-Fi; None, with the reason in the log, when it can't be.

    The staff's pages are there without it.
    """
    address, port = address_of(page)
    try:
        return listen(port, address)
    except OSError as error:
        mend = "end the program that has it, or let this process have ports below 1024"
        fields = kv(address=address, port=port, why=str(error), mend=mend)
        log.error("no phone page on the visitors' Wi-Fi", extra=fields)  # noqa: TRY400 - expected
        return None


def listen(port: int, address: str = HOST) -> socket.socket:
    """Return a socket that listens on this port of the loopback; 0 = any free one.

    Args:
        address: Another; it may be one this machine gets only later, when its Wi-Fi is up.

    Raises:
        OSError: It is in use, or not ours to take.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if address != HOST:
            listener.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
        listener.bind((address, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
