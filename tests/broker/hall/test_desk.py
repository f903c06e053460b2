"""What is put right by hand: numbers nobody here knows; and who may say so (DESIGN §5)."""

import pytest

from broker.hall.commands import (
    Admit,
    Cancel,
    Disrupt,
    Hold,
    Issue,
    OpenDay,
    ServedByHand,
)
from broker.hall.events import (
    NumbersMoved,
    PrintConfirmed,
    TicketClosed,
    TicketCorrected,
    TicketReopened,
)
from broker.hall.refusals import Actor
from broker.hall.setup import Setup, make_setup
from tests.broker.hall.desk import FIRST, alone, created
from tests.broker.hall.given import (
    BEARER,
    DESK,
    HUB,
    KIOSK,
    START_MS,
    Story,
    check_queues,
    opened,
    origin,
    small_setup,
)

ONE = Actor(node="loket-1", role="counter", counters=frozenset({1}))


@pytest.mark.parametrize("number", ["P001", "P999", "K1044", "K2001"])
@pytest.mark.parametrize("by", [DESK, ONE], ids=["desk", "counter"])
def test_a_number_of_the_drawer_or_of_a_kiosk_alone_is_admitted(number: str, by: Actor) -> None:
    """It waits behind those who are there, and is called as any other."""
    story = opened()

    assert story.ask(Admit(number=number, service="kk"), by) == created(number, by=by)
    assert story.call(2) == number
    assert story.hall.counters[2].current is not None
    assert story.hall.counters[2].current.paper


def test_an_admitted_number_counts_from_the_press() -> None:
    """A press at the desk that waited for its link."""
    story = opened()

    assert story.ask(Admit(number="P001", service="kk", age_ms=60_000)) == created(
        "P001", at_ms=START_MS - 60_000
    )


def test_a_number_is_admitted_once_a_day() -> None:
    """The second time it is known; the next day it may come again."""
    story = opened()
    admit = Admit(number="P001", service="kk")
    story.ask(admit)

    assert story.told(admit) == ("already_known", "number P001: is waiting, for kk")
    story.ask(OpenDay(date="2026-11-26"))
    assert story.told(admit) == ("", "")


def test_what_a_hub_forgot_is_admitted_and_what_nobody_gave_out_is_not() -> None:
    """After a loss a series goes on at the next hundred; a misread number would use it up."""
    story = opened()
    refused = ("unknown_number", "number A007: A000 was the last")
    assert story.told(Admit(number="A007", service="kk")) == refused

    story.then(NumbersMoved(numbers={"A": 99}))

    assert story.ask(Admit(number="A007", service="kk")) == created("A007", seq=3)
    assert story.told(Admit(number="A107", service="kk")) == (
        "unknown_number",
        "number A107: A099 was the last",
    )
    assert story.ask(Issue(services=("kk",)))[0].number == "A100"  # type: ignore[union-attr]


@pytest.mark.parametrize("number", ["P000", "K1000", "A000", "X001", "P1001", "1001"])
def test_a_number_nobody_here_gives_out_is_refused(number: str) -> None:
    """Numbers begin at 001, with letters the hall file names."""
    story = opened().then(NumbersMoved(numbers={"A": 99}))

    assert story.told(Admit(number=number, service="kk"))[0] == "unknown_number"
    assert story.told(ServedByHand(number=number, service="kk"), DESK)[0] == "unknown_number"


def test_without_a_drawer_no_prefix_is_taken_for_its_own() -> None:
    """An empty prefix in the hall file means that there is none."""
    small = small_setup()
    setup: Setup = make_setup(
        hall=small.hall,
        name=small.name,
        timezone=small.timezone,
        agencies=tuple(small.agencies.values()),
        services=tuple(small.services.values()),
        counters=tuple(small.counters.values()),
    )

    assert opened(setup).told(Admit(number="P001", service="kk")) == (
        "unknown_number",
        "number P001: nobody here gives it out",
    )


def test_a_known_slip_whose_kiosk_fell_silent_is_admitted_as_what_it_is() -> None:
    """Its bearer stands there: it keeps its place."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.after(60).take("kk")

    assert story.ask(Admit(number="A001", service="kk")) == (PrintConfirmed(ticket=FIRST),)
    assert story.call(2) == "A001"


def test_a_slip_its_kiosk_took_back_is_admitted_too() -> None:
    """Paper wins, whoever shows it."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    story.ask(Cancel(ticket=FIRST))

    assert story.ask(Admit(number="A001", service="kk")) == (
        TicketReopened(ticket=FIRST),
        PrintConfirmed(ticket=FIRST),
    )
    assert story.call(2) == "A001"


def test_a_known_number_is_told_with_what_is_known_of_it() -> None:
    """Waiting, called, held, ended, or for another service: staff look again."""
    story = opened()
    tickets = [story.take("kk")[0] for _ in range(4)]
    story.ask(Issue(services=("kk",)))
    story.ask(Hold(ticket=tickets[1]))
    story.ask(Cancel(ticket=tickets[2]), DESK)
    assert story.call(2) == "A001"

    for number, service, what in (
        ("A001", "kk", "called, for kk"),
        ("A002", "kk", "parked, for kk"),
        ("A003", "kk", "closed, for kk"),
        ("A004", "kk", "waiting, for kk"),
        ("A005", "ktp-el", "waiting, for kk"),
    ):
        assert story.told(Admit(number=number, service=service)) == (
            "already_known",
            f"number {number}: is {what}",
        )


def test_a_disrupted_service_admits() -> None:
    """Staff know, and the visitor has a number."""
    story = opened()
    story.ask(Disrupt(services=("kk",), why="system_down"))

    assert story.told(Admit(number="P001", service="kk")) == ("", "")


def test_a_kiosk_that_is_heard_after_the_admit_means_the_same_ticket() -> None:
    """The hub has that slip once, at the place of its press; its own number for it is over."""
    story = opened()
    story.take("kk")
    story.ask(Issue(services=("kk",)))
    story.after(60).take("kk")
    admitted = origin(story.hall.pos + 1)
    story.ask(Admit(number="K1007", service="kk"))

    assert story.ask(alone("K1007", origin(4), age_s=60), KIOSK) == (
        TicketClosed(ticket=origin(4), outcome="cancelled"),
        TicketCorrected(ticket=admitted, number="K1007", service="kk", issued_ms=START_MS),
    )
    assert [story.call(counter) for counter in (2, 1)] == ["A001", "K1007"]
    check_queues(story.hall)


def test_a_kiosk_that_was_heard_before_is_the_one_that_counts() -> None:
    """Then the number is known."""
    story = opened()
    story.ask(alone("K1007", "b" * 32 + ":1", age_s=60), KIOSK)

    assert story.told(Admit(number="K1007", service="kk"))[0] == "already_known"


ADMIT = Admit(number="P001", service="kk")

SERVED = ServedByHand(number="P001", counter=1, service="kk")


@pytest.mark.parametrize("command", [ADMIT, SERVED])
def test_neither_is_ever_too_late_but_both_need_a_day(command: Admit | ServedByHand) -> None:
    """They tell what happened long ago."""
    assert opened().told(command, stale=True) == ("", "")
    assert Story().told(command)[0] == "day_not_open"


@pytest.mark.parametrize(
    ("command", "by", "code", "detail"),
    [
        (ADMIT, KIOSK, "not_allowed", "node kiosk-1: role kiosk may not admit"),
        (SERVED, BEARER, "not_allowed", "node web: role bearer may not served_by_hand"),
        (ADMIT, HUB, "not_allowed", "node hub: role hub may not admit"),
        (
            ServedByHand(number="P001", counter=2),
            ONE,
            "not_allowed",
            "counter 2: not one of node loket-1",
        ),
        (ServedByHand(number="P001"), ONE, "not_allowed", "counter None: not one of node loket-1"),
        (
            ServedByHand(number="P001", counter=9),
            DESK,
            "unknown_counter",
            "counter 9: not in this hall",
        ),
        (Admit(number="P001", service="x"), DESK, "unknown_service", "P001: no service x"),
        (
            ServedByHand(number="P001", counter=1, service="x"),
            ONE,
            "unknown_service",
            "P001: no service x",
        ),
    ],
)
def test_who_may_not(command: Admit | ServedByHand, by: Actor, code: str, detail: str) -> None:
    """Counters tell of themselves; a desk of all; nobody of what the hall hasn't got."""
    assert opened().told(command, by) == (code, detail)
