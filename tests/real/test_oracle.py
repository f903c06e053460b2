"""The oracle of the kill runs bites: each fault a hall could make turns one check red."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.real.oracle import (
    Decided,
    Kept,
    forgotten,
    invented,
    lost,
    misprinted,
    out_of_turn,
    skipped,
    twice,
)

KIOSK, LOKET, HUB = "a" * 32, "b" * 32, "f" * 32


class Records(NamedTuple):
    """All that a run leaves behind."""

    journal: list[Decided]
    kept: dict[str, list[Kept]]
    slips: dict[str, list[str]]


def faults(of: Records) -> dict[str, list[str]]:
    """Return what each check finds."""
    found = {
        "lost": lost(of.journal, of.kept),
        "invented": invented(of.journal, of.kept),
        "twice": twice(of.journal),
        "out_of_turn": out_of_turn(of.journal),
        "skipped": skipped(of.journal),
        "forgotten": forgotten(of.journal),
        "misprinted": misprinted(of.journal, of.slips),
    }
    return {name: told for name, told in found.items() if told}


def issue(seq: int, number: str) -> Decided:
    """Return a kiosk's row with a ticket."""
    command = {"type": "issue", "services": ["kk"], "code_sha256": f"{seq:064x}"}
    event = {"type": "ticket_issued", "ticket": f"{KIOSK}:{seq}", "number": number}
    return Decided(0, "kiosk-1", KIOSK, seq, command, [event])


def confirm(seq: int, ticket: int) -> Decided:
    """Return a kiosk's row that a slip is on paper."""
    command = {"type": "confirm_print", "ticket": f"{KIOSK}:{ticket}"}
    event = {"type": "print_confirmed", "ticket": f"{KIOSK}:{ticket}"}
    return Decided(0, "kiosk-1", KIOSK, seq, command, [event])


def press(seq: int, type_: str, seen: int, *events: dict[str, Any], refusal: str = "") -> Decided:
    """Return a row of counter 3, pressed at the call that its row `seen` made (0 = none)."""
    at = f"{LOKET}:{seen}" if seen else ""
    command = {"type": type_, "counter": 3, "seen": at, "age_ms": 20}
    return Decided(0, "loket-3", LOKET, seq, command, [*events], refusal)


def called(seq: int, ticket: int, counter: int = 3) -> dict[str, Any]:
    """Return the event of a call made by the counter's row."""
    call_id, of = f"{LOKET}:{seq}", f"{KIOSK}:{ticket}"
    return {"type": "ticket_called", "ticket": of, "counter": counter, "call_id": call_id}


def recalled(seq: int, ticket: int, repeat: int) -> dict[str, Any]:
    """Return the event of a recall made by the counter's row."""
    return {**called(seq, ticket), "type": "ticket_recalled", "repeat": repeat}


def closed(ticket: int, outcome: str = "no_show") -> dict[str, Any]:
    """Return the event of a ticket's end."""
    return {"type": "ticket_closed", "ticket": f"{KIOSK}:{ticket}", "outcome": outcome}


def good_rows() -> list[Decided]:
    """Return a morning in which all went well."""
    day = {"type": "day_opened", "date": "2026-11-25"}
    return [
        Decided(0, "hub", HUB, 1, {"type": "open_day"}, [day]),
        issue(1, "A001"),
        confirm(2, 1),
        issue(3, "A002"),
        confirm(4, 3),
        press(1, "call_next", 0, called(1, 1)),
        press(2, "recall", 1, recalled(2, 1, 2)),
        press(3, "recall", 1, refusal="seen_other"),
        press(4, "call_next", 2, closed(1), called(4, 3)),
        press(5, "close", 4, closed(3, "served")),
    ]


def records(rows: list[Decided]) -> Records:
    """Return a run with this journal in which the nodes kept just that, and printed each once."""
    journal = [row._replace(pos=pos) for pos, row in enumerate(rows, start=1)]
    kept: dict[str, list[Kept]] = {"kiosk-1": [], "loket-3": []}
    for row in journal:
        if row.node in kept:
            command = {**row.command, "age_ms": None}
            kept[row.node].append(Kept(row.stream, row.seq, command, has_result=True))
    numbers = [e["number"] for row in journal for e in row.events if "number" in e]
    return Records(journal, kept, {"kiosk-1": list(dict.fromkeys(numbers))})


def test_a_good_run_has_no_fault() -> None:
    """Nothing is found where nothing is."""
    assert faults(records(good_rows())) == {}


def alone(seq: int, ticket: int, number: str, *, paper: bool = False) -> Decided:
    """Return a kiosk's row that a slip is out whose number it gave without the hub."""
    row = confirm(seq, ticket)
    kind = "ticket_issued" if paper else "ticket_corrected"
    event = {"type": kind, "ticket": f"{KIOSK}:{ticket}", "number": number, "paper": paper}
    return row._replace(events=[event, *row.events])


def test_a_slip_made_without_the_hub_takes_the_place_of_the_hubs_number() -> None:
    """That one is on no paper, and the next is as ever; a refused press has its slip's alone."""
    rows = [*good_rows(), issue(5, "A003"), alone(6, 5, "K1001"), issue(7, "A004"), confirm(8, 7)]
    run = records([*rows, alone(10, 9, "K1002", paper=True)])
    run.slips["kiosk-1"].remove("A003")

    assert faults(run) == {}


def test_a_slip_may_be_missing_that_its_kiosk_was_not_sure_of() -> None:
    """It was killed while it printed: the slip is out or not, but never twice."""
    run = records(good_rows())
    run.journal[2].events[0]["uncertain"] = True
    assert faults(run) == {}
    run.slips["kiosk-1"].remove("A001")
    assert faults(run) == {}

    run.slips["kiosk-1"] += ["A001", "A001"]
    assert list(faults(run)) == ["misprinted"]


Edit = Callable[[list[Decided]], None]


def put(at: int, row: Decided) -> Edit:
    """Return an edit that replaces a row."""
    return lambda rows: rows.__setitem__(at, row)


def add(*rows: Decided) -> Edit:
    """Return an edit that adds rows at the end."""
    return lambda all_rows: all_rows.extend(rows)


IN_THE_JOURNAL: dict[str, tuple[str, Edit]] = {
    "a press decided twice under two numbers": (
        "twice",
        add(issue(5, "A003")._replace(command=issue(1, "").command)),
    ),
    "a press at one call calls two people": (
        "twice",
        add(press(6, "call_next", 4)),
    ),
    "a ticket called at two counters": (
        "out_of_turn",
        put(9, press(5, "call_next", 4, called(5, 1))),
    ),
    "a ticket called while the last one stands there": (
        "out_of_turn",
        put(8, press(4, "call_next", 2, called(4, 3))),
    ),
    "two calls by one press": (
        "out_of_turn",
        put(5, press(1, "call_next", 0, called(1, 1), closed(1), called(1, 3))),
    ),
    "a call with another's id": ("out_of_turn", put(5, press(1, "call_next", 0, called(9, 1)))),
    "a call at another counter": (
        "out_of_turn",
        put(5, press(1, "call_next", 0, called(1, 1, counter=4))),
    ),
    "a ticket called before it is on paper": ("out_of_turn", put(4, issue(4, "A003"))),
    "a recall of another's ticket": (
        "out_of_turn",
        put(6, press(2, "recall", 1, recalled(2, 3, 2))),
    ),
    "a recall that counts wrongly": (
        "out_of_turn",
        put(6, press(2, "recall", 1, recalled(2, 1, 3))),
    ),
    "a ticket closed twice": ("out_of_turn", add(press(6, "no_show", 5, closed(3)))),
    "a ticket of another row": (
        "out_of_turn",
        add(issue(5, "A003")._replace(events=issue(1, "A003").events)),
    ),
    "a refusal that does something": (
        "out_of_turn",
        put(7, press(3, "recall", 1, recalled(3, 1, 3), refusal="seen_other")),
    ),
    "a number left out": ("skipped", put(3, issue(3, "A003"))),
    "a number given twice": ("skipped", put(3, issue(3, "A001"))),
}


@pytest.mark.parametrize(("check", "edit"), IN_THE_JOURNAL.values(), ids=IN_THE_JOURNAL.keys())
def test_a_fault_in_the_journal_is_found(check: str, edit: Edit) -> None:
    """Whatever the hub might do wrong, the check meant for it says so."""
    rows = good_rows()
    edit(rows)

    assert check in faults(records(rows))


BESIDE_IT: dict[str, tuple[str, Callable[[Records], object]]] = {
    "a row never decided": ("lost", lambda run: run.journal.pop()),
    "a row decided as another": (
        "lost",
        lambda run: run.kept["loket-3"].append(run.kept["loket-3"].pop()._replace(command={})),
    ),
    "a row nobody pressed": ("invented", lambda run: run.kept["kiosk-1"].pop()),
    "a slip that never came": ("misprinted", lambda run: run.slips["kiosk-1"].pop()),
    "a slip of no ticket": ("misprinted", lambda run: run.slips["kiosk-1"].append("A009")),
    "a slip printed twice": ("misprinted", lambda run: run.slips["kiosk-1"].append("A001")),
}


@pytest.mark.parametrize(("check", "spoil"), BESIDE_IT.values(), ids=BESIDE_IT.keys())
def test_a_fault_beside_the_journal_is_found(
    check: str, spoil: Callable[[Records], object]
) -> None:
    """What the nodes kept and printed is compared with what was decided, both ways."""
    run = records(good_rows())
    spoil(run)

    assert list(faults(run)) == [check]
