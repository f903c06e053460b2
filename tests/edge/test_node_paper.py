"""A kiosk whose paper takes its time, or does not come."""

from pathlib import Path

import msgspec

from broker.hall.commands import ConfirmPrint, decode_command
from broker.hall.state import TicketState
from broker.wire.messages import LOST, Result
from edge.paper import Outcome
from tests.edge.stand import KIOSK, rows_of, stand
from tests.fakes_edge import SlowPaper, TinyHub, until


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
        assert rows_of(tmp_path) == [("a", 1, "issue", True), ("a", 2, "issue", True)]

        paper.end(Outcome.PRINTED)
        await until(lambda: len(hub.rows) == 3, "the first was confirmed")
        assert [t.printed for t in hub.hall.tickets.values()] == [True, False]
        paper.end(Outcome.PRINTED)
        await until(lambda: len(hub.rows) == 4, "the second was confirmed")
        assert all(ticket.printed for ticket in hub.hall.tickets.values())


class ForgetfulHub(TinyHub):
    """A hub whose predecessor alone heard the first confirm, and died with it."""

    forgot = False

    def _result(self, stream: str, seq: int, body: msgspec.Raw) -> Result:
        if isinstance(decode_command(body), ConfirmPrint) and not self.forgot:
            self.forgot = True
            return Result(seq=seq, pos=self.hall.pos, at_ms=1, refusal=LOST)
        return super()._result(stream, seq, body)


async def test_what_is_on_paper_is_said_again_when_it_was_lost(tmp_path: Path) -> None:
    """The visitor holds the slip: without the second confirm nobody could ever call it."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        one.hub = ForgetfulHub(link=one.link, actor=KIOSK, clock=one.clock)
        one.link.connect()
        one.hub.beat()
        await one.quiet()
        await one.press("ktp-el")
        await until(lambda: paper.taken, "the slip was taken")
        paper.end(Outcome.PRINTED)
        await until(lambda: len(one.hub.rows) == 3, "it was confirmed twice")
        await one.advance(1)

        (ticket,) = one.hub.hall.tickets.values()
        assert ticket.printed
    kinds = [(kind, is_done) for _, _, kind, is_done in rows_of(tmp_path)]
    assert kinds == [("issue", True), ("confirm_print", True), ("confirm_print", True)]


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
