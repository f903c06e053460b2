"""Who is inside a zone, as the hub's monitor looks it up; and that it becomes an alarm."""

from pathlib import Path
from zoneinfo import ZoneInfo

import firmware_config
from broker.diagnosis import ZoneSight
from broker.hall.calendar import Calendar, Span
from broker.people import People, Zone, zones_of
from broker.readings import READINGS_FILE, ReadingStore
from broker.wire.readings import Arrived, Reading, Readings
from firmware_config.load import load_hall

DEMO = Path(firmware_config.__file__).parent / "examples" / "demo.toml"
NOON_MS = 1_796_187_600_000
"""2026-12-02 12:00 in Jakarta, a Wednesday."""

CALENDAR = Calendar(zone=ZoneInfo("Asia/Jakarta"), open={"wed": (Span(8 * 60, 15 * 60),)})
ZONE = Zone("lantai-1", ("sensor-1",), 40)


def test_the_demos_zone_has_a_door_and_a_limit() -> None:
    """From the hall file; a zone without a limit is never too full."""
    file = load_hall(DEMO)
    assert zones_of(file) == (ZONE,)


async def test_people_are_looked_up_in_the_hubs_readings(tmp_path: Path) -> None:
    """Known by its door, unknown without its file or when the door is silent."""
    people = People(zones=(ZONE,), folder=tmp_path, calendar=CALENDAR)
    unknown = (ZoneSight(id="lantai-1", people=None, people_max=40),)
    assert await people.look(NOON_MS) == unknown
    reading = Reading(kind="door_in", value=41, made_ms=1, age_ms=0)
    message = Readings(stream="a" * 32, start=1, readings=(reading,))
    async with ReadingStore.open(tmp_path / READINGS_FILE) as store:
        await store.put([Arrived("sensor-1", message, NOON_MS)])
        known = (ZoneSight(id="lantai-1", people=41, people_max=40),)
        assert await people.look(NOON_MS + 60_000) == known
        assert await people.look(NOON_MS + 600_000) == unknown
    assert await People(zones=(), folder=tmp_path, calendar=CALENDAR).look(NOON_MS) == ()
