"""Who is called next: questions about a hall's state that a rule or a view asks.

The answer of today: first who was transferred to this counter alone; then the counter's services
in ranked order; within a service the longest wait, by the time of the press. A ticket is called
only when it is on paper, and while one of a visit is at a counter the others are passed over and
keep their place.

Parked tickets that return by themselves are due when their time has come and, after a no-show,
enough others of their service were called meanwhile, or none of those is left to be called. They
have their old place, so they are called next.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker.hall.state import Hall
    from broker.hall.ticket import Ticket


def next_ticket(hall: "Hall", counter: int, at_ms: int) -> "Ticket | None":
    """Return the ticket this counter calls next, when its current one is ended; None if none.

    Args:
        at_ms: Hub's wall clock, for the parked ones that are due.

    Raises:
        KeyError: The setup has no such counter.
    """
    state = hall.counters[counter]
    others = _freed(hall, counter) + [
        ticket
        for ticket in due(hall, at_ms)
        if ticket.printed and is_free(hall, ticket, beside=state.current)
    ]
    own = state.ready[:1] + [t for t in others if t.only_counter == counter]
    if own:
        return min(own, key=lambda ticket: ticket.place)
    for service in hall.setup.counters[counter].serves:
        first = hall.queues[service].ready[:1]
        first += [t for t in others if t.service == service and is_open_to_all(hall, t)]
        if first:
            return min(first, key=lambda ticket: ticket.place)
    return None


def waiting(hall: "Hall", counter: int) -> int:
    """Return how many tickets this counter could call, one after the other, from now on.

    Raises:
        KeyError: The setup has no such counter.
    """
    serves = hall.setup.counters[counter].serves
    freed = sum(
        t.only_counter == counter or (t.service in serves and is_open_to_all(hall, t))
        for t in _freed(hall, counter)
    )
    lines = sum(len(hall.queues[service].ready) for service in serves)
    return freed + lines + len(hall.counters[counter].ready)


def due(hall: "Hall", at_ms: int) -> "list[Ticket]":
    """Return the parked tickets that return by themselves now."""
    return [ticket for ticket in hall.away.values() if _is_due(hall, ticket, at_ms)]


def due_ms(hall: "Hall") -> int | None:
    """Return the hub's wall clock when `due` may next return more; None while nobody is away."""
    return min((ticket.back_ms for ticket in hall.away.values()), default=None)


def is_free(hall: "Hall", ticket: "Ticket", *, beside: "Ticket | None" = None) -> bool:
    """Return whether nobody of its visit is at a counter, but perhaps the one beside."""
    members = hall.visits[ticket.visit]
    return all(member.counter is None or member is beside for member in members)


def is_open_to_all(hall: "Hall", ticket: "Ticket") -> bool:
    """Return whether any counter of its service may call it."""
    only = ticket.only_counter
    return only is None or hall.counters[only].status == "closed"


def upcoming(hall: "Hall", service: str, count: int) -> "list[Ticket]":
    """Return the tickets of a service that are called next, at most so many."""
    queue = hall.queues.get(service)
    return queue.ready[:count] if queue else []


def _is_due(hall: "Hall", ticket: "Ticket", at_ms: int) -> bool:
    if at_ms < ticket.back_ms:
        return False
    queue = hall.queues[ticket.service]
    return queue.calls >= ticket.back_calls or not queue.ready


def _freed(hall: "Hall", counter: int) -> "list[Ticket]":
    """Return the tickets that ending this counter's current one would make callable."""
    current = hall.counters[counter].current
    if current is None:
        return []
    others = [ticket for ticket in hall.visits[current.visit] if ticket is not current]
    if any(ticket.counter is not None for ticket in others):
        return []
    return [ticket for ticket in others if ticket.waits and ticket.printed]
