"""`loket say`: one call as a sound file, and the list of clips a site may record itself."""

import argparse
import os
import sys
import tempfile
from array import array
from pathlib import Path

import firmware_config
from broker.hall.views import Call
from displays.clips import RATE_HZ, ClipError, load_clips, write_wav
from displays.hall_voice import languages_of, speech_of
from displays.loudness import loudness_lufs, peak_dbfs
from displays.phrases import SAY_GO, SAY_NUMBER, Phrase
from displays.phrases import say as text_of
from displays.spoken import (
    COUNTERS_MAX,
    TONGUES,
    Speech,
    clip_list,
    letters_of,
    sentence,
)
from displays.voice import Mixer, SoundError, decode
from firmware_config.arguments import MisuseError
from firmware_config.load import HallFileError, load_hall

EXAMPLE = Path(firmware_config.__file__).parent / "examples" / "demo.toml"

GUIDE = Phrase(
    "# The clips of a hall's voice: the name of the file, then what is read ({count} of them).\n"
    "# Save each as {code}/NAME.wav (.ogg, .flac, .mp3 too) in one folder beside hall.toml,\n"
    '# and name that folder at the board: voice = {{ clips = "FOLDER" }}.\n'
    "# The chime may be changed too: chime.wav in that folder.\n"
    "# - One person, one day, one room without echo; microphone a hand's width away; no music.\n"
    "# - Read calmly, clearly and on one level: any number word may be followed by another.\n"
    '# - "{number}" and "{go}" are one phrase each. Letters: their names alone.\n'
    "# - One line, one file. Silence at both ends is cut off; loudness (-20 LUFS) is set for you.\n"
    "# - All must be there: with one missing, espeak-ng speaks this whole language.\n"
)
"""Printed above the list; a site that has another synthesizer may fill the folder with it."""


def say_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `loket say`."""
    parser.add_argument("number", metavar="NUMBER", nargs="?", help="as it is printed, e.g. A007")
    parser.add_argument("counter", metavar="COUNTER", nargs="?", type=int, help="1 to 99")
    parser.add_argument("--lang", choices=TONGUES, help="the hall's first without it")
    parser.add_argument("--out", metavar="FILE.wav", type=Path, help="where it goes")
    parser.add_argument("--short", action="store_true", help="as it is said when many wait")
    parser.add_argument("--again", action="store_true", help="as it is said the second time")
    parser.add_argument("--clips", metavar="DIR", type=Path, help="a site's own recordings")
    parser.add_argument(
        "--hall",
        metavar="FILE",
        type=Path,
        default=EXAMPLE,
        help="the hall file; the demo's without it",
    )
    parser.add_argument(
        "--list", action="store_true", help="print the clips to record, and how to record them"
    )


def say(args: argparse.Namespace) -> int:
    """Write a call's sound, or print the list; return the exit code."""
    try:
        file = load_hall(args.hall)
        language = args.lang or languages_of(file)[0]
        if args.list:
            sys.stdout.write(guide(speech_of(file), language))
        else:
            _write(args, speech_of(file), language)
    except (HallFileError, MisuseError) as error:
        sys.stderr.write(f"loket say: {error}\n")
        return 2
    except (ClipError, SoundError, OSError) as error:
        sys.stderr.write(f"loket say: {error}\n")
        return 1
    return 0


def guide(speech: Speech, language: str) -> str:
    """Return how to record, and a line a clip: its name, a tab, what is read."""
    clips = clip_list(language, speech)
    number, go = (text_of(phrase, language) for phrase in (SAY_NUMBER, SAY_GO))
    head = text_of(GUIDE, language, code=language, number=number, go=go, count=len(clips))
    return head + "".join(f"{clip.name}\t{clip.text}\n" for clip in clips)


def _write(args: argparse.Namespace, speech: Speech, language: str) -> None:
    if args.number is None or args.counter is None or args.out is None:
        raise MisuseError("NUMBER, COUNTER and --out FILE.wav are needed (or --list)")
    if not 1 <= args.counter <= COUNTERS_MAX:
        raise MisuseError(f"a counter's number is 1 to {COUNTERS_MAX}, not {args.counter}")
    try:
        text = sentence(args.number, args.counter, language, style=speech.spoken_number)
    except ValueError as error:
        raise MisuseError(str(error)) from error
    needed = Speech(speech.spoken_number, letters_of([args.number]), args.counter)
    call = Call(
        call_id="said",
        number=args.number,
        counter=args.counter,
        service="",
        at_ms=0,
        repeat=2 if args.again else 1,
    )
    os.environ["SDL_AUDIODRIVER"] = "dummy"  # recordings are read by SDL, which wants a device
    mixer = Mixer()
    mixer.open()
    try:
        with tempfile.TemporaryDirectory() as cache:
            clips = load_clips(
                languages=(language,),
                speech=needed,
                recorded=args.clips,
                cache=Path(cache),
                decode=decode,
            )
    finally:
        mixer.close()
    content = clips.utterance(call, (language,), "short" if args.short else "full")
    write_wav(args.out, content)
    samples = array("h")
    samples.frombytes(content)
    length_s = len(samples) / RATE_HZ
    figures = f"{loudness_lufs(samples, RATE_HZ):.1f} LUFS, peak {peak_dbfs(samples):.1f} dBFS"
    sys.stdout.write(f"{text}\n{args.out}: {length_s:.1f} s, {figures}\n")
