"""`loket say`: a call as a file, the list to record by, and what is misuse."""

import argparse
from array import array
from pathlib import Path

import pytest

from displays.clips import RATE_HZ, read_wav, write_wav
from displays.hall_voice import languages_of, speech_of
from displays.loudness import loudness_lufs, peak_dbfs
from displays.say import guide, say, say_arguments
from displays.spoken import Speech, clip_list
from firmware_config.load import load_hall

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"


def run(*arguments: str) -> int:
    """Run `loket say`."""
    parser = argparse.ArgumentParser()
    say_arguments(parser)
    return say(parser.parse_args(arguments))


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets SDL's driver for itself; not for the tests after it."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("id", "Nomor antrean A 0 0 7, silakan menuju loket 3"),
        ("en", "Ticket A 0 0 7, please go to counter 3"),
    ],
)
def test_a_call_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, text: str
) -> None:
    """As WAV, with its sentence and figures printed."""
    path = tmp_path / "call.wav"
    code = run("A007", "3", "--lang", language, "--out", str(path))
    samples = read_wav(path)

    assert code == 0
    assert capsys.readouterr().out.splitlines()[0] == text
    assert -22 < loudness_lufs(samples, RATE_HZ) < -19.5
    assert peak_dbfs(samples) <= -1


def test_a_sites_recordings_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever rate they have."""
    (tmp_path / "own" / "id").mkdir(parents=True)
    piece = array("h", [4000, -4000] * (RATE_HZ // 10))
    for clip in clip_list("id", Speech("digits", "A", 3)):
        write_wav(tmp_path / "own" / "id" / f"{clip.name}.wav", piece.tobytes())
    path = tmp_path / "call.wav"
    code = run("A007", "3", "--lang", "id", "--out", str(path), "--clips", str(tmp_path / "own"))

    assert code == 0
    assert ": 3.1 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "NUMBER, COUNTER and --out"),
        (["A007", "3"], "NUMBER, COUNTER and --out"),
        (["A7", "3", "--out", "x.wav"], "is no number"),
        (["A007", "0", "--out", "x.wav"], "1 to 99"),
        (["A007", "3", "--out", "x.wav", "--hall", "none.toml"], "none.toml"),
    ],
)
def test_misuse_is_2_with_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Nothing is written."""
    assert run(*arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_list_names_every_clip_below_its_guide(
    capsys: pytest.CaptureFixture[str], language: str
) -> None:
    """A line a clip, its name and what is read, as a spreadsheet opens it."""
    assert run("--list", "--lang", language) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    speech = speech_of(load_hall(EXAMPLES / "demo.toml"))

    assert rows == [[clip.name, clip.text] for clip in clip_list(language, speech)]
    assert "-20 LUFS" in guide(speech, language)
    assert f"{language}/" in guide(speech, language)


def test_a_hall_says_its_prefixes_and_counters() -> None:
    """Series, paper and kiosks' own; voices speak what `voice_languages` says."""
    file = load_hall(EXAMPLES / "tebing_tinggi.toml")
    speech = speech_of(file)

    assert speech.counter_max == 40
    assert {"A", "P", "K"} <= set(speech.letters)
    assert languages_of(file) == ("id",)
    assert languages_of(load_hall(EXAMPLES / "demo.toml")) == ("id", "en")
