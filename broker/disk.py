"""A disk that fills up: what gives way, and in which order (DESIGN §5.12).

A full SQLite can't even DELETE (measured on 8 MB of tmpfs: INSERT, DELETE and a checkpoint each end
with SQLITE_FULL). So each database has a ballast beside it, a file that is there to be removed:

    ok      all is kept
    low     readings give way: they are not kept any more
    short   and so do rows with a result, down to the newest few
    full    and so does the ballast; its room is for deletes and the last commits

A row without a result is never dropped, and no row of a journal. The ballast is made again when
there is room for it and some more.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from broker.log import kv
from broker.store import StoreFullError

_log = logging.getLogger(__name__)

BALLAST_FILE = "ballast"

BALLAST_BYTES = 16 * 1024 * 1024
"""A hub's: some 30,000 rows of a journal, more than a day of a hall."""

NODE_BALLAST_BYTES = 2 * 1024 * 1024
"""A node's: a day of its rows, and many nodes may share one disk."""

_T = TypeVar("_T")


class Room(StrEnum):
    """How much room there is, most first."""

    OK = "ok"
    LOW = "low"
    SHORT = "short"
    FULL = "full"


class Limits(NamedTuple):
    """Free bytes below which a disk is called that."""

    low: int = 256 * 1024 * 1024
    short: int = 64 * 1024 * 1024
    full: int = 4 * 1024 * 1024


LIMITS = Limits()


def room_of(free: int, limits: Limits = LIMITS, *, has_ballast: bool = True) -> Room:
    """Return the tier of a disk with so many bytes free; without its ballast it is full."""
    if free < limits.full or not has_ballast:
        return Room.FULL
    if free < limits.short:
        return Room.SHORT
    return Room.LOW if free < limits.low else Room.OK


def free_bytes(folder: Path) -> int:
    """Return what a process of no privilege may still write on the disk of this folder."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


class Disk:
    """The disk under one database.

    Args:
        ballast: The file, beside the database.

    Attributes:
        room: As last looked at.
    """

    def __init__(
        self,
        ballast: Path,
        *,
        size: int = BALLAST_BYTES,
        limits: Limits = LIMITS,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.room = Room.OK
        self._ballast = ballast
        self._size = size
        self._limits = limits
        self._free = free

    def look(self) -> Room:
        """Look how much room there is, make the ballast if there is enough, and say a change."""
        free = self._free(self._ballast.parent)
        if not self._ballast.exists() and free >= self._size + self._limits.short:
            self._make()
            free = self._free(self._ballast.parent)
        self._become(room_of(free, self._limits, has_ballast=self._ballast.exists()), free)
        return self.room

    def opening(self) -> None:
        """Make room for a start, which writes: called before the database is opened."""
        if self.look() is Room.FULL:
            self.give_way()

    def give_way(self) -> bool:
        """Remove the ballast; return whether there was one."""
        try:
            self._ballast.unlink()
        except FileNotFoundError:
            return False
        self._become(Room.FULL, self._free(self._ballast.parent))
        return True

    async def written(self, write: Callable[[], Awaitable[_T]]) -> _T:
        """Return what `write` returns; tried once more without the ballast if the disk is full.

        Raises:
            StoreFullError: There was no ballast, or its room was not enough.
        """
        try:
            return await write()
        except StoreFullError:
            if not self.give_way():
                raise
        return await write()

    def _make(self) -> None:
        try:
            with self._ballast.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as error:
            self._ballast.unlink(missing_ok=True)
            _log.warning("no ballast", extra=kv(path=str(self._ballast), why=str(error)))

    def _become(self, room: Room, free: int) -> None:
        if room is self.room:
            return
        self.room = room
        fields = kv(room=room.value, free_bytes=free, folder=str(self._ballast.parent))
        if room is Room.OK:
            _log.info("room on the disk again", extra=fields)
        else:
            _log.error("little room on the disk: free some", extra=fields)
