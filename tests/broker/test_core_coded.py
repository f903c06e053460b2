"""`state/queue/<service>`: said when it changed, by whom it may be read, never with a code."""

import json
from typing import Any

from broker.publisher import CODED_AFTER_S, CODED_EVERY_S, SAY_AGAIN_S
from broker.wire.topics import Kind, Topic
from tests.broker.test_core import COUNTER, KIOSK, Desk

CODE = "c" * 64


def said(desk: Desk, later_s: float) -> list[tuple[str, Any]]:
    """Return (id, tickets) of the pages said by then."""
    publications = [p for p in desk.timed(later_s) if p.topic.kind is Kind.CODED]
    return [(p.topic.id, json.loads(p.payload)["tickets"]) for p in publications]


def with_ticket(code: str) -> Desk:
    """Return a hall where somebody has a ticket, with this code or with none."""
    desk = Desk()
    desk.up("kiosk-1", KIOSK, 1, {"type": "issue", "services": ["ktp-el"], "code_sha256": code})
    desk.settle()
    confirm = {"type": "confirm_print", "ticket": f"{KIOSK}:1", "number": "A001"}
    desk.up("kiosk-1", KIOSK, 2, confirm | {"code_sha256": code})
    desk.settle()
    return desk


def test_without_codes_nothing_is_said() -> None:
    """A hall without the visitors' Wi-Fi sends not one message more."""
    assert said(with_ticket(""), 60.0) == []


def test_a_call_is_told_at_once_and_then_once_a_second() -> None:
    """However often the service's line moves; what did not change is not said again."""
    desk = with_ticket(CODE)
    ((service, (ticket,)),) = said(desk, CODED_AFTER_S)
    assert (service, ticket["state"], ticket["ahead"]) == ("ktp-el", "waiting", 0)
    assert ticket["code_sha256"] == CODE

    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3, "seen": ""})
    desk.settle()
    assert said(desk, CODED_AFTER_S) == []
    ((_, (called,)),) = said(desk, CODED_EVERY_S)
    assert (called["state"], called["counter"]) == ("called", 3)

    desk.up("kiosk-1", KIOSK, 3, {"type": "issue", "services": ["ktp-el"]})
    desk.settle()
    assert said(desk, 2 * CODED_EVERY_S) == [], "nobody with a code sees another thing"


def test_a_page_the_link_did_not_take_is_said_again() -> None:
    """As it is then; and all of them at a new connection, for the broker may have lost them."""
    desk = with_ticket(CODE)
    (page,) = said(desk, CODED_AFTER_S)
    desk.core.connected(desk.now_s)
    desk.settle()
    assert said(desk, CODED_EVERY_S) == [page]

    desk.core.unsent(Topic("demo", Kind.CODED, "ktp-el"), now_s=desk.now_s)
    assert said(desk, SAY_AGAIN_S) == [page]
