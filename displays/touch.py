"""PURE: a kiosk's touch screen: which page is shown, and what a touch on it leads to.

    agencies -> services of one -> one service: what to bring, cost, how long -> "another one?" ->
    printing -> the number, big

Three touches reach "take a number" for any service of the hall. A service that gives no numbers
now says why before anybody asks for one. Nobody has to know what a queue is: left alone for
`IDLE_S` the screen begins again, in the hall's main language, and what was chosen already is
printed. What a page looks like is in `touch_layout`, its words in `phrases`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from broker.hall.setup import Service, Setup
from displays.phrases import known

IDLE_S = 30.0
"""Nobody has touched it for so long: whoever was there has gone."""

ANOTHER_S = 10.0
"""How long "another service?" waits for an answer; then it is no, and the slip is printed."""

DONE_S = 8.0
"""How long the number stands there after the slip is out."""

UNPRINTED_S = 25.0
"""The same without paper: it is read, or photographed."""

LOST_AFTER_S = 20.0
"""No word of the kiosk's own node for so long: the slip may be out, and the screen says so."""

VISIT_MAX = 4
"""Services of one visit (DESIGN §4)."""

FOUND_MAX = 6
"""Services a search shows; a letter more makes them fewer."""

TYPED_MAX = 12

AGENCY_RANK = 1000
"""Behind every service whose own name fits."""


class Page(StrEnum):
    """What is shown."""

    AGENCIES = "agencies"
    SERVICES = "services"
    SERVICE = "service"
    ANOTHER = "another"
    SEARCH = "search"
    PRINTING = "printing"
    NUMBER = "number"
    UNPRINTED = "unprinted"
    REFUSED = "refused"
    PERHAPS = "perhaps"
    HELP = "help"


class Offer(Struct, frozen=True, kw_only=True):
    """What is known of one service now.

    Attributes:
        takes: `open`, or why it gives no numbers: `closed`, `quota`, `cutoff`, `disrupted`.
        waiting: None when the hub has not said it lately.
    """

    takes: str = "open"
    waiting: int | None = None


class Taking(Struct, frozen=True, kw_only=True):
    """How far the kiosk's node is with a visit: its panel's `take`.

    Attributes:
        id: Of the press that asked for it.
        state: `asked`, `printing`, `printed`, `unprinted` (the number holds all the same) or
            `refused`.
        numbers: What the slip says, e.g. `("A007",)`.
        why: The refusal.
    """

    id: str
    state: str
    numbers: tuple[str, ...] = ()
    why: str = ""


class Take(NamedTuple):
    """What the node is asked for: one visit.

    Attributes:
        is_assisted: Staff are to accompany them; why is never asked.
    """

    services: tuple[str, ...]
    is_priority: bool
    is_assisted: bool = False


class TouchModel(NamedTuple):
    """All that is shown; equal models are equal pictures.

    Attributes:
        agency, service: The chosen ones; empty before.
        chosen: Services of this visit, in the order they were taken.
        typed: What is looked for.
        found: Services shown: of the agency, or found by the typed letters.
        offers: By service.
        numbers: On the slip.
        left_s: Whole seconds before the page answers itself; None when it does not.
        down: The target a finger is on.
    """

    page: Page
    language: str
    agency: str
    service: str
    chosen: tuple[str, ...]
    typed: str
    found: tuple[str, ...]
    is_priority: bool
    offers: Mapping[str, Offer]
    numbers: tuple[str, ...]
    why: str
    left_s: int | None
    is_connected: bool
    down: str


class _State(Struct, frozen=True, kw_only=True):
    page: Page = Page.AGENCIES
    agency: str = ""
    service: str = ""
    chosen: tuple[str, ...] = ()
    typed: str = ""
    is_priority: bool = False
    taking: str | None = None
    numbers: tuple[str, ...] = ()
    why: str = ""


_HOLDS_S = {
    Page.ANOTHER: ANOTHER_S,
    Page.PRINTING: LOST_AFTER_S,
    Page.NUMBER: DONE_S,
    Page.UNPRINTED: UNPRINTED_S,
    Page.REFUSED: UNPRINTED_S,
    Page.PERHAPS: UNPRINTED_S,
    Page.HELP: UNPRINTED_S,
}


class Touch:
    """One touch screen.

    Args:
        start_s: Monotonic, as all its instants.
    """

    def __init__(self, *, setup: Setup, start_s: float) -> None:
        self.languages = known(setup.languages)
        self._setup = setup
        self._language = self.languages[0]
        self._state = _State()
        self._since_s = start_s
        self._touched_s = start_s
        self._offers: dict[str, Offer] = {}
        self._taking: Taking | None = None
        self._is_connected = False
        self._down = ""

    # -- what comes in ------------------------------------------------------------------------

    def press(self, target: str, now_s: float) -> None:
        """Note that a finger is on a target; empty for none."""
        self._down = target
        self._touched_s = now_s

    def tap(self, target: str, now_s: float) -> Take | None:
        """Do what a target that was touched and let go asks for; return the visit it takes."""
        self._down = ""
        self._touched_s = now_s
        kind, _, name = target.partition(":")
        if kind == "language" and name in self.languages:
            self._language = name
            return None
        return self._choose(kind, name, now_s)

    def told(self, offers: Mapping[str, Offer], taking: Taking | None, *, now_s: float) -> None:
        """Take what the kiosk's node shows on its panel."""
        self._is_connected = True
        self._offers = dict(offers)
        self._taking = taking
        # A late number is shown to who waits still: without paper it is read nowhere else.
        is_waited_for = self._state.page in (Page.PRINTING, Page.PERHAPS)
        if is_waited_for and taking and taking.id == self._state.taking:
            self._follow(taking, now_s)

    def asked(self, take_id: str, now_s: float) -> None:
        """Note the press under which the node keeps what was taken."""
        if self._state.page is Page.PRINTING and self._state.taking is None:
            self._state = replace(self._state, taking=take_id)
            if self._taking and self._taking.id == take_id:
                self._follow(self._taking, now_s)

    def failed(self, now_s: float) -> None:
        """Note that the node did not take it: nothing was asked of anybody."""
        if self._state.page is Page.PRINTING:
            self._go(Page.HELP, now_s)

    def disconnected(self) -> None:
        """Note that the kiosk's node is not there; what is shown of the hall is of before."""
        self._is_connected = False
        self._offers = {}

    # -- what goes out ------------------------------------------------------------------------

    def due(self, now_s: float) -> Take | None:
        """Do what time asks for; return the visit that is taken by it."""
        page = self._state.page
        if page is Page.ANOTHER and now_s >= self._ends_s():
            return self._take(now_s)
        if page is Page.PRINTING and now_s >= self._ends_s():
            self._go(Page.PERHAPS, now_s)
        elif page in _HOLDS_S:
            if now_s >= self._ends_s():
                self._begin(now_s)
        elif now_s >= self._touched_s + IDLE_S:
            if self._state.chosen:
                return self._take(now_s)
            self._begin(now_s)
        return None

    def look(self, now_s: float) -> TouchModel:
        """Return what is to be shown now."""
        state = self._state
        left_s = None
        if state.page is Page.ANOTHER:
            left_s = max(0, round(self._ends_s() - now_s))
        return TouchModel(
            page=state.page,
            language=self._language,
            agency=state.agency,
            service=state.service,
            chosen=state.chosen,
            typed=state.typed,
            found=tuple(service.id for service in self._found()),
            is_priority=state.is_priority,
            offers=self._offers,
            numbers=state.numbers,
            why=state.why,
            left_s=left_s,
            is_connected=self._is_connected,
            down=self._down,
        )

    # -- within -------------------------------------------------------------------------------

    def _choose(self, kind: str, name: str, now_s: float) -> Take | None:
        state = self._state
        match kind, state.page:
            case "take", Page.SERVICE if self._gives_numbers(state.service):
                return self._chosen(now_s)
            case "print", Page.AGENCIES | Page.ANOTHER if state.chosen:
                return self._take(now_s)
            case (("priority" | "key" | "erase"), Page.AGENCIES | Page.SEARCH):
                self._edit(kind, name)
            case (("back" | "home"), _):
                self._back(kind, now_s)
            case _:
                self._enter(kind, name, now_s)
        return None

    def _enter(self, kind: str, name: str, now_s: float) -> None:
        match kind, self._state.page:
            case "agency", Page.AGENCIES if name in self._setup.agencies:
                self._go(Page.SERVICES, now_s, agency=name)
            case "service", Page.SERVICES | Page.SEARCH if name in self._setup.services:
                self._go(Page.SERVICE, now_s, service=name)
            case "search", Page.AGENCIES:
                self._go(Page.SEARCH, now_s)
            case "another", Page.ANOTHER:
                self._go(Page.AGENCIES, now_s, agency="", service="", typed="")

    def _edit(self, kind: str, name: str) -> None:
        state = self._state
        if kind == "priority" and state.page is Page.AGENCIES:
            self._state = replace(state, is_priority=not state.is_priority)
        elif kind == "key" and state.page is Page.SEARCH and len(state.typed) < TYPED_MAX:
            self._state = replace(state, typed=state.typed + name)
        elif kind == "erase":
            self._state = replace(state, typed=state.typed[:-1])

    def _chosen(self, now_s: float) -> Take | None:
        chosen = (*self._state.chosen, self._state.service)
        self._go(Page.ANOTHER, now_s, chosen=chosen)
        return self._take(now_s) if len(chosen) == VISIT_MAX else None

    def _back(self, kind: str, now_s: float) -> None:
        state = self._state
        if state.page is Page.SERVICE and kind == "back":
            to = Page.SEARCH if state.typed else Page.SERVICES
            self._go(to, now_s, service="")
        elif state.page in (Page.NUMBER, Page.UNPRINTED, Page.REFUSED, Page.PERHAPS, Page.HELP):
            self._begin(now_s)
        elif state.page in (Page.SERVICES, Page.SEARCH, Page.SERVICE):
            self._go(Page.AGENCIES, now_s, agency="", service="", typed="")

    def _take(self, now_s: float) -> Take:
        take = Take(self._state.chosen, self._state.is_priority)
        self._go(Page.PRINTING, now_s, taking=None)
        return take

    def _follow(self, taking: Taking, now_s: float) -> None:
        to = {"printed": Page.NUMBER, "unprinted": Page.UNPRINTED, "refused": Page.REFUSED}
        if taking.state in to:
            self._go(to[taking.state], now_s, numbers=taking.numbers, why=taking.why)

    def _go(self, page: Page, now_s: float, **changes: object) -> None:
        self._state = replace(self._state, page=page, **changes)
        self._since_s = now_s

    def _begin(self, now_s: float) -> None:
        self._state, self._since_s = _State(), now_s
        self._language = self.languages[0]

    def _ends_s(self) -> float:
        return self._since_s + _HOLDS_S[self._state.page]

    def _gives_numbers(self, service: str) -> bool:
        if service in self._state.chosen:
            return False  # one number of a kind is enough for one person
        return self._offers.get(service, Offer()).takes == "open"

    def _found(self) -> Iterable[Service]:
        services = self._setup.services.values()
        match self._state.page:
            case Page.SERVICES:
                return [s for s in services if s.agency == self._state.agency]
            case Page.SEARCH if self._state.typed:
                ranked = [(rank, s) for s in services if (rank := self._rank(s)) is not None]
                ranked.sort(key=lambda one: one[0])  # equal ranks stay in the hall's order
                return [s for _, s in ranked[:FOUND_MAX]]
            case _:
                return []

    def _rank(self, service: Service) -> int | None:
        """Return how well a service fits what was typed, 0 best; None: not at all.

        A word of its name begins so, the first one before others; then a word of its agency's.
        Names are those that are shown: of the chosen language.
        """
        agency = self._setup.agencies[service.agency]
        name = service.name.get(self._language) or next(iter(service.name.values()), "")
        words = [word.strip("(/)-") for word in name.casefold().split()]
        typed = self._state.typed.casefold()
        for rank, word in enumerate(words):
            if word.startswith(typed):
                return rank
        of_agency = f"{agency.short} {agency.name}".casefold().split()
        return AGENCY_RANK if any(word.startswith(typed) for word in of_agency) else None
