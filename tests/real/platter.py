"""PURE: a disk that keeps what was synced, and of the rest only what a power cut leaves.

Each file has what its readers see, what is on the platter, and the changes between the two, in
order; a sync makes its changes permanent. Of names the same: a folder's entries are as they were
when the folder itself was last synced (ext4 is kinder, and promises nothing). A power cut leaves
one of four things of what was not synced, `LOSSES`.
"""

import stat
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

SECTOR_BYTES = 512
"""What a disk writes whole or not at all."""

LOSSES = ("forgotten", "torn", "reordered", "sectors")
"""What a power cut does to what was not synced:

forgotten  nothing of it is there
torn       all of it is there but the end of the last write of each file
reordered  only the last write of each file is there
sectors    any of its sectors are there, by the seed
"""


class Change(NamedTuple):
    """What was done to a file: these bytes written at this place, or (None) cut or grown to it."""

    at: int
    written: bytes | None


class File:
    """One file; a socket is one without bytes."""

    def __init__(self, mode: int, content: bytes = b"") -> None:
        self.mode = mode
        self.live = bytearray(content)
        self._durable = bytearray(content)
        self._changes: list[Change] = []

    def change(self, change: Change) -> None:
        """Do something to it."""
        _apply(self.live, change)
        self._changes.append(change)

    def sync(self) -> None:
        """Put all of it on the platter."""
        for change in self._changes:
            _apply(self._durable, change)
        self._changes.clear()

    def fail_sync(self) -> None:
        """Forget what a sync should have written, while readers go on seeing it.

        So does Linux: after EIO the pages count as clean, and no later sync writes them.
        """
        self._changes.clear()

    def cut(self, loss: str, random: Random) -> None:
        """Go on as after a power cut."""
        for change in _left(self._changes, loss, random):
            _apply(self._durable, change)
        self._changes.clear()
        self.live = bytearray(self._durable)


class Folder:
    """Names, and what they name."""

    def __init__(self, mode: int = stat.S_IFDIR | 0o700) -> None:
        self.mode = mode
        self.live: dict[str, File | Folder] = {}
        self._durable: dict[str, File | Folder] = {}

    def sync(self) -> None:
        """Put its entries on the platter; not what they name."""
        self._durable = dict(self.live)

    def fail_sync(self) -> None:
        """Leave the entries on the platter as they were."""

    def cut(self, loss: str, random: Random) -> None:
        """Go on as after a power cut, with all below it."""
        self.live = dict(self._durable)
        for _, node in sorted(self.live.items()):
            node.cut(loss, random)

    def sync_all(self) -> None:
        """Put all below it on the platter."""
        self.sync()
        for node in self.live.values():
            node.sync_all() if isinstance(node, Folder) else node.sync()


def _left(changes: Sequence[Change], loss: str, random: Random) -> Iterator[Change]:
    """Yield what of unsynced changes is on the platter after the cut."""
    written = [change for change in changes if change.written is not None]
    match loss:
        case "forgotten":
            return
        case "torn":
            for change in changes:
                torn = change is changes[-1] and change.written is not None
                yield _torn(change, random) if torn else change
        case "reordered":
            yield from written[-1:]
        case "sectors":
            for change in changes:
                yield from _sectors(change, random)
        case _:
            raise ValueError(f"{loss!r} is none of {', '.join(LOSSES)}")


def _torn(change: Change, random: Random) -> Change:
    assert change.written is not None
    return change._replace(written=change.written[: random.randrange(len(change.written) + 1)])


def _sectors(change: Change, random: Random) -> Iterator[Change]:
    """Yield some of the sectors a change touches."""
    if change.written is None:
        if random.random() < 0.5:
            yield change
        return
    at, rest = change.at, change.written
    while rest:
        length = SECTOR_BYTES - at % SECTOR_BYTES
        if random.random() < 0.5:
            yield Change(at, rest[:length])
        at, rest = at + length, rest[length:]


def _apply(content: bytearray, change: Change) -> None:
    at, written = change
    if written is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(written)] = written
