"""The press machine: what a button says, from edges and time."""

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.press import Moment, Press, PressMachine, Timing

DOWN, UP = True, False
TIMING = Timing()


class Case(NamedTuple):
    """Edges in milliseconds, the instant they are looked at, and what is then certain."""

    edges: list[tuple[float, bool]]
    until_ms: float
    said: list[tuple[str, float]]
    chatter: int = 0


CASES = {
    "nothing": Case([], 60_000, []),
    "a press is accepted after 2 ms, its release after the lockout": Case(
        [(0, DOWN), (10, UP)], 100, [("pressed", 2), ("released", 27)]
    ),
    "it is not certain before": Case([(0, DOWN)], 1.9, []),
    "a long one is let go at its end": Case(
        [(0, DOWN), (120, UP)], 200, [("pressed", 2), ("released", 122)]
    ),
    "a spike of 1 ms is no press": Case([(0, DOWN), (1, UP)], 100, [], chatter=2),
    "bounces at the beginning delay it": Case(
        [(0, DOWN), (1, UP), (1.5, DOWN), (2.5, UP), (3, DOWN), (100, UP)],
        200,
        [("pressed", 5), ("released", 102)],
        chatter=4,
    ),
    "bounces after the acceptance are nothing": Case(
        [(0, DOWN), (5, UP), (8, DOWN), (100, UP)],
        200,
        [("pressed", 2), ("released", 102)],
        chatter=2,
    ),
    "a bounce of letting go is no second press": Case(
        [(0, DOWN), (100, UP), (104, DOWN), (110, UP)],
        200,
        [("pressed", 2), ("released", 102)],
        chatter=2,
    ),
    "a press within the lockout of a release counts at its end": Case(
        [(0, DOWN), (50, UP), (60, DOWN), (150, UP)],
        200,
        [("pressed", 2), ("released", 52), ("pressed", 77), ("released", 152)],
    ),
    "3 s are held": Case(
        [(0, DOWN), (4000, UP)], 5000, [("pressed", 2), ("held", 3002), ("released", 4002)]
    ),
    "a finger that leaves before 3 s holds no longer": Case(
        [(0, DOWN), (3001, UP)], 5000, [("pressed", 2), ("released", 3003)]
    ),
    "30 s are stuck, said once": Case(
        [(0, DOWN)], 90_000, [("pressed", 2), ("held", 3002), ("stuck", 30_002)]
    ),
    "an edge that was lost leaves the later one": Case(
        [(0, DOWN), (1, DOWN)], 100, [("pressed", 3)], chatter=1
    ),
}


def run(machine: PressMachine, case: Case) -> list[Press]:
    """Return what the machine says to a case's edges."""
    said = []
    for at_ms, down in case.edges:
        said += machine.edge(down=down, at_s=at_ms / 1000)
    return said + machine.advance(case.until_ms / 1000)


@pytest.mark.parametrize("name", CASES)
def test_edges_become_presses(name: str) -> None:
    """The table of what a button says, with the instant of each moment."""
    case = CASES[name]
    machine = PressMachine()

    said = [(press.moment.value, round(press.at_s * 1000, 6)) for press in run(machine, case)]

    assert case.said == said
    assert case.chatter == machine.chatter


def test_a_release_tells_whether_the_press_was_held() -> None:
    """A button with two meanings must not do both."""
    short, long = PressMachine(), PressMachine()

    assert [p.held for p in run(short, Case([(0, DOWN), (100, UP)], 200, []))] == [False, False]
    assert run(long, Case([(0, DOWN), (4000, UP)], 4100, []))[-1] == Press(
        Moment.RELEASED, pytest.approx(4.002), held=True
    )


def test_a_button_that_is_down_at_the_start_was_not_pressed() -> None:
    """Nobody knows when; it is only watched for being stuck, and letting go does nothing."""
    machine = PressMachine(down=True, at_s=10.0)

    assert [press.moment for press in machine.advance(100.0)] == [Moment.STUCK]
    assert machine.edge(down=False, at_s=101.0) == []
    assert machine.advance(101.1) == [Press(Moment.RELEASED, pytest.approx(101.002), held=True)]
    assert (machine.presses, machine.releases) == (0, 1)


def test_no_timer_is_needed_while_nobody_presses() -> None:
    """One timer at the right instant; none for a button that is up or was said to be stuck."""
    machine = PressMachine()
    assert machine.wake_s() is None
    machine.edge(down=True, at_s=1.0)
    wakes = []
    while (wake_s := machine.wake_s()) is not None:
        wakes.append(round(wake_s, 6))
        machine.advance(wake_s)

    assert wakes == [1.002, 4.002, 31.002]


def test_time_never_goes_back() -> None:
    """Threads may hand over stamps out of order; nothing breaks."""
    machine = PressMachine(at_s=5.0)
    machine.edge(down=True, at_s=4.0)

    assert machine.advance(5.1) == [Press(Moment.PRESSED, pytest.approx(5.002))]


EDGES = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=0.1) | st.floats(min_value=0, max_value=40), st.booleans()
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(EDGES, st.booleans())
def test_whatever_a_button_does(steps: list[tuple[float, bool]], timers: bool) -> None:  # noqa: FBT001 - drawn
    """No two presses within the lockout, each from a stable level, and the counts add up.

    `timers`: the runtime asks at each `wake_s()`; else it is late and asks only at the next edge.
    """
    machine, now_s, edges, said = PressMachine(), 0.0, [(0.0, UP)], []
    for wait_s, down in steps:
        now_s += wait_s
        while timers and (wake_s := machine.wake_s()) is not None and wake_s <= now_s:
            said += machine.advance(wake_s)
        said += machine.edge(down=down, at_s=now_s)
        edges.append((now_s, down))
    said += machine.advance(now_s + 100)

    pressed = [press.at_s for press in said if press.moment is Moment.PRESSED]
    assert all(b - a >= TIMING.lockout_s for a, b in pairwise(pressed))
    for at_s in pressed:
        since_s, level = [edge for edge in edges if edge[0] < at_s][-1]
        assert level is DOWN
        assert at_s - since_s >= TIMING.stable_s - 1e-9
    changes = [p.moment for p in said if p.moment in {Moment.PRESSED, Moment.RELEASED}]
    assert changes == [Moment.PRESSED, Moment.RELEASED] * (len(changes) // 2) + (
        [Moment.PRESSED] if machine.is_down else []
    )
    assert [p.at_s for p in said] == sorted(p.at_s for p in said)
    assert machine.edges == machine.presses + machine.releases + machine.chatter
    assert machine.is_down is edges[-1][1]


@settings(max_examples=100, deadline=None)
@given(EDGES)
def test_late_timers_change_nothing(steps: list[tuple[float, bool]]) -> None:
    """A process that was busy sees the same presses, with the same stamps."""
    prompt, busy, now_s = PressMachine(), PressMachine(), 0.0
    said: list[Press] = []
    late: list[Press] = []
    for wait_s, down in steps:
        now_s += wait_s
        while (wake_s := prompt.wake_s()) is not None and wake_s <= now_s:
            said += prompt.advance(wake_s)
        said += prompt.edge(down=down, at_s=now_s)
        late += busy.edge(down=down, at_s=now_s)

    assert said + prompt.advance(now_s + 100) == late + busy.advance(now_s + 100)
