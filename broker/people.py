"""Who is inside each zone, by what the hub has stored of its doors; beside its own work."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from broker import records
from broker.diagnosis import ZoneSight
from broker.hall.calendar import Calendar
from broker.hall.occupancy import people_day_begin_ms
from broker.log import kv
from broker.readings import READINGS_FILE
from broker.store import StoreError
from firmware_config.buttons import door_beams
from firmware_config.schema import HallFile, SensorNode

_log = logging.getLogger(__name__)


class Zone(NamedTuple):
    """A zone with doors: the nodes that have them, and how many people it is for."""

    id: str
    nodes: tuple[str, ...]
    people_max: int


def zones_of(file: HallFile) -> tuple[Zone, ...]:
    """Return the zones that are for so many people and have doors that count them."""
    found = []
    for zone in file.zones:
        nodes = tuple(
            node.id
            for node in file.nodes
            if isinstance(node, SensorNode) and node.zone == zone.id and door_beams(node)
        )
        if nodes and zone.people_max is not None:
            found.append(Zone(zone.id, nodes, zone.people_max))
    return tuple(found)


class People:
    """Looks it up.

    Args:
        zones: Of `zones_of`.
        folder: The hub's.
    """

    def __init__(self, *, zones: Sequence[Zone], folder: Path, calendar: Calendar) -> None:
        self._zones = tuple(zones)
        self._path = folder / READINGS_FILE
        self._calendar = calendar
        self._is_told = False

    async def look(self, now_ms: int) -> tuple[ZoneSight, ...]:
        """Return each zone as it is; what can't be read is unknown."""
        if not self._zones:
            return ()
        return await asyncio.to_thread(self._look, now_ms)

    def _look(self, now_ms: int) -> tuple[ZoneSight, ...]:
        since_ms = people_day_begin_ms(self._calendar, now_ms)
        return tuple(
            ZoneSight(
                id=zone.id, people=self._people(zone, since_ms, now_ms), people_max=zone.people_max
            )
            for zone in self._zones
        )

    def _people(self, zone: Zone, since_ms: int, now_ms: int) -> int | None:
        try:
            inside = records.inside(self._path, zone.nodes, since_ms=since_ms, now_ms=now_ms)
        except StoreError as error:
            if not self._is_told:
                self._is_told = True
                _log.warning("nobody knows who is inside", extra=kv(why=str(error)))
            return None
        return inside.people
