"""`loket status`: asks the broker what it keeps, waits for the hub's heartbeat, and says it.

With the broker out of reach it reads what the hub left open, from its file.
"""

import argparse
import os
import queue
import sys
import time
from pathlib import Path

import msgspec

from broker import log
from broker.accounts import SETTINGS_FILE, VIEWER
from broker.health_store import HEALTH_FILE, read_alarms
from broker.link import Connected, Link, LinkEvent, LinkSettings, Received, SettingsError
from broker.link import read_settings as read_link
from broker.status_text import Glance, render, sentence, sorted_alarms
from broker.store import StoreError
from broker.wire.messages import Alarm, Fleet, WireError, read_alarm, read_fleet, read_hub
from broker.wire.topics import ROOT, Kind, parse_topic

REACH_S = 4.0
"""The broker is in the same building."""

BEAT_S = 6.0
"""A hub beats every 5 s."""

KEPT_S = 0.5
"""What a broker keeps is here by then."""


def status_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `loket status`."""
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--lang",
        choices=("id", "en"),
        default="id" if os.environ.get("LANG", "").startswith("id") else "en",
        help="default: what LANG says, else English",
    )


def status(args: argparse.Namespace) -> int:
    """Say how the hall is; return 0 when the hub lives, else 1."""
    log.setup("CRITICAL", node="status")
    try:
        settings = read_link(args.data / VIEWER / SETTINGS_FILE)
    except SettingsError as error:
        sys.stderr.write(f"loket status: {error}\n")
        return 1
    glance = _asked(settings)
    if glance.why:
        glance = _from_file(glance, args.data / "hub" / HEALTH_FILE)
    if args.json:
        sys.stdout.write(_as_json(glance) + "\n")
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        sys.stdout.write(render(glance, lang=args.lang, colour=colour))
    return 0 if glance.is_hub_heard else 1


class Listener:
    """What a broker tells a viewer, put together."""

    def __init__(self) -> None:
        self.fleet: Fleet | None = None
        self.alarms: dict[str, Alarm] = {}
        self.is_hub_heard = False
        self.hub_ms = 0

    def take(self, event: Received) -> None:
        """Take a message; what can't be read is left out: a newer hub may say more."""
        topic = parse_topic(event.topic)
        try:
            match topic.kind if topic else None:
                case Kind.FLEET:
                    self.fleet = read_fleet(event.payload)
                case Kind.ALARM if topic and not event.payload:
                    self.alarms.pop(topic.id, None)
                case Kind.ALARM if topic:
                    self.alarms[topic.id] = read_alarm(event.payload)
                case Kind.HUB:
                    self.hub_ms = read_hub(event.payload).at_ms
                    # One from the broker's store may be of a hub that is dead.
                    self.is_hub_heard |= not event.retained
        except WireError:
            return

    def glance(self) -> Glance:
        """Return all that was told."""
        told_ms = self.fleet.at_ms if self.fleet else 0
        now_ms = max(self.hub_ms, told_ms)
        return Glance(self.fleet, sorted_alarms([*self.alarms.values()]), self.is_hub_heard, now_ms)


def _asked(settings: LinkSettings) -> Glance:
    events: queue.SimpleQueue[LinkEvent] = queue.SimpleQueue()
    kinds = ("state/fleet", "state/hub", "alarm/+")
    link = Link(
        settings=settings,
        client_id=settings.username,
        subscriptions=[f"{ROOT}/+/{kind}" for kind in kinds],
        will=None,
        on_event=events.put,
    )
    listener, end_s, is_reached = Listener(), time.monotonic() + REACH_S, False
    kept_s = 0.0
    link.start()
    try:
        while (now_s := time.monotonic()) < end_s:
            if listener.is_hub_heard and now_s >= kept_s:
                break
            try:
                event = events.get(timeout=min(0.1, end_s - now_s))
            except queue.Empty:
                continue
            if isinstance(event, Connected) and not is_reached:
                is_reached, kept_s, end_s = True, now_s + KEPT_S, now_s + BEAT_S
            elif isinstance(event, Received):
                listener.take(event)
    finally:
        link.stop()
    if not is_reached:
        address = f"{settings.addresses[0]}:{settings.port}"
        return Glance(None, (), is_hub_heard=False, now_ms=_now_ms(), why=f"{address}")
    return listener.glance()


def _from_file(glance: Glance, path: Path) -> Glance:
    """Add what the hub left open, when this is its Pi."""
    try:
        return glance._replace(alarms=read_alarms(path))
    except StoreError:
        return glance


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _as_json(glance: Glance) -> str:
    body = {
        "hub_heard": glance.is_hub_heard,
        "broker_reached": not glance.why,
        "at_ms": glance.now_ms,
        "sentence": {lang: sentence(glance, lang) for lang in ("id", "en")},
        "alarms": glance.alarms,
        "nodes": glance.fleet.nodes if glance.fleet else (),
    }
    return msgspec.json.encode(body).decode()
