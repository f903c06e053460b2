"""The rules as tables: given what happened, when this is asked, then these events or this no."""

from hashlib import sha256
from typing import get_args

import pytest
from msgspec.structs import replace

from broker.hall import rules
from broker.hall.commands import (
    COMMANDS,
    Admit,
    AnyCommand,
    Assist,
    Attend,
    CallNext,
    Cancel,
    Close,
    CloseCounter,
    Command,
    ConfirmPrint,
    CounterCommand,
    DateDay,
    Disrupt,
    DoubtDate,
    Hold,
    Issue,
    NoShow,
    OpenCounter,
    OpenDay,
    PauseCounter,
    Rate,
    Recall,
    Reinstate,
    Resume,
    Return,
    ReturnDue,
    ServedByHand,
    SetDay,
    SetPriority,
    Start,
    snake_case,
)
from broker.hall.events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayOpened,
    HallEvent,
    PrintConfirmed,
    TicketCalled,
    TicketClosed,
    TicketIssued,
    TicketParked,
    TicketRecalled,
)
from broker.hall.rules import MAY, REFUSALS, Actor, Refusal
from tests.broker.hall.given import DAY, HUB, KIOSK, STAFF, START_MS, Story, example, opened, origin


def issued(seq: int, number: str, service: str, nth: int = 1) -> TicketIssued:
    """Return the event of the nth ticket of an issue made at the start."""
    return TicketIssued(
        ticket=origin(seq) if nth == 1 else f"{origin(seq)}.{nth}",
        number=number,
        service=service,
        visit=origin(seq),
        issued_ms=START_MS,
        node="kiosk-1",
    )


def test_an_issue_gives_each_service_its_number_and_all_one_visit() -> None:
    """Tickets of one issue share the visit; services of one series share its numbers."""
    story = opened()

    assert story.ask(Issue(services=("ktp-el", "pajak", "kk", "ktp-el"))) == (
        issued(2, "A001", "ktp-el"),
        issued(2, "B001", "pajak", 2),
        issued(2, "A002", "kk", 3),
        issued(2, "A003", "ktp-el", 4),
    )
    assert story.ask(Issue(services=("kk",))) == (issued(3, "A004", "kk"),)


def test_an_issue_counts_from_the_press_and_keeps_the_codes_hash() -> None:
    """The place in the queue is the press's time; the code itself is never sent."""
    story = opened()
    code_sha256 = sha256(b"K7P2").hexdigest()
    aged = replace(
        issued(2, "A001", "kk"),
        issued_ms=START_MS - 4000,
        code_sha256=code_sha256,
    )

    assert story.ask(Issue(services=("kk",), age_ms=4000, code_sha256=code_sha256)) == (aged,)
    assert story.ask(Issue(services=("kk",), age_ms=None)) == (issued(3, "A002", "kk"),)


def test_a_series_ends_at_999_and_then_nothing_of_the_visit_is_issued() -> None:
    """The thousandth ticket of a series is refused, with those asked for beside it."""
    story = opened()
    story.then(issued(2, "A998", "kk"))

    assert story.told(Issue(services=("pajak", "kk", "ktp-el"))) == (
        "numbers_used_up",
        "service ktp-el: A999 was the last",
    )
    assert story.ask(Issue(services=("pajak", "kk"))) == (
        issued(3, "B001", "pajak"),
        issued(3, "A999", "kk", 2),
    )


def test_a_print_is_confirmed_once() -> None:
    """A restarted kiosk confirms again; nothing happens twice."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    confirm = ConfirmPrint(ticket=origin(2), number="A001")

    assert story.ask(confirm) == (PrintConfirmed(ticket=origin(2)),)
    assert story.ask(confirm) == ()


def test_the_first_call_opens_the_counter() -> None:
    """One press opens and calls."""
    story = opened()
    story.take("ktp-el")

    assert story.ask(CallNext(counter=1)) == (
        CounterOpened(counter=1),
        TicketCalled(ticket=origin(2), counter=1, call_id=origin(4)),
    )


def test_a_call_opens_the_counter_even_when_nobody_waits() -> None:
    """Staff who press first thing in the morning are open; the second press is told why not."""
    story = opened()

    assert story.ask(CallNext(counter=1)) == (CounterOpened(counter=1),)
    assert story.told(CallNext(counter=1)) == (
        "nobody_waiting",
        "counter 1: nobody waits for ktp-el, kk",
    )


def end_of(event: HallEvent) -> str:
    """Return how a ticket ended at its counter, for now or for ever; empty for other events."""
    match event:
        case TicketClosed():
            return event.outcome
        case TicketParked():
            return event.why
    return ""


@pytest.mark.parametrize(
    ("kind", "after_s", "outcome"),
    [
        (CallNext, 44.999, "no_show"),
        (CallNext, 45, "served"),
        (CloseCounter, 44.999, "no_show"),
        (CloseCounter, 45, "served"),
        (NoShow, 900, "no_show"),
        (Close, 1, "served"),
    ],
)
def test_how_a_ticket_at_the_counter_ends(
    kind: type[CounterCommand], after_s: float, outcome: str
) -> None:
    """Done and no-show say it; the others tell by the time since the call."""
    story = opened()
    story.take("kk")
    story.call(1)

    events = story.after(after_s).ask(example(kind, seen=story.seen(1)))

    assert [end_of(event) for event in events if end_of(event)] == [outcome]


def test_a_recall_starts_the_time_again() -> None:
    """Who was called again just now and is passed over did not come."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)
    story.after(44).ask(Recall(counter=1, seen=story.seen(1)))

    (event,) = story.after(10).press(CallNext, 1)
    assert (event.ticket, end_of(event)) == (ticket, "no_show")  # type: ignore[union-attr]


def test_who_is_being_served_was_served() -> None:
    """A started service needs no waiting time."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)
    story.press(Start, 1)

    assert story.ask(CallNext(counter=1, seen=story.seen(1))) == (
        TicketClosed(ticket=ticket, outcome="served"),
    )


def test_a_recall_counts_and_has_an_id_of_its_own() -> None:
    """A second recall is the third call."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)

    for repeat in (2, 3):
        assert story.ask(Recall(counter=1, seen=story.seen(1))) == (
            TicketRecalled(ticket=ticket, counter=1, call_id=origin(story.hall.pos), repeat=repeat),
        )


def test_a_call_frees_the_rest_of_the_visit_at_once() -> None:
    """Closing one ticket of a visit by a call makes the next of that visit callable to it."""
    story = opened()
    first, second = story.take("ktp-el", "kk")
    story.call(1)

    assert story.after(60).ask(CallNext(counter=1, seen=story.seen(1))) == (
        TicketClosed(ticket=first, outcome="served"),
        TicketCalled(ticket=second, counter=1, call_id=origin(6)),
    )


def test_a_paused_counter_keeps_its_ticket_and_a_call_reopens_it() -> None:
    """A pause is not an end."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)

    assert story.turn(PauseCounter, 1) == (CounterPaused(counter=1),)
    assert story.told(Recall(counter=1, seen=story.seen(1))) == ("", "")
    assert story.after(45).press(CallNext, 1) == (
        CounterOpened(counter=1),
        TicketClosed(ticket=ticket, outcome="served"),
    )


def test_a_closed_counter_has_no_ticket() -> None:
    """Closing ends the ticket that is there."""
    story = opened()
    ticket = story.take("kk")[0]
    story.call(1)

    assert story.after(60).turn(CloseCounter, 1) == (
        TicketClosed(ticket=ticket, outcome="served"),
        CounterClosed(counter=1),
    )


def test_a_day_is_opened_once_and_never_goes_back() -> None:
    """Numbers start again each day, so a day can't come twice."""
    story = Story()

    assert story.ask(OpenDay(date=DAY)) == (DayOpened(date=DAY),)
    for date in (DAY, "2026-11-24"):
        assert story.told(OpenDay(date=date)) == (
            "day_already_open",
            f"day {date}: {DAY} is open",
        )
    assert story.told(OpenDay(date="2026-11-26")) == ("", "")


STRANGE = Actor(node="board-1", role="board")
UNKNOWN_9 = Actor(node="loket-9", role="counter", counters=frozenset({9}))
OTHERS_2 = Actor(node="loket-2", role="counter", counters=frozenset({2}))


@pytest.mark.parametrize(
    ("command", "by", "code", "detail"),
    [
        (Issue(services=("kk",)), STRANGE, "not_allowed", "node board-1: role board may not issue"),
        (CallNext(counter=1), KIOSK, "not_allowed", "node kiosk-1: role kiosk may not call_next"),
        (Issue(services=("kk",)), HUB, "not_allowed", "node hub: role hub may not issue"),
        (Close(counter=1), OTHERS_2, "not_allowed", "counter 1: not one of node loket-2"),
        (Issue(services=("kk", "x")), KIOSK, "unknown_service", "issue: no service x in this hall"),
        (CallNext(counter=9), UNKNOWN_9, "unknown_counter", "counter 9: not in this hall"),
        (CallNext(counter=9), OTHERS_2, "unknown_counter", "counter 9: not in this hall"),
        (
            Cancel(ticket=origin(77)),
            KIOSK,
            "unknown_ticket",
            f"ticket {origin(77)}: not issued today",
        ),
        (
            ConfirmPrint(ticket=origin(2), number="A002"),
            KIOSK,
            "unknown_ticket",
            f"ticket {origin(2)}: its number is A001, not A002",
        ),
        (Cancel(ticket=origin(2)), KIOSK, "moved_on", "ticket A001: called, so no cancel"),
        (NoShow(counter=2), STAFF, "nobody_called", "counter 2: nobody is called"),
        (Close(counter=2), STAFF, "nobody_called", "counter 2: nobody is called"),
        (Recall(counter=2), STAFF, "nobody_called", "counter 2: nobody is called"),
        (
            PauseCounter(counter=2),
            STAFF,
            "counter_closed",
            "counter 2: closed, so no pause_counter",
        ),
        (
            CallNext(counter=1),
            STAFF,
            "seen_other",
            f"counter 1: call is {origin(4)!r}, pressed at ''",
        ),
        (
            OpenCounter(counter=2, seen="x"),
            STAFF,
            "seen_other",
            "counter 2: call is '', pressed at 'x'",
        ),
    ],
)
def test_refusals_name_what_and_which(
    command: AnyCommand, by: Actor, code: str, detail: str
) -> None:
    """With A001 called to counter 1, each no says what, which, with which value."""
    story = opened()
    story.take("kk")
    story.call(1)

    assert story.told(command, by) == (code, detail)


def test_every_refusal_is_explained() -> None:
    """A code that isn't in the table could not be told to anybody."""
    assert list(get_args(rules.RefusalCode)) == list(REFUSALS)
    assert str(Refusal("stale", "counter 1: late")) == "stale: counter 1: late"


@pytest.mark.parametrize("command", [Issue(services=("kk",)), CallNext(counter=1)])
def test_before_the_first_day_nothing_begins(command: AnyCommand) -> None:
    """Without a day there are no numbers, and no calls."""
    assert Story().told(command)[0] == "day_not_open"


@pytest.mark.parametrize("kind", COMMANDS)
def test_only_calls_go_stale(kind: type[Command]) -> None:
    """A ticket asked for before a power cut is still wanted; a call is not."""
    story = opened()
    story.take("kk")

    code, _ = story.told(example(kind), stale=True)

    is_call = issubclass(kind, CounterCommand) and kind is not Rate
    assert (code == "stale") == (is_call or kind is Assist)


def test_the_order_of_the_checks() -> None:
    """Of several reasons the first is told: role, unknown, own, stale, crossed, then the tables."""
    story = opened()
    crossed = NoShow(counter=1, seen="x")

    assert story.told(NoShow(counter=9, seen="x"), KIOSK, stale=True)[0] == "not_allowed"
    assert story.told(NoShow(counter=9, seen="x"), OTHERS_2, stale=True)[0] == "unknown_counter"
    assert story.told(crossed, OTHERS_2, stale=True)[0] == "not_allowed"
    assert story.told(crossed, stale=True)[0] == "stale"
    assert story.told(crossed)[0] == "seen_other"
    assert story.told(NoShow(counter=1))[0] == "nobody_called"


STAFF_ASK = {kind for kind in COMMANDS if issubclass(kind, CounterCommand)}

ASKED_BY: dict[str, set[type[Command]]] = {
    "kiosk": {Issue, ConfirmPrint, Cancel, Assist, Attend},
    "counter": {*STAFF_ASK, Return, SetPriority, Admit, ServedByHand},
    "web": {
        *STAFF_ASK,
        *{Cancel, Hold, Return, Reinstate, SetPriority},
        *{Disrupt, Resume, Admit, ServedByHand, SetDay, Attend},
    },
    "bearer": {Cancel, Hold},
    "hub": {OpenDay, DoubtDate, DateDay, ReturnDue},
    "board": set(),
    "sign": set(),
    "sensor": set(),
    "shadow": set(),
    "": set(),
}
"""Every role of a hall file, and one it hasn't got, with all it may ask."""


@pytest.mark.parametrize("role", ASKED_BY)
@pytest.mark.parametrize("kind", COMMANDS)
def test_who_may_ask_what(role: str, kind: type[Command]) -> None:
    """Each role and each command: asked, or not allowed for the role alone."""
    by = Actor(node="n", role=role, counters=frozenset({1}))
    code, detail = opened().told(example(kind), by)
    refused = (code, detail) == (
        "not_allowed",
        f"node n: role {role} may not {snake_case(kind.__name__)}",
    )

    assert refused == (kind not in ASKED_BY[role])
    assert refused or code != "not_allowed"


def test_every_command_is_somebodys() -> None:
    """What nobody may ask would be of no use; a role of the table is one of a hall file."""
    assert set().union(*ASKED_BY.values()) == set(COMMANDS)
    assert set(MAY) <= set(ASKED_BY)
