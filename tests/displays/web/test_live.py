"""What the link says, as changes for the pages: state, the hub's pulse, trouble."""

import json
from collections.abc import Callable

import pytest

from displays.web.feed import Feed, Message
from displays.web.live import HUB_SILENT_S, Live

HUB = {"gen": "1-0000000a", "pos": 9, "beat": 3, "start": "s", "at_ms": 1}


class Timers:
    """A loop's `call_later` that fires when told."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, wait_s: float, call: Callable[[], None]) -> "Timers":
        """Remember the newest one."""
        self.waiting = [(wait_s, call)]
        return self

    def cancel(self) -> None:
        """Forget it."""
        self.waiting = []

    def fire(self) -> None:
        """Let its time come."""
        [(_, call)] = self.waiting
        self.cancel()
        call()


class Sheet(Feed):
    """A feed that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, object] = {}

    def publish(self, key: str, message: Message) -> None:
        """Keep the newest of each key."""
        self.told[key] = json.loads(message.body)


@pytest.fixture
def timers() -> Timers:
    """The loop's timer."""
    return Timers()


@pytest.fixture
def sheet() -> Sheet:
    """What the pages are told."""
    return Sheet()


@pytest.fixture
def live(sheet: Sheet, timers: Timers) -> Live:
    """A connected page of the hall `demo`."""
    made = Live(hall="demo", boards=("board-1",), feed=sheet, call_later=timers)
    made.connected()
    return made


def hub(live: Live, *, retained: bool = False) -> None:
    """Let the hub's heartbeat arrive."""
    live.received("loket/v1/demo/state/hub", json.dumps(HUB).encode(), retained=retained)


def test_a_live_beat_makes_the_hub_alive(live: Live, sheet: Sheet) -> None:
    """The page shows its position."""
    hub(live)
    assert sheet.told["hub"] == {"live": True, "gen": "1-0000000a", "pos": 9}


def test_a_retained_beat_proves_nothing(live: Live, sheet: Sheet) -> None:
    """The broker keeps it while the hub is dead."""
    hub(live, retained=True)
    assert sheet.told["hub"] == {"live": False, "gen": "1-0000000a", "pos": 9}


def test_a_hub_without_beats_falls_silent(live: Live, sheet: Sheet, timers: Timers) -> None:
    """After two missed beats the page says so."""
    hub(live)
    assert [wait_s for wait_s, _ in timers.waiting] == [HUB_SILENT_S]
    timers.fire()
    assert sheet.told["hub"] == {"live": False, "gen": "1-0000000a", "pos": 9}


def test_a_lost_link_is_said_with_its_reason(live: Live, sheet: Sheet) -> None:
    """Without a broker nothing is known of the hub either."""
    hub(live)
    live.disconnected("connection refused")
    assert sheet.told["link"] == {"up": False, "reason": "connection refused"}
    assert sheet.told["hub"] == {"live": False, "gen": "1-0000000a", "pos": 9}


def test_a_change_of_the_board_hints_at_a_new_frame(live: Live, sheet: Sheet) -> None:
    """The page then fetches the picture the board really shows."""
    board = {"gen": "1-0000000a", "pos": 9, "at_ms": 1, "day": "2026-11-25", "calls": []}
    live.received("loket/v1/demo/state/board", json.dumps(board).encode(), retained=False)
    assert sheet.told["frame/board-1"] == {"board": "board-1", "gen": "1-0000000a", "pos": 9}


STRANGE = [
    ("loket/v1/other/state/hub", json.dumps(HUB).encode(), 0),
    ("elsewhere", b"x", 0),
    ("loket/v1/demo/up/kiosk-1", b"x", 0),
    ("loket/v1/demo/state/hub", b"\xff\xfe", 1),
    ("loket/v1/demo/state/queue", b"[" * 9000, 1),
    ("loket/v1/demo/state/board", b"x" * 40_000, 1),
]


@pytest.mark.parametrize(("topic", "payload", "errors"), STRANGE)
def test_strange_messages_are_counted_and_change_nothing(
    live: Live, sheet: Sheet, topic: str, payload: bytes, errors: int
) -> None:
    """Another hall's, no topic of ours, no JSON, too long."""
    before = dict(sheet.told)
    live.received(topic, payload, retained=False)
    assert (sheet.told, live.wire_errors) == (before, errors)
