"""How many people are in each zone, from what the hub has stored of its doors, for the pages.

The readings are a file of the hub's, on the Pi the pages run on. It is looked at every few seconds
on a thread of its own; what can't be read is unknown.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from broker.clock import Clock
from broker.hall.calendar import Calendar
from broker.hall.occupancy import crowding, people_day_begin_ms
from broker.log import kv
from displays.web.feed import Feed, Message
from displays.web.scene import Doorway

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3.0

READINGS = Path("hub") / "readings.db"
"""Below the data folder."""


class People:
    """Tells the open pages how full each zone is.

    Args:
        now_ms: The hub's time now, None while no heartbeat of it is known.
    """

    def __init__(
        self,
        *,
        doorways: Sequence[Doorway],
        path: Path,
        calendar: Calendar,
        feed: Feed,
        now_ms: Callable[[], int | None],
    ) -> None:
        self._doorways = tuple(doorways)
        self._path = path
        self._calendar = calendar
        self._feed = feed
        self._now_ms = now_ms
        self._crowded: set[str] = set()
        self._is_told = False

    async def watch(self, clock: Clock) -> None:
        """Look until cancelled; a hall without doors needs none."""
        while self._doorways:
            await self.look()
            await clock.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once, and tell the pages what is another than before."""
        zones = []
        for doorway in self._doorways:
            people, entered, left = await self._inside(doorway)
            was = doorway.zone in self._crowded
            is_crowded = crowding(doorway.zone, people, doorway.people_max, was=was) is not None
            if is_crowded:
                self._crowded.add(doorway.zone)
            else:
                self._crowded.discard(doorway.zone)
            zones.append(
                {
                    "zone": doorway.zone,
                    "people": people,
                    "people_max": doorway.people_max,
                    "entered": entered,
                    "left": left,
                    "crowded": is_crowded,
                }
            )
        body = msgspec.json.encode({"zones": zones}).decode()
        self._feed.publish("people", Message("people", body))

    async def _inside(self, doorway: Doorway) -> tuple[int | None, int, int]:
        now_ms = self._now_ms()
        if now_ms is None:
            return None, 0, 0
        try:
            return await asyncio.to_thread(self._read, doorway, now_ms)
        except OSError as error:
            if not self._is_told:
                self._is_told = True
                log.warning("nobody knows who is inside", extra=kv(why=str(error)))
            return None, 0, 0

    def _read(self, doorway: Doorway, now_ms: int) -> tuple[int | None, int, int]:
        from broker import records  # noqa: PLC0415 - a page without doors needs no database

        since_ms = people_day_begin_ms(self._calendar, now_ms)
        return records.inside(self._path, doorway.nodes, since_ms=since_ms, now_ms=now_ms)
