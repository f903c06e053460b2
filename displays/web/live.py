"""What comes over MQTT, as changes for the open pages: state, the hub's pulse, the link itself."""

import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from broker.hall.coded import CodedView
from broker.hall.views import BoardView, CounterView, QueueView
from broker.log import kv
from broker.wire.messages import HubState, WireError
from broker.wire.topics import Topic, parse_topic
from displays.web.feed import Feed, Message
from displays.web.mirror import Mirror, Snapshot

log = logging.getLogger(__name__)

# Two of the hub's beats (5 s each); the board shows its badge after as long.
HUB_SILENT_S = 10.0


class Timer(Protocol):
    """What `loop.call_later` returns."""

    def cancel(self) -> None:
        """Forget it."""
        ...


class Live:
    """Takes the link's events, on the loop's thread; keeps the mirror and feeds the pages.

    Args:
        hall: Topics of another hall are none of ours.
        boards: Ids of the boards whose frames may change with `state/board`.
        call_later: The loop's: seconds, what to call.
    """

    def __init__(
        self,
        *,
        hall: str,
        boards: tuple[str, ...],
        feed: Feed,
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self.mirror = Mirror()
        self.is_linked = False
        self.is_hub_heard = False
        self.wire_errors = 0
        self._hall = hall
        self._boards = boards
        self._feed = feed
        self._call_later = call_later
        self._silent: Timer | None = None

    def hub_ms(self) -> int | None:
        """Return the hub's time, at most a beat old; None while the hub is not heard."""
        return self.mirror.hub.at_ms if self.mirror.hub and self.is_hub_heard else None

    def connected(self) -> None:
        """Note that the broker is reached."""
        self.is_linked = True
        self._tell("link", {"up": True})

    def disconnected(self, reason: str) -> None:
        """Note that the broker is not reached; what is shown stays, marked as old."""
        self.is_linked = False
        self._tell("link", {"up": False, "reason": reason})
        self._hub_silent()

    def received(self, text: str, payload: bytes, *, retained: bool) -> None:
        """Take a message; what can't be read is counted, said once, and changes nothing."""
        topic = parse_topic(text)
        if topic is None or topic.hall != self._hall:
            return
        try:
            snapshot = self.mirror.take(topic, payload)
        except WireError as error:
            self._count(topic, error)
            return
        if snapshot is not None:
            self._show(snapshot, retained=retained)

    def _show(self, snapshot: Snapshot, *, retained: bool) -> None:
        match snapshot:
            case HubState():
                if not retained:
                    self._hub_heard()
                self._tell_hub()
            case CounterView(counter=counter):
                self._tell("counter", snapshot, key=f"counter/{counter}")
            case CodedView():
                pass  # a phone asks for its own
            case QueueView():
                self._tell("queue", snapshot)
            case BoardView():
                for board in self._boards:
                    hint = {"board": board, "gen": snapshot.gen, "pos": snapshot.pos}
                    self._tell("frame", hint, key=f"frame/{board}")

    def _hub_heard(self) -> None:
        self.is_hub_heard = True
        if self._silent is not None:
            self._silent.cancel()
        self._silent = self._call_later(HUB_SILENT_S, self._hub_silent)

    def _hub_silent(self) -> None:
        self.is_hub_heard = False
        self._tell_hub()

    def _tell_hub(self) -> None:
        hub = self.mirror.hub
        body = {"live": self.is_hub_heard, "gen": hub and hub.gen, "pos": hub and hub.pos}
        self._tell("hub", body)

    def _tell(self, event: str, body: object, *, key: str = "") -> None:
        self._feed.publish(key or event, Message(event, msgspec.json.encode(body).decode()))

    def _count(self, topic: Topic, error: WireError) -> None:
        self.wire_errors += 1
        level = logging.WARNING if self.wire_errors == 1 else logging.DEBUG
        log.log(level, "unreadable message", extra=kv(topic=str(topic), why=str(error)))
