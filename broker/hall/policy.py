"""Who is called next: questions about a hall's state that a rule or a view asks.

The answer of today: a counter's services in ranked order; within a service the longest wait, by
the time of the press. A ticket is called only when it is on paper, and while one of a visit is at
a counter the others are passed over and keep their place.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker.hall.state import Hall, Ticket


def next_ticket(hall: "Hall", counter: int) -> "Ticket | None":
    """Return the ticket this counter calls next, when its current one is closed; None if none.

    Raises:
        KeyError: The setup has no such counter.
    """
    freed = _freed(hall, counter)
    for service in hall.setup.counters[counter].serves:
        first = hall.queues[service].ready[:1] + [t for t in freed if t.service == service]
        if first:
            return min(first, key=lambda ticket: ticket.place)
    return None


def waiting(hall: "Hall", counter: int) -> int:
    """Return how many tickets this counter could call, one after the other, from now on.

    Raises:
        KeyError: The setup has no such counter.
    """
    serves = hall.setup.counters[counter].serves
    freed = sum(ticket.service in serves for ticket in _freed(hall, counter))
    return freed + sum(len(hall.queues[service].ready) for service in serves)


def _freed(hall: "Hall", counter: int) -> "list[Ticket]":
    """Return the tickets that closing this counter's current one would make callable."""
    current = hall.counters[counter].current
    if current is None:
        return []
    others = [ticket for ticket in hall.visits[current.visit] if ticket is not current]
    if any(ticket.counter is not None for ticket in others):
        return []
    return [ticket for ticket in others if ticket.waits and ticket.printed]
