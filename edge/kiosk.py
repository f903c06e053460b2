"""PURE: a kiosk's ticket buttons: press -> issue, its result -> slip, the slip -> confirm_print.

A ticket counts once it is on paper (DESIGN §5). So the result of an issue is a wish to print, and
the runtime notes that result in the outbox only in the commit that holds the confirm: killed in
between, the kiosk asks the hub again, gets the same ticket and prints it again.

What is pressed while the hub is away is kept and printed when it is back; numbers made without the
hub come with a later release, and so does the PRIORITY button, which is refused until then.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from broker.hall.commands import AnyCommand, Cancel, ConfirmPrint, Issue
from broker.hall.events import TicketIssued
from broker.hall.setup import Setup
from broker.wire.messages import Result, read_queue
from broker.wire.topics import Kind, Topic
from edge import phrases
from edge.lamps import Pattern
from edge.newest import Newest
from edge.press import Moment, Press
from edge.role import Ask, Flash, Print, Sent, Standing, Wish
from edge.slip import Slip, slip_ticket

if TYPE_CHECKING:
    from broker.hall.views import QueueView

READY = "ready"

REFUSED = Pattern.SHORT_FLASHES


AHEAD_POS_MAX = 8
"""A snapshot of the queue at most this many journal rows away still tells how many are ahead."""

LAMP_TABLE: dict[tuple[bool, Sent], Pattern] = {
    # The hub is heard, how far the presses came: what the lamps show while nothing is flashed.
    (True, Sent.ALL): Pattern.STEADY,
    (True, Sent.ON_THE_WAY): Pattern.STEADY,
    (True, Sent.LATE): Pattern.SLOW_BLINK,
    (False, Sent.ALL): Pattern.OFF,
    (False, Sent.ON_THE_WAY): Pattern.SLOW_BLINK,
    (False, Sent.LATE): Pattern.SLOW_BLINK,
}
"""Steady = press a button; slow blink = a press is kept and not printed yet, or the disk is full;
off = no hub."""


class KioskRole:
    """One kiosk.

    Args:
        services: Service id by button.
        lamps: Lamps it has, by name: `ready`, or a button's.
    """

    name = "kiosk"

    def __init__(
        self,
        *,
        setup: Setup,
        services: Mapping[str, str],
        lamps: tuple[str, ...],
    ) -> None:
        self._lamps = lamps
        self._setup = setup
        self._services = services
        self._language = phrases.known(setup.languages[0])
        self._queue: QueueView | None = None
        self._newest = Newest()

    def topics(self) -> tuple[Topic, ...]:
        """Return the queue's snapshot: a slip says how many are ahead."""
        return (Topic(self._setup.hall, Kind.QUEUE),)

    def pressed(self, button: str, press: Press) -> tuple[Wish, ...]:
        """Return the issue a press asks for."""
        if press.moment is not Moment.PRESSED:
            return ()
        service = self._services.get(button)
        if service is None:
            why = f"button {button}: not known to this release"
            return (Flash(self._lamps_for(button), REFUSED, why=why),)
        return (Ask(Issue(services=(service,))),)

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> None:
        """Take a snapshot of the queue, unless it is older than the one it has."""
        if topic.kind is not Kind.QUEUE:
            return
        view = read_queue(payload)
        if self._newest.takes(view.gen, view.pos, gen_n=gen_n):
            self._queue = view

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Return the slip of an issue, or the flash of a refused one."""
        if not isinstance(command, Issue):
            return ()
        issued = [event for event in result.events if isinstance(event, TicketIssued)]
        asked = (name for name, service in self._services.items() if service in command.services)
        refused = Flash(self._lamps_for(*asked), REFUSED)
        if result.refusal:
            return (refused,)
        if not issued:
            return (refused._replace(why="the hub took the issue and made no ticket"),)
        return (
            Print(
                number=" ".join(ticket.number for ticket in issued),
                slip=self._slip(issued, result),
                confirm=tuple(ConfirmPrint(ticket=t.ticket, number=t.number) for t in issued),
                cancel=tuple(Cancel(ticket=ticket.ticket) for ticket in issued),
                failed=refused,
            ),
        )

    def failed(self, button: str) -> Flash:
        """Return the flash for a press that could not be kept."""
        return Flash(self._lamps_for(button), REFUSED)

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Return what its lamps show while nothing is flashed: all the same, but PRIORITY."""
        pattern = LAMP_TABLE[standing.is_heard, standing.sent]
        takes = [lamp for lamp in self._lamps if lamp == READY or lamp in self._services]
        return dict.fromkeys(takes, pattern)

    def panel(self) -> dict[str, object]:
        """Return what each button takes: `{"services": {button: service id}}`."""
        return {"services": dict(self._services)}

    def _lamps_for(self, *buttons: str) -> tuple[str, ...]:
        """Return the lamps at which whoever pressed one of these looks; none only without lamps."""
        own = tuple(lamp for lamp in self._lamps if lamp in buttons)
        return own or ((READY,) if READY in self._lamps else self._lamps)

    def _slip(self, issued: Sequence[TicketIssued], result: Result) -> Slip:
        return Slip(
            hall=self._setup.name,
            tickets=tuple(
                slip_ticket(
                    self._setup,
                    ticket.service,
                    number=ticket.number,
                    language=self._language,
                    ahead=self._ahead(ticket.service, result.pos),
                )
                for ticket in issued
            ),
            at_ms=result.at_ms,
            language=self._language,
        )

    def _ahead(self, service: str, pos: int) -> int | None:
        """Return who waits for the service before the ticket issued at `pos`; None if unknown.

        Snapshots arrive before or after the ack. One that is far from `pos` says nothing.
        """
        view = self._queue
        if view is None or service not in view.services or abs(view.pos - pos) > AHEAD_POS_MAX:
            return None
        own = 1 if view.pos >= pos else 0
        return max(0, view.services[service].waiting - own)
