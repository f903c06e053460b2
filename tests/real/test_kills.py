"""Kill -9 in the middle of presses, a few times; `make proof-kills` does it 50 times a broker."""

from pathlib import Path

import pytest

from tests.real.kills import VICTIMS, run_kills


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
def test_everything_pressed_is_there_once_after_each_kill(tmp_path: Path, broker: str) -> None:
    """Broker, hub, counter, board and kiosk die once each; nothing is lost, nothing done twice."""
    figures = run_kills(seed=7, kills=len(VICTIMS), broker=broker, data=tmp_path)

    assert figures["kills"] == dict.fromkeys(sorted(VICTIMS), 1)
    for fault in ("lost", "twice", "out_of_turn", "skipped", "forgotten", "misprinted"):
        assert figures[fault] == 0
    assert figures["calls"] > 0
