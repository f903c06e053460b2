"""The rhythm of `--play`: plausible, the same each time, and never stuck."""

from collections import Counter
from itertools import takewhile
from random import Random

from edge.play import Played, Player, rhythm

COUNTER_BUTTONS = ("call", "recall", "no_show", "done", "pause")
HALL = [
    Player("kiosk-1", "kiosk", ("PRIORITY", "ktp-el", "skck")),
    Player("kiosk-2", "kiosk", ("A", "B")),
    *(Player(f"loket-{n}", "counter", COUNTER_BUTTONS) for n in range(1, 7)),
]


def hour(seed: int = 1) -> list[Played]:
    """Return an hour's presses at speed 1."""
    return list(takewhile(lambda press: press.at_s < 3600, rhythm(HALL, Random(seed))))


def test_the_same_seed_presses_the_same() -> None:
    """What a demo showed can be shown again."""
    assert hour(1) == hour(1)
    assert hour(1) != hour(2)


def test_presses_come_in_order_of_time() -> None:
    """The runtime sleeps until each."""
    times = [press.at_s for press in hour()]
    assert times == sorted(times)
    assert times[0] >= 0


def test_only_buttons_the_node_has_are_pressed() -> None:
    """And never PRIORITY alone: it makes no ticket."""
    buttons = {player.node: set(player.buttons) - {"PRIORITY", "pause"} for player in HALL}
    pressed: dict[str, set[str]] = {player.node: set() for player in HALL}
    for press in hour():
        pressed[press.node].add(press.button)
    assert pressed == buttons


def test_the_counters_keep_up_with_the_kiosks() -> None:
    """A calm hall: what comes is called, and most who are called come."""
    counts = Counter(press.button for press in hour())
    issued = sum(counts[button] for button in ("ktp-el", "skck", "A", "B"))
    assert 220 < issued < 340
    assert issued < counts["call"] < issued * 2.5
    assert counts["no_show"] < counts["done"] / 5
    assert counts["recall"] < counts["call"] / 4


def test_a_counter_with_a_call_button_only_is_played_too() -> None:
    """The smallest counter of a hall file."""
    presses = rhythm([Player("loket-1", "counter", ("call",))], Random(1))
    assert {next(presses).button for _ in range(20)} == {"call"}
