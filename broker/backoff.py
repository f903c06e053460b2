"""PURE: how long to wait before the next attempt to connect."""

from random import Random

WAIT_FIRST_S, WAIT_S_MAX = 0.2, 5.0


def wait_s(attempt: int, random: Random, *, is_refused: bool = False) -> float:
    """Return how long to wait before the next attempt: full jitter, so that a hall's nodes spread.

    Args:
        attempt: How many attempts in a row came to nothing.
        is_refused: The broker refused the account: trying again soon can't help.
    """
    if is_refused:
        return WAIT_S_MAX
    return random.uniform(0, min(WAIT_S_MAX, WAIT_FIRST_S * 2 ** min(attempt, 16)))
