"""PURE: the newest snapshot of each kind the hub published; what is older never replaces it."""

from typing import TypeVar

from broker.hall.views import BoardView, CounterView, QueueView
from broker.wire.generation import is_older
from broker.wire.messages import (
    HubState,
    WireError,
    read_board,
    read_counter,
    read_hub,
    read_queue,
)
from broker.wire.topics import Kind, Topic

Snapshot = BoardView | CounterView | QueueView | HubState

_T = TypeVar("_T", bound=Snapshot)


class Mirror:
    """What the page knows of the hall.

    Attributes:
        counters: By counter number.
    """

    def __init__(self) -> None:
        self.board: BoardView | None = None
        self.queue: QueueView | None = None
        self.hub: HubState | None = None
        self.counters: dict[int, CounterView] = {}

    def take(self, topic: Topic, payload: bytes) -> Snapshot | None:
        """Keep a snapshot; return it, or None when it is older than what is known.

        Raises:
            WireError: Not what the hub publishes on this topic.
        """
        match topic.kind:
            case Kind.BOARD:
                board = _newer(read_board(payload), self.board)
                self.board = board or self.board
                return board
            case Kind.QUEUE:
                queue = _newer(read_queue(payload), self.queue)
                self.queue = queue or self.queue
                return queue
            case Kind.HUB:
                hub = _newer(read_hub(payload), self.hub)
                self.hub = hub or self.hub
                return hub
            case Kind.COUNTER:
                view = read_counter(payload)
                if str(view.counter) != topic.id:
                    raise WireError(f"counter {view.counter} in the snapshot of {topic.id}")
                counter = _newer(view, self.counters.get(view.counter))
                if counter is not None:
                    self.counters[view.counter] = counter
                return counter
            case _:
                return None


def _newer(new: _T, old: _T | None) -> _T | None:
    return None if old is not None and is_older(new, old) else new
