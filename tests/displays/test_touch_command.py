"""`loket screen`: misuse is said, and a real process shows its first page."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.cli import run

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"
DEMO = EXAMPLES / "demo.toml"
PNG = b"\x89PNG\r\n\x1a\n"
SPOKEN = ", next = 24, choose = 25"
WITHIN_S = 20.0


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("kiosk-9", "no node 'kiosk-9'"),
        ("board-1", "is a board, not a kiosk"),
        ("kiosk-1", "kiosk-1 has no screen and no voice: write screen = true"),
    ],
)
def test_misuse_is_2(
    node: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence says what is wrong, and how to mend it."""
    hall = tmp_path / "hall.toml"
    hall.write_text(DEMO.read_text("utf-8").replace("voice = true", "").replace(SPOKEN, ""))
    code = run("screen", [node, "--hall", str(hall), "--data", str(tmp_path), "--headless"])

    assert code == 2
    assert says in capsys.readouterr().err


def frame(path: Path) -> bytes:
    """Return the frame that a screen shows; empty while it does not answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except OSError:
            return b""
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_screen_runs_without_its_node(tmp_path: Path) -> None:
    """It shows that the machine is not ready, gives its frame, and ends when it is told to."""
    command = [sys.executable, "-m", "edge.cli", "screen", "kiosk-2", "--hall", str(DEMO)]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path), "--headless", "--size", "640x480"],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
    )
    try:
        ends_s = time.monotonic() + WITHIN_S
        while not (got := frame(tmp_path / "kiosk-2.screen" / "frame.sock")):
            assert time.monotonic() < ends_s, process.poll()
            time.sleep(0.1)
        assert got.startswith(PNG)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
