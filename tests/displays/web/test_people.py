"""How full a zone is, on the page: by the hub's readings, or unknown."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broker.hall.calendar import Calendar, Span
from broker.readings import ReadingStore
from broker.wire.readings import Arrived, Reading, Readings
from displays.web.feed import Feed
from displays.web.people import People
from displays.web.scene import Doorway, scene_of
from firmware_config.load import load_hall
from tests.displays.web.stage import DEMO

MINUTE_MS = 60_000
NOON_MS = 1_796_187_600_000
"""2026-12-02 12:00 in Jakarta, a Wednesday."""

CALENDAR = Calendar(
    zone=ZoneInfo("Asia/Jakarta"),
    open={day: (Span(8 * 60, 15 * 60),) for day in ("mon", "tue", "wed", "thu", "fri")},
)
ENTRANCE = Doorway("lantai-1", "Lantai 1", ("sensor-1",), 40)


class Doors:
    """A door's readings, as a hub stores them."""

    def __init__(self, store: ReadingStore) -> None:
        self._store = store
        self._seq = 0

    async def told(self, entered: int, left: int, at_ms: int) -> None:
        """Store one minute of a door."""
        kinds = {"door_in": entered, "door_out": left}
        readings = tuple(
            Reading(kind=kind, value=count, made_ms=1, age_ms=0) for kind, count in kinds.items()
        )
        message = Readings(stream="a" * 32, start=self._seq + 1, readings=readings)
        self._seq += 2
        await self._store.put([Arrived("sensor-1", message, at_ms)])


def told(feed: Feed) -> dict[str, object]:
    """Return the one zone the newest message tells of."""
    (zone,) = json.loads(feed._latest["people"].body)["zones"]
    assert isinstance(zone, dict)
    return zone


async def test_people_are_those_of_the_day_so_far(tmp_path: Path) -> None:
    """Yesterday's and those of before this morning are not inside; too many are said."""
    now = [NOON_MS]
    feed, path = Feed(), tmp_path / "readings.db"
    people = People(
        doorways=[ENTRANCE], path=path, calendar=CALENDAR, feed=feed, now_ms=lambda: now[0]
    )
    async with ReadingStore.open(path) as store:
        door = Doors(store)
        await door.told(99, 0, NOON_MS - 21 * 60 * MINUTE_MS)  # yesterday at 15.00
        await door.told(25, 5, NOON_MS - MINUTE_MS)
        await people.look()
        assert told(feed) == {
            "zone": "lantai-1",
            "people": 20,
            "people_max": 40,
            "entered": 25,
            "left": 5,
            "crowded": False,
        }
        await door.told(21, 0, NOON_MS)
        await people.look()
        assert (told(feed)["people"], told(feed)["crowded"]) == (41, True)
        # It stays too full until it is a tenth below its limit.
        await door.told(0, 4, NOON_MS)
        await people.look()
        assert (told(feed)["people"], told(feed)["crowded"]) == (37, True)
        await door.told(0, 1, NOON_MS)
        await people.look()
        assert (told(feed)["people"], told(feed)["crowded"]) == (36, False)
        now[0] = NOON_MS + 4 * MINUTE_MS
        await people.look()
        assert told(feed)["people"] is None


async def test_without_a_hub_or_its_readings_it_is_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Never 0; said once in the log."""
    feed = Feed()
    for now_ms in (None, NOON_MS, NOON_MS):
        people = People(
            doorways=[ENTRANCE],
            path=tmp_path / "readings.db",
            calendar=CALENDAR,
            feed=feed,
            now_ms=lambda now_ms=now_ms: now_ms,
        )
        await people.look()
        assert told(feed)["people"] is None
    await people.look()
    assert caplog.text.count("nobody knows who is inside") == 2


def test_the_demos_door_leads_into_its_zone() -> None:
    """What the page shows of it is in the hall file."""
    scene = scene_of(load_hall(DEMO))
    assert scene.doorways == (ENTRANCE,)
    (entrance,) = scene.entrances
    assert entrance.doors == (("door-1-outer", "door-1-inner"),)
