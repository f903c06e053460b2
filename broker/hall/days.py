"""The end of a day and the beginning of the next.

Whoever is left when the day changes has ended unserved: each ticket not closed is closed as
expired, and each counter not closed is closed, in the row that opens the day, so that the figures
of the day that ends are whole. A slip of it that turns up later is on record (see `paper`).
"""

from broker.hall.commands import OpenDay
from broker.hall.events import CounterClosed, DayOpened, HallEvent, TicketClosed
from broker.hall.refusals import Refusal
from broker.hall.state import Hall
from broker.hall.ticket import TicketState
from broker.hall.transitions import check_move


def decide(hall: Hall, command: OpenDay) -> tuple[HallEvent, ...]:
    """Return the end of all that is left, and the day.

    Raises:
        Refusal: This day, or a later one, is open.
    """
    if command.date <= hall.day:
        raise Refusal("day_already_open", f"day {command.date}: {hall.day} is open")
    left = [ticket for ticket in hall.tickets.values() if ticket.state is not TicketState.CLOSED]
    for ticket in left:
        check_move(ticket, command, TicketState.CLOSED)
    return (
        *(TicketClosed(ticket=ticket.id, outcome="expired") for ticket in left),
        *(CounterClosed(counter=c.id) for c in hall.counters.values() if c.status != "closed"),
        DayOpened(date=command.date, offline=dict(hall.offline)),
    )
