"""The two tables: what moves a ticket and what turns a counter, from where to where.

Theory of operation
===================

There are two kinds of machine: one for each ticket, one for each counter.

A ticket goes from WAITING to CALLED, to SERVING where staff press start, and to CLOSED. It waits
from its issue on, but is ready to be called only on paper (`confirm_print`) and while nobody of its
visit is at a counter. PARKED are those set aside: by staff (`park`), by their bearer for a while
(`hold`), and those who were called and did not come, until their turn comes back. A counter is
closed, open or paused, and has at most one ticket. One command can move three machines:
`call_next` opens the counter, ends its ticket and calls the next. So every command asks the
table about each machine it would move; a machine whose row doesn't name the command refuses, and
then none is moved.

The two machines are joined by one rule that stands in no table: a ticket is CALLED or SERVING
exactly as long as a counter has it. Every cell that leads there names a counter in its event, and
every cell that leads away frees it; `Hall.apply` does both.

A cell names every state it can lead to. Where there are two, the rules say which: who did not come
is PARKED as often as `no_show_max` says and then CLOSED; a ticket that was CLOSED before its slip
was known to be out waits, unless it was served (`broker.hall.paper`).
"""

from collections.abc import Mapping

from broker.hall.commands import (
    Admit,
    CallNext,
    CallNumber,
    Cancel,
    Close,
    CloseCounter,
    Command,
    ConfirmPrint,
    CounterCommand,
    DateDay,
    Hold,
    NoShow,
    OpenCounter,
    OpenDay,
    Park,
    PauseCounter,
    Rate,
    Recall,
    Reinstate,
    Return,
    ReturnDue,
    ServedByHand,
    SetDay,
    SetPriority,
    SetService,
    Start,
    Transfer,
    snake_case,
)
from broker.hall.events import CounterClosed, CounterOpened, CounterPaused, HallEvent
from broker.hall.queues import CounterState
from broker.hall.refusals import Refusal
from broker.hall.ticket import Ticket, TicketState
from broker.hall.views import CounterStatus

_S = TicketState

TRANSITIONS: dict[TicketState, dict[type[Command], tuple[TicketState, ...]]] = {
    _S.WAITING: {
        ConfirmPrint: (_S.WAITING,),
        Admit: (_S.WAITING,),
        ServedByHand: (_S.CLOSED,),
        Cancel: (_S.CLOSED,),
        Hold: (_S.PARKED,),
        SetPriority: (_S.WAITING,),
        CallNext: (_S.CALLED,),
        CallNumber: (_S.CALLED,),
        OpenDay: (_S.CLOSED,),
        DateDay: (_S.CLOSED,),
        SetDay: (_S.CLOSED,),
    },
    _S.CALLED: {
        ConfirmPrint: (_S.CALLED,),
        Recall: (_S.CALLED,),
        Rate: (_S.CALLED,),
        SetPriority: (_S.CALLED,),
        SetService: (_S.CALLED,),
        Start: (_S.SERVING,),
        Park: (_S.PARKED,),
        Transfer: (_S.WAITING,),
        NoShow: (_S.PARKED, _S.CLOSED),
        Close: (_S.CLOSED,),
        ServedByHand: (_S.CLOSED,),
        CallNext: (_S.PARKED, _S.CLOSED),
        CallNumber: (_S.PARKED, _S.CLOSED),
        CloseCounter: (_S.PARKED, _S.CLOSED),
        OpenDay: (_S.CLOSED,),
        DateDay: (_S.CLOSED,),
        SetDay: (_S.CLOSED,),
    },
    _S.SERVING: {
        ConfirmPrint: (_S.SERVING,),
        Rate: (_S.SERVING,),
        SetPriority: (_S.SERVING,),
        SetService: (_S.SERVING,),
        Park: (_S.PARKED,),
        Transfer: (_S.WAITING,),
        Close: (_S.CLOSED,),
        ServedByHand: (_S.CLOSED,),
        CallNext: (_S.CLOSED,),
        CallNumber: (_S.CLOSED,),
        CloseCounter: (_S.CLOSED,),
        OpenDay: (_S.CLOSED,),
        DateDay: (_S.CLOSED,),
        SetDay: (_S.CLOSED,),
    },
    _S.PARKED: {
        ConfirmPrint: (_S.PARKED,),
        ServedByHand: (_S.CLOSED,),
        Cancel: (_S.CLOSED,),
        SetPriority: (_S.PARKED,),
        Return: (_S.WAITING,),
        ReturnDue: (_S.WAITING,),
        CallNext: (_S.CALLED,),
        CallNumber: (_S.CALLED,),
        OpenDay: (_S.CLOSED,),
        DateDay: (_S.CLOSED,),
        SetDay: (_S.CLOSED,),
    },
    _S.CLOSED: {
        ConfirmPrint: (_S.CLOSED, _S.WAITING),
        Admit: (_S.WAITING,),
        ServedByHand: (_S.CLOSED,),
        Rate: (_S.CLOSED,),
        Reinstate: (_S.WAITING,),
    },
}
"""What moves a ticket, and where to.

Its life begins WAITING, by `issue`. The slip of one nobody had heard of makes it: WAITING by
`confirm_print` or `admit`, CLOSED at once by `served_by_hand`.

`call_next` takes a PARKED ticket whose time has come, should the hub not have returned it yet.
"""

COUNTER_TRANSITIONS: dict[CounterStatus, dict[type[Command], CounterStatus]] = {
    "closed": {
        CallNext: "open",
        CallNumber: "open",
        OpenCounter: "open",
        CloseCounter: "closed",
    },
    "open": {
        CallNext: "open",
        CallNumber: "open",
        OpenCounter: "open",
        PauseCounter: "paused",
        CloseCounter: "closed",
    },
    "paused": {
        CallNext: "open",
        CallNumber: "open",
        OpenCounter: "open",
        PauseCounter: "paused",
        CloseCounter: "closed",
    },
}
"""What turns a counter. Other commands at a counter only move its ticket."""

_COUNTER_EVENTS: Mapping[CounterStatus, type[CounterOpened | CounterPaused | CounterClosed]] = {
    "closed": CounterClosed,
    "open": CounterOpened,
    "paused": CounterPaused,
}


def check_move(ticket: Ticket, command: Command, to: TicketState) -> None:
    """Check that `TRANSITIONS` lets the command bring the ticket there.

    Raises:
        Refusal: It has no such cell.
    """
    if to not in TRANSITIONS[ticket.state].get(type(command), ()):
        what = snake_case(type(command).__name__)
        raise Refusal("moved_on", f"ticket {ticket.number}: {ticket.state}, so no {what}")


def turn(counter: CounterState, command: CounterCommand) -> tuple[HallEvent, ...]:
    """Return the event that turns the counter; none when it stands so already.

    Raises:
        Refusal: `COUNTER_TRANSITIONS` has no such cell.
    """
    status = COUNTER_TRANSITIONS[counter.status].get(type(command))
    if status is None:
        what = snake_case(type(command).__name__)
        raise Refusal("counter_closed", f"counter {counter.id}: closed, so no {what}")
    return () if status == counter.status else (_COUNTER_EVENTS[status](counter=counter.id),)
