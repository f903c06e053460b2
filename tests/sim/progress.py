"""What a long run of seeds says meanwhile, for somebody who leaves it alone and looks in at times.

On a terminal one line is drawn again and again; in a log there is a line a minute. What went wrong
stands above it as a line of its own, at once.
"""

from collections.abc import Callable
from typing import TextIO

BAR = 30

DRAWN_EVERY_S = 0.2
LOGGED_EVERY_S = 60.0


def as_time(left_s: float) -> str:
    """Return a time that is left, as exactly as anybody can know it."""
    if left_s < 60:
        return f"{left_s:.0f} s"
    minutes = round(left_s / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def as_line(done: int, count: int, failed: int, took_s: float) -> str:
    """Return how far a run has come: a bar, the rate, what failed, and the time left."""
    bar = "#" * (BAR * done // count)
    line = f"[{bar:{BAR}}] {done}/{count} seeds, {failed} failed"
    if not done or took_s <= 0:
        return line
    rate = done / took_s
    left = f", {as_time((count - done) / rate)} left" if done < count else ""
    return f"{line}, {rate:.1f} a second{left}"


class Progress:
    """The progress of one run.

    Args:
        out: Where it is said.
        mono_s: Tells monotonic seconds.
    """

    def __init__(self, count: int, *, out: TextIO, mono_s: Callable[[], float]) -> None:
        self._count = count
        self._out = out
        self._mono_s = mono_s
        self._begun_s = self._said_s = mono_s()
        self._every_s = DRAWN_EVERY_S if out.isatty() else LOGGED_EVERY_S
        self._width = 0

    def show(self, done: int, failed: int) -> None:
        """Say how far it is, unless it was said a moment ago; a single seed is not counted."""
        now_s = self._mono_s()
        is_due = now_s >= self._said_s + self._every_s or done == self._count
        if self._count == 1 or not is_due:
            return
        self._said_s = now_s
        line = as_line(done, self._count, failed, now_s - self._begun_s)
        if not self._out.isatty():
            self._out.write(line + "\n")
        else:
            self._out.write(f"\r{line:{self._width}}" + "\n" * (done == self._count))
            self._width = len(line)
        self._out.flush()

    def tell(self, text: str) -> None:
        """Say something above the bar, now."""
        if self._out.isatty():
            self._out.write("\r" + " " * self._width + "\r")
        self._out.write(text + "\n")
        self._out.flush()
