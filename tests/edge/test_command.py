"""`loket node`: from a hall file to a role, and what is said when that can't be."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from edge.command import wiring_of
from edge.counter import CounterRole
from edge.kiosk import KioskRole
from firmware_config.arguments import MisuseError
from firmware_config.load import load_hall

EVERY_KEY = Path(__file__).parents[1] / "firmware_config" / "every_key.toml"
DEMO = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"

NO_BROKER = {"addresses": ["127.0.0.1"], "port": 1, "username": "loket-1", "password": "x"}


def test_a_counter_node_has_its_buttons_and_one_lamp() -> None:
    """As the hall file wires them."""
    wiring = wiring_of(load_hall(DEMO), "loket-1")

    assert isinstance(wiring.role, CounterRole)
    assert set(wiring.buttons) == {"call", "recall", "no_show", "done", "pause"}
    assert set(wiring.lamps) == {"lamp"}


def test_a_kiosk_has_a_button_for_each_service() -> None:
    """PRIORITY is wired, though no service."""
    wiring = wiring_of(load_hall(EVERY_KEY), "kiosk-1")

    assert isinstance(wiring.role, KioskRole)
    assert "PRIORITY" in wiring.buttons
    assert "PRIORITY" not in str(wiring.role.panel())
    assert "ready" in wiring.lamps


@pytest.mark.parametrize(("node_id", "why"), [("hub", "is a hub"), ("nix", "it has hub, web")])
def test_a_node_without_pins_of_ours_is_a_misuse(node_id: str, why: str) -> None:
    """It says what can be run."""
    with pytest.raises(MisuseError, match=why):
        wiring_of(load_hall(DEMO), node_id)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nix", "--hall", str(DEMO)], 2, "no node 'nix'"),
        (["loket-1", "--hall", "/nowhere/hall.toml"], 2, "no such file"),
        (["loket-1", "--hall", str(DEMO), "--pins", "mock"], 1, "start that first"),
    ],
)
def test_what_cannot_run_says_why(
    tmp_path: Path,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    """2 for a misuse, 1 for what is missing here."""
    command = [sys.executable, "-m", "edge.cli", "node", *arguments, "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == code
    assert said in ended.stderr


@pytest.mark.parametrize("is_watched", [True, False])
def test_only_a_watched_node_feeds_a_watchdog(tmp_path: Path, *, is_watched: bool) -> None:
    """The environment says who watches; a node that nobody watches is not woken for it."""
    folder = tmp_path / "loket-1"
    folder.mkdir()
    (folder / "link.json").write_bytes(msgspec.json.encode(NO_BROKER))
    notify = str(tmp_path / "notify")
    flags = ["--hall", str(DEMO), "--data", str(tmp_path), "--pins", "mock"]
    watched = {"WATCHDOG_USEC": "30000000"} if is_watched else {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(notify)
        supervisor.settimeout(20)
        node = subprocess.Popen(
            [sys.executable, "-m", "edge.cli", "node", "loket-1", *flags],
            env=os.environ | {"NOTIFY_SOCKET": notify} | watched,
            stderr=subprocess.DEVNULL,
        )
        with node:
            said = [supervisor.recv(100)]
            if is_watched:
                said.append(supervisor.recv(100))
            node.terminate()
        supervisor.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            said.append(supervisor.recv(100))

    assert said == [b"READY=1", b"WATCHDOG=1"][: 1 + is_watched]
    assert node.returncode == 0
