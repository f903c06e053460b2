"""What a node says of itself every 15 s."""

from pathlib import Path

import pytest

from broker.hall.rules import Actor
from broker.wire.figures import Machine, PrinterHealth
from edge.figures import Figures
from edge.paper import Outcome
from tests.edge.stand import COUNTER, KIOSK, stand
from tests.fakes_edge import SlowPaper, until


async def test_health_tells_of_buttons_rows_and_machine(tmp_path: Path) -> None:
    """How long ago it was pressed, what lies on a button, how old the oldest row is."""
    async with stand(COUNTER, tmp_path, figures=Figures(look=lambda: Machine(soc_c=48.5))) as one:
        await one.join(COUNTER)
        await one.press("done")
        one.devices.buttons["recall"].drive(down=True)
        await one.advance(45)
        health = one.health()

        assert health.machine == Machine(soc_c=48.5)
        assert health.buttons["done"].presses == 1
        assert health.buttons["done"].pressed_age_s == pytest.approx(45, abs=1)
        assert health.buttons["recall"].stuck
        assert health.buttons["call"].pressed_age_s is None
        assert (health.outbox_depth, health.outbox_age_s) == (0, None)
        assert (health.connects, health.boot, health.printer) == (1, "b", None)
        assert health.wall_ms == pytest.approx(one.clock.wall_ms(), abs=200)


async def test_health_tells_how_long_the_oldest_row_waits(tmp_path: Path) -> None:
    """A broker that is there, and a hub that is not."""
    async with stand(COUNTER, tmp_path) as one:
        one.link.connect()
        await one.press("done")
        await one.advance(45)

        assert one.health().outbox_depth == 1
        assert one.health().outbox_age_s == pytest.approx(45, abs=16)


FIGURES = Figures(printer=lambda: "near_end")


async def test_health_tells_of_the_printer(tmp_path: Path) -> None:
    """What it says of itself, and what became of its slips: the one may lie."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper, figures=FIGURES) as one:
        await one.join(KIOSK)
        told = []
        for outcome in (Outcome.FAILED, Outcome.FAILED, Outcome.PRINTED):
            await one.press("ktp-el")
            await until(lambda: len(paper.taken) == 1, "the slip was taken")
            paper.end(outcome)
            await one.advance(20)
            told.append(one.health().printer)

        assert told[:2] == [PrinterHealth(state="near_end", failed=n) for n in (1, 2)]
        last = told[-1]
        assert last is not None
        assert (last.failed, last.printed_age_s) == (0, pytest.approx(15, abs=6))


@pytest.mark.parametrize("actor", [KIOSK, COUNTER], ids=["kiosk", "counter"])
async def test_a_panel_says_how_the_node_reaches_the_hub(tmp_path: Path, actor: Actor) -> None:
    """No word of a role takes the place of the node's own."""
    async with stand(actor, tmp_path) as one:
        before = one.node.snapshot()["link"]
        await one.join(actor)
        panel = one.node.snapshot()

    assert (before, panel["link"], panel["hub"]) == ("down", "up", "heard")
