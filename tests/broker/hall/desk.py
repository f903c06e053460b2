"""What a desk and a lonely kiosk say, and what comes of it, for the tests of both."""

from broker.hall.commands import (
    ConfirmPrint,
)
from broker.hall.events import (
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketIssued,
)
from broker.hall.refusals import Actor
from tests.broker.hall.given import (
    DESK,
    START_MS,
    origin,
)

FIRST = origin(2)
"""The first row after the day's opening."""


def created(
    number: str, service: str = "kk", *, seq: int = 2, by: Actor = DESK, at_ms: int = START_MS
) -> tuple[HallEvent, ...]:
    """Return the events that make the ticket of a slip nobody had heard of."""
    issued = TicketIssued(
        ticket=origin(seq),
        number=number,
        service=service,
        visit=origin(seq),
        issued_ms=at_ms,
        node=by.node,
        paper=True,
    )
    return (issued, PrintConfirmed(ticket=origin(seq)))


def by_hand(ticket: str = FIRST, counter: int | None = None) -> TicketClosed:
    """Return the event of a ticket that was served while nobody pressed."""
    return TicketClosed(ticket=ticket, outcome="served", by_hand=True, counter=counter)


def alone(number: str, ticket: str, *, age_s: int) -> ConfirmPrint:
    """Return the confirm of a slip a kiosk made alone, for `kk`."""
    return ConfirmPrint(ticket=ticket, number=number, service="kk", made_age_ms=age_s * 1000)
