"""PURE: the technician's glance.

One sentence that says what is wrong, then every device, worst first.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from broker.hall.views import BoardView, CounterView
from broker.watch import Contact
from broker.wire.messages import Alarm, Health
from displays.phrases import Phrase, say
from displays.web import tech_phrases as words
from displays.web.roster import HUB, Member, Roster


class State(StrEnum):
    """How a device is; the order is the page's, worst first."""

    URGENT = "urgent"
    WARNING = "warning"
    UNKNOWN = "unknown"
    INFO = "info"
    GOOD = "good"


ORDER = tuple(State)

UNITS = ((172_800, 86_400, words.DAYS), (3600, 3600, words.HOURS), (60, 60, words.MINUTES))
"""From how many seconds on an age is told in a unit, how long that unit is, and its word."""

STATE_WORDS: dict[State, Phrase] = {
    State.URGENT: words.URGENT,
    State.WARNING: words.WARNING,
    State.UNKNOWN: words.UNKNOWN,
    State.INFO: words.INFO,
    State.GOOD: words.GOOD,
}


class AlarmLine(NamedTuple):
    """One open alarm, as it is read."""

    id: str
    level: str
    what: str
    mend: str
    age: str
    seen_by: str


class Card(NamedTuple):
    """One device.

    Attributes:
        word: Its state, in a word: never by colour alone.
        heard: When it was heard last.
        act: What it did last; empty = it doesn't say.
    """

    id: str
    role: str
    state: State
    word: str
    heard: str
    act: str
    alarms: tuple[AlarmLine, ...]


class Place(NamedTuple):
    """The devices of one zone, worst first."""

    name: str
    cards: tuple[Card, ...]


class Glance(NamedTuple):
    """The page.

    Attributes:
        state: The worst of all.
        hall: Alarms that are no single device's.
    """

    state: State
    sentence: str
    tally: str
    hall: tuple[AlarmLine, ...]
    places: tuple[Place, ...]


class Screen(NamedTuple):
    """What the hall shows just now, for what its devices say of themselves."""

    board: BoardView | None
    counters: dict[int, CounterView]


class Reader(NamedTuple):
    """Who looks, and when.

    Attributes:
        zones: Their names, by id.
        at_ms: The hub's wall clock, for the age of alarms.
    """

    zones: dict[str, str]
    language: str
    now_s: float
    at_ms: int


class Glancer:
    """Looks at a roster, for one reader."""

    def __init__(self, roster: Roster, screen: Screen, reader: Reader) -> None:
        self._roster = roster
        self._screen = screen
        self._reader = reader
        self._now_s = reader.now_s

    def glance(self) -> Glance:
        """Return the whole hall."""
        cards = {member.id: self.card(member) for member in self._roster.members}
        hall = self._lines(a for a in self._roster.alarms.values() if a.subject not in cards)
        states = [card.state for card in cards.values()]
        states += [State(line.level) for line in hall if not line.seen_by]
        good = sum(card.state in {State.GOOD, State.INFO} for card in cards.values())
        state = State.URGENT if self._is_blind() else min(states, key=ORDER.index)
        return Glance(
            state=state,
            sentence=self._sentence(list(cards.values()), hall),
            tally=self._say(words.COUNT, good=good, all=len(cards)),
            hall=hall,
            places=self._places(cards),
        )

    def card(self, member: Member) -> Card:
        """Return one device."""
        lines = self._lines(a for a in self._roster.alarms.values() if a.subject == member.id)
        state = self._state(member, lines)
        return Card(
            id=member.id,
            role=member.role,
            state=state,
            word=self._say(STATE_WORDS[state]),
            heard=self._heard(member),
            act=self._act(member),
            alarms=lines,
        )

    def _say(self, phrase: Phrase, **values: object) -> str:
        return say(phrase, self._reader.language, **values)

    def _is_blind(self) -> bool:
        return not self._roster.is_hub_heard(self._now_s)

    def _sentence(self, cards: list[Card], hall: tuple[AlarmLine, ...]) -> str:
        if self._is_blind():
            return self._blind()
        found = [*hall, *(line for card in cards for line in card.alarms)]
        found = [line for line in found if line.level != State.INFO and not line.seen_by]
        if found:
            first = min(found, key=lambda line: ORDER.index(State(line.level)))
            more = len(found) - 1
            return self._say(words.MORE, what=first.what, count=more) if more else first.what
        unknown = [card for card in cards if card.state is State.UNKNOWN]
        if len(unknown) == 1:
            return self._say(words.SILENT_ONE, node=unknown[0].id)
        if unknown:
            return self._say(words.WAITING_FOR, count=len(unknown))
        return self._say(words.ALL_WELL, all=len(cards))

    def _blind(self) -> str:
        if not self._roster.linked:
            return self._say(words.BROKER_GONE)
        heard_s = self._roster.hub_heard_s
        if heard_s is None:
            return self._say(words.HUB_UNHEARD)
        return self._say(words.HUB_GONE, age=self.age(self._now_s - heard_s))

    def _places(self, cards: dict[str, Card]) -> tuple[Place, ...]:
        found: dict[str, list[Card]] = {}
        for member in self._roster.members:
            found.setdefault(member.place, []).append(cards[member.id])
        places = []
        for place, inside in found.items():
            inside.sort(key=lambda card: ORDER.index(card.state))
            name = self._reader.zones.get(place, place) or self._say(words.ENTRANCE)
            places.append(Place(name, tuple(inside)))
        # The place with the worst device first; else in the hall file's order.
        return tuple(sorted(places, key=lambda place: ORDER.index(place.cards[0].state)))

    def _state(self, member: Member, lines: tuple[AlarmLine, ...]) -> State:
        levels = [State(line.level) for line in lines if not line.seen_by]
        if not self._roster.is_here(member.id, self._now_s):
            levels.append(State.UNKNOWN)
        elif any(line.seen_by for line in lines):
            levels.append(State.INFO)
        return min(levels, key=ORDER.index, default=State.GOOD)

    def _heard(self, member: Member) -> str:
        seen = self._roster.seen(member.id, self._now_s)
        heard_s = seen.heard_s if seen and seen.health else None
        if member.role == HUB:
            heard_s = self._roster.hub_heard_s
        elif seen is not None and seen.contact is Contact.GONE:
            return self._say(words.GONE_FOR, age=self.age(self._now_s - seen.since_s))
        if heard_s is None:
            return self._say(words.UNHEARD)
        is_here = self._roster.is_here(member.id, self._now_s)
        phrase = words.HEARD if is_here else words.SILENT_FOR
        return self._say(phrase, age=self.age(self._now_s - heard_s))

    def _act(self, member: Member) -> str:
        if member.role == HUB:
            hub = self._roster.hub
            return self._say(words.JOURNAL, pos=hub.pos) if hub else ""
        seen = self._roster.seen(member.id, self._now_s)
        if seen is None or seen.health is None:
            return ""
        ago_s = self._now_s - seen.heard_s
        match member.role:
            case "kiosk":
                return self._act_of_kiosk(seen.health, ago_s)
            case "counter":
                return self._act_of_counter(member, seen.health, ago_s)
            case "board" | "sign":
                return self._act_of_display(member, seen.health, ago_s)
            case _:
                return ""

    def _act_of_kiosk(self, health: Health, ago_s: float) -> str:
        if health.printer is None:  # its slips are files: presses are all it tells
            return self._pressed(health, ago_s)
        age_s = health.printer.printed_age_s
        if age_s is None:
            return self._say(words.NO_SLIP)
        return self._say(words.LAST_SLIP, age=self.age(age_s + ago_s))

    def _act_of_counter(self, member: Member, health: Health, ago_s: float) -> str:
        views = [self._screen.counters.get(counter) for counter in member.counters]
        call = next((view.call for view in views if view and view.call), None)
        pressed = self._pressed(health, ago_s)
        return f"{self._say(words.CALLING, number=call.number)}, {pressed}" if call else pressed

    def _pressed(self, health: Health, ago_s: float) -> str:
        ages = [button.pressed_age_s for button in health.buttons.values()]
        age_s = min((age_s for age_s in ages if age_s is not None), default=None)
        if age_s is None:
            return self._say(words.NO_PRESS)
        return self._say(words.LAST_PRESS, age=self.age(age_s + ago_s))

    def _act_of_display(self, member: Member, health: Health, ago_s: float) -> str:
        display, board = health.display, self._screen.board
        if display is None or display.frame_age_s is None:
            return ""
        age = self.age(display.frame_age_s + ago_s)
        calls = [call for call in board.calls if call.counter in member.counters] if board else []
        is_current = board is not None and (display.gen, display.pos) >= (board.gen, board.pos)
        if calls and is_current:
            return self._say(words.SHOWING_CALL, number=calls[0].number, age=age)
        return self._say(words.SHOWING, age=age)

    def _lines(self, alarms: Iterable[Alarm]) -> tuple[AlarmLine, ...]:
        found = sorted(alarms, key=lambda a: (ORDER.index(State(a.level)), a.since_ms, a.id))
        return tuple(
            AlarmLine(
                id=alarm.id,
                level=alarm.level,
                what=in_language(alarm.what, self._reader.language),
                mend=in_language(alarm.mend, self._reader.language),
                age=self._say(
                    words.SINCE, age=self.age((self._reader.at_ms - alarm.since_ms) / 1000)
                ),
                seen_by=alarm.acknowledged_by,
            )
            for alarm in found
        )

    def age(self, age_s: float) -> str:
        """Return how long that is, in its largest unit: `40 s`, `3 min`, `5 h`, `2 days`."""
        for from_s, unit_s, phrase in UNITS:
            if age_s >= from_s:
                return self._say(phrase, count=int(age_s // unit_s))
        return self._say(words.SECONDS, count=max(0, int(age_s)))


def in_language(texts: dict[str, str], language: str) -> str:
    """Return the text in this language, or in the first there is."""
    return texts.get(language) or next(iter(texts.values()), "")
