"""What a hub makes of rows given back to it: their order, what is missing, what is late."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from broker.batch import Row
from broker.hall.events import (
    Adopted,
    HallEvent,
    NumbersMoved,
    OriginGap,
    PrintConfirmed,
    ServingStarted,
    TicketCalled,
    TicketCorrected,
    TicketIssued,
    TicketRecalled,
    decode_events,
)
from broker.hall.state import Hall
from broker.log import kv
from broker.wire.delivery import Receiver
from broker.wire.generation import generation_number
from broker.wire.giving import GivenRow, Recovery, place_order
from broker.wire.messages import Place

_log = logging.getLogger(__name__)

SERIES_MAX = 999

CALLS = (TicketCalled, TicketRecalled, ServingStarted)
"""What brings a ticket to a counter; taken as new, it would be shown and spoken."""

ON_PAPER = (TicketIssued, TicketCorrected, PrintConfirmed)
"""What a slip says and that it is out: a ticket known only by its call gets its number from them,
and its state from none (DESIGN §5: paper wins)."""


def origin_gaps(places: Iterable[Place], *, behind: Place) -> tuple[OriginGap, ...]:
    """Return, per generation, the positions between `behind` and the last known that nobody has.

    Args:
        places: Of all rows that are known, the journal's own not counted.
        behind: The journal's own end; `Place()` when it is empty.
    """
    known = sorted({place_order(place) for place in places})
    floor, gaps = behind.pos, list[OriginGap]()
    for gen, group in groupby(known, key=lambda order: order[1]):
        places_of = [order for order in group if order > place_order(behind)]
        if not places_of:
            continue
        found = [pos for _, _, pos in places_of if pos > floor]
        missing = list(_missing(found, floor))
        if missing:
            gaps.append(
                OriginGap(gen=gen, pos_from=missing[0], pos_upto=missing[-1], count=len(missing))
            )
        # A later generation's journal began with these rows, at other positions.
        floor = max([floor, *found])
    return tuple(gaps)


def _missing(found: list[int], floor: int) -> Iterator[int]:
    expected = floor + 1
    for pos in found:
        yield from range(expected, pos)
        expected = pos + 1


def moved_numbers(hall: Hall, *, times: int = 1) -> NumbersMoved:
    """Return the event after which every series goes on at its next multiple of 100.

    Above 900 there is none left: there at the next multiple of 10, and 999 stays the last.

    Args:
        times: Go on so many multiples. An earlier generation with unknown rows may have begun with
            such an event, and what it gave out then may be with a node that is off.
    """
    prefixes = sorted(set(hall.setup.series.values()) | hall.numbers.keys())
    return NumbersMoved(numbers={p: _moved(hall.numbers.get(p, 0), times) for p in prefixes})


def _moved(last: int, times: int) -> int:
    moved = _before_next(last)
    for _ in range(times - 1):
        moved = _before_next(min(moved + 1, SERIES_MAX))
    return moved


def _before_next(last: int) -> int:
    for step in (100, 10):
        following = (last // step + 1) * step
        if following <= SERIES_MAX:
            return following - 1
    return max(last, SERIES_MAX)


def tickets_of(events: Iterable[HallEvent]) -> set[str]:
    """Return the ids of the tickets these events are about."""
    return {ticket for event in events if (ticket := getattr(event, "ticket", ""))}


Made = tuple[Row, int, tuple[HallEvent, ...], str, str]
"""(row, stamp, events, refusal, detail)"""


class Adoption:
    """Turns given rows into rows of this journal, in order, beside those it has.

    Args:
        hall: As it is before; the caller applies each row before it takes the next.
        receiver: Learns how far each stream is.
        date_of: The hall's date at an instant.
        open_day: Opens the day of an instant if it is later than the open one.
        is_after: The hall has gone on since the recovery: a call is over by now, so it is late.

    Attributes:
        adopted, late: Rows taken, and how many of them change no state.
        unusable: Rows with events this release does not know.
    """

    def __init__(
        self,
        *,
        hall: Hall,
        receiver: Receiver,
        date_of: Callable[[int], str],
        open_day: Callable[[int], None],
        is_after: bool = False,
    ) -> None:
        self.adopted = self.late = self.unusable = 0
        self._hall = hall
        self._receiver = receiver
        self._date_of = date_of
        self._open_day = open_day
        self._is_after = is_after
        self._newest_ms = hall.at_ms
        self._tickets = frozenset(hall.tickets)

    def rows(self, given: Iterable[GivenRow]) -> Iterator[Made]:
        """Yield (row, stamp, events, refusal, detail) of what this journal lacks.

        A row that is in the journal is passed over, whoever gives it; nothing is decided again.
        A stream keeps its owner, also when another node gives its rows.
        """
        for giver, sealed, detail in sorted(given, key=lambda given: place_order(given.row)):
            node = self._receiver.owner(sealed.stream) or giver
            if sealed.seq <= self._receiver.last(node, sealed.stream):
                continue
            try:
                events = decode_events(sealed.events)
            except msgspec.MsgspecError:
                self.unusable += 1
                continue
            self._open_day(sealed.at_ms)
            gap = self._receiver.adopt(node, sealed.stream, sealed.seq)
            if gap is not None:
                yield Row(node, sealed.stream, gap.seq_upto, b"null"), sealed.at_ms, (gap,), "", ""
            late = self._is_late(sealed.at_ms, events)
            self.adopted += 1
            self.late += late
            origin = Adopted(gen=sealed.gen, pos=sealed.pos, at_ms=sealed.at_ms, late=late)
            row = Row(node, sealed.stream, sealed.seq, sealed.command)
            yield row, sealed.at_ms, (origin, *events), sealed.refusal, detail

    def lost(
        self, recovery: Recovery, *, behind: Place, without: Sequence[str]
    ) -> tuple[HallEvent, ...]:
        """Return what nobody holds any more, and where numbers go on; say it in the log.

        Empty when every row is known.

        Args:
            behind: The journal's end before the recovery.
            without: Nodes that may hold rows nobody has heard of.
        """
        places = (Place(gen=row.gen, pos=row.pos) for _, row, _ in recovery.rows.values())
        gaps = origin_gaps(places, behind=behind)
        is_unknown = bool(gaps or without or recovery.unproved or self.unusable)
        fields = self._counts(recovery) | {
            "gaps": [f"{gap.gen}:{gap.pos_from}-{gap.pos_upto}" for gap in gaps],
            "without": without,
        }
        level = logging.ERROR if is_unknown else logging.WARNING
        _log.log(level, "recovered", extra=kv(**fields))
        if not is_unknown:
            return ()
        begun = [
            gap.gen for gap in gaps if gap.gen != behind.gen and generation_number(gap.gen) > 1
        ]
        return (*gaps, moved_numbers(self._hall, times=1 + len(begun)))

    def tell(self, recovery: Recovery, *, who: str, is_all: bool) -> None:
        """Say in the log what a node gave that was off during the recovery."""
        level = logging.WARNING if is_all else logging.ERROR
        fields = kv(who=who, is_all=is_all, **self._counts(recovery))
        _log.log(level, "given after the recovery", extra=fields)

    def _counts(self, recovery: Recovery) -> dict[str, object]:
        return {
            "adopted": self.adopted,
            "late": self.late,
            "unusable": self.unusable,
            "unproved": recovery.unproved,
        }

    def _is_late(self, at_ms: int, events: tuple[HallEvent, ...]) -> bool:
        """Return whether newer things are known of what these events are about.

        What is on paper stays true however late it is heard. A call is older than what its counter
        did since, whatever its ticket did.
        """
        if self._date_of(at_ms) < self._hall.day:
            return True
        is_call = any(isinstance(event, CALLS) for event in events)
        if self._is_after and is_call:
            return True
        tickets = tickets_of(events)
        if at_ms >= self._newest_ms or (tickets and not tickets & self._tickets):
            return False
        if not tickets or is_call:
            return True
        if all(isinstance(event, ON_PAPER) for event in events):
            return False
        known = self._hall.tickets
        return any(at_ms < known[id_].newest_ms for id_ in tickets if id_ in known)
