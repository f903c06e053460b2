"""The page tells the hub that it is here and how it is, as every node does."""

import asyncio
from pathlib import Path

from broker.wire.messages import read_birth, read_health
from broker.wire.topics import Kind, Topic
from displays.web.pulse import Pulse


async def test_it_says_birth_and_health_when_it_is_connected(tmp_path: Path) -> None:
    """Its will names the same session and says that it is gone."""
    pulse, said = Pulse(hall="h", node="web", folder=tmp_path), []

    def publish(topic: Topic, payload: bytes) -> bool:
        said.append((topic.kind, payload))
        return True

    beating = asyncio.create_task(pulse.beat(publish))
    await asyncio.sleep(0)
    assert said == []
    pulse.connected("s1")
    while len(said) < 2:  # noqa: ASYNC110 - a turn or two of the loop
        await asyncio.sleep(0)
    beating.cancel()
    (_, birth), (kind, health) = said

    assert (read_birth(birth).session, read_birth(birth).online) == ("s1", True)
    assert kind is Kind.HEALTH
    assert read_health(health).connects == 1
    assert read_health(health).machine is not None
    topic, will = pulse.will("s1")
    assert (topic, read_birth(will).online) == ("loket/v1/h/birth/web", False)
