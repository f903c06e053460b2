"""`loket board`: misuse is 2 with a sentence, what can't run is 1, and a shot is a picture."""

import argparse
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pygame
import pytest

from broker.wire.messages import encode
from displays.command import board, board_arguments, size
from displays.sample import sample_view
from tests.displays.hall import SETUP, WIB

EXAMPLE = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"


@pytest.fixture(autouse=True)
def quiet_end() -> Iterator[None]:
    """A command sets up its process's log: put back what pytest had."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks


def run(*arguments: str) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser()
    board_arguments(parser)
    return board(parser.parse_args(["--hall", str(EXAMPLE), *arguments]))


@pytest.mark.parametrize("asked", ["1920x1080", "1366x768"])
def test_a_shot_is_a_picture(tmp_path: Path, asked: str) -> None:
    """One frame of a busy hall, in the size asked for; the same each time."""
    one, other = tmp_path / "one.png", tmp_path / "other.png"

    assert run("board-1", "--shot", str(one), "--size", asked) == 0
    assert run("board-1", "--shot", str(other), "--size", asked) == 0
    assert pygame.image.load(one).get_size() == size(asked)
    assert one.read_bytes() == other.read_bytes()


def test_a_shot_of_a_state_and_of_silence(tmp_path: Path) -> None:
    """A body of `state/board` as mosquitto_sub prints it; with the badge when silent."""
    view = sample_view(SETUP, at=datetime(2026, 11, 25, 9, 41, tzinfo=WIB))
    state = tmp_path / "state.json"
    state.write_bytes(encode(msgspec.structs.replace(view, calls=view.calls[:2])))
    shots = [tmp_path / "a.png", tmp_path / "b.png"]

    assert run("board-1", "--shot", str(shots[0]), "--state", str(state)) == 0
    assert run("board-1", "--shot", str(shots[1]), "--state", str(state), "--silent-s", "60") == 0
    assert shots[0].read_bytes() != shots[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["board-9", "--shot", "x.png"], "no node 'board-9'"),
        (["kiosk-1", "--shot", "x.png"], "is a kiosk, not a board"),
        (["board-1"], "--data DIR is missing"),
        (["board-1", "--shot", "x.png", "--state", "/nowhere.json"], "/nowhere.json"),
        (["board-1", "--shot", "x.png", "--state", str(EXAMPLE)], "no body of state/board"),
        (["board-1", "--shot", "x.png", "--queue", str(EXAMPLE)], "no body of state/queue"),
    ],
)
def test_misuse_is_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence says what is wrong."""
    assert run(*arguments) == 2
    assert says in capsys.readouterr().err


def test_a_board_without_an_account_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, and the message names the file."""
    assert run("board-1", "--data", str(tmp_path), "--headless") == 1
    assert "link.json" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1920", "0x0", "x", "1920x", "99999x99999"])
def test_a_size_is_two_numbers(text: str) -> None:
    """Anything else is misuse, said by argparse."""
    with pytest.raises(ValueError):  # noqa: PT011 - int's own message, argparse writes its own
        size(text)
