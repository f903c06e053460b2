"""Which day it is: its end and the next one's beginning, and a date that nobody knows.

Whoever is left when the day changes has ended unserved: each ticket not closed is closed as
expired, and each counter not closed is closed, in the row that opens the day, so that the figures
of the day that ends are whole. A slip of it that turns up later is on record (see `paper`).

While no clock is trusted (DESIGN §5.11) the open day goes on, and a hall without one opens a day
without a date: numbers are given out in any case. Later the day gets its date and goes on, counters
and calls as they were. Were tickets of an earlier day among them, those end then, and the others
keep their numbers: which they are the hub finds by how far its stamps had been off, and a person's
word leaves all that were issued without a trusted clock and not longer ago than a working day.
Days never go back.
"""

from broker.hall.commands import DateDay, DoubtDate, OpenDay, SetDay
from broker.hall.events import (
    CounterClosed,
    DateDoubted,
    DayDated,
    DayOpened,
    HallEvent,
    TicketClosed,
)
from broker.hall.refusals import Asked, Refusal
from broker.hall.state import Hall
from broker.hall.ticket import TicketState
from broker.hall.transitions import check_move

DayCommand = OpenDay | DoubtDate | DateDay | SetDay

WORK_MS = 12 * 3_600_000
"""Nobody waits in a hall for longer."""


def decide(hall: Hall, command: DayCommand, asked: Asked) -> tuple[HallEvent, ...]:
    """Return what ends, and which day it is.

    Raises:
        Refusal: The day is not open, or this one or a later one is.
    """
    if isinstance(command, OpenDay):
        return _open(hall, command)
    if not hall.is_open:
        raise Refusal("day_not_open", "no day is open yet")
    if isinstance(command, DoubtDate):
        return () if hall.doubted_pos and not hall.said_ms else (DateDoubted(),)
    if isinstance(command, DateDay):
        return _date(hall, command)
    return _set(hall, command, asked)


def _open(hall: Hall, command: OpenDay) -> tuple[HallEvent, ...]:
    if hall.is_open and command.date <= hall.day:
        raise Refusal("day_already_open", f"day {command.date}: {hall.day or 'a day'} is open")
    return (
        *_expired(hall, command, before_pos=hall.pos + 1),
        *(CounterClosed(counter=c.id) for c in hall.counters.values() if c.status != "closed"),
        DayOpened(date=command.date, offline=dict(hall.offline)),
    )


def _date(hall: Hall, command: DateDay) -> tuple[HallEvent, ...]:
    if command.date < hall.day:
        raise Refusal("day_already_open", f"day {command.date}: {hall.day} is open")
    return (
        *_expired(hall, command, before_pos=command.from_pos),
        DayDated(date=command.date, from_pos=command.from_pos, step_ms=command.step_ms),
    )


def _set(hall: Hall, command: SetDay, asked: Asked) -> tuple[HallEvent, ...]:
    if hall.is_dated and command.date == hall.day:
        return ()
    if command.date < hall.day or not hall.doubted_pos:
        raise Refusal("day_already_open", f"day {command.date}: {hall.day} is open")
    if command.date == hall.day:
        return (DayDated(date=command.date, is_sure=False),)
    kept = [
        ticket.pos
        for ticket in hall.tickets.values()
        if ticket.pos >= hall.doubted_pos and asked.at_ms - ticket.place[0] < WORK_MS
    ]
    if not kept and hall.tickets:
        opened = _open(hall, OpenDay(date=command.date))
        return (*opened, DayDated(date=command.date, is_sure=False))
    from_pos = min(kept, default=0)
    return (
        *_expired(hall, command, before_pos=from_pos),
        DayDated(date=command.date, from_pos=from_pos, is_sure=False),
    )


def _expired(hall: Hall, command: DayCommand, *, before_pos: int) -> tuple[TicketClosed, ...]:
    """Return the end of each ticket that is older than a row and not closed."""
    left = [
        ticket
        for ticket in hall.tickets.values()
        if ticket.pos < before_pos and ticket.state is not TicketState.CLOSED
    ]
    for ticket in left:
        check_move(ticket, command, TicketState.CLOSED)
    return tuple(TicketClosed(ticket=ticket.id, outcome="expired") for ticket in left)
