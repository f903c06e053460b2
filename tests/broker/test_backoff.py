"""Attempts to connect: seldom enough, and never all at once."""

from random import Random

import pytest

from broker.backoff import WAIT_S_MAX, wait_s


@pytest.mark.parametrize(
    ("attempt", "longest_s"), [(0, 0.2), (1, 0.4), (3, 1.6), (5, 5.0), (1000, 5.0)]
)
def test_the_wait_is_anything_up_to_a_growing_limit(attempt: int, longest_s: float) -> None:
    """Full jitter: the nodes of a hall don't all come back in the same instant."""
    random = Random(7)
    waits = [wait_s(attempt, random) for _ in range(500)]

    assert 0 <= min(waits) < 0.1 * longest_s
    assert 0.9 * longest_s < max(waits) <= longest_s


def test_a_refused_account_waits_longest_at_once() -> None:
    """Trying again soon can't help."""
    assert wait_s(0, Random(1), is_refused=True) == WAIT_S_MAX
