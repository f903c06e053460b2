"""A slice of the long proof: one round, one sabotaged build; `make chaos` plays them all."""

from pathlib import Path

import pytest

from tests.real.chaos_results import FAULTS, found
from tests.real.chaos_run import Plan, play_round

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("mosquitto_sub")]


def test_everything_pressed_in_a_round_of_chaos_is_there_once(tmp_path: Path) -> None:
    """Ten processes die or freeze among some hundred presses."""
    figures = play_round(Plan(seed=11, presses=400, kills=10, kiosks=2), tmp_path)

    assert sum(figures["kills"].values()) == 10
    assert figures["pressed"] >= 400
    assert figures["settled"]
    assert {kind: figures[kind] for kind in FAULTS} == dict.fromkeys(FAULTS, 0), figures["faults"]
    assert figures["calls"] > 0


def test_a_round_finds_what_a_sabotaged_build_does_twice(tmp_path: Path) -> None:
    """Without `seen` a double press calls two people."""
    plan = Plan(seed=12, presses=300, kills=0, kiosks=2, sabotage="seen-ignored", settle_s=15.0)

    assert found(play_round(plan, tmp_path))["twice"] > 0
