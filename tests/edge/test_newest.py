"""Which snapshots of a topic a node takes."""

import pytest

from edge.newest import Newest


@pytest.mark.parametrize(
    ("gen", "pos", "is_taken"),
    [
        ("2-aaaaaaaa", 4999, False),
        ("2-aaaaaaaa", 5000, True),
        ("2-aaaaaaaa", 5001, True),
        ("1-cccccccc", 9999, False),
        ("3-00000000", 1, True),
        ("2-bbbbbbbb", 3, True),
    ],
)
def test_what_is_older_is_not_taken(gen: str, pos: int, *, is_taken: bool) -> None:
    """A hub with a new journal of the same number is believed without a restart of the node."""
    newest = Newest()
    assert newest.takes("2-aaaaaaaa", 5000, gen_n=2)

    assert newest.takes(gen, pos, gen_n=2) is is_taken


def test_a_snapshot_that_is_not_taken_is_not_remembered() -> None:
    """Only what is shown is compared with."""
    newest = Newest()
    newest.takes("1-aaaaaaaa", 5, gen_n=0)
    newest.takes("1-aaaaaaaa", 4, gen_n=0)

    assert newest.takes("1-aaaaaaaa", 5, gen_n=0)


def test_a_generation_below_the_highest_heard_is_not_taken() -> None:
    """The node has heard it from an ack or a heartbeat, maybe before its restart."""
    assert not Newest().takes("2-aaaaaaaa", 5, gen_n=3)
    assert Newest().takes("3-aaaaaaaa", 5, gen_n=3)
