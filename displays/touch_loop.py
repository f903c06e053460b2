"""A touch screen's one loop: fingers, the node's panel and time in; pictures and visits out.

As a board's, but SDL has to be asked for fingers: 30 times a second while somebody is there, and
10 times while nobody is. Drawing costs nothing while nothing changes.
"""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from broker.log import kv
from broker.vitals import ready
from displays.frames import FrameServer
from displays.guide import Guide
from displays.inbox import FrameAsked, Inbox
from displays.node_panel import NodePanel, Told
from displays.screen import Screen
from displays.touch import Take, Touch
from displays.touch_layout import Pages
from displays.touch_port import Finger

if TYPE_CHECKING:
    from displays.touch_sheet import Target

_log = logging.getLogger(__name__)

BUSY_S = 1 / 30
IDLE_S = 1 / 10
"""A finger waits so long at most; the light on the button it touched answers it."""

ATTENDED_S = 50.0
"""Somebody is taken to be there for so long after a touch: the screen's own wait, and a little."""

FEED_S = 5.0


class TouchLoop:
    """Joins a touch screen's parts. Everything here runs on the main thread.

    Args:
        panel_of: Makes the client of the node's panel.
        guide_of: Makes the spoken menu of a kiosk with a loudspeaker, given that client.
        fed: Called every 5 s after a pass that drew; None = nobody watches.
    """

    def __init__(  # noqa: PLR0913 - the parts of a touch screen, each by name
        self,
        *,
        touch: Touch,
        pages: Pages,
        screen: Screen,
        inbox: Inbox,
        panel_of: Callable[..., NodePanel],
        frames: FrameServer,
        guide_of: Callable[[NodePanel], Guide] | None = None,
        fed: Callable[[], object] | None = None,
    ) -> None:
        self._touch = touch
        self._pages = pages
        self._screen = screen
        self._inbox = inbox
        self._panel = panel_of(on_told=self._told)
        self._guide = guide_of(self._panel) if guide_of else None
        self._frames = frames
        self._fed = fed
        self._feed_s = 0.0
        self._targets: tuple[Target, ...] = ()
        self._down = ""
        self._touched_s = time.monotonic()
        self._is_stopping = False

    def stop(self) -> None:
        """End the loop within `IDLE_S`; safe in a signal's function."""
        self._is_stopping = True

    def run(self) -> None:
        """Show, say READY, and go on until `stop` or until a person closes the window."""
        self._draw()
        ready()
        _log.info("touch screen ready", extra=kv(size=self._screen.size))
        while not self._is_stopping:
            self.work()
            self._feed()

    def close(self) -> None:
        """Leave the node's panel, and stop speaking."""
        if self._guide:
            self._guide.close()
        self._panel.close()

    def work(self) -> None:
        """Wait a little, take what came, and show what it led to."""
        is_asked = self._take()
        self._draw()
        if is_asked:
            self._frames.give(self._screen.shot())

    def _take(self) -> bool:
        """Take what came; return whether somebody wants the frame."""
        asked = False
        now_s = time.monotonic()
        self._panel.look(now_s)
        is_attended = now_s < self._touched_s + ATTENDED_S
        is_attended |= self._guide is not None and self._guide.is_busy
        wait_s = BUSY_S if is_attended else IDLE_S
        for event in self._inbox.take(wait_s):
            if isinstance(event, Finger):
                self._screen.touch(event.x, event.y, is_down=event.down)
            asked |= isinstance(event, FrameAsked)
        if not self._screen.pump():
            self.stop()  # never read, looked and written: a signal may come while it looks
        now_s = time.monotonic()
        for touched in self._screen.touches:
            self._touched(touched.at, is_down=touched.is_down, now_s=now_s)
        self._screen.touches.clear()
        self._ask(self._touch.due(now_s))
        if self._guide:
            self._guide.step(now_s)
        return asked

    def _touched(self, at: tuple[int, int], *, is_down: bool, now_s: float) -> None:
        self._touched_s = now_s
        target = self._target_at(at)
        if is_down:
            self._down = target
            self._touch.press(target, now_s)
            return
        # Let go somewhere else: it was not meant.
        down, self._down = self._down, ""
        self._touch.press("", now_s)
        if target and target == down:
            self._ask(self._touch.tap(target, now_s))
        self._draw()  # the next finger finds what this one led to

    def _target_at(self, at: tuple[int, int]) -> str:
        x, y = at
        for target in self._targets:
            rect = target.rect
            if rect.x <= x < rect.right and rect.y <= y < rect.bottom:
                return target.name
        return ""

    def _ask(self, take: Take | None) -> None:
        if take is not None:
            language = self._touch.look(time.monotonic()).language
            self._panel.take(take, language, self._taken)

    def _told(self, told: Told | None) -> None:
        if told is None:
            self._touch.disconnected()
        else:
            self._touch.told(told.offers, told.take, now_s=time.monotonic())
        if self._guide:
            self._guide.told(told, time.monotonic())

    def _taken(self, take_id: str | None) -> None:
        now_s = time.monotonic()
        if take_id is None:
            self._touch.failed(now_s)
        else:
            self._touch.asked(take_id, now_s)

    def _draw(self) -> None:
        ops, self._targets = self._pages.draw(self._touch.look(time.monotonic()))
        self._screen.show(ops)

    def _feed(self) -> None:
        now_s = time.monotonic()
        if self._fed and now_s >= self._feed_s:
            self._feed_s = now_s + FEED_S
            self._fed()
