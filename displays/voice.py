"""A hall's voice: plays what the announcer chose, one announcement at a time, through SDL's mixer.

It belongs to a board's process and runs on its drawing thread: a call's picture is shown, then its
chime begins, in one pass. Clips are loaded on a thread of their own at the start; until then calls
wait. Without a sound card or clips the board goes on: each call is marked "screen only", the log
says once why, and the card is tried again every 30 s.
"""

import contextlib
import logging
import os
import threading
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from broker.hall.views import BoardView, Call
from broker.log import kv
from broker.wire.messages import HubState
from displays.announcer import Announcement, Announcer, Area, Unsaid
from displays.clips import RATE_HZ, ClipError, Clips
from displays.spoken import Form

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame
from pygame._sdl2 import audio

_log = logging.getLogger(__name__)

BUFFER_SAMPLES = 512
"""23 ms: so late a sound begins at most after it is asked for."""

RETRY_S = 30.0
STUCK_S = 5.0
"""A card that plays so much longer than the sound lasts has gone."""

POLL_S = 0.05

LENGTH_S = 6.0
"""How long a call is taken to be while no clips are loaded: a sentence in one language."""

SAID_MAX = 64
"""A snapshot's calls younger than 45 s; a hall of 60 counters makes fewer."""

Out = Literal["hdmi", "jack", "usb"]

DEVICE_WORDS = {"hdmi": ("hdmi",), "jack": ("headphone", "bcm2835"), "usb": ("usb",)}
"""What a Pi's ALSA names hold, in lower case."""


class SoundError(Exception):
    """No sound comes out: the message says why."""


class Speaker(Protocol):
    """What a voice is heard through."""

    @property
    def is_busy(self) -> bool:
        """Whether something is being played."""
        ...

    def open(self) -> None:
        """Open it, or raise SoundError."""
        ...

    def play(self, content: bytes) -> None:
        """Begin to play int16, mono, at `RATE_HZ`, or raise SoundError."""
        ...

    def close(self) -> None:
        """Stop, and give the device back."""
        ...


def device_for(out: Out | None, names: list[str]) -> str | None:
    """Return the device of this output; None takes the system's own choice.

    Raises:
        SoundError: No device has such a name.
    """
    if out is None:
        return None
    for name in names:
        if any(word in name.lower() for word in DEVICE_WORDS[out]):
            return name
    raise SoundError(f"no sound device is called {out}; there are: {', '.join(names) or 'none'}")


class Mixer:
    """SDL's mixer with one channel: it can't play two things at once."""

    def __init__(self, out: Out | None = None) -> None:
        self._out = out

    @property
    def is_busy(self) -> bool:
        """Whether something is being played."""
        return pygame.mixer.get_init() is not None and pygame.mixer.get_busy()

    def open(self) -> None:
        """Open the device.

        Raises:
            SoundError: There is none, or none of that name.
        """
        try:
            if self._out:
                pygame.mixer.init(RATE_HZ, -16, 1, BUFFER_SAMPLES, allowedchanges=0)
                device = device_for(self._out, audio.get_audio_device_names(False))  # noqa: FBT003
                pygame.mixer.quit()
            else:
                device = None
            pygame.mixer.init(RATE_HZ, -16, 1, BUFFER_SAMPLES, device, allowedchanges=0)
            pygame.mixer.set_num_channels(1)
        except pygame.error as error:
            raise SoundError(f"SDL can't open the sound device: {error}") from error

    def play(self, content: bytes) -> None:
        """Begin to play.

        Raises:
            SoundError: The device is not open.
        """
        try:
            pygame.mixer.Channel(0).play(pygame.mixer.Sound(buffer=content))
        except pygame.error as error:
            raise SoundError(str(error)) from error

    def close(self) -> None:
        """Stop, and give the device back."""
        pygame.mixer.quit()


def decode(path: Path) -> "array[int]":
    """Read a sound file of any kind and rate; the mixer must be open.

    Raises:
        ClipError: It is none.
    """
    try:
        content = pygame.mixer.Sound(str(path)).get_raw()
    except (pygame.error, FileNotFoundError) as error:
        raise ClipError(f"{path}: {error}") from error
    samples = array("h")
    samples.frombytes(content)
    return samples


class Said:
    """The file that names the calls said last: a process started again doesn't say them twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: list[str] = []

    def read(self) -> tuple[str, ...]:
        """Return their ids; none when there is no file."""
        with contextlib.suppress(FileNotFoundError):
            self._ids = self._path.read_text(encoding="utf-8", errors="replace").split()
        return tuple(self._ids)

    def add(self, call_id: str) -> None:
        """Add one before it is said. It need not outlive the machine: booting takes 30 s."""
        self._ids = [*self._ids, call_id][-SAID_MAX:]
        draft = self._path.with_suffix(".new")
        draft.write_text("\n".join(self._ids), encoding="utf-8")
        draft.replace(self._path)


class _Now(NamedTuple):
    """What is being said, and when it should have ended."""

    call_id: str
    end_s: float


class Voice:
    """Joins announcer, clips and speaker. All but loading is on the drawing thread.

    Args:
        load: Returns the clips, on a thread of its own, once the speaker is open; may raise
            ClipError or OSError: then nothing is said until the process is started again.
    """

    def __init__(  # noqa: PLR0913 - the parts of a voice, each by name
        self,
        *,
        area: Area,
        languages: tuple[str, ...],
        speaker: Speaker,
        load: Callable[[], Clips],
        said: Said,
        start_s: float,
    ) -> None:
        self._speaker = speaker
        self._load = load
        self._said = said
        self._announcer = Announcer(
            area=area,
            languages=languages,
            length_s=self._length_s,
            start_s=start_s,
            said=said.read(),
        )
        self._clips: Clips | None = None
        self._fault = ""
        self._loading: threading.Thread | None = None
        self._is_open = False
        self._open_s = start_s
        self._now: _Now | None = None

    @property
    def unsaid(self) -> tuple[Unsaid, ...]:
        """The newest calls that are on the screen only."""
        return tuple(self._announcer.unsaid)

    @property
    def saying(self) -> str:
        """The id of the call that is being said; empty for none."""
        return self._now.call_id if self._now else ""

    def take_hub(self, state: HubState, *, is_retained: bool) -> None:
        """Take a heartbeat."""
        self._announcer.take_hub(state, is_retained=is_retained)

    def take_board(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        """Take a snapshot of calls."""
        self._announcer.take_board(view, is_retained=is_retained, now_s=now_s)

    def step(self, now_s: float) -> None:
        """Begin what is to be said now; returns at once."""
        self._look_at_sound(now_s)
        if self._is_loading:
            return
        if self._now and not self._speaker.is_busy:
            self._now = None
            self._announcer.ended(now_s)
        if self._now:
            if now_s > self._now.end_s + STUCK_S:
                self._lose("the sound device plays on for ever", now_s)
            return
        while (found := self._announcer.next(now_s)) and not self._say(found, now_s):
            pass  # there is no sound: each call that waits is marked

    def wake_s(self, now_s: float) -> float:
        """Return the monotonic instant to call `step` again."""
        if self._is_loading or (self._now and now_s >= self._now.end_s):
            return now_s + POLL_S
        ends_s = [self._now.end_s] if self._now else []
        return min(self._announcer.wake_s(), *ends_s) if ends_s else self._announcer.wake_s()

    def lose(self, now_s: float) -> None:
        """Open the sound anew: a device was removed."""
        if self._is_open:
            self._lose("a sound device was removed", now_s)

    def close(self) -> None:
        """Stop speaking, in mid-word if need be."""
        self._speaker.close()

    def health(self) -> dict[str, int]:
        """Return figures: calls said and not, and whether there is sound at all."""
        counts = {f"voice_{name}": count for name, count in self._announcer.counts.items()}
        return counts | {
            "voice_waiting": self._announcer.waiting,
            "voice_sound": int(self._is_open and self._clips is not None),
        }

    @property
    def _is_loading(self) -> bool:
        return self._loading is not None and self._loading.is_alive()

    def _length_s(self, call: Call, languages: tuple[str, ...], form: Form) -> float:
        return self._clips.length_s(call, languages, form) if self._clips else LENGTH_S

    def _say(self, found: Announcement, now_s: float) -> bool:
        if not found.is_aloud:
            return True
        if not self._is_open or self._clips is None:
            self._announcer.could_not(found, now_s=now_s)
            return False
        call = found.call
        self._remember(call.call_id)
        try:
            self._speaker.play(self._clips.utterance(call, found.languages, found.form))
        except SoundError as error:
            self._announcer.could_not(found, now_s=now_s)
            self._lose(str(error), now_s)
            return False
        self._now = _Now(call.call_id, now_s + found.length_s)
        _log.info(
            "call said",
            extra=kv(
                call_id=call.call_id,
                number=call.number,
                counter=call.counter,
                languages=found.languages,
                form=found.form,
                length_s=round(found.length_s, 2),
                mono_ns=time.monotonic_ns(),
            ),
        )
        return True

    def _remember(self, call_id: str) -> None:
        try:
            self._said.add(call_id)
        except OSError as error:  # a full disk keeps nobody from being called
            _log.warning("a said call could not be noted", extra=kv(why=str(error)))

    def _look_at_sound(self, now_s: float) -> None:
        if self._is_open or now_s < self._open_s:
            return
        self._open_s = now_s + RETRY_S
        try:
            self._speaker.open()
        except SoundError as error:
            level = logging.DEBUG if self._fault == str(error) else logging.ERROR
            self._fault = str(error)
            _log.log(level, "no sound: calls are on the screen only", extra=kv(why=self._fault))
            return
        self._is_open, self._fault = True, ""
        _log.info("sound is open")
        if self._loading is None:
            self._loading = threading.Thread(target=self._load_clips, name="clips", daemon=True)
            self._loading.start()

    def _lose(self, why: str, now_s: float) -> None:
        _log.error("the sound is lost", extra=kv(why=why))
        self._speaker.close()
        self._is_open, self._now, self._open_s = False, None, now_s

    def _load_clips(self) -> None:
        begun_s = time.monotonic()
        try:
            self._clips = self._load()
        except (ClipError, OSError) as error:
            _log.error("no voice: calls are on the screen only", extra=kv(why=str(error)))
            return
        _log.info("voice ready", extra=kv(took_s=round(time.monotonic() - begun_s, 2)))
