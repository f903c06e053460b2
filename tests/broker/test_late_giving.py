"""A node that was off during a recovery: asked when it comes, adopted late, then served."""

import json
from pathlib import Path
from typing import Any

from broker.hall.events import Adopted, StreamGap
from broker.hall.ticket import TicketState
from broker.journal import Journal
from broker.wire.giving import PROGRESS_S, START, give_of
from broker.wire.messages import Give, encode
from broker.wire.topics import Kind
from tests.broker.test_core import AT_MS, COUNTER, ISSUE, KIOSK, OTHER, Desk
from tests.broker.test_recovery import BIRTH, GEN, Hall, end, new_hub

CALL = {"type": "call_next", "counter": 3, "seen": ""}
CALL_4 = {"type": "call_next", "counter": 4, "seen": ""}


def born(desk: Desk, node: str, stream: str, first: int) -> list[Any]:
    """Have a node come, as it was when the first hub died; return the acks for it."""
    birth = {"session": "s", "online": True, "stream": stream, "first": first, "gen": GEN}
    desk.take(BIRTH + node, json.dumps(birth).encode())
    _, said = desk.settle()
    said += desk.timed()
    return [json.loads(p.payload) for p in said if (p.topic.kind, p.topic.id) == (Kind.ACK, node)]


def give(desk: Desk, hall: Hall, node: str, stream: str, *, part: int | None = None) -> Give:
    """Have it give what it holds, or the first rows of it without saying that it is all."""
    rows = hall.rows[node][:part]
    given = give_of(rows, after=START, stream=stream, is_all=part is None)
    desk.take(f"loket/v1/demo/up/{node}", encode(given))
    return given


def advance(desk: Desk, later_s: float = 0.0) -> list[tuple[Any, ...]]:
    """Let time pass; return the events of each row that is committed then."""
    desk.now_s += later_s
    desk.core.advance(at_ms=AT_MS, now_s=desk.now_s)
    batch, _ = desk.settle()
    return [entry.events for entry in batch.entries]


def without_counter(hall: Hall) -> Desk:
    """Return a hub that recovered while loket-3 was off."""
    desk = new_hub()
    hall.give_to(desk, "kiosk-1")
    end(desk, PROGRESS_S)
    assert desk.core._missing.owing == {"loket-3"}
    return desk


def test_it_is_asked_when_it_comes_and_its_rows_wait_while_others_are_served() -> None:
    """Were its next row decided first, a gap would stand for those it holds."""
    hall = Hall()
    hall.tickets(2)
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = without_counter(hall)

    (ask,) = born(desk, "loket-3", COUNTER, 2)
    assert (ask["window"], ask["give"]) == (0, {})
    desk.up("loket-3", COUNTER, 2, CALL)
    desk.up("kiosk-1", OTHER, 1, ISSUE)
    assert [r["seq"] for r in desk.results()] == [1]

    give(desk, hall, "loket-3", COUNTER)
    (adopted,) = advance(desk)
    assert adopted[0] == Adopted(gen=GEN, pos=6, at_ms=AT_MS, late=True)
    assert desk.core._missing.owing == set()
    desk.up("loket-3", COUNTER, 2, CALL)
    assert [r["seq"] for r in desk.results()] == [2]


def test_what_it_sent_meanwhile_is_wanted_at_once() -> None:
    """Nobody waits for a timer."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = without_counter(hall)
    born(desk, "loket-3", COUNTER, 2)
    give(desk, hall, "loket-3", COUNTER)
    desk.core.advance(at_ms=AT_MS, now_s=desk.now_s)
    batch, said = desk.settle()

    acks = {p.topic.id: json.loads(p.payload) for p in said if p.topic.kind is Kind.ACK}
    assert (acks["loket-3"]["want"], acks["loket-3"]["window"]) == (2, 16)
    assert batch.owing == frozenset()


def test_a_late_call_is_on_record_and_calls_nobody() -> None:
    """The ticket waits, the board shows nothing, the counter is as it was."""
    hall = Hall()
    hall.tickets(1)
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = without_counter(hall)
    born(desk, "loket-3", COUNTER, 2)
    give(desk, hall, "loket-3", COUNTER)
    (events,) = advance(desk)

    assert [type(e).__name__ for e in events] == ["Adopted", "CounterOpened", "TicketCalled"]
    (ticket,) = desk.core.hall.tickets.values()
    assert ticket.state is TicketState.WAITING
    assert not desk.core.hall.calls
    assert desk.core.hall.counters[3].current is None


def test_a_ticket_nobody_knew_stands_in_its_true_place() -> None:
    """Its kiosk was off: A001 is before what was issued since, with its number and its paper."""
    hall = Hall()
    hall.tickets(1)
    desk = new_hub()
    hall.give_to(desk, "loket-3")
    end(desk, PROGRESS_S)
    confirm = {"type": "confirm_print", "ticket": f"{OTHER}:1", "number": "A100"}
    body = {"stream": OTHER, "first": 1, "from": 1, "beat": 1, "commands": [ISSUE, confirm]}
    desk.take("loket/v1/demo/up/kiosk-1", json.dumps(body).encode(), at_ms=AT_MS + 1)
    desk.settle()

    born(desk, "kiosk-1", KIOSK, 3)
    give(desk, hall, "kiosk-1", KIOSK)
    rows = advance(desk)
    assert [events[0].late for events in rows] == [False, False]
    desk.up("loket-3", COUNTER, 1, {**CALL, "age_ms": 0})
    called = desk.results()[0]["events"][-1]
    assert called["ticket"] == f"{KIOSK}:1"


def test_paper_of_a_known_ticket_counts_whenever_it_is_heard() -> None:
    """Only its issue was given in the recovery, and the hall has gone on since: paper wins."""
    hall = Hall()
    hall.tickets(1)
    desk = new_hub()
    hall.give_to(desk)
    born(desk, "kiosk-1", KIOSK, 3)
    give(desk, hall, "kiosk-1", KIOSK, part=1)
    end(desk, PROGRESS_S)
    body = {"stream": OTHER, "first": 1, "from": 1, "beat": 1, "commands": [ISSUE]}
    desk.take("loket/v1/demo/up/board-1", json.dumps(body).encode(), at_ms=AT_MS + 1)
    desk.settle()

    born(desk, "kiosk-1", KIOSK, 3)
    give(desk, hall, "kiosk-1", KIOSK)
    (events,) = advance(desk)
    assert [type(e).__name__ for e in events] == ["Adopted", "PrintConfirmed"]
    assert not events[0].late
    assert desk.core.hall.tickets[f"{KIOSK}:1"].printed


def test_who_is_slow_to_give_waits_alone_until_it_has_given_all() -> None:
    """Its next row would have a gap before it, and what it holds would be lost."""
    hall = Hall()
    hall.tickets(2)
    desk = new_hub()
    hall.give_to(desk)
    born(desk, "kiosk-1", KIOSK, 5)
    given = give(desk, hall, "kiosk-1", KIOSK, part=1)
    end(desk, PROGRESS_S)

    desk.up("kiosk-1", KIOSK, 5, ISSUE)
    desk.up("board-1", OTHER, 1, ISSUE)
    assert [r["seq"] for r in desk.results()] == [1]
    assert [p.topic.id for p in desk.timed() if p.topic.kind is Kind.ACK] == ["kiosk-1"]
    give(desk, hall, "kiosk-1", KIOSK)
    assert len(advance(desk)) == 4 - len(given.give)


def test_a_ticket_known_by_its_call_alone_gets_its_number_late() -> None:
    """Its kiosk was off when the counter gave the call: the issue is older, and is told by none."""
    hall = Hall()
    hall.tickets(1)
    hall.press("loket-3", COUNTER, 1, {**CALL, "age_ms": 0}, at_ms=AT_MS + 1)
    desk = new_hub()
    hall.give_to(desk)
    born(desk, "loket-3", COUNTER, 2)
    give(desk, hall, "loket-3", COUNTER)
    end(desk, PROGRESS_S)
    born(desk, "kiosk-1", KIOSK, 3)
    give(desk, hall, "kiosk-1", KIOSK)
    rows = advance(desk)
    assert [events[0].late for events in rows] == [False, False]
    (ticket,) = desk.core.hall.tickets.values()
    assert (ticket.number, ticket.state) == ("A001", TicketState.CALLED)


def test_a_late_call_of_an_unknown_ticket_leaves_the_counter_alone() -> None:
    """Who calls there now is not sent back for somebody called before the recovery."""
    hall = Hall()
    hall.tickets(2)
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = new_hub()
    hall.rows["loket-3"] = [*hall.rows["kiosk-1"], *hall.rows["loket-3"]]
    hall.rows["kiosk-1"] = []
    hall.give_to(desk, "kiosk-1")
    end(desk, PROGRESS_S)
    born(desk, "loket-3", COUNTER, 2)
    end_of = hall.rows["loket-3"]
    desk.take(
        "loket/v1/demo/up/loket-3",
        encode(give_of(end_of[:4], after=START, stream=KIOSK, is_all=False)),
    )
    desk.timed()
    after = end_of[3].place
    desk.take(
        "loket/v1/demo/up/loket-3",
        encode(give_of(end_of[4:], after=after, stream=COUNTER, is_all=True)),
    )
    rows = advance(desk)

    late = [events[0].late for events in rows if isinstance(events[0], Adopted)]
    assert late == [False, False, False, False, True]
    assert desk.core.hall.counters[3].current is None


def test_who_stops_giving_is_served_after_a_while_and_asked_again() -> None:
    """A node that can't read its disk may still press."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    hall.press("loket-3", COUNTER, 2, CALL)
    desk = without_counter(hall)
    born(desk, "loket-3", COUNTER, 3)
    give(desk, hall, "loket-3", COUNTER, part=1)
    rows = advance(desk, PROGRESS_S)

    assert len(rows) == 1
    assert desk.core._missing.owing == {"loket-3"}
    desk.up("loket-3", COUNTER, 3, CALL, first=3)
    batch, _ = desk.settle()
    assert (StreamGap(stream=COUNTER, seq_from=2, seq_upto=2),) in [e.events for e in batch.entries]
    (ask,) = [ack for ack in born(desk, "loket-3", COUNTER, 4) if ack["give"] is not None]
    assert ask["window"] == 0


def test_who_leaves_in_between_is_asked_from_the_start_again() -> None:
    """What it gave before is adopted with the rest, once."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    hall.press("loket-3", COUNTER, 2, CALL)
    desk = without_counter(hall)
    born(desk, "loket-3", COUNTER, 3)
    give(desk, hall, "loket-3", COUNTER, part=1)
    will = json.dumps({"session": "s", "online": False}).encode()
    desk.take(BIRTH + "loket-3", will)
    assert advance(desk, PROGRESS_S) == []

    again = {"session": "t", "online": True, "stream": COUNTER, "first": 3, "gen": GEN}
    desk.take(BIRTH + "loket-3", json.dumps(again).encode())
    desk.settle()
    desk.timed()
    give(desk, hall, "loket-3", COUNTER)
    assert len(advance(desk)) == 2
    assert desk.core._missing.owing == set()


def test_what_nobody_asked_for_is_ignored() -> None:
    """A node may say again what it was asked for before."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = new_hub()
    hall.give_to(desk, "kiosk-1", "loket-3")
    end(desk, PROGRESS_S)
    give(desk, hall, "loket-3", COUNTER)
    assert advance(desk) == []


async def test_who_owes_is_kept_with_the_journal(tmp_path: Path) -> None:
    """A hub that starts again asks all the same."""
    path = tmp_path / "journal.db"
    async with Journal.open(path) as journal:
        assert journal.owing == frozenset()
        await journal.commit([], recovered=True, owing=frozenset({"loket-3", "kiosk-1"}))
    async with Journal.open(path) as journal:
        assert journal.owing == {"loket-3", "kiosk-1"}
        await journal.commit([], owing=frozenset())
    async with Journal.open(path) as journal:
        assert journal.owing == frozenset()


def test_rows_of_a_node_whose_birth_was_lost_wait_too() -> None:
    """Its rows tell that it is here: decided before it is asked, they would leave a gap."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    desk = without_counter(hall)

    body = {"stream": COUNTER, "first": 2, "from": 2, "beat": 1, "commands": [CALL]}
    desk.take("loket/v1/demo/up/loket-3", json.dumps(body).encode())
    batch, _ = desk.settle()
    assert [entry.events for entry in batch.entries] == []

    give(desk, hall, "loket-3", COUNTER)
    (adopted,) = advance(desk)
    assert isinstance(adopted[0], Adopted)


def test_a_row_given_from_a_card_in_another_node_is_its_owners() -> None:
    """Else its stream would be bound to the wrong node, and what is still to come refused."""
    hall = Hall()
    hall.press("loket-3", COUNTER, 1, CALL)
    hall.rows["kiosk-1"] = [row._replace(owner="loket-3") for row in hall.rows.pop("loket-3")]
    desk = new_hub()
    hall.give_to(desk, "kiosk-1")
    end(desk, PROGRESS_S)

    assert desk.core._receiver.owner(COUNTER) == "loket-3"
