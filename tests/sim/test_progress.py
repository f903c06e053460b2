"""The bar of a long run: how far, how fast, how long still, and what failed."""

import io

import pytest

from tests.sim.progress import BAR, LOGGED_EVERY_S, Progress, as_line, as_time


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.mark.parametrize(
    ("left_s", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3540, "59 min"), (3600, "1 h 00 min")],
)
def test_time_left(left_s: float, text: str) -> None:
    """Nobody knows it to the second."""
    assert as_time(left_s) == text


def test_a_line_tells_rate_failures_and_time_left() -> None:
    """A quarter of 10,000 seeds after 250 s: 10 a second, 12 and a half minutes still."""
    assert as_line(2500, 10_000, 3, 250.0) == (
        f"[{'#' * (BAR // 4):{BAR}}] 2500/10000 seeds, 3 failed, 10.0 a second, 12 min left"
    )
    assert as_line(0, 10, 0, 0.0) == f"[{'':{BAR}}] 0/10 seeds, 0 failed"
    assert as_line(10, 10, 0, 2.0) == f"[{'#' * BAR}] 10/10 seeds, 0 failed, 5.0 a second"


def test_a_log_has_a_line_a_minute_and_one_at_the_end() -> None:
    """600 seeds of a second each are ten lines."""
    now_s, out = [0.0], io.StringIO()
    progress = Progress(600, out=out, mono_s=lambda: now_s[0])
    for done in range(1, 601):
        now_s[0] += 1.0
        progress.show(done, 0)
    lines = out.getvalue().splitlines()
    assert LOGGED_EVERY_S == 60
    assert [line.split("] ")[1].split("/")[0] for line in lines] == [
        str(60 * minute) for minute in range(1, 11)
    ]


def test_a_failure_stands_above_the_bar_at_once() -> None:
    """The bar is wiped, the failure has a line, and the bar is drawn again below."""
    now_s, out = [0.0], Screen()
    progress = Progress(10, out=out, mono_s=lambda: now_s[0])
    now_s[0] = 1.0
    progress.show(1, 0)
    progress.tell("seed 1: row_twice")
    now_s[0] = 2.0
    progress.show(2, 1)
    drawn, wiped = out.getvalue().split("seed 1: row_twice\n")
    bar = as_line(1, 10, 0, 1.0)
    assert drawn == f"\r{bar}\r{' ' * len(bar)}\r"
    assert wiped == f"\r{as_line(2, 10, 1, 2.0):{len(bar)}}"


def test_one_seed_needs_no_bar() -> None:
    """It is over when it is over."""
    now_s, out = [0.0], Screen()
    progress = Progress(1, out=out, mono_s=lambda: now_s[0])
    now_s[0] = 99.0
    progress.show(1, 0)
    assert out.getvalue() == ""
