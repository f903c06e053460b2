"""What a hall file says of its voice, and a voice made from it. Loaded only by what speaks."""

import logging
import time
from functools import partial
from pathlib import Path

from broker.log import kv
from displays.announcer import area_of
from displays.clips import load_clips
from displays.phrases import known
from displays.spoken import TONGUES, Speech, letters_of
from displays.voice import Mixer, Said, Voice, decode
from firmware_config.schema import BoardNode, HallFile, KioskNode, setup_of
from firmware_config.schema import Voice as VoiceSection

_log = logging.getLogger(__name__)

FOLDER = "voice"
"""In a board's data folder: levelled clips, and the calls said last."""


def speech_of(file: HallFile) -> Speech:
    """Return what this hall's voice may have to say."""
    setup = setup_of(file)
    offline = (node.offline for node in file.nodes if isinstance(node, KioskNode))
    prefixes = {*setup.series.values(), setup.paper, *offline}
    return Speech(file.hall.spoken_number, letters_of(prefixes), max(setup.counters))


def languages_of(file: HallFile) -> tuple[str, ...]:
    """Return the languages calls are said in, in their order; at least one."""
    asked = file.hall.voice_languages or file.hall.languages
    return known(code for code in asked if code in TONGUES)


def make_voice(file: HallFile, node: BoardNode, *, beside: Path, folder: Path) -> Voice:
    """Return a board's voice; nothing is opened or loaded yet.

    Args:
        beside: The folder of the hall file.
        folder: The board's data folder.

    Raises:
        OSError: Its own folder there can't be made.
    """
    for code in {*file.hall.voice_languages} - TONGUES.keys():
        _log.warning("no voice speaks this language", extra=kv(language=code))
    section = node.voice if isinstance(node.voice, VoiceSection) else None
    boards = (each for each in file.nodes if isinstance(each, BoardNode) and each.voice)
    own = folder / FOLDER
    own.mkdir(mode=0o700, exist_ok=True)
    return Voice(
        area=area_of(setup_of(file), node.zone, {each.zone for each in boards if each.zone}),
        languages=languages_of(file),
        speaker=Mixer(section.out if section else None),
        load=partial(
            load_clips,
            languages=languages_of(file),
            speech=speech_of(file),
            recorded=beside / section.clips if section and section.clips else None,
            cache=own,
            decode=decode,
        ),
        said=Said(own / "said.txt"),
        start_s=time.monotonic(),
    )
