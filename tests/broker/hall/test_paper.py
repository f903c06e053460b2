"""What a slip is worth: whatever was decided of its ticket, who holds it waits, once."""

from typing import Any

import pytest
from msgspec.structs import replace

from broker.hall.commands import Cancel, ConfirmPrint, Issue, OpenDay, Reinstate
from broker.hall.events import (
    DayOpened,
    HallEvent,
    PrintConfirmed,
    TicketClosed,
    TicketCorrected,
    TicketIssued,
    TicketReopened,
)
from broker.hall.offline import following, later
from broker.hall.paper import OLD_MS
from broker.hall.ticket import TicketState
from broker.hall.views import counter_view, queue_view
from tests.broker.hall.given import (
    KIOSK_2,
    START_MS,
    Story,
    check_numbers,
    check_queues,
    opened,
    origin,
    refolded_since_day_opened,
    snapshot,
)

UNHEARD = "b" * 32 + ":1"


def slip(ticket: str, number: str, *, age_s: float | None = 0, **more: Any) -> ConfirmPrint:
    """Return the confirm of a slip for `kk` whose button was pressed so long ago."""
    made_age_ms = None if age_s is None else round(age_s * 1000)
    more = {"service": "kk", **more}
    return ConfirmPrint(ticket=ticket, number=number, made_age_ms=made_age_ms, **more)


def admitted(number: str, ticket: str = "d" * 32 + ":1") -> tuple[HallEvent, ...]:
    """Return what the desk's `admit` of a number does."""
    issued = TicketIssued(
        ticket=ticket,
        number=number,
        service="kk",
        visit=ticket,
        issued_ms=START_MS + 60_000,
        node="web",
    )
    return (issued, PrintConfirmed(ticket=ticket))


def order(story: Story) -> list[str]:
    """Return the numbers of `kk` in the order of their call, after checking all counts."""
    check_queues(story.hall)
    check_numbers(story.hall)
    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)
    return [ticket.number for ticket in story.hall.queues["kk"].ready]


def test_a_slip_of_the_evening_before_does_not_move_the_series() -> None:
    """Its kiosk was off for the night, so nobody knows its age; A150 is not of this morning."""
    story = opened()
    told = story.told(slip(UNHEARD, "A150", age_s=None))
    assert told == ("unknown_ticket", "number A150: not one of kk today")
    assert story.ticket(story.take("kk")[0]).number == "A001"

    story.ask(slip(UNHEARD, "K1002", age_s=None))
    assert order(story) == ["A001", "K1002"]


def test_an_offline_slip_takes_the_place_of_the_number_the_hub_gave_its_press() -> None:
    """The press came late, its answer never: one ticket, at the time of the press."""
    story = opened()
    story.take("kk")
    story.after(60)
    story.ask(Issue(services=("kk",), age_ms=90_000))

    assert story.ask(slip(origin(4), "K1001", age_s=90)) == (
        TicketCorrected(
            ticket=origin(4), number="K1001", service="kk", issued_ms=START_MS - 30_000
        ),
        PrintConfirmed(ticket=origin(4)),
    )
    assert order(story) == ["K1001", "A001"]
    assert story.ask(slip(origin(4), "K1001", age_s=95)) == ()
    assert not story.ticket(origin(4)).paper


def test_a_number_nobody_printed_is_not_given_again() -> None:
    """Its series goes on behind it."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.ask(slip(origin(2), "K1001"))
    story.take("kk")

    assert order(story) == ["K1001", "A002"]
    assert story.hall.by_number.get("A001") is None
    assert story.hall.queues["kk"].issued == 2


@pytest.mark.parametrize("number", ["K1001", "A004"])
def test_a_slip_the_hub_never_heard_of_is_a_ticket(number: str) -> None:
    """Of the kiosk's own prefix, or of the series, from a journal that was lost."""
    story = opened()
    story.take("kk")
    story.after(60)
    confirm = slip(UNHEARD, number, age_s=90, code_sha256="ab" * 32, priority=True)

    assert story.ask(confirm) == (
        TicketIssued(
            ticket=UNHEARD,
            number=number,
            service="kk",
            visit=UNHEARD,
            issued_ms=START_MS - 30_000,
            code_sha256="ab" * 32,
            priority=True,
            node="kiosk-1",
            paper=True,
        ),
        PrintConfirmed(ticket=UNHEARD),
    )
    assert order(story) == [number, "A001"]
    story.call(1)
    call = counter_view(story.hall, 1, gen="1-00000000").call
    assert call is not None
    assert (call.number, call.paper) == (number, True)


def test_the_further_tickets_of_a_visit_find_their_visit() -> None:
    """One slip of two numbers is one visitor."""
    story = opened()
    story.ask(slip(UNHEARD, "K1001"))
    story.ask(slip(f"{UNHEARD}.2", "K1002", service="pajak"))

    assert [t.number for t in story.hall.visits[UNHEARD]] == ["K1001", "K1002"]
    assert story.call(1) == "K1001"
    assert story.told(slip(UNHEARD, "K1001")) == ("", "")


def test_a_refused_press_whose_slip_is_out_is_a_ticket() -> None:
    """The hub had said no; the kiosk had not heard it in time."""
    story = opened()
    for number in (998, 999):
        story.then(*admitted(f"A{number}", f"{'e' * 32}:{number}"))
    assert story.told(Issue(services=("kk",)))[0] == "numbers_used_up"
    story.ask(slip(UNHEARD, "K1001"))

    assert story.ticket(UNHEARD).paper


def test_a_cancelled_ticket_whose_slip_is_out_after_all_waits_again() -> None:
    """At its old place, and staff are told."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.take("kk")
    story.ask(Cancel(ticket=origin(2)))

    assert story.ask(slip(origin(2), "A001", print_uncertain=True)) == (
        TicketReopened(ticket=origin(2)),
        PrintConfirmed(ticket=origin(2), uncertain=True),
    )
    assert order(story) == ["A001", "A002"]
    assert story.ticket(origin(2)).paper
    assert story.ask(slip(origin(2), "A001")) == ()


def test_an_offline_number_reopens_a_cancelled_ticket_too() -> None:
    """Somebody cancelled the number nobody had."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.ask(Cancel(ticket=origin(2)))
    events = story.ask(slip(origin(2), "K1001"))

    assert [type(event) for event in events] == [TicketCorrected, TicketReopened, PrintConfirmed]
    assert order(story) == ["K1001"]


def test_a_ticket_cancelled_by_its_bearer_stays_cancelled() -> None:
    """A kiosk that says again what it has said before reopens nothing."""
    story = opened()
    ticket = story.take("kk")[0]
    story.ask(Cancel(ticket=ticket))

    assert story.ask(slip(ticket, "A001")) == ()
    assert story.ticket(ticket).state is TicketState.CLOSED


def test_a_number_that_was_served_by_hand_stays_served() -> None:
    """Its confirm comes after the hub is back, and after staff have told."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.then(TicketClosed(ticket=origin(2), outcome="served"))
    story.ask(slip(origin(2), "K1001"))

    assert story.ticket(origin(2)).outcome == "served"
    assert order(story) == []


def test_a_number_admitted_at_a_desk_before_its_kiosk_was_heard_is_one_ticket() -> None:
    """The press's ticket is dropped; the admitted one gets the time of the press and its code."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    desks = story.then(*admitted("K1001")).hall.by_number["K1001"].id
    story.take("kk")

    assert story.ask(slip(origin(2), "K1001", age_s=30, code_sha256="ab" * 32)) == (
        TicketClosed(ticket=origin(2), outcome="cancelled"),
        TicketCorrected(
            ticket=desks,
            number="K1001",
            service="kk",
            issued_ms=START_MS - 30_000,
            code_sha256="ab" * 32,
        ),
    )
    assert order(story) == ["K1001", "A002"]
    assert story.ask(slip(origin(2), "K1001", age_s=30, code_sha256="ab" * 32)) == ()


def test_an_admitted_number_that_is_over_is_left_alone() -> None:
    """Served already: neither a second ticket nor a second turn."""
    story = opened().then(*admitted("K1001"))
    desks = story.hall.by_number["K1001"].id
    story.then(TicketClosed(ticket=desks, outcome="served"))

    assert story.ask(slip(UNHEARD, "K1001", age_s=30)) == ()
    assert order(story) == []


def test_a_reinstated_ticket_keeps_its_new_place() -> None:
    """Behind the next two, as was decided when the visitor came."""
    story = opened().then(*admitted("K1001"))
    desks = story.hall.by_number["K1001"].id
    story.after(120).take("kk")
    story.then(TicketClosed(ticket=desks, outcome="no_show")).ask(Reinstate(ticket=desks))
    before = order(story)

    assert story.ask(slip(UNHEARD, "K1001", age_s=30)) == ()
    assert order(story) == before


def test_the_same_number_twice_from_one_kiosk_is_refused() -> None:
    """Two papers with one number: the second is not a ticket, and the log says so."""
    story = opened()
    story.ask(slip(UNHEARD, "K1001"))

    assert story.told(slip("c" * 32 + ":1", "K1001")) == (
        "already_known",
        f"number K1001: is on ticket {UNHEARD} already",
    )


REFUSED = [
    (slip(UNHEARD, "K2001"), "not_allowed", "number K2001: no offline number of node kiosk-1"),
    (slip(UNHEARD, "B001"), "unknown_ticket", "number B001: not one of kk today"),
    (slip(UNHEARD, "P001"), "unknown_ticket", "number P001: not one of kk today"),
    (
        slip(UNHEARD, "A001", age_s=OLD_MS / 1000),
        "unknown_ticket",
        "number A001: not one of kk today",
    ),
    (slip(UNHEARD, "K1001", service=""), "unknown_ticket", f"ticket {UNHEARD}: not issued today"),
    (
        slip(UNHEARD, "K1001", service="gone"),
        "unknown_service",
        "confirm_print: no service gone in this hall",
    ),
    (
        slip(origin(2), "A002"),
        "unknown_ticket",
        f"ticket {origin(2)}: its number is A001, not A002",
    ),
    (
        slip(origin(2), "K1001"),
        "unknown_ticket",
        f"ticket {origin(2)}: its number is A001, not K1001",
    ),
]


@pytest.mark.parametrize(("confirm", "code", "detail"), REFUSED)
def test_a_slip_that_can_not_be_is_refused(confirm: ConfirmPrint, code: str, detail: str) -> None:
    """Another kiosk's prefix, another series, no service, a ticket that is on paper already."""
    story = opened()
    story.take("kk")

    assert story.told(confirm) == (code, detail)


def test_another_kiosk_has_its_own_prefix() -> None:
    """And may not use this one's."""
    story = opened()

    assert story.told(slip(UNHEARD, "K1001"), KIOSK_2)[0] == "not_allowed"
    assert story.told(slip(UNHEARD, "K2001"), KIOSK_2) == ("", "")


def test_no_day_no_ticket() -> None:
    """Before the first day there is no queue to stand in."""
    assert Story().told(slip(UNHEARD, "K1001"))[0] == "day_not_open"


def test_a_press_of_before_a_reboot_has_its_place_behind_who_waits() -> None:
    """Its age is not known; where the hub had its press in time, that one's place is kept."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.after(60).take("kk")
    story.after(60).ask(slip(UNHEARD, "K1002", age_s=None))
    story.ask(replace(slip(UNHEARD.replace("b", "c"), "K1003"), age_ms=None))
    story.ask(slip(origin(2), "K1001", age_s=None))

    assert order(story) == ["K1001", "A002", "K1002", "K1003"]


def test_the_age_of_the_message_counts_too() -> None:
    """A confirm that was under way for an hour is of a press an hour older."""
    story = opened()
    story.ask(replace(slip(UNHEARD, "K1001", age_s=2), age_ms=3_600_000))

    assert story.ticket(UNHEARD).place[0] == START_MS - 3_602_000


def test_a_hub_whose_clock_fell_back_counts_from_its_newest_row() -> None:
    """In 1970 nobody's slip is of an earlier day, and nobody's place is before all others."""
    story = opened()
    story.take("kk")
    story.at_ms = 0
    story.ask(slip(UNHEARD, "K1001", age_s=1))

    assert story.ticket(UNHEARD).place[0] == START_MS - 1000
    assert order(story) == ["K1001", "A001"]


def test_a_slip_of_an_earlier_day_is_on_record_as_expired() -> None:
    """Nobody stands there at opening time with the longest wait; whoever does is reinstated."""
    story = opened()
    story.ask(Issue(services=("kk",), age_ms=OLD_MS))
    old_s = OLD_MS / 1000
    events = story.ask(slip(origin(2), "K1001", age_s=old_s))
    assert events[-1] == TicketClosed(ticket=origin(2), outcome="expired")
    story.ask(slip(UNHEARD, "K1002", age_s=old_s))
    story.ask(slip("c" * 32 + ":1", "K1003", age_s=old_s - 1))

    assert order(story) == ["K1003"]
    assert story.ticket(UNHEARD).outcome == "expired"
    story.ask(Reinstate(ticket=UNHEARD))
    assert order(story) == ["K1003", "K1002"]


def test_an_old_slip_of_a_ticket_that_is_over_changes_nothing_but_its_number() -> None:
    """Its end stays what it was."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.then(TicketClosed(ticket=origin(2), outcome="no_show"))
    story.ask(slip(origin(2), "K1001", age_s=OLD_MS / 1000))

    assert (story.ticket(origin(2)).number, story.ticket(origin(2)).outcome) == ("K1001", "no_show")


def test_offline_numbers_go_on_across_days() -> None:
    """The hub remembers the last of each prefix, for a kiosk that has lost its own count."""
    story = opened()
    story.ask(slip(UNHEARD, "K1007"))
    assert story.ask(OpenDay(date="2026-11-26"))[-1] == DayOpened(
        date="2026-11-26", offline={"K1": 7}
    )

    assert queue_view(story.hall, gen="1-00000000", at_ms=1).offline == {"K1": 7}
    assert story.hall.numbers == {}
    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)


def test_a_correction_that_is_adopted_before_its_issue_is_the_ticket() -> None:
    """Rows of an earlier hub may come back in any order; the number on paper stays."""
    corrected = TicketCorrected(ticket=UNHEARD, number="K1001", service="kk", issued_ms=START_MS)
    late = TicketIssued(
        ticket=UNHEARD, number="A001", service="kk", visit=UNHEARD, issued_ms=START_MS
    )
    story = opened().then(corrected, PrintConfirmed(ticket=UNHEARD)).then(late)
    story.take("kk")

    assert order(story) == ["K1001", "A002"]


@pytest.mark.parametrize(
    ("number", "last", "found"),
    [
        (601, None, 601),  # a random hundred
        (8, 7, 8),
        (7, 7, 7),
        (5, 7, 7),  # admitted out of order
        (1, 999, 1),
        (999, 1, 1),
        (601, 37, 601),  # the kiosk lost its count, and no hub was there
        (37, 601, 37),
    ],
)
def test_which_of_two_offline_numbers_is_the_later(
    number: int, last: int | None, found: int
) -> None:
    """Counted in a ring; what lies a little behind is late."""
    assert later(number, last) == found


def test_after_999_comes_001() -> None:
    """A kiosk's numbers are a ring."""
    assert [following(last) for last in (0, 1, 998, 999)] == [1, 2, 999, 1]
