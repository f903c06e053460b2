"""Whether a service takes another ticket now: what the rules refuse by, and what a kiosk shows.

Hours and cut-off go by the time of the press. The quota is a count of the day: each ticket counts
for the service it was issued for, and for no other when staff set another service or transfer it;
a cancelled one (also one whose print failed) does not count, nor does a slip of the day before
that is heard of now. Setting a ticket's service asks no
quota: the visitor is in the hall. A disrupted service gives out none until it is resumed. Slips
made without the hub, and numbers admitted at a desk, are never refused by any of this, and count.
"""

from typing import TYPE_CHECKING, Literal

from broker.hall.calendar import Moment
from broker.hall.refusals import Refusal, RefusalCode

if TYPE_CHECKING:
    from broker.hall.state import Hall

Takes = Literal["open", "closed", "quota", "cutoff", "disrupted"]
"""Whether tickets are given out: yes; not at this time; all of the day are gone; too short before
closing time; not while the work is disrupted."""

_REFUSED: dict[Takes, RefusalCode] = {
    "closed": "closed",
    "cutoff": "past_cutoff",
    "quota": "quota_reached",
    "disrupted": "disrupted",
}


def offered(hall: "Hall", at_ms: int) -> "dict[str, Takes]":
    """Return, for every service of the setup, whether its tickets are given out at that instant.

    Args:
        at_ms: Hub's wall clock.
    """
    moment = _moment(hall, at_ms)
    return {service: _takes(hall, service, moment) for service in hall.setup.services}


def check(hall: "Hall", services: tuple[str, ...], at_ms: int) -> None:
    """Check that each of a visit's services gives out a ticket; one that does not refuses all.

    Args:
        at_ms: Of the press, by the hub's wall clock.

    Raises:
        Refusal: One does not; the detail says which.
        KeyError: The setup has no such service.
    """
    moment = _moment(hall, at_ms)
    for count, service in enumerate(services):
        takes = _takes(hall, service, moment, more=services[:count].count(service))
        if takes != "open":
            raise Refusal(_REFUSED[takes], f"service {service}: {_why(hall, service, takes)}")


class Turns:
    """When the clock alone changes what is offered: a service opens, closes or cuts off.

    It looks for the next instant once, not for every snapshot.
    """

    def __init__(self, hall: "Hall") -> None:
        self._calendar = hall.setup.calendar
        services = hall.setup.services.values()
        self._kinds = {(service.agency, service.cutoff_min) for service in services}
        self._known_ms: tuple[int, int | None] | None = None
        """From when to when the next turn is the same one."""

    def next_ms(self, at_ms: int) -> int | None:
        """Return the first turn after an instant, both hub's wall clock; None when none comes."""
        if self._calendar is None:
            return None
        if self._known_ms is not None:
            from_ms, turn_ms = self._known_ms
            if from_ms <= at_ms and (turn_ms is None or at_ms < turn_ms):
                return turn_ms
        found = (
            self._calendar.next_turn_ms(agency, cutoff, at_ms) for agency, cutoff in self._kinds
        )
        turn_ms = min((each for each in found if each is not None), default=None)
        self._known_ms = (at_ms, turn_ms)
        return turn_ms


def _moment(hall: "Hall", at_ms: int) -> Moment | None:
    """Return what the hall's clock shows; None when it is open at any time.

    While no clock is trusted nobody is refused by one: who is in the hall is let in.
    """
    calendar = hall.setup.calendar
    return None if calendar is None or hall.doubted_pos else calendar.moment(at_ms)


def _takes(hall: "Hall", service: str, moment: Moment | None, *, more: int = 0) -> Takes:
    """Return whether another ticket is given out, when so many more are about to be.

    Of several reasons against it the clock's is told first: what is closed is not disrupted.
    """
    offer, calendar = hall.setup.services[service], hall.setup.calendar
    queue = hall.queues[service]
    if calendar is not None and moment is not None:
        hours = calendar.takes(offer.agency, offer.cutoff_min, moment)
        if hours != "open":
            return hours
    if queue.disrupted:
        return "disrupted"
    if offer.quota is not None and queue.taken + more >= offer.quota:
        return "quota"
    return "open"


def _why(hall: "Hall", service: str, takes: Takes) -> str:
    offer = hall.setup.services[service]
    match takes:
        case "closed":
            return f"{offer.agency} gives out no numbers at this time"
        case "cutoff":
            return f"the last numbers are given out {offer.cutoff_min} min before closing time"
        case "disrupted":
            return f"takes no tickets, {hall.queues[service].disrupted}"
        case _:
            return f"all {offer.quota} tickets of the day are given out"
