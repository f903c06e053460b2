"""A kiosk whose paper takes its time, or does not come."""

from pathlib import Path

from broker.hall.state import TicketState
from edge.paper import Outcome, Printed, Told
from edge.slip import Slip
from tests.edge.stand import KIOSK, rows_of, stand
from tests.fakes import FakeClock
from tests.fakes_edge import until


class SlowPaper:
    """Paper that comes when the test says so."""

    def __init__(self) -> None:
        self.text = ""
        self.taken: list[tuple[Slip, Told]] = []

    def start(self) -> None:
        """Nothing to begin."""

    def print_slip(self, slip: Slip, told: Told) -> None:
        """Take it."""
        self.taken.append((slip, told))

    def end(self, outcome: Outcome) -> None:
        """End the way of the oldest slip."""
        _, told = self.taken.pop(0)
        told(Printed(outcome, "" if outcome is Outcome.PRINTED else "as the test wished"))


async def test_the_kiosk_takes_presses_while_a_slip_is_on_its_way(tmp_path: Path) -> None:
    """Nothing is confirmed before its slip is out, and each by its own."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await one.press("pajak")
        await until(lambda: len(paper.taken) == 2, "both slips were taken")
        await one.advance(5)
        assert [t.printed for t in hub.hall.tickets.values()] == [False, False]
        assert rows_of(tmp_path) == [("a", 1, "issue", False), ("a", 2, "issue", False)]

        paper.end(Outcome.PRINTED)
        await until(lambda: len(hub.rows) == 3, "the first was confirmed")
        assert [t.printed for t in hub.hall.tickets.values()] == [True, False]
        paper.end(Outcome.PRINTED)
        await until(lambda: len(hub.rows) == 4, "the second was confirmed")
        assert all(ticket.printed for ticket in hub.hall.tickets.values())


async def test_a_slip_that_is_perhaps_printed_counts(tmp_path: Path) -> None:
    """Nobody with paper is lost; the other way round a call is missed by nobody."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: len(paper.taken) == 1, "the slip was taken")
        paper.end(Outcome.UNKNOWN)
        await until(lambda: len(hub.rows) == 2, "it was confirmed")
        (ticket,) = hub.hall.tickets.values()

        assert (ticket.printed, ticket.state) == (True, TicketState.WAITING)
        assert one.node.counts["paper_unknown"] == 1
        assert one.lamps == {"ready": "steady"}


async def test_a_slip_that_surely_did_not_come_cancels_its_ticket(tmp_path: Path) -> None:
    """And the lamp refuses."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: len(paper.taken) == 1, "the slip was taken")
        paper.end(Outcome.FAILED)
        await until(lambda: len(hub.rows) == 2, "it was cancelled")
        (ticket,) = hub.hall.tickets.values()

        assert ticket.state is TicketState.CLOSED
        assert one.lamps == {"ready": "short_flashes"}


async def test_killed_while_a_slip_is_on_its_way_it_prints_again(tmp_path: Path) -> None:
    """The same number: nothing of the answer was on disk."""
    clock, first, second = FakeClock(), SlowPaper(), SlowPaper()
    async with stand(KIOSK, tmp_path, clock=clock, paper=first) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: len(first.taken) == 1, "the slip was taken")
        on_disk = (tmp_path / "outbox.db").read_bytes(), (tmp_path / "outbox.db-wal").read_bytes()
        first.end(Outcome.PRINTED)  # only so that this start ends
    killed = tmp_path / "killed"
    killed.mkdir()
    (killed / "outbox.db").write_bytes(on_disk[0])
    (killed / "outbox.db-wal").write_bytes(on_disk[1])
    assert rows_of(killed) == [("a", 1, "issue", False)]

    async with stand(KIOSK, killed, clock=clock, stream="b" * 32, paper=second) as two:
        hub._link, two.link.hub = two.link, hub
        two.link.connect("s2")
        await until(lambda: len(second.taken) == 1, "it was taken again")
        numbers = [paper[0].tickets[0].number for paper in second.taken]
        second.end(Outcome.PRINTED)
    assert numbers == ["A001"]


async def test_a_stop_waits_for_the_slip_that_is_on_its_way(tmp_path: Path) -> None:
    """Or an update would print it twice."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: len(paper.taken) == 1, "the slip was taken")
        one.node.stop()
        await one.quiet()
        paper.end(Outcome.PRINTED)
    rows = rows_of(tmp_path)
    assert rows[:1] == [("a", 1, "issue", True)]
    assert [row[2] for row in rows] == ["issue", "confirm_print"]
