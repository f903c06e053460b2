"""A real kiosk cut off from the real hub: a slip within 2 s, and one ticket after the cut.

The same at every instant, in virtual time, is `tests/edge/test_node_alone.py`; here are the
processes, the broker, the disk and the clock of the machine.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.real.hall import RunningHall, running_hall, until

KIOSK = "kiosk-1"
BY_S = 2.0
"""The slip of a kiosk that is cut off is out by then (DESIGN §5: 1.5 s for the hub, and paper)."""

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("mosquitto_sub")]


class Pressed(NamedTuple):
    """A press: when, by the wall clock, and what the slip says."""

    at_ms: float
    number: str


@contextlib.contextmanager
def frozen(hall: RunningHall, name: str) -> Iterator[None]:
    """Stop a process for the block as a hung machine or a pulled cable does: nothing is closed."""
    pid = hall.pid(name)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    pids = [pid, *map(int, children)]  # mosquitto is a child of `loket broker`
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


def press(hall: RunningHall, button: str) -> Pressed:
    """Press, and return what came out, which has to be within 2 s."""
    slips = len(hall.slips(KIOSK))
    at_ms = time.time() * 1000
    assert hall.press(KIOSK, button)
    until(lambda: len(hall.slips(KIOSK)) > slips, "a slip", within_s=BY_S - (_since_s(at_ms)))
    return Pressed(at_ms, hall.slips(KIOSK)[-1])


def _since_s(at_ms: float) -> float:
    return time.time() - at_ms / 1000


def tickets(hall: RunningHall) -> dict[str, dict[str, Any]]:
    """Return what the journal says of each ticket: number, place, whether it is on paper, or over.

    Read with `json` alone; a later event says more of the same ticket.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in hall.journal():
        for event in row.events:
            if event["type"] in {"ticket_issued", "ticket_corrected"}:
                found.setdefault(event["ticket"], {}).update(event)
            if event["type"] in {"print_confirmed", "ticket_closed"}:
                found[event["ticket"]][event["type"]] = True
    return found


def check_once(hall: RunningHall, *presses: Pressed) -> None:
    """Assert that the hub has a printed ticket for each press, no other, in order of the press."""
    until(partial(hall.is_settled, KIOSK), "the hub has decided all", within_s=60)
    known = sorted(tickets(hall).values(), key=lambda ticket: ticket["issued_ms"])
    assert [ticket["number"] for ticket in known] == [each.number for each in presses]
    for ticket, pressed in zip(known, presses, strict=True):
        assert ticket.get("print_confirmed")
        assert not ticket.get("ticket_closed")
        assert abs(ticket["issued_ms"] - pressed.at_ms) < 500
    assert hall.slips(KIOSK) == [each.number for each in presses]


def buttons(hall: RunningHall) -> list[str]:
    """Return the kiosk's buttons."""
    return list(hall.panel()[KIOSK]["services"])


def test_a_frozen_hub_or_link_costs_1_5_s_and_no_ticket(tmp_path: Path) -> None:
    """The connection looks well; nobody answers. Afterwards each press is there once."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        first, second, third, *_ = buttons(hall)
        presses = [press(hall, first)]
        for victim, numbers in (("hub", ["K1001", "K1002"]), ("broker", ["K1003", "K1004"])):
            with frozen(hall, victim):
                during = [press(hall, second), press(hall, third)]
            assert [each.number for each in during] == numbers
            presses += during
            check_once(hall, *presses)
            # The numbers the hub gave those presses are on no paper, and are not given again.
            presses.append(press(hall, first))
            assert not presses[-1].number.startswith("K")
            check_once(hall, *presses)


def test_a_killed_hub_or_broker_costs_no_ticket(tmp_path: Path) -> None:
    """Killed before the press; it is back 2 s later, and the slip is out before."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        first, second, *_ = buttons(hall)
        presses = [press(hall, first)]
        for victim, number in (("hub", "K1001"), ("broker", "K1002")):
            old = hall.kill(victim)
            presses.append(press(hall, second))
            hall.until_restarted(victim, old)
            assert presses[-1].number == number
            check_once(hall, *presses)


@pytest.mark.parametrize("after_s", [0.0, 0.5])
def test_a_kiosk_killed_while_the_hub_is_frozen_prints_after_its_start(
    tmp_path: Path, after_s: float
) -> None:
    """The press is on disk: the visitor waits for the restart, and has one of its own numbers."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        first, *_ = buttons(hall)
        with frozen(hall, "hub"):
            at_ms = time.time() * 1000
            assert hall.press(KIOSK, first)
            time.sleep(after_s)
            old = hall.kill(KIOSK)
            hall.until_restarted(KIOSK, old)
            until(lambda: hall.slips(KIOSK), "the slip")
        check_once(hall, Pressed(at_ms, "K1001"))


def test_a_kiosk_killed_with_its_slip_out_prints_no_second(tmp_path: Path) -> None:
    """Killed right after the slip, with the hub frozen: it is confirmed at the next start."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        first, *_ = buttons(hall)
        with frozen(hall, "hub"):
            pressed = press(hall, first)
            old = hall.kill(KIOSK)
            hall.until_restarted(KIOSK, old)
            time.sleep(BY_S)
        check_once(hall, pressed)
