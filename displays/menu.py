"""PURE: a kiosk's spoken menu: what each press leads to, and what is said of it.

    BANTUAN -> agencies -> services of one -> one service: take, add, priority, staff, back
            -> printing -> the number, said

Three tactile buttons and a loudspeaker, no glass: NEXT steps through the choices of a level, round
and round, CHOOSE takes the one just said, BANTUAN begins and then changes the language. Any press
interrupts what is said. Silence repeats the choice; after `LEAVE_S` of it the menu says that it
ends. It says the number of every ticket this kiosk gives once, also to who pressed or touched.
How it sounds is in `narrator`, its words in `menu_phrases`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from broker.hall.setup import Setup
from displays import menu_phrases as words
from displays.phrases import (
    ASK_DESK,
    BRING,
    FEE,
    FREE,
    NO_NUMBER,
    NOT_READY,
    PERHAPS,
    PERHAPS_NOT,
    TAKES,
)
from displays.touch import LOST_AFTER_S, VISIT_MAX, Offer, Take, Taking
from firmware_config.schema import BANTUAN, CHOOSE, NEXT
from firmware_config.texts import Phrase, known, say

REPEAT_S = 8.0
"""So much silence after a choice, and it is said again."""

LEAVE_S = 30.0
"""Nobody has pressed for so long since the answer to the last press was said."""


CALLS = {"asked": words.CALLING, "heard": words.CALLED, "failed": words.NOT_CALLED}
"""What is said of a call for staff, by how far it is."""


class HelpPress(Struct, frozen=True, kw_only=True):
    """A press of a help button, as the kiosk's node tells it on its panel.

    Attributes:
        n: Counted from the node's start.
        moment: `pressed`, or `held` while it still is.
    """

    n: int
    button: str
    moment: str


class GivenTicket(Struct, frozen=True, kw_only=True):
    """One number of a slip, and where its visitor waits; empty when that is no one place."""

    number: str
    where: str = ""


class Given(Struct, frozen=True, kw_only=True):
    """The numbers a kiosk gave last, whoever asked and however.

    Attributes:
        is_lost: They are on no paper.
    """

    id: str
    language: str
    tickets: tuple[GivenTicket, ...]
    is_lost: bool = False


class Part(NamedTuple):
    """What is spoken as one piece."""

    text: str
    language: str


Say = tuple[Part, ...]
"""What is to be said now, instead of what is being said."""


class Ask(NamedTuple):
    """The node is asked for this visit, its slip in this language."""

    take: Take
    language: str


Wish = Say | Ask


def text_of(said: Say) -> str:
    """Return what is said as people read it."""
    return " ".join(part.text for part in said)


class Level(StrEnum):
    """What the choices are of."""

    OFF = "off"
    AGENCIES = "agencies"
    SERVICES = "services"
    SERVICE = "service"
    PRINTING = "printing"


class _State(Struct, frozen=True, kw_only=True):
    level: Level = Level.OFF
    index: int = 0
    agency: str = ""
    service: str = ""
    chosen: tuple[str, ...] = ()
    is_priority: bool = False
    is_assisted: bool = False
    taking: str | None = None


class Menu:
    """One kiosk's menu. Instants are monotonic seconds.

    Args:
        says_numbers: It says every number; else those asked for by this menu alone.
    """

    def __init__(self, *, setup: Setup, says_numbers: bool = True) -> None:
        self.languages = known(setup.languages)
        self._setup = setup
        self._says_numbers = says_numbers
        self._language = self.languages[0]
        self._state = _State()
        self._offers: Mapping[str, Offer] = {}
        self._heard: int | None = None
        self._given: str | None = None
        self._calling: str | None = None
        self._taking: Taking | None = None
        self._slip: Given | None = None
        self._since_s = 0.0
        self._answered_s: float | None = None
        self._silent_s: float | None = None

    @property
    def level(self) -> Level:
        """Which choices it is at."""
        return self._state.level

    # -- what comes in ------------------------------------------------------------------------

    def told(  # noqa: PLR0913 - what a panel shows, each by name
        self,
        *,
        offers: Mapping[str, Offer],
        presses: tuple[HelpPress, ...],
        taking: Taking | None,
        given: Given | None,
        calling: str = "",
        now_s: float,
    ) -> tuple[Wish, ...]:
        """Take what the kiosk's node shows; what it showed first is of before, and not answered.

        Args:
            calling: How far a call for staff is, see `CALLS`; empty when there is none.
        """
        self._offers = offers
        wishes: list[Wish] = []
        newest = max((press.n for press in presses), default=0)
        fresh = [press for press in presses if self._heard is not None and press.n > self._heard]
        for press in fresh:
            wishes += self._pressed(press, now_s)
        self._heard = newest
        self._taking, self._slip = taking, given
        if taking and taking.id == self._state.taking and taking.state == "refused":
            wishes += self._end(self._refused(taking.why))
        given_id = given.id if given else ""
        if given and self._given is not None and given_id != self._given:
            wishes += self._number(given)
        self._given = given_id
        is_called_again = any(p.button == BANTUAN and p.moment == "held" for p in fresh)
        wishes += self._called(calling, is_called_again=is_called_again)
        return tuple(wishes)

    def lost(self) -> None:
        """Note that the kiosk's node is not there: what it tells next is of before."""
        self._heard = self._given = self._calling = None

    def taken(self, take_id: str | None) -> tuple[Wish, ...]:
        """Note the press under which the node keeps what was asked; None = it did not take it."""
        if self._state.level is not Level.PRINTING or self._state.taking is not None:
            return ()
        if take_id is None:
            return self._end((NOT_READY,))
        self._state = replace(self._state, taking=take_id)
        # What became of it may have been told before the answer.
        if self._taking and self._taking.id == take_id and self._taking.state == "refused":
            return self._end(self._refused(self._taking.why))
        if self._slip is None or self._slip.id != take_id:
            return ()
        if not self._says_numbers:
            return self._number(self._slip)
        self._state = _State()  # it has been said
        return ()

    def silent(self, now_s: float) -> None:
        """Note that what was to be said has been said, or can't be."""
        self._silent_s = now_s
        if self._answered_s is None:
            self._answered_s = now_s

    # -- what goes out ------------------------------------------------------------------------

    def due(self, now_s: float) -> tuple[Wish, ...]:
        """Return what time asks for."""
        if self._state.level is Level.OFF:
            return ()
        if self._state.level is Level.PRINTING:
            if now_s < self._since_s + LOST_AFTER_S:
                return ()
            return self._end((PERHAPS, PERHAPS_NOT))
        return self._silence(now_s)

    def every_text(self) -> list[Say]:
        """Return what it may say of this hall, so that it is ready before it is asked for.

        The sentences that begin and end it first; numbers and what to bring are not among it.
        """
        setup, languages = self._setup, self.languages
        of_menu = [each for each in vars(words).values() if isinstance(each, Phrase)]
        phrases = [*of_menu, *TAKES.values(), ASK_DESK, NO_NUMBER, PERHAPS, PERHAPS_NOT, NOT_READY]
        said: list[Say] = [self._say_in(code, each) for each in phrases for code in languages]
        for code in languages:
            said += [self._say_in(code, agency.name) for agency in setup.agencies.values()]
            said += [self._say_in(code, self._name(id_, code)) for id_ in setup.services]
        return said

    # -- within -------------------------------------------------------------------------------

    def _pressed(self, press: HelpPress, now_s: float) -> tuple[Wish, ...]:
        if press.moment != "pressed":
            return ()
        self._answered_s = self._silent_s = None
        state = self._state
        if state.level is Level.PRINTING:
            return (self._say(words.PRINTING),)
        if state.level is Level.OFF:
            return self._begin()
        if press.button == BANTUAN:
            return self._turn()
        if press.button == NEXT:
            self._state = replace(state, index=(state.index + 1) % len(self._choices()))
            return (self._say(self._choice()),)
        # Not of a newer node's button, whatever it would mean.
        return self._choose(now_s) if press.button == CHOOSE else ()

    def _silence(self, now_s: float) -> tuple[Wish, ...]:
        if self._silent_s is None or self._answered_s is None:
            return ()  # it is speaking
        if now_s >= self._answered_s + LEAVE_S:
            return self._end((words.LEAVING,))
        if now_s >= self._silent_s + REPEAT_S:
            self._silent_s = None
            return (self._say(self._choice()),)
        return ()

    def _called(self, calling: str, *, is_called_again: bool) -> tuple[Wish, ...]:
        """Say how far a call for staff is when that changed, or when it is made once more."""
        before, self._calling = self._calling, calling
        if before == "heard" and not calling and self._state.level is not Level.PRINTING:
            return self._end((words.ATTENDED,))
        is_news = before not in (None, calling) or is_called_again
        # Known by its words: of a newer node nothing is said.
        return (self._say(CALLS[calling]),) if is_news and calling in CALLS else ()

    def _begin(self) -> tuple[Wish, ...]:
        self._state, self._language = _State(level=Level.AGENCIES), self.languages[0]
        other = self._other_language()
        hint = self._say_in(other, words.OTHER_LANGUAGE) if other != self._language else ()
        first = self._say(words.INTRO, words.CALL_STAFF)
        return (_joined(first, hint, self._say(words.WHICH_AGENCY, self._choice())),)

    def _turn(self) -> tuple[Wish, ...]:
        """Go on in the next language, or say how it works once more where there is one only."""
        other = self._other_language()
        head = words.INTRO if other == self._language else words.LANGUAGE
        self._language = other
        return (self._say(head, *self._question(), self._choice()),)

    def _other_language(self) -> str:
        place = self.languages.index(self._language)
        return self.languages[(place + 1) % len(self.languages)]

    def _choices(self) -> tuple[str, ...]:
        """Return the names of the choices of this level; never none."""
        state = self._state
        match state.level:
            case Level.AGENCIES:
                return tuple(self._setup.agencies)
            case Level.SERVICES:
                own = (s.id for s in self._setup.services.values() if s.agency == state.agency)
                return (*own, "back")
            case Level.SERVICE if self._gives_numbers():
                more = ("add",) if len(state.chosen) + 1 < VISIT_MAX else ()
                return ("take", *more, "priority", "assist", "back")
            case _:
                return ("back",)

    def _choice(self) -> Phrase | str:
        """Return the words of the choice it is at."""
        state, name = self._state, self._choices()[self._state.index]
        if state.level is Level.AGENCIES:
            return self._setup.agencies[name].name
        if state.level is Level.SERVICES and name != "back":
            return self._name(name, self._language)
        return {
            "take": words.TAKE,
            "add": words.ADD,
            "priority": words.PRIORITY_OFF if state.is_priority else words.PRIORITY_ON,
            "assist": words.ASSIST_OFF if state.is_assisted else words.ASSIST_ON,
            "back": words.BACK,
        }[name]

    def _choose(self, now_s: float) -> tuple[Wish, ...]:
        state, name = self._state, self._choices()[self._state.index]
        match state.level, name:
            case _, "back":
                return self._back()
            case Level.AGENCIES, _:
                return self._enter(Level.SERVICES, agency=name)
            case Level.SERVICES, _:
                return self._enter(Level.SERVICE, service=name)
            case _, "take":
                chosen = (*state.chosen, state.service)
                take = Take(chosen, state.is_priority, state.is_assisted)
                self._state = replace(state, level=Level.PRINTING, taking=None)
                self._since_s = now_s
                return (self._say(words.PRINTING), Ask(take, self._language))
            case _, "add":
                return self._enter(Level.AGENCIES, chosen=(*state.chosen, state.service))
            case _, "priority":
                self._state = replace(state, index=0, is_priority=not state.is_priority)
            case _:
                self._state = replace(state, index=0, is_assisted=not state.is_assisted)
        return (self._say(*self._wishes(), self._choice()),)

    def _enter(self, level: Level, **changes: object) -> tuple[Wish, ...]:
        self._state = replace(self._state, level=level, index=0, **changes)
        return (self._say(*self._question(), self._choice()),)

    def _back(self) -> tuple[Wish, ...]:
        state = self._state
        if state.level is Level.SERVICE:
            return self._enter(Level.SERVICES, service="")
        return self._enter(Level.AGENCIES, agency="")

    def _question(self) -> tuple[Phrase | str, ...]:
        """Return what is said once on coming to a level, before its first choice."""
        match self._state.level:
            case Level.AGENCIES:
                return (words.WHICH_AGENCY,)
            case Level.SERVICES:
                return (words.WHICH_SERVICE,)
            case _:
                return (*self._about(self._state.service), *self._wishes())

    def _about(self, id_: str) -> tuple[Phrase | str, ...]:
        """Return what to know of a service before a number is taken, as the touch screen has it."""
        service, offer = self._setup.services[id_], self._offers.get(id_, Offer())
        name = self._name(id_, self._language)
        if id_ in self._state.chosen:
            return (name, words.TAKEN)
        if offer.takes != "open":
            return (name, TAKES.get(offer.takes, NO_NUMBER), ASK_DESK)
        told: list[Phrase | str] = [name]
        if offer.waiting == 1:
            told.append(words.ONE_WAITS)
        elif offer.waiting:
            told += [str(offer.waiting), words.WAIT]
        if lines := (service.requires or {}).get(self._language):
            told += [BRING, *lines]
        if service.fee == 0:
            told.append(FREE)
        elif service.fee is not None:
            fee = service.fee
            told += [FEE, f"{fee} rupiah" if isinstance(fee, int) else fee.get(self._language, "")]
        return tuple(told)

    def _wishes(self) -> tuple[Phrase, ...]:
        state = self._state
        priority = (words.IS_PRIORITY,) if state.is_priority else ()
        return (*priority, *((words.IS_ASSISTED,) if state.is_assisted else ()))

    def _gives_numbers(self) -> bool:
        service = self._state.service
        is_open = self._offers.get(service, Offer()).takes == "open"
        return is_open and service not in self._state.chosen

    def _refused(self, why: str) -> tuple[Phrase, ...]:
        reasons = {"past_cutoff": "cutoff", "quota_reached": "quota"}
        known_why = TAKES.get(reasons.get(why, why))
        return (NO_NUMBER, *((known_why,) if known_why else ()), ASK_DESK)

    def _number(self, given: Given) -> tuple[Wish, ...]:
        """Say the numbers of a slip; twice when they are on no paper."""
        is_own = given.id == self._state.taking
        if not is_own and not self._says_numbers:
            return ()
        code = given.language if given.language in self.languages else self.languages[0]
        numbers: list[Phrase | str] = []
        for place, ticket in enumerate(given.tickets):
            numbers += [words.AND] * (place > 0) + [*ticket.number]
        wheres = {ticket.where for ticket in given.tickets} - {""}
        where = wheres.pop() if len(wheres) == 1 else ""
        number = (words.NUMBER, *numbers)
        if given.is_lost:
            after = (words.WAIT_AT, where) if where else (words.LISTEN,)
            said = self._say_in(code, *number, words.NO_PAPER, *number, *after)
        else:
            after = (words.TAKE_SLIP, where) if where else (words.TAKE_SLIP_HERE,)
            said = self._say_in(code, *number, *after)
        if is_own:
            self._state = _State()
        return (said,)

    def _end(self, texts: tuple[Phrase, ...]) -> tuple[Wish, ...]:
        said = self._say(*texts)
        self._state, self._language = _State(), self.languages[0]
        return (said,)

    def _name(self, service: str, language: str) -> str:
        names = self._setup.services[service].name
        return names.get(language) or next(iter(names.values()), service)

    def _say(self, *texts: Phrase | str) -> Say:
        return self._say_in(self._language, *texts)

    def _say_in(self, language: str, *texts: Phrase | str) -> Say:
        told = (say(each, language) if isinstance(each, Phrase) else each for each in texts)
        return tuple(Part(each, language) for each in told if each)


def _joined(*said: Say) -> Say:
    return tuple(part for each in said for part in each)
