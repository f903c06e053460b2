"""Buttons and lamps on an MCP23017, through gpiozero's own factory on a fake lgpio."""

from pathlib import Path

import pytest

from edge.devices import Devices, PinsMissingError, chip_number, expander, open_factory
from firmware_config.pins import ChipLine
from tests.fakes_lgpio import FakeLgpio, lgpio_with

CHIP, OTHER = "mcp23017-0x20", "mcp23017-0x21"
MOCK = Path("/nowhere")


def line(number: int, chip: str = CHIP) -> ChipLine:
    """Return a line of a chip."""
    return ChipLine(chip=chip, line=number)


def sys_with(root: Path, chips: dict[int, str]) -> Path:
    """Make the tree Linux shows: `/sys/bus/gpio/devices` leads to each chip below its device."""
    devices = root / "bus" / "gpio" / "devices"
    devices.mkdir(parents=True)
    for number, device in chips.items():
        folder = root / "devices" / "platform" / "soc" / device / f"gpiochip{number}"
        folder.mkdir(parents=True)
        (devices / f"gpiochip{number}").symlink_to(folder)
    return root


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """Return the /sys of a Pi with a chip at 0x20 and one at 0x21; the header is gpiochip0."""
    chips = {
        0: "fe200000.gpio",
        2: "fe804000.i2c/i2c-1/1-0021",
        11: "fe804000.i2c/i2c-1/1-0020",
        12: "fe205000.i2c/i2c-0/0-0022",  # on the camera's bus: none of ours
    }
    return sys_with(tmp_path, chips)


def test_a_chip_is_found_by_its_address(pi: Path) -> None:
    """Whatever number Linux gave it at this start."""
    assert chip_number(CHIP, sys=pi) == 11
    assert chip_number(OTHER, sys=pi) == 2
    with pytest.raises(PinsMissingError, match=r"dtoverlay=mcp23017,addr=0x22,gpiopin=4"):
        chip_number("mcp23017-0x22", sys=pi)


def devices_on(pi: Path, lgpio: FakeLgpio) -> Devices:
    """Return a counter's buttons and lamp: one button on the header, the others on chips."""
    lgpio.chips |= {11, 2}
    return Devices(
        factory=open_factory("mock", MOCK),
        buttons={"call": line(3), "recall": line(15), "done": 3, "park": line(3, OTHER)},
        lamps={"lamp": line(8)},
        mono_s=lambda: 7.5,
        open_chip=lambda chip: expander(chip, sys=pi),
    )


def test_a_button_on_a_chip_is_pressed_as_one_on_the_header(pi: Path) -> None:
    """Line 3 of each chip and pin 3 are three buttons; the edge's own stamp comes with it."""
    with lgpio_with(set()) as lgpio, devices_on(pi, lgpio) as devices:
        heard: list[tuple[str, bool, float]] = []
        for name, button in devices.buttons.items():
            button.on_edge(lambda down, at_s, name=name: heard.append((name, down, at_s)))
        assert lgpio.claims[11, 3] == lgpio.claims[2, 3] == "alert"
        assert not devices.buttons["call"].is_down

        lgpio.drive(11, 3, 0, 7_000_000_000)
        assert devices.buttons["call"].is_down
        lgpio.drive(11, 3, 1, 7_100_000_000)
        lgpio.drive(2, 3, 0, 7_200_000_000)
        assert heard == [("call", True, 7.0), ("call", False, 7.1), ("park", True, 7.2)]
        assert not devices.buttons["done"].is_down


def test_a_lamp_on_a_chip_is_lit(pi: Path) -> None:
    """And goes out, with its chip, when the node ends."""
    with lgpio_with(set()) as lgpio:
        with devices_on(pi, lgpio) as devices:
            devices.lamps["lamp"].light(on=True)
            assert lgpio.levels[11, 8] == 1
            assert devices.lamps["lamp"].is_lit
            devices.lamps["lamp"].light(on=False)
            assert lgpio.levels[11, 8] == 0
            assert lgpio.opened == {11, 2}
        assert lgpio.opened == set()


def test_a_chip_that_can_not_be_opened_is_said(pi: Path) -> None:
    """With the device and why: the user of the process may not be in the group gpio."""
    with (
        lgpio_with(set()),
        pytest.raises(PinsMissingError, match=r"mcp23017-0x20: /dev/gpiochip11: .*can not open"),
    ):
        Devices(
            factory=open_factory("mock", MOCK),
            buttons={"call": line(3)},
            lamps={},
            open_chip=lambda chip: expander(chip, sys=pi),
        )


def test_a_line_no_chip_has_is_refused(pi: Path) -> None:
    """The hall file can't say one; nothing else may either."""
    with lgpio_with({11}):
        factory = expander(CHIP, sys=pi)
        with pytest.raises(ValueError, match="16 is no line"):
            factory.pin(16)
        assert factory.pin(3) is factory.pin(3)
        factory.close()


def test_mock_lines_are_pressed_in_the_demo() -> None:
    """Each chip has its own beside the header's."""
    buttons = {"call": line(5), "done": 5, "park": line(5, OTHER)}
    with Devices(factory=open_factory("mock", MOCK), buttons=buttons, lamps={}) as devices:
        devices.buttons["call"].drive(down=True)
        down = {name: button.is_down for name, button in devices.buttons.items()}
        assert down == {"call": True, "done": False, "park": False}
        devices.buttons["call"].drive(down=False)
