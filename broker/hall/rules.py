"""What may be asked, and by whom. `decide` turns a command into events.

Rule 1: whether a thing may be done lives in this file, in `transitions` (the tables), in `visits`
(what a visitor's ticket is asked for), in `paper` (what a slip is worth), in `counters` (what staff
at a counter ask), in `desk` (what is put right by hand), in `disruptions` (which services take
tickets) and in `assistance` (where staff are awaited). Rule 2: none of them changes anything. A
refusal leaves the hall as it was, and events count only once the hub has committed them and
`Hall.apply` has folded them.

The order of the checks is fixed, so that the answer doesn't depend on luck: what the node's role
may not ask; the services, counters and tickets nobody knows; counters and tickets that are not the
node's own; then too late; then crossed; then the tables.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from broker.hall import assistance, counters, days, desk, disruptions, paper, visits
from broker.hall.commands import (
    Admit,
    AnyCommand,
    Assist,
    Attend,
    Cancel,
    Command,
    ConfirmPrint,
    CounterCommand,
    DateDay,
    Disrupt,
    DoubtDate,
    Hold,
    Issue,
    OpenDay,
    Reinstate,
    Resume,
    Return,
    ReturnDue,
    ServedByHand,
    SetDay,
    SetPriority,
    snake_case,
)
from broker.hall.events import HallEvent
from broker.hall.refusals import BEARER, REFUSALS, Actor, Asked, Refusal, RefusalCode
from broker.hall.state import Hall
from broker.hall.transitions import COUNTER_TRANSITIONS, TRANSITIONS

__all__ = [
    "COUNTER_TRANSITIONS",
    "MAY",
    "REFUSALS",
    "TRANSITIONS",
    "Actor",
    "Asked",
    "Refusal",
    "RefusalCode",
    "decide",
]

MAY: Mapping[str, tuple[type[Command], ...]] = {
    "kiosk": (Issue, ConfirmPrint, Cancel, Assist, Attend),
    "counter": (CounterCommand, Return, SetPriority, Admit, ServedByHand),
    "web": (
        *(CounterCommand, Cancel, Hold, Return, Reinstate, SetPriority),
        *(Disrupt, Resume, Admit, ServedByHand, SetDay, Attend),
    ),
    BEARER: (Cancel, Hold),
    "hub": (OpenDay, DoubtDate, DateDay, ReturnDue),
}
"""What each role may ask (DESIGN §5.13). Counters only those that are the actor's own.

`web` acts for the staff signed in at a desk or pad. `bearer` is no role of a node: a command of
`web` with a code is of whoever holds that code, and is for the tickets of that code alone.

Of the tickets a kiosk confirms and cancels only those it asked for itself, and where staff have
come it says for itself alone.
"""


def decide(hall: Hall, command: AnyCommand, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what happens; an empty tuple when it is so already. Does not change the hall.

    Raises:
        Refusal: It may not be, with the reason. Nothing happens.
    """
    if by.role == "web" and isinstance(command, Cancel | Hold) and command.code_sha256:
        by = replace(by, role=BEARER)
    if not isinstance(command, MAY.get(by.role, ())):
        what = snake_case(type(command).__name__)
        raise Refusal("not_allowed", f"node {by.node}: role {by.role} may not {what}")
    match command:
        case OpenDay() | DoubtDate() | DateDay() | SetDay():
            return days.decide(hall, command, asked)
        case ConfirmPrint():
            return paper.confirm(hall, command, by, asked)
        case Issue() | Cancel() | Hold() | Return() | Reinstate() | SetPriority() | ReturnDue():
            return visits.decide(hall, command, by, asked)
        case Admit() | ServedByHand():
            return desk.decide(hall, command, by, asked)
        case Assist() | Attend() | Disrupt() | Resume():
            return _decide_for_all(hall, command, by, asked)
        case _:
            return counters.decide(hall, command, by, asked)


def _decide_for_all(
    hall: Hall, command: Assist | Attend | Disrupt | Resume, by: Actor, asked: Asked
) -> tuple[HallEvent, ...]:
    """Return what happens of a command that is about no ticket and no counter."""
    if isinstance(command, Disrupt | Resume):
        return disruptions.decide(hall, command)
    return assistance.decide(hall, command, by, asked)
