"""A board's one loop: wait for the hub or for time, take, draw what changed, look after the rest.

No asyncio and no frame rate. The main thread waits on its inbox, at most a second because SDL wants
to be looked after, and draws at once. A picture that is already shown costs nothing. 20 frames a
second only while a border pulses.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from broker.link import Connected, Disconnected, Received
from broker.log import kv
from broker.vitals import ready, rss_bytes
from broker.wire.messages import (
    Birth,
    Health,
    WireError,
    encode,
    read_board,
    read_hub,
    read_queue,
)
from broker.wire.topics import Kind, Topic, parse_topic
from displays.board import Board, BoardModel
from displays.frames import FrameServer
from displays.inbox import Event, FrameAsked, Inbox
from displays.layout import Layout
from displays.plug import Plug
from displays.sample import sample_models
from displays.screen import Screen

if TYPE_CHECKING:
    from displays.voice import Voice

_log = logging.getLogger(__name__)

PUMP_S = 1.0
"""The longest wait: SDL, and a person who closes the window, are looked at so often. At whole
seconds, at which sentences and shifts change too: one wake-up for all of them."""

HEALTH_S = 15.0
FEED_S = 5.0


class Post(Protocol):
    """The part of a link a board speaks through."""

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Send a message; False when it was not sent."""
        ...


class Self(NamedTuple):
    """Who this board is, on the wire."""

    hall: str
    node: str
    version: str
    boot: str

    def will(self, session: str) -> tuple[str, bytes]:
        """Return the topic and body the broker publishes when the connection ends."""
        topic = Topic(self.hall, Kind.BIRTH, self.node)
        return str(topic), encode(Birth(session=session, online=False, role="board"))

    def birth(self, session: str) -> Birth:
        """Return what is said at each connect; the hub answers with all its state."""
        return Birth(
            session=session, online=True, role="board", version=self.version, boot=self.boot
        )


class BoardLoop:
    """Joins a board's parts. Everything here runs on the main thread.

    Args:
        voice: None for a board that is silent.
        plug: Looked at once a second; None where a desktop looks after the screen.
        fed: Called after a pass that drew and looked after SDL, every 5 s: it feeds the watchdog.
            None = nobody watches.
    """

    def __init__(  # noqa: PLR0913 - the parts of a board, each by name
        self,
        *,
        who: Self,
        board: Board,
        layout: Layout,
        screen: Screen,
        inbox: Inbox,
        post: Post,
        frames: FrameServer,
        voice: "Voice | None" = None,
        plug: Plug | None = None,
        fed: Callable[[], object] | None = None,
    ) -> None:
        self._who = who
        self._board = board
        self._layout = layout
        self._screen = screen
        self._inbox = inbox
        self._post = post
        self._frames = frames
        self._voice = voice
        self._sounds_removed = 0
        self._plug = plug
        self._is_plugged: bool | None = None
        self._plug_s = 0.0
        self._fed = fed
        self._feed_s = 0.0
        self._counts: Counter[str] = Counter()
        self._is_stopping = False
        self._start_s = time.monotonic()
        self._shown_s = self._start_s
        self._health_s = self._start_s + HEALTH_S
        self._frame_asked = False

    def stop(self) -> None:
        """End the loop within `PUMP_S`; safe in a signal's function."""
        self._is_stopping = True

    def run(self) -> None:
        """Show, say READY, and go on until `stop` or until a person closes the window."""
        self._draw()
        ready()
        _log.info("board ready", extra=kv(size=self._screen.size))
        for model in sample_models(self._look()):
            self._screen.prepare(self._layout.picture(model))
        while not self._is_stopping:
            for event in self._inbox.take(self._wait_s()):
                self._take(event)
            self._look_at_plug()
            self._draw()
            self._speak()
            self._is_stopping |= not self._screen.pump()
            self._answer()
            self._feed()

    def _wait_s(self) -> float:
        now_s = time.monotonic()
        wake_s = self._board.wake_s(now_s=now_s, wall_ms=_wall_ms())
        pump_s = (now_s // PUMP_S + 1) * PUMP_S
        if self._voice is not None:
            wake_s = min(wake_s, self._voice.wake_s(now_s))
        return max(0.0, min(pump_s, wake_s, self._health_s) - now_s)

    def _take(self, event: Event) -> None:
        match event:
            case Received():
                try:
                    self._receive(event)
                except WireError as error:
                    self._counts["wire_errors"] += 1
                    level = logging.WARNING if self._counts["wire_errors"] == 1 else logging.DEBUG
                    _log.log(
                        level, "a message was dropped", extra=kv(topic=event.topic, why=str(error))
                    )
            case Connected():
                topic = Topic(self._who.hall, Kind.BIRTH, self._who.node)
                self._post.publish(topic, encode(self._who.birth(event.session)))
                self._health_s = time.monotonic()
            case FrameAsked():
                self._frame_asked = True
            case Disconnected():
                pass  # what counts is when the hub was last heard

    def _receive(self, event: Received) -> None:
        topic, now_s = parse_topic(event.topic), time.monotonic()
        match topic.kind if topic else None:
            case Kind.BOARD:
                view = read_board(event.payload)
                self._board.take_board(view, is_retained=event.retained, now_s=now_s)
                if self._voice is not None:
                    self._voice.take_board(view, is_retained=event.retained, now_s=now_s)
            case Kind.HUB:
                state = read_hub(event.payload)
                self._board.take_hub(state, is_retained=event.retained, now_s=now_s)
                if self._voice is not None:
                    self._voice.take_hub(state, is_retained=event.retained)
            case Kind.QUEUE:
                self._board.take_queue(read_queue(event.payload))
            case _:
                self._counts["unasked"] += 1

    def _look(self) -> BoardModel:
        return self._board.look(now_s=time.monotonic(), wall_ms=_wall_ms())

    def _draw(self) -> None:
        if not self._screen.show(self._layout.picture(self._look())):
            return
        mono_ns = time.monotonic_ns()
        self._shown_s = mono_ns / 1e9
        if _log.isEnabledFor(logging.DEBUG):
            gen, pos = self._board.shown
            _log.debug("frame shown", extra=kv(gen=gen, pos=pos, mono_ns=mono_ns))

    def _speak(self) -> None:
        """Say what is due; the call that is being said stands big."""
        if self._voice is None:
            return
        now_s = time.monotonic()
        if self._sounds_removed != self._screen.sounds_removed:
            self._sounds_removed = self._screen.sounds_removed
            self._voice.lose(now_s)
        self._voice.step(now_s)
        if self._board.follow_voice(self._voice.saying, now_s):
            self._draw()

    def _look_at_plug(self) -> None:
        now_s = time.monotonic()
        if self._plug is None or now_s < self._plug_s:
            return
        self._plug_s = now_s + PUMP_S
        before, self._is_plugged = self._is_plugged, self._plug.look()
        if before is False and self._is_plugged:
            self._screen.reopen()
            _log.warning("a screen was plugged in")
        elif before and self._is_plugged is False:
            _log.error("no screen is plugged in")

    def _answer(self) -> None:
        """Do what can wait until the picture is shown."""
        if self._frame_asked:
            self._frame_asked = False
            self._frames.give(self._screen.shot())
        now_s = time.monotonic()
        if now_s < self._health_s:
            return
        self._health_s = now_s // PUMP_S * PUMP_S + HEALTH_S
        topic = Topic(self._who.hall, Kind.HEALTH, self._who.node)
        self._post.publish(topic, encode(self._health(now_s)))

    def _feed(self) -> None:
        now_s = time.monotonic()
        if self._fed and now_s >= self._feed_s:
            self._feed_s = now_s + FEED_S
            self._fed()

    def _health(self, now_s: float) -> Health:
        counts = self._counts | {
            "ignored": self._board.ignored,
            "calls_unseen": self._board.rows.unseen,
            "dropped": self._inbox.dropped,
            # Proof of pictures, not of a process: a black screen with a live heartbeat is known
            # from other systems to stand for weeks.
            "frames": self._screen.frames,
            "frame_age_s": round(now_s - self._shown_s),
            "frame_crc": int(self._screen.crc(), 16),
            "frame_pos": self._board.shown[1],
        }
        if self._is_plugged is not None:
            counts["screens_plugged"] = int(self._is_plugged)
        if self._voice is not None:
            counts |= self._voice.health()
        return Health(
            uptime_s=round(now_s - self._start_s, 1),
            rss_bytes=rss_bytes(),
            counts=dict(counts),
            unsaid=tuple(told.number for told in self._voice.unsaid) if self._voice else (),
        )


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
