"""What a visitor's ticket is asked for away from the counters: issue, cancel, hold, return.

What a slip is worth is in `paper`.

The words of the rules' answers are in `refusals`, the tables in `transitions`.
"""

from typing import assert_never

from broker.hall import intake, policy
from broker.hall.commands import (
    Cancel,
    Command,
    Hold,
    Issue,
    Reinstate,
    Return,
    ReturnDue,
    SetPriority,
)
from broker.hall.events import (
    HallEvent,
    PrioritySet,
    TicketClosed,
    TicketIssued,
    TicketParked,
    TicketReinstated,
    TicketReturned,
)
from broker.hall.refusals import BEARER, Actor, Asked, Refusal
from broker.hall.state import Hall
from broker.hall.ticket import Ticket, TicketState
from broker.hall.transitions import check_move

NUMBER_MAX = 999

REINSTATED_BEHIND = 2
"""Who is back after all stands behind the next two of the same class (DESIGN §4)."""

BEARER_TTL_MS = 60_000
"""What a bearer asked for is done within a minute or not at all: by then the phone has long said
that it did not come through, and somebody who thinks so must not find the ticket gone."""

_TO: dict[type[Command], TicketState] = {
    Cancel: TicketState.CLOSED,
    Hold: TicketState.PARKED,
    Return: TicketState.WAITING,
    Reinstate: TicketState.WAITING,
}

VisitCommand = Issue | Cancel | Hold | Return | Reinstate | ReturnDue | SetPriority


def decide(hall: Hall, command: VisitCommand, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what happens; its role may ask it.

    Raises:
        Refusal: It may not be.
    """
    match command:
        case Issue():
            return _issue(hall, command, by, asked)
        case ReturnDue():
            return _return_due(hall, command, asked)
        case SetPriority():
            return _set_priority(hall, command)
        case _:
            ticket = _find(hall, command.ticket)
            check_own(ticket, by)
            if by.role == BEARER:
                _check_bearer(ticket, command)
            check_move(ticket, command, _TO[type(command)])
            return (_of_ticket(hall, ticket, command, asked),)


def _of_ticket(
    hall: Hall, ticket: Ticket, command: Cancel | Hold | Return | Reinstate, asked: Asked
) -> HallEvent:
    """Return what happens to the ticket, which the table lets the command move."""
    match command:
        case Cancel():
            return TicketClosed(ticket=ticket.id, outcome="cancelled")
        case Hold():
            return _hold(hall, ticket, asked)
        case Return():
            return TicketReturned(ticket=ticket.id)
        case Reinstate():
            return _reinstate(hall, ticket)
        case _:
            assert_never(command)


def check_day(hall: Hall, what: str) -> None:
    """Check that a day is open.

    Raises:
        Refusal: None is.
    """
    if not hall.is_open:
        raise Refusal("day_not_open", f"{what}: no day is open yet")


def check_own(ticket: Ticket, by: Actor) -> None:
    """Check that a kiosk means one of its own tickets; others mean anybody's.

    Raises:
        Refusal: Another node asked for it. Of tickets in old journals nobody is known to have.
    """
    if by.role == "kiosk" and ticket.node not in {"", by.node}:
        detail = f"ticket {ticket.number}: of node {ticket.node}, not {by.node}"
        raise Refusal("not_allowed", detail)


def _check_bearer(ticket: Ticket, command: Cancel | Hold | Return | Reinstate) -> None:
    """Check that whoever asks holds the ticket's code, and asked just now.

    Raises:
        Refusal: Another ticket's code, or too late.
    """
    code_sha256 = getattr(command, "code_sha256", "")
    if not code_sha256 or code_sha256 != ticket.code_sha256:
        raise Refusal("wrong_code", f"ticket {ticket.number}: not the code on its slip")
    if command.age_ms is None or command.age_ms >= BEARER_TTL_MS:
        raise Refusal("stale", f"ticket {ticket.number}: asked for {command.age_ms} ms ago")


def _issue(hall: Hall, command: Issue, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    for service in command.services:
        if service not in hall.setup.services:
            raise Refusal("unknown_service", f"issue: no service {service} in this hall")
    check_day(hall, "issue")
    pressed_ms = asked.at_ms - (command.age_ms or 0)
    intake.check(hall, command.services, pressed_ms)
    given: dict[str, int] = {}
    issued: list[HallEvent] = []
    for count, service in enumerate(command.services, start=1):
        prefix = hall.setup.series[service]
        last = given.get(prefix, hall.numbers.get(prefix, 0))
        if last >= NUMBER_MAX:
            raise Refusal("numbers_used_up", f"service {service}: {prefix}{last} was the last")
        given[prefix] = last + 1
        issued.append(
            TicketIssued(
                ticket=asked.origin if count == 1 else f"{asked.origin}.{count}",
                number=f"{prefix}{last + 1:03}",
                service=service,
                visit=asked.origin,
                issued_ms=pressed_ms,
                code_sha256=command.code_sha256,
                priority=command.priority,
                assist=command.assist,
                node=by.node,
            )
        )
    return tuple(issued)


def _hold(hall: Hall, ticket: Ticket, asked: Asked) -> TicketParked:
    if ticket.holds >= hall.setup.hold_max:
        raise Refusal("held_out", f"ticket {ticket.number}: was held {ticket.holds} times")
    back_ms = asked.at_ms + hall.setup.hold_min * 60_000
    return TicketParked(ticket=ticket.id, why="hold", back_ms=back_ms)


def _reinstate(hall: Hall, ticket: Ticket) -> TicketReinstated:
    line = hall.queues[ticket.service].of(priority=ticket.priority)
    before = line[:REINSTATED_BEHIND]
    behind = before[-1] if before else None
    if behind is None or behind.place < ticket.place:
        return TicketReinstated(ticket=ticket.id)
    return TicketReinstated(ticket=ticket.id, behind=behind.id)


def _set_priority(hall: Hall, command: SetPriority) -> tuple[HallEvent, ...]:
    ticket = _find(hall, command.ticket)
    check_move(ticket, command, ticket.state)
    if ticket.priority is command.priority:
        return ()
    return (PrioritySet(ticket=ticket.id, priority=command.priority),)


def _return_due(hall: Hall, command: ReturnDue, asked: Asked) -> tuple[HallEvent, ...]:
    due = policy.due(hall, asked.at_ms)
    for ticket in due:
        check_move(ticket, command, TicketState.WAITING)
    return tuple(TicketReturned(ticket=ticket.id) for ticket in due)


def _find(hall: Hall, ticket_id: str) -> Ticket:
    ticket = hall.tickets.get(ticket_id)
    if ticket is None:
        raise Refusal("unknown_ticket", f"ticket {ticket_id}: not issued today")
    return ticket
