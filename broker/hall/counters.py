"""What the staff at a counter ask: call, recall, start, end, park, transfer, open, pause, close."""

from typing import assert_never

from broker.hall import policy
from broker.hall.commands import (
    CallNext,
    CallNumber,
    Close,
    CloseCounter,
    Command,
    NoShow,
    OpenCounter,
    Park,
    PauseCounter,
    Rate,
    Recall,
    SetService,
    Start,
    Transfer,
    snake_case,
)
from broker.hall.events import (
    HallEvent,
    Outcome,
    ServiceSet,
    ServingStarted,
    TicketCalled,
    TicketClosed,
    TicketParked,
    TicketRated,
    TicketRecalled,
    TicketTransferred,
)
from broker.hall.queues import CounterState
from broker.hall.refusals import Actor, Asked, Refusal
from broker.hall.state import Hall
from broker.hall.ticket import Ticket, TicketState
from broker.hall.transitions import check_move, turn
from broker.hall.visits import check_day

AnyCounterCommand = (
    CallNext
    | Recall
    | NoShow
    | Close
    | Start
    | Park
    | CallNumber
    | Transfer
    | SetService
    | PauseCounter
    | OpenCounter
    | CloseCounter
    | Rate
)

RATE_MS = 3 * 60_000
"""Who has left a counter can press its rating buttons so long."""


def decide(
    hall: Hall, command: AnyCounterCommand, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return what happens; its role may ask it.

    Raises:
        Refusal: It may not be.
    """
    counter = _check_press(hall, command, by, asked)
    match command:
        case CallNext():
            return _call_next(hall, counter, command, asked)
        case CallNumber():
            return _call_number(hall, counter, command, asked)
        case OpenCounter() | PauseCounter():
            return turn(counter, command)
        case CloseCounter():
            return (*_end_by_age(hall, counter, command, asked), *turn(counter, command))
        case Rate():
            return _rate(hall, counter, command, asked)
        case _:
            return _of_current(hall, counter, command, asked)


def _of_current(
    hall: Hall,
    counter: CounterState,
    command: Recall | NoShow | Close | Start | Park | Transfer | SetService,
    asked: Asked,
) -> tuple[HallEvent, ...]:
    """Return what happens to the ticket at the counter."""
    if counter.current is None:
        raise Refusal("nobody_called", f"counter {counter.id}: nobody is called")
    ticket = counter.current
    event: HallEvent
    match command:
        case Recall():
            check_move(ticket, command, TicketState.CALLED)
            event = TicketRecalled(
                ticket=ticket.id,
                counter=counter.id,
                call_id=asked.origin,
                repeat=ticket.repeat + 1,
            )
        case NoShow():
            event = _end(hall, ticket, command, asked, "no_show")
        case Close():
            event = _end(hall, ticket, command, asked, "served")
        case Start():
            check_move(ticket, command, TicketState.SERVING)
            event = ServingStarted(ticket=ticket.id)
        case Park():
            check_move(ticket, command, TicketState.PARKED)
            event = TicketParked(ticket=ticket.id, why="park")
        case Transfer():
            check_move(ticket, command, TicketState.WAITING)
            event = _transfer(hall, ticket, command)
        case SetService():
            check_move(ticket, command, ticket.state)
            return _set_service(hall, ticket, command)
        case _:
            assert_never(command)
    return (event,)


def _check_press(hall: Hall, command: AnyCounterCommand, by: Actor, asked: Asked) -> CounterState:
    """Return the counter, after the checks that all its commands share.

    Raises:
        Refusal: Unknown, not the node's own, too late, or crossed.
    """
    name = f"counter {command.counter}"
    if command.counter not in hall.setup.counters:
        raise Refusal("unknown_counter", f"{name}: not in this hall")
    if command.counter not in by.counters:
        raise Refusal("not_allowed", f"{name}: not one of node {by.node}")
    if asked.stale and command.expires:
        what = snake_case(type(command).__name__)
        raise Refusal("stale", f"{name}: {what} is older than {hall.setup.command_ttl_s} s")
    counter = hall.counters[command.counter]
    if command.seen != counter.call_id and not isinstance(command, Rate):
        raise Refusal(
            "seen_other", f"{name}: call is {counter.call_id!r}, pressed at {command.seen!r}"
        )
    check_day(hall, name)
    return counter


def _call_next(
    hall: Hall, counter: CounterState, command: CallNext, asked: Asked
) -> tuple[HallEvent, ...]:
    opened = turn(counter, command)
    ended = _end_by_age(hall, counter, command, asked)
    ticket = policy.next_ticket(hall, counter.id, asked.at_ms)
    if ticket is not None:
        check_move(ticket, command, TicketState.CALLED)
        call = TicketCalled(ticket=ticket.id, counter=counter.id, call_id=asked.origin)
        return (*opened, *ended, call)
    if not (opened or ended):
        services = ", ".join(hall.setup.counters[counter.id].serves)
        raise Refusal("nobody_waiting", f"counter {counter.id}: nobody waits for {services}")
    return (*opened, *ended)


def _call_number(
    hall: Hall, counter: CounterState, command: CallNumber, asked: Asked
) -> tuple[HallEvent, ...]:
    ticket = hall.by_number.get(command.number)
    if ticket is None:
        raise Refusal("unknown_ticket", f"number {command.number}: not issued today")
    check_move(ticket, command, TicketState.CALLED)
    _check_serves(hall, counter.id, ticket)
    if not ticket.printed:
        raise Refusal("not_on_paper", f"ticket {ticket.number}: its print is not confirmed")
    if not policy.is_free(hall, ticket, beside=counter.current):
        raise Refusal("visit_busy", f"ticket {ticket.number}: its visitor is at another counter")
    return (
        *turn(counter, command),
        *_end_by_age(hall, counter, command, asked),
        TicketCalled(ticket=ticket.id, counter=counter.id, call_id=asked.origin),
    )


def _rate(hall: Hall, counter: CounterState, command: Rate, asked: Asked) -> tuple[HallEvent, ...]:
    ticket = _rater(hall, counter, command, asked)
    if ticket is None:
        raise Refusal("nobody_to_rate", f"counter {counter.id}: nobody is there, nor just left")
    check_move(ticket, command, ticket.state)
    return (TicketRated(ticket=ticket.id, counter=counter.id, score=command.score),)


def _rater(hall: Hall, counter: CounterState, command: Rate, asked: Asked) -> Ticket | None:
    """Return whose press of a rating button this was.

    Who leaves rates, often when the next one is called already. That one is at the counter as soon
    as a call would count as served. A press that comes late, or crossed with a call, says by `seen`
    who was called when it was made.
    """
    current = counter.current if command.seen == counter.call_id else None
    last = counter.last if counter.last and counter.last.state is TicketState.CLOSED else None
    pressed_ms = asked.at_ms - (command.age_ms or 0)
    if current is not None and _is_here(hall, current, pressed_ms):
        return current
    if command.seen and current is None:
        return last if last and last.call_id == command.seen else None
    is_recent = command.age_ms is not None and pressed_ms - counter.last_ms <= RATE_MS
    return last if last and is_recent else current


def _is_here(hall: Hall, ticket: Ticket, at_ms: int) -> bool:
    """Return whether who was called counts as served when staff go on without another word."""
    called_s = (at_ms - ticket.called_ms) / 1000
    return ticket.state is TicketState.SERVING or called_s >= hall.setup.served_min_s


def _check_serves(hall: Hall, counter: int, ticket: Ticket) -> None:
    name = f"counter {counter}"
    if ticket.only_counter == counter:
        return
    if not policy.is_open_to_all(hall, ticket):
        detail = f"{name}: {ticket.number} was sent to counter {ticket.only_counter}"
        raise Refusal("not_served_here", detail)
    if ticket.service not in hall.setup.counters[counter].serves:
        raise Refusal("not_served_here", f"{name}: {ticket.number} is for {ticket.service}")


def _transfer(hall: Hall, ticket: Ticket, command: Transfer) -> TicketTransferred:
    service = command.service or ticket.service
    if service not in hall.setup.services:
        raise Refusal("unknown_service", f"transfer: no service {service} in this hall")
    to = command.to_counter
    if to is not None and to not in hall.setup.counters:
        raise Refusal("unknown_counter", f"transfer: no counter {to} in this hall")
    if to is not None and hall.counters[to].status == "closed":
        raise Refusal("counter_closed", f"counter {to}: closed, so nobody is sent to it")
    return TicketTransferred(ticket=ticket.id, service=service, counter=to)


def _set_service(hall: Hall, ticket: Ticket, command: SetService) -> tuple[HallEvent, ...]:
    wanted = hall.setup.services.get(command.service)
    if wanted is None:
        raise Refusal("unknown_service", f"set_service: no service {command.service} in this hall")
    if wanted.id == ticket.service:
        return ()
    if hall.setup.agencies[wanted.agency].general != ticket.service:
        raise Refusal(
            "not_general",
            f"ticket {ticket.number}: {ticket.service} is not the general service of"
            f" {wanted.agency}",
        )
    return (ServiceSet(ticket=ticket.id, service=wanted.id),)


def _end_by_age(
    hall: Hall,
    counter: CounterState,
    command: CallNext | CallNumber | CloseCounter,
    asked: Asked,
) -> tuple[HallEvent, ...]:
    """Return the end of the counter's ticket: served if staff took their time with it."""
    ticket = counter.current
    if ticket is None:
        return ()
    served = _is_here(hall, ticket, asked.at_ms)
    return (_end(hall, ticket, command, asked, "served" if served else "no_show"),)


def _end(
    hall: Hall, ticket: Ticket, command: Command, asked: Asked, outcome: Outcome
) -> TicketClosed | TicketParked:
    """Return the ticket's end; who did not come returns some times before it is one."""
    setup = hall.setup
    if outcome != "no_show" or ticket.no_shows >= setup.no_show_max:
        check_move(ticket, command, TicketState.CLOSED)
        return TicketClosed(ticket=ticket.id, outcome=outcome)
    check_move(ticket, command, TicketState.PARKED)
    return TicketParked(
        ticket=ticket.id,
        why="no_show",
        back_ms=asked.at_ms + setup.no_show_return_min * 60_000,
        places=setup.no_show_return_after,
    )
