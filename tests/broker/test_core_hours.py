"""The queue is said again when a service opens, cuts off or closes, without anybody's press."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from broker.core import HubCore
from broker.hall.calendar import Calendar, Span
from broker.hall.setup import Setup
from broker.hall.state import Hall
from broker.publisher import BEAT_EVERY_S
from broker.wire.seal import Seals
from broker.wire.topics import Kind
from tests.broker.test_core import NODES, SETUP

WIB = ZoneInfo("Asia/Jakarta")
OPENS_MS = round(dt.datetime(2026, 11, 25, 8, tzinfo=WIB).timestamp() * 1000)
HOUR_MS = 3_600_000


def hall() -> Setup:
    """Return the desk's hall, open 08:00-15:00 with a cut-off of 30 minutes."""
    return replace(
        SETUP,
        services={"ktp-el": replace(SETUP.services["ktp-el"], cutoff_min=30)},
        calendar=Calendar(zone=WIB, open={"wed": (Span(480, 900),)}),
    )


class Morning:
    """A core whose wall clock goes with the monotonic one, from 07:59:50."""

    def __init__(self) -> None:
        self.at_ms = OPENS_MS - 10_000
        self.now_s = 100.0
        self.core = HubCore(
            hall=Hall(hall()),
            nodes=NODES,
            seals=Seals(b"k" * 32),
            gen="1-deadbeef",
            start="5eed0001",
            own="f" * 32,
            streams={},
            beat_base=0,
            now_s=self.now_s,
        )
        self.core.open_day_if_due(self.at_ms)
        self.core.cut()

    def wait(self, seconds: float, *, step_ms: int = 0) -> list[str]:
        """Let time pass, and the wall clock step; return what the queue then says, if anything."""
        self.now_s += seconds
        self.at_ms += round(seconds * 1000) + step_ms
        said = list(self.core.timed(at_ms=self.at_ms, now_s=self.now_s))
        return [
            json.loads(p.payload)["services"]["ktp-el"].get("takes", "open")
            for p in said
            if p.topic.kind is Kind.QUEUE
        ]


def test_the_queue_is_said_when_a_service_opens_cuts_off_and_closes() -> None:
    """At that instant, not at the next press; in between it says nothing."""
    desk = Morning()
    assert desk.wait(0) == ["closed"]

    assert desk.wait(9.9) == []
    assert desk.wait(0.1) == ["open"]
    assert desk.wait(6.5 * 3600 - 1) == []
    assert desk.wait(1) == ["cutoff"]
    assert desk.wait(1799) == []
    assert desk.core.due_s() <= desk.now_s + 1
    assert desk.wait(1) == ["closed"]


def test_a_wall_clock_that_steps_over_an_opening_is_noticed_with_the_next_heartbeat() -> None:
    """The instant was planned by the monotonic clock, which the network does not set."""
    desk = Morning()
    desk.wait(0)

    assert desk.wait(1, step_ms=HOUR_MS) == []
    assert desk.wait(BEAT_EVERY_S) == []  # the heartbeat plans it ...
    assert desk.wait(0.0) == ["open"]  # ... for now
