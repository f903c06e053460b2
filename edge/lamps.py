"""PURE: what a lamp shows, as patterns over time. One table; no timer runs unless a lamp blinks."""

from enum import StrEnum
from typing import NamedTuple


class Pattern(StrEnum):
    """What a lamp can say. The meanings are the roles' (`edge.counter`, `edge.kiosk`)."""

    OFF = "off"
    STEADY = "steady"
    LONG_FLASH = "long_flash"
    SHORT_FLASHES = "short_flashes"
    SLOW_BLINK = "slow_blink"
    DOUBLE_BLINK = "double_blink"


class Steps(NamedTuple):
    """One pattern.

    Attributes:
        steps: (on, seconds) in order. A pattern of one step stands still: its length means nothing.
        repeat: Begins again after the last step; else it is shown once, then what was shown before.
    """

    steps: tuple[tuple[bool, float], ...]
    repeat: bool


# A flash begins dark, or it would not be seen on a lamp that is lit. The three differ by more than
# speed, so that they are told apart without counting: standing still, one change a second, pairs.
PATTERNS: dict[Pattern, Steps] = {
    Pattern.OFF: Steps(((False, 0.0),), repeat=True),
    Pattern.STEADY: Steps(((True, 0.0),), repeat=True),
    Pattern.LONG_FLASH: Steps(((False, 0.15), (True, 0.9), (False, 0.15)), repeat=False),
    Pattern.SHORT_FLASHES: Steps(
        ((False, 0.15), *((True, 0.12), (False, 0.12)) * 3, (False, 0.15)),
        repeat=False,
    ),
    Pattern.SLOW_BLINK: Steps(((True, 1.0), (False, 1.0)), repeat=True),
    Pattern.DOUBLE_BLINK: Steps(
        ((True, 0.15), (False, 0.2), (True, 0.15), (False, 1.5)), repeat=True
    ),
}


class Lamp:
    """One lamp: a pattern it goes on showing, and at most one that is shown once before it.

    Attributes:
        lit: Whether the light is on now.
    """

    def __init__(self) -> None:
        self.lit = False
        self._standing = Pattern.OFF
        self._once: Pattern | None = None
        self._step = 0
        self._until_s: float | None = None

    @property
    def pattern(self) -> Pattern:
        """What it shows now."""
        return self._once or self._standing

    def show(self, pattern: Pattern, now_s: float) -> None:
        """Show this from now on, after a flash that is being shown; nothing new changes nothing."""
        if pattern is self._standing:
            return
        self._standing = pattern
        if self._once is None:
            self._begin(now_s)

    def flash(self, pattern: Pattern, now_s: float) -> None:
        """Show this once, from now; a flash that is being shown ends."""
        self._once = pattern
        self._begin(now_s)

    def advance(self, now_s: float) -> None:
        """Let time pass."""
        while self._until_s is not None and self._until_s <= now_s:
            self._next(self._until_s, now_s)

    def wake_s(self) -> float | None:
        """Return the instant of the next change of the light; None while it stands still."""
        return self._until_s

    def _begin(self, at_s: float) -> None:
        self._step = 0
        self._light(at_s)

    def _next(self, at_s: float, now_s: float) -> None:
        steps, repeat = PATTERNS[self.pattern]
        if not repeat and self._step + 1 == len(steps):
            self._once = None
            self._begin(at_s)
            return
        self._step = (self._step + 1) % len(steps)
        # After a stall (a suspended machine) the pattern goes on from now, it isn't caught up.
        self._light(at_s if now_s - at_s < 1.0 else now_s)

    def _light(self, at_s: float) -> None:
        steps = PATTERNS[self.pattern].steps
        self.lit, for_s = steps[self._step]
        self._until_s = None if len(steps) == 1 else at_s + for_s
