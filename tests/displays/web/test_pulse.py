"""The page tells the hub that it is here and how it is, as every node does."""

import asyncio
from pathlib import Path

from broker.wire.messages import read_birth, read_health
from broker.wire.topics import Kind, Topic
from displays.web.pulse import Pulse


async def test_it_says_health_when_it_is_connected(tmp_path: Path) -> None:
    """With the depth of its outbox; its will names the session and says that it is gone."""
    pulse, said = Pulse(hall="h", node="web", folder=tmp_path), []
    pulse.depth = lambda: 3

    def publish(topic: Topic, payload: bytes) -> bool:
        said.append((topic.kind, payload))
        return True

    beating = asyncio.create_task(pulse.beat(publish))
    await asyncio.sleep(0)
    assert said == []
    pulse.connected()
    while not said:  # noqa: ASYNC110 - a turn or two of the loop
        await asyncio.sleep(0)
    beating.cancel()
    ((kind, health),) = said

    assert kind is Kind.HEALTH
    assert (read_health(health).connects, read_health(health).outbox_depth) == (1, 3)
    assert read_health(health).machine is not None
    topic, will = pulse.will("s1")
    assert topic == "loket/v1/h/birth/web"
    assert (read_birth(will).session, read_birth(will).online) == ("s1", False)
