"""One visitor's turn, as the state keeps it. Only `broker.hall.state` changes it."""

from dataclasses import dataclass
from enum import StrEnum

from broker.hall.events import CALL_ID_EMPTY, Outcome, ParkedFor


class TicketState(StrEnum):
    """Where a ticket is in its life (DESIGN §4)."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    CLOSED = "closed"


AT_COUNTER = frozenset({TicketState.CALLED, TicketState.SERVING})
"""States of a visitor who is at a counter, or on the way to it."""


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One visitor's turn.

    Attributes:
        id: Origin of its issue, unique for ever.
        number: What people read; empty when only later events of it are known.
        service: Empty when only later events of it are known: then no counter can call it.
        issued_for: The service it was issued for; its quota has it while `counts`.
        visit: Id of the first ticket of the same person's visit.
        pos: Journal position of the first row that told of it.
        place: (hub's wall clock when it was issued, by the age of the press; how many tickets the
            day had before; 0, or how many were reinstated before it): the smallest is called first.
        priority: It is called before others.
        assist: Its visitor wishes to be accompanied by staff.
        node: Who asked for it; empty when not known.
        printed: It is on paper, so it may be called.
        paper: It waits because its slip is out, against what had been decided: staff are told.
        counter: Where it is called or served; None elsewhere.
        only_counter: The one it was transferred to, which alone calls it while not closed.
        call_id: Of the newest call; empty before the first.
        called_ms: Hub's wall clock at the newest call, recalls included.
        repeat: 1 for the first call, 2 for the first recall, ...
        outcome: None until closed.
        by_hand: It was called by voice while the hub was gone: how long it waited is not known.
        score: What its bearer said of the service, 1 = worst, to 4; 0 = nothing.
        free_ms: Hub's wall clock when the visit was last free again; its wait counts from the
            issue or from then, whichever is later (DESIGN §4). 0 = the visit was never busy.
        parked_for: Why it is parked; None unless it is.
        back_ms: Hub's wall clock from which it returns by itself; 0 = it does not.
        back_calls: How many calls its service has had before it does.
        holds, no_shows: How often it was held, and called in vain.
        waits, line: Whether its `Queue` counts it; which list has it, None unless it could be
            called now.
        counts: Whether `Queue.taken` counts it.
        is_coded: Whether `Floor.coded` has it.
        newest_ms: When what is known last of it was decided, by the clock of the hub that did.
    """

    id: str
    number: str = ""
    service: str = ""
    issued_for: str = ""
    visit: str
    pos: int = 0
    place: tuple[int, int, int]
    code_sha256: str = ""
    priority: bool = False
    assist: bool = False
    node: str = ""
    printed: bool = False
    paper: bool = False
    state: TicketState = TicketState.WAITING
    counter: int | None = None
    only_counter: int | None = None
    call_id: str = CALL_ID_EMPTY
    called_ms: int = 0
    repeat: int = 0
    outcome: Outcome | None = None
    by_hand: bool = False
    score: int = 0
    free_ms: int = 0
    parked_for: ParkedFor | None = None
    back_ms: int = 0
    back_calls: int = 0
    holds: int = 0
    no_shows: int = 0
    waits: bool = False
    line: str | int | None = None
    counts: bool = False
    is_coded: bool = False
    newest_ms: int = 0
