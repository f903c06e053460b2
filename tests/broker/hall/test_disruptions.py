"""Services that take no tickets for a while: whom that stops, and whom it doesn't."""

from datetime import UTC
from typing import get_args

import pytest
from msgspec.structs import replace

from broker.hall.calendar import Calendar
from broker.hall.commands import (
    Disrupt,
    Issue,
    OpenDay,
    Resume,
    SetService,
    Transfer,
    decode_command,
    encode_command,
)
from broker.hall.events import ServiceDisrupted, ServiceResumed, encode_events
from broker.hall.refusals import Actor
from broker.hall.stamps import DisruptedBy
from broker.hall.views import ServiceQueue, queue_view
from broker.wire.messages import ACK_BYTES_MAX, COMMAND_BYTES_MAX
from tests.broker.hall.given import BEARER, DESK, HUB, KIOSK, STAFF, Story, opened, small_setup


def shown(story: Story, service: str) -> ServiceQueue:
    """Return what `state/queue` says of a service."""
    return queue_view(story.hall, gen="1-0a0a0a0a", at_ms=story.at_ms).services[service]


@pytest.mark.parametrize("why", get_args(DisruptedBy))
def test_a_disrupted_service_takes_no_tickets_until_it_is_resumed(why: DisruptedBy) -> None:
    """The kiosk is told, the queue's snapshot says so; then all is as before."""
    story = opened()

    assert story.ask(Disrupt(services=("kk", "ktp-el"), why=why)) == (
        ServiceDisrupted(service="kk", why=why),
        ServiceDisrupted(service="ktp-el", why=why),
    )
    assert story.told(Issue(services=("kk",))) == (
        "disrupted",
        f"service kk: takes no tickets, {why}",
    )
    assert (shown(story, "kk").takes, shown(story, "kk").why) == ("disrupted", why)
    assert (shown(story, "pajak").takes, shown(story, "pajak").why) == ("open", "")
    assert story.told(Issue(services=("pajak",))) == ("", "")

    assert story.ask(Resume(services=("kk",))) == (ServiceResumed(service="kk"),)
    assert story.told(Issue(services=("kk",))) == ("", "")
    assert shown(story, "kk").takes == "open"
    assert story.told(Issue(services=("ktp-el",)))[0] == "disrupted"


def test_one_disrupted_service_of_a_visit_refuses_the_visit() -> None:
    """No half of an errand: the visitor is told before the other number is out."""
    story = opened()
    story.ask(Disrupt(services=("kk",), why="no_staff"))

    assert story.told(Issue(services=("pajak", "kk")))[0] == "disrupted"
    assert story.hall.numbers == {}


def test_who_waits_keeps_the_place_and_is_called() -> None:
    """Nothing is taken from those who have a number."""
    story = opened()
    story.take("kk")
    story.take("kk")
    story.ask(Disrupt(services=("kk",), why="no_material"))

    assert (shown(story, "kk").waiting, shown(story, "kk").next) == (2, ("A001", "A002"))
    assert [story.call(2), story.call(1)] == ["A001", "A002"]


def test_staff_may_send_a_ticket_to_a_disrupted_service() -> None:
    """They know; the visitor is there already."""
    story = opened()
    tickets = [story.take("ktp-el")[0] for _ in range(2)]
    story.ask(Disrupt(services=("kk",), why="system_down"))
    for counter in (1, 2):
        story.call(counter)

    story.ask(SetService(counter=1, seen=story.seen(1), service="kk"))
    story.ask(Transfer(counter=2, seen=story.seen(2), service="kk"))

    assert [story.ticket(ticket).service for ticket in tickets] == ["kk", "kk"]


def test_asked_again_nothing_happens_and_another_reason_counts() -> None:
    """Twice the same, a service named twice, a service that is not disrupted."""
    story = opened()
    disrupt = Disrupt(services=("kk", "kk"), why="no_staff")

    assert story.ask(Resume(services=("kk",))) == ()
    assert story.ask(disrupt) == (ServiceDisrupted(service="kk", why="no_staff"),)
    assert story.ask(disrupt) == ()
    assert story.ask(Disrupt(services=("kk",), why="other")) == (
        ServiceDisrupted(service="kk", why="other"),
    )
    assert story.ask(Resume(services=("kk", "kk"))) == (ServiceResumed(service="kk"),)


def test_the_next_day_begins_without_disruptions() -> None:
    """Whoever is still without system says so again."""
    story = opened()
    story.ask(Disrupt(services=("kk",), why="system_down"))
    story.ask(OpenDay(date="2026-11-26"))

    assert shown(story, "kk").takes == "open"
    assert story.told(Issue(services=("kk",))) == ("", "")


@pytest.mark.parametrize("kind", [Disrupt, Resume])
def test_an_unknown_service_or_no_day_changes_none(kind: type[Disrupt | Resume]) -> None:
    """Refused as a whole."""
    more = {"why": "other"} if kind is Disrupt else {}
    command = kind(services=("kk", "x"), **more)  # type: ignore[arg-type]
    story = opened()

    assert story.told(command) == ("unknown_service", "disruption: no service x in this hall")
    assert shown(story, "kk").takes == "open"
    assert Story().told(kind(services=("kk",), **more)) == (  # type: ignore[arg-type]
        "day_not_open",
        "disruption: no day is open yet",
    )


@pytest.mark.parametrize("by", [KIOSK, STAFF, BEARER, HUB], ids=lambda by: by.role)
def test_only_staff_at_a_page_disrupt(by: Actor) -> None:
    """A counter has no button for it, a visitor no business."""
    story = opened()
    for command in (Disrupt(services=("kk",), why="other"), Resume(services=("kk",))):
        assert story.told(command, by)[0] == "not_allowed"
        assert story.told(command, DESK)[0] == ""


def test_as_many_services_as_a_command_may_name_fit_their_messages() -> None:
    """With the longest ids and reason, command and result are far below the limits."""
    services = tuple(f"{n:02}" + "x" * 30 for n in range(64))
    command = Disrupt(services=services, why="no_material")
    events = tuple(ServiceDisrupted(service=s, why="no_material") for s in services)

    assert decode_command(encode_command(command)) == command
    assert len(encode_command(command)) < COMMAND_BYTES_MAX
    assert len(encode_events(events)) < ACK_BYTES_MAX


def test_of_several_reasons_the_hours_are_told_first() -> None:
    """What is closed is not disrupted, and whose numbers are all gone may be."""
    small = small_setup()
    services = {**small.services, "kk": replace(small.services["kk"], quota=1)}
    story = opened(replace(small, services=services))
    story.take("kk")
    assert story.told(Issue(services=("kk",)))[0] == "quota_reached"

    story.ask(Disrupt(services=("kk",), why="system_down"))
    assert story.told(Issue(services=("kk",)))[0] == "disrupted"

    shut = replace(small, calendar=Calendar(zone=UTC, open={}))
    story = opened(shut)
    story.ask(Disrupt(services=("kk",), why="system_down"))
    assert story.told(Issue(services=("kk",)))[0] == "closed"
    assert shown(story, "kk").takes == "closed"
