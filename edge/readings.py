"""A node's readings on their way: measured, kept, sent, forgotten when the hub has them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from broker.readings import ReadingBox
from broker.wire.messages import encode, read_ack
from broker.wire.readings import Lane, Reading
from broker.wire.topics import Kind, Topic


class Publishes(Protocol):
    """What this needs of `broker.link.Link`."""

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Hand it to the broker; False when it was not."""
        ...


class ReadingPost:
    """Joins box, lane and link of one node; the presses' ways are others.

    Args:
        lane: Made from the box's rows.
    """

    def __init__(
        self, *, hall: str, node: str, box: ReadingBox, lane: Lane, link: Publishes
    ) -> None:
        self.lane = lane
        self._topic = Topic(hall, Kind.UP, node)
        self._box = box
        self._link = link

    async def measured(
        self,
        readings: Sequence[Reading],
        now_s: float,
        *,
        kept: Mapping[str, str] | None = None,
    ) -> None:
        """Keep readings and send what is due; where there is no room they are only counted.

        Args:
            kept: Written with them (`ReadingBox.kept`).

        Raises:
            StoreError: None is kept.
        """
        rows, gone = await self._box.append_all(readings, made_s=now_s, kept=kept)
        self.lane.forgot(gone)
        for row in rows:
            self.lane.appended(row)
        self.send(now_s)

    async def acked(self, payload: bytes, now_s: float) -> None:
        """Take an ack: forget what the hub has, and send what is due.

        Raises:
            WireError: It is none.
            StoreError: The rows stay on disk.
        """
        await self._box.stored(self.lane.acked(read_ack(payload), now_s))
        self.send(now_s)

    def send(self, now_s: float) -> None:
        """Publish what is due; call it at `lane.wake_s()` too."""
        readings = self.lane.outgoing(now_s)
        if readings is not None:
            self._link.publish(self._topic, encode(readings))
