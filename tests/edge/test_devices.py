"""Buttons and lamps on gpiozero's mock pins."""

import threading
from pathlib import Path

import pytest

from edge.devices import Devices, PinsMissingError, open_factory, stamp_s


def mock_devices(buttons: dict[str, int], lamps: dict[str, int]) -> Devices:
    """Return devices on mock pins."""
    return Devices(factory=open_factory("mock", Path()), buttons=buttons, lamps=lamps)


def test_a_finger_makes_two_edges_with_stamps() -> None:
    """Down is closed to ground; stamps are of the monotonic clock, in order."""
    edges: list[tuple[bool, float]] = []
    with mock_devices({"call": 5}, {}) as devices:
        call = devices.buttons["call"]
        call.on_edge(lambda down, at_s: edges.append((down, at_s)))
        assert not call.is_down
        call.drive(down=True)
        assert call.is_down
        call.drive(down=False)

    assert [down for down, _ in edges] == [True, False]
    assert edges[0][1] <= edges[1][1]


def test_a_closed_button_is_silent() -> None:
    """Nothing comes after the node gave its pins back."""
    edges: list[tuple[bool, float]] = []
    devices = mock_devices({"call": 5}, {})
    devices.buttons["call"].on_edge(lambda down, at_s: edges.append((down, at_s)))
    devices.close()

    assert edges == []


def test_a_lamp_goes_on_and_off_and_out_at_the_end() -> None:
    """Its pin is high while it is lit."""
    devices = mock_devices({}, {"lamp": 26})
    lamp = devices.lamps["lamp"]
    assert not lamp.is_lit
    lamp.light(on=True)
    assert lamp.is_lit
    lamp.light(on=False)
    assert not lamp.is_lit
    devices.close()


def test_buttons_start_no_threads() -> None:
    """Gpiozero's `Button` would start one each, waking ten times a second."""
    before = threading.active_count()
    with mock_devices({"call": 5, "recall": 6, "done": 19}, {"lamp": 26}):
        assert threading.active_count() == before


def test_two_things_on_one_pin_are_refused_by_name() -> None:
    """The hall file's check finds it first; here nothing is left open either."""
    factory = open_factory("mock", Path())
    with pytest.raises(PinsMissingError, match=r"pin 5 \(lamp\)"):
        Devices(factory=factory, buttons={"call": 5}, lamps={"lamp": 5})


def test_without_gpio_nothing_is_mocked_in_silence(tmp_path: Path) -> None:
    """The error says how to try it without."""
    if any(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has GPIO")
    with pytest.raises(PinsMissingError, match="--pins mock"):
        open_factory("auto", tmp_path)


@pytest.mark.parametrize(
    ("ticks", "now_s", "stamp"),
    [
        (99.9, 100.0, 99.9),
        (95.0, 100.0, 95.0),
        (94.9, 100.0, 100.0),
        (100.1, 100.0, 100.0),
        (1_796_000_000.0, 100.0, 100.0),
    ],
)
def test_an_edge_is_stamped_by_its_own_clock_only_when_it_is_ours(
    ticks: float, now_s: float, stamp: float
) -> None:
    """A kernel that stamps wall time would put presses into another century."""
    assert stamp_s(ticks, now_s) == stamp
