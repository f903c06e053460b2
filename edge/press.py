"""PURE: (level, at) -> pressed, held, stuck, released; what was only a bounce is counted.

One machine per button. It is fed every change of the pin with its stamp and says at which instant
it wants to be asked again, so the runtime needs one timer and never polls. gpiozero's own bounce
filter stays off: it reports the trailing end of a bounce, and its mock pins ignore it.

A change counts once the level was stable for `stable_s`; then the level isn't judged for
`lockout_s`, so a press is accepted on its leading edge and neither the bounce of pressing nor the
one of letting go is a second press. A button that is down at the start was not pressed: nobody
knows when. It is only watched for being stuck.
"""

from enum import StrEnum
from typing import NamedTuple


class Timing(NamedTuple):
    """How long is what, in seconds.

    Attributes:
        stable_s: A level counts once it has not changed for this long.
        lockout_s: After a change was accepted the level is not judged for this long.
        held_s: A press this long is `held`: a second meaning, as closing a counter.
        stuck_s: A button down this long is broken, or has something lying on it.
    """

    stable_s: float = 0.002
    lockout_s: float = 0.025
    held_s: float = 3.0
    stuck_s: float = 30.0


class Moment(StrEnum):
    """What a button can say."""

    PRESSED = "pressed"
    HELD = "held"
    STUCK = "stuck"
    RELEASED = "released"


class Press(NamedTuple):
    """One moment of one press.

    Attributes:
        at_s: When it was accepted, by the monotonic clock of the edges' stamps.
        held: Of a release: the press had been `held`, so its second meaning was already done.
    """

    moment: Moment
    at_s: float
    held: bool = False


class PressMachine:
    """A button's level over time, as presses.

    Every edge ends up in exactly one place: `edges == presses + releases + chatter`, plus 1
    while a change waits to be stable.

    Attributes:
        presses, releases: Accepted changes.
        chatter: Edges that were only a bounce.
    """

    def __init__(
        self, *, down: bool = False, at_s: float = 0.0, timing: Timing | None = None
    ) -> None:
        self.edges = self.presses = self.releases = self.chatter = 0
        self._timing = timing or Timing()
        self._now_s = at_s
        self._level = down
        self._level_s = at_s
        self._down = down
        self._down_s = at_s
        self._locked_s = at_s
        self._held = down  # a press nobody saw begin has no second meaning
        self._stuck = False
        self._pressed_s: float | None = None

    @property
    def pressed_s(self) -> float | None:
        """When the last press was accepted; None before the first."""
        return self._pressed_s

    @property
    def is_stuck(self) -> bool:
        """Whether it has been down so long that it is broken, or has something lying on it."""
        return self._stuck

    @property
    def is_down(self) -> bool:
        """Whether the button counts as pressed now."""
        return self._down

    @property
    def is_idle(self) -> bool:
        """Whether the button is up and nothing of a press is still to be said."""
        return not (self._down or self._level)

    def edge(self, *, down: bool, at_s: float) -> list[Press]:
        """Take a change of the pin; return what became certain before it."""
        said = self.advance(at_s)
        self.edges += 1
        if self._is_pending:
            self.chatter += 1
        self._level, self._level_s = down, self._now_s
        if not self._is_pending:
            self.chatter += 1
        return said

    def advance(self, now_s: float) -> list[Press]:
        """Let time pass; return what became certain, in order. Time never goes back."""
        self._now_s = max(self._now_s, now_s)
        said: list[Press] = []
        if self.is_idle:
            return said  # most of all machines, at each pass of a node
        while (wake_s := self.wake_s()) is not None and wake_s <= self._now_s:
            said.append(self._due(wake_s))
        return said

    def wake_s(self) -> float | None:
        """Return the instant at which `advance` will have something to say; None without one."""
        if self._is_pending:  # a finger that is leaving holds no longer
            return self._accept_s
        if self._down and not self._held:
            return self._down_s + self._timing.held_s
        if self._down and not self._stuck:
            return self._down_s + self._timing.stuck_s
        return None

    @property
    def _is_pending(self) -> bool:
        return self._level != self._down

    @property
    def _accept_s(self) -> float:
        return max(self._level_s + self._timing.stable_s, self._locked_s)

    def _due(self, at_s: float) -> Press:
        if self._is_pending:
            return self._accept(at_s)
        if not self._held:
            self._held = True
            return Press(Moment.HELD, at_s)
        self._stuck = True
        return Press(Moment.STUCK, at_s)

    def _accept(self, at_s: float) -> Press:
        held = self._held
        self._down, self._held, self._stuck = self._level, False, False
        self._locked_s = at_s + self._timing.lockout_s
        if self._down:
            self._down_s = self._pressed_s = at_s
            self.presses += 1
            return Press(Moment.PRESSED, at_s)
        self.releases += 1
        return Press(Moment.RELEASED, at_s, held=held)
