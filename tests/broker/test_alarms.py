"""From findings to alarms: how long something must hold, and what people can say to it."""

from typing import Any

import pytest

from broker.alarm_table import ALARMS, AlarmKind
from broker.alarms import OPEN_MAX, QUIET_S, Alarms
from broker.diagnosis import Finding
from broker.wire.messages import Alarm, encode, read_alarm

TEXTS: dict[str, Any] = {
    "what": {"id": "{subject} rusak ({count})", "en": "{subject} is broken ({count})"},
    "mend": {"id": "Perbaiki.", "en": "Mend it."},
}
KINDS = {
    "slow": AlarmKind(level="warning", raise_s=30, clear_s=45, **TEXTS),
    "now": AlarmKind(level="urgent", raise_s=0, clear_s=0, **TEXTS),
    "day": AlarmKind(level="urgent", raise_s=0, clear_s=0, in_hours=True, **TEXTS),
}


class Bench:
    """Alarms, and a clock."""

    def __init__(self, *kept: Alarm) -> None:
        self.alarms = Alarms(KINDS, kept=kept)
        self.now_s = 0.0

    def at(
        self, now_s: float, kind: str = "slow", *, holds: bool | None, is_open: bool = True
    ) -> dict[str, Alarm | None]:
        """Take one finding of x at an instant."""
        self.now_s = now_s
        finding = Finding(kind, "x", holds, {"count": int(now_s)})
        return self.alarms.take([finding], now_s=now_s, at_ms=int(now_s * 1000), is_open=is_open)


def test_an_alarm_is_raised_after_its_time_and_cleared_after_its_own() -> None:
    """30 s of trouble, 45 s of peace."""
    bench = Bench()
    assert [bench.at(t, holds=True) for t in (0, 29)] == [{}, {}]
    raised = bench.at(30, holds=True)["slow.x"]
    assert raised is not None
    assert (raised.level, raised.since_ms, raised.what["en"]) == (
        "warning",
        30_000,
        "x is broken (30)",
    )
    assert [bench.at(t, holds=False) for t in (31, 75)] == [{}, {}]
    assert bench.at(76, holds=False) == {"slow.x": None}
    assert bench.alarms.open == {}


def test_what_flaps_is_one_alarm_and_not_many() -> None:
    """Ten seconds here, ten seconds gone: raised never; once raised, cleared never."""
    bench = Bench()
    for t in range(0, 300, 10):
        assert bench.at(t, holds=t % 20 == 0) == {}
    bench.at(300, holds=True)
    bench.at(330, holds=True)
    ended = [bench.at(t, holds=t % 20 == 0).get("slow.x", "") for t in range(340, 900, 10)]
    assert None not in ended


@pytest.mark.parametrize("is_raised", [True, False])
def test_the_unknown_changes_nothing(*, is_raised: bool) -> None:
    """A node that is gone can't say that its paper is back, nor that it is out."""
    bench = Bench()
    if is_raised:
        bench.at(0, "now", holds=True)
    assert bench.at(10, "now", holds=None) == {}
    assert bench.at(9999, "now", holds=None) == {}
    assert list(bench.alarms.open) == ["now.x"] * is_raised


def test_a_finding_that_is_no_longer_made_is_over() -> None:
    """A node was taken out of the hall file."""
    bench = Bench()
    bench.at(0, "now", holds=True)
    assert bench.alarms.take([], now_s=1, at_ms=1) == {"now.x": None}


def test_alarms_of_opening_hours_are_mute_at_night() -> None:
    """A dark board is no fault then, and none that is left open."""
    bench = Bench()
    assert bench.at(0, "day", holds=True, is_open=False) == {}
    assert "day.x" in bench.at(1, "day", holds=True)
    assert bench.at(2, "day", holds=True, is_open=False) == {"day.x": None}
    assert "now.x" in bench.at(3, "now", holds=True, is_open=False)


def test_open_alarms_outlive_a_hub_without_being_raised_again() -> None:
    """The same since when; ended only when it is known that it is over."""
    first = Bench()
    first.at(0, holds=True)
    first.at(30, holds=True)
    kept = read_alarm(encode(first.alarms.open["slow.x"]))
    again = Bench(kept)
    assert again.alarms.open == {"slow.x": kept}
    assert again.at(1, holds=None) == {}
    again.at(2, holds=True)
    assert again.alarms.open["slow.x"].since_ms == 30_000
    again.at(3, holds=False)
    assert again.at(48, holds=False) == {"slow.x": None}


def test_a_kept_alarm_of_what_is_no_more_ends() -> None:
    """A kind of another release at once, a node that was removed with the first look."""
    kept = [
        Alarm(id=f"{k}.y", kind=k, subject="y", level="info", since_ms=1, what={}, mend={})
        for k in ("now", "of_another_release")
    ]
    bench = Bench(*kept)
    assert list(bench.alarms.open) == ["now.y"]
    assert bench.at(1, holds=False) == {"now.y": None}


def test_an_acknowledged_alarm_stays_quietly_for_four_hours() -> None:
    """Then it is everybody's again."""
    bench = Bench()
    bench.at(0, "now", holds=True)
    assert bench.alarms.acknowledge("now.z", "SR", now_s=1) is None
    found = bench.alarms.acknowledge("now.x", "SR", now_s=1)
    assert found is not None
    assert found.acknowledged_by == "SR"
    bench.at(QUIET_S, "now", holds=True)
    assert bench.alarms.open["now.x"].acknowledged_by == "SR"
    bench.at(QUIET_S + 1, "now", holds=True)
    assert bench.alarms.open["now.x"].acknowledged_by == ""


def test_under_maintenance_a_subject_raises_nothing() -> None:
    """And what it had raised is cleared; afterwards it counts again."""
    bench = Bench()
    bench.at(0, "now", holds=True)
    bench.alarms.maintain("x", on=True)
    assert bench.alarms.maintained == {"x"}
    assert bench.at(1, "now", holds=True) == {"now.x": None}
    bench.alarms.maintain("x", on=False)
    assert "now.x" in bench.at(2, "now", holds=True)


def test_the_worst_come_first_and_never_too_many() -> None:
    """A fault nobody thought of can't flood the broker."""
    alarms = Alarms(KINDS)
    many = [Finding("now", f"n{i}", holds=True, details={"count": 1}) for i in range(OPEN_MAX + 9)]
    slow = Finding("slow", "x", holds=True, details={"count": 1})
    alarms.take([slow], now_s=0, at_ms=0)
    alarms.take([slow], now_s=30, at_ms=1)
    changed = alarms.take([slow, *many], now_s=31, at_ms=2)

    assert len(alarms.open) == OPEN_MAX
    assert {alarm.level for alarm in alarms.open.values()} == {"urgent"}
    assert changed["slow.x"] is None


@pytest.mark.parametrize("kind", ALARMS)
def test_every_row_of_the_table_speaks_both_languages(kind: str) -> None:
    """What is wrong and what to do, with words for every detail; short enough for a phone."""
    details: dict[str, str | int | float] = dict.fromkeys(
        ("count", "value", "button", "version", "hub", "sensor", "most"), 3
    )
    alarms = Alarms({kind: ALARMS[kind]})
    finding = Finding(kind, "loket-3", holds=True, details=details)
    for t in (0, 100_000):
        alarms.take([finding], now_s=t, at_ms=t)
    (alarm,) = alarms.open.values()

    assert alarm.what.keys() == alarm.mend.keys() == {"id", "en"}
    assert all(0 < len(text) <= 80 for text in (*alarm.what.values(), *alarm.mend.values()))
