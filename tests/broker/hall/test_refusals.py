"""Every no of the rules, produced: no line that refuses is without a story that leads there."""

import ast
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

import broker.hall
from broker.hall.calendar import Calendar, Span
from broker.hall.commands import (
    Admit,
    AnyCommand,
    Assist,
    Attend,
    CallNext,
    CallNumber,
    Cancel,
    ConfirmPrint,
    DateDay,
    Disrupt,
    Hold,
    Issue,
    NoShow,
    OpenDay,
    PauseCounter,
    Rate,
    Reinstate,
    Return,
    ServedByHand,
    SetDay,
    SetService,
    Transfer,
)
from broker.hall.events import NumbersMoved
from broker.hall.refusals import REFUSALS, Actor, Refusal
from tests.broker.hall.desk import FIRST, alone
from tests.broker.hall.given import DAY, DESK, KIOSK, KIOSK_2, Story, opened, small_setup

HALL = Path(broker.hall.__path__[0])

ONE = Actor(node="loket-1", role="counter", counters=frozenset({1}))

PEOPLE = ("visitor", "staff", "front desk", "technician", "kiosk", "hub")
"""Who can be told something, in the words of the table; a kiosk and a hub act for themselves."""


class Case(NamedTuple):
    """A no: what came before, what is asked, by whom, and how it is answered."""

    code: str
    story: Callable[[], Story]
    command: Callable[[Story], AnyCommand]
    by: Actor | None = None
    stale: bool = False


def case(
    code: str,
    story: Callable[[], Story],
    command: AnyCommand | Callable[[Story], AnyCommand],
    by: Actor | None = None,
    *,
    stale: bool = False,
) -> Any:
    """Return a case; its command may need to look at the story first."""
    ask = command if callable(command) else lambda _: command
    return pytest.param(Case(code, story, ask, by, stale))


def shut() -> Story:
    """Return a hall that never opens."""
    return opened(replace(small_setup(), calendar=Calendar(zone=UTC, open={})))


def used_up() -> Story:
    """Return a hall whose series A is at its end."""
    return opened().then(NumbersMoved(numbers={"A": 999}))


def scarce() -> Story:
    """Return a hall that gives `kk` to one visitor a day, who has come."""
    small = small_setup()
    services = {**small.services, "kk": replace(small.services["kk"], quota=1)}
    story = opened(replace(small, services=services))
    story.take("kk")
    return story


def soon_closing() -> Story:
    """Return a hall whose `kk` is not given out in the last hours, which now are."""
    small = small_setup()
    services = {**small.services, "kk": replace(small.services["kk"], cutoff_min=24 * 60)}
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), (Span(0, 24 * 60),))
    return opened(replace(small, services=services, calendar=Calendar(zone=UTC, open=week)))


def disrupted() -> Story:
    """Return a hall without `kk`."""
    story = opened()
    story.ask(Disrupt(services=("kk",), why="no_staff"))
    return story


def unprinted() -> Story:
    """Return a hall with A001 for `kk`, not on paper yet."""
    story = opened()
    story.ask(Issue(services=("kk",)))
    return story


def waiting() -> Story:
    """Return a hall where A001 for `kk` waits."""
    story = opened()
    story.take("kk")
    return story


def at_work() -> Story:
    """Return a hall whose counter 1 is open, and where nobody waits."""
    story = opened()
    story.call(1)
    return story


def called() -> Story:
    """Return a hall where A001 for `kk` is called to counter 1."""
    story = waiting()
    story.call(1)
    return story


def visit() -> Story:
    """Return a hall where A001 is called to counter 2, and B001 of the same visitor waits."""
    story = opened()
    story.take("kk", "pajak")
    story.call(2)
    return story


def coded() -> Story:
    """Return a hall where A001 waits, with a code on its slip."""
    story = opened()
    story.ask(Issue(services=("kk",), code_sha256="c" * 64))
    return story


def held_out() -> Story:
    """Return a hall where A001 was held as often as may be."""
    story = waiting()
    for _ in range(2):
        story.ask(Hold(ticket=FIRST))
        story.ask(Return(ticket=FIRST))
    return story


def sent() -> Story:
    """Return a hall where A001 waits for counter 2 alone."""
    story = called()
    story.ask(CallNext(counter=2))
    story.ask(Transfer(counter=1, seen=story.seen(1), to_counter=2))
    return story


def offline() -> Story:
    """Return a hall where kiosk-1 has printed K1007 alone."""
    story = opened()
    story.ask(alone("K1007", "b" * 32 + ":1", age_s=60), KIOSK)
    return story


def at_1(kind: Any, **more: Any) -> Callable[[Story], AnyCommand]:
    """Return a press at counter 1, at what its lamp shows."""
    return lambda story: kind(counter=1, seen=story.seen(1), **more)


def unheard(number: str, **more: Any) -> ConfirmPrint:
    """Return the confirm of a slip of nobody's press."""
    return ConfirmPrint(ticket="b" * 32 + ":9", number=number, **more)


CASES = [
    # rules
    case("not_allowed", opened, CallNext(counter=1), KIOSK),
    case("day_already_open", opened, OpenDay(date=DAY)),
    case("day_already_open", opened, DateDay(date="2026-11-24")),
    case("day_already_open", opened, SetDay(date="2026-11-26")),
    case("day_not_open", Story, SetDay(date=DAY)),
    # visits
    case("day_not_open", Story, Issue(services=("kk",))),
    case("not_allowed", unprinted, Cancel(ticket=FIRST), KIOSK_2),
    case("unknown_service", opened, Issue(services=("x",))),
    case("numbers_used_up", used_up, Issue(services=("kk",))),
    case("held_out", held_out, Hold(ticket=FIRST)),
    case("unknown_ticket", opened, Reinstate(ticket=FIRST)),
    case("wrong_code", waiting, Hold(ticket=FIRST, code_sha256="c" * 64), DESK),
    case("stale", coded, Cancel(ticket=FIRST, code_sha256="c" * 64, age_ms=60_000), DESK),
    # intake
    case("closed", shut, Issue(services=("kk",))),
    case("past_cutoff", soon_closing, Issue(services=("kk",))),
    case("quota_reached", scarce, Issue(services=("kk",))),
    case("disrupted", disrupted, Issue(services=("kk",))),
    # disruptions
    case("unknown_service", opened, Disrupt(services=("x",), why="other")),
    # assistance
    case("not_allowed", opened, Attend(node="kiosk-2"), KIOSK),
    case("stale", opened, Assist(), KIOSK, stale=True),
    # desk
    case("stale", waiting, ServedByHand(number="A001", counter=1, age_ms=16 * 3_600_000)),
    case("stale", opened, Admit(number="P001", service="kk", age_ms=10 * 3_600_000)),
    case("unknown_service", opened, Admit(number="P001", service="x")),
    case("already_known", waiting, Admit(number="A001", service="kk")),
    case("at_counter", called, ServedByHand(number="A001", counter=2)),
    case("unknown_counter", opened, ServedByHand(number="P001", counter=9)),
    case("not_allowed", opened, ServedByHand(number="P001", counter=2), ONE),
    case("unknown_number", opened, Admit(number="X001", service="kk")),
    case("unknown_number", waiting, Admit(number="A002", service="kk")),
    case("service_needed", opened, ServedByHand(number="P001", counter=1)),
    # counters
    case("nobody_called", opened, NoShow(counter=1)),
    case("unknown_counter", opened, CallNext(counter=9)),
    case("not_allowed", opened, CallNext(counter=2), ONE),
    case("stale", opened, CallNext(counter=1), stale=True),
    case("seen_other", called, CallNext(counter=1)),
    case("nobody_waiting", at_work, CallNext(counter=1)),
    case("unknown_ticket", opened, CallNumber(counter=1, number="A001")),
    case("not_on_paper", unprinted, CallNumber(counter=1, number="A001")),
    case("visit_busy", visit, CallNumber(counter=3, number="B001")),
    case("not_served_here", sent, CallNumber(counter=1, number="A001")),
    case("not_served_here", waiting, CallNumber(counter=3, number="A001")),
    case("unknown_service", called, at_1(Transfer, service="x")),
    case("unknown_counter", called, at_1(Transfer, to_counter=9)),
    case("counter_closed", called, at_1(Transfer, to_counter=2)),
    case("unknown_service", called, at_1(SetService, service="x")),
    case("not_general", called, at_1(SetService, service="ktp-el")),
    case("nobody_to_rate", opened, Rate(counter=1, score=4)),
    # transitions
    case("moved_on", called, Cancel(ticket=FIRST)),
    case("counter_closed", opened, PauseCounter(counter=1)),
    # paper
    case("not_allowed", opened, unheard("K2001", service="kk"), KIOSK),
    case("unknown_ticket", waiting, ConfirmPrint(ticket=FIRST, number="A002")),
    case("unknown_ticket", opened, unheard("A001")),
    case("unknown_service", opened, unheard("A001", service="x")),
    case("unknown_ticket", opened, unheard("B001", service="kk")),
    case("already_known", offline, unheard("K1007", service="kk"), KIOSK),
]


def refused(told: Case) -> Refusal:
    """Return the answer to a case."""
    story = told.story()
    with pytest.raises(Refusal) as caught:
        story.ask(told.command(story), told.by, stale=told.stale)
    return caught.value


def place_of(refusal: Refusal) -> tuple[str, int]:
    """Return the file and the line that refused."""
    trace = refusal.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename).name, trace.tb_lineno


def places() -> set[tuple[str, int]]:
    """Return the file and line of every refusal in the rules' source."""
    return {
        (path.name, node.lineno)
        for path in HALL.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and ast.unparse(node).startswith("raise Refusal(")
    }


@pytest.mark.parametrize("told", CASES)
def test_each_no(told: Case) -> None:
    """It has the code the table knows, and a detail that names something."""
    refusal = refused(told)

    assert refusal.code == told.code
    assert refusal.detail


def test_no_line_that_refuses_is_left_out() -> None:
    """Each has a case of its own, and each code of the table has one."""
    cases: list[Case] = [param.values[0] for param in CASES]
    reached = {place_of(refused(told)) for told in cases}

    assert reached == places()
    assert {told.code for told in cases} == set(REFUSALS)


@pytest.mark.parametrize("code", REFUSALS)
def test_each_code_says_who_is_told_what(code: str) -> None:
    """First what is so; then who does what, or sees what, because of it."""
    what, _, told = REFUSALS[code].partition(": ")  # type: ignore[index]

    assert what[0].isupper()
    assert any(who in told for who in PEOPLE), f"{code}: nobody is told {told!r}"
    assert told.endswith(".")
