"""What may be asked, of whom, and what then happens. `decide` turns a command into events.

Rule 1: whether a thing may be done lives in this file, most of it in its tables. Rule 2: this
file changes nothing. A refusal leaves the hall as it was, and events count only once the hub has
committed them and `Hall.apply` has folded them.

Theory of operation
===================

There are two kinds of machine: one for each ticket, one for each counter.

A ticket goes from WAITING to CALLED (to SERVING) to CLOSED. It waits from its issue on, but is
ready to be called only on paper (`confirm_print`) and while nobody of its visit is at a counter.
A counter is closed, open or paused, and has at most one ticket. One command can move three
machines: `call_next` opens the counter, closes its ticket and calls the next. So every command
asks the table about each machine it would move; a machine whose row doesn't name the command
refuses, and then none is moved.

The two machines are joined by one rule that stands in no table: a ticket is CALLED or SERVING
exactly as long as a counter has it. Every cell that leads there names a counter in its event, and
every cell that leads away frees it; `Hall.apply` does both.

SERVING and PARKED are not entered yet. The rest of DESIGN §4 comes as cells here, each with its
command and event: start (CALLED to SERVING), park (CALLED, SERVING to PARKED), hold (WAITING to
PARKED), return (PARKED to WAITING), transfer (CALLED, SERVING to WAITING), reinstate, and a
`confirm_print` that reopens (CLOSED to WAITING). A no-show that returns is a cell whose target
changes.

The order of the checks is fixed, so that the answer doesn't depend on luck: what the node's role
may not ask; the services, counters and tickets nobody knows; counters that are not the node's
own; then too late; then crossed; then the tables.
"""

from collections.abc import Mapping
from typing import Literal, assert_never

from msgspec import Struct

from broker.hall import policy
from broker.hall.commands import (
    AnyCommand,
    CallNext,
    Cancel,
    Close,
    CloseCounter,
    Command,
    ConfirmPrint,
    CounterCommand,
    Issue,
    NoShow,
    OpenCounter,
    OpenDay,
    PauseCounter,
    Recall,
    snake_case,
)
from broker.hall.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayOpened,
    HallEvent,
    Outcome,
    PrintConfirmed,
    TicketCalled,
    TicketClosed,
    TicketIssued,
    TicketRecalled,
)
from broker.hall.state import CounterState, Hall, Ticket, TicketState
from broker.hall.views import CounterStatus

_S = TicketState

TRANSITIONS: dict[TicketState, dict[type[Command], TicketState]] = {
    _S.WAITING: {
        ConfirmPrint: _S.WAITING,
        Cancel: _S.CLOSED,
        CallNext: _S.CALLED,
    },
    _S.CALLED: {
        ConfirmPrint: _S.CALLED,
        Recall: _S.CALLED,
        NoShow: _S.CLOSED,
        Close: _S.CLOSED,
        CallNext: _S.CLOSED,
        CloseCounter: _S.CLOSED,
    },
    _S.SERVING: {
        ConfirmPrint: _S.SERVING,
        Close: _S.CLOSED,
        CallNext: _S.CLOSED,
        CloseCounter: _S.CLOSED,
    },
    _S.PARKED: {
        ConfirmPrint: _S.PARKED,
    },
    _S.CLOSED: {
        ConfirmPrint: _S.CLOSED,
    },
}
"""What moves a ticket, and where to. Its life begins WAITING, by `issue`; `open_day` ends all."""

COUNTER_TRANSITIONS: dict[CounterStatus, dict[type[Command], CounterStatus]] = {
    "closed": {
        CallNext: "open",
        OpenCounter: "open",
        CloseCounter: "closed",
    },
    "open": {
        CallNext: "open",
        OpenCounter: "open",
        PauseCounter: "paused",
        CloseCounter: "closed",
    },
    "paused": {
        CallNext: "open",
        OpenCounter: "open",
        PauseCounter: "paused",
        CloseCounter: "closed",
    },
}
"""What turns a counter. Recall, no-show and close only move its ticket."""

_COUNTER_EVENTS: dict[CounterStatus, type[CounterOpened | CounterPaused | CounterClosed]] = {
    "closed": CounterClosed,
    "open": CounterOpened,
    "paused": CounterPaused,
}

MAY: Mapping[str, tuple[type[Command], ...]] = {
    "kiosk": (Issue, ConfirmPrint, Cancel),
    "counter": (CounterCommand,),
    "hub": (OpenDay,),
}
"""What each role may ask (DESIGN §5.13). A counter node only for its own counters.

A kiosk should confirm and cancel only tickets of its own, but a ticket's stream doesn't tell the
node yet, so it may do so with any.
"""

RefusalCode = Literal[
    "not_allowed",
    "unknown_service",
    "unknown_counter",
    "unknown_ticket",
    "stale",
    "seen_other",
    "day_not_open",
    "day_already_open",
    "numbers_used_up",
    "nobody_waiting",
    "nobody_called",
    "counter_closed",
    "moved_on",
]

REFUSALS: dict[RefusalCode, str] = {
    "not_allowed": "The node's role or counters don't cover it: the technician looks at hall.toml.",
    "unknown_service": "No such service: node and hub have different hall files.",
    "unknown_counter": "No such counter: node and hub have different hall files.",
    "unknown_ticket": "No such ticket today, or not with this number: the kiosk drops it.",
    "stale": "Pressed too long ago: the lamp says so and staff press again.",
    "seen_other": "The counter has moved on since the press: staff look and press again.",
    "day_not_open": "No day is open yet: the hub opens one as soon as it knows the date.",
    "day_already_open": "This day, or a later one, is open: days never go back.",
    "numbers_used_up": "The series has reached 999: the front desk helps.",
    "nobody_waiting": "Nobody waits for this counter's services: the lamp says so.",
    "nobody_called": "The counter has no ticket: the lamp says so.",
    "counter_closed": "A closed counter can't be paused: the lamp says so.",
    "moved_on": "The ticket is past the state in which this can be done.",
}
"""What each code means, and who does what then. `rejected` is the hub's own, for a bad body."""

NUMBER_MAX = 999


class Refusal(Exception):  # noqa: N818 - the word of the glossary; it is an answer, not an error
    """The rules' no.

    Attributes:
        code: One of `REFUSALS`.
        detail: What, which, with which value, in English, for the log.
    """

    def __init__(self, code: RefusalCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: RefusalCode = code
        self.detail = detail


class Actor(Struct, frozen=True):
    """Who asks, as hall.toml knows it.

    Attributes:
        node: Id of the node the command's stream belongs to.
        role: kiosk, counter, hub, web, board, sign, sensor, shadow.
        counters: The node's own, if it is a counter node.
    """

    node: str
    role: str
    counters: frozenset[int] = frozenset()


class Asked(Struct, frozen=True):
    """Circumstances of a command.

    Attributes:
        origin: `stream:seq` of its row; becomes the id of a ticket, or of a call.
        at_ms: Hub's wall clock, the stamp of its journal row.
        stale: Older than `command_ttl_s`, or of unknown age (`broker.wire.delivery.Beats`).
    """

    origin: str
    at_ms: int
    stale: bool = False


def decide(hall: Hall, command: AnyCommand, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what happens; an empty tuple when it is so already. Does not change the hall.

    Raises:
        Refusal: It may not be, with the reason. Nothing happens.
    """
    if not isinstance(command, MAY.get(by.role, ())):
        what = snake_case(type(command).__name__)
        raise Refusal("not_allowed", f"node {by.node}: role {by.role} may not {what}")
    match command:
        case Issue():
            return _issue(hall, command, asked)
        case ConfirmPrint():
            return _confirm_print(hall, command)
        case Cancel():
            return _cancel(hall, command)
        case OpenDay():
            return _open_day(hall, command)
        case _:
            return _at_counter(hall, command, by, asked)


def _issue(hall: Hall, command: Issue, asked: Asked) -> tuple[HallEvent, ...]:
    for service in command.services:
        if service not in hall.setup.services:
            raise Refusal("unknown_service", f"issue: no service {service} in this hall")
    _check_day(hall, "issue")
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
                issued_ms=asked.at_ms - (command.age_ms or 0),
                code_sha256=command.code_sha256,
            )
        )
    return tuple(issued)


def _confirm_print(hall: Hall, command: ConfirmPrint) -> tuple[HallEvent, ...]:
    ticket = _find(hall, command.ticket)
    if ticket.number != command.number:
        raise Refusal(
            "unknown_ticket",
            f"ticket {ticket.id}: its number is {ticket.number}, not {command.number}",
        )
    _move(ticket, command)
    if ticket.printed or ticket.state is TicketState.CLOSED:
        return ()  # A restarted kiosk confirms again what it had confirmed.
    return (PrintConfirmed(ticket=ticket.id),)


def _cancel(hall: Hall, command: Cancel) -> tuple[HallEvent, ...]:
    ticket = _find(hall, command.ticket)
    _move(ticket, command)
    return (TicketClosed(ticket=ticket.id, outcome="cancelled"),)


def _open_day(hall: Hall, command: OpenDay) -> tuple[HallEvent, ...]:
    if command.date <= hall.day:
        raise Refusal("day_already_open", f"day {command.date}: {hall.day} is open")
    return (DayOpened(date=command.date),)


_AnyCounterCommand = CallNext | Recall | NoShow | Close | PauseCounter | OpenCounter | CloseCounter


def _at_counter(
    hall: Hall, command: _AnyCounterCommand, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    counter = _check_press(hall, command, by, asked)
    match command:
        case CallNext():
            return _call_next(hall, counter, command, asked)
        case Recall():
            return _recall(counter, command, asked)
        case NoShow():
            return (_close(_current(counter), command, "no_show"),)
        case Close():
            return (_close(_current(counter), command, "served"),)
        case OpenCounter() | PauseCounter():
            return _turn(counter, command)
        case CloseCounter():
            return (*_close_by_age(hall, counter, command, asked), *_turn(counter, command))
        case _:
            assert_never(command)


def _check_press(hall: Hall, command: _AnyCounterCommand, by: Actor, asked: Asked) -> CounterState:
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
    if command.seen != counter.call_id:
        raise Refusal(
            "seen_other", f"{name}: call is {counter.call_id!r}, pressed at {command.seen!r}"
        )
    _check_day(hall, name)
    return counter


def _call_next(
    hall: Hall, counter: CounterState, command: CallNext, asked: Asked
) -> tuple[HallEvent, ...]:
    opened = _turn(counter, command)
    closed = _close_by_age(hall, counter, command, asked)
    ticket = policy.next_ticket(hall, counter.id)
    if ticket is not None:
        _move(ticket, command)
        call = TicketCalled(ticket=ticket.id, counter=counter.id, call_id=asked.origin)
        return (*opened, *closed, call)
    if not (opened or closed):
        services = ", ".join(hall.setup.counters[counter.id].serves)
        raise Refusal("nobody_waiting", f"counter {counter.id}: nobody waits for {services}")
    return (*opened, *closed)


def _recall(counter: CounterState, command: Recall, asked: Asked) -> tuple[HallEvent, ...]:
    ticket = _current(counter)
    _move(ticket, command)
    return (
        TicketRecalled(
            ticket=ticket.id,
            counter=counter.id,
            call_id=asked.origin,
            repeat=ticket.repeat + 1,
        ),
    )


def _close_by_age(
    hall: Hall, counter: CounterState, command: CallNext | CloseCounter, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return the end of the counter's ticket: served if staff took their time with it."""
    ticket = counter.current
    if ticket is None:
        return ()
    called_s = (asked.at_ms - ticket.called_ms) / 1000
    served = ticket.state is TicketState.SERVING or called_s >= hall.setup.served_min_s
    return (_close(ticket, command, "served" if served else "no_show"),)


def _close(ticket: Ticket, command: Command, outcome: Outcome) -> TicketClosed:
    _move(ticket, command)
    return TicketClosed(ticket=ticket.id, outcome=outcome)


def _turn(counter: CounterState, command: CounterCommand) -> tuple[HallEvent, ...]:
    """Return the event that turns the counter; none when it stands so already.

    Raises:
        Refusal: `COUNTER_TRANSITIONS` has no such cell.
    """
    status = COUNTER_TRANSITIONS[counter.status].get(type(command))
    if status is None:
        what = snake_case(type(command).__name__)
        raise Refusal("counter_closed", f"counter {counter.id}: closed, so no {what}")
    return () if status == counter.status else (_COUNTER_EVENTS[status](counter=counter.id),)


def _move(ticket: Ticket, command: Command) -> None:
    """Check that `TRANSITIONS` lets the command move the ticket.

    Raises:
        Refusal: It has no such cell.
    """
    if type(command) not in TRANSITIONS[ticket.state]:
        what = snake_case(type(command).__name__)
        raise Refusal("moved_on", f"ticket {ticket.number}: {ticket.state}, so no {what}")


def _current(counter: CounterState) -> Ticket:
    if counter.current is None:
        raise Refusal("nobody_called", f"counter {counter.id}: nobody is called")
    return counter.current


def _find(hall: Hall, ticket_id: str) -> Ticket:
    ticket = hall.tickets.get(ticket_id)
    if ticket is None:
        raise Refusal("unknown_ticket", f"ticket {ticket_id}: not issued today")
    return ticket


def _check_day(hall: Hall, what: str) -> None:
    if not hall.day:
        raise Refusal("day_not_open", f"{what}: no day is open yet")
