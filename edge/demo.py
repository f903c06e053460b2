"""`loket demo`: the whole hall on this machine. Real processes, mock pins, one address to open."""

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import firmware_config
from broker import log as json_log
from broker.clock import SystemClock
from broker.link import SettingsError, read_settings
from edge.demo_password import technician_password
from edge.panel import PATH_BYTES_MAX
from edge.play import Player, play, rhythm
from edge.supervise import NOTIFY_FILE, Child, StartError, Supervisor, write_pids
from firmware_config.arguments import MisuseError
from firmware_config.buttons import door_beams
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import (
    BoardNode,
    CounterNode,
    HallFile,
    KioskNode,
    Node,
    SensorNode,
    SignNode,
    role_of,
)

HOST = "127.0.0.1"
HALL = Path(firmware_config.__file__).parent / "examples" / "demo.toml"
READY_WITHIN_S = 90.0
SPEED_MAX = 1000
PORT_MIN, PORT_MAX = 1024, 65535
"""Below are those of the system's own services, which a plain user can't open."""

JOIN_EVERY_S = 0.05
TLS_PORT = 8883

PORT_WAIT_S = 2.0
"""The port of a demo that was just killed is free again by then."""


class Plan(NamedTuple):
    """Everything decided before the first process starts.

    Attributes:
        kind: Of broker; empty = what the hall file says.
        speed: Of the presses made for you; 0 = none.
        keeps_hours: Numbers are given out in the hall file's hours only.
    """

    file: HallFile
    hall: Path
    data: Path
    page_port: int
    broker_port: int
    kind: str
    speed: float
    restarts: bool
    keeps_hours: bool


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket demo`."""
    parser.add_argument("--port", type=_port, default=8080, help="of the page (default: 8080)")
    parser.add_argument("--headless", action="store_true", help="open no browser")
    parser.add_argument(
        "--broker", choices=("embedded", "mosquitto"), help="default: what the hall file says"
    )
    parser.add_argument(
        "--play",
        type=_speed,
        metavar="SPEED",
        help="press the buttons too: 1 = a calm hall, 20 = twenty times as often",
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON when ready")
    parser.add_argument(
        "--no-restart", action="store_true", help="leave a process that died where it is"
    )
    parser.add_argument(
        "--hours",
        action="store_true",
        help="give out numbers in the hall file's opening hours only (default: 00:00-24:00)",
    )
    parser.add_argument(
        "--data", type=Path, default=Path(".demo"), metavar="DIR", help="default: .demo"
    )
    parser.add_argument(
        "--hall", type=Path, default=HALL, metavar="FILE", help="default: the demo's own hall"
    )


def demo(args: argparse.Namespace) -> int:
    """Run the hall until Ctrl-C or SIGTERM; return the exit code."""
    json_log.setup("ERROR", node="demo")
    try:
        with planned(args) as plan:
            return _run_to_end(plan, args)
    except HallFileError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except MisuseError as error:
        sys.stderr.write(f"loket demo: {error}\n")
        return 2


@contextlib.contextmanager
def planned(args: argparse.Namespace) -> Iterator[Plan]:
    """Yield what to run; the data folder is this demo's alone for the block.

    Raises:
        HallFileError: The hall file has faults.
        MisuseError: The folder or the port is taken, or the folder's path is too long.
    """
    file = load_hall(args.hall)
    data = args.data.absolute()
    with _locked(data):
        if not _becomes_free(args.port):
            raise MisuseError(f"port {args.port} of {HOST} is in use: pass another with --port")
        plan = Plan(
            file=file,
            hall=args.hall.absolute(),
            data=data,
            page_port=args.port or _free_port(),
            broker_port=_broker_port(file.broker.port),
            kind=args.broker or "",
            speed=args.play or 0.0,
            restarts=not args.no_restart,
            keeps_hours=args.hours,
        )
        _check_paths(data, children_of(plan))
        yield plan


def children_of(plan: Plan) -> list[Child]:
    """Return the processes of the hall, the broker first: it makes the others' accounts."""
    kind = ("--kind", plan.kind) if plan.kind else ()
    children = [
        _child(plan, "broker", "--port", str(plan.broker_port), "--loopback", *kind),
        _child(plan, "hub", *(() if plan.keeps_hours else ("--always-open",))),
        _child(plan, "web", "--port", str(plan.page_port), "--phone"),
    ]
    for node in plan.file.nodes:
        match node:
            case KioskNode() | CounterNode():
                # Nobody stands before them: no pins, and no printer either.
                page = f"http://{HOST}:{plan.page_port}"
                flags = ("--pins", "mock", "--paper", "file", "--page", page)
                children.append(_child(plan, "node", *flags, node=node.id))
                if isinstance(node, KioskNode) and (node.screen or node.voice):
                    face = _child(plan, "screen", "--headless", node=node.id)
                    # The page shows what it says; who names a driver wants to hear it.
                    sound = {"SDL_AUDIODRIVER": os.environ.get("SDL_AUDIODRIVER", "dummy")}
                    name = f"{node.id}.screen"
                    children.append(face._replace(name=name, environment=sound))
            case SensorNode():
                children.append(_child(plan, "node", "--pins", "mock", node=node.id))
            case BoardNode() | SignNode():
                # Here a display draws into memory and speaks to nobody; the page shows its frames.
                if isinstance(node, SignNode) and node.i2c is not None:
                    continue  # its digits are not on this machine
                quiet = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
                child = _child(plan, role_of(node), node=node.id)
                children.append(child._replace(environment=quiet))
            case _:
                pass
    return children


def _child(plan: Plan, command: str, *flags: str, node: str = "") -> Child:
    # -P: a folder named `broker` where the demo is started is not ours.
    loket = (sys.executable, "-P", "-m", "edge.cli", command, *((node,) if node else ()))
    common = ("--hall", str(plan.hall), "--data", str(plan.data))
    return Child(node or command, (*loket, *common, *flags))


def players_of(file: HallFile) -> list[Player]:
    """Return the nodes whose buttons `--play` presses."""
    return [
        Player(node.id, role_of(node), tuple(node.buttons))
        for node in file.nodes
        if isinstance(node, KioskNode | CounterNode) and node.buttons
    ]


def _run_to_end(plan: Plan, args: argparse.Namespace) -> int:
    code = 0
    try:
        asyncio.run(_run(plan, args))
    except* (StartError, SettingsError) as errors:
        for error in errors.exceptions:
            sys.stderr.write(f"loket demo: {error}\n")
        code = 1
    except* asyncio.CancelledError:
        pass  # Ctrl-C, or SIGTERM: all is stopped
    return code


async def _run(plan: Plan, args: argparse.Namespace) -> None:
    _cancel_on_signals()
    clock = SystemClock()
    supervisor = Supervisor(
        folder=plan.data,
        clock=clock,
        restarts=plan.restarts,
        on_change=lambda pids: write_pids(plan.data / "pids.json", pids),
    )
    async with asyncio.TaskGroup() as tasks:
        await _start(plan, supervisor, tasks)
        password = await asyncio.to_thread(technician_password, plan.data)
        _announce(plan, supervisor, args, password)
        if plan.speed:
            presses = rhythm(players_of(plan.file), Random(1))  # noqa: S311 - the same each time
            port = plan.page_port
            playing = play(presses, speed=plan.speed, port=port, clock=clock)
            tasks.create_task(playing, name="play")
        await asyncio.Event().wait()


async def _start(plan: Plan, supervisor: Supervisor, tasks: asyncio.TaskGroup) -> None:
    broker, *others = children_of(plan)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await _start_wave(supervisor, tasks, [broker])
            await _start_wave(supervisor, tasks, others)
            await _until_joined(plan)
    except TimeoutError as error:
        names = supervisor.unready()
        words = "\n".join(f"{name}: {supervisor.last_words(name)}" for name in names)
        what = f"not ready within {READY_WITHIN_S:.0f} s: {', '.join(names)}"
        raise StartError(f"{what}; what they said:\n{words}") from error


def _broker_port(wanted: int) -> int:
    # A demo speaks no TLS, and mosquitto's clients always do on 8883.
    return wanted if wanted != TLS_PORT and _is_free(wanted) else _free_port()


async def _until_joined(plan: Plan) -> None:
    """Wait until the page and every node hear the hub: a hall is ready when a press counts."""
    # Those with a panel: a sensor without a door has no button the page would show.
    awaited = {node.id for node in plan.file.nodes if _has_panel(node)}
    while True:
        health = await asyncio.to_thread(_get, plan.page_port, "healthz")
        panel = await asyncio.to_thread(_get, plan.page_port, "panel")
        if health.get("hub") and awaited <= joined(panel):
            return
        await asyncio.sleep(JOIN_EVERY_S)


def _has_panel(node: Node) -> bool:
    return isinstance(node, KioskNode | CounterNode) or (
        isinstance(node, SensorNode) and bool(door_beams(node))
    )


def joined(panel: dict[str, Any]) -> set[str]:
    """Return the nodes of a `GET /panel` that hear the hub."""
    return {node["id"] for node in panel.get("nodes", ()) if node.get("hub") == "heard"}


def _get(port: int, path: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/{path}", timeout=5) as answer:
            body: dict[str, Any] = json.load(answer)
            return body
    except OSError:
        return {}  # just killed by a person, and started again


async def _start_wave(
    supervisor: Supervisor, tasks: asyncio.TaskGroup, children: Sequence[Child]
) -> None:
    for child in children:
        tasks.create_task(supervisor.keep(child), name=child.name)
    await supervisor.until_ready([child.name for child in children])


def _announce(plan: Plan, supervisor: Supervisor, args: argparse.Namespace, password: str) -> None:
    url = f"http://{HOST}:{plan.page_port}"
    if args.json:
        viewer = read_settings(plan.data / "viewer" / "link.json")
        line = {
            "url": url,
            "mqtt": {
                "host": viewer.addresses[0],
                "port": viewer.port,
                "username": viewer.username,
                "password": viewer.password,
            },
            "technician": {"url": f"{url}/tech", "password": password},
            "data": str(plan.data),
            "pids": supervisor.pids,
        }
        sys.stdout.write(json.dumps(line) + "\n")
    else:
        hours = "in its hours" if plan.keeps_hours else "open 00:00-24:00"
        sys.stdout.write(f"{plan.file.hall.name}: {url}/  ({hours}; Ctrl-C stops everything)\n")
        sys.stdout.write(f"technician's page: {url}/tech  (password: {password})\n")
    sys.stdout.flush()
    if not args.headless and not args.json and _has_desktop():
        import webbrowser  # noqa: PLC0415 - only where there is a desktop

        webbrowser.open(url)


def _has_desktop() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _cancel_on_signals() -> None:
    """Let SIGINT and SIGTERM end the running task, once: stopping is bounded, so it is not cut."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if task is not None and not stopping:
            stopping = True
            task.cancel()

    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop)


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / "demo.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise MisuseError(f"{data}: {error.strerror}; pass another folder with --data") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            mend = f"stop it (process {lock.read().strip() or 'unknown'}), or pass another --data"
            raise MisuseError(f"another demo runs on {data}: {mend}") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_paths(data: Path, children: Sequence[Child]) -> None:
    longest = max(len(str(data / child.name / NOTIFY_FILE).encode()) for child in children)
    if longest > PATH_BYTES_MAX:
        too_many = longest - PATH_BYTES_MAX
        mend = f"pass a folder with a path {too_many} characters shorter with --data"
        raise MisuseError(f"{data}: too long for the sockets in it; {mend}")


def _becomes_free(port: int) -> bool:
    """Return whether the port is free, now or soon."""
    end_s = time.monotonic() + PORT_WAIT_S
    while not _is_free(port):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.1)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _port(text: str) -> int:
    port = int(text)
    if port and not PORT_MIN <= port <= PORT_MAX:
        bounds = f"{PORT_MIN} to {PORT_MAX}, or 0 for a free one"
        raise argparse.ArgumentTypeError(f"{text} is no port for the page: {bounds}")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= SPEED_MAX:
        raise argparse.ArgumentTypeError(f"{text}: more than 0, at most {SPEED_MAX}")
    return speed
