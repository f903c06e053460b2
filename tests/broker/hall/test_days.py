"""The end of a day: who is left has ended unserved, and the figures know."""

from broker.hall.commands import (
    Close,
    DateDay,
    DoubtDate,
    Hold,
    Issue,
    NoShow,
    OpenDay,
    PauseCounter,
    SetDay,
    Start,
)
from broker.hall.events import (
    CounterClosed,
    DateDoubted,
    DayDated,
    DayOpened,
    TicketClosed,
    TicketIssued,
)
from tests.broker.hall.given import (
    DAY,
    DESK,
    STAFF,
    Story,
    check_counters,
    check_queues,
    opened,
    refolded,
    refolded_since_day_opened,
    snapshot,
)

TOMORROW = "2026-11-26"


def evening() -> tuple[Story, dict[str, str]]:
    """Return a story with a ticket in every state, and those tickets by what became of them."""
    story = opened()
    tickets = {what: story.take("ktp-el")[0] for what in ("served", "called", "parked")}
    story.call(1)
    story.press(Close, 1)
    story.call(1)
    tickets["serving"] = story.take("pajak")[0]
    story.call(3)
    story.press(Start, 3)
    story.ask(Hold(ticket=tickets["parked"]))
    tickets["waiting"] = story.take("kk")[0]
    [issued] = story.ask(Issue(services=("kk",)))
    tickets["unprinted"] = issued.ticket  # type: ignore[union-attr]
    return story, tickets


def test_who_is_left_expires_in_the_row_that_opens_the_day() -> None:
    """In the order of their issue, printed or not, wherever they stand; then the counters close."""
    story, tickets = evening()

    events = story.ask(OpenDay(date=TOMORROW))

    left = ("called", "parked", "serving", "waiting", "unprinted")
    assert events == (
        *(TicketClosed(ticket=tickets[what], outcome="expired") for what in left),
        CounterClosed(counter=1),
        CounterClosed(counter=3),
        DayOpened(date=TOMORROW),
    )
    assert story.hall.tickets == {}
    assert {counter.status for counter in story.hall.counters.values()} == {"closed"}


def test_a_day_stands_alone() -> None:
    """The row names tickets of yesterday; a fold that begins with it forgets them."""
    story, _ = evening()
    story.ask(OpenDay(date=TOMORROW))
    story.take("kk")

    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)
    assert snapshot(refolded(story)) == snapshot(story.hall)
    assert story.changed.counters <= set(story.hall.setup.counters)


def test_a_day_on_which_all_was_done_has_nobody_left() -> None:
    """No-shows that wait for their return are left, closed ones are not."""
    story = opened()
    story.take("ktp-el")
    story.call(1)
    story.press(Close, 1)
    story.turn(PauseCounter, 1)

    assert story.ask(OpenDay(date=TOMORROW)) == (
        CounterClosed(counter=1),
        DayOpened(date=TOMORROW),
    )

    [late] = story.take("ktp-el")
    story.call(1)
    story.press(NoShow, 1)
    assert story.ask(OpenDay(date="2026-11-27"))[0] == TicketClosed(ticket=late, outcome="expired")


MONDAY = "2026-11-30"
STEP_MS = 3 * 86_400_000


def doubted() -> Story:
    """Return a story of yesterday's A001 and A002, the first served, then of nobody's date.

    A003 is called at counter 1, A004 waits and A005 is held.
    """
    story = opened()
    story.take("kk")
    story.call(1)
    story.press(Close, 1)
    story.take("kk")
    story.ask(DoubtDate())
    story.take("ktp-el")
    story.call(1)
    story.take("kk")
    [held] = story.take("kk")
    story.ask(Hold(ticket=held))
    return story


def first_doubted(story: Story) -> int:
    """Return the position of the first ticket after the doubt."""
    return next(t.pos for t in story.hall.tickets.values() if t.number == "A003")


def test_a_day_gets_its_date_and_goes_on() -> None:
    """Yesterday's end and are forgotten; counters, calls, numbers and queues are as they were."""
    story = doubted()
    before = {t.number: (t.place[0], t.called_ms, t.back_ms) for t in story.hall.tickets.values()}
    [call] = [call for call in story.hall.calls if call.number == "A003"]

    left = next(t.id for t in story.hall.tickets.values() if t.number == "A002")
    pos = first_doubted(story)
    events = story.ask(DateDay(date=MONDAY, from_pos=pos, step_ms=STEP_MS))

    assert events == (
        TicketClosed(ticket=left, outcome="expired"),
        DayDated(date=MONDAY, from_pos=pos, step_ms=STEP_MS),
    )
    hall = story.hall
    assert (hall.day, hall.is_dated, hall.doubted_pos) == (MONDAY, True, 0)
    assert list(hall.by_number) == ["A003", "A004", "A005"]
    assert (hall.counters[1].status, story.seen(1)) == ("open", call.call_id)
    assert [(call.number, call.at_ms) for call in hall.calls] == [("A003", call.at_ms + STEP_MS)]
    for number, ticket in hall.by_number.items():
        assert tuple(at and at + STEP_MS for at in before[number]) == (
            ticket.place[0],
            ticket.called_ms,
            ticket.back_ms,
        )
    check_counters(hall)
    check_queues(hall)
    assert (hall.queues["kk"].issued, hall.queues["kk"].taken) == (2, 2)
    assert story.take("kk") == [hall.by_number["A006"].id]
    assert story.changed.counters or story.changed.board


def test_a_dated_day_is_what_its_rows_since_the_last_mark_say() -> None:
    """The row that gives a date is no mark: a fold begins with the day it goes on with."""
    story = doubted()
    story.ask(DateDay(date=MONDAY, from_pos=first_doubted(story), step_ms=STEP_MS))
    story.take("kk")

    assert snapshot(refolded_since_day_opened(story)) == snapshot(story.hall)
    assert snapshot(refolded(story)) == snapshot(story.hall)


def test_the_same_date_ends_a_doubt_and_nobody() -> None:
    """The network tells what the hall had thought."""
    story = doubted()
    assert not story.hall.is_dated

    assert story.ask(DateDay(date=DAY, step_ms=5_000)) == (DayDated(date=DAY, step_ms=5_000),)
    assert story.hall.is_dated
    assert len(story.hall.tickets) == 5
    check_queues(story.hall)
    assert story.told(DateDay(date="2026-11-24"))[0] == "day_already_open"


def test_a_day_can_be_open_without_a_date() -> None:
    """Numbers are given; only one day is open."""
    story = Story()
    assert story.told(DoubtDate())[0] == "day_not_open"
    assert story.told(SetDay(date=DAY))[0] == "day_not_open"
    story.ask(OpenDay(date=""))
    story.take("kk")

    assert (story.hall.is_open, story.hall.day, story.hall.is_dated) == (True, "", False)
    assert story.told(OpenDay(date=""))[0] == "day_already_open"
    assert story.ask(DoubtDate()) == ()
    assert story.told(DateDay(date=DAY)) == ("", "")
    assert list(story.hall.by_number) == ["A001"]


def test_the_desk_alone_says_the_date_and_only_while_no_clock_does() -> None:
    """A person's press changes the day only where a clock can't."""
    story = opened()
    assert story.told(SetDay(date=DAY)) == ("", "")
    assert story.journal[-1][2] == ()
    assert story.told(SetDay(date=TOMORROW))[0] == "day_already_open"
    assert story.told(SetDay(date=TOMORROW), STAFF)[0] == "not_allowed"
    assert story.told(DateDay(date=TOMORROW), DESK)[0] == "not_allowed"


def test_who_was_issued_within_a_working_day_goes_on_when_a_person_says_the_date() -> None:
    """Longer ago is yesterday, whatever the clock; then the day begins, numbers and all."""
    story = doubted()
    story.after(11 * 3600)
    assert [type(event) for event in story.ask(SetDay(date=TOMORROW))] == [TicketClosed, DayDated]
    assert story.hall.is_dated
    assert list(story.hall.by_number) == ["A003", "A004", "A005"]

    story.after(2 * 3600)
    events = story.ask(SetDay(date="2026-11-27"))
    assert [type(event) for event in events] == [
        *[TicketClosed] * 3,
        CounterClosed,
        DayOpened,
        DayDated,
    ]
    assert (story.hall.day, story.hall.is_dated) == ("2026-11-27", True)
    assert story.hall.doubted_pos
    story.take("kk")
    assert list(story.hall.by_number) == ["A001"]


def test_a_repeated_word_of_a_person_is_one() -> None:
    """And a doubt ends it."""
    story = doubted()
    assert story.ask(SetDay(date=DAY)) == (DayDated(date=DAY, is_sure=False),)
    assert story.ask(SetDay(date=DAY)) == ()
    assert story.hall.is_dated
    assert story.ask(DoubtDate()) == (DateDoubted(),)
    assert not story.hall.is_dated


def test_a_service_whose_last_ticket_was_of_yesterday_has_none_of_today() -> None:
    """A002 was the last of `kk`, and goes with its day; the last of `ktp-el` is of today."""
    story = opened()
    story.take("ktp-el", "kk")
    story.ask(DoubtDate())
    story.take("ktp-el")
    pos = next(t.pos for t in story.hall.tickets.values() if t.number == "A003")
    story.ask(DateDay(date=MONDAY, from_pos=pos, step_ms=STEP_MS))

    assert story.hall.queues["kk"].last == ""
    assert story.hall.queues["ktp-el"].last == "A003"


def test_a_number_that_was_given_twice_stays_with_the_one_of_today() -> None:
    """Two journals were put together: the ticket that is forgotten is not the number's newest."""
    story = opened()
    [old] = story.take("kk", code="0" * 64)
    story.ask(DoubtDate())
    twin = TicketIssued(
        ticket="t:1", number="A001", service="kk", visit="t:1", issued_ms=story.at_ms
    )
    pos = story.then(twin).hall.pos
    story.then(DayDated(date=MONDAY, from_pos=pos, step_ms=STEP_MS))

    assert old not in story.hall.tickets
    assert story.hall.by_number["A001"] is story.ticket("t:1")
    assert story.hall.coded["kk"] == []
