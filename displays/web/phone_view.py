"""PURE: what the bearer of a code is told of each ticket, in one language."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import NamedTuple

from broker.hall.coded import CodedTicket
from broker.hall.setup import Setup
from broker.hall.stamps import is_date
from broker.hall.views import BoardView
from displays.phrases import Phrase, say
from displays.web import phone_phrases as words

CALLED_SHOWN = 3
"""Newest calls of the same service beside one's own number."""

SOON_AHEAD = 3
"""With so many before it, a phone asks often."""

ASK_SOON_S, ASK_S, ASK_SELDOM_S = 3, 8, 20
"""How often a phone asks: about to be called or called, waiting, nothing to wait for. 300 phones of
a busy hall ask some 40 times a second."""


class Called(NamedTuple):
    """A number of the same service that is called now."""

    number: str
    where: str


class Card(NamedTuple):
    """One ticket.

    Attributes:
        key: Which look it has: waiting, called, serving, parked, closed.
        headline: What is so, in a few words; what a screen reader says when it changes.
        lines: What to know or do.
        call: Names its newest call, while it is called: another one alerts; else empty.
        holds_left: How often it may be held now; 0 = not.
        can_cancel: It may be given up now.
        called: The newest calls of its service.
    """

    ticket: str
    number: str
    service: str
    agency: str
    key: str
    headline: str
    lines: tuple[str, ...]
    call: str
    holds_left: int
    can_cancel: bool
    is_priority: bool
    called: tuple[Called, ...]


Say = Callable[..., str]


class Phones:
    """Makes the cards of one hall.

    Args:
        zone: The hall's.
    """

    def __init__(self, setup: Setup, zone: tzinfo) -> None:
        self._setup = setup
        self._zone = zone

    def cards(
        self, tickets: list[CodedTicket], board: BoardView | None, language: str
    ) -> list[Card]:
        """Return what is told of the tickets of one code."""

        def speak(phrase: Phrase, **values: object) -> str:
            return say(phrase, language, **values)

        is_busy = any(ticket.counter is not None for ticket in tickets)
        return [self._card(ticket, board, speak, language, is_busy=is_busy) for ticket in tickets]

    def ask_again_s(self, tickets: list[CodedTicket]) -> int:
        """Return after how many seconds a phone with these tickets asks again."""
        if any(
            ticket.counter is not None or (ticket.ahead is not None and ticket.ahead <= SOON_AHEAD)
            for ticket in tickets
        ):
            return ASK_SOON_S
        return ASK_S if any(ticket.state != "closed" for ticket in tickets) else ASK_SELDOM_S

    def time(self, at_ms: int) -> str:
        """Return a time as `08.00 WIB`; empty when nobody knows the date."""
        if not is_date(at_ms):
            return ""
        at = datetime.fromtimestamp(at_ms / 1000, tz=self._zone)
        return f"{at:%H.%M} {at.tzname()}"

    def _card(
        self,
        ticket: CodedTicket,
        board: BoardView | None,
        speak: Say,
        language: str,
        *,
        is_busy: bool,
    ) -> Card:
        service = self._setup.services.get(ticket.service)
        agency = self._setup.agencies[service.agency].name if service else ""
        names = service.name if service else {}
        headline, *lines = self._says(ticket, speak, is_busy=is_busy)
        can_move = ticket.state in {"waiting", "parked"}
        return Card(
            ticket=ticket.ticket,
            number=ticket.number,
            service=names.get(language) or next(iter(names.values()), ticket.service),
            agency=agency,
            key=ticket.state,
            headline=headline,
            lines=tuple(line for line in lines if line),
            call=f"{ticket.number}/{ticket.called_ms}/{ticket.repeat}"
            if ticket.state == "called"
            else "",
            holds_left=ticket.holds_left if ticket.state == "waiting" else 0,
            can_cancel=can_move,
            is_priority=ticket.priority,
            called=self._called(ticket, board, speak) if ticket.state != "closed" else (),
        )

    def _says(self, ticket: CodedTicket, speak: Say, *, is_busy: bool) -> tuple[str, ...]:
        """Return the headline, then lines, some perhaps empty."""
        match ticket.state:
            case "called":
                again = speak(words.AGAIN, repeat=ticket.repeat) if ticket.repeat > 1 else ""
                return (speak(words.GO, counter=ticket.counter), again)
            case "serving":
                return (speak(words.SERVING, counter=ticket.counter),)
            case "parked":
                return self._parked(ticket, speak)
            case "closed":
                return _closed(ticket, speak)
            case _:
                return self._waits(ticket, speak, is_busy=is_busy)

    def _waits(self, ticket: CodedTicket, speak: Say, *, is_busy: bool) -> tuple[str, ...]:
        if ticket.ahead is None:
            return (speak(words.WAITING), speak(words.OTHER_FIRST) if is_busy else "")
        if not ticket.ahead:
            return (speak(words.NEXT), self._rule(speak))
        return (speak(words.AHEAD, ahead=ticket.ahead), self._rule(speak))

    def _rule(self, speak: Say) -> str:
        setup = self._setup
        if not setup.no_show_max:
            return speak(words.RULE_ONCE)
        return speak(words.RULE, places=setup.no_show_return_after, times=setup.no_show_max)

    def _parked(self, ticket: CodedTicket, speak: Say) -> tuple[str, ...]:
        time = self.time(ticket.back_ms)
        if ticket.parked_for == "hold":
            head = speak(words.HELD, time=time) if time else speak(words.HELD_OUT_OF_TIME)
            return (head, speak(words.RETURNS))
        if ticket.parked_for == "no_show":
            if ticket.places and time:
                back = speak(words.MISSED_BACK, places=ticket.places, time=time)
            else:
                back = speak(words.MISSED_SOON)
            return (speak(words.MISSED), back)
        return (speak(words.PARKED), speak(words.PARKED_ASK))

    def _called(
        self, ticket: CodedTicket, board: BoardView | None, speak: Say
    ) -> tuple[Called, ...]:
        calls = [
            Called(call.number, speak(words.AT_COUNTER, counter=call.counter))
            for call in (board.calls if board else ())
            if call.service == ticket.service and not call.over
        ]
        return tuple(calls[:CALLED_SHOWN])


def _closed(ticket: CodedTicket, speak: Say) -> tuple[str, ...]:
    match ticket.outcome:
        case "served":
            return (speak(words.SERVED),)
        case "cancelled":
            return (speak(words.CANCELLED), speak(words.TAKE_NEW))
        case _:
            return (speak(words.ENDED), speak(words.ASK_DESK))
