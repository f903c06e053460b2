"""Flashes in recorded frames, counted as WCAG 2.2 (2.3.1) defines them.

A flash is a pair of opposing changes in relative luminance of at least a tenth, the darker of the
two below 0.80. A red flash is such a pair of changes to or from a saturated red.
"""

from collections.abc import Sequence

from displays.palette import Colour, luminance

STEP_MIN = 0.1
DARK_MAX = 0.8
RED_MIN = 0.8
WINDOW_S = 1.0


def turns(frames: Sequence[tuple[float, float]]) -> list[float]:
    """Return when one point's luminance had changed by `STEP_MIN` against its last change.

    Args:
        frames: Instant in seconds and luminance (0 to 1) of one point, in order.
    """
    found: list[float] = []
    rising: bool | None = None
    lowest = highest = frames[0][1]  # since the last turn
    for at_s, level in frames:
        lowest, highest = min(lowest, level), max(highest, level)
        if rising is not True and level - lowest >= STEP_MIN and lowest < DARK_MAX:
            rising, lowest, highest = True, level, level
            found.append(at_s)
        elif rising is not False and highest - level >= STEP_MIN and level < DARK_MAX:
            rising, lowest, highest = False, level, level
            found.append(at_s)
    return found


def most_in_a_second(turned_s: Sequence[float]) -> int:
    """Return the most flashes, pairs of turns, that any second holds."""
    return max(
        (
            sum(start_s <= at_s < start_s + WINDOW_S for at_s in turned_s) // 2
            for start_s in turned_s
        ),
        default=0,
    )


def is_red(colour: Colour) -> bool:
    """Return whether it is a saturated red: R / (R + G + B) of at least 0.8."""
    return sum(colour) > 0 and colour[0] / sum(colour) >= RED_MIN


def levels(colours: Sequence[tuple[float, Colour]]) -> list[tuple[float, float]]:
    """Return the luminance of one point's colours."""
    return [(at_s, luminance(colour)) for at_s, colour in colours]
