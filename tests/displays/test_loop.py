"""The loop: what comes in is drawn at once; what goes out says what was really shown."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.hall.views import BoardView
from broker.link import Connected, Disconnected, Received
from broker.wire.messages import Birth, Health, HubState, encode, read_birth, read_health
from broker.wire.topics import Kind, Topic
from displays.announcer import Area
from displays.board import Board
from displays.board_setup import board_setup
from displays.clips import Clips
from displays.frames import FrameServer
from displays.inbox import FrameAsked, Inbox
from displays.layout import Layout
from displays.loop import PUMP_S, BoardLoop, NodeLoop, Self
from displays.plug import Plug
from displays.screen import Screen
from displays.voice import Said, SoundError, Voice
from tests.displays.hall import AT_MS, GEN, SETUP, WIB, call
from tests.displays.signalled import Signalled

SIZE = (640, 360)
WHO = Self("contoh", "board-1", "0.1", "boot")
HUB = Received(
    str(Topic("contoh", Kind.HUB)),
    encode(HubState(gen=GEN, pos=1, beat=1, start="", at_ms=AT_MS)),
    retained=False,
)


def snapshot(pos: int, *numbers: str) -> Received:
    """Return a live snapshot with these numbers, newest first."""
    calls = tuple(call(number) for number in numbers)
    view = BoardView(gen=GEN, pos=pos, at_ms=AT_MS, day="2026-11-25", calls=calls)
    return Received(str(Topic("contoh", Kind.BOARD)), encode(view), retained=False)


class Post:
    """Keeps what is published, and stops the loop once it has said enough."""

    def __init__(self, stop_after: int) -> None:
        self.said: list[tuple[Topic, bytes]] = []
        self.loop: NodeLoop | None = None
        self._stop_after = stop_after

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Take it."""
        self.said.append((topic, payload))
        if len(self.said) >= self._stop_after and self.loop:
            self.loop.stop()
        return True


class Mute:
    """A sound card that is not there."""

    is_busy = False

    def open(self) -> None:
        """Fail."""
        raise SoundError("none here")

    def play(self, content: bytes) -> None:
        """Never asked."""
        raise AssertionError(len(content))

    def close(self) -> None:
        """Nothing to close."""


def no_clips() -> Clips:
    """Never asked either."""
    raise AssertionError


class Rig:
    """A board whose parts are real, but for the link."""

    def __init__(  # noqa: PLR0913 - the parts of a board, each by name
        self,
        folder: Path,
        *,
        stop_after: int = 2,
        plug: Plug | None = None,
        voice: Voice | None = None,
        fed: Callable[[], object] | None = None,
        screen: Screen | None = None,
    ) -> None:
        self.screen = screen or Screen(size=SIZE, fallback=SIZE, is_headless=True)
        self.screen.open()
        self.inbox = Inbox()
        self.post = Post(stop_after)
        self.frames = FrameServer(
            path=folder / "frame.sock", ask=lambda: self.inbox.put(FrameAsked())
        )
        self.loop = BoardLoop(
            who=WHO,
            board=Board(setup=board_setup(SETUP, timezone=WIB), start_s=0.0),
            layout=Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=self.screen.fonts.measure),
            screen=self.screen,
            inbox=self.inbox,
            post=self.post,
            frames=self.frames,
            plug=plug,
            voice=voice,
            fed=fed,
        )
        self.post.loop = self.loop


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """One that stops after its birth and its first health."""
    made = Rig(tmp_path)
    yield made
    made.screen.close()
    made.inbox.close()


def test_a_signal_while_the_window_is_looked_at_ends_the_board(tmp_path: Path) -> None:
    """A SIGTERM at that moment was once forgotten, and systemd had to kill the board."""
    screen = Signalled(size=SIZE)
    rig = Rig(tmp_path, stop_after=1000, screen=screen)
    screen.on_pump = rig.loop.stop
    try:
        rig.loop.run()
    finally:
        rig.inbox.close()
        screen.close()


def test_a_call_is_shown_and_said(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """The frame's line names its position and when it was on the screen."""
    with caplog.at_level(logging.DEBUG, "displays.loop"):
        for event in (HUB, snapshot(5, "A007"), Connected("s1")):
            rig.inbox.put(event)
        rig.loop.run()
    shown = [r.loket_fields for r in caplog.records if r.message == "frame shown"]  # type: ignore[attr-defined]

    assert (shown[-1]["gen"], shown[-1]["pos"]) == (GEN, 5)
    assert shown[-1]["mono_ns"] > shown[0]["mono_ns"]


def test_birth_comes_first_then_health_with_the_frame(rig: Rig) -> None:
    """Age, checksum and position of the frame really shown, not of a process that is alive."""
    for event in (HUB, snapshot(5, "A007"), Connected("s1"), Disconnected("x")):
        rig.inbox.put(event)
    rig.loop.run()
    (birth_topic, birth), (health_topic, health) = rig.post.said
    counts = read_health(health).counts

    assert (birth_topic.kind, health_topic.kind) == (Kind.BIRTH, Kind.HEALTH)
    assert read_birth(birth) == Birth(
        session="s1", online=True, role="board", version="0.1", boot="boot"
    )
    assert counts["frame_pos"] == 5
    assert counts["frame_crc"] == int(rig.screen.crc(), 16)
    assert counts["frames"] == rig.screen.frames
    assert counts["frame_age_s"] <= 5
    display = read_health(health).display
    assert display is not None
    assert (display.gen, display.pos, display.frames) == (GEN, 5, rig.screen.frames)
    assert display.plugged is None


def test_bad_messages_are_counted_and_change_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Not JSON, not of this shape, no generation, too deep: one warning, and the board goes on."""
    topic = str(Topic("contoh", Kind.BOARD))
    view = json.loads(snapshot(9, "A009").payload)
    bad = [
        b"\xff",
        b"{}",
        b"[" * 5000,
        json.dumps({**view, "gen": "x"}).encode(),
        json.dumps({**view, "pos": float("nan")}).encode(),
        b" " * 40_000,
    ]
    rig.inbox.put(HUB)
    rig.inbox.put(snapshot(5, "A007"))
    for payload in bad:
        rig.inbox.put(Received(topic, payload, retained=False))
    rig.inbox.put(Received("loket/v1/contoh/up/x", b"{}", retained=False))
    rig.inbox.put(Connected("s1"))
    rig.loop.run()
    counts = read_health(rig.post.said[1][1]).counts

    assert counts["wire_errors"] == len(bad)
    assert counts["unasked"] == 1
    assert counts["frame_pos"] == 5
    assert [r.message for r in caplog.records if r.levelno == logging.WARNING] == [
        "a message was dropped"
    ]


def test_a_frame_is_given_to_who_asks(rig: Rig) -> None:
    """The drawing thread copies it after it has drawn."""
    given = []
    rig.frames.give = given.append  # type: ignore[method-assign]
    for event in (FrameAsked(), FrameAsked(), Connected("s1")):
        rig.inbox.put(event)
    rig.loop.run()

    assert [shot.rgb for shot in given] == [rig.screen.shot().rgb]


def test_a_watched_board_feeds_its_watchdog_once_in_five_seconds(tmp_path: Path) -> None:
    """After a pass that drew and looked after SDL; some passes follow each other at once."""
    fed: list[int] = []
    rig = Rig(tmp_path, fed=lambda: fed.append(rig.screen.frames))
    for event in (HUB, snapshot(5, "A007"), Connected("s1")):
        rig.inbox.put(event)
    rig.loop.run()
    rig.screen.close()
    rig.inbox.close()

    assert len(fed) == 1
    assert fed[0] >= 1


def test_a_screen_that_is_plugged_in_again_is_opened_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole picture is painted once more, and health says that there is a screen."""
    status = tmp_path / "drm" / "card1-HDMI-A-1" / "status"
    status.parent.mkdir(parents=True)
    status.write_text("disconnected\n", encoding="ascii")
    shown: list[int] = []

    def plug_in() -> None:
        shown.append(rig.screen.frames)
        status.write_text("connected\n", encoding="ascii")
        threading.Timer(PUMP_S * 1.5, rig.inbox.put, [Connected("s1")]).start()

    rig = Rig(tmp_path, plug=Plug(tmp_path / "drm"), fed=plug_in)
    rig.inbox.put(HUB)
    rig.inbox.put(snapshot(5, "A007"))
    rig.loop.run()
    pixels, counts = rig.screen.crc(), read_health(rig.post.said[1][1]).counts
    rig.screen.close()
    rig.inbox.close()

    assert counts["screens_plugged"] == 1
    assert counts["frame_crc"] == int(pixels, 16)
    assert rig.screen.frames > shown[0]
    assert "a screen was plugged in" in [record.message for record in caplog.records]


def test_what_no_screen_shows_is_not_said_to_be_shown(tmp_path: Path) -> None:
    """Without a television the position stays where it was: nobody has seen that call."""
    status = tmp_path / "drm" / "card1-HDMI-A-1" / "status"
    status.parent.mkdir(parents=True)
    status.write_text("disconnected\n", encoding="ascii")
    rig = Rig(tmp_path, plug=Plug(tmp_path / "drm"))
    for event in (HUB, snapshot(5, "A007"), Connected("s1")):
        rig.inbox.put(event)
    rig.loop.run()
    rig.screen.close()
    rig.inbox.close()
    health = read_health(rig.post.said[1][1])

    assert health.counts["frame_pos"] == 0
    assert health.display is not None
    assert (health.display.gen, health.display.pos, health.display.plugged) == ("", 0, False)


def test_the_will_says_offline() -> None:
    """The broker publishes it when the board dies."""
    topic, body = WHO.will("s1")

    assert topic == "loket/v1/contoh/birth/board-1"
    assert not read_birth(body).online
    assert isinstance(read_health(encode(Health(uptime_s=1))), Health)


def test_a_voice_hears_what_the_board_hears_and_its_call_stands_big(tmp_path: Path) -> None:
    """Its figures go into the board's health, and calls it could not say are named."""
    voice = Voice(
        area=Area(),
        languages=("id",),
        speaker=Mute(),
        load=no_clips,
        said=Said(tmp_path / "said.txt"),
        start_s=0.0,
    )
    rig = Rig(tmp_path, voice=voice)
    for event in (HUB, snapshot(5, "A007"), Connected("s1")):
        rig.inbox.put(event)
    rig.loop.run()
    rig.screen.close()
    rig.inbox.close()
    health = read_health(rig.post.said[1][1])

    assert health.counts["voice_sound"] == 0
    assert health.counts["voice_screen_only"] == 1
    assert health.unsaid == ("A007",)
