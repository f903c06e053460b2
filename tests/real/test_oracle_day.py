"""The oracle on a whole day: visits, staff's every button, paper, desk; each fault turns it red."""

from typing import Any

import pytest

from tests.real.oracle import Decided
from tests.real.test_oracle import (
    HUB,
    KIOSK,
    Edit,
    add,
    called,
    closed,
    confirm,
    faults,
    issue,
    press,
    put,
    records,
)

WEB, OTHER = "e" * 32, "c" * 32


def event(type_: str, ticket: int, **more: Any) -> dict[str, Any]:
    """Return an event of a kiosk's ticket."""
    return {"type": type_, "ticket": f"{KIOSK}:{ticket}", **more}


def visit(seq: int, *numbers: str) -> Decided:
    """Return a kiosk's row with the tickets of one visitor, whose ids are `seq` and `seq.2`."""
    row = issue(seq, numbers[0])
    tickets = [f"{KIOSK}:{seq}"] + [f"{KIOSK}:{seq}.{n}" for n in range(2, len(numbers) + 1)]
    events = [
        {**row.events[0], "ticket": ticket, "number": number, "visit": tickets[0]}
        for ticket, number in zip(tickets, numbers, strict=True)
    ]
    return row._replace(events=events)


def confirm_second(seq: int, ticket: int) -> Decided:
    """Return a kiosk's row that the slip of a visit's second ticket is out."""
    id_ = f"{KIOSK}:{ticket}.2"
    command = {"type": "confirm_print", "ticket": id_, "number": "B001"}
    events = [{"type": "print_confirmed", "ticket": id_}]
    return Decided(0, "kiosk-1", KIOSK, seq, command, events)


def alone(seq: int, ticket: int, number: str, *events: dict[str, Any]) -> Decided:
    """Return a kiosk's row that a slip with a number of its own is out."""
    command = {"type": "confirm_print", "ticket": f"{KIOSK}:{ticket}", "number": number}
    return Decided(0, "kiosk-1", KIOSK, seq, command, [*events, event("print_confirmed", ticket)])


def desk(seq: int, type_: str, *events: dict[str, Any], **fields: Any) -> Decided:
    """Return a row of the desk."""
    return Decided(0, "web", WEB, seq, {"type": type_, **fields}, [*events])


def elsewhere(seq: int, type_: str, *events: dict[str, Any], refusal: str = "") -> Decided:
    """Return a row of counter 4, which has no call."""
    command = {"type": type_, "counter": 4, "seen": "", "age_ms": 9}
    return Decided(0, "loket-4", OTHER, seq, command, [*events], refusal)


def admitted(seq: int, number: str) -> list[dict[str, Any]]:
    """Return the events of a number from the drawer, put in at the desk by this row."""
    ticket = f"{WEB}:{seq}"
    return [
        {"type": "ticket_issued", "ticket": ticket, "number": number, "paper": True},
        {"type": "print_confirmed", "ticket": ticket},
    ]


PARKED = event("ticket_parked", 1, why="park", back_ms=0)
HELD = event("ticket_parked", 4, why="hold", back_ms=1_000)
CORRECTED = event("ticket_corrected", 6, number="K1001")
MADE = event("ticket_issued", 8, number="K1002", paper=True)
BY_HAND = event("ticket_closed", 6, outcome="served", by_hand=True)


def good_day() -> list[Decided]:
    """Return a day in which everything happens that may."""
    day = {"type": "day_opened", "date": "2026-11-25"}
    return [
        Decided(0, "hub", HUB, 1, {"type": "open_day"}, [day]),
        visit(1, "A001", "B001"),
        confirm(2, 1),
        confirm_second(3, 1),
        issue(4, "A002"),
        confirm(5, 4),
        press(1, "call_next", 0, called(1, 1)),
        press(2, "start", 1, event("serving_started", 1)),
        elsewhere(1, "call_next", refusal="nobody_waiting"),
        press(3, "set_service", 1, event("service_set", 1, service="ktp-el")),
        press(4, "park", 1, PARKED),
        desk(1, "return", event("ticket_returned", 1), ticket=f"{KIOSK}:1"),
        desk(2, "hold", HELD, ticket=f"{KIOSK}:4"),
        Decided(0, "hub", HUB, 2, {"type": "return_due"}, [event("ticket_returned", 4)]),
        press(5, "call_number", 0, called(5, 1)),
        press(6, "transfer", 5, event("ticket_transferred", 1, service="pajak")),
        press(7, "call_next", 0, called(7, 4)),
        press(8, "no_show", 7, event("ticket_parked", 4, why="no_show", back_ms=2_000)),
        press(9, "call_number", 0, called(9, 4)),
        press(10, "close", 9, closed(4, "served")),
        desk(3, "reinstate", event("ticket_reinstated", 4), ticket=f"{KIOSK}:4"),
        issue(6, "A003"),
        alone(7, 6, "K1001", CORRECTED),
        alone(9, 8, "K1002", MADE),
        desk(4, "served_by_hand", BY_HAND, number="K1001", counter=3),
        desk(5, "admit", *admitted(5, "P001"), number="P001", service="kk"),
        issue(10, "A004"),
        Decided(
            0,
            "kiosk-1",
            KIOSK,
            11,
            {"type": "cancel", "ticket": f"{KIOSK}:10"},
            [event("ticket_closed", 10, outcome="cancelled")],
        ),
        alone(12, 10, "A004", event("ticket_reopened", 10)),
    ]


AT = {(row.node, row.seq): at for at, row in enumerate(good_day())}
"""Where each row stands in the good day."""


def instead(node: str, seq: int, *events: dict[str, Any]) -> Edit:
    """Return an edit that lets other events come of a row."""
    at = AT[node, seq]
    return put(at, good_day()[at]._replace(events=[*events]))


def without(node: str, seq: int) -> Edit:
    """Return an edit after which a row never was decided so."""
    return instead(node, seq)


def test_a_good_day_has_no_fault() -> None:
    """Whatever the rules allow is no fault: nothing is found where nothing is."""
    run = records(good_day())
    run.slips["kiosk-1"] = ["A001", "B001", "A002", "K1001", "K1002", "A004"]

    assert faults(run) == {}


def test_a_slip_that_may_not_be_out_need_not_be() -> None:
    """Its kiosk was killed while it printed, and said so: the slip is there, or it is not."""
    rows = good_day()
    unsure = event("print_confirmed", 8, uncertain=True)
    rows[AT["kiosk-1", 9]] = rows[AT["kiosk-1", 9]]._replace(events=[MADE, unsure])
    run = records(rows)
    run.slips["kiosk-1"] = ["A001", "B001", "A002", "K1001", "A004"]
    assert faults(run) == {}

    run.slips["kiosk-1"].append("K1002")
    assert faults(run) == {}


def test_a_new_day_ends_what_is_left() -> None:
    """Called or waiting: the hub closes it, and the next day knows none of it."""
    over = event("ticket_closed", 4, outcome="expired")
    day = {"type": "day_opened", "date": "2026-11-26"}
    rows = [*good_day(), press(11, "call_next", 0, called(11, 4))]
    rows.append(Decided(0, "hub", HUB, 3, {"type": "open_day"}, [over, day]))
    rows.append(issue(13, "A001"))
    run = records(rows)
    run.slips["kiosk-1"] = ["A001", "B001", "A002", "K1001", "K1002", "A004"]

    assert faults(run) == {}


IN_THE_DAY: dict[str, tuple[str, Edit]] = {
    "one visitor called to two counters": (
        "out_of_turn",
        put(
            AT["loket-4", 1],
            elsewhere(
                1,
                "call_next",
                {
                    "type": "ticket_called",
                    "ticket": f"{KIOSK}:1.2",
                    "counter": 4,
                    "call_id": f"{OTHER}:1",
                },
            ),
        ),
    ),
    "serving begun of another's visitor": (
        "out_of_turn",
        instead("loket-3", 2, event("serving_started", 4)),
    ),
    "serving begun twice": (
        "out_of_turn",
        instead("loket-3", 3, event("serving_started", 1)),
    ),
    "a service set for somebody who is not there": (
        "out_of_turn",
        instead("loket-3", 3, event("service_set", 4, service="kk")),
    ),
    "a ticket transferred from a counter that has another": (
        "out_of_turn",
        instead("loket-3", 6, event("ticket_transferred", 4, service="pajak")),
    ),
    "a transferred ticket that stays at its counter": ("out_of_turn", without("loket-3", 6)),
    "a return of somebody who was not away": (
        "out_of_turn",
        instead("hub", 2, event("ticket_returned", 1)),
    ),
    "a ticket reinstated that had not ended": (
        "out_of_turn",
        instead("web", 3, event("ticket_reinstated", 1)),
    ),
    "a ticket reopened that had not ended": (
        "out_of_turn",
        instead("kiosk-1", 9, MADE, event("ticket_reopened", 1)),
    ),
    "a ticket parked from afar": (
        "out_of_turn",
        instead("web", 2, event("ticket_parked", 6, why="hold", back_ms=9)),
    ),
    "a slip confirmed twice": ("out_of_turn", add(alone(13, 6, "K1001"))),
    "a slip of no ticket": ("out_of_turn", add(alone(13, 99, "K1009"))),
    "paper that makes another ticket than the slip's": (
        "out_of_turn",
        instead("kiosk-1", 9, MADE | {"ticket": f"{KIOSK}:77"}),
    ),
    "a correction of a ticket nobody has": (
        "out_of_turn",
        instead("kiosk-1", 7, CORRECTED | {"ticket": f"{KIOSK}:77"}),
    ),
    "somebody served by hand who stands at a counter": (
        "out_of_turn",
        add(
            press(11, "call_next", 0, called(11, 4)),
            desk(6, "served_by_hand", event("ticket_closed", 4, outcome="served"), counter=4),
        ),
    ),
    "an offline number twice": (
        "skipped",
        instead("kiosk-1", 9, MADE | {"number": "K1001"}, event("print_confirmed", 8)),
    ),
    "a number of the drawer twice": ("skipped", add(desk(6, "admit", *admitted(6, "P001")))),
    "a number left out after a correction": ("skipped", put(AT["kiosk-1", 10], issue(10, "A005"))),
    "a no-show that never returns": (
        "forgotten",
        instead("loket-3", 8, event("ticket_parked", 4, why="no_show", back_ms=0)),
    ),
    "a ticket that ends by a call of another counter's": (
        "forgotten",
        instead("web", 5, *admitted(5, "P001"), event("ticket_closed", 8, outcome="no_show")),
    ),
    "a ticket that expires in the middle of the day": (
        "forgotten",
        instead("hub", 2, event("ticket_closed", 4, outcome="expired")),
    ),
    "a press at one call that parks and transfers": (
        "twice",
        put(AT["loket-3", 6], press(6, "transfer", 1, event("ticket_transferred", 1))),
    ),
}


@pytest.mark.parametrize(("check", "edit"), IN_THE_DAY.values(), ids=IN_THE_DAY.keys())
def test_a_fault_in_the_day_is_found(check: str, edit: Edit) -> None:
    """Whatever the hub might do wrong, the check meant for it says so."""
    rows = good_day()
    edit(rows)

    assert check in faults(records(rows))


@pytest.mark.parametrize(
    "slips",
    [
        ["A001", "B001", "A002", "K1002", "A004"],
        ["A001", "B001", "A002", "A003", "K1002", "A004"],
        ["A001", "B001", "A002", "K1001", "K1002", "K1003", "A004"],
        ["A001", "A002", "K1001", "K1002", "A004"],
    ],
    ids=["an offline slip missing", "its other number printed", "one too many", "of a visit half"],
)
def test_a_wrong_slip_is_found(slips: list[str]) -> None:
    """The number on paper is the ticket's last one; the hub's own for it was never printed."""
    run = records(good_day())
    run.slips["kiosk-1"] = slips

    assert list(faults(run)) == ["misprinted"]
