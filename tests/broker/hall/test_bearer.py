"""What whoever holds the code on a slip may ask: hold and cancel, of its own tickets, just now."""

import hashlib

import pytest

from broker.hall.commands import (
    AnyCommand,
    CallNext,
    Cancel,
    Hold,
    OpenDay,
    Return,
)
from broker.hall.events import TicketClosed, TicketParked
from tests.broker.hall.given import BEARER, DESK, KIOSK, STAFF, Story, opened

SHA256 = hashlib.sha256(b"the code").hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()


def with_code(*services: str) -> tuple[Story, list[str]]:
    """Return a hall where a visitor took tickets, with a code on the slip; and their ids."""
    story = opened()
    return story, story.take(*(services or ("kk",)), code=SHA256)


def test_the_bearer_holds_and_cancels_every_ticket_of_the_code() -> None:
    """One code is of one visit: of all its numbers."""
    story, (first, second) = with_code("kk", "pajak")
    back_ms = story.at_ms + 30 * 60_000

    assert story.ask(Hold(ticket=first, code_sha256=SHA256), DESK) == (
        TicketParked(ticket=first, why="hold", back_ms=back_ms),
    )
    assert story.ask(Cancel(ticket=second, code_sha256=SHA256), DESK) == (
        TicketClosed(ticket=second, outcome="cancelled"),
    )
    assert story.ask(Cancel(ticket=first, code_sha256=SHA256), DESK) == (
        TicketClosed(ticket=first, outcome="cancelled"),
    )


@pytest.mark.parametrize("kind", [Hold, Cancel])
def test_another_tickets_code_is_refused(kind: type[Hold | Cancel]) -> None:
    """Whoever reads a number on a board can do nothing with it."""
    story, (ticket,) = with_code()

    assert story.told(kind(ticket=ticket, code_sha256=OTHER), DESK)[0] == "wrong_code"


def test_a_ticket_without_a_code_has_no_bearer() -> None:
    """An empty code is nobody's, so it opens nothing."""
    story = opened()
    (ticket,) = story.take("kk")

    assert story.told(Hold(ticket=ticket, code_sha256=OTHER), DESK)[0] == "wrong_code"
    assert story.told(Hold(ticket=ticket), BEARER)[0] == "wrong_code"


def test_staff_need_no_code_and_a_kiosks_own_is_no_bearers() -> None:
    """The code makes `web` ask for the bearer; nobody else asks for one."""
    story, (ticket,) = with_code()

    assert story.ask(Hold(ticket=ticket), DESK)
    assert story.ask(Return(ticket=ticket), DESK)
    assert story.told(Hold(ticket=ticket, code_sha256=SHA256), STAFF)[0] == "not_allowed"
    assert story.ask(Cancel(ticket=ticket, code_sha256=OTHER), KIOSK)


@pytest.mark.parametrize("age_ms", [60_000, None])
@pytest.mark.parametrize("kind", [Hold, Cancel])
def test_what_was_asked_a_minute_ago_is_not_done_any_more(
    kind: type[Hold | Cancel], age_ms: int | None
) -> None:
    """The phone has said long ago that it did not come through."""
    story, (ticket,) = with_code()

    assert story.told(kind(ticket=ticket, code_sha256=SHA256, age_ms=age_ms), DESK)[0] == "stale"
    assert story.ask(kind(ticket=ticket, code_sha256=SHA256, age_ms=59_999), DESK)


def test_a_bearer_moves_a_ticket_three_times_at_most() -> None:
    """However often it is asked: held twice, cancelled once; so a code can't keep the hall busy."""
    story, (ticket,) = with_code()
    asked: list[AnyCommand] = [
        Hold(ticket=ticket, code_sha256=SHA256),
        Return(ticket=ticket),
        Hold(ticket=ticket, code_sha256=SHA256),
        Return(ticket=ticket),
    ]
    for command in asked:
        assert story.ask(command, DESK)

    assert story.told(Hold(ticket=ticket, code_sha256=SHA256), DESK)[0] == "held_out"
    assert story.ask(Cancel(ticket=ticket, code_sha256=SHA256), DESK)
    assert story.told(Cancel(ticket=ticket, code_sha256=SHA256), DESK)[0] == "moved_on"


def test_who_is_called_goes_to_the_counter() -> None:
    """Neither held nor cancelled from afar: staff stand there and wait."""
    story, (ticket,) = with_code()
    story.ask(CallNext(counter=1))

    assert story.told(Hold(ticket=ticket, code_sha256=SHA256), DESK)[0] == "moved_on"
    assert story.told(Cancel(ticket=ticket, code_sha256=SHA256), DESK)[0] == "moved_on"


def test_a_code_ends_with_its_day() -> None:
    """Yesterday's slip moves nothing."""
    story, (ticket,) = with_code()
    story.ask(OpenDay(date="2026-11-26"))

    assert story.told(Cancel(ticket=ticket, code_sha256=SHA256), DESK)[0] == "unknown_ticket"
