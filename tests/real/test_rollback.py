"""A hub whose data folder is set back some minutes: it notices by itself, and loses nothing."""

import shutil
import sqlite3
import time
from functools import partial
from pathlib import Path

import pytest

from broker.hub import COPY_FILE
from broker.records import verify
from tests.real.hall import RunningHall, reading, running_hall, until
from tests.real.oracle import Decided, lost, out_of_turn, twice
from tests.real.test_recovery import numbers

FILES = ("journal.db", "journal.db-wal", "journal.db-shm")


def generations(data: Path) -> list[str]:
    """Return the generations of the hub's journal, oldest first."""
    with reading(data / "hub" / "journal.db") as db:
        return [gen for (gen,) in db.execute("SELECT gen FROM generations ORDER BY pos")]


def copy_to(journal: Path, copy: Path) -> None:
    """Copy a live journal, as an image of its card would have it."""
    with reading(journal) as db, sqlite3.connect(copy) as target:
        db.backup(target)
    target.close()


def set_back(hall: RunningHall, image: Path) -> None:
    """Kill the hub and put an earlier journal in the place of its own, before it starts again."""
    old = hall.kill("hub")
    for name in FILES:
        (hall.data / "hub" / name).unlink(missing_ok=True)
    shutil.copyfile(image, hall.data / "hub" / FILES[0])
    hall.until_restarted("hub", old)


def has_new_generation(hall: RunningHall) -> bool:
    """Return whether the hub has noticed, and serves again."""
    try:
        with reading(hall.data / "hub" / "journal.db") as db:
            recovering = db.execute("SELECT * FROM meta WHERE key = 'recovering'").fetchone()
        return len(generations(hall.data)) > 1 and recovering is None
    except sqlite3.OperationalError:  # it is just being replaced
        return False


class Presser:
    """A kiosk and a counter of the demo's hall, and what is pressed at them."""

    def __init__(self, hall: RunningHall) -> None:
        panel = hall.panel()
        self._hall = hall
        kiosks = ((i, n["services"]) for i, n in panel.items() if n["role"] == "kiosk")
        self.kiosk, buttons = next(kiosks)
        self.button = next(iter(buttons))
        self.counter = next(i for i, n in panel.items() if n["role"] == "counter")

    def press(self, tickets: int, calls: int) -> None:
        """Press, and wait until each row has its result and each ticket its slip."""
        printed = len(self._hall.slips(self.kiosk))
        for _ in range(tickets):
            assert self._hall.press(self.kiosk, self.button)
        until(lambda: len(self._hall.slips(self.kiosk)) == printed + tickets, "the slips")
        # Who presses sooner after a call presses at what the lamp showed before: refused.
        time.sleep(1)
        for _ in range(calls):
            assert self._hall.press(self.counter, "call")
        until(partial(self._hall.is_settled, self.kiosk, self.counter), "every row's result")


def as_decided(row: Decided) -> Decided:
    """Return a row without the note that it was given back."""
    return row._replace(events=[e for e in row.events if e["type"] != "adopted"])


def of_nodes(journal: list[Decided]) -> set[tuple[str, int, str]]:
    """Return (stream, seq, node) of every row a node sent."""
    return {(row.stream, row.seq, row.node) for row in journal if row.node != "hub"}


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
@pytest.mark.parametrize("with_copy", [False, True], ids=["nodes alone", "a newer copy too"])
def test_a_hub_set_back_notices_it_and_has_every_row_back(
    tmp_path: Path, *, with_copy: bool
) -> None:
    """No number is given twice, nobody is called twice, and numbers go on where they were."""
    image = tmp_path / "image.db"
    with running_hall(data=tmp_path / "hall", broker="mosquitto") as hall:
        folder, presser = hall.data / "hub", Presser(hall)
        presser.press(2, 1)
        copy_to(folder / "journal.db", image)
        presser.press(3, 1)
        if with_copy:
            copy_to(folder / "journal.db", folder / COPY_FILE)
            presser.press(2, 1)
        before, rows = numbers(hall), hall.journal()

        set_back(hall, image)
        until(partial(has_new_generation, hall), "a new generation serves")
        presser.press(2, 1)

        after, journal = numbers(hall), [as_decided(row) for row in hall.journal()]
        assert {ticket: after[ticket] for ticket in before} == before
        assert len(after) == len(before) + 2
        assert sorted(number[1:] for number in after.values()) == [
            f"{n:03}" for n in range(1, len(after) + 1)
        ]
        assert of_nodes(rows) <= of_nodes(journal)
        first, second = (int(gen.partition("-")[0]) for gen in generations(hall.data))
        assert (first, second > first) == (1, True)  # 3 when its knock was not answered in time
        kept = {node: hall.outbox(node) for node in (presser.kiosk, presser.counter)}
        assert (twice(journal), lost(journal, kept), out_of_turn(journal)) == ([], [], [])
        assert sorted(hall.slips(presser.kiosk)) == sorted(after.values())
    assert verify(folder / "journal.db").fault is None
