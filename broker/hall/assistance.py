"""Who waits at a kiosk for staff to come. Why is never asked.

A call for help that comes late rings nowhere: whoever made it has been told that nobody heard it,
and has gone to look for somebody.
"""

from broker.hall.commands import Assist, Attend
from broker.hall.events import AssistAsked, AssistAttended, HallEvent
from broker.hall.refusals import Actor, Asked, Refusal
from broker.hall.state import Hall
from broker.hall.visits import check_day


def decide(hall: Hall, command: Assist | Attend, by: Actor, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what changes; its role may ask it. Asked twice it is wanted once.

    Raises:
        Refusal: Too late, no day is open, or another kiosk's.
    """
    node = by.node if isinstance(command, Assist) else command.node
    if by.role == "kiosk" and node != by.node:
        raise Refusal("not_allowed", f"attend: {by.node} is not {node}")
    if isinstance(command, Attend):
        return (AssistAttended(node=node),) if node in hall.assists else ()
    if asked.stale:
        raise Refusal("stale", f"assist at {node}: asked for {command.age_ms} ms ago")
    check_day(hall, "assist")
    return () if node in hall.assists else (AssistAsked(node=node),)
