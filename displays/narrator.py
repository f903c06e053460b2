"""A kiosk's speaking end: texts become sound, and what is newest interrupts what is being said.

Everything but rendering is on the loop's thread. espeak-ng renders each part once, on a thread of
its own, and the levelled sound is kept in the data folder; what the menu may say of this hall is
made ready there at the start. Without a sound card or espeak-ng the kiosk goes on in silence: the
log says why once, and the card is tried again every 30 s. One voice says all of it: a site's
recordings hold the words of calls only, and two voices in one sentence are understood by nobody.
"""

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from broker.log import kv
from displays.clips import RATE_HZ, ClipError, Synth, find_synth, rendered
from displays.menu import Part, Say, text_of
from displays.voice import RETRY_S, STUCK_S, SoundError, Speaker

if TYPE_CHECKING:
    from array import array

_log = logging.getLogger(__name__)

BETWEEN_S = 0.12
BREATH_S = 0.35
"""Silences: between two parts, and after a sentence."""

KEPT_MAX = 64
"""Parts in memory; 2 s of speech are 88 KB."""

HUSH = bytes(2 * (RATE_HZ // 100))
"""10 ms of nothing: interrupts what is being said while its answer is still rendered."""


class Renderer:
    """Parts as sound: from memory, else from the data folder, else from espeak-ng.

    Args:
        folder: Where levelled sound is kept; made when missing.
    """

    def __init__(self, folder: Path, *, synth: Callable[[], Synth] = find_synth) -> None:
        self._folder = folder
        self._synth = synth
        self._engine: Synth | None = None
        self._kept: OrderedDict[Part, array[int]] = OrderedDict()

    def content(self, said: Say) -> bytes:
        """Return it as int16, mono, at `RATE_HZ`.

        Raises:
            ClipError: espeak-ng is missing, or fails.
            OSError: The folder can't be written.
        """
        pieces: list[bytes] = []
        for part in said:
            breath_s = BREATH_S if part.text[-1:] in ".?!" else BETWEEN_S
            pieces += [self._sound(part).tobytes(), bytes(2 * round(breath_s * RATE_HZ))]
        return b"".join(pieces)

    def _sound(self, part: Part) -> "array[int]":
        if part in self._kept:
            self._kept.move_to_end(part)
            return self._kept[part]
        if self._engine is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._engine = self._synth()
        samples = rendered(self._folder, self._engine, part.text, part.language)
        self._kept[part] = samples
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return samples


class _Job(NamedTuple):
    """Something to be rendered, and its sound once it is; None when it can't be."""

    n: int
    said: Say
    content: bytes | None = None


class Narrator:
    """Says one thing at a time, the newest.

    Args:
        ready: Texts to be made ready while nothing is asked for.
        on_said: Told what begins to be said; an empty text at its end.
    """

    def __init__(
        self,
        *,
        speaker: Speaker,
        renderer: Renderer,
        ready: Iterable[Say] = (),
        on_said: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._speaker = speaker
        self._renderer = renderer
        self._ready = iter(ready)
        self._on_said = on_said
        self._wanted: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._n = 0
        self._waits = False
        self._end_s: float | None = None
        self._is_open = False
        self._open_s = 0.0
        self._fault = ""
        self._thread = threading.Thread(target=self._render, name="narrator", daemon=True)

    def start(self) -> None:
        """Begin to render."""
        self._thread.start()

    def close(self) -> None:
        """Stop speaking, in mid-word if need be."""
        self._wanted.put(None)
        self._speaker.close()

    @property
    def is_busy(self) -> bool:
        """Whether something is being said, or is about to be."""
        return self._waits or self._end_s is not None

    def say(self, said: Say, now_s: float) -> None:
        """Say this instead of what is being said."""
        self._look_at_sound(now_s)
        self._n += 1
        self._waits, self._end_s = True, None
        if self._is_open:
            self._play(HUSH, now_s)
        self._wanted.put(_Job(self._n, said))

    def step(self, now_s: float) -> bool:
        """Go on; return whether what was to be said has just ended, or turned out impossible."""
        self._look_at_sound(now_s)
        while not self._made.empty():
            job = self._made.get()
            if job.n == self._n:
                self._waits = False
                if not self._begin(job, now_s):
                    return True
        if self._end_s is None or self._waits:
            return False
        if self._speaker.is_busy and now_s < self._end_s + STUCK_S:
            return False
        if self._speaker.is_busy:
            self._lose("the sound device plays on for ever", now_s)
        self._end_s = None
        self._on_said("")
        return True

    def _begin(self, job: _Job, now_s: float) -> bool:
        self._on_said(text_of(job.said))
        if job.content is None or not self._is_open or not self._play(job.content, now_s):
            self._end_s = None
            self._on_said("")
            return False
        self._end_s = now_s + len(job.content) / 2 / RATE_HZ
        _log.info("said", extra=kv(text=text_of(job.said), length_s=round(self._end_s - now_s, 2)))
        return True

    def _play(self, content: bytes, now_s: float) -> bool:
        try:
            self._speaker.play(content)
        except SoundError as error:
            self._lose(str(error), now_s)
            return False
        return True

    def _look_at_sound(self, now_s: float) -> None:
        if self._is_open or now_s < self._open_s:
            return
        self._open_s = now_s + RETRY_S
        try:
            self._speaker.open()
        except SoundError as error:
            level = logging.DEBUG if self._fault == str(error) else logging.ERROR
            self._fault = str(error)
            _log.log(level, "no sound: this kiosk can't speak", extra=kv(why=self._fault))
            return
        self._is_open, self._fault = True, ""
        _log.info("sound is open")

    def _lose(self, why: str, now_s: float) -> None:
        _log.error("the sound is lost", extra=kv(why=why))
        self._speaker.close()
        self._is_open, self._open_s = False, now_s

    # -- on the rendering thread --------------------------------------------------------------

    def _render(self) -> None:
        told = ""
        while True:
            job = self._next()
            if job is None:
                return
            content, why = None, ""
            try:
                content = self._renderer.content(job.said)
            except (ClipError, OSError) as error:
                why = str(error)
            if why and why != told:
                _log.error("this kiosk can't speak", extra=kv(why=why))
            told = why or told
            if job.n:
                self._made.put(job._replace(content=content))

    def _next(self) -> _Job | None:
        """Return what is wanted; what is made ready waits for it. None = the end."""
        if not self._wanted.empty():
            return self._wanted.get()
        for said in self._ready:
            return _Job(0, said)
        return self._wanted.get()
