"""PURE: which numbers a kiosk takes when it gives them out without the hub (DESIGN §5)."""

from collections.abc import Mapping

from broker.hall.offline import following, later

ROUND_MIN_MS = 20 * 3600 * 1000
"""A number comes round again no sooner: in a day each is given once. Less than a day, so that a
kiosk which gave out all 999 yesterday is not held up until the same hour today."""


def next_numbers(  # noqa: PLR0913 - what is known of the numbers, each by name
    count: int,
    *,
    prefix: str,
    given_ms: Mapping[str, int],
    known: int | None,
    start: int,
    now_ms: int,
) -> tuple[str, ...]:
    """Return the next numbers; none when one of them was given too lately, or has no prefix.

    Args:
        given_ms: When each was given by this kiosk, by its wall clock; the last one given last.
        known: The last number the hub knows of; 0 = it knows of none, None = no hub was heard.
        start: A hundred, for a kiosk that knows of no number, its own or the hub's.
        now_ms: This machine's wall clock. A number given in what is the future now was given
            lately: the clock fell back.
    """
    if not prefix:
        return ()
    own = [number for number in given_ms if number[:-3] == prefix]
    last = start if known is None else known
    if own:
        # The hub may know of later ones: of this kiosk with another card, or before its own was
        # set back.
        last = later(int(own[-1][-3:]), known or None)
    numbers: list[str] = []
    for _ in range(count):
        last = following(last)
        number = f"{prefix}{last:03}"
        if number in given_ms and now_ms - given_ms[number] < ROUND_MIN_MS:
            return ()
        numbers.append(number)
    return tuple(numbers)
