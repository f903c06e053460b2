"""A node's readings on a real broker, with the real hub: stored once, through a hub killed."""

import asyncio
import sqlite3
import time
from pathlib import Path
from random import Random

import pytest

from broker.link import Connected, Link, LinkEvent, Received, read_settings
from broker.readings import READINGS_FILE, ReadingBox
from broker.wire.readings import Lane, Reading
from broker.wire.topics import Kind, Topic
from edge.readings import ReadingPost
from tests.real.brokers import free_port
from tests.real.hall import reading as opened
from tests.real.pis import Pi, pis

SENSOR = """
[[node]]
id = "sensor-1"
role = "sensor"
host = "pi-depan"
sensors = [{ kind = "bme280", address = 0x76 }]
"""
HALL = "kota-kecil"
COUNT = 100


def stored(pi: Pi) -> list[float]:
    """Return the values the hub has, in order."""
    try:
        with opened(pi.data / "hub" / READINGS_FILE) as db:
            found = db.execute("SELECT value FROM readings WHERE node = 'sensor-1' ORDER BY value")
            return [value for (value,) in found]
    except sqlite3.OperationalError:
        return []


async def measure(pi: Pi) -> int:
    """Be a sensor's node for a while: measure, and send until the hub has all; return the rest."""
    loop, events = asyncio.get_running_loop(), asyncio.Queue[LinkEvent]()
    link = Link(
        settings=read_settings(pi.data / "sensor-1" / "link.json"),
        client_id="sensor-1",
        subscriptions=[str(Topic(HALL, Kind.ACK, "sensor-1"))],
        will=None,
        on_event=lambda event: loop.call_soon_threadsafe(events.put_nowait, event) and None,
    )
    async with ReadingBox.open(pi.data / "r.db", boot="b", stream="5" * 32) as box:
        lane = Lane(rows=box.rows, random=Random(1))
        post = ReadingPost(hall=HALL, node="sensor-1", box=box, lane=lane, link=link)
        link.start()
        try:
            for n in range(COUNT):
                made_ms = time.time_ns() // 1_000_000
                reading = Reading(kind="temperature_c", value=float(n), made_ms=made_ms)
                await post.measured((reading,), time.monotonic())
            await drain(post, events, pi)
        finally:
            link.stop()
        return lane.depth


async def drain(post: ReadingPost, events: "asyncio.Queue[LinkEvent]", pi: Pi) -> None:
    """Send until the hub has all; kill it once on the way."""
    is_killed = False
    async with asyncio.timeout(60):
        while post.lane.depth:
            post.send(time.monotonic())
            event = await next_of(events)
            match event:
                case Connected():
                    post.lane.connected(time.monotonic())
                case Received():
                    await post.acked(event.payload, time.monotonic())
                case _:
                    pass
            if not is_killed and post.lane.depth < COUNT / 2:
                is_killed = True
                pi.end("hub")
                pi.start("hub")


async def next_of(events: "asyncio.Queue[LinkEvent]") -> LinkEvent | None:
    """Return the next event, None when none comes soon."""
    try:
        return await asyncio.wait_for(events.get(), 0.1)
    except TimeoutError:
        return None


@pytest.mark.needs("mosquitto")
async def test_readings_reach_the_hub_once(tmp_path: Path) -> None:
    """All of a backlog, over a hub that is killed in between; the node keeps none."""
    pi = Pi(tmp_path / "a", addresses=["127.0.0.1"], port=free_port(), further=SENSOR)
    with pis(pi):
        pi.start("broker")
        pi.wait_for(("broker", "broker ready"))
        pi.start("hub")
        assert await measure(pi) == 0
        assert stored(pi) == [float(n) for n in range(COUNT)]
        assert not any(row.node == "sensor-1" for row in pi.journal())
