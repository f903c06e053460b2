"""Clips: recorded or synthesized, never both in one language; levelled once, kept, put together."""

import math
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.hall.views import Call
from displays.clips import (
    AFTER_CHIME_S,
    BETWEEN_S,
    BRIEF_CHIME_S,
    PAUSE_S,
    RATE_HZ,
    ClipError,
    Clips,
    Synth,
    find_synth,
    load_clips,
    read_wav,
    write_wav,
)
from displays.loudness import CLIP_LUFS, SPEECH_LUFS, loudness_lufs, peak_dbfs
from displays.spoken import Speech, clip_list

SPEECH = Speech("digits", "A", 3)
CALL = Call(call_id="c", number="A007", counter=3, service="ktp", at_ms=0)


def tone(length_s: float, high: int = 6000) -> "array[int]":
    """Return a tone of 500 Hz."""
    step = 2 * math.pi * 500 / RATE_HZ
    return array("h", [round(high * math.sin(step * i)) for i in range(round(length_s * RATE_HZ))])


def record(folder: Path, language: str = "id", speech: Speech = SPEECH) -> list[Path]:
    """Record every clip of a language as a tone of 0.2 s, each as loud as its place."""
    paths = []
    (folder / language).mkdir(parents=True)
    for index, clip in enumerate(clip_list(language, speech), start=1):
        path = folder / language / f"{clip.name}.wav"
        write_wav(path, tone(0.2, 500 * index).tobytes())
        paths.append(path)
    return paths


class Engine(Synth):
    """A synthesizer that whistles, and counts."""

    made: list[tuple[str, str]]

    def render(self, sound: str, language: str, path: Path) -> None:
        """Write a tone."""
        self.made.append((sound, language))
        write_wav(path, tone(0.3).tobytes())


def engine(version: str = "1") -> Engine:
    """Return one that has made nothing yet."""
    found = Engine("whistle", version)
    found.made = []
    return found


def load(
    folder: Path,
    *,
    recorded: Path | None = None,
    synth: Callable[[], Synth] = engine,
    languages: tuple[str, ...] = ("id",),
) -> Clips:
    """Load the clips of a hall with series A and three counters."""
    return load_clips(
        languages=languages,
        speech=SPEECH,
        recorded=recorded,
        cache=folder / "cache",
        decode=read_wav,
        synth=synth,
    )


def test_recordings_are_used_when_they_are_whole(tmp_path: Path) -> None:
    """And no synthesizer is asked for: it need not be installed."""
    record(tmp_path / "own")

    def missing() -> Synth:
        raise ClipError("none")

    clips = load(tmp_path, recorded=tmp_path / "own", synth=missing)

    assert clips.length_s(CALL, ("id",), "full") > 2


def test_one_recording_missing_is_a_language_synthesized(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Never two voices in one sentence; the log names what is missing."""
    record(tmp_path / "own")[3].unlink()
    synth = engine()
    load(tmp_path, recorded=tmp_path / "own", synth=lambda: synth)
    fields = [r.loket_fields for r in caplog.records if "missing" in r.message]  # type: ignore[attr-defined]

    assert len(synth.made) == len(clip_list("id", SPEECH))
    assert [field["missing"] for field in fields] == [["loket"]]


def test_a_clip_is_rendered_once(tmp_path: Path) -> None:
    """The second start finds it; another synthesizer's, or half a one, is made again."""
    first, second, newer = engine(), engine(), engine("2")
    load(tmp_path, synth=lambda: first)
    load(tmp_path, synth=lambda: second)
    load(tmp_path, synth=lambda: newer)
    kept = sorted((tmp_path / "cache").glob("*.wav"))
    kept[0].write_bytes(b"RIFF")
    again = engine()
    load(tmp_path, synth=lambda: again)
    load(tmp_path, synth=lambda: engine("2"))

    assert len(first.made) == len(newer.made) == len(clip_list("id", SPEECH))
    assert second.made == []
    assert len(again.made) <= 1
    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".wav"]


def test_every_recording_comes_out_equally_loud(tmp_path: Path) -> None:
    """Whatever the speaker's distance was; in the cache as it will be played."""
    record(tmp_path / "own")
    load(tmp_path, recorded=tmp_path / "own")
    kept = [
        read_wav(path)
        for path in (tmp_path / "cache").glob("*.wav")
        if not path.name.startswith("chime")
    ]

    assert len(kept) == len(clip_list("id", SPEECH))
    assert {round(loudness_lufs(clip, RATE_HZ), 1) for clip in kept} == {CLIP_LUFS}


def test_a_sites_own_chime_is_used(tmp_path: Path) -> None:
    """Levelled 3 dB below speech."""
    record(tmp_path / "own")
    write_wav(tmp_path / "own" / "chime.wav", tone(1.5).tobytes())
    clips = load(tmp_path, recorded=tmp_path / "own")
    samples = array("h")
    samples.frombytes(clips.utterance(CALL, ("id",), "full"))
    chime = samples[: round(1.5 * RATE_HZ)]

    assert loudness_lufs(chime, RATE_HZ) == pytest.approx(-23, abs=0.1)


def test_a_call_is_a_chime_and_its_clips_with_breaths_between(tmp_path: Path) -> None:
    """Its length is what it was said to be, to the sample; in short only the chime's first note."""
    record(tmp_path / "own")
    clips = load(tmp_path, recorded=tmp_path / "own")
    words, breaths = 7, 2  # Nomor antrean | A 0 0 7 | silakan menuju loket 3
    full = 0.9 + AFTER_CHIME_S + words * 0.2 + (words - 1 - breaths) * BETWEEN_S + breaths * PAUSE_S
    words, breaths = 6, 1
    short = BRIEF_CHIME_S + AFTER_CHIME_S + words * 0.2 + (words - 1 - breaths) * BETWEEN_S
    short += breaths * PAUSE_S

    assert clips.length_s(CALL, ("id",), "full") == pytest.approx(full, abs=0.01)
    assert clips.length_s(CALL, ("id",), "short") == pytest.approx(short, abs=0.01)
    for form in ("full", "short"):
        length = len(clips.utterance(CALL, ("id",), form)) / 2 / RATE_HZ
        assert length == pytest.approx(clips.length_s(CALL, ("id",), form), abs=1e-6)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all"])
def test_what_is_no_sound_file_is_said(tmp_path: Path, content: bytes) -> None:
    """With its path."""
    path = tmp_path / "x.wav"
    path.write_bytes(content)

    with pytest.raises(ClipError, match=r"x\.wav"):
        read_wav(path)


def test_a_wav_of_another_rate_is_refused_where_none_is_expected(tmp_path: Path) -> None:
    """It would be said too fast."""
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(400))

    with pytest.raises(ClipError, match="instead of"):
        read_wav(tmp_path / "x.wav")


def test_without_synthesizer_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Install it, or record."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ClipError, match=r"apt-get install espeak-ng.*loket say --list"):
        find_synth()


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize("language", ["id", "en"])
def test_espeak_speaks_at_the_level(tmp_path: Path, language: str) -> None:
    """A whole call, after its chime: -20 LUFS, no peak above -1 dBFS, and of a sensible length."""
    clips = load(tmp_path, synth=find_synth, languages=(language,))
    samples = array("h")
    samples.frombytes(clips.utterance(CALL, (language,), "full"))
    spoken = samples[round((0.9 + AFTER_CHIME_S) * RATE_HZ) :]

    assert loudness_lufs(spoken, RATE_HZ) == pytest.approx(SPEECH_LUFS, abs=0.5)
    assert peak_dbfs(samples) <= -1
    assert 4 < len(samples) / RATE_HZ < 7
    assert clips.length_s(CALL, (language,), "short") < 3.75
