"""The loop of a kiosk with a loudspeaker and no glass: it waits for the panel, and speaks."""

import logging
import time
from collections.abc import Callable

from broker.vitals import ready
from displays.guide import Guide
from displays.inbox import Inbox
from displays.node_panel import NodePanel, Told
from displays.touch_loop import BUSY_S, FEED_S

_log = logging.getLogger(__name__)

IDLE_S = 1 / 10
"""A press is taken at once; its answer may begin so much later."""


class GuideLoop:
    """Joins inbox, panel and spoken menu. Everything here runs on the main thread.

    Args:
        panel_of: Makes the client of the node's panel.
        guide_of: Makes the spoken menu, given that client.
        fed: Called every 5 s; None = nobody watches.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        panel_of: Callable[..., NodePanel],
        guide_of: Callable[[NodePanel], Guide],
        fed: Callable[[], object] | None = None,
    ) -> None:
        self._inbox = inbox
        self._panel = panel_of(on_told=self._told)
        self._guide = guide_of(self._panel)
        self._fed = fed
        self._feed_s = 0.0
        self._is_stopping = False

    def stop(self) -> None:
        """End the loop within `IDLE_S`; safe in a signal's function."""
        self._is_stopping = True

    def run(self) -> None:
        """Say READY, and go on until `stop`."""
        ready()
        _log.info("spoken menu ready")
        while not self._is_stopping:
            self.work()

    def close(self) -> None:
        """Leave the node's panel, and stop speaking."""
        self._guide.close()
        self._panel.close()

    def _told(self, told: Told | None) -> None:
        self._guide.told(told, time.monotonic())

    def work(self) -> None:
        """Wait a little, take what came, and say what it led to."""
        self._panel.look(time.monotonic())
        self._inbox.take(BUSY_S if self._guide.is_busy else IDLE_S)
        now_s = time.monotonic()
        self._guide.step(now_s)
        if self._fed and now_s >= self._feed_s:
            self._feed_s = now_s + FEED_S
            self._fed()
