"""Outside the hall's hours a board says when it opens again, and shows nobody's old number."""

from datetime import date, datetime

import pytest
from msgspec.structs import replace

from broker.hall.calendar import Calendar, Span
from broker.hall.views import QueueView, ServiceQueue, Takes
from displays.board import CLOSED_AFTER_MS, LOST_AFTER_S
from displays.phrases import say_opening
from tests.displays.hall import AT_MS, GEN, SETUP, START_S, WIB, Stage, call

T = START_S
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (Span(8 * 60, 15 * 60),))
CALENDAR = Calendar(zone=WIB, open=WEEK, issue_from_min=7 * 60 + 30)


def queue(takes: Takes = "closed", waiting: int = 0, gen: str = GEN) -> QueueView:
    """Return a snapshot in which every service is in this state."""
    state = ServiceQueue(waiting=waiting, next=(), takes=takes)
    services = dict.fromkeys(SETUP.services, state)
    return QueueView(gen=gen, pos=1, at_ms=AT_MS, day="2026-11-25", services=services)


def stage_at(hour: float, view: QueueView, *, calendar: Calendar | None = CALENDAR) -> Stage:
    """Return a board that hears its hub, on the Wednesday at this hour: `look(T)` is then."""
    stage = Stage(setup=replace(SETUP, calendar=calendar))
    stage.beat(T + (hour - 9 - 41 / 60) * 3600)
    stage.say(now_s=T + (hour - 9 - 41 / 60) * 3600)
    stage.board.take_queue(view)
    return stage


def at(hour: float) -> float:
    """Return the instant of this hour of the Wednesday; the stage's hub began at 9.41."""
    return T + (hour - 9 - 41 / 60) * 3600


@pytest.mark.parametrize(
    ("hour", "notice", "opens"),
    [
        (6.0, "opening", datetime(2026, 11, 25, 7, 30, tzinfo=WIB)),
        (16.0, "closed", datetime(2026, 11, 26, 8, 0, tzinfo=WIB)),
    ],
)
def test_a_closed_hall_says_when_it_opens(hour: float, notice: str, opens: datetime) -> None:
    """In the morning from when numbers are given out, later when the doors open again."""
    model = stage_at(hour, queue()).look(at(hour))

    assert (model.notice, model.opens, model.hero, model.rows) == (notice, opens, None, ())


@pytest.mark.parametrize("view", [queue("open"), queue("disrupted"), queue(waiting=1)])
def test_while_somebody_can_come_or_waits_it_is_not_closed(view: QueueView) -> None:
    """Numbers are given out, or people still sit there."""
    assert stage_at(16, view).look(at(16)).notice == "welcome"


def test_who_was_just_called_is_still_shown() -> None:
    """The last visitor of the day goes to a counter; half an hour later the board closes."""
    stage = stage_at(16, queue())
    stage.say(call("A007", at_s=at(16)), now_s=at(16))
    later = at(16) + CLOSED_AFTER_MS / 1000
    stage.beat(later + 1)

    assert stage.look(at(16) + 1).hero is not None
    model = stage.look(later + 1)
    assert (model.notice, model.hero, model.rows) == ("closed", None, ())


def test_without_hours_of_its_own_it_says_closed() -> None:
    """The hub says that nobody gets a number; from when they are is not known here."""
    model = stage_at(16, queue(), calendar=None).look(at(16))

    assert (model.notice, model.opens) == ("closed", None)


def test_a_board_that_is_cut_off_closes_nothing() -> None:
    """What the hub said before may be of yesterday: the badge says what is the matter."""
    stage = stage_at(16, queue())

    assert stage.look(at(16) + LOST_AFTER_S).notice != "closed"
    assert stage_at(16, queue(gen="2-00000000")).look(at(16)).notice == "welcome"


@pytest.mark.parametrize(
    ("opens", "language", "said"),
    [
        (datetime(2026, 11, 25, 13, 30, tzinfo=WIB), "id", "pukul 13.30 WIB"),
        (datetime(2026, 11, 30, 8, 0, tzinfo=WIB), "id", "Senin pukul 08.00 WIB"),
        (datetime(2026, 12, 2, 8, 0, tzinfo=WIB), "id", "Rabu, 2 Desember pukul 08.00 WIB"),
        (datetime(2026, 11, 30, 8, 0, tzinfo=WIB), "en", "Monday at 08.00 WIB"),
    ],
)
def test_an_opening_is_said_as_people_do(opens: datetime, language: str, said: str) -> None:
    """The day only when it is another, its date only when its name would not do."""
    assert say_opening(opens, datetime(2026, 11, 25, 9, 0, tzinfo=WIB), language) == said


def test_the_fixture_is_a_wednesday() -> None:
    """All of the above counts on it."""
    assert date(2026, 11, 25).weekday() == 2
