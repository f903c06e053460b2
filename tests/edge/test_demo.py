"""What the demo starts, and the ways it can't; the hall it runs is tested in tests/real."""

import argparse
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.demo import (
    HALL,
    HOST,
    Plan,
    children_of,
    demo_arguments,
    joined,
    planned,
    players_of,
)
from firmware_config.arguments import MisuseError
from firmware_config.load import HallFileError, load_hall


def parsed(*flags: str) -> argparse.Namespace:
    """Return what these flags mean."""
    parser = argparse.ArgumentParser()
    demo_arguments(parser)
    return parser.parse_args(flags)


def plan(*, kind: str = "", keeps_hours: bool = False) -> Plan:
    """Return a plan of the demo's hall."""
    return Plan(
        file=load_hall(HALL),
        hall=HALL,
        data=Path("/data"),
        page_port=8080,
        broker_port=18883,
        kind=kind,
        speed=0.0,
        restarts=True,
        keeps_hours=keeps_hours,
    )


def test_the_broker_is_the_first_of_the_halls_processes() -> None:
    """It makes the accounts of the others."""
    names = [child.name for child in children_of(plan())]
    kiosks = ["kiosk-1", "kiosk-1.screen", "kiosk-2", "kiosk-2.screen"]
    counters = [f"loket-{n}" for n in range(1, 7)]
    assert names == ["broker", "hub", "web", *kiosks, *counters, "board-1", "sensor-1"]


PAGE = ("--page", "http://127.0.0.1:8080")

COMMANDS = [
    ("broker", ("broker",), ("--port", "18883", "--loopback", "--kind", "mosquitto")),
    ("hub", ("hub",), ("--always-open",)),
    ("web", ("web",), ("--port", "8080", "--phone")),
    ("loket-3", ("node", "loket-3"), ("--pins", "mock", "--paper", "file", *PAGE)),
    ("board-1", ("board", "board-1"), ()),
    ("sensor-1", ("node", "sensor-1"), ("--pins", "mock")),
]


@pytest.mark.parametrize(("name", "command", "flags"), COMMANDS)
def test_each_is_the_command_a_unit_would_start(
    name: str, command: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    """One `loket` command a process, with the hall file and the data folder."""
    child = {child.name: child for child in children_of(plan(kind="mosquitto"))}[name]
    start = (sys.executable, "-P", "-m", "edge.cli", *command)
    assert child.command == (*start, "--hall", str(HALL), "--data", "/data", *flags)


def test_only_a_board_draws_without_a_screen() -> None:
    """The page shows its frames."""
    drawing = {
        child.name for child in children_of(plan()) if "SDL_VIDEODRIVER" in child.environment
    }
    assert drawing == {"board-1"}


def test_a_sign_with_a_screen_is_run_and_digits_are_not(tmp_path: Path) -> None:
    """Its picture is drawn into memory; there is no I2C where a demo runs."""
    node = '[[node]]\nid = "sign-{0}"\nrole = "sign"\nhost = "loket-{0}"\ncounters = [{0}]\n'
    text = HALL.read_text("utf-8") + node.format(1) + node.format(2) + "i2c = 0x70\n"
    (tmp_path / "hall.toml").write_text(text, "utf-8")
    file = load_hall(tmp_path / "hall.toml")
    children = {child.name: child for child in children_of(plan()._replace(file=file))}

    assert children["sign-1"].command[4:6] == ("sign", "sign-1")
    assert children["sign-1"].environment["SDL_AUDIODRIVER"] == "dummy"
    assert "sign-2" not in children


def test_every_button_of_the_hall_can_be_played() -> None:
    """Kiosks and counters, with their roles."""
    players = players_of(load_hall(HALL))
    assert [player.role for player in players] == ["kiosk"] * 2 + ["counter"] * 6
    assert all(player.buttons for player in players)


def test_a_port_in_use_is_refused_by_name(tmp_path: Path) -> None:
    """The message says which flag mends it."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        args = parsed("--data", str(tmp_path), "--port", str(port))
        with pytest.raises(MisuseError, match=rf"port {port} .* in use: .*--port"), planned(args):
            pass


def test_a_second_demo_on_the_same_data_is_refused(tmp_path: Path) -> None:
    """Two halls in one folder would share outboxes; the message names the other process."""
    args = parsed("--data", str(tmp_path), "--port", "0")
    with planned(args):
        code = (
            "import sys\nfrom edge.cli import run\n"
            f"sys.exit(run('demo', ['--data', {str(tmp_path)!r}, '--port', '0']))"
        )
        second = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    assert second.returncode == 2
    assert "another demo runs on" in second.stderr
    assert "--data" in second.stderr
    with planned(args) as again:
        assert again.data == tmp_path


def test_a_folder_with_a_long_path_is_refused(tmp_path: Path) -> None:
    """A Unix socket's path has 107 bytes; the message says how many are too many."""
    args = parsed("--data", str(tmp_path / ("x" * 120)), "--port", "0")
    with pytest.raises(MisuseError, match=r"characters shorter with --data"), planned(args):
        pass


def test_a_hall_file_with_faults_is_refused(tmp_path: Path) -> None:
    """All its faults are named, as by `loket check`."""
    bad = tmp_path / "hall.toml"
    bad.write_text("[hall]\n")
    args = parsed("--data", str(tmp_path), "--hall", str(bad))
    with pytest.raises(HallFileError, match=r"hall\.toml"), planned(args):
        pass


def test_a_node_has_joined_once_it_hears_the_hub() -> None:
    """One that runs and looks for the hub elsewhere has not: its presses would go nowhere."""
    panel = {
        "nodes": [
            {"id": "kiosk-1", "running": True, "link": "up", "hub": "heard"},
            {"id": "loket-1", "running": True, "link": "down", "hub": "silent"},
            {"id": "loket-2", "running": False},
            {"id": "board-1", "frame": "/frame/board-1.png"},
        ]
    }

    assert joined(panel) == {"kiosk-1"}
    assert joined({}) == set()


def test_a_busy_broker_port_is_replaced(tmp_path: Path) -> None:
    """Two demos on one machine, each with its own data, both run."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        hall = tmp_path / "hall.toml"
        hall.write_text(HALL.read_text().replace("port = 18883", f"port = {taken}"))
        flags = ("--data", str(tmp_path), "--hall", str(hall), "--port", "0")
        with planned(parsed(*flags)) as made:
            assert made.file.broker.port == taken
            assert made.broker_port != taken


def test_a_halls_tls_port_is_no_demos(tmp_path: Path) -> None:
    """`mosquitto_sub -p 8883` would greet the demo's broker with TLS."""
    hall = tmp_path / "hall.toml"
    hall.write_text(HALL.read_text().replace("port = 18883", "port = 8883"))
    flags = ("--data", str(tmp_path), "--hall", str(hall), "--port", "0")
    with planned(parsed(*flags)) as made:
        assert made.file.broker.port == 8883
        assert made.broker_port != 8883


BAD_FLAGS = [
    ("--play", "0"),
    ("--play", "fast"),
    ("--port", "65536"),
    ("--port", "1023"),
    ("--port", "-1"),
    ("--broker", "rabbit"),
]


@pytest.mark.parametrize("flags", BAD_FLAGS)
def test_flags_that_make_no_sense_exit_2(flags: tuple[str, str]) -> None:
    """As misuse does everywhere."""
    with pytest.raises(SystemExit) as stop:
        parsed(*flags)
    assert stop.value.code == 2


@pytest.mark.parametrize("port", [0, 1024, 65535])
def test_a_port_may_be_any_a_plain_user_can_have(port: int) -> None:
    """0 is a free one."""
    assert parsed("--port", str(port)).port == port


def test_a_demo_keeps_the_halls_hours_only_when_asked() -> None:
    """A hall that closes at 15.00 can be tried out at night."""
    hub = next(child for child in children_of(plan(keeps_hours=True)) if child.name == "hub")

    assert "--always-open" not in hub.command
    assert parsed("--hours").hours
    assert not parsed().hours
