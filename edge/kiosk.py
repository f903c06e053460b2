"""PURE: a kiosk's ticket buttons: press -> issue, its result -> slip, the slip -> confirm_print.

A ticket counts once it is on paper (DESIGN §5). The result of an issue is a wish to print; without
a result in time the slip has a number of the kiosk's own prefix (`edge.offline`). What is on disk
when, and that one press has one slip, is the runtime's (`edge.printing`).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from broker.hall.commands import AnyCommand, Assist, Attend, Cancel, ConfirmPrint, Issue
from broker.hall.events import TicketIssued
from broker.hall.setup import Setup
from broker.wire.messages import LOST, Result, read_queue
from broker.wire.topics import Kind, Topic
from edge import phrases
from edge.codes import Codes
from edge.lamps import Pattern
from edge.newest import Newest
from edge.offline import next_numbers
from edge.press import Moment, Press
from edge.role import Ask, Flash, Print, Standing, Visit, Wish
from edge.slip import Slip, slip_ticket
from firmware_config.schema import BANTUAN, PRIORITY

if TYPE_CHECKING:
    from broker.hall.views import QueueView

READY = "ready"

REFUSED = Pattern.SHORT_FLASHES


AHEAD_POS_MAX = 8
"""A snapshot of the queue at most this many journal rows away still tells how many are ahead."""

REPEAT_S = 1.5
"""A second press of one button within this time is the same press: people press again when no
paper has come yet. Other buttons are other presses, however fast."""

Calling = Literal["", "asked", "heard", "failed"]
"""How far a call for staff is: none, or they have come; on its way; the hub has it; nobody has."""

HELPS_MAX = 16
"""Presses of the help buttons a panel tells of; who follows it sees each within a pass or two."""

PRIORITY_S = 8.0
"""So long PRIORITY stays lit for the press of a service (DESIGN §4)."""

LAMP_TABLE: dict[tuple[bool, bool], Pattern] = {
    # The hub is heard, what happened is on disk: what the lamps show while nothing is flashed.
    (True, True): Pattern.STEADY,
    (False, True): Pattern.STEADY,
    (True, False): Pattern.SLOW_BLINK,
    (False, False): Pattern.SLOW_BLINK,
}
"""Steady = press a button, a slip comes, with the hub or without; slow blink = the disk refuses.
That the hub is gone is no matter of the visitor's; the slip says it. While it is heard, the lamp of
a service that gives out no tickets is off: pressed all the same, the hub is asked, and refuses."""


class KioskRole:
    """One kiosk.

    Args:
        services: Service id by button.
        lamps: Lamps it has, by name: `ready`, or a button's.
        node: Its id.
        helps: Its buttons of the spoken menu, which its own speaker follows on the panel.
        prefix: Of the numbers it gives out without the hub; empty = it gives out none.
        start: A random hundred: where those begin when neither it nor the hub knows of any.
        codes: Makes the codes that open a slip's phone page; None = there is no such page.
    """

    name = "kiosk"

    def __init__(  # noqa: PLR0913 - the parts of a kiosk, each by name
        self,
        *,
        setup: Setup,
        services: Mapping[str, str],
        lamps: tuple[str, ...],
        helps: tuple[str, ...] = (),
        node: str = "",
        prefix: str = "",
        start: int = 0,
        codes: Codes | None = None,
    ) -> None:
        self._codes = codes
        self._link = ""
        self._prefix = prefix
        self._start = start
        self._pressed_s: dict[str, float] = {}
        self._priority_s: float | None = None
        self._lamps = lamps
        self._setup = setup
        self._services = services
        self._helps = helps
        self._help_count = 0
        self._node = node
        self._assist: Calling = ""
        self._assist_pos = 0
        self._help_presses: deque[dict[str, object]] = deque(maxlen=HELPS_MAX)
        self._language = phrases.known(setup.languages[0])
        self._queue: QueueView | None = None
        self._shut: set[str] = set()
        self._newest = Newest()
        self._is_heard = False

    def topics(self) -> tuple[Topic, ...]:
        """Return the queue's snapshot: a slip says how many are ahead."""
        return (Topic(self._setup.hall, Kind.QUEUE),)

    def pressed(self, button: str, press: Press) -> tuple[Wish, ...]:
        """Return the issue a press asks for; none for the second of two quick presses."""
        if button in self._helps:
            return self._help(button, press)
        if press.moment is not Moment.PRESSED:
            return ()
        if button == PRIORITY:
            is_lit = self._is_priority(press.at_s)
            self._priority_s = None if is_lit else press.at_s + PRIORITY_S
            return ()
        service = self._services.get(button)
        if service is None:
            why = f"button {button}: not known to this release"
            return (Flash(self._lamps_for(button), REFUSED, why=why),)
        if press.at_s < self._pressed_s.get(button, float("-inf")) + REPEAT_S:
            return ()
        self._pressed_s[button] = press.at_s
        priority, self._priority_s = self._is_priority(press.at_s), None
        return (Ask(self._issue((service,), priority=priority)),)

    def _help(self, button: str, press: Press) -> tuple[Wish, ...]:
        if press.moment in (Moment.PRESSED, Moment.HELD):
            self._help_count += 1
            told = {"n": self._help_count, "button": button, "moment": press.moment.value}
            self._help_presses.append(told)
        if press.moment is not Moment.HELD:
            return ()
        if button != BANTUAN:
            # Staff who came: no visitor holds NEXT or CHOOSE for 3 s, and nobody else is awaited.
            return (Ask(Attend(node=self._node)),) if self._assist == "heard" else ()
        # Asked all the same: who is not heard now may be in a moment, and old it is refused.
        self._assist = "asked" if self._is_heard else "failed"
        return (Ask(Assist()),)

    def _assist_answered(self, result: Result) -> None:
        self._assist, self._assist_pos = ("failed" if result.refusal else "heard"), result.pos

    def wanted(self, visit: Visit, now_s: float) -> Issue:
        """Return the issue a visit chosen on a screen asks for; it spends a lit PRIORITY.

        Raises:
            ValueError: It names a service this hall does not have.
        """
        for service in visit.services:
            if service not in self._setup.services:
                raise ValueError(f"no service {service} in this hall")
        priority, self._priority_s = visit.is_priority or self._is_priority(now_s), None
        return self._issue(
            visit.services,
            priority=priority,
            assist=visit.is_assisted,
            language=visit.language,
        )

    def _issue(
        self,
        services: tuple[str, ...],
        *,
        priority: bool,
        assist: bool = False,
        language: str = "",
    ) -> Issue:
        code_sha256 = self._codes.next_sha256() if self._codes else ""
        return Issue(
            services=services,
            priority=priority,
            assist=assist,
            language=language,
            code_sha256=code_sha256,
        )

    def _is_priority(self, now_s: float) -> bool:
        return self._priority_s is not None and now_s < self._priority_s

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> bool:
        """Take a snapshot of the queue, unless it is older than the one it has."""
        if topic.kind is not Kind.QUEUE:
            return False
        view = read_queue(payload)
        if not self._newest.takes(view.gen, view.pos, gen_n=gen_n):
            return False
        before, self._queue = (self._shut, self._assist), view
        self._shut = self._not_given()
        if view.pos >= self._assist_pos and self._assist == "heard":
            self._assist = "heard" if self._node in view.assists else ""
        return before != (self._shut, self._assist)

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Return the slip of an issue, or the flash of a refused one.

        What is on paper is said again when only a hub that is gone has heard it: paper wins.
        """
        if isinstance(command, ConfirmPrint) and result.refusal == LOST:
            return (Ask(command),)
        if isinstance(command, Assist):
            self._assist_answered(result)
        if isinstance(command, Attend) and not result.refusal:
            self._assist = ""
        if not isinstance(command, Issue):
            return ()
        issued = [event for event in result.events if isinstance(event, TicketIssued)]
        if result.refusal:
            return (self._refused(command),)
        if not issued:
            why = "the hub took the issue and made no ticket"
            return (self._refused(command)._replace(why=why),)
        confirms = [
            ConfirmPrint(
                ticket=event.ticket,
                number=event.number,
                service=event.service,
                priority=event.priority,
                assist=event.assist,
                code_sha256=event.code_sha256,
            )
            for event in issued
        ]
        return (self._print(command, confirms, at_ms=result.at_ms, pos=result.pos),)

    def alone(
        self,
        issue: Issue,
        ticket: str,
        *,
        given_ms: Mapping[str, int],
        at_ms: int,
        hall_ms: int | None,
    ) -> Print | Flash:
        """Return the slip of a press the hub has not answered in time; a flash without a number."""
        view = self._queue
        numbers = next_numbers(
            len(issue.services),
            prefix=self._prefix,
            given_ms=given_ms,
            known=None if view is None else view.offline.get(self._prefix, 0),
            start=self._start,
            now_ms=at_ms,
        )
        if not numbers:
            why = "no answer of the hub, and no number of its own is free: the front desk helps"
            return self._refused(issue)._replace(why=why)
        confirms = [
            ConfirmPrint(
                ticket=ticket if nth == 1 else f"{ticket}.{nth}",
                number=number,
                service=service,
                priority=issue.priority,
                assist=issue.assist,
                code_sha256=issue.code_sha256,
            )
            for nth, (number, service) in enumerate(
                zip(numbers, issue.services, strict=True), start=1
            )
        ]
        return self._print(issue, confirms, at_ms=hall_ms or 0, pos=None)

    def failed(self, button: str) -> Flash:
        """Return the flash for a press that could not be kept; pressed again, it counts."""
        self._pressed_s.pop(button, None)
        if button == BANTUAN:
            self._assist = "failed"
        return Flash(self._lamps_for(button), REFUSED)

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Return what its lamps show while nothing is flashed: are slips given, is PRIORITY on."""
        self._is_heard = standing.is_heard
        pattern = LAMP_TABLE[standing.is_heard, standing.is_kept]
        lamps = {lamp: pattern for lamp in self._lamps if lamp == READY or lamp in self._services}
        if standing.is_heard and standing.is_kept:
            lamps |= dict.fromkeys(lamps.keys() & self._shut, Pattern.OFF)
        is_lit = self._is_priority(standing.now_s)
        priority = Pattern.STEADY if is_lit else Pattern.OFF
        if not is_lit:
            self._priority_s = None
        return lamps | dict.fromkeys({PRIORITY} & {*self._lamps}, priority)

    def wake_s(self) -> float | None:
        """Return the instant at which PRIORITY goes out."""
        return self._priority_s

    def panel(self) -> dict[str, object]:
        """Return what each button takes, and what a touch screen needs to know of every service.

        `{"services": {button: service id}, "offers": {service id: {"takes", "waiting"}},
        "help": [{"n", "button", "moment"}], "assist": how far a call for staff is, "phone"}`. While
        the hub is not heard all are open, as their buttons are, and how many wait is None; no
        service is named before it ever was. `help` is the newest presses of the help buttons, `n`
        counted from the node's start; `phone` opens the phone page of the newest slip.
        """
        queues = {} if self._queue is None else self._queue.services
        offers = {
            id_: {"takes": queue.takes, "waiting": queue.waiting}
            if self._is_heard
            else {"takes": "open", "waiting": None}
            for id_, queue in queues.items()
        }
        return {
            "services": dict(self._services),
            "offers": offers,
            "help": [*self._help_presses],
            "assist": self._assist,
            "phone": self._link,
        }

    def _not_given(self) -> set[str]:
        """Return the buttons whose service gives out no tickets, as last heard; READY, if all."""
        queues = self._queue.services if self._queue else {}
        shut = {
            button
            for button, service in self._services.items()
            if service in queues and queues[service].takes != "open"
        }
        return shut | {READY} if shut and shut == self._services.keys() else shut

    def _lamps_for(self, *buttons: str) -> tuple[str, ...]:
        """Return the lamps at which whoever pressed one of these looks; none only without lamps."""
        own = tuple(lamp for lamp in self._lamps if lamp in buttons)
        return own or ((READY,) if READY in self._lamps else self._lamps)

    def _refused(self, issue: Issue) -> Flash:
        """Return the flash for a press that leads to no slip; pressed again, it counts."""
        asked = [name for name, service in self._services.items() if service in issue.services]
        for name in asked:
            self._pressed_s.pop(name, None)
        return Flash(self._lamps_for(*asked), REFUSED)

    def _print(
        self, issue: Issue, confirms: Sequence[ConfirmPrint], *, at_ms: int, pos: int | None
    ) -> Print:
        """Return the slip of these tickets; `pos` is None when the numbers are its own."""
        language = phrases.known(issue.language) if issue.language else self._language
        if self._codes:
            origin = confirms[0].ticket
            sha256 = issue.code_sha256
            self._link = self._codes.link(origin, code_sha256=sha256, language=language)
        slip = Slip(
            hall=self._setup.name,
            tickets=tuple(
                slip_ticket(
                    self._setup,
                    confirm.service,
                    number=confirm.number,
                    language=language,
                    ahead=None if pos is None else self._ahead(confirm.service, pos),
                )._replace(is_priority=confirm.priority)
                for confirm in confirms
            ),
            at_ms=at_ms,
            language=language,
            is_offline=pos is None,
            qr=self._link,
            ssid=self._codes.ssid if self._codes and self._link else "",
        )
        numbers = tuple(confirm.number for confirm in confirms)
        asked = (name for name, service in self._services.items() if service in issue.services)
        return Print(
            number=" ".join(numbers),
            slip=slip,
            confirm=tuple(confirms),
            cancel=tuple(Cancel(ticket=confirm.ticket) for confirm in confirms),
            failed=Flash(self._lamps_for(*asked), REFUSED),
            offline=numbers if pos is None else (),
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
