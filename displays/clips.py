"""The sound of every word a voice says: a site's own recordings, else espeak-ng's, in memory.

A language's recordings are used when all that its hall needs are there; with one missing, the whole
language is synthesized, since two voices in one sentence are understood by nobody. Either is
brought to one loudness once and kept as WAV in the data folder: the second start costs nothing.
"""

import hashlib
import logging
import subprocess
import tempfile
import wave
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from broker.hall.views import Call
from broker.log import kv
from displays.loudness import CHIME_LUFS, chime, faded, levelled, trimmed
from displays.spoken import PAUSE, TONGUES, Clip, Form, Speech, clip_list, parts

_log = logging.getLogger(__name__)

RATE_HZ = 22_050
"""Of all that is played: espeak-ng's own, and enough for speech over a hall's loudspeakers."""

WORDS_A_MINUTE = 160
"""Slow enough for a hall with an echo, since each word of a call is said by itself."""

SYNTH_WITHIN_S = 10.0

BETWEEN_S = 0.04
PAUSE_S = 0.25
AFTER_CHIME_S = 0.15
LANGUAGES_S = 0.4
"""Silences: between two words, where one breathes, before speech, between two languages."""

BRIEF_CHIME_S = 0.35
"""Its first note, when many wait to be said: then twelve calls at once are all begun in 45 s."""

LEVEL = 1
"""Counts changes of how clips are trimmed and levelled: a new one makes them again."""

ENDINGS = (".wav", ".ogg", ".flac", ".mp3")
"""Files a site's recordings may be, in the order they are looked for."""


class ClipError(Exception):
    """Nothing can be said: the message says what is missing and how to mend it."""


Decode = Callable[[Path], "array[int]"]
"""Reads a sound file of any rate as int16, mono, at `RATE_HZ`; raises ClipError."""


class Clips:
    """Every clip of one hall's voice, by language and name; all are int16, mono, at `RATE_HZ`."""

    def __init__(
        self,
        *,
        speech: Speech,
        chime: "array[int]",
        clips: Mapping[str, Mapping[str, "array[int]"]],
    ) -> None:
        self._speech = speech
        self._chimes = {"full": chime, "short": faded(chime[: round(BRIEF_CHIME_S * RATE_HZ)])}
        self._clips = clips

    def length_s(self, call: Call, languages: tuple[str, ...], form: Form) -> float:
        """Return how long a call takes to say, the chime included."""
        samples = sum(len(piece) for piece in self._pieces(call, languages, form))
        return samples / RATE_HZ

    def utterance(self, call: Call, languages: tuple[str, ...], form: Form) -> bytes:
        """Return the chime and the call as it is said: int16, mono, at `RATE_HZ`."""
        return b"".join(piece.tobytes() for piece in self._pieces(call, languages, form))

    def _pieces(self, call: Call, languages: tuple[str, ...], form: Form) -> "list[array[int]]":
        pieces = [self._chimes[form], _silence(AFTER_CHIME_S)]
        for index, language in enumerate(languages):
            if index:
                pieces.append(_silence(LANGUAGES_S))
            pieces += self._sentence(call, language, form)
        return pieces

    def _sentence(self, call: Call, language: str, form: Form) -> "list[array[int]]":
        clips = self._clips[language]
        pieces: list[array[int]] = []
        names = parts(
            call.number,
            call.counter,
            language,
            style=self._speech.spoken_number,
            form=form,
            is_again=call.repeat > 1,
        )
        for name in names:
            if name == PAUSE:
                pieces[-1] = _silence(PAUSE_S)
            else:
                pieces += [clips[name], _silence(BETWEEN_S)]
        return pieces[:-1]


class Synth(NamedTuple):
    """espeak-ng, as it is installed here; `version` is part of what a rendered clip is kept by."""

    program: str
    version: str

    def render(self, sound: str, language: str, path: Path) -> None:
        """Write what it says as WAV.

        Raises:
            ClipError: It failed.
        """
        voice = TONGUES[language].voice
        command = [self.program, "-v", voice, "-s", str(WORDS_A_MINUTE), "-w", str(path), sound]
        _run(command)


def find_synth() -> Synth:
    """Return espeak-ng.

    Raises:
        ClipError: It is not installed.
    """
    said = _run(["espeak-ng", "--version"]).split("Data at:")[0]
    return Synth("espeak-ng", said.strip())


def load_clips(  # noqa: PLR0913 - what is said, and where its sound comes from
    *,
    languages: tuple[str, ...],
    speech: Speech,
    recorded: Path | None,
    cache: Path,
    decode: Decode,
    synth: Callable[[], Synth] = find_synth,
) -> Clips:
    """Return every clip, from recordings where they are whole, else synthesized.

    Takes 30 to 60 ms a clip when it is rendered for the first time, afterwards 0.1 ms.

    Args:
        recorded: The folder of a site's recordings: `chime.wav`, `id/nomor-antrean.wav`, ...
        cache: The folder where levelled clips are kept; made when missing.

    Raises:
        ClipError: A language is neither recorded nor can it be synthesized.
        OSError: The cache can't be written.
    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = {}
    for language in languages:
        wanted = clip_list(language, speech)
        own = _recordings(recorded, language, wanted)
        if own is not None:
            found[language] = {name: _recorded(cache, path, decode) for name, path in own.items()}
            continue
        engine = synth()
        found[language] = {clip.name: _rendered(cache, engine, clip, language) for clip in wanted}
        _log.info("voice synthesized", extra=kv(language=language, engine=engine.version))
    return Clips(speech=speech, chime=_chime(recorded, cache, decode), clips=found)


def _recordings(
    folder: Path | None, language: str, wanted: tuple[Clip, ...]
) -> dict[str, Path] | None:
    if folder is None:
        return None
    paths = {clip.name: _file(folder / language / clip.name) for clip in wanted}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        fields = kv(language=language, folder=str(folder), missing=missing)
        _log.warning("recordings are missing, so the language is synthesized", extra=fields)
        return None
    return {name: path for name, path in paths.items() if path is not None}


def _file(stem: Path) -> Path | None:
    return next(
        (path for end in ENDINGS if (path := stem.with_name(stem.name + end)).exists()), None
    )


def _chime(folder: Path | None, cache: Path, decode: Decode) -> "array[int]":
    path = _file(folder / "chime") if folder else None
    if path is None:
        return _kept(cache, f"chime-{LEVEL}", lambda: chime(RATE_HZ))
    return _kept(cache, _key(path), lambda: levelled(decode(path), RATE_HZ, CHIME_LUFS))


def _recorded(cache: Path, path: Path, decode: Decode) -> "array[int]":
    return _kept(cache, _key(path), lambda: _speech(decode(path)))


def rendered(cache: Path, synth: Synth, text: str, language: str) -> "array[int]":
    """Return any text as espeak-ng says it, brought to a clip's loudness once and kept in `cache`.

    Raises:
        ClipError: espeak-ng failed.
        OSError: The cache can't be written.
    """
    sound = TONGUES[language].sounds.get(text, text)
    return _rendered(cache, synth, Clip("", text, sound), language)


def _rendered(cache: Path, synth: Synth, clip: Clip, language: str) -> "array[int]":
    said = "|".join((synth.version, TONGUES[language].voice, str(WORDS_A_MINUTE), clip.sound))

    def render() -> "array[int]":
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            path = Path(folder) / "said.wav"
            synth.render(clip.sound, language, path)
            return _speech(read_wav(path))

    return _kept(cache, _digest(said.encode()), render)


def _speech(samples: "array[int]") -> "array[int]":
    return levelled(trimmed(samples, RATE_HZ), RATE_HZ)


def _kept(cache: Path, key: str, make: Callable[[], "array[int]"]) -> "array[int]":
    path = cache / f"{key}.wav"
    if path.exists():
        try:
            return read_wav(path)
        except ClipError as error:  # a power cut while it was written
            _log.warning("a kept clip is made again", extra=kv(path=str(path), why=str(error)))
    samples = make()
    draft = path.with_suffix(".new")
    write_wav(draft, samples.tobytes())
    draft.replace(path)
    return samples


def _key(path: Path) -> str:
    return _digest(path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content + b"|%d" % LEVEL).hexdigest()[:32]


def _silence(length_s: float) -> "array[int]":
    return array("h", bytes(2 * round(length_s * RATE_HZ)))


def read_wav(path: Path) -> "array[int]":
    """Return a WAV file's samples.

    Raises:
        ClipError: It is none, or not int16, mono, at `RATE_HZ`.
    """
    try:
        with wave.open(str(path), "rb") as file:
            shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise ClipError(f"{path}: no WAV file: {error}") from error
    if shape != (1, 2, RATE_HZ) or not content:
        raise ClipError(f"{path}: {shape} channels, bytes, Hz instead of (1, 2, {RATE_HZ})")
    samples = array("h")
    samples.frombytes(content)
    return samples


def write_wav(path: Path, content: bytes) -> None:
    """Write int16, mono, at `RATE_HZ`."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(content)


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - espeak-ng, with texts of our own catalogue
            command, capture_output=True, text=True, check=True, timeout=SYNTH_WITHIN_S
        )
    except FileNotFoundError as error:
        raise ClipError(
            f"{command[0]} is missing: sudo apt-get install {command[0]}, or record every clip"
            " that `loket say --list` names"
        ) from error
    except subprocess.SubprocessError as error:
        raise ClipError(f"{' '.join(command)}: {error}") from error
    return done.stdout
