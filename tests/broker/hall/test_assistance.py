"""Who waits for staff: at a kiosk, until they have come; at a counter, by the ticket."""

import pytest

from broker.hall.commands import Assist, Attend, CallNumber, ConfirmPrint, Issue, OpenDay
from broker.hall.events import AssistAsked, AssistAttended, TicketIssued
from broker.hall.refusals import Actor
from broker.hall.views import counter_view, queue_view
from tests.broker.hall.given import BEARER, DESK, HUB, KIOSK, KIOSK_2, STAFF, Story, opened, origin


def awaited(story: Story) -> dict[str, int]:
    """Return where staff are awaited, as `state/queue` says it."""
    return queue_view(story.hall, gen="1-0a0a0a0a", at_ms=story.at_ms).assists


def test_help_is_wanted_at_a_kiosk_until_staff_have_come() -> None:
    """Asked again it is wanted since the first time; said twice that they came changes nothing."""
    story = opened()
    assert awaited(story) == {}

    assert story.ask(Assist(), KIOSK) == (AssistAsked(node="kiosk-1"),)
    since_ms = story.at_ms
    assert story.ask(Assist(), KIOSK) == ()
    assert awaited(story) == {"kiosk-1": since_ms}
    assert story.ask(Attend(node="kiosk-1"), DESK) == (AssistAttended(node="kiosk-1"),)
    assert story.ask(Attend(node="kiosk-1"), DESK) == ()
    assert awaited(story) == {}


def test_each_kiosk_waits_for_itself() -> None:
    """Staff at one have not come to the other; a kiosk says it of itself alone."""
    story = opened()
    story.ask(Assist(), KIOSK)
    story.ask(Assist(), KIOSK_2)

    assert story.told(Attend(node="kiosk-2"), KIOSK) == (
        "not_allowed",
        "attend: kiosk-1 is not kiosk-2",
    )
    assert story.ask(Attend(node="kiosk-1"), KIOSK) == (AssistAttended(node="kiosk-1"),)
    assert [*awaited(story)] == ["kiosk-2"]


def test_a_call_that_comes_late_rings_nowhere() -> None:
    """Whoever made it was told that nobody heard it; that staff came is never too late."""
    story = opened()

    assert story.told(Assist(age_ms=60_000), KIOSK, stale=True) == (
        "stale",
        "assist at kiosk-1: asked for 60000 ms ago",
    )
    story.ask(Assist(), KIOSK)
    assert story.told(Attend(node="kiosk-1"), DESK, stale=True) == ("", "")


def test_without_a_day_nobody_is_there_to_come() -> None:
    """The kiosk says so."""
    assert Story().told(Assist(), KIOSK)[0] == "day_not_open"


def test_a_new_day_begins_with_nobody_waiting() -> None:
    """Who waited yesterday has gone."""
    story = opened()
    story.ask(Assist(), KIOSK)
    story.ask(OpenDay(date="2026-11-26"), HUB)

    assert awaited(story) == {}


@pytest.mark.parametrize("by", [STAFF, BEARER, DESK, HUB])
def test_only_a_kiosk_calls_for_staff(by: Actor) -> None:
    """Others have other ways."""
    assert opened().told(Assist(), by)[0] == "not_allowed"


@pytest.mark.parametrize("is_assisted", [True, False])
def test_a_ticket_tells_its_counter_that_its_visitor_wishes_company(*, is_assisted: bool) -> None:
    """From the issue to the call; nothing of why."""
    story = opened()
    (issued,) = story.ask(Issue(services=("kk",), assist=is_assisted), KIOSK)
    assert isinstance(issued, TicketIssued)
    story.ask(ConfirmPrint(ticket=issued.ticket, number=issued.number), KIOSK)
    story.ask(CallNumber(counter=2, number=issued.number))
    call = counter_view(story.hall, 2, gen="1-0a0a0a0a").call

    assert call is not None
    assert call.assist is is_assisted


def test_a_slip_made_without_the_hub_tells_it_too() -> None:
    """By its confirm."""
    story = opened()
    slip = ConfirmPrint(ticket=origin(77), number="K1001", service="kk", made_age_ms=5, assist=True)
    story.ask(slip, KIOSK)

    assert story.hall.by_number["K1001"].assist
