"""What the hub remembers of its fleet, on disk and bounded."""

import sqlite3
from pathlib import Path

import pytest

from broker.health_store import (
    COARSE_STEP_S,
    DAY_MS,
    FINE_STEP_S,
    HEALTH_FILE,
    FigureRow,
    HealthStore,
    Transition,
    health_in,
    read_alarms,
)
from broker.rollup import Rollup
from broker.store import StoreError
from broker.wire.figures import Machine, Storage
from broker.wire.messages import Alarm, Health

ALARM = Alarm(
    id="hot.pi", kind="hot", subject="pi", level="warning", since_ms=5, what={"en": "hot"}, mend={}
)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds."""
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


async def test_open_alarms_outlive_the_hub(tmp_path: Path) -> None:
    """And can be read while no hub runs; an ended one is gone."""
    path = tmp_path / HEALTH_FILE
    async with HealthStore.open(path) as store:
        assert list(store.kept) == []
        ended = {"cold.pi": None}
        await store.put(changed={"hot.pi": ALARM} | ended, transitions=[], figures=[])
    assert read_alarms(path) == [ALARM]
    async with HealthStore.open(path) as store:
        assert list(store.kept) == [ALARM]
        await store.put(changed={"hot.pi": None}, transitions=[], figures=[])
    assert read_alarms(path) == []


async def test_an_alarm_of_another_release_is_left_out(tmp_path: Path) -> None:
    """A rollback must not keep the hub from starting."""
    path = tmp_path / HEALTH_FILE
    async with HealthStore.open(path) as store:
        await store.put(changed={"hot.pi": ALARM}, transitions=[], figures=[])
    rows(path, "SELECT 1")
    db = sqlite3.connect(path)
    db.execute("INSERT INTO alarms VALUES ('new', '{\"id\": 5}')")
    db.commit()
    db.close()
    assert read_alarms(path) == [ALARM]


@pytest.mark.parametrize(("is_trusted", "left"), [(True, 1), (False, 2)])
async def test_what_is_old_goes_by_a_clock_that_can_be_believed(
    tmp_path: Path, *, is_trusted: bool, left: int
) -> None:
    """A clock that stands in the year 2040 must not erase three months."""
    path, now_ms = tmp_path / HEALTH_FILE, 100 * DAY_MS
    figures = [
        FigureRow("n", step_s, now_ms - days * DAY_MS, {"soc_c": 50.0})
        for step_s, days in ((FINE_STEP_S, 1), (FINE_STEP_S, 3), (COARSE_STEP_S, 3))
    ]
    old = [Transition(now_ms - days * DAY_MS, "here", "n") for days in (1, 91)]
    async with HealthStore.open(path) as store:
        await store.put(changed={}, transitions=old, figures=figures)
        await store.trim(now_ms, is_trusted=is_trusted)

    assert rows(path, "SELECT count(*) FROM transitions") == [(left,)]
    assert rows(path, "SELECT count(*) FROM figures") == [(left + 1,)]


async def test_a_damaged_history_costs_the_history_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The hall goes on, and it is said."""
    (tmp_path / HEALTH_FILE).write_bytes(b"no database" * 100)
    async with health_in(tmp_path) as store:
        assert store is None
    assert "no history" in caplog.text
    with pytest.raises(StoreError):
        read_alarms(tmp_path / "nowhere")


def test_a_step_keeps_the_worst_of_each_figure() -> None:
    """What is unknown is left out; the next step begins empty."""
    rollup = Rollup()
    for soc_c, available in ((50.0, 0.4), (70.0, None), (60.0, 0.3)):
        machine = Machine(soc_c=soc_c, storage=Storage(available=available))
        rollup.add("n", Health(uptime_s=1, outbox_depth=2, machine=machine))
    assert rollup.cut() == {
        "n": {"soc_c": 70.0, "disk_available": 0.3, "outbox_depth": 2, "rss_bytes": 0}
    }
    assert rollup.cut() == {}
