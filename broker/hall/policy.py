"""Who is called next: questions about a hall's state that a rule or a view asks.

A ticket is called only when it is on paper, and while one of a visit is at a counter the others are
passed over and keep their place. Of the others a counter calls, in this order of questions:

1. Which class has its turn? Priority tickets, until `priority_per_normal` of them in a row were
   called at this counter; then a normal one. A class of which nobody waits lets the other go.
2. Of that class, who is first in each line: of those transferred to this counter alone, and of
   each of its services? The longest wait, by the time of the press.
3. Of these, the best ranked: those transferred to it, then its services as they are listed. But
   when another came more than `rank_wait_min` before that one, the one who came first of all.

So whoever is called, nobody of the same class who waits for the counter came more than
`rank_wait_min` before. From this follows that nobody starves, however many come: before a ticket
only those of its class can be called who came up to `rank_wait_min` after it, and between two of
them at most one normal, or `priority_per_normal` priority ones. With A such calls to come, a normal
ticket is called by its counter's (A + 1) * (priority_per_normal + 1) th call from now on at the
latest, a priority one by the 2 * (A + 1) th. (Who does not come is called again, `no_show_max`
times; and staff may call by number.)

Parked tickets that return by themselves are due when their time has come and, after a no-show,
enough others of their service were called meanwhile, or none of those is left to be called. They
have their old place, so they are called next of their class.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    joining = _freed(hall, counter) + [
        ticket
        for ticket in due(hall, at_ms)
        if ticket.printed and is_free(hall, ticket, beside=state.current)
    ]
    priority_first = state.priority_calls < hall.setup.priority_per_normal
    for priority in (priority_first, not priority_first):
        of_class = [ticket for ticket in joining if ticket.priority is priority]
        firsts = list(_firsts(hall, counter, of_class, priority=priority))
        if firsts:
            return _ranked(firsts, hall.setup.rank_wait_min * 60_000)
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
    lines = sum(hall.queues[service].count for service in serves)
    return freed + lines + hall.counters[counter].count


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
    return hall.line_of(ticket) == ticket.service


def upcoming(hall: "Hall", service: str, count: int) -> "list[Ticket]":
    """Return the tickets of a service that are called next, at most so many.

    As its counter calls them one after the other. With several counters it is an estimate: as the
    one calls whose turn for a normal ticket is farthest; closed ones don't count while one is not.
    """
    queue = hall.queues.get(service)
    if queue is None:
        return []
    counters = [hall.counters[counter] for counter in hall.counters_of.get(service, ())]
    staffed = [counter for counter in counters if counter.status != "closed"] or counters
    calls = min((counter.priority_calls for counter in staffed), default=0)
    lines = {True: queue.priority[:count], False: queue.normal[:count]}
    found: list[Ticket] = []
    while len(found) < count and (lines[True] or lines[False]):
        turn = calls < hall.setup.priority_per_normal
        priority = turn if lines[turn] else not turn
        found.append(lines[priority].pop(0))
        calls = calls + 1 if priority else 0
    return found


def _firsts(
    hall: "Hall", counter: int, joining: "list[Ticket]", *, priority: bool
) -> "Iterator[Ticket]":
    """Yield the first ticket of a class in each of the counter's lines, best ranked line first.

    Args:
        joining: Tickets of the class that stand in no line yet and count as if they did.
    """
    names: tuple[int | str, ...] = (counter, *hall.setup.counters[counter].serves)
    for name in names:
        line = hall.queues[name] if isinstance(name, str) else hall.counters[name]
        first = line.of(priority=priority)[:1]
        first += [ticket for ticket in joining if hall.line_of(ticket) == name]
        if first:
            yield min(first, key=lambda ticket: ticket.place)


def _ranked(firsts: "list[Ticket]", wait_ms: int) -> "Ticket":
    """Return the best ranked, or the oldest when that one came so much before it."""
    best, oldest = firsts[0], min(firsts, key=lambda ticket: ticket.place)
    return oldest if best.place[0] - oldest.place[0] > wait_ms else best


def _is_due(hall: "Hall", ticket: "Ticket", at_ms: int) -> bool:
    if at_ms < ticket.back_ms:
        return False
    queue = hall.queues[ticket.service]
    return queue.calls >= ticket.back_calls or queue.count == 0


def _freed(hall: "Hall", counter: int) -> "list[Ticket]":
    """Return the tickets that ending this counter's current one would make callable."""
    current = hall.counters[counter].current
    if current is None:
        return []
    others = [ticket for ticket in hall.visits[current.visit] if ticket is not current]
    if any(ticket.counter is not None for ticket in others):
        return []
    return [ticket for ticket in others if ticket.waits and ticket.printed]
