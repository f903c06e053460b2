"""PURE: the newest snapshot of each kind the hub published; what is older never replaces it."""

from typing import TypeVar

from broker.hall.coded import CodedTicket, CodedView
from broker.hall.views import BoardView, CounterView, QueueView
from broker.wire.generation import is_older
from broker.wire.messages import (
    HubState,
    WireError,
    read_board,
    read_coded,
    read_counter,
    read_hub,
    read_queue,
)
from broker.wire.topics import Kind, Topic

Snapshot = BoardView | CounterView | QueueView | CodedView | HubState

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
        self._coded: dict[str, CodedView] = {}
        self._by_code: dict[str, dict[str, list[CodedTicket]]] = {}

    def tickets(self, code_sha256: str) -> list[CodedTicket]:
        """Return the open day's tickets of a code, in order of issue; none when nobody has it."""
        found = [
            ticket
            for page, by_code in self._by_code.items()
            if self.queue is None or self._coded[page].day == self.queue.day
            for ticket in by_code.get(code_sha256, ())
        ]
        return sorted(found, key=lambda ticket: _place(ticket.ticket))

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
            case Kind.CODED:
                page = _newer(read_coded(payload), self._coded.get(topic.id))
                if page is not None:
                    self._take_page(topic.id, page)
                return page
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

    def _take_page(self, name: str, page: CodedView) -> None:
        self._coded[name] = page
        by_code: dict[str, list[CodedTicket]] = {}
        for ticket in page.tickets:
            by_code.setdefault(ticket.code_sha256, []).append(ticket)
        self._by_code[name] = by_code


def _place(ticket_id: str) -> int:
    """Return which of its visit a ticket is, from 1."""
    return int(ticket_id.partition(".")[2] or 1)


def _newer(new: _T, old: _T | None) -> _T | None:
    return None if old is not None and is_older(new, old) else new
