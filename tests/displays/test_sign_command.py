"""`loket sign`: misuse is 2 with a sentence, and a shot is a picture; its loop shows what comes."""

import argparse
from pathlib import Path

import pygame
import pytest

from broker.link import Connected, Received
from broker.wire.messages import HubState, encode, read_birth, read_health
from broker.wire.topics import Kind, Topic
from displays.frames import FrameServer
from displays.inbox import Inbox
from displays.loop import Self
from displays.screen import Screen
from displays.sign import Sign
from displays.sign_command import sign, sign_arguments
from displays.sign_loop import SignLoop
from tests.displays.hall import GEN
from tests.displays.test_loop import Post
from tests.displays.test_sign import view

DEMO = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"
SIGNS = """
[[node]]
id = "sign-1"
role = "sign"
host = "loket-1"
counters = [1]

[[node]]
id = "sign-2"
role = "sign"
host = "loket-2"
counters = [2]
i2c = 0x70
"""


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """The demo's hall with a screen and digits."""
    path = tmp_path / "hall.toml"
    path.write_text(DEMO.read_text(encoding="utf-8") + SIGNS, encoding="utf-8")
    return path


def run(*arguments: str) -> int:
    """Run `loket sign`."""
    parser = argparse.ArgumentParser()
    sign_arguments(parser)
    return sign(parser.parse_args(arguments))


def test_a_shot_is_a_picture(hall: Path, tmp_path: Path) -> None:
    """Of a call, or of the state that was given."""
    state = tmp_path / "state.json"
    state.write_bytes(encode(view(counter=1)))
    shots = [tmp_path / "call.png", tmp_path / "ready.png"]
    codes = [
        run("sign-1", "--hall", str(hall), "--shot", str(shots[0])),
        run("sign-1", "--hall", str(hall), "--shot", str(shots[1]), "--state", str(state)),
    ]

    assert codes == [0, 0]
    assert [pygame.image.load(str(path)).get_size() for path in shots] == [(800, 480)] * 2
    assert shots[0].read_bytes() != shots[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["board-1", "--shot", "x.png"], "node board-1 is a board, not a sign"),
        (["sign-9", "--shot", "x.png"], "has no node 'sign-9'"),
        (["sign-2", "--shot", "x.png"], "digits on I2C"),
        (["sign-1"], "--data DIR is missing"),
        (["sign-1", "--shot", "x.png", "--state", "none.json"], "no body of state/counter"),
    ],
)
def test_misuse_is_2_with_a_sentence(
    hall: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """On stderr."""
    assert run(*arguments, "--hall", str(hall)) == 2
    assert words in capsys.readouterr().err


def test_a_sign_shows_its_counter_and_says_what_it_shows(tmp_path: Path) -> None:
    """Its birth says sign; its health the position of the frame, and what it did not ask for."""
    screen = Screen(size=(320, 240), fallback=(320, 240), is_headless=True)
    screen.open()
    inbox, post = Inbox(), Post(2)
    loop = SignLoop(
        sign=Sign(counters=(3,), languages=("id",), start_s=0.0),
        who=Self("contoh", "sign-1", "0.1", "boot", role="sign"),
        screen=screen,
        inbox=inbox,
        post=post,
        frames=FrameServer(path=tmp_path / "frame.sock", ask=lambda: None),
    )
    post.loop = loop
    beat = HubState(gen=GEN, pos=1, beat=1, start="", at_ms=0)
    told = ((Topic("contoh", Kind.HUB), encode(beat)), (Topic("contoh", Kind.BOARD), b"{}"))
    for topic, body in (*told, (Topic("contoh", Kind.COUNTER, "3"), encode(view("A007", pos=5)))):
        inbox.put(Received(str(topic), body, retained=False))
    inbox.put(Connected("s1"))
    loop.run()
    counts = read_health(post.said[1][1]).counts
    screen.close()
    inbox.close()

    assert read_birth(post.said[0][1]).role == "sign"
    assert (counts["frame_pos"], counts["unasked"], counts["ignored"]) == (5, 1, 0)
