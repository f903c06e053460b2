"""Who asks, under which circumstances, and the rules' no: each with its name and its reason."""

from typing import Literal

from msgspec import Struct

RefusalCode = Literal[
    "not_allowed",
    "unknown_service",
    "unknown_counter",
    "unknown_ticket",
    "unknown_number",
    "service_needed",
    "stale",
    "seen_other",
    "day_not_open",
    "day_already_open",
    "numbers_used_up",
    "disrupted",
    "nobody_waiting",
    "nobody_called",
    "nobody_to_rate",
    "counter_closed",
    "moved_on",
    "not_on_paper",
    "visit_busy",
    "not_served_here",
    "held_out",
    "not_general",
    "already_known",
    "at_counter",
    "closed",
    "past_cutoff",
    "quota_reached",
    "wrong_code",
]

REFUSALS: dict[RefusalCode, str] = {
    "not_allowed": "The node's role or counters don't cover it: the technician looks at hall.toml.",
    "unknown_service": "No such service: node and hub have different hall files.",
    "unknown_counter": "No such counter: node and hub have different hall files.",
    "unknown_ticket": "No such ticket today, or not with this number: the kiosk drops it.",
    "unknown_number": "Nobody gave out such a number today: staff read it again.",
    "service_needed": "The number can be for several services: staff say for which.",
    "stale": "Pressed too long ago: staff see it on the lamp and press again.",
    "seen_other": "The counter has moved on since the press: staff look and press again.",
    "day_not_open": "No day is open yet: the hub opens one as soon as it knows the date.",
    "day_already_open": "This day, or a later one, is open: the hub goes on with that one.",
    "numbers_used_up": "The series has reached 999: the visitor asks at the front desk.",
    "disrupted": "The service takes no tickets now: the visitor asks at the front desk.",
    "nobody_waiting": "Nobody waits for this counter's services: staff see it on the lamp.",
    "nobody_called": "The counter has no ticket: staff see it on the lamp.",
    "nobody_to_rate": "Nobody is at the counter, nor just left: only the technician's log has it.",
    "counter_closed": "It is closed, so not paused nor sent to: staff open it, or choose another.",
    "moved_on": "The ticket is past the state in which this can be done: staff look again.",
    "not_on_paper": "No slip of it came out yet: staff ask the visitor to wait for it.",
    "visit_busy": "The visitor is at another counter: staff wait, or ask them there.",
    "not_served_here": "The counter doesn't serve it: staff send the visitor to one that does.",
    "held_out": "Held as often as may be: the visitor is told to stay, or to take a new ticket.",
    "not_general": "Only an agency's general service is set to another of its own: staff transfer.",
    "already_known": "A ticket of today has this number: staff look it up, or read it again.",
    "at_counter": "A counter has called it: staff there end it.",
    "closed": "Outside the hours in which numbers are given out: the kiosk says when they begin.",
    "past_cutoff": "Too short before closing time: the visitor comes again, or asks the desk.",
    "quota_reached": "All tickets of the day are given out: the visitor comes another day.",
    "wrong_code": "The code is of no such ticket: the visitor scans the slip once more.",
}
"""What is so: who is told, or does, what then. `rejected` is the hub's own, for a bad body."""


BEARER = "bearer"
"""Role of whoever holds the code on a slip."""


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
