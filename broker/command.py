"""`loket broker`, `loket hub`, `loket journal`: arguments in, exit code out."""

import argparse
import asyncio
import functools
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from broker import log
from broker.accounts import (
    HUB,
    LOOPBACK,
    SETTINGS_FILE,
    VIEWER,
    WEB,
    SettingsError,
    everyone,
    hall_key,
    prepare,
    read_settings,
)
from broker.clock import SystemClock
from broker.hall.rules import Actor
from broker.log import kv
from broker.private import make_private_folder
from broker.store import StoreError
from broker.trust import SystemTrust
from broker.vitals import ready
from firmware_config.arguments import add_hall_arguments, hall_of
from firmware_config.load import HallFileError, load_calendar
from firmware_config.schema import (
    CounterNode,
    HallFile,
    HubNode,
    Node,
    WebNode,
    host_of,
    role_of,
    setup_of,
)

_log = logging.getLogger(__name__)


def broker_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket broker`."""
    add_hall_arguments(parser)
    parser.add_argument(
        "--kind", choices=("mosquitto", "embedded"), help="default: [broker] kind of the hall file"
    )
    parser.add_argument("--port", type=int, help="default: [broker] port of the hall file")
    parser.add_argument(
        "--loopback",
        action="store_true",
        help="every node runs on this machine: they look here, not at [hub] addresses",
    )


def broker(args: argparse.Namespace) -> int:
    """Make the hall's accounts, run its broker until SIGTERM; return the exit code."""
    log.setup(args.log_level, node="broker")
    try:
        return asyncio.run(_serve(args, hall_of(args)))
    except HallFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (OSError, RuntimeError, ValueError) as error:
        _log.critical("the broker does not run", extra=kv(why=str(error)))
        return 1


async def _serve(args: argparse.Namespace, file: HallFile) -> int:
    kind = args.kind or file.broker.kind
    port = args.port or file.broker.port
    addresses = addresses_of(file, is_alone=kind == "embedded" or args.loopback)
    nodes = [(node.id, role_of(node)) for node in file.nodes]
    accounts = prepare(
        data=args.data,
        accounts=everyone(nodes),
        addresses=addresses,
        here=here_of(file),
        port=port,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    await _program(kind, args.data / "broker", addresses[0])(
        accounts=accounts,
        hall=file.hall.id,
        port=port,
        on_ready=_say_ready,
        stopping=stopping,
    )
    return 0


def addresses_of(file: HallFile, *, is_alone: bool) -> tuple[str, ...]:
    """Return where nodes look for the broker, which listens at the first.

    Args:
        is_alone: The whole hall runs on this machine, whatever addresses its file names.
    """
    return (LOOPBACK,) if is_alone else file.hub.addresses


def here_of(file: HallFile) -> set[str]:
    """Return the accounts of the hub's own Pi."""
    ours = {host_of(node) for node in file.nodes if role_of(node) == HUB}
    return {HUB, WEB, VIEWER} | {node.id for node in file.nodes if host_of(node) in ours}


def _program(kind: str, folder: Path, address: str) -> Callable[..., Awaitable[None]]:
    """Return what runs a broker of this kind; the embedded one keeps nothing in a folder."""
    if kind == "embedded":
        from broker import embedded  # noqa: PLC0415 - loads amqtt, only for the try-it broker

        return functools.partial(embedded.serve, host=LOOPBACK)
    from broker import mosquitto  # noqa: PLC0415 - one of the two is loaded

    return functools.partial(mosquitto.serve, folder=folder, hosts=mosquitto.hosts_of(address))


def _say_ready() -> None:
    ready()
    _log.info("broker ready", extra=kv(pid=os.getpid()))


def hub_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket hub`."""
    add_hall_arguments(parser)
    parser.add_argument(
        "--always-open",
        action="store_true",
        help="give out numbers at any hour, whatever hours the hall file says (to try it out)",
    )


def hub(args: argparse.Namespace) -> int:
    """Run the hub until SIGTERM; return the exit code."""
    from broker.hub import run_hub  # noqa: PLC0415 - the broker's process needs none of it
    from broker.observer import plans_of  # noqa: PLC0415 - as above
    from broker.people import People, zones_of  # noqa: PLC0415 - as above

    log.setup(args.log_level, node="hub")
    try:
        file = hall_of(args)
        hours = load_calendar(args.hall, file)
        folder = args.data / "hub"
        make_private_folder(folder)
        asyncio.run(
            run_hub(
                setup=setup_of(file, calendar=None if args.always_open else hours),
                nodes=actors_of(file),
                settings=read_settings(folder / SETTINGS_FILE),
                key=hall_key(folder),
                folder=folder,
                clock=SystemClock(),
                plans=plans_of(file),
                trust=SystemTrust(latch=folder / "clock-synchronised", has_rtc=_has_rtc(file)),
                readings_days=file.retain.readings_days,
                people=People(zones=zones_of(file), folder=folder, calendar=hours),
            )
        )
    except HallFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (SettingsError, OSError) as error:  # StoreError is one
        _log.critical("the hub does not run", extra=kv(why=str(error)))
        return 1
    return 0


def _has_rtc(file: HallFile) -> bool:
    """Return whether the hall file says that the hub's Pi has a clock chip."""
    return any(isinstance(node, HubNode) and node.rtc for node in file.nodes)


def actors_of(file: HallFile) -> dict[str, Actor]:
    """Return who may do what, by node id: the role and counters the hall file gives it."""
    return {
        node.id: Actor(
            node=node.id,
            role=role_of(node),
            counters=frozenset(_counters_of(node, file)),
        )
        for node in file.nodes
    }


def _counters_of(node: Node, file: HallFile) -> Iterable[int]:
    if isinstance(node, WebNode):  # for whoever is signed in at any counter
        return (counter.id for counter in file.counters)
    return node.counters if isinstance(node, CounterNode) else ()


def journal_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket journal`."""
    parser.add_argument("what", choices=("verify", "export", "stats"))
    parser.add_argument("--data", type=Path, required=True, help="the data folder")


def journal(args: argparse.Namespace) -> int:
    """Verify, export or count the hub's journal, also while the hub runs; return the exit code."""
    from broker import records  # noqa: PLC0415 - only this subcommand reads it

    path = args.data / "hub" / "journal.db"
    try:
        match args.what:
            case "verify":
                return _verify(path)
            case "export":
                for line in records.export(path):
                    sys.stdout.buffer.write(line + b"\n")
            case _:
                text = msgspec.json.format(msgspec.json.encode(records.stats(path)))
                sys.stdout.write(text.decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # `| head` has enough. What is still buffered goes nowhere, or the interpreter would say so
        # at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _verify(path: Path) -> int:
    from broker import records  # noqa: PLC0415 - see journal

    verified = records.verify(path)
    if verified.fault is None:
        sys.stdout.write(f"{path}: {verified.rows} rows, the chain holds\n")
        return 0
    sys.stdout.write(f"{path}: row {verified.fault.pos}: {verified.fault.what}\n")
    return 1
