"""`loket sign`: misuse is 2 with a sentence, and a shot is a picture; its loop shows what comes."""

import argparse
from pathlib import Path

import pygame
import pytest

from broker.link import Connected, Received
from broker.wire.messages import HubState, encode, read_birth, read_health
from broker.wire.topics import Kind, Topic
from displays.digit_screen import AGAIN_S, DigitScreen, Ht16k33
from displays.digits import SETUP, Lit, memory_of
from displays.frames import FrameServer
from displays.inbox import Inbox
from displays.loop import Self
from displays.screen import Screen
from displays.sign import Sign
from displays.sign_command import sign, sign_arguments
from displays.sign_loop import DigitLoop, SignLoop
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
        (["sign-2", "--shot", "x.png"], "there is no picture of them"),
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


def test_without_a_bus_a_sign_of_digits_goes_on_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The chip may come later; the log says it once."""
    bus = FakeBus(is_missing=True)
    screen = DigitScreen(Ht16k33(bus))
    for second in range(0, 20, 2):
        assert not screen.show(Lit("A007"), now_s=float(second))
    bus.is_missing = False

    assert screen.show(Lit("A007"), now_s=30.0)
    assert [record.message for record in caplog.records] == [
        "the digits can't be written",
        "the digits are back",
    ]
    assert (screen.frames, screen.faults) == (1, 4)


def test_digits_are_written_when_they_change_and_every_five_seconds() -> None:
    """Whole each time: a chip that lost its power has forgotten all."""
    bus = FakeBus()
    screen = DigitScreen(Ht16k33(bus))
    shown = [screen.show(Lit("A007"), now_s=at_s) for at_s in (0.0, 1.0, AGAIN_S)]
    shown.append(screen.show(Lit("A008"), now_s=AGAIN_S + 1))

    assert shown == [True, False, False, True]
    assert bus.written == [*SETUP, memory_of(Lit("A007"))] * 2 + [*SETUP, memory_of(Lit("A008"))]
    assert screen.crc() != 0


@pytest.mark.parametrize("is_missing", [False, True])
def test_digits_show_their_counter_and_say_what_they_show(*, is_missing: bool) -> None:
    """The bytes that reach the chip are those of the number; what reached none is not shown."""
    bus, inbox, post = FakeBus(is_missing=is_missing), Inbox(), Post(2)
    loop = DigitLoop(
        sign=Sign(counters=(3,), languages=("id",), start_s=0.0),
        screen=DigitScreen(Ht16k33(bus)),
        who=Self("contoh", "sign-1", "0.1", "boot", role="sign"),
        inbox=inbox,
        post=post,
    )
    post.loop = loop
    beat = HubState(gen=GEN, pos=1, beat=1, start="", at_ms=0)
    inbox.put(Received(str(Topic("contoh", Kind.HUB)), encode(beat), retained=False))
    told = encode(view("A007", pos=5, state="serving"))
    inbox.put(Received(str(Topic("contoh", Kind.COUNTER, "3")), told, retained=False))
    inbox.put(Connected("s1"))
    loop.run()
    inbox.close()
    counts = read_health(post.said[1][1]).counts

    if is_missing:
        assert (counts["frame_pos"], counts["frames"], bus.written) == (0, 0, [])
        assert counts["i2c_faults"] == 1
        return
    assert bus.written[-1] == memory_of(Lit("A007"))
    assert (counts["frame_pos"], counts["i2c_faults"]) == (5, 0)
    assert counts["frames"] >= 1


class FakeBus:
    """Keeps what is written; a chip that is missing answers as Linux does."""

    def __init__(self, *, is_missing: bool = False) -> None:
        self.written: list[bytes] = []
        self.is_missing = is_missing

    def write(self, content: bytes) -> None:
        """Keep it."""
        if self.is_missing:
            raise OSError(121, "Remote I/O error")
        self.written.append(content)


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
