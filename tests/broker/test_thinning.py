"""The hub's readings over months: minutes, quarters, nothing; and what is asked of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from broker import records, thinning
from broker.readings import HUB_MIGRATIONS, ReadingStore
from broker.store import StoreError, open_db, transact
from broker.thinning import DAY_MS, MINUTES_MS, QUARTER_MS
from broker.wire.readings import Arrived, Reading, Readings

MINUTE_MS = 60_000
BEGIN_MS = 1_795_000_500_000 - 1_795_000_500_000 % QUARTER_MS


def minutes(
    first: int, values: list[float], *, kind: str = "temperature_c", node: str = "s-1"
) -> list[Arrived]:
    """Return messages of one reading each, the value of minute n at number n."""
    return [
        Arrived(
            node,
            Readings(
                stream="a" * 32,
                start=first + place,
                readings=(Reading(kind=kind, value=value, made_ms=1, age_ms=0),),
            ),
            BEGIN_MS + (first + place - 1) * MINUTE_MS,
        )
        for place, value in enumerate(values)
    ]


def counted(path: Path) -> tuple[int, int]:
    """Return how many readings and quarters there are."""
    with closing(sqlite3.connect(path)) as db:
        return (
            db.execute("SELECT count(*) FROM readings").fetchone()[0],
            db.execute("SELECT count(*) FROM quarters").fetchone()[0],
        )


async def thinned(store: ReadingStore, now_ms: int) -> int:
    """Thin until there is no more; return in how many pieces."""
    pieces = 1
    while await store.thin(now_ms):
        pieces += 1
    return pieces


async def test_minutes_become_quarters_after_two_days(tmp_path: Path) -> None:
    """Their number, sum, mean and both ends are what the minutes had."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        await store.put(minutes(1, [float(20 + n % 15) for n in range(60)]))
        await thinned(store, BEGIN_MS + MINUTES_MS + 29 * MINUTE_MS)
        # The quarter that is not wholly old stays as it is.
        assert counted(path) == (45, 1)
        asked = {"from_ms": 0, "to_ms": 2**53}
        before = records.readings_between(path, "s-1", "temperature_c", **asked)
        await thinned(store, BEGIN_MS + MINUTES_MS + DAY_MS)
        assert counted(path) == (0, 4)
        after = records.readings_between(path, "s-1", "temperature_c", **asked)
    assert before == after
    total = sum(range(20, 35))
    assert after == [
        (BEGIN_MS + n * QUARTER_MS, 15, total / 15, 20.0, 34.0, total) for n in range(4)
    ]


async def test_a_message_that_comes_again_after_it_was_folded_counts_once(tmp_path: Path) -> None:
    """A node that never heard the answer sends for days; what is new of it is taken."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        first = minutes(1, [1.0] * 15, kind="door_in")
        await store.put(first)
        await thinned(store, BEGIN_MS + 5 * DAY_MS)
        await store.put([*first, *minutes(16, [2.0], kind="door_in")])
        await thinned(store, BEGIN_MS + 5 * DAY_MS)
    found = records.readings_between(path, "s-1", "door_in", from_ms=0, to_ms=2**53)
    assert [quarter.total for quarter in found] == [15.0, 2.0]


async def test_quarters_are_erased_after_their_days(tmp_path: Path) -> None:
    """As the hall file says; what is kept of streams goes too."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path, days=90) as store:
        await store.put(minutes(1, [20.0] * 30))
        await thinned(store, BEGIN_MS + 90 * DAY_MS)
        assert counted(path) == (0, 2)
        await thinned(store, BEGIN_MS + 90 * DAY_MS + 1)
        assert counted(path) == (0, 1)
        await thinned(store, BEGIN_MS + 92 * DAY_MS)
        assert counted(path) == (0, 0)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM folded").fetchone() == (0,)


async def test_a_reading_from_a_clock_that_ran_ahead_goes(tmp_path: Path) -> None:
    """Of an earlier boot nothing but the node's own clock tells."""
    path = tmp_path / "readings.db"
    ahead = Reading(kind="a", value=1.0, made_ms=BEGIN_MS + 400 * DAY_MS)
    async with ReadingStore.open(path) as store:
        readings = Readings(stream="b" * 32, start=1, readings=(ahead,))
        await store.put([Arrived("s-1", readings, BEGIN_MS)])
        await thinned(store, BEGIN_MS)
    assert counted(path) == (0, 0)


async def test_what_there_is_too_much_of_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node gone mad fills no disk; it is done in pieces, the oldest first."""
    path = tmp_path / "readings.db"
    monkeypatch.setattr(thinning, "PIECE", 40)
    monkeypatch.setattr(thinning, "MINUTE_ROWS_MAX", 100)
    monkeypatch.setattr(thinning, "QUARTERS_MAX", 3)
    async with ReadingStore.open(path) as store:
        await store.put(minutes(1, [1.0] * 150))
        assert await thinned(store, BEGIN_MS + 150 * MINUTE_MS) == 3
        assert counted(path)[0] <= 100
        await thinned(store, BEGIN_MS + 5 * DAY_MS)
    assert counted(path) == (0, 3)
    found = records.readings_between(path, "s-1", "temperature_c", from_ms=0, to_ms=2**53)
    assert found[-1].at_ms == BEGIN_MS + 9 * QUARTER_MS


async def test_a_file_of_the_release_before_is_thinned_too(tmp_path: Path) -> None:
    """Its readings are there, and become quarters."""
    path = tmp_path / "readings.db"
    row = ("s-1", "a" * 32, 1, "temperature_c", 21.5, BEGIN_MS)
    async with open_db(path, HUB_MIGRATIONS[:1]) as db:
        sql = "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?)"
        await transact(db, lambda sync: sync.execute(sql, row).close())
    async with ReadingStore.open(path) as store:
        await thinned(store, BEGIN_MS + 3 * DAY_MS)
    assert counted(path) == (0, 1)


# -- who is inside ----------------------------------------------------------------------------


async def test_who_is_inside_by_all_doors_of_a_zone(tmp_path: Path) -> None:
    """People come in by one and go out by the other; together they are never below nobody."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        for node, kind, values in (
            ("s-1", "door_in", [3.0, 2.0, 0.0]),
            ("s-2", "door_out", [0.0, 1.0, 3.0]),
            ("s-3", "door_in", [9.0, 9.0, 9.0]),
        ):
            await store.put(minutes(1, values, kind=kind, node=node))
    now_ms = BEGIN_MS + 3 * MINUTE_MS
    asked = {"since_ms": BEGIN_MS, "now_ms": now_ms}
    assert records.inside(path, ("s-1", "s-2"), **asked) == (1, 5, 4)
    assert records.inside(path, ("s-2",), **asked) == (0, 0, 4)
    # A new day knows nothing of the one before.
    asked["since_ms"] = BEGIN_MS + MINUTE_MS
    assert records.inside(path, ("s-1", "s-2"), **asked) == (0, 2, 4)


async def test_who_is_inside_is_unknown_when_a_door_is_not_heard(tmp_path: Path) -> None:
    """Never heard, or not for three minutes; what was counted is told all the same."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        await store.put(minutes(1, [3.0], kind="door_in"))
    late_ms = BEGIN_MS + records.HEARD_WITHIN_MS
    assert records.inside(path, ("s-1",), since_ms=0, now_ms=late_ms) == (3, 3, 0)
    assert records.inside(path, ("s-1",), since_ms=0, now_ms=late_ms + 1) == (None, 3, 0)
    assert records.inside(path, ("s-1", "s-2"), since_ms=0, now_ms=BEGIN_MS) == (None, 3, 0)
    with pytest.raises(StoreError, match="no such file"):
        records.inside(tmp_path / "none.db", ("s-1",), since_ms=0, now_ms=0)


async def test_the_newest_of_each_kind(tmp_path: Path) -> None:
    """Not older than asked for."""
    path = tmp_path / "readings.db"
    async with ReadingStore.open(path) as store:
        await store.put(minutes(1, [20.0, 21.0, 22.0]))
        await store.put(minutes(1, [50.0], kind="humidity_pct", node="s-2"))
    newest = records.newest_readings(path, since_ms=BEGIN_MS + MINUTE_MS)
    assert newest == [("s-1", "temperature_c", 22.0, BEGIN_MS + 2 * MINUTE_MS)]
