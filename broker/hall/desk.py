"""What is put right by hand: numbers nobody knows here, and who was served by voice (DESIGN §5).

Both are told by people with the slip before them, when it can't be otherwise any more. So neither
is too late on its own day. A number may have been misread: it is taken only if somebody can have
given it out today, and nobody is taken away from a counter.
"""

from broker.hall.commands import Admit, ServedByHand
from broker.hall.events import (
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketIssued,
    TicketReopened,
)
from broker.hall.paper import OLD_MS
from broker.hall.refusals import Actor, Asked, Refusal
from broker.hall.state import Hall
from broker.hall.ticket import AT_COUNTER, TicketState
from broker.hall.transitions import check_move
from broker.hall.visits import check_day

HOUR_MS = 3_600_000


def decide(
    hall: Hall, command: Admit | ServedByHand, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return what happens; its role may ask it.

    Raises:
        Refusal: It may not be.
    """
    if (command.age_ms or 0) >= OLD_MS:
        # Numbers begin again each day: this one may be somebody else's by now.
        raise Refusal("stale", f"{command.number}: asked for {OLD_MS // HOUR_MS} h ago or more")
    if command.service and command.service not in hall.setup.services:
        raise Refusal("unknown_service", f"{command.number}: no service {command.service}")
    if isinstance(command, ServedByHand):
        return _served_by_hand(hall, command, by, asked)
    return _admit(hall, command, by, asked)


def _admit(hall: Hall, command: Admit, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    check_day(hall, "admit")
    ticket = hall.by_number.get(command.number)
    if ticket is None:
        _check_number(hall, command.number)
        return _created(command, command.service, by, asked)
    # Its kiosk never said that the slip is out, or took it back: here it is.
    is_over = ticket.outcome in {"cancelled", "expired"}
    is_due = not ticket.printed and (is_over or ticket.state is TicketState.WAITING)
    if not is_due or ticket.service != command.service:
        what = f"{ticket.state}, for {ticket.service or 'an unknown service'}"
        raise Refusal("already_known", f"number {command.number}: is {what}")
    check_move(ticket, command, TicketState.WAITING)
    again = (TicketReopened(ticket=ticket.id),) if is_over else ()
    return (*again, PrintConfirmed(ticket=ticket.id))


def _served_by_hand(
    hall: Hall, command: ServedByHand, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    _check_counter(hall, command, by)
    check_day(hall, "served_by_hand")
    ticket = hall.by_number.get(command.number)
    if ticket is None:
        _check_number(hall, command.number)
        service = command.service or _only_service(hall, command)
        created = _created(command, service, by, asked)
        return (*created, _by_hand(asked.origin, command))
    if ticket.state in AT_COUNTER and ticket.counter != command.counter:
        detail = f"number {command.number}: is {ticket.state} at counter {ticket.counter}"
        raise Refusal("at_counter", detail)
    if ticket.outcome == "served":
        return ()
    check_move(ticket, command, TicketState.CLOSED)
    if ticket.state in AT_COUNTER:  # called before the hub was gone, so its wait is known
        return (TicketClosed(ticket=ticket.id, outcome="served", counter=ticket.counter),)
    return (_by_hand(ticket.id, command),)


def _check_counter(hall: Hall, command: ServedByHand, by: Actor) -> None:
    """Check that a counter node tells of its own counters; a desk may tell of any, or of none.

    Raises:
        Refusal: Another's, or unknown.
    """
    counter = command.counter
    if counter is not None and counter not in hall.setup.counters:
        raise Refusal("unknown_counter", f"counter {counter}: not in this hall")
    if by.role == "counter" and counter not in by.counters:
        raise Refusal("not_allowed", f"counter {counter}: not one of node {by.node}")


def _created(
    command: Admit | ServedByHand, service: str, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return the ticket of a slip nobody here had heard of; it waits from now on."""
    issued = TicketIssued(
        ticket=asked.origin,
        number=command.number,
        service=service,
        visit=asked.origin,
        issued_ms=asked.at_ms - (command.age_ms or 0),
        node=by.node,
        paper=True,
    )
    return (issued, PrintConfirmed(ticket=asked.origin))


def _check_number(hall: Hall, number: str) -> None:
    """Check that somebody can have given this number out today.

    The drawer or a kiosk that was alone any of theirs. The hub only what its series has passed: a
    hub that forgot some goes on behind them, and one that was misread would use the series up.

    Raises:
        Refusal: Nobody can.
    """
    prefix, place = number[:-3], int(number[-3:])
    if place > 0 and prefix in {hall.setup.paper, *hall.setup.offline.values()}:
        return
    if prefix not in hall.setup.series.values():
        raise Refusal("unknown_number", f"number {number}: nobody here gives it out")
    last = hall.numbers.get(prefix, 0)
    if not 0 < place <= last:
        raise Refusal("unknown_number", f"number {number}: {prefix}{last:03} was the last")


def _only_service(hall: Hall, command: ServedByHand) -> str:
    """Return the service a number must be for, by its letters and its counter.

    Raises:
        Refusal: It can be for several, or for none of them.
    """
    letters = command.number[:-3]
    services = [s for s, series in hall.setup.series.items() if series == letters]
    services = services or list(hall.setup.services)  # the drawer's and kiosks' are for all
    if command.counter is not None:
        serves = hall.setup.counters[command.counter].serves
        services = [service for service in services if service in serves]
    if len(services) != 1:
        raise Refusal("service_needed", f"number {command.number}: can be for {len(services)}")
    return services[0]


def _by_hand(ticket: str, command: ServedByHand) -> TicketClosed:
    return TicketClosed(ticket=ticket, outcome="served", by_hand=True, counter=command.counter)
