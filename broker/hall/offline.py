"""Numbers a kiosk gives out without the hub: a ring from 001 to 999, counted on across days."""

OFFLINE_MAX = 999
"""The last number of the ring; 001 follows it."""

LATE_MAX = 100
"""A number at most so many places behind the last one known is late, not a new round: a kiosk's
slips are heard of in order, but any of them may have been admitted at a desk before."""


def following(last: int) -> int:
    """Return the number after this one; the first one after 0."""
    return last % OFFLINE_MAX + 1


def later(number: int, last: int | None) -> int:
    """Return which of two numbers was given last; None = no other is known.

    A kiosk that has lost its own count may begin anywhere in the ring.
    """
    if last is None or (last - number) % OFFLINE_MAX >= LATE_MAX:
        return number
    return last
