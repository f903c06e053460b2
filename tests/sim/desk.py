"""What no button asks for yet, asked at a desk: hold, return, cancel, reinstate."""

from collections import deque
from collections.abc import Callable

from broker.hall.commands import AnyCommand, Cancel, Hold, Reinstate, Return
from broker.hall.setup import Setup
from broker.wire.messages import Result, read_counter
from broker.wire.topics import Kind, Topic
from edge.lamps import Pattern
from edge.newest import Newest
from edge.press import Moment, Press
from edge.role import Ask, Flash, Standing, Wish

ASKS: dict[str, Callable[[str], AnyCommand]] = {
    "hold": lambda ticket: Hold(ticket=ticket),
    "return": lambda ticket: Return(ticket=ticket),
    "cancel": lambda ticket: Cancel(ticket=ticket),
    "reinstate": lambda ticket: Reinstate(ticket=ticket),
}
"""By button; a new command of the staff's pages is one more line."""


class DeskRole:
    """An `edge.role.Role` that asks about tickets it has seen at counters."""

    name = "web"
    buttons = tuple(ASKS)

    def __init__(self, *, setup: Setup) -> None:
        self._setup = setup
        self._seen: deque[str] = deque(maxlen=20)
        self._newest = {counter: Newest() for counter in setup.counters}

    def topics(self) -> tuple[Topic, ...]:
        """Return every counter's snapshot."""
        return tuple(Topic(self._setup.hall, Kind.COUNTER, str(c)) for c in self._setup.counters)

    def pressed(self, button: str, press: Press) -> tuple[Wish, ...]:
        """Return the command, about one ticket after the other."""
        if press.moment is not Moment.PRESSED or not self._seen:
            return ()
        self._seen.rotate(1)
        return (Ask(ASKS[button](self._seen[0])),)

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> bool:
        """Remember who is at a counter."""
        if topic.kind is not Kind.COUNTER:
            return False
        view = read_counter(payload)
        newest = self._newest[view.counter].takes(view.gen, view.pos, gen_n=gen_n)
        if newest and view.call is not None and view.call.ticket not in self._seen:
            self._seen.append(view.call.ticket)
        return False

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Show nothing."""
        del command, result
        return ()

    def alone(self, *_: object, **__: object) -> Flash:
        """Return a flash: a desk prints nothing."""
        return Flash((), Pattern.SHORT_FLASHES)

    def wake_s(self) -> None:
        """Return that it wants to be asked at no instant."""
        return

    def failed(self, button: str) -> Flash:
        """Return a flash at no lamp."""
        del button
        return Flash((), Pattern.SHORT_FLASHES)

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Light nothing."""
        del standing
        return {}

    def panel(self) -> dict[str, object]:
        """Show nothing."""
        return {}
