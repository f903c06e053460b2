"""A kiosk's speaking end: the newest is said, its end is told, and no sound stops nobody."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from displays.clips import RATE_HZ, ClipError, Synth, write_wav
from displays.menu import Part, Say
from displays.narrator import KEPT_MAX, Narrator, Renderer
from displays.voice import RETRY_S, STUCK_S, SoundError

T = 100.0
WORD_S = 0.2


class FakeSpeaker:
    """Plays nothing and notes it; what comes newer cuts off what is played."""

    def __init__(self) -> None:
        self.played: list[int] = []
        self.is_busy = False
        self.is_missing = False

    def open(self) -> None:
        """Open, if there is one."""
        if self.is_missing:
            raise SoundError("no such device")

    def play(self, content: bytes) -> None:
        """Note how long it is."""
        if self.is_missing:
            raise SoundError("device gone")
        self.played.append(len(content))
        self.is_busy = True

    def close(self) -> None:
        """Be silent."""
        self.is_busy = False


class FakeSynth(Synth):
    """Says every text in 0.2 s, and notes what it was given."""

    def render(self, sound: str, language: str, path: Path) -> None:
        """Write a tone; `mute` can't be said."""
        if sound == "mute":
            raise ClipError("espeak-ng: killed")
        with (path.parents[1] / "said").open("a") as said:
            said.write(f"{language}:{sound}\n")
        half = round(RATE_HZ * WORD_S / 2)
        write_wav(path, (b"\x00\x10\x00\xf0" * half)[: 4 * half])


def say(*texts: str, language: str = "id") -> Say:
    """Return these parts."""
    return tuple(Part(text, language) for text in texts)


class Rig:
    """A narrator with a fake speaker and a fake synthesizer."""

    def __init__(self, folder: Path, *, ready: tuple[Say, ...] = ()) -> None:
        self.folder = folder / "voice"
        self.speaker = FakeSpeaker()
        self.shown: list[str] = []
        self.narrator = Narrator(
            speaker=self.speaker,
            renderer=Renderer(self.folder, synth=lambda: FakeSynth("espeak-ng", "1")),
            ready=ready,
            on_said=self.shown.append,
        )

    @property
    def rendered(self) -> list[str]:
        """What the synthesizer was given."""
        path = self.folder / "said"
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def until(self, is_so: Callable[[], bool], now_s: float = T) -> bool:
        """Let it go on until this is so; return whether it told an end meanwhile."""
        has_ended, ends_s = False, time.monotonic() + 10
        while not is_so():
            assert time.monotonic() < ends_s
            has_ended |= self.narrator.step(now_s)
            time.sleep(0.001)
        return has_ended


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return one that has begun."""
    made = Rig(tmp_path)
    made.narrator.start()
    return made


def test_what_is_said_is_played_and_its_end_told(rig: Rig) -> None:
    """Busy from the asking to the end; what is said is shown, then nothing is."""
    rig.narrator.say(say("Ambil nomor."), T)
    assert rig.narrator.is_busy
    assert not rig.until(lambda: len(rig.speaker.played) == 2)
    rig.speaker.is_busy = False

    assert rig.narrator.step(T + 1)
    assert not rig.narrator.is_busy
    assert rig.shown == ["Ambil nomor.", ""]


def test_the_newest_interrupts(rig: Rig) -> None:
    """The old falls silent at once, before its answer is rendered; its end is never told."""
    rig.narrator.say(say("Instansi mana?"), T)
    rig.until(lambda: len(rig.speaker.played) == 2)
    rig.narrator.say(say("Kantor Imigrasi"), T)
    hush = rig.speaker.played[-1]
    has_ended = rig.until(lambda: len(rig.speaker.played) == 4)

    assert hush < RATE_HZ // 10
    assert not has_ended
    assert rig.shown == ["Instansi mana?", "Kantor Imigrasi"]


def test_what_was_overtaken_while_it_was_rendered_is_not_played(rig: Rig) -> None:
    """Only the last of three quick presses is heard."""
    for text in ("satu", "dua", "tiga"):
        rig.narrator.say(say(text), T)
    rig.until(lambda: "tiga" in rig.shown)

    assert rig.shown == ["tiga"]


def test_a_part_is_rendered_once_for_ever(tmp_path: Path) -> None:
    """Also by a later process."""
    for _ in range(2):
        renderer = Renderer(tmp_path / "voice", synth=lambda: FakeSynth("espeak-ng", "1"))
        assert renderer.content(say("A", "0", "0", "7"))

    assert (tmp_path / "voice" / "said").read_text().split() == ["id:A", "id:0", "id:7"]


def test_texts_are_made_ready_before_they_are_asked_for(tmp_path: Path) -> None:
    """What is wanted goes first; a word said wrong is given as its sounds."""
    rig = Rig(tmp_path, ready=(say("loket"), say("Paspor baru")))
    rig.narrator.say(say("Kembali."), T)
    rig.narrator.start()
    rig.until(lambda: len(rig.rendered) == 3)

    assert rig.rendered == ["id:Kembali.", "id:[[l'okEt]]", "id:Paspor baru"]


def test_memory_holds_no_more_than_it_may(tmp_path: Path) -> None:
    """What was said longest ago is read from disk again."""
    renderer = Renderer(tmp_path / "voice", synth=lambda: FakeSynth("espeak-ng", "1"))
    for number in range(KEPT_MAX + 5):
        renderer.content(say(str(number)))

    assert len(renderer._kept) == KEPT_MAX
    assert renderer.content(say("0"))


def test_without_a_sound_card_it_ends_at_once_and_tries_again(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """What was to be said is over, so nobody waits; said once in the log."""
    caplog.set_level(logging.ERROR)
    rig.speaker.is_missing = True
    rig.narrator.say(say("Kembali."), T)
    assert rig.until(lambda: not rig.narrator.is_busy)
    rig.narrator.say(say("Kembali."), T + 1)
    rig.until(lambda: not rig.narrator.is_busy, T + 1)
    assert [line.message for line in caplog.records] == ["no sound: this kiosk can't speak"]
    rig.speaker.is_missing = False
    rig.narrator.say(say("Kembali."), T + RETRY_S)
    rig.until(lambda: len(rig.speaker.played) == 2, T + RETRY_S)

    assert rig.shown == ["Kembali.", "", "Kembali.", "", "Kembali."]


def test_a_text_that_can_not_be_rendered_ends_at_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Said in the log, once for each reason."""
    caplog.set_level(logging.ERROR)
    for _ in range(2):
        rig.narrator.say(say("mute"), T)
        assert rig.until(lambda: not rig.narrator.is_busy)

    assert [line.message for line in caplog.records] == ["this kiosk can't speak"]


def test_a_card_that_plays_for_ever_is_opened_anew(rig: Rig) -> None:
    """Its end is told all the same."""
    rig.narrator.say(say("Kembali."), T)
    rig.until(lambda: len(rig.speaker.played) == 2)

    assert not rig.narrator.step(T + STUCK_S)
    assert rig.narrator.step(T + STUCK_S + 2)
    assert not rig.speaker.is_busy


def test_a_card_that_is_taken_away_ends_it(rig: Rig) -> None:
    """The next one is tried for."""
    rig.narrator.say(say("Kembali."), T)
    rig.until(lambda: len(rig.speaker.played) == 2)
    rig.speaker.is_missing = True
    rig.narrator.say(say("Lanjut."), T)

    assert rig.until(lambda: not rig.narrator.is_busy)
