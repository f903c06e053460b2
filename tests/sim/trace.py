"""What happened, as one number: equal traces are equal runs."""

import hashlib
import struct
import zlib

from tests.sim.timeline import Timeline


class Trace:
    """A running hash of every message, commit and fault with its instant, and the newest of them.

    Attributes:
        story: Faults, deaths and verdicts, for people.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.story: list[str] = []
        self._timeline = timeline
        self._crc = 0
        self._sha = hashlib.sha256()

    def message(self, topic: str, payload: bytes) -> None:
        """Note a message at the broker."""
        stamp = struct.pack("<d", self._timeline.now_s)
        self._crc = zlib.crc32(payload, zlib.crc32(topic.encode(), zlib.crc32(stamp, self._crc)))

    def commit(self, what: bytes) -> None:
        """Note what a journal holds now."""
        self._sha.update(struct.pack("<dI", self._timeline.now_s, self._crc) + what)

    def tell(self, what: str) -> None:
        """Note what a person would tell."""
        self.story.append(f"{self._timeline.now_s:10.3f} {what}")
        self._sha.update(self.story[-1].encode())

    @property
    def digest(self) -> str:
        """The hash of all of it."""
        sha = self._sha.copy()
        sha.update(struct.pack("<I", self._crc))
        return sha.hexdigest()[:16]
