"""Whether a television is plugged in, from recorded lists of connectors."""

from pathlib import Path

import pytest

from displays.plug import Plug


@pytest.mark.parametrize(
    ("connectors", "is_plugged"),
    [
        ({}, None),
        ({"card0-Writeback-1": "unknown"}, None),
        ({"card1-HDMI-A-1": "connected", "card1-HDMI-A-2": "disconnected"}, True),
        ({"card1-HDMI-A-1": "disconnected", "card1-HDMI-A-2": "connected"}, True),
        ({"card1-HDMI-A-1": "disconnected", "card1-HDMI-A-2": "disconnected"}, False),
        ({"card1-HDMI-A-1": "disconnected", "card0-Writeback-1": "unknown"}, False),
    ],
)
def test_a_pi_tells(connectors: dict[str, str], *, is_plugged: bool | None, tmp_path: Path) -> None:
    """One of its two sockets is enough; where no socket can be read, nothing is known."""
    for name, status in connectors.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(status + "\n", encoding="ascii")

    assert Plug(tmp_path).look() is is_plugged


def test_a_kernel_without_connectors_tells_nothing(tmp_path: Path) -> None:
    """A container, or a Pi without a display driver."""
    assert Plug(tmp_path / "nowhere").look() is None
