"""A kiosk confirms and cancels what it asked for itself, and nothing of another kiosk's."""

import pytest

from broker.hall.commands import Cancel, ConfirmPrint
from broker.hall.events import (
    Adopted,
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketIssued,
    decode_events,
)
from broker.hall.refusals import Actor
from tests.broker.hall.given import DESK, KIOSK, START_MS, opened, origin

TICKET = origin(2)

OTHER = Actor(node="kiosk-2", role="kiosk")

CONFIRM = ConfirmPrint(ticket=TICKET, number="A001")

CANCEL = Cancel(ticket=TICKET)

CONFIRMED = (PrintConfirmed(ticket=TICKET),)

CANCELLED = (TicketClosed(ticket=TICKET, outcome="cancelled"),)


def issued(node: str) -> TicketIssued:
    """Return the event of a ticket this node asked for."""
    return TicketIssued(
        ticket=TICKET, number="A001", service="kk", visit=TICKET, issued_ms=START_MS, node=node
    )


@pytest.mark.parametrize(
    ("node", "command", "by", "happens"),
    [
        ("kiosk-1", CONFIRM, KIOSK, CONFIRMED),
        ("kiosk-1", CANCEL, KIOSK, CANCELLED),
        ("", CONFIRM, KIOSK, CONFIRMED),
        ("", CANCEL, OTHER, CANCELLED),
        ("kiosk-1", CANCEL, DESK, CANCELLED),
    ],
)
def test_what_is_done_with_a_ticket(
    node: str, command: ConfirmPrint | Cancel, by: Actor, happens: tuple[HallEvent, ...]
) -> None:
    """Its own kiosk may; of an old journal's ticket, which doesn't tell, any; desk and bearer."""
    story = opened().then(issued(node))

    assert story.ask(command, by) == happens


@pytest.mark.parametrize("command", [CONFIRM, CANCEL])
def test_another_kiosk_may_neither(command: ConfirmPrint | Cancel) -> None:
    """Whatever went wrong there, nobody loses a place by it."""
    story = opened().then(issued("kiosk-1"))

    assert story.told(command, OTHER) == (
        "not_allowed",
        "ticket A001: of node kiosk-1, not kiosk-2",
    )
    assert story.told(command, KIOSK) == ("", "")


def test_an_adopted_ticket_is_its_kiosks_own() -> None:
    """Given back by whomever, the event itself says who asked for it."""
    adopted = Adopted(gen="1-0a0a0a0a", pos=7, at_ms=START_MS)
    story = opened().then(adopted, issued("kiosk-1"))

    assert story.told(CONFIRM, OTHER)[0] == "not_allowed"
    assert story.ask(CONFIRM, KIOSK) == CONFIRMED


def test_a_ticket_known_by_a_later_event_alone_is_anybodys_until_its_issue_is_known() -> None:
    """Nobody is refused for what the hub lost."""
    story = opened().then(PrintConfirmed(ticket=TICKET))
    assert story.ticket(TICKET).node == ""

    story.then(issued("kiosk-1"))
    assert story.told(CANCEL, OTHER)[0] == "not_allowed"


def test_a_journal_of_before_is_read() -> None:
    """Its issues name no node."""
    old = (
        b'[{"type":"ticket_issued","ticket":"t","number":"A001","service":"kk","visit":"t",'
        b'"issued_ms":1}]'
    )

    assert decode_events(old) == (
        TicketIssued(ticket="t", number="A001", service="kk", visit="t", issued_ms=1, node=""),
    )
