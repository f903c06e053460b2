"""The floors: the least a process could do for the same work, with none of Loket's care.

`presser`, `decider` and `board` are the three processes of `press`: callbacks in paho's own thread,
sqlite3 direct, one FULL insert at each end, one QoS1 publish each way with the product's payload
sizes, TCP_NODELAY everywhere, no ack leg, and the product's own draw call. `imports` is a process
that only loads what a role loads and holds a connection.
"""

import argparse
import importlib
import json
import os
import socket
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from broker.accounts import LinkSettings, read_settings
from broker.vitals import ready
from displays.sizes import size

UP, BOARD = "loket/v1/demo/up/loket-1", "loket/v1/demo/state/board"


def client_of(settings: LinkSettings) -> mqtt.Client:
    """Return a client that will have TCP_NODELAY and its account."""
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, settings.username, protocol=mqtt.MQTTv311
    )
    client.username_pw_set(settings.username, settings.password)
    client.on_socket_open = lambda _c, _u, sock: sock.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )
    return client


def open_table(path: Path) -> sqlite3.Connection:
    """Open a database with one table, WAL and FULL; used by one thread at a time."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS rows (pos INTEGER PRIMARY KEY, body BLOB)")
    return db


def insert(db: sqlite3.Connection, body: bytes) -> None:
    """Commit one row."""
    db.execute("INSERT INTO rows (body) VALUES (?)", (body,))


def say(msg: str, **fields: object) -> None:
    """Write a log line as the product would."""
    sys.stderr.write(json.dumps({"msg": msg, **fields}) + "\n")
    sys.stderr.flush()


def presser(args: argparse.Namespace) -> None:
    """For each line of standard input: insert, publish; the instant before is the press."""
    client, db = client_of(read_settings(args.link)), open_table(args.db)
    body = b"x" * args.bytes
    connect(client, read_settings(args.link))
    for _ in sys.stdin:
        mono_ns = time.monotonic_ns()
        insert(db, body)
        client.publish(UP, body, qos=1)
        say("press accepted", mono_ns=mono_ns)


def decider(args: argparse.Namespace) -> None:
    """For each message: insert, publish a board."""
    client, db = client_of(read_settings(args.link)), open_table(args.db)
    body = b"y" * args.bytes

    def on_message(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        insert(db, message.payload)
        client.publish(BOARD, body, qos=1, retain=True)

    client.on_message = on_message
    connect(client, read_settings(args.link), UP)
    threading.Event().wait()


def board(args: argparse.Namespace) -> None:
    """For each message: the product's draw call, of what it would show."""
    from tests.bench.pictures import draw_calls, open_screen  # noqa: PLC0415 - loads pygame

    screen, layout = open_screen()
    calls = draw_calls(screen, layout, count=args.count)
    draw = [next(calls)]
    client = client_of(read_settings(args.link))

    def on_message(_client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            return
        draw[0]()
        say("frame shown", mono_ns=time.monotonic_ns())
        draw[0] = next(calls, draw[0])  # the board takes the next snapshot after the clock is read

    client.on_message = on_message
    connect(client, read_settings(args.link), BOARD)
    while True:
        screen.pump()
        time.sleep(1)


def imports(args: argparse.Namespace) -> None:
    """Load the named modules, hold a connection, wait."""
    for name in args.modules:
        importlib.import_module(name)
    if args.screen:
        import pygame  # noqa: PLC0415 - only a board's floor

        pygame.display.init()
        pygame.font.init()
        pygame.display.set_mode(args.size)
    if args.link:
        connect(client_of(read_settings(args.link)), read_settings(args.link))
    else:
        ready()
    threading.Event().wait()


def connect(client: mqtt.Client, settings: LinkSettings, *topics: str) -> None:
    """Connect, subscribe, and say READY once that is done."""
    done = threading.Event()

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        if topics:
            client.subscribe([(topic, 1) for topic in topics])
        else:
            done.set()

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: done.set()
    client.connect(settings.addresses[0], settings.port, keepalive=15)
    client.loop_start()
    if not done.wait(10):
        raise RuntimeError("the broker does not answer")
    ready()


def main() -> None:
    """Run one floor process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("presser", "decider", "board", "imports"))
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--link", type=Path)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--screen", action="store_true")
    parser.add_argument("--size", type=size, default=(1920, 1080))
    args = parser.parse_args()
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    {"presser": presser, "decider": decider, "board": board, "imports": imports}[args.role](args)


if __name__ == "__main__":
    main()
