"""Whether a service takes a ticket: hours, cut-off and quota, and who is told."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from broker.hall.calendar import Calendar, Span
from broker.hall.commands import (
    CallNext,
    Cancel,
    ConfirmPrint,
    Issue,
    Reinstate,
    SetService,
    Transfer,
)
from broker.hall.intake import Turns
from broker.hall.paper import OLD_MS
from broker.hall.setup import Setup
from broker.hall.views import queue_view
from tests.broker.hall.given import KIOSK, STAFF, Story, opened, small_setup

WIB = ZoneInfo("Asia/Jakarta")
CALENDAR = Calendar(
    zone=WIB,
    open={"wed": (Span(480, 900),)},
    agency_open={"bapenda": {"wed": (Span(600, 900),)}},
)


def ms(at: str) -> int:
    """Return the instant of an hour of 2026-11-25, a Wednesday."""
    return round(
        dt.datetime.fromisoformat(f"2026-11-25 {at}").replace(tzinfo=WIB).timestamp() * 1000
    )


def setup(*, quota: int | None = None) -> Setup:
    """Return a hall open 08:00-15:00, Bapenda from 10:00; `kk` has a cut-off of 30 min."""
    small = small_setup()
    services = dict(small.services)
    services["kk"] = replace(services["kk"], cutoff_min=30, quota=quota)
    return replace(small, services=services, calendar=CALENDAR)


def at(time: str, *, quota: int | None = None) -> Story:
    """Return a story whose day is open, at that time of it."""
    story = opened(setup(quota=quota))
    story.at_ms = ms(time)
    return story


@pytest.mark.parametrize(
    ("time", "service", "code"),
    [
        ("07:59", "ktp-el", "closed"),
        ("08:00", "ktp-el", ""),
        ("09:59", "pajak", "closed"),
        ("10:00", "pajak", ""),
        ("14:29", "kk", ""),
        ("14:30", "kk", "past_cutoff"),
        ("14:59", "ktp-el", ""),
        ("15:00", "kk", "closed"),
    ],
)
def test_an_issue_keeps_the_hours(time: str, service: str, code: str) -> None:
    """Of the agency, of the hall, and the service's cut-off."""
    assert at(time).told(Issue(services=(service,)))[0] == code


def test_the_press_counts_not_the_moment_it_arrives() -> None:
    """Who pressed at 14:29 has a ticket, though the hub hears of it at 14:31."""
    story = at("14:31")

    assert story.told(Issue(services=("kk",), age_ms=120_000))[0] == ""
    assert story.told(Issue(services=("kk",), age_ms=0))[0] == "past_cutoff"
    assert story.told(Issue(services=("kk",)))[0] == "past_cutoff"


def test_a_visit_is_refused_whole_and_told_which() -> None:
    """A slip with half of what was asked for would send people home with the other half undone."""
    story = at("09:00")

    code, detail = story.told(Issue(services=("ktp-el", "pajak")))

    assert code == "closed"
    assert "service pajak: bapenda" in detail
    assert story.hall.tickets == {}


def test_a_slip_that_is_out_is_never_refused_by_the_hours() -> None:
    """Paper wins: a kiosk without the hub knows no hours."""
    story = Story(replace(setup(), offline={"kiosk-1": "K"})).open_day()
    story.at_ms = ms("15:30")
    confirm = ConfirmPrint(ticket=f"{'b' * 32}:1", number="K001", service="kk", made_age_ms=0)

    assert story.told(confirm, KIOSK) == ("", "")
    assert story.hall.queues["kk"].taken == 1


def test_slips_of_the_evening_before_use_up_no_quota() -> None:
    """The hub was gone since the afternoon; it hears of them in the morning, and they are over."""
    story = at("09:00", quota=1)
    old = ConfirmPrint(ticket="b" * 32 + ":1", number="K1001", service="kk", made_age_ms=OLD_MS)
    story.ask(old)

    assert story.told(Issue(services=("kk",))) == ("", "")
    story.ask(Reinstate(ticket=old.ticket))
    assert story.hall.queues["kk"].taken == 2


def test_the_quota_is_of_the_day() -> None:
    """The next is refused, with the number; a new day has them all again."""
    story = at("09:00", quota=2)
    story.take("kk")
    story.take("kk")

    assert story.told(Issue(services=("kk",))) == (
        "quota_reached",
        "service kk: all 2 tickets of the day are given out",
    )
    assert story.told(Issue(services=("ktp-el",)))[0] == ""


def test_one_visit_can_not_take_more_than_is_left() -> None:
    """Two of one service are two of its quota."""
    story = at("09:00", quota=1)

    assert story.told(Issue(services=("kk", "kk")))[0] == "quota_reached"
    assert story.told(Issue(services=("kk",)))[0] == ""


def test_a_cancelled_ticket_frees_its_place_and_a_paper_one_takes_it_again() -> None:
    """A failed print is a cancel: nobody went home with that ticket."""
    story = at("09:00", quota=1)
    [ticket] = [e.ticket for e in story.ask(Issue(services=("kk",)))]  # type: ignore[union-attr]
    story.ask(Cancel(ticket=ticket))

    assert story.hall.queues["kk"].taken == 0

    story.ask(ConfirmPrint(ticket=ticket, number="A001"))
    assert story.hall.queues["kk"].taken == 1


def test_a_ticket_counts_for_the_service_it_was_issued_for() -> None:
    """Whatever staff make of it; and setting a service asks no quota."""
    story = at("09:00", quota=1)
    story.take("kk")
    story.take("ktp-el")
    story.call(1)
    assert story.told(SetService(counter=1, seen=story.seen(1), service="kk"), STAFF) == ("", "")
    assert story.hall.queues["kk"].taken == 1
    assert story.hall.queues["ktp-el"].taken == 1

    story.ask(CallNext(counter=2, seen=story.seen(2)))
    story.ask(Transfer(counter=2, seen=story.seen(2), service="ktp-el"))
    assert (story.hall.queues["kk"].taken, story.hall.queues["ktp-el"].taken) == (1, 1)


def test_the_queue_shows_what_is_offered() -> None:
    """Of every service, at the instant of the snapshot."""
    story = at("14:45", quota=1)
    story.at_ms = ms("09:00")
    story.take("kk")

    def offers(time: str) -> list[str]:
        view = queue_view(story.hall, gen="1-deadbeef", at_ms=ms(time))
        return [view.services[service].takes for service in ("ktp-el", "kk", "pajak")]

    assert offers("07:00") == ["closed", "closed", "closed"]
    assert offers("09:00") == ["open", "quota", "closed"]
    assert offers("14:45") == ["open", "cutoff", "open"]


def test_turns_are_those_of_any_service() -> None:
    """Hall, agency, cut-off, closing; then the next Wednesday."""
    turns = Turns(opened(setup()).hall)
    found, time = [], ms("06:00")
    for _ in range(5):
        turn = turns.next_ms(time)
        assert turn is not None
        found.append(turn)
        time = turn

    assert found == [
        *(ms(at) for at in ("08:00", "10:00", "14:30", "15:00")),
        ms("08:00") + 7 * 86_400_000,
    ]
    assert turns.next_ms(ms("09:00")) == ms("10:00")  # asked about an earlier instant again
    assert turns.next_ms(ms("09:59")) == ms("10:00")  # before it, it is the same one
    assert turns.next_ms(ms("10:00")) == ms("14:30")
    assert Turns(opened().hall).next_ms(time) is None
