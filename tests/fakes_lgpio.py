"""A stand-in for lgpio, shaped as its calls are (0.2.2): chips with lines, and what was claimed.

gpiozero's own factory for lgpio runs on it, so what is tested is everything down to lgpio's calls.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

MODULES = ("lgpio", "gpiozero.pins.lgpio", "edge.expander")

OnAlert = Callable[[int, int, int, int], None]
"""(chip, line, level, ticks_ns)."""


class FakeError(Exception):
    """lgpio's `error`."""


class Callback:
    """What `lgpio.callback` returns."""

    def __init__(self, lines: "FakeLgpio", key: tuple[int, int]) -> None:
        self._lines = lines
        self._key = key

    def cancel(self) -> None:
        """Hear nothing more."""
        self._lines.alerts.pop(self._key, None)


class FakeLgpio(ModuleType):
    """The library, with these GPIO chips on the machine.

    Attributes:
        claims: (chip, line) -> what it was last claimed as.
        levels: (chip, line) -> its level.
        opened: Handles that are open, by chip.
    """

    SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3
    error = FakeError

    def __init__(self, chips: set[int]) -> None:
        super().__init__("lgpio")
        self.chips = chips
        self.claims: dict[tuple[int, int], str] = {}
        self.levels: dict[tuple[int, int], int] = {}
        self.alerts: dict[tuple[int, int], OnAlert] = {}
        self.opened: set[int] = set()
        self._flags: dict[tuple[int, int], int] = {}

    def gpiochip_open(self, chip: int) -> int:
        """Return a handle: the chip's number, here."""
        if chip not in self.chips:
            raise FakeError(f"'can not open gpiochip' {chip}")
        self.opened.add(chip)
        return chip

    def gpiochip_close(self, handle: int) -> None:
        """Close it."""
        self.opened.discard(handle)

    def gpio_claim_input(self, handle: int, line: int, flags: int = 0) -> None:
        """Claim a line to be read."""
        self.claims[handle, line] = "input"
        self._flags[handle, line] = flags
        if flags & self.SET_PULL_UP:
            self.levels.setdefault((handle, line), 1)

    def gpio_claim_output(self, handle: int, line: int, level: int = 0) -> None:
        """Claim a line to be driven."""
        self.claims[handle, line] = "output"
        self.levels[handle, line] = level

    def gpio_claim_alert(self, handle: int, line: int, edges: int, flags: int = 0) -> None:
        """Claim a line to be heard."""
        assert edges == self.BOTH_EDGES
        self.claims[handle, line] = "alert"
        self._flags[handle, line] |= flags

    def gpio_free(self, handle: int, line: int) -> None:
        """Give a line back."""
        self.claims.pop((handle, line), None)

    def gpio_get_mode(self, handle: int, line: int) -> int:
        """Return bits as lgpio has them: 2 = output, 32 = pulled up."""
        is_out = self.claims.get((handle, line)) == "output"
        return 2 if is_out else self._flags.get((handle, line), 0)

    def gpio_read(self, handle: int, line: int) -> int:
        """Return the level."""
        return self.levels.get((handle, line), 0)

    def gpio_write(self, handle: int, line: int, level: int) -> None:
        """Drive the level."""
        assert self.claims[handle, line] == "output"
        self.levels[handle, line] = int(level)

    def gpio_set_debounce_micros(self, handle: int, line: int, micros: int) -> None:
        """Filter nothing: the node's own machines do."""
        assert (handle in self.opened, line >= 0, micros) == (True, True, 0)

    def callback(self, handle: int, line: int, edges: int, on_alert: OnAlert) -> Callback:
        """Have edges of a line heard."""
        assert edges == self.BOTH_EDGES
        self.alerts[handle, line] = on_alert
        return Callback(self, (handle, line))

    def drive(self, chip: int, line: int, level: int, ticks_ns: int) -> None:
        """Change a line from outside, as a finger does."""
        self.levels[chip, line] = level
        if on_alert := self.alerts.get((chip, line)):
            on_alert(chip, line, level, ticks_ns)


@contextmanager
def lgpio_with(chips: set[int]) -> Iterator[FakeLgpio]:
    """Have this library be what `import lgpio` finds, for the block."""
    was = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    fake = FakeLgpio(chips)
    sys.modules["lgpio"] = fake
    try:
        yield fake
    finally:
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(was)
