"""The hub's journal is gone: the nodes give back what they hold, and the hall goes on."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from broker.hub import COPY_FILE
from broker.records import verify
from tests.real.hall import RunningHall, reading, running_hall, until
from tests.real.oracle import twice


def numbers(hall: RunningHall) -> dict[str, str]:
    """Return the number of each ticket in the journal."""
    return {
        event["ticket"]: event["number"]
        for row in hall.journal()
        for event in row.events
        if event["type"] == "ticket_issued"
    }


def has_recovered(hall: RunningHall) -> bool:
    """Return whether the new journal names what is lost, which comes last."""
    try:
        journal = hall.journal()
    except sqlite3.OperationalError:  # it is just being made
        return False
    return any(event["type"] == "numbers_moved" for row in journal for event in row.events)


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
def test_a_hub_without_its_journal_has_every_printed_number_back(tmp_path: Path) -> None:
    """A007 is still A007, nothing is decided twice, and numbers go on at the next hundred."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        panel = hall.panel()
        kiosk, buttons = next((i, n["services"]) for i, n in panel.items() if n["role"] == "kiosk")
        counter = next(i for i, n in panel.items() if n["role"] == "counter")
        button = next(iter(buttons))
        for _ in range(7):
            assert hall.press(kiosk, button)
        assert hall.press(counter, "call")
        until(partial(hall.is_settled, kiosk, counter), "every row has its result")
        until(lambda: len(hall.slips(kiosk)) == 7, "seven slips")
        before, rows = numbers(hall), hall.journal()

        old = hall.kill("hub")
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (tmp_path / "hub" / name).unlink(missing_ok=True)
        hall.until_restarted("hub", old)
        until(partial(has_recovered, hall), "the rows are back")

        assert numbers(hall) == before
        theirs = {(r.stream, r.seq) for r in rows if r.node != "hub"}
        # A node that was not heard in time is asked afterwards.
        until(lambda: theirs <= {(r.stream, r.seq) for r in hall.journal()}, "every row is back")
        assert hall.press(kiosk, button)
        until(lambda: len(numbers(hall)) == len(before) + 1, "a ticket after the recovery")
        until(partial(hall.is_settled, kiosk, counter), "every row has its result")
        (fresh,) = set(numbers(hall).values()) - set(before.values())
        assert fresh.endswith("100")
        assert twice(hall.journal()) == []
    assert verify(tmp_path / "hub" / "journal.db").fault is None


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
def test_a_copy_and_the_nodes_have_all_rows_and_numbers_just_go_on(tmp_path: Path) -> None:
    """The copy has what no node holds, the nodes what came after it: nothing is unknown."""
    with running_hall(data=tmp_path, broker="mosquitto") as hall:
        panel = hall.panel()
        kiosk, buttons = next((i, n["services"]) for i, n in panel.items() if n["role"] == "kiosk")
        button = next(iter(buttons))
        for _ in range(2):
            assert hall.press(kiosk, button)
        until(partial(hall.is_settled, kiosk), "every row has its result")
        folder = tmp_path / "hub"
        with reading(folder / "journal.db") as db, sqlite3.connect(folder / COPY_FILE) as copy:
            db.backup(copy)
        copy.close()
        for _ in range(3):
            assert hall.press(kiosk, button)
        until(partial(hall.is_settled, kiosk), "every row has its result")
        until(lambda: len(hall.slips(kiosk)) == 5, "five slips")
        before = numbers(hall)

        old = hall.kill("hub")
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (folder / name).unlink(missing_ok=True)
        hall.until_restarted("hub", old)
        assert hall.press(kiosk, button)
        until(partial(hall.is_settled, kiosk), "every row has its result", within_s=30)

        after = numbers(hall)
        assert {ticket: after[ticket] for ticket in before} == before
        assert sorted(number[1:] for number in after.values()) == [f"{n:03}" for n in range(1, 7)]
        assert twice(hall.journal()) == []
    assert verify(folder / "journal.db").fault is None
