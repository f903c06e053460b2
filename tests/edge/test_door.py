"""People through a door: tables of two beams, and random crowds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.door import BEAM, PAIR_MAX_S, PAIR_MIN_S, TRAIL_S, Door, Fault, Way
from edge.press import Press, PressMachine

Level = tuple[float, int, bool]
"""(at_s, beam, broken)."""


def walk(door: Door, levels: list[Level], *, until_s: float = 1e6) -> list[Way | Fault]:
    """Let beams be broken and freed; return what was said."""
    machines = [PressMachine(timing=BEAM) for _ in range(2)]
    said: list[tuple[float, int, Press]] = []
    for at_s, beam, broken in sorted(levels):
        said += [(one.at_s, beam, one) for one in machines[beam].edge(down=broken, at_s=at_s)]
    for beam, machine in enumerate(machines):
        said += [(one.at_s, beam, one) for one in machine.advance(until_s)]
    moments = [door.moment(beam, press) for _, beam, press in sorted(said)]
    return [one for one in moments if one is not None]


def person(at_s: float, way: Way, *, apart_s: float = 0.25, body_s: float = 0.3) -> list[Level]:
    """Return one who breaks both beams in order, each for as long as the body takes."""
    first, second = (0, 1) if way is Way.IN else (1, 0)
    return [
        (at_s, first, True),
        (at_s + body_s, first, False),
        (at_s + apart_s, second, True),
        (at_s + apart_s + body_s, second, False),
    ]


@pytest.mark.parametrize(
    ("levels", "entered", "left", "unclear"),
    [
        ([], 0, 0, 0),
        (person(1, Way.IN), 1, 0, 0),
        (person(1, Way.OUT), 0, 1, 0),
        (person(1, Way.IN, apart_s=0.081), 1, 0, 0),
        (person(1, Way.IN, apart_s=1.499), 1, 0, 0),
        # A door leaf breaks both at once; somebody looks in and leaves again.
        (person(1, Way.IN, apart_s=0.079), 0, 0, 2),
        (person(1, Way.IN, apart_s=1.6), 0, 0, 1),
        ([(1, 0, True), (3, 0, False)], 0, 0, 0),
        ([(1, 0, True), (1.2, 0, False), (2, 0, True), (2.2, 0, False)], 0, 0, 1),
        # An insect: 5 ms are no break.
        ([(1, 0, True), (1.005, 0, False), *person(2, Way.OUT)], 0, 1, 0),
        # An arm before the body, and a bag behind it.
        ([(0.8, 0, True), (0.85, 0, False), *person(1, Way.IN)], 1, 0, 1),
        ([*person(1, Way.IN, body_s=0.1), (1.5, 1, True), (1.55, 1, False)], 1, 0, 0),
        # Two, one behind the other; one in, one out after each other.
        ([*person(1, Way.IN), *person(1.7, Way.IN)], 2, 0, 0),
        ([*person(1, Way.IN), *person(3, Way.OUT)], 1, 1, 0),
    ],
)
def test_who_went_which_way(levels: list[Level], entered: int, left: int, unclear: int) -> None:
    """By the order of the beams, within 80 to 1500 ms."""
    door = Door()
    walk(door, levels)
    assert (door.entered, door.left, door.unclear) == (entered, left, unclear)


@pytest.mark.parametrize("beam", [0, 1])
def test_a_blocked_beam_is_a_fault_and_counts_nobody(beam: int) -> None:
    """A chair in the door, from 60 s on; free again, it counts again."""
    door = Door()
    chair = [(1.0, beam, True), (200.0, beam, False)]
    other = 1 - beam
    passing = [(100.0, other, True), (100.3, other, False)]
    assert walk(door, [*chair, *passing, *person(300, Way.IN)]) == [
        Fault.BLOCKED,
        Fault.FREE,
        Way.IN,
    ]
    assert (door.entered, door.left, door.blocked) == (1, 0, set())
    door = Door()
    assert walk(door, [(1.0, beam, True)], until_s=60.9) == []
    door = Door()
    assert walk(door, [(1.0, beam, True)], until_s=61.1) == [Fault.BLOCKED]
    assert door.blocked == {beam}


@pytest.mark.parametrize("beam", [0, 1])
def test_who_passes_while_a_beam_is_blocked_is_no_half_of_the_next_one(beam: int) -> None:
    """The chair goes, and its beam is broken again at once: nobody knows by whom."""
    door = Door()
    chair = [(1.0, beam, True), (100.2, beam, False), (100.5, beam, True), (100.7, beam, False)]
    passing = [(100.0, 1 - beam, True), (100.3, 1 - beam, False)]

    assert walk(door, [*chair, *passing]) == [Fault.BLOCKED, Fault.FREE]
    assert (door.entered, door.left) == (0, 0)


WALKS = st.lists(
    st.tuples(
        st.sampled_from([Way.IN, Way.OUT]),
        st.floats(PAIR_MIN_S + 0.001, PAIR_MAX_S - 0.001),
        st.floats(0.03, 2.0),
        st.floats(TRAIL_S, 30.0),
    ),
    max_size=40,
)


@given(WALKS)
def test_people_one_after_the_other_are_all_counted(
    walks: list[tuple[Way, float, float, float]],
) -> None:
    """Each leaves both beams before the next comes: nobody is missed and none imagined."""
    door, at_s, levels = Door(), 1.0, []
    for way, apart_s, body_s, gap_s in walks:
        levels += person(at_s, way, apart_s=apart_s, body_s=body_s)
        # The last instant of this one, then a gap in which no pair could be made by mistake.
        at_s += apart_s + body_s + gap_s
    walk(door, levels)
    assert door.entered == sum(way is Way.IN for way, *_ in walks)
    assert door.left == sum(way is Way.OUT for way, *_ in walks)
    assert door.unclear == 0


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 1), st.booleans()), max_size=200))
def test_whatever_the_beams_do(steps: list[tuple[float, int, bool]]) -> None:
    """Each passage takes two breaks, none is used twice; no fault stays without its beam."""
    at_s, levels = 0.0, []
    for gap_s, beam, broken in steps:
        at_s += gap_s
        levels.append((at_s, beam, broken))
    door = Door()
    said = walk(door, levels)
    breaks = sum(
        before is not after and after
        for beam in range(2)
        for before, after in itertools.pairwise(
            [False, *(broken for _, one, broken in levels if one == beam)]
        )
    )
    assert 2 * (door.entered + door.left) <= breaks
    assert said.count(Way.IN) == door.entered
    assert said.count(Way.OUT) == door.left
    blocked = said.count(Fault.BLOCKED) - said.count(Fault.FREE)
    assert blocked == len(door.blocked)
