"""The one loop of a board or a sign: wait for the hub or for time, take, draw, look after the rest.

No asyncio and no frame rate. The main thread waits on its inbox, at most a second because SDL wants
to be looked after, and draws at once. A picture that is already shown costs nothing. 20 frames a
second only while a border pulses.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, NotRequired, Protocol, TypedDict, Unpack

from broker.link import Connected, Disconnected, Received
from broker.log import kv
from broker.vitals import ready, rss_bytes
from broker.wire.figures import DisplayHealth, Machine
from broker.wire.generation import Stamp
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
from displays.board import Board
from displays.frames import FrameServer
from displays.inbox import Event, FrameAsked, Inbox
from displays.layout import Layout
from displays.ops import Op
from displays.plug import Plug
from displays.sample import sample_models
from displays.touch_port import Finger

if TYPE_CHECKING:
    # Digits on I2C run this loop without pygame.
    from displays.screen import Screen
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
    """Who this display is, on the wire."""

    hall: str
    node: str
    version: str
    boot: str
    role: str = "board"

    def will(self, session: str) -> tuple[str, bytes]:
        """Return the topic and body the broker publishes when the connection ends."""
        topic = Topic(self.hall, Kind.BIRTH, self.node)
        return str(topic), encode(Birth(session=session, online=False, role=self.role))

    def birth(self, session: str) -> Birth:
        """Return what is said at each connect; the hub answers with all its state."""
        return Birth(
            session=session, online=True, role=self.role, version=self.version, boot=self.boot
        )


class NodeParts(TypedDict):
    """What `NodeLoop` is made of, for those made from it."""

    who: Self
    inbox: Inbox
    post: Post
    fed: NotRequired[Callable[[], object] | None]
    look: NotRequired[Callable[[], Machine] | None]


class DisplayParts(NodeParts):
    """What `DisplayLoop` is made of, for those made from it."""

    screen: "Screen"
    frames: FrameServer
    plug: NotRequired[Plug | None]


class NodeLoop(ABC):
    """Hears the hub, shows, and says how it is; how it shows is a subclass's.

    Everything runs on the main thread.

    Args:
        fed: Called after a pass that showed and looked after its screen, every 5 s: it feeds the
            watchdog. None = nobody watches.
        look: Looks at the machine, for the health.
    """

    def __init__(
        self,
        *,
        who: Self,
        inbox: Inbox,
        post: Post,
        fed: Callable[[], object] | None = None,
        look: Callable[[], Machine] | None = None,
    ) -> None:
        self._who = who
        self._inbox = inbox
        self._post = post
        self._fed = fed
        self._look = look
        self._connects = 0
        self._feed_s = 0.0
        self._counts: Counter[str] = Counter()
        self._is_stopping = False
        self._start_s = time.monotonic()
        self._shown_s = self._start_s
        self._on_screen = Stamp()
        self._health_s = self._start_s + HEALTH_S

    @abstractmethod
    def _receive(self, topic: Topic | None, event: Received, now_s: float) -> bool:
        """Take a message, or raise WireError; False when it is none this node asked for."""

    @abstractmethod
    def _show(self) -> bool:
        """Show what is to be shown now; return whether that is news."""

    def _is_visible(self) -> bool:
        """Return whether what was painted can be seen, as far as this machine knows."""
        return True

    @abstractmethod
    def _look_after(self) -> bool:
        """Do what the screen wants once it is shown; return False when a person closed it."""

    @abstractmethod
    def _wake_s(self, now_s: float, wall_ms: int) -> float:
        """Return the monotonic instant at which something is to be done again."""

    @abstractmethod
    def _shown(self) -> Stamp:
        """Return of which state the newest picture is."""

    @abstractmethod
    def _figures(self) -> dict[str, int]:
        """Return figures of its own for the health."""

    def _unsaid(self) -> tuple[str, ...]:
        """Return numbers that could not be said."""
        return ()

    def _prepare(self) -> None:  # noqa: B027 - not every display has fonts
        """Make ready for the first call, once READY is said."""

    def stop(self) -> None:
        """End the loop within `PUMP_S`; safe in a signal's function."""
        self._is_stopping = True

    def run(self) -> None:
        """Show, say READY, and go on until `stop` or until a person closes the window."""
        self._draw()
        ready()
        _log.info("%s ready", self._who.role)
        self._prepare()
        while not self._is_stopping:
            for event in self._inbox.take(self._wait_s()):
                self._take(event)
            self._draw()
            if not self._look_after():
                self.stop()  # never read, looked and written: a signal may come while it looks
            self._say_health()
            self._feed()

    def _wait_s(self) -> float:
        now_s = time.monotonic()
        wake_s = self._wake_s(now_s, _wall_ms())
        pump_s = (now_s // PUMP_S + 1) * PUMP_S
        return max(0.0, min(pump_s, wake_s, self._health_s) - now_s)

    def _take(self, event: Event) -> None:
        match event:
            case Received():
                try:
                    topic = parse_topic(event.topic)
                    if not self._receive(topic, event, time.monotonic()):
                        self._counts["unasked"] += 1
                except WireError as error:
                    self._counts["wire_errors"] += 1
                    level = logging.WARNING if self._counts["wire_errors"] == 1 else logging.DEBUG
                    _log.log(
                        level, "a message was dropped", extra=kv(topic=event.topic, why=str(error))
                    )
            case Connected():
                topic = Topic(self._who.hall, Kind.BIRTH, self._who.node)
                self._post.publish(topic, encode(self._who.birth(event.session)))
                self._connects += 1
                self._health_s = time.monotonic()
            case FrameAsked():
                self._give_frame()
            case Disconnected() | Finger():
                pass  # what counts is when the hub was last heard; a board is not touched

    def _give_frame(self) -> None:  # noqa: B027 - digits have none
        """Let who asked have the frame that is shown."""

    def _draw(self) -> None:
        is_news = self._show()
        if not self._is_visible():
            return
        self._on_screen = self._shown()
        if not is_news:
            return
        mono_ns = time.monotonic_ns()
        self._shown_s = mono_ns / 1e9
        if _log.isEnabledFor(logging.DEBUG):
            gen, pos = self._on_screen
            _log.debug("frame shown", extra=kv(gen=gen, pos=pos, mono_ns=mono_ns))

    def _say_health(self) -> None:
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
        # Proof of pictures, not of a process: a black screen with a live heartbeat is known from
        # other systems to stand for weeks.
        gen, pos = self._on_screen
        figures = self._figures()
        age_s = now_s - self._shown_s
        return Health(
            uptime_s=round(now_s - self._start_s, 1),
            rss_bytes=rss_bytes(),
            counts=self._counts
            | {"dropped": self._inbox.dropped, "frame_age_s": round(age_s), "frame_pos": pos}
            | figures,
            unsaid=self._unsaid(),
            sent_ms=int(now_s * 1000),
            wall_ms=_wall_ms(),
            boot=self._who.boot,
            version=self._who.version,
            connects=self._connects,
            machine=self._look() if self._look else None,
            display=DisplayHealth(
                gen=gen,
                pos=pos,
                frame_age_s=round(age_s, 1),
                frames=figures.get("frames"),
                plugged=self._plugged(),
            ),
        )

    def _plugged(self) -> bool | None:
        """Return whether a screen is connected; None when it can't be known."""
        return None


class DisplayLoop(NodeLoop):
    """A display with pixels; which, is a subclass's.

    Args:
        plug: Looked at once a second; None where a desktop looks after the screen.
        parts: As `NodeLoop`.
    """

    def __init__(
        self,
        *,
        screen: "Screen",
        frames: FrameServer,
        plug: Plug | None = None,
        **parts: Unpack[NodeParts],
    ) -> None:
        super().__init__(**parts)
        self._screen = screen
        self._frames = frames
        self._plug = plug
        self._is_plugged: bool | None = None
        self._plug_s = 0.0
        self._frame_asked = False

    @abstractmethod
    def _picture(self, now_s: float, wall_ms: int) -> tuple[Op, ...]:
        """Return what is to be shown now."""

    def _samples(self) -> Iterator[tuple[Op, ...]]:
        """Yield pictures that hold every glyph it will show, so that the fonts have drawn them."""
        return iter(())

    def _after_draw(self, now_s: float) -> None:
        """Do what belongs to the picture: most displays are silent."""

    def _prepare(self) -> None:
        _log.info("screen open", extra=kv(size=self._screen.size))
        for picture in self._samples():
            self._screen.prepare(picture)

    def _give_frame(self) -> None:
        self._frame_asked = True

    def _show(self) -> bool:
        self._look_at_plug()
        return self._screen.show(self._picture(time.monotonic(), _wall_ms()))

    def _is_visible(self) -> bool:
        return self._is_plugged is not False

    def _look_after(self) -> bool:
        self._after_draw(time.monotonic())
        is_open = self._screen.pump()
        if self._frame_asked:
            self._frame_asked = False
            self._frames.give(self._screen.shot())
        return is_open

    def _figures(self) -> dict[str, int]:
        counts = {"frames": self._screen.frames, "frame_crc": int(self._screen.crc(), 16)}
        if self._is_plugged is not None:
            counts["screens_plugged"] = int(self._is_plugged)
        return counts

    def _plugged(self) -> bool | None:
        return self._is_plugged

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


class BoardLoop(DisplayLoop):
    """A hall board, and its voice.

    Args:
        voice: None for a board that is silent.
        parts: As `DisplayLoop`.
    """

    def __init__(
        self,
        *,
        board: Board,
        layout: Layout,
        voice: "Voice | None" = None,
        **parts: Unpack[DisplayParts],
    ) -> None:
        super().__init__(**parts)
        self._board = board
        self._layout = layout
        self._voice = voice
        self._sounds_removed = 0

    def _receive(self, topic: Topic | None, event: Received, now_s: float) -> bool:
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
                return False
        return True

    def _picture(self, now_s: float, wall_ms: int) -> tuple[Op, ...]:
        return self._layout.picture(self._board.look(now_s=now_s, wall_ms=wall_ms))

    def _wake_s(self, now_s: float, wall_ms: int) -> float:
        wake_s = self._board.wake_s(now_s=now_s, wall_ms=wall_ms)
        return wake_s if self._voice is None else min(wake_s, self._voice.wake_s(now_s))

    def _shown(self) -> Stamp:
        return self._board.shown

    def _samples(self) -> Iterator[tuple[Op, ...]]:
        model = self._board.look(now_s=time.monotonic(), wall_ms=_wall_ms())
        return (self._layout.picture(sample) for sample in sample_models(model))

    def _after_draw(self, now_s: float) -> None:
        """Say what is due; the call that is being said stands big."""
        if self._voice is None:
            return
        if self._sounds_removed != self._screen.sounds_removed:
            self._sounds_removed = self._screen.sounds_removed
            self._voice.lose(now_s)
        self._voice.step(now_s)
        if self._board.follow_voice(self._voice.saying, now_s):
            self._draw()

    def _figures(self) -> dict[str, int]:
        counts = super()._figures() | {
            "ignored": self._board.ignored,
            "calls_unseen": self._board.rows.unseen,
        }
        return counts if self._voice is None else counts | self._voice.health()

    def _unsaid(self) -> tuple[str, ...]:
        return tuple(told.number for told in self._voice.unsaid) if self._voice else ()


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
