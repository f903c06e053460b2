"""A third party's button box, written from README's wire format alone, is as good as a kiosk."""

import ast
import sys

import pytest

from broker.records import verify
from tests.arrows import imports
from tests.real.boxes import PROGRAM, Hall, hall
from tests.real.hall import until
from tests.real.oracle import invented, lost, out_of_turn, skipped, twice

pytestmark = pytest.mark.needs("mosquitto")


def faults(of: Hall, *boxes: str) -> list[str]:
    """Return what the oracle finds when all is quiet."""
    journal, kept = of.journal(), {box: of.outbox(box) for box in boxes}
    found = [*lost(journal, kept), *invented(journal, kept), *twice(journal)]
    return [*found, *out_of_turn(journal)]


def test_a_strangers_box_knows_no_code_of_ours() -> None:
    """Only what comes with Python, and paho: all else it has from README."""
    tree = ast.parse(PROGRAM.read_text())
    modules = {name.partition(".")[0] for _, name in imports(tree, "box", frozenset())}

    assert modules <= {*sys.stdlib_module_names, "paho"}


def test_a_strangers_box_gets_each_ticket_once_whatever_is_killed() -> None:
    """Box, hub and broker die between press and result; every press is one ticket, in order."""
    with hall(boxes=1) as here:
        box = here.box()
        box.press("kk")
        until(lambda: len(box.tickets()) == 1, "a ticket")
        here.kill("hub")
        box.press("kk", "skck")
        box.press("kk")
        box.until_kept(3)
        box.kill()
        here.stage.loket("hub", "hub")
        box.start()
        until(lambda: len(box.tickets()) == 4, "what was pressed before the box was killed")
        here.kill("broker")
        box.press("kk")
        box.until_kept(4)
        here.stage.start_broker(port=here.stage.port)
        until(lambda: len(box.tickets()) == 5, "what was pressed without a broker", within_s=30)
        box.end()

        assert sorted(box.tickets().values()) == ["A001", "A002", "A003", "A004", "C001"]
        assert box.refusals() == []
        confirmed = {event["ticket"] for event in here.events("print_confirmed")}
        assert confirmed == box.tickets().keys()
        assert faults(here, "box-1") + skipped(here.journal()) == []


def test_a_strangers_box_gives_back_what_a_lost_journal_held() -> None:
    """The numbers on its slips are what the new hub goes on with."""
    with hall(boxes=1) as here:
        box = here.box()
        for _ in range(20):
            box.press("kk")
        until(lambda: len(box.tickets()) == 20 and here.is_settled("box-1"), "20 tickets")
        here.kill("hub")
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (here.data / "hub" / name).unlink(missing_ok=True)
        here.stage.loket("hub", "hub")
        box.press("kk")
        until(lambda: len(box.tickets()) == 21, "a ticket of the new hub", within_s=30)
        box.end()

        issued = {event["ticket"]: event["number"] for event in here.events("ticket_issued")}
        assert issued == box.tickets()
        assert len(set(issued.values())) == 21
        assert faults(here, "box-1") == []
        assert verify(here.data / "hub" / "journal.db").fault is None


def test_eight_boxes_forty_presses_each_at_once() -> None:
    """320 presses come at the same time: 320 numbers, none twice, none left out."""
    with hall(boxes=8) as here:
        boxes = [here.box(number) for number in range(1, 9)]
        for _ in range(40):
            for box in boxes:
                box.press("kk")
        until(lambda: all(len(b.tickets()) == 40 for b in boxes), "320 tickets", within_s=60)
        for box in boxes:
            box.end()

        numbers = [number for box in boxes for number in box.tickets().values()]
        assert sorted(numbers) == [f"A{n:03}" for n in range(1, 321)]
        assert faults(here, *(box.node for box in boxes)) + skipped(here.journal()) == []
