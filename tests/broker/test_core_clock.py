"""What the hub does by the clock, without anybody's press."""

from broker.hall.events import TicketReturned
from tests.broker.test_core import AT_MS, COUNTER, KIOSK, Desk, ready_ticket


def test_who_did_not_come_waits_again_by_the_clock() -> None:
    """Lamps count the ticket although nobody presses: the hub looks by itself."""
    desk = Desk()
    ready_ticket(desk)
    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3, "seen": ""})
    desk.settle()
    seen = f"{COUNTER}:1"
    desk.up("loket-3", COUNTER, 2, {"type": "no_show", "counter": 3, "seen": seen})
    desk.settle()
    desk.core.advance(at_ms=AT_MS + 179_999, now_s=desk.now_s)
    assert not desk.core.is_pending
    desk.core.advance(at_ms=AT_MS + 180_000, now_s=desk.now_s)
    batch, _ = desk.settle()

    [entry] = batch.entries
    assert entry.events == (TicketReturned(ticket=f"{KIOSK}:1"),)
    assert batch.counters == {3, 4}
    desk.core.advance(at_ms=AT_MS + 180_000, now_s=desk.now_s)
    assert not desk.core.is_pending
