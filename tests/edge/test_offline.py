"""Which numbers a kiosk takes without the hub: a ring, counted on across days."""

import pytest

from edge.offline import ROUND_MIN_MS, next_numbers

NOW_MS = 1_796_173_200_000
YESTERDAY_MS = NOW_MS - ROUND_MIN_MS


def numbers(
    given_ms: dict[str, int], count: int = 1, *, known: int | None = None
) -> tuple[str, ...]:
    """Return the next numbers of K1."""
    return next_numbers(
        count, prefix="K1", given_ms=given_ms, known=known, start=300, now_ms=NOW_MS
    )


@pytest.mark.parametrize(
    ("given_ms", "known", "found"),
    [
        ({}, None, ("K1301", "K1302")),
        ({}, 0, ("K1001", "K1002")),
        ({}, 41, ("K1042", "K1043")),
        ({"K1007": NOW_MS}, None, ("K1008", "K1009")),
        # the hub knows of later ones: this card was set back, or is not the one that gave them
        ({"K1007": NOW_MS}, 41, ("K1042", "K1043")),
        ({"K1042": NOW_MS}, 41, ("K1043", "K1044")),
        ({"K1998": NOW_MS}, 1, ("K1002", "K1003")),
        ({"K1998": NOW_MS}, None, ("K1999", "K1001")),
        # the last one given, not the highest
        ({"K1999": NOW_MS, "K1001": NOW_MS}, None, ("K1002", "K1003")),
        ({"K1998": NOW_MS, "K1001": YESTERDAY_MS - 1, "K1999": NOW_MS}, None, ("K1001", "K1002")),
        # another prefix, of an older hall file, is another ring
        ({"K2007": NOW_MS}, 0, ("K1001", "K1002")),
    ],
)
def test_numbers_go_on(given_ms: dict[str, int], known: int | None, found: tuple[str, ...]) -> None:
    """After its own last or the hub's, whichever is later; else from a random hundred."""
    assert numbers(given_ms, 2, known=known) == found


@pytest.mark.parametrize("at_ms", [NOW_MS, NOW_MS - ROUND_MIN_MS + 1, NOW_MS + 10**12])
def test_no_number_comes_round_within_a_day(at_ms: int) -> None:
    """Nor while the clock stands before the time it was given."""
    given_ms = {"K1001": at_ms, "K1999": NOW_MS}

    assert numbers(given_ms) == ()
    assert numbers({"K1002": at_ms, "K1999": NOW_MS}, 2) == ()


def test_a_number_of_yesterday_comes_round() -> None:
    """999 later, on another day."""
    assert numbers({"K1001": YESTERDAY_MS, "K1999": NOW_MS}) == ("K1001",)


def test_a_kiosk_without_a_prefix_has_no_numbers() -> None:
    """It waits for nobody to call them."""
    assert next_numbers(1, prefix="", given_ms={}, known=0, start=0, now_ms=NOW_MS) == ()
