"""What is believed of a sensor: tables of samples over time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors import HUMIDITY, TEMPERATURE, names_of
from edge.sensors_gauge import FROZEN_S, SAMPLE_EVERY_S, Gauge, State

START_S = 100.0


def gauge_of(*values: float | None) -> tuple[Gauge, float]:
    """Return a gauge after these temperatures, one every 15 s (None = it failed), and the time."""
    one, at_s = Gauge((TEMPERATURE,), at_s=START_S), START_S
    for value in values:
        at_s += SAMPLE_EVERY_S
        if value is None:
            one.failed()
        else:
            one.take({TEMPERATURE: value}, at_s)
    return one, at_s


@pytest.mark.parametrize(
    ("values", "known", "counts"),
    [
        ((), None, {}),
        ((25.0,), None, {}),  # one is no median
        ((25.0, 25.1), None, {}),
        ((25.0, 25.2, 25.1), 25.1, {}),
        ((25.0, 25.2, 25.1, 25.3), 25.2, {}),
        ((25.0, None, 25.1, 25.2), 25.1, {"read_errors": 1}),
        ((25.0, 25.1, None, None, 25.2), 25.1, {"read_errors": 2}),
        ((25.0, 25.1, 25.2, None, None, None), None, {"read_errors": 3}),  # too old
        ((25.0, 25.1, 85.0, 25.2), 25.1, {"implausible": 1}),
        ((25.0, 25.1, -127.0, 25.2), 25.1, {"implausible": 1}),
        ((25.0, 25.1, math.nan, 25.2), 25.1, {"implausible": 1}),
        ((25.0, 25.1, 30.0, 25.2), 25.1, {"jumps": 1}),  # 5 °C within 15 s: 20 a minute
        ((25.0, 25.1, 27.0, 25.2), 25.1, {"jumps": 1}),  # 1.9 °C within 15 s: 7.6 a minute
        ((25.0, 25.1, 26.3, 27.5), 26.3, {}),  # 1.2 °C within 15 s: 4.8 a minute
    ],
)
def test_what_is_known(
    values: tuple[float | None, ...], known: float | None, counts: dict[str, int]
) -> None:
    """The median of the newest three that can be; unknown is no value."""
    one, now_s = gauge_of(*values)
    assert one.values(now_s).get(TEMPERATURE) == known
    assert one.counts == counts
    assert one.state(now_s) is (State.UNKNOWN if known is None else State.OK)


def test_a_real_change_is_believed_when_it_has_lasted() -> None:
    """A sensor carried from a cold car into the hall: 10 °C need two minutes, no longer."""
    one, at_s = gauge_of(15.0, 15.0, 15.1)
    for n in range(20):
        at_s += SAMPLE_EVERY_S
        one.take({TEMPERATURE: 25.0 + n / 100}, at_s)
    assert one.counts["jumps"] == 7
    assert one.values(at_s)[TEMPERATURE] == pytest.approx(25.18)


def test_a_frozen_sensor_is_suspect_and_says_nothing() -> None:
    """The very same for an hour; when it moves again it is believed."""
    one, at_s = Gauge((TEMPERATURE, HUMIDITY), at_s=START_S), START_S
    end_s = START_S + FROZEN_S
    while at_s < end_s:
        at_s += SAMPLE_EVERY_S
        one.take({TEMPERATURE: 25.06, HUMIDITY: 61.2}, at_s)
    assert (one.state(at_s), len(one.values(at_s))) == (State.OK, 2)
    at_s += SAMPLE_EVERY_S
    one.take({TEMPERATURE: 25.06, HUMIDITY: 61.2}, at_s)
    assert (one.state(at_s), one.values(at_s)) == (State.SUSPECT, {})
    at_s += SAMPLE_EVERY_S
    one.take({TEMPERATURE: 25.06, HUMIDITY: 61.3}, at_s)
    assert (one.state(at_s), len(one.values(at_s))) == (State.OK, 2)


def test_a_frozen_sensor_that_falls_silent_is_unknown() -> None:
    """Nobody knows any more what it would say."""
    one, at_s = Gauge((TEMPERATURE,), at_s=START_S), START_S
    for _ in range(300):
        at_s += SAMPLE_EVERY_S
        one.take({TEMPERATURE: 25.0}, at_s)
    assert one.state(at_s) is State.SUSPECT
    assert one.state(at_s + 600) is State.UNKNOWN


def test_one_unknown_value_makes_the_sensor_unknown() -> None:
    """A foil that broke says 0 %; its temperature is still told."""
    one, at_s = Gauge((TEMPERATURE, HUMIDITY), at_s=START_S), START_S
    for n in range(4):
        at_s += SAMPLE_EVERY_S
        one.take({TEMPERATURE: 25 + n / 100, HUMIDITY: 0.0}, at_s)
    assert one.state(at_s) is State.UNKNOWN
    assert list(one.values(at_s)) == [TEMPERATURE]
    assert one.age_s(at_s) == 60


@given(st.lists(st.one_of(st.none(), st.floats(-60, 130))))
def test_nothing_out_of_range_is_ever_told(values: list[float | None]) -> None:
    """Whatever the chip says; and every reading is counted once or believed."""
    one, now_s = gauge_of(*values)
    assert all(-10 <= value <= 60 for value in one.values(now_s).values())
    failed = sum(value is None for value in values)
    assert one.counts["read_errors"] == failed


class _Port:
    """A port by its name and kinds."""

    def __init__(self, name: str, *kinds: str) -> None:
        self.name = name
        self.kinds = kinds

    def read(self) -> dict[str, float]:
        """Say nothing."""
        return {}


def test_the_first_sensor_has_the_plain_kinds() -> None:
    """A second one that measures the same says which it is."""
    ports = (_Port("sht4x_44", TEMPERATURE), _Port("bme280_76", TEMPERATURE, HUMIDITY))
    assert names_of(ports) == [
        {TEMPERATURE: TEMPERATURE},
        {TEMPERATURE: "bme280_76_temperature_c", HUMIDITY: HUMIDITY},
    ]
