"""Presses over a bad cable: pulled, lossy, slow, silently cut; each is decided once in the end."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.chaos_hall import AGAIN_S, ask
from tests.real.hall import until
from tests.real.netns import NODES, Cable, CabledHall, cabled_hall
from tests.real.oracle import forgotten, invented, lost, misprinted, out_of_turn, skipped, twice

pytestmark = [pytest.mark.needs(part) for part in ("mosquitto", "ip", "tc", "nft")]

KIOSK, COUNTER = NODES
SERVICES = ("skck", "sim", "kk")

FOUND_OUT_S = 25.0
"""Keepalive 15 s, and half of it again: by then a silent cut is known to be one."""


def press_on(hall: CabledHall, *, for_s: float) -> int:
    """Press for so long as visitors and staff do; return how many asked for a ticket."""
    end_s, tickets = time.monotonic() + for_s, 0
    while time.monotonic() < end_s:
        for service in SERVICES:
            assert ask(hall.data / KIOSK, {"press": service, "ms": 30}) == {"ok": True}
        tickets += len(SERVICES)
        for button in ("call", "done"):
            assert ask(hall.data / COUNTER, {"press": button, "ms": 30}) == {"ok": True}
        time.sleep(AGAIN_S)
    return tickets


def check(hall: CabledHall, tickets: int) -> None:
    """Assert that all came to be once, and on paper."""
    until(lambda: hall.is_settled(*NODES), "every press has its result", within_s=60)
    journal = hall.journal()
    kept = {node: hall.outbox(node) for node in NODES}
    events = [event["type"] for row in journal for event in row.events]
    assert events.count("print_confirmed") == tickets
    found = [*lost(journal, kept), *invented(journal, kept), *twice(journal)]
    found += [*out_of_turn(journal), *skipped(journal), *forgotten(journal)]
    assert [*found, *misprinted(journal, {KIOSK: hall.slips(KIOSK)})] == []


FAULTS: dict[str, tuple[Callable[[Cable], contextlib.AbstractContextManager[None]], float]] = {
    "pulled": (Cable.pulled, 8.0),
    "20 % lost": (lambda cable: cable.dropping(20), 10.0),
    "64 kbit/s": (lambda cable: cable.slow("64kbit"), 10.0),
    "nothing": (lambda _: contextlib.nullcontext(), 4.0),
}
"""What happens to the cable, and for how long; the last is the control."""


@pytest.mark.parametrize("name", FAULTS)
def test_presses_over_a_bad_cable_are_all_decided_once(tmp_path: Path, name: str) -> None:
    """The kiosk prints all the time, with its own numbers if need be."""
    fault, for_s = FAULTS[name]
    with cabled_hall(tmp_path) as (hall, cable):
        tickets = press_on(hall, for_s=2.0)
        with fault(cable):
            tickets += press_on(hall, for_s=for_s)
        tickets += press_on(hall, for_s=2.0)
        check(hall, tickets)


def test_a_silent_cut_is_found_out_and_loses_nothing(tmp_path: Path) -> None:
    """No FIN, no RST: both ends know by their keepalive, and connect again afterwards."""
    with cabled_hall(tmp_path) as (hall, cable):
        tickets = press_on(hall, for_s=2.0)
        with cable.dropping(100):
            cut_s = time.monotonic()
            tickets += press_on(hall, for_s=2.0)
            left_s = FOUND_OUT_S - (time.monotonic() - cut_s)
            until(
                lambda: '"broker lost"' in hall.log(KIOSK).read_text("utf-8"), "it", within_s=left_s
            )
        tickets += press_on(hall, for_s=2.0)
        check(hall, tickets)
