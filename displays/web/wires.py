"""What the web process needs of `broker.link.Link` to speak."""

from typing import Protocol

from broker.wire.topics import Topic


class Wire(Protocol):
    """Takes messages for the broker."""

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Hand it to the broker; False when it was not."""
        ...
