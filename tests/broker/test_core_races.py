"""The hub's core when many press at once: one commit or several, in any order, some again."""

from random import Random
from typing import Any, ClassVar

import pytest

from broker.hall.rules import Actor
from tests.broker.test_core import ISSUE, Desk

KIOSKS = {f"kiosk-{n}": str(n) * 32 for n in range(1, 9)}
COUNTERS = {f"loket-{n}": chr(ord("a") + n) * 32 for n in (3, 4)}
PRESSES = 40


class BusyDesk(Desk):
    """A core of eight kiosks and two counters."""

    nodes: ClassVar[dict[str, Actor]] = {
        **{kiosk: Actor(node=kiosk, role="kiosk") for kiosk in KIOSKS},
        **{f"loket-{n}": Actor(f"loket-{n}", "counter", frozenset({n})) for n in (3, 4)},
    }


@pytest.mark.parametrize("first", ["loket-3", "loket-4"])
@pytest.mark.parametrize("commits", [1, 2])
def test_two_counters_that_call_one_visit_call_it_once(first: str, commits: int) -> None:
    """Whoever is first gets the visitor; the other ticket waits and is passed over."""
    desk = BusyDesk()
    stream = KIOSKS["kiosk-1"]
    desk.up("kiosk-1", stream, 1, {"type": "issue", "services": ["ktp-el", "ktp-el"]})
    printed = [(f"{stream}:1", "A001"), (f"{stream}:1.2", "A002")]
    confirms = [{"type": "confirm_print", "ticket": t, "number": n} for t, n in printed]
    desk.up("kiosk-1", stream, 2, *confirms)
    desk.settle()

    results: list[Any] = []
    for node in sorted(COUNTERS, key=lambda node: node != first):
        call = {"type": "call_next", "counter": int(node[-1]), "seen": ""}
        desk.up(node, COUNTERS[node], 1, call)
        results += desk.results() if commits == 2 else []
    results += desk.results()

    events = [event for result in results for event in result.get("events", [])]
    called = [event for event in events if event["type"] == "ticket_called"]
    assert [(e["ticket"], e["counter"]) for e in called] == [(f"{stream}:1", int(first[-1]))]


@pytest.mark.parametrize("seed", range(5))
def test_eight_kiosks_and_320_presses_at_once(seed: int) -> None:
    """Batches of eight streams in any order, each perhaps sent again: 320 numbers, none twice."""
    random, desk = Random(seed), BusyDesk()
    given: dict[tuple[str, int], str] = {}
    sent = dict.fromkeys(KIOSKS, 0)
    while len(given) < PRESSES * len(KIOSKS):
        for kiosk in random.sample(sorted(KIOSKS), 5):
            start = max(1, sent[kiosk] - random.randrange(4))
            count = min(random.randint(1, 9), PRESSES + 1 - start)
            desk.up(kiosk, KIOSKS[kiosk], start, *[ISSUE] * count, first=1)
            sent[kiosk] = max(sent[kiosk], start + count - 1)
            if random.random() < 0.5:
                note_results(desk, given)
        note_results(desk, given)

    assert sorted(given.values()) == [f"A{n:03}" for n in range(1, 321)]


def note_results(desk: Desk, given: dict[tuple[str, int], str]) -> None:
    """Commit, and note the number each press was given; told again it must be the same."""
    for result in desk.results():
        (event,) = result["events"]
        stream, _, seq = event["ticket"].partition(":")
        assert given.setdefault((stream, int(seq)), event["number"]) == event["number"]
