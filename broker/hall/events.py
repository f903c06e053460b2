"""What happened in the hall, in the past tense. The journal holds them; state is their fold.

Events carry no time of their own: the journal row that holds them has one `at_ms` for all.
New fields need defaults and no field ever changes its type: journals are kept for years.
"""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from broker.hall.commands import snake_case
from broker.hall.stamps import AtMs, Count, DisruptedBy, Generation, Position

Outcome = Literal["served", "no_show", "cancelled", "expired"]

ParkedFor = Literal["park", "hold", "no_show"]

CALL_ID_EMPTY = ""
"""`seen` of a command whose lamp or page showed no call."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type", tag=snake_case):
    """Something that happened and is never decided again."""


class DayOpened(Event, frozen=True, kw_only=True):
    """A day began: numbers start at 001, every counter is closed, no ticket is left.

    Attributes:
        date: ISO date; empty when nobody knows it yet.
        offline: By kiosk's prefix, the last number known to be given out without the hub: those
            are counted on across days.
    """

    date: str
    offline: dict[str, Count] = {}


class DateDoubted(Event, frozen=True, kw_only=True):
    """From here on no clock is trusted: the open day goes on, its date may be wrong."""


class DayDated(Event, frozen=True, kw_only=True):
    """The open day is of this date, and goes on: its counters, calls and numbers are as they were.

    Attributes:
        date: ISO date, the open day's or a later one.
        from_pos: Journal position of the first ticket of the day; those before it are of an earlier
            day, have ended, and are no longer known. 0 = all tickets are of the day.
        step_ms: How much too low the stamps since the date was doubted were.
        is_sure: A clock is trusted again; else a person said so, and no clock is.
    """

    date: str
    from_pos: Position = 0
    step_ms: Annotated[int, Meta(ge=0)] = 0
    is_sure: bool = True


class TicketIssued(Event, frozen=True, kw_only=True):
    """A ticket exists; it waits, but is not called before its print is confirmed.

    Attributes:
        ticket: Its id for ever, the origin of its issue.
        number: What people read, e.g. `A007`.
        visit: Id of the first ticket of the same person's visit (itself, when alone).
        issued_ms: Hub's wall clock minus the command's age: its place in the queue.
        code_sha256: Of the secret on the slip; empty when it has none.
        priority: It is called before others.
        assist: Its visitor wishes to be accompanied by staff.
        node: Who asked for it: a kiosk confirms and cancels only its own. Empty in old journals.
        paper: Nobody had issued it: its slip is why it exists.
    """

    ticket: str
    number: str
    service: str
    visit: str
    issued_ms: int
    code_sha256: str = ""
    priority: bool = False
    assist: bool = False
    node: str = ""
    paper: bool = False


class AssistAsked(Event, frozen=True, kw_only=True):
    """Somebody at this kiosk waits for staff to come."""

    node: str


class AssistAttended(Event, frozen=True, kw_only=True):
    """Staff have come to this kiosk."""

    node: str


class PrintConfirmed(Event, frozen=True, kw_only=True):
    """The ticket is on paper and may be called.

    Attributes:
        uncertain: Its kiosk was killed while it printed: the slip may not be out.
    """

    ticket: str
    uncertain: bool = False


class TicketCorrected(Event, frozen=True, kw_only=True):
    """What the slip says counts: the ticket has its number, and the place of its press.

    A number the ticket had before was never printed and is not given again.

    Attributes:
        service: What it is for, should nothing else be known of it.
        issued_ms: Hub's wall clock minus the age of the press.
        code_sha256: Of the secret on the slip; empty when it has none.
    """

    ticket: str
    number: str
    service: str
    issued_ms: int
    code_sha256: str = ""


class TicketReopened(Event, frozen=True, kw_only=True):
    """A ticket that was cancelled or expired waits again, at its old place: its slip is out."""

    ticket: str


class TicketCalled(Event, frozen=True, kw_only=True):
    """A ticket was named to a counter.

    Attributes:
        call_id: Origin of the command that called: `seen` refers to it, a voice speaks it once.
    """

    ticket: str
    counter: int
    call_id: str


class TicketRecalled(Event, frozen=True, kw_only=True):
    """The same ticket to the same counter again.

    Attributes:
        call_id: New with each recall.
        repeat: 2 for the first recall (PANGGILAN KE-2).
    """

    ticket: str
    counter: int
    call_id: str
    repeat: int


class ServingStarted(Event, frozen=True, kw_only=True):
    """The called visitor is at the counter."""

    ticket: str


class TicketParked(Event, frozen=True, kw_only=True):
    """The ticket is set aside and keeps its place.

    Attributes:
        why: Staff `park` it, its bearer `hold`s it, or it was called and nobody came.
        back_ms: Hub's wall clock from which it may return by itself; 0 = only by hand.
        places: So many others of its service are called before it returns by itself.
    """

    ticket: str
    why: ParkedFor
    back_ms: int = 0
    places: int = 0


class TicketReturned(Event, frozen=True, kw_only=True):
    """A parked ticket waits again, at its old place."""

    ticket: str


class TicketTransferred(Event, frozen=True, kw_only=True):
    """The ticket waits elsewhere, at the place of its first issue.

    Attributes:
        counter: The only one that calls it, while that one is not closed; None = any.
    """

    ticket: str
    service: str
    counter: int | None = None


class PrioritySet(Event, frozen=True, kw_only=True):
    """The ticket is of the priority class, or of the normal one; its place is as it was."""

    ticket: str
    priority: bool


class TicketRated(Event, frozen=True, kw_only=True):
    """Its bearer said how the service was. The last one of a ticket counts.

    Attributes:
        counter: Whose buttons were pressed.
        score: 1 = worst, to 4.
    """

    ticket: str
    counter: int
    score: int


class ServiceSet(Event, frozen=True, kw_only=True):
    """The ticket is for this service; its number, its place and where it stands are as before."""

    ticket: str
    service: str


class TicketReinstated(Event, frozen=True, kw_only=True):
    """A ticket that had ended waits again.

    Attributes:
        behind: The ticket it stands behind; empty = it has its old place.
    """

    ticket: str
    behind: str = ""


class TicketClosed(Event, frozen=True, kw_only=True):
    """The ticket's end.

    Attributes:
        by_hand: It was called by voice while the hub was gone: how long it waited is not known.
        counter: Who served it by hand; None when nobody said.
    """

    ticket: str
    outcome: Outcome
    by_hand: bool = False
    counter: int | None = None


class CounterOpened(Event, frozen=True, kw_only=True):
    """Staff sit at the counter and call."""

    counter: int


class CounterPaused(Event, frozen=True, kw_only=True):
    """The counter calls nobody for a while."""

    counter: int


class CounterClosed(Event, frozen=True, kw_only=True):
    """The counter has ended its day, or its shift."""

    counter: int


class ServiceDisrupted(Event, frozen=True, kw_only=True):
    """The service takes no more tickets until it is resumed, or the next day begins."""

    service: str
    why: DisruptedBy


class ServiceResumed(Event, frozen=True, kw_only=True):
    """The service takes tickets again."""

    service: str


class StreamGap(Event, frozen=True, kw_only=True):
    """Rows of a node's stream the hub never saw and the node no longer holds (DESIGN §5.3)."""

    stream: str
    seq_from: Annotated[int, Meta(ge=1)]
    seq_upto: Annotated[int, Meta(ge=1)]


class Adopted(Event, frozen=True, kw_only=True):
    """First of a row's events: they were decided by an earlier hub and given back by a node.

    They are facts, and never decided again (DESIGN §5.8).

    Attributes:
        gen, pos: Its origin: where the earlier hub's journal held the row.
        at_ms: The earlier hub's wall clock; the row's own stamp may be later, stamps never go back.
        late: The events are of an earlier day, or older than what is known of their ticket: they
            are on record and change no state.
    """

    gen: Generation
    pos: Position
    at_ms: AtMs
    late: bool = False


class OriginGap(Event, frozen=True, kw_only=True):
    """Rows of an earlier hub's journal that nobody holds any more.

    Attributes:
        gen: Of the earlier hub.
        pos_from, pos_upto: The first and the last position missing.
        count: How many of the positions between are missing, both included.
    """

    gen: Generation
    pos_from: Position
    pos_upto: Position
    count: Count


class NumbersMoved(Event, frozen=True, kw_only=True):
    """Each series goes on behind this number: those up to it may be on paper unknown.

    Attributes:
        numbers: By prefix, the last one not to be given any more today.
    """

    numbers: dict[str, Count]


HallEvent = (
    DayOpened
    | DateDoubted
    | DayDated
    | TicketIssued
    | PrintConfirmed
    | TicketCorrected
    | TicketReopened
    | TicketCalled
    | TicketRecalled
    | ServingStarted
    | TicketParked
    | TicketReturned
    | TicketTransferred
    | PrioritySet
    | TicketRated
    | ServiceSet
    | TicketReinstated
    | TicketClosed
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | AssistAsked
    | AssistAttended
    | ServiceDisrupted
    | ServiceResumed
    | StreamGap
    | Adopted
    | OriginGap
    | NumbersMoved
)

EVENTS: tuple[type[Event], ...] = get_args(HallEvent)

_decoder: msgspec.json.Decoder[tuple[HallEvent, ...]] = msgspec.json.Decoder(tuple[HallEvent, ...])
_encoder = msgspec.json.Encoder()


def decode_events(raw: bytes) -> tuple[HallEvent, ...]:
    """Return the events of one journal row.

    Raises:
        msgspec.ValidationError: An event this release does not know, or a bad field.
    """
    return _decoder.decode(raw)


def encode_events(events: tuple[HallEvent, ...]) -> bytes:
    """Return the events of one journal row as JSON."""
    return _encoder.encode(events)
