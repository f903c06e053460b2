"""A press that lay in a hung broker, or before a hung hub, has the place of its press."""

import json

import pytest

from tests.broker.test_core import AT_MS, ISSUE, KIOSK, Desk, desk

__all__ = ["desk"]


def issued_ms(desk: Desk, seq: int, *, sent_s: float, age_ms: int | None) -> int:
    """Return the place of a press that was so old when it was sent."""
    desk.up("kiosk-1", KIOSK, seq, {**ISSUE, "age_ms": age_ms}, sent_ms=round(sent_s * 1000))
    [result] = desk.results()
    return int(result["events"][0]["issued_ms"])


@pytest.mark.parametrize(("age_ms", "place_ms"), [(1500, AT_MS - 301_500), (None, AT_MS)])
def test_a_press_counts_from_the_press(desk: Desk, age_ms: int | None, place_ms: int) -> None:
    """1.5 s old when it was sent, then five minutes on its way; or of a boot nobody knows of."""
    assert issued_ms(desk, 1, sent_s=7000, age_ms=0) == AT_MS
    desk.now_s += 300

    place = issued_ms(desk, 2, sent_s=7000, age_ms=age_ms)
    assert abs(place - place_ms) <= 100


def test_a_nodes_figures_tell_its_clock_too(desk: Desk) -> None:
    """The first press after a hub's start may be the one that lies."""
    health = json.dumps({"uptime_s": 9.0, "sent_ms": 7_000_000}).encode()
    desk.take("loket/v1/demo/health/kiosk-1", health)
    desk.now_s += 60

    assert abs(issued_ms(desk, 1, sent_s=7001, age_ms=0) - (AT_MS - 59_000)) <= 100


def test_a_press_is_never_older_than_an_age_may_be(desk: Desk) -> None:
    """Whatever a node's clock says."""
    issued_ms(desk, 1, sent_s=9e9, age_ms=0)
    desk.now_s += 1e8

    assert issued_ms(desk, 2, sent_s=9e9, age_ms=0) >= 0
