"""What others are shown of the hall."""

from collections.abc import Iterator
from typing import NoReturn

from msgspec import json

from broker.hall.commands import Close, Issue, OpenDay, PauseCounter, Recall
from broker.hall.events import PrintConfirmed, TicketCalled, TicketIssued
from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.ticket import Ticket
from broker.hall.views import (
    CALLS_MAX,
    CALLS_MIN,
    BoardView,
    Call,
    CounterCall,
    CounterView,
    QueueView,
    ServiceQueue,
    board_view,
    counter_view,
    queue_view,
)
from tests.broker.hall.given import DAY, START_MS, Story, opened, origin

GEN = "1-0123abcd"

MESSAGE_BYTES_MAX = 32 * 1024


def test_before_the_first_day_every_view_is_empty() -> None:
    """A hub that has just been set up shows a closed hall."""
    hall = Story().hall
    empty = ServiceQueue(waiting=0, next=(), last="", issued=0)

    assert board_view(hall, gen=GEN, at_ms=5) == BoardView(
        gen=GEN, pos=0, at_ms=5, day="", calls=()
    )
    assert counter_view(hall, 1, gen=GEN) == CounterView(
        gen=GEN, pos=0, counter=1, status="closed", waiting=0, call=None
    )
    assert queue_view(hall, gen=GEN, at_ms=5) == QueueView(
        gen=GEN,
        pos=0,
        at_ms=5,
        day="",
        services={"ktp-el": empty, "kk": empty, "pajak": empty},
    )


def test_the_board_shows_calls_newest_first() -> None:
    """A recall is a call of its own, with its count."""
    story = opened()
    story.take("kk")
    story.call(1)
    story.after(20).ask(Recall(counter=1, seen=story.seen(1)))

    assert board_view(story.hall, gen=GEN, at_ms=story.at_ms + 1) == BoardView(
        gen=GEN,
        pos=5,
        at_ms=START_MS + 20_001,
        day=DAY,
        calls=(
            Call(
                call_id=origin(5),
                number="A001",
                counter=1,
                service="kk",
                at_ms=START_MS + 20_000,
                repeat=2,
            ),
            Call(
                call_id=origin(4), number="A001", counter=1, service="kk", at_ms=START_MS, over=True
            ),
        ),
    )


def test_the_board_keeps_the_last_30_and_all_younger_than_60_s() -> None:
    """Old calls make room only when there are enough newer ones."""
    story = opened()
    story.take("kk")
    story.call(1)
    for _ in range(CALLS_MIN + 4):
        story.after(1).ask(Recall(counter=1, seen=story.seen(1)))

    def count(at_ms: int) -> int:
        return len(board_view(story.hall, gen=GEN, at_ms=at_ms).calls)

    assert count(story.at_ms) == CALLS_MIN + 5
    assert count(START_MS + 59_999) == CALLS_MIN + 5
    assert count(START_MS + 60_000) == CALLS_MIN + 4
    assert count(story.at_ms + 60_000) == CALLS_MIN
    assert board_view(story.hall, gen=GEN, at_ms=story.at_ms).calls[0].call_id == story.seen(1)


def test_the_board_shows_no_call_of_another_day() -> None:
    """Yesterday's last calls end with yesterday, however few today has."""
    story = opened()
    story.take("kk")
    story.call(1)
    story.ask(OpenDay(date="2026-11-26"))

    assert board_view(story.hall, gen=GEN, at_ms=story.at_ms).calls == ()


def test_the_fullest_board_fits_a_message() -> None:
    """Calls at their longest, as many as are kept, stay below 32 KiB."""
    service = "s" * 32
    story = Story(hall_of(services=1, counters=1, service=service)).open_day()
    call_id = f"{'f' * 32}:{2**53 - 1}"
    story.then(
        TicketIssued(ticket="t", number="AA999", service=service, visit="t", issued_ms=START_MS)
    )
    for _ in range(CALLS_MAX):
        story.then(TicketCalled(ticket="t", counter=99, call_id=call_id))

    view = board_view(story.hall, gen="999999999-0123abcd", at_ms=START_MS)

    assert len(view.calls) == CALLS_MAX
    assert len(json.encode(view)) < MESSAGE_BYTES_MAX


def test_a_counter_shows_its_ticket_and_who_waits_for_it() -> None:
    """The lamp needs the count, the sign the number, the next press the call's id."""
    story = opened()
    ticket = story.take("kk", "ktp-el")[0]
    story.take("kk")
    story.call(2)
    story.after(20).ask(Recall(counter=2, seen=story.seen(2)))
    story.turn(PauseCounter, 2)

    assert counter_view(story.hall, 2, gen=GEN) == CounterView(
        gen=GEN,
        pos=9,
        counter=2,
        status="paused",
        waiting=2,
        call=CounterCall(
            call_id=origin(8),
            ticket=ticket,
            number="A001",
            service="kk",
            state="called",
            called_ms=START_MS + 20_000,
            repeat=2,
        ),
    )


def test_the_queue_counts_all_and_names_the_next_three_that_can_be_called() -> None:
    """A ticket not yet on paper waits, but is not next."""
    story = opened()
    story.ask(Issue(services=("pajak",)))
    for _ in range(4):
        story.take("pajak")
    story.call(3)

    view = queue_view(story.hall, gen=GEN, at_ms=9)

    assert view.services["pajak"] == ServiceQueue(
        waiting=4, next=("B003", "B004", "B005"), last="B005", issued=5
    )
    assert (view.pos, view.at_ms, view.day) == (story.hall.pos, 9, DAY)


def hall_of(*, services: int, counters: int, service: str = "") -> Setup:
    """Return a hall of this size; each counter serves ten services."""
    names = [service or f"service-{at}" for at in range(services)]
    return make_setup(
        hall="big",
        name="Big",
        timezone="Asia/Jakarta",
        agencies=(Agency(id="a", name="A", short="A"),),
        services=tuple(
            Service(
                id=name,
                agency="a",
                name={"id": name},
                series="ABCDEFGHJK"[at % 10] + "ABCDEFGHJKLMN"[at // 10],
            )
            for at, name in enumerate(names)
        ),
        counters=tuple(
            Counter(id=at + 1, serves=tuple(names[(at * 2 + i) % services] for i in range(10)))
            for at in range(counters)
        ),
    )


class Unwalked(dict[str, Ticket]):
    """A day's tickets, of which only one at a time may be looked at."""

    def __iter__(self) -> Iterator[str]:
        """Refuse."""
        raise AssertionError("the whole day was walked")

    def _refuse(self) -> NoReturn:
        raise AssertionError("the whole day was walked")

    keys = values = items = _refuse


def test_a_full_day_costs_no_more_than_an_empty_one() -> None:
    """With 4,000 tickets no view walks them: what is shown is counted as it changes."""
    story = Story(hall_of(services=121, counters=60)).open_day()
    for at in range(4000):
        ticket = origin(at + 100)
        story.then(
            TicketIssued(
                ticket=ticket,
                number=f"X{at % 999 + 1:03}",
                service=f"service-{at % 121}",
                visit=ticket,
                issued_ms=START_MS + at,
            ),
            PrintConfirmed(ticket=ticket),
        )
    for counter in range(1, 61):
        story.then(
            TicketCalled(ticket=origin(100 + counter * 3), counter=counter, call_id=str(counter))
        )

    story.hall.tickets = Unwalked(story.hall.tickets)
    assert len(board_view(story.hall, gen=GEN, at_ms=START_MS).calls) == 60
    assert counter_view(story.hall, 7, gen=GEN).waiting > 0
    queue = queue_view(story.hall, gen=GEN, at_ms=START_MS)
    assert sum(service.issued for service in queue.services.values()) == 4000
    assert len(json.encode(queue)) < MESSAGE_BYTES_MAX


def test_a_call_is_over_when_its_ticket_has_left() -> None:
    """Boards take it down; the change is told, so that they hear of it."""
    story = opened()
    story.take("kk")
    story.call(1)
    assert [c.over for c in board_view(story.hall, gen=GEN, at_ms=story.at_ms).calls] == [False]

    story.after(60).ask(Close(counter=1, seen=story.seen(1)))
    assert [c.over for c in board_view(story.hall, gen=GEN, at_ms=story.at_ms).calls] == [True]


def test_a_call_says_whether_its_ticket_has_priority() -> None:
    """A voice says those first."""
    story = opened()
    story.take("kk", priority=True)
    story.call(1)

    assert [c.priority for c in board_view(story.hall, gen=GEN, at_ms=story.at_ms).calls] == [True]
