"""The two tables, cell by cell: each state is reached by commands alone, then each is asked."""

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, get_args

import pytest

from broker.hall.commands import (
    COMMANDS,
    Admit,
    CallNumber,
    Close,
    Command,
    CounterCommand,
    DateDay,
    DoubtDate,
    Hold,
    Issue,
    OpenDay,
    PauseCounter,
    SetDay,
    Start,
)
from broker.hall.refusals import Refusal
from broker.hall.ticket import AT_COUNTER, TicketState
from broker.hall.transitions import COUNTER_TRANSITIONS, TRANSITIONS
from broker.hall.views import CounterStatus
from tests.broker.hall.given import Story, example, opened, origin

if TYPE_CHECKING:
    from broker.hall.events import HallEvent


def brought_to(state: TicketState) -> Story:
    """Return a story whose first ticket is there, by commands alone; a second one waits."""
    story = opened()
    ticket = story.take("ktp-el")[0]
    story.take("ktp-el")
    if state in {*AT_COUNTER, TicketState.CLOSED}:
        story.call(1)
    match state:
        case TicketState.SERVING:
            story.press(Start, 1)
        case TicketState.PARKED:
            story.ask(Hold(ticket=ticket))
            story.after(30 * 60)
        case TicketState.CLOSED:
            story.press(Close, 1)
    assert story.ticket(ticket).state is state
    return story


DAY_COMMANDS = {OpenDay, DoubtDate, DateDay, SetDay}
"""They end all tickets there are, or those of an earlier day: see `test_days`."""

TICKET_COMMANDS = [kind for kind in COMMANDS if kind not in {Issue, *DAY_COMMANDS}]


@pytest.mark.parametrize(
    ("state", "kind"),
    list(product(TicketState, TICKET_COMMANDS)),
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_cell_of_the_table(state: TicketState, kind: type[Command]) -> None:
    """A ticket goes where its cell says; without a cell it stays and no event tells of it."""
    story = brought_to(state)
    ticket_id = origin(2)
    number = "A002" if state in AT_COUNTER and kind is CallNumber else "A001"
    if kind is Admit:  # it moves those whose slip was never heard of, or taken back
        ticket = story.ticket(ticket_id)
        ticket.printed = False
        ticket.outcome = "cancelled" if state is TicketState.CLOSED else None
    events: tuple[HallEvent, ...] = ()
    with suppress(Refusal):
        events = story.ask(example(kind, seen=story.seen(1), number=number))

    told = [event for event in events if getattr(event, "ticket", "") == ticket_id]
    assert story.ticket(ticket_id).state in TRANSITIONS[state].get(kind, (state,))
    assert not told or kind in TRANSITIONS[state]


@pytest.mark.parametrize(
    ("status", "kind"),
    list(product(get_args(CounterStatus), [k for k in COMMANDS if issubclass(k, CounterCommand)])),
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_cell_of_the_counters_table(status: CounterStatus, kind: type[Command]) -> None:
    """A counter turns as its cell says; without a cell it stands as it stood."""
    story = opened()
    story.take("kk")
    story.hall.counters[1].status = status

    code, _ = story.told(example(kind))

    assert story.hall.counters[1].status == COUNTER_TRANSITIONS[status].get(kind, status)
    assert (code == "counter_closed") == (status == "closed" and kind is PauseCounter)


def test_the_tables_have_a_row_for_every_state() -> None:
    """A state without a row would be a crash at the counter."""
    assert set(TRANSITIONS) == set(TicketState)
    assert set(COUNTER_TRANSITIONS) == set(get_args(CounterStatus))
