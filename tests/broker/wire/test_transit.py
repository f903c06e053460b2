"""How long messages lay on their way, by stamps of clocks that have nothing in common."""

import pytest

from broker.wire.transit import DRIFT, Transit

APART_S = 5000.0
"""The node has been up so much longer than the hub."""


def took(*messages: tuple[float, float], apart_s: float = APART_S) -> list[float]:
    """Return how long each message took that was sent and came at these instants of the hub."""
    transit = Transit()
    return [
        round(transit.took_s("kiosk-1", sent_s + apart_s, came_s), 3) for sent_s, came_s in messages
    ]


@pytest.mark.parametrize("apart_s", [APART_S, 0.0, -3.0])
def test_a_message_that_lay_is_found_by_one_that_did_not(apart_s: float) -> None:
    """Frozen for four seconds: both messages that were sent meanwhile lay as long as they did."""
    messages = [(10.0, 10.002), (20.0, 24.002), (21.0, 24.002), (30.0, 30.002)]

    four, three = pytest.approx(4, abs=0.01), pytest.approx(3, abs=0.01)
    assert took(*messages, apart_s=apart_s) == [0.0, four, three, 0.0]


def test_the_first_message_took_no_time_as_far_as_anybody_knows() -> None:
    """A place that is too late is mended by nobody; one that is too early would be unfair."""
    assert took((10.0, 14.0), (20.0, 20.001), (21.0, 25.001)) == [
        0.0,
        0.0,
        pytest.approx(4, abs=0.01),
    ]


def test_clocks_that_drift_are_not_a_message_that_lies() -> None:
    """A node that is 80 ppm slow, over a day, with a message every 15 s."""
    messages = [(at_s * (1 - 0.8 * DRIFT), at_s) for at_s in range(0, 86_400, 15)]

    assert set(took(*map(_floats, messages))) == {0.0}


def _floats(pair: tuple[float, float]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


def test_a_node_that_was_started_anew_is_known_anew() -> None:
    """Its clock began at zero: that is no message of hours ago."""
    transit = Transit()
    transit.took_s("kiosk-1", 90_000.0, 10.0)

    assert transit.took_s("kiosk-1", 20.0, 60.0) == 0.0
    assert transit.took_s("kiosk-1", 21.0, 62.0) == pytest.approx(1, abs=0.01)


def test_two_messages_that_change_places_are_no_new_start() -> None:
    """A stamp may be a little below the one before."""
    assert took((10.0, 10.0), (11.0, 11.0), (10.9, 11.1))[2] == pytest.approx(0.2, abs=0.01)


def test_each_node_has_its_own_clock() -> None:
    """And a node of an older release says nothing."""
    transit = Transit()
    transit.took_s("kiosk-1", 500.0, 10.0)

    assert transit.took_s("kiosk-2", 100.0, 10.0) == 0.0
    assert transit.took_s("kiosk-1", None, 99.0) == 0.0
