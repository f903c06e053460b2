"""People in a zone, and when they are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.hall.occupancy import Occupancy, Passed, crowding, people_after

PASSAGES = st.lists(st.builds(Passed, st.integers(0, 5), st.integers(0, 5)))


@pytest.mark.parametrize(
    ("passages", "people", "residue"),
    [
        ([], 0, 0),
        ([(3, 0), (0, 1)], 2, 2),
        # Two whom the door missed leave: nobody is inside, and the next one is one.
        ([(1, 0), (0, 3), (1, 0)], 1, -1),
        ([(5, 5)], 0, 0),
    ],
)
def test_the_estimate_is_never_below_nobody(
    passages: list[tuple[int, int]], people: int, residue: int
) -> None:
    """The residue tells what the clamp hides."""
    day = people_after(Passed(*one) for one in passages)
    assert day.people == people
    assert day.close() == residue
    assert (day.people, day.entered, day.left) == (0, 0, 0)


@given(PASSAGES)
def test_no_more_are_inside_than_came_in(passages: list[Passed]) -> None:
    """And never fewer than the difference says."""
    day = people_after(passages)
    entered, left = sum(p.entered for p in passages), sum(p.left for p in passages)
    assert (day.entered, day.left) == (entered, left)
    assert max(0, entered - left) <= day.people <= entered


def test_a_new_day_begins_with_nobody() -> None:
    """Whatever was left over of the one before."""
    day = Occupancy()
    day.passed(7, 2)
    assert day.close() == 5
    day.passed(1, 0)
    assert day.people == 1


@pytest.mark.parametrize(
    ("people", "people_max", "was", "is_crowded"),
    [
        (None, 50, False, False),  # unknown is not too full, and not empty either
        (80, None, False, False),
        (50, 50, False, False),
        (51, 50, False, True),
        (46, 50, True, True),
        (45, 50, True, False),
        (None, 50, True, False),
    ],
)
def test_when_a_zone_is_too_full(
    people: int | None,
    people_max: int | None,
    was: bool,  # noqa: FBT001 - a column of the table
    is_crowded: bool,  # noqa: FBT001 - as above
) -> None:
    """From one above its limit until it is a tenth below it."""
    found = crowding("lantai-1", people, people_max, was=was)
    assert (found is not None) == is_crowded
    if found:
        assert found == ("lantai-1", people, people_max)
