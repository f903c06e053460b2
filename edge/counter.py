"""PURE: a counter's buttons and lamp: (press, snapshot, result) -> command and pattern.

Buttons: `call recall no_show start park done` act when pressed. `pause` has two meanings, so it
waits to know which: let go within 3 s it toggles between paused and open, held for 3 s it closes
the counter and letting go does nothing more. `rate_1` to `rate_4` are the visitors': they never
flash the lamp, which is the staff's and would seem to answer a press of theirs.

Every command carries `seen`, the call staff had before them when they pressed; the hub refuses it
when the counter has moved on (DESIGN §5.6). A result is back within milliseconds, so the second
press of a double one comes when the snapshot shows the new call already, long before anybody has
read it. Nobody can have seen that call: the press carries the `seen` of the first, and the hub
makes one call of both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from broker.hall.commands import (
    AnyCommand,
    CallNext,
    Close,
    CloseCounter,
    CounterCommand,
    Issue,
    NoShow,
    OpenCounter,
    Park,
    PauseCounter,
    Rate,
    Recall,
    Start,
)
from broker.wire.messages import Result, WireError, read_counter, read_queue
from broker.wire.topics import Kind, Topic
from edge.lamps import Pattern
from edge.newest import Newest
from edge.press import Moment, Press
from edge.role import Ask, Flash, Sent, Standing, Visit, Wish
from firmware_config.schema import RATING_BUTTONS

if TYPE_CHECKING:
    from broker.hall.views import CounterView, QueueView, ServiceQueue

LAMP = "lamp"

DOUBLE_PRESS_S = 0.4
"""Presses of one button less than this apart are one, pressed twice. People double-press 0.1-0.3 s
apart; nobody calls, looks up and calls the next within 0.4 s."""

AT_ONCE: dict[str, Callable[..., AnyCommand]] = {
    "call": CallNext,
    "recall": Recall,
    "no_show": NoShow,
    "start": Start,
    "park": Park,
    "done": Close,
}
"""What the buttons with one meaning ask for."""

SCORES = {button: score for score, button in enumerate(RATING_BUTTONS, start=1)}
"""What a rating button says: 1 = worst."""


DONE = Pattern.LONG_FLASH
REFUSED = Pattern.SHORT_FLASHES


def lamp_pattern(*, is_sent: bool, is_paused: bool, is_waited_for: bool) -> Pattern:
    """Return what the lamp shows while nothing is flashed: what is worst first (DESIGN §4)."""
    if not is_sent:
        # Also while the hub is not heard: then the next press would not be sent either, and staff
        # call by voice from the list.
        return Pattern.SLOW_BLINK
    if is_paused:
        return Pattern.DOUBLE_BLINK
    return Pattern.STEADY if is_waited_for else Pattern.OFF


class CounterRole:
    """One counter, as its buttons and its lamp know it.

    Args:
        serves: Ids of its services, in ranked order.
    """

    name = "counter"

    def __init__(self, *, hall: str, counter: int, serves: Sequence[str]) -> None:
        self._hall = hall
        self._counter = counter
        self._topic = Topic(hall, Kind.COUNTER, str(counter))
        self._serves = serves
        self._view: CounterView | None = None
        self._queue: QueueView | None = None
        self._newest = Newest()
        self._newest_queue = Newest()
        self._done: tuple[type[CounterCommand], str] | None = None
        self._last_s: dict[str, float] = {}
        self._last_seen: dict[str, str] = {}

    def topics(self) -> tuple[Topic, ...]:
        """Return the snapshots of its counter and of the queue, the list when the hub is gone."""
        return (self._topic, Topic(self._hall, Kind.QUEUE))

    def pressed(self, button: str, press: Press) -> tuple[Wish, ...]:
        """Return the command this moment of a press asks for, with what the lamp showed."""
        if button in SCORES:
            return self._rated(button, press)
        asked = self._meaning(button, press)
        if asked is not None:
            seen = self._seen_by(button, press.at_s)
            return (Ask(asked(counter=self._counter, seen=seen)),)
        if press.moment is Moment.PRESSED and button not in (*AT_ONCE, "pause"):
            return (Flash((LAMP,), REFUSED, why=f"button {button}: not known to this release"),)
        return ()

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> bool:
        """Take a snapshot of counter or queue, unless it is older than what is shown.

        The queue is a list for staff to read: the lamp does not show it.
        """
        if topic.kind is Kind.QUEUE:
            services = read_queue(payload)
            if self._newest_queue.takes(services.gen, services.pos, gen_n=gen_n):
                self._queue = services
        if topic != self._topic:
            return False
        view = read_counter(payload)
        if view.counter != self._counter:
            raise WireError(f"counter {view.counter} in the snapshot of {self._counter}")
        is_taken = self._newest.takes(view.gen, view.pos, gen_n=gen_n)
        if is_taken:
            self._view = view
        return is_taken

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Return the flash for a result.

        A second press of the same button for the same call, while the first was on its way, is
        refused as `seen_other`. Staff see the flash of the one that was done, not a refusal: they
        would press again, and send away a visitor who was just called.
        """
        if not isinstance(command, CounterCommand) or isinstance(command, Rate):
            return ()
        this = (type(command), command.seen)
        if not result.refusal:
            self._done = this
            return (Flash((LAMP,), DONE),)
        if result.refusal == "seen_other" and this == self._done:
            return ()
        return (Flash((LAMP,), REFUSED),)

    def wanted(self, visit: Visit, now_s: float) -> Issue:  # noqa: ARG002 - it gives out none
        """A counter gives out no numbers.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"counter {self._counter} gives out no numbers")

    def alone(
        self,
        issue: Issue,  # noqa: ARG002 - a counter never asks for one
        ticket: str,  # noqa: ARG002
        *,
        given_ms: Mapping[str, int],  # noqa: ARG002
        at_ms: int,  # noqa: ARG002
        hall_ms: int | None,  # noqa: ARG002
    ) -> Flash:
        """Return a refusal: a counter prints nothing."""
        return Flash((LAMP,), REFUSED)

    def wake_s(self) -> None:
        """Return that it wants to be asked at no instant."""
        return

    def failed(self, button: str) -> Flash:
        """Return the flash for a press that could not be kept; a visitor's has no lamp."""
        return Flash(() if button in SCORES else (LAMP,), REFUSED)

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Return what its lamp shows while nothing is flashed."""
        view = self._view
        pattern = lamp_pattern(
            is_sent=standing.is_heard and standing.sent is not Sent.LATE,
            is_paused=view is not None and view.status == "paused",
            is_waited_for=view is not None and view.waiting > 0,
        )
        return {LAMP: pattern}

    def panel(self) -> dict[str, object]:
        """Return the counter, and who waits for it, as last heard.

        `{"counter": {"id", "status", "waiting", "number", "repeat"}, "list": [{"service",
        "waiting", "next"}]}`. How old that is says the runtime's `hub_age_s`: while the hub is gone
        staff call by voice from the list, and can't change it (DESIGN §5).
        """
        view = self._view
        call = view.call if view else None
        return {
            "counter": {
                "id": self._counter,
                "status": view.status if view else "unknown",
                "waiting": view.waiting if view else 0,
                "number": call.number if call else "",
                "repeat": call.repeat if call else 0,
            },
            "list": [
                {"service": service, "waiting": queue.waiting, "next": list(queue.next)}
                for service in self._serves
                if (queue := self._queued.get(service)) is not None
            ],
        }

    @property
    def _queued(self) -> "dict[str, ServiceQueue]":
        return self._queue.services if self._queue else {}

    def _rated(self, button: str, press: Press) -> tuple[Wish, ...]:
        if press.moment is not Moment.PRESSED:
            return ()
        seen = self._seen_by(button, press.at_s)
        return (Ask(Rate(counter=self._counter, seen=seen, score=SCORES[button])),)

    def _seen_by(self, button: str, at_s: float) -> str:
        """Return the call that was shown to whoever pressed this button now."""
        before_s = self._last_s.get(button, float("-inf"))
        self._last_s[button] = at_s
        if at_s - before_s >= DOUBLE_PRESS_S:
            call = self._view.call if self._view else None
            self._last_seen[button] = call.call_id if call else ""
        return self._last_seen[button]

    def _meaning(self, button: str, press: Press) -> Callable[..., AnyCommand] | None:
        if press.moment is Moment.PRESSED:
            return AT_ONCE.get(button)
        if button != "pause":
            return None
        if press.moment is Moment.HELD:
            return CloseCounter
        if press.moment is Moment.RELEASED and not press.held:
            is_paused = self._view is not None and self._view.status == "paused"
            return OpenCounter if is_paused else PauseCounter
        return None
