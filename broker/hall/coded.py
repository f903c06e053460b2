"""What the bearers of codes are shown: `state/queue/<service>`, pages of the day's tickets by code.

The secret on a slip ties a phone to its ticket. Here stands only its SHA-256, so whoever reads the
wire, or the journal, can open nobody's page. Closed tickets stay on their page until the day ends.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from broker.hall.commands import Number, Origin
from broker.hall.events import Outcome, ParkedFor
from broker.hall.policy import upcoming
from broker.hall.setup import CounterId
from broker.hall.stamps import AtMs, Count, Day, Generation, Position
from broker.hall.ticket import AT_COUNTER, Ticket, TicketState

if TYPE_CHECKING:
    from broker.hall.state import Hall

PAGE_TICKETS = 70
"""Tickets on one page: with every field at its longest they fit a message of 32 KiB."""

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class CodedTicket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket whose slip has a code, as its bearer is told of it.

    Attributes:
        ticket: Its id: what a bearer's `hold` and `cancel` name.
        service: What it is for now.
        ahead: How many of its line are called before it, by today's order (an estimate); None
            unless it could be called now: somebody of its visit is at a counter, or it is not
            known to be on paper.
        counter: Where it is called or served.
        called_ms, repeat: Of its newest call.
        parked_for: Why it is set aside.
        back_ms: Hub's wall clock from which it returns by itself; 0 = by hand only.
        places: So many others of its service are called before it returns.
        holds_left: How often it may still be held.
        no_shows: How often it was called in vain.
        outcome: Once it is closed.
    """

    code_sha256: Sha256
    ticket: Origin
    number: Number
    service: str
    state: Literal["waiting", "called", "serving", "parked", "closed"]
    ahead: Count | None = None
    counter: CounterId | None = None
    called_ms: AtMs = 0
    repeat: Count = 0
    parked_for: ParkedFor | None = None
    back_ms: AtMs = 0
    places: Count = 0
    holds_left: Count = 0
    no_shows: Count = 0
    outcome: Outcome | None = None
    priority: bool = False


class CodedView(Struct, frozen=True, kw_only=True):
    """`state/queue/<service>` and, from the second page on, `state/queue/<service>.<page>`.

    Attributes:
        day: ISO date of the open day: a page of another day is not of this one.
        at_ms: Hub's wall clock when the snapshot was made.
        tickets: Those issued for this service, as they came.
    """

    gen: Generation
    pos: Position
    day: Day
    at_ms: AtMs
    tickets: tuple[CodedTicket, ...]


def coded_pages(hall: "Hall", service: str) -> list[tuple[CodedTicket, ...]]:
    """Return the tickets with a code that were issued for a service, in pages; at least one."""
    tickets = hall.coded.get(service, [])
    ahead = _ahead(hall, {hall.line_of(ticket) for ticket in tickets if ticket.line is not None})
    shown = [_coded(hall, ticket, ahead.get(ticket.id)) for ticket in tickets]
    return [
        tuple(shown[at : at + PAGE_TICKETS]) for at in range(0, max(len(shown), 1), PAGE_TICKETS)
    ]


def page_name(service: str, page: int) -> str:
    """Return the id in the topic of a page, counted from 0."""
    return service if page == 0 else f"{service}.{page + 1}"


def _ahead(hall: "Hall", lines: set[str | int]) -> dict[str, int]:
    """Return how many are called before each ticket of these lines, by ticket."""
    found: dict[str, int] = {}
    for line in lines:
        if isinstance(line, str):
            order = upcoming(hall, line, hall.queues[line].count)
        else:
            order = hall.counters[line].ready
        found |= {ticket.id: nth for nth, ticket in enumerate(order)}
    return found


def _coded(hall: "Hall", ticket: Ticket, ahead: int | None) -> CodedTicket:
    is_called = ticket.state in AT_COUNTER
    is_parked = ticket.state is TicketState.PARKED
    is_away = is_parked and ticket.back_ms > 0
    calls = hall.queues[ticket.service].calls if ticket.service in hall.queues else 0
    return CodedTicket(
        code_sha256=ticket.code_sha256,
        ticket=ticket.id,
        number=ticket.number,
        service=ticket.service,
        state=ticket.state.value,
        ahead=ahead,
        counter=ticket.counter,
        called_ms=ticket.called_ms if is_called else 0,
        repeat=ticket.repeat if is_called else 0,
        parked_for=ticket.parked_for,
        back_ms=ticket.back_ms,
        places=max(0, ticket.back_calls - calls) if is_away else 0,
        holds_left=max(0, hall.setup.hold_max - ticket.holds),
        no_shows=ticket.no_shows,
        outcome=ticket.outcome,
        priority=ticket.priority,
    )
