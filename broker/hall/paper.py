"""What a slip is worth: a ticket counts once it is on paper, and paper wins (DESIGN §5).

A slip in somebody's hand is a fact, whatever was decided of its ticket: refused, cancelled,
expired, or never heard of. So `confirm_print` reopens the ticket or creates it, at the place of the
press. A slip has the hub's number, or, where no answer came in time, one of the kiosk's own offline
prefix: then the number the hub gave the same press was never printed, and never will be.

A number is one ticket a day. A slip whose number was admitted at a desk before the kiosk was heard
is that ticket.
"""

from broker.hall.commands import ConfirmPrint
from broker.hall.events import (
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketCorrected,
    TicketIssued,
    TicketReopened,
)
from broker.hall.refusals import Actor, Asked, Refusal
from broker.hall.state import Hall
from broker.hall.ticket import Ticket, TicketState
from broker.hall.transitions import check_move
from broker.hall.visits import check_day, check_own

OLD_MS = 10 * 3600 * 1000
"""A slip this old is of an earlier day, or of somebody who was called by voice long ago. Its ticket
is on record as expired; should its bearer still be there, the desk reinstates it."""

AWAY = frozenset({TicketState.WAITING, TicketState.PARKED})
"""States of a visitor who is still to be called."""


def confirm(hall: Hall, command: ConfirmPrint, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what happens once this slip is out; nothing when it is known already.

    Raises:
        Refusal: No slip of this node, or of no ticket of today.
    """
    ticket = hall.tickets.get(command.ticket)
    if ticket is not None:
        check_own(ticket, by)
    if ticket is not None and ticket.number == command.number:
        return _known(ticket, command)
    check_day(hall, "confirm_print")
    _check_number(hall, command, by, ticket)
    other = hall.by_number.get(command.number)
    if other is not None:
        return _admitted(hall, command, by, asked, other)
    if ticket is None:
        return _created(hall, command, by, asked)
    return _renumbered(hall, ticket, command, asked)


def _known(ticket: Ticket, command: ConfirmPrint) -> tuple[HallEvent, ...]:
    """Return what becomes of a ticket whose number is on paper as the hub gave it."""
    if ticket.printed:
        check_move(ticket, command, ticket.state)
        return ()  # A restarted kiosk confirms again what it had confirmed.
    return (
        *_reopened(ticket, command),
        PrintConfirmed(ticket=ticket.id, uncertain=command.print_uncertain),
    )


def _reopened(ticket: Ticket, command: ConfirmPrint) -> tuple[HallEvent, ...]:
    """Return the event that lets a ticket wait again which ended without having been served."""
    is_over = ticket.state is TicketState.CLOSED and ticket.outcome in ("cancelled", "expired")
    check_move(ticket, command, TicketState.WAITING if is_over else ticket.state)
    return (TicketReopened(ticket=ticket.id),) if is_over else ()


def _check_number(hall: Hall, command: ConfirmPrint, by: Actor, ticket: Ticket | None) -> None:
    """Check that this node may have printed this number, which the hub did not give the ticket.

    Raises:
        Refusal: It may not.
    """
    number, prefix = command.number, command.number[:-3]
    is_offline = hall.setup.offline.get(by.node) == prefix
    if not is_offline and prefix in hall.setup.offline.values():
        raise Refusal("not_allowed", f"number {number}: no offline number of node {by.node}")
    if ticket is not None and (ticket.printed or not is_offline):
        raise Refusal(
            "unknown_ticket", f"ticket {ticket.id}: its number is {ticket.number}, not {number}"
        )
    if ticket is not None:
        return
    if not command.service:
        raise Refusal("unknown_ticket", f"ticket {command.ticket}: not issued today")
    if command.service not in hall.setup.services:
        raise Refusal(
            "unknown_service", f"confirm_print: no service {command.service} in this hall"
        )
    is_todays = hall.setup.series[command.service] == prefix and not _is_old(command)
    if _age_ms(command) is None:
        # Of the evening before, perhaps: the series has not come so far, and must not leap there.
        is_todays = is_todays and int(number[-3:]) <= hall.numbers.get(prefix, 0)
    if not is_offline and not is_todays:
        raise Refusal("unknown_ticket", f"number {number}: not one of {command.service} today")


def _admitted(
    hall: Hall, command: ConfirmPrint, by: Actor, asked: Asked, other: Ticket
) -> tuple[HallEvent, ...]:
    """Return what happens when the number was admitted at a desk: it is that ticket.

    Raises:
        Refusal: It was not: the number was given twice.
    """
    if other.node == by.node:
        raise Refusal("already_known", f"number {command.number}: is on ticket {other.id} already")
    events: list[HallEvent] = []
    ticket = hall.tickets.get(command.ticket)
    if ticket is not None and ticket.state in AWAY:
        events.append(TicketClosed(ticket=ticket.id, outcome="cancelled"))
    made_ms = _made_ms(hall, command, asked)
    was_reinstated = other.place[2] > 0
    if other.state is not TicketState.CLOSED and not was_reinstated and made_ms < other.place[0]:
        events.append(
            TicketCorrected(
                ticket=other.id,
                number=command.number,
                service=other.service,
                issued_ms=made_ms,
                code_sha256=command.code_sha256,
            )
        )
    return tuple(events)


def _created(hall: Hall, command: ConfirmPrint, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return the ticket of a slip whose press was refused, or never came."""
    issued = TicketIssued(
        ticket=command.ticket,
        number=command.number,
        service=command.service,
        visit=command.ticket.partition(".")[0],
        issued_ms=_made_ms(hall, command, asked),
        code_sha256=command.code_sha256,
        priority=command.priority,
        assist=command.assist,
        node=by.node,
        paper=True,
    )
    return (issued, *_printed(command))


def _renumbered(
    hall: Hall, ticket: Ticket, command: ConfirmPrint, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return the ticket under the number on its slip; the hub's own for it was not printed."""
    corrected = TicketCorrected(
        ticket=ticket.id,
        number=command.number,
        service=ticket.service,
        issued_ms=min(_made_ms(hall, command, asked), ticket.place[0]),
        code_sha256=command.code_sha256,
    )
    reopened = _reopened(ticket, command)
    waits = bool(reopened) or ticket.state in AWAY
    return (corrected, *reopened, *_printed(command, waits=waits))


def _printed(command: ConfirmPrint, *, waits: bool = True) -> tuple[HallEvent, ...]:
    printed = PrintConfirmed(ticket=command.ticket, uncertain=command.print_uncertain)
    if waits and _is_old(command):
        return (printed, TicketClosed(ticket=command.ticket, outcome="expired"))
    return (printed,)


def _age_ms(command: ConfirmPrint) -> int | None:
    """Return how long ago the button was pressed; None when a reboot lies between."""
    if command.age_ms is None or command.made_age_ms is None:
        return None
    return command.age_ms + command.made_age_ms


def _is_old(command: ConfirmPrint) -> bool:
    age_ms = _age_ms(command)
    return age_ms is not None and age_ms >= OLD_MS


def _made_ms(hall: Hall, command: ConfirmPrint, asked: Asked) -> int:
    """Return the hub's wall clock at the press; now, behind all who wait, when its age is unknown.

    Counted from the newest row's stamp when the clock stands behind that: stamps never go back.
    """
    now_ms = max(asked.at_ms, hall.at_ms)
    return max(0, now_ms - (_age_ms(command) or 0))
