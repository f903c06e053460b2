"""A voice joined: clips load, calls are said one after the other, and no sound stops no board."""

import logging
import os
from array import array
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from broker.hall.views import BoardView, Call
from displays.announcer import GAP_S, Area
from displays.clips import RATE_HZ, ClipError, Clips, write_wav
from displays.spoken import Speech, clip_list
from displays.voice import RETRY_S, STUCK_S, Mixer, Out, Said, SoundError, Voice, decode, device_for
from tests.displays.hall import AT_MS, GEN, START_S

T = START_S
SPEECH = Speech("digits", "A", 9)
CLIP_S = 0.1


def clips() -> Clips:
    """Return clips of a tenth of a second."""
    piece = array("h", [1] * round(CLIP_S * RATE_HZ))
    return Clips(
        speech=SPEECH,
        chime=piece,
        clips={"id": {clip.name: piece for clip in clip_list("id", SPEECH)}},
    )


class FakeSpeaker:
    """Plays nothing and notes it; the test says when it has ended, or that there is no sound."""

    def __init__(self) -> None:
        self.played: list[int] = []
        self.is_busy = False
        self.is_missing = False
        self.opened = 0

    def open(self) -> None:
        """Open, if there is one."""
        self.opened += 1
        if self.is_missing:
            raise SoundError("no such device")

    def play(self, content: bytes) -> None:
        """Note how long it is."""
        if self.is_missing:
            raise SoundError("device gone")
        assert not self.is_busy
        self.played.append(len(content))
        self.is_busy = True

    def close(self) -> None:
        """Be silent."""
        self.is_busy = False


class Rig:
    """A voice, its fake speaker and its hub; seconds count from the start."""

    def __init__(self, folder: Path, *, is_missing: bool = False, has_clips: bool = True) -> None:
        self.speaker = FakeSpeaker()
        self.speaker.is_missing = is_missing
        self.has_clips = has_clips
        self.folder = folder
        self.pos = 0
        self.voice = Voice(
            area=Area(),
            languages=("id",),
            speaker=self.speaker,
            load=self.load,
            said=Said(folder / "said.txt"),
            start_s=T,
        )

    def load(self) -> Clips:
        """Return the clips, or say that there are none."""
        if not self.has_clips:
            raise ClipError("espeak-ng is missing")
        return clips()

    def start(self) -> None:
        """Open the sound, and wait until the clips are there."""
        self.voice.step(T)
        if self.voice._loading is not None:
            self.voice._loading.join()

    def say(self, *numbers: str, at_s: float = 0.0) -> None:
        """A snapshot of these calls, newest first."""
        self.pos += 1
        at_ms = AT_MS + round(at_s * 1000)
        calls = tuple(
            Call(call_id=n, number=n, counter=3, service="ktp", at_ms=at_ms) for n in numbers
        )
        view = BoardView(gen=GEN, pos=self.pos, at_ms=at_ms, day="2026-11-25", calls=calls)
        self.voice.take_board(view, is_retained=False, now_s=T + at_s)

    def step(self, at_s: float) -> list[str]:
        """Let it do what is due; return what was said by then."""
        self.voice.step(T + at_s)
        return Said(self.folder / "said.txt").read()[:] and list(
            Said(self.folder / "said.txt").read()
        )


def test_a_call_is_said_and_the_next_when_it_has_ended(tmp_path: Path) -> None:
    """By the device, not by the reckoning: a slow card delays, it never cuts off."""
    rig = Rig(tmp_path)
    rig.start()
    rig.say("A002", "A001")
    assert rig.step(0) == ["A001"]
    assert rig.voice.saying == "A001"
    assert rig.step(3) == ["A001"]
    assert rig.voice.wake_s(T + 3) == pytest.approx(T + 3.05)
    rig.speaker.is_busy = False
    assert rig.step(3.1) == ["A001"]
    assert rig.voice.wake_s(T + 3.1) == pytest.approx(T + 3.1 + GAP_S)

    assert rig.step(3.1 + GAP_S) == ["A001", "A002"]
    assert rig.voice.health() == {
        "voice_said": 2,
        "voice_screen_only": 0,
        "voice_over": 0,
        "voice_waiting": 0,
        "voice_sound": 1,
    }


def test_it_sleeps_until_its_call_ends(tmp_path: Path) -> None:
    """And for ever when nothing waits: the board's loop looks in once a second anyway."""
    rig = Rig(tmp_path)
    rig.start()
    assert rig.voice.wake_s(T) == float("inf")
    rig.say("A001")
    rig.step(0)
    length_s = rig.speaker.played[0] / 2 / RATE_HZ

    assert rig.voice.wake_s(T) == pytest.approx(T + length_s, abs=0.001)


def test_without_a_sound_card_calls_are_marked_and_it_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The board goes on; one line in the log however often it fails; sound comes back by itself."""
    rig = Rig(tmp_path, is_missing=True)
    rig.say("A002", "A001")
    for at_s in (0.0, 1.0, RETRY_S, RETRY_S + 1):
        rig.step(at_s)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]

    assert rig.speaker.opened == 2
    assert [record.message for record in errors] == ["no sound: calls are on the screen only"]
    assert [(told.number, told.reason) for told in rig.voice.unsaid] == [
        ("A001", "no_sound"),
        ("A002", "no_sound"),
    ]
    assert rig.voice.health()["voice_sound"] == 0
    rig.speaker.is_missing = False
    rig.voice.step(T + 2 * RETRY_S)
    assert rig.voice._loading is not None
    rig.voice._loading.join()
    rig.say("A003", at_s=2 * RETRY_S)
    assert rig.step(2 * RETRY_S) == ["A003"]
    assert rig.voice.health()["voice_sound"] == 1


def test_without_clips_calls_are_marked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither recordings nor espeak-ng: said once, in words that mend it."""
    rig = Rig(tmp_path, has_clips=False)
    rig.start()
    rig.say("A001")
    rig.step(0)
    why = [r.loket_fields["why"] for r in caplog.records if r.levelno == logging.ERROR]  # type: ignore[attr-defined]

    assert why == ["espeak-ng is missing"]
    assert rig.voice.health()["voice_screen_only"] == 1
    assert rig.speaker.played == []


def test_a_device_that_is_lost_is_opened_anew(tmp_path: Path) -> None:
    """Pulled out while it plays, stuck for ever, or refusing: at once, then every 30 s."""
    rig = Rig(tmp_path)
    rig.start()
    rig.say("A001")
    rig.step(0)
    rig.voice.lose(T + 1)
    rig.step(1)
    assert rig.speaker.opened == 2
    rig.say("A002", at_s=10)
    rig.step(10)
    rig.step(10 + 3 + STUCK_S)
    rig.step(11 + 3 + STUCK_S)
    assert rig.speaker.opened == 3
    rig.speaker.is_missing = True
    rig.say("A003", at_s=30)
    rig.step(30)

    assert [told.number for told in rig.voice.unsaid] == ["A003"]


def test_what_was_said_outlives_the_process(tmp_path: Path) -> None:
    """Killed in the middle of a burst: the next process says the rest."""
    rig = Rig(tmp_path)
    rig.start()
    rig.say("A002", "A001")
    rig.step(0)
    again = Rig(tmp_path)
    again.start()
    again.say("A002", "A001")

    assert again.step(0) == ["A001", "A002"]
    assert len(again.speaker.played) == 1


def test_a_full_disk_keeps_nobody_from_being_called(tmp_path: Path) -> None:
    """It can't be noted, but it is said."""
    rig = Rig(tmp_path)
    rig.start()
    (tmp_path / "said.new").mkdir()
    rig.say("A001")
    rig.step(0)

    assert len(rig.speaker.played) == 1


DEVICES = ["vc4-hdmi-0, MAI PCM i2s-hifi-0", "bcm2835 Headphones", "USB Audio Device"]


@pytest.mark.parametrize(
    ("out", "name"),
    [(None, None), ("hdmi", DEVICES[0]), ("jack", DEVICES[1]), ("usb", DEVICES[2])],
)
def test_an_output_is_a_device(out: Out | None, name: str | None) -> None:
    """As a Pi names them."""
    assert device_for(out, DEVICES) == name


def test_an_output_that_is_not_there_is_said() -> None:
    """With those that are."""
    with pytest.raises(SoundError, match=r"no sound device is called usb; there are: vc4-hdmi-0"):
        device_for("usb", DEVICES[:1])


@pytest.fixture
def mixer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mixer]:
    """SDL's mixer on its dummy driver."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    opened = Mixer()
    opened.open()
    yield opened
    opened.close()


def test_the_mixer_plays_one_thing_at_a_time(mixer: Mixer) -> None:
    """One channel; busy until it has ended."""
    assert not mixer.is_busy
    mixer.play(bytes(2 * RATE_HZ))

    assert mixer.is_busy
    assert pygame.mixer.get_num_channels() == 1
    mixer.close()
    assert not mixer.is_busy
    with pytest.raises(SoundError):
        mixer.play(b"\0\0")


def test_a_recording_of_any_rate_is_read(mixer: Mixer, tmp_path: Path) -> None:
    """SDL brings it to the rate that is played."""
    assert isinstance(mixer, Mixer)
    write_wav(tmp_path / "x.wav", bytes(RATE_HZ))
    content = (tmp_path / "x.wav").read_bytes()
    # The rate in the header doubled: half as long.
    rates = (RATE_HZ.to_bytes(4, "little"), (2 * RATE_HZ).to_bytes(4, "little"))
    (tmp_path / "y.wav").write_bytes(content.replace(*rates, 1))

    assert len(decode(tmp_path / "x.wav")) == RATE_HZ // 2
    assert len(decode(tmp_path / "y.wav")) == pytest.approx(RATE_HZ // 4, abs=64)
    with pytest.raises(ClipError, match=r"none\.wav"):
        decode(tmp_path / "none.wav")


def test_no_device_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pi without a sound card."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-of-the-kind")
    assert os.environ["SDL_AUDIODRIVER"]

    with pytest.raises(SoundError, match="can't open"):
        Mixer().open()
