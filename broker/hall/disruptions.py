"""Which services take no tickets for a while: their system is down, or nobody is there.

Who waits keeps the place and can be called, and staff may send a ticket there: they know.
"""

from broker.hall.commands import Disrupt, Resume
from broker.hall.events import HallEvent, ServiceDisrupted, ServiceResumed
from broker.hall.refusals import Refusal
from broker.hall.state import Hall
from broker.hall.visits import check_day


def decide(hall: Hall, command: Disrupt | Resume) -> tuple[HallEvent, ...]:
    """Return what changes; its role may ask it.

    Raises:
        Refusal: No such service, or no day is open. Then none of them changes.
    """
    for service in command.services:
        if service not in hall.setup.services:
            raise Refusal("unknown_service", f"disruption: no service {service} in this hall")
    check_day(hall, "disruption")
    services = dict.fromkeys(command.services)  # each once
    if isinstance(command, Resume):
        return tuple(ServiceResumed(service=s) for s in services if hall.queues[s].disrupted)
    return tuple(
        ServiceDisrupted(service=service, why=command.why)
        for service in services
        if hall.queues[service].disrupted != command.why
    )
