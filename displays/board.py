"""PURE: what a hall board shows, from the hub's snapshots, its heartbeat and the time.

The rules a board never breaks (DESIGN §5.15, §6) live here and nowhere else: what is ignored, which
call stands big, when the board says that it is cut off, and that nothing of another day is shown.
Where things stand on the screen is `layout.py`, which words are used `phrases.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from broker.hall.views import BoardView, Call, QueueView
from broker.wire.generation import Stamp, is_lower, is_older
from broker.wire.messages import HubState
from displays.board_setup import BoardSetup, Mark, Place
from displays.offers import Offers
from displays.rows import Rows, newest_of_each
from displays.sizes import ROWS_MAX

LOST_AFTER_S = 10.0
"""Without a live message of the hub: two heartbeats missed."""

UNGUIDED_AFTER_S = 900.0
"""Without one for so long nobody is called from here any more: no hero, "follow the staff"."""

HERO_S = 10.0
HERO_CROWDED_S = 5.0
HERO_RUSH_S = 3.0
"""How long a call stands big: alone; when a newer one waits for it; when `RUSH` of them wait.

All of them are rows at once, so nobody waits to be seen; 3 s is what a line of a road sign gets.
"""
RUSH = 4
AFTER_VOICE_S = 2.0  # the call that was said stands big for so long after its last word

NEWS_S = 45.0
"""A call older than this is a row, never news: it doesn't take the hero's place in turn."""

CALLS_MIN = 30
"""A snapshot holds at least so many calls, if there were so many (DESIGN §5.15)."""

PULSES = 3
PULSE_S = 1.0
PULSE_STEPS = 10
PULSE_PICTURES = 20
PULSE_STEP_S = PULSE_S / PULSE_PICTURES
"""The hero's border: 3 pulses of 1 s, then steady. At most 3 flashes a second are safe (WCAG
2.3.1); an area that big in front of people gets one."""

PAGE_S = 9.0
"""How long a sentence stands: read twice at leisure."""

SHIFT_S = 60.0
SHIFTS_PX = ((0, 0), (4, 0), (4, 4), (0, 4), (-4, 4), (-4, 0), (-4, -4), (0, -4), (4, -4))
"""The whole picture wanders, so that no edge burns in."""

Notice = Literal["welcome", "starting", "follow_staff", "closed", "opening"]

CLOSED_AFTER_MS = 30 * 60_000
"""A call younger than this is still shown when no more numbers are given out."""


class Row(NamedTuple):
    """One recent call.

    Attributes:
        is_next: It waits to be the hero.
        is_over: Nobody is to go there for it any more.
        is_priority: Called before others, and shown why.
    """

    number: str
    counter: int
    mark: Mark
    repeat: int = 1
    is_next: bool = False
    is_over: bool = False
    is_priority: bool = False


class Hero(NamedTuple):
    """The call that stands big; `pulse` is its border's brightness, 0 to `PULSE_STEPS`."""

    number: str
    counter: int
    mark: Mark
    place: Place
    repeat: int = 1
    pulse: int = PULSE_STEPS
    is_priority: bool = False


class BoardModel(NamedTuple):
    """All that is shown, without any place or size; equal models are equal pictures.

    Attributes:
        at: The hall's time, to the minute.
        hero: None when `notice` stands in its place.
        rows: Calls without the hero's, as `displays.rows` picks them, from the top.
        marks: One for each series, for a board that has no calls yet.
        waiting: How many wait for the services of each series; empty while that is not known.
        opens: When it opens, or gives out numbers, again, in the hall's time; None = not known.
        lost_since: The hall's time when the hub was last heard; None while it is heard.
        page: Which sentence, which agencies: counts on for ever.
    """

    name: str
    languages: tuple[str, ...]
    at: datetime
    hero: Hero | None
    notice: Notice
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    waiting: Mapping[str, int]
    opens: datetime | None
    lost_since: datetime | None
    page: int
    shift: tuple[int, int]


class Board:
    """One board. Times are this machine's monotonic seconds and UTC milliseconds.

    Args:
        rows: How many calls stand in rows beside the hero.
    """

    def __init__(self, *, setup: BoardSetup, start_s: float, rows: int = ROWS_MAX) -> None:
        self.ignored = 0
        self.rows = Rows(count=rows)
        self.shown = Stamp()
        """Generation and position of the snapshot that is shown."""
        self._setup = setup
        self._marks = tuple(dict.fromkeys(setup.marks.values()))
        self._heard_s = start_s
        self._hub_mono_ms: float | None = None
        self._hub = Stamp()
        self._held: BoardView | None = None
        self._offers = Offers(setup)
        self._calls: tuple[tuple[date, Call], ...] = ()
        self._is_known = False
        self._met: set[str] = set()
        self._announced: set[str] = set()
        self._news: list[Call] = []
        self._hero: Call | None = None
        self._hero_s = start_s
        self._said = ""
        self._pulse_s = start_s - PULSES * PULSE_S

    def take_hub(self, state: HubState, *, is_retained: bool, now_s: float) -> None:
        """Take a heartbeat. A retained one proves nothing: the hub may be gone since."""
        if is_retained or is_older(state, self._hub) or is_lower(state.gen, self.shown.gen):
            self.ignored += not is_retained
            return
        if self._held and self._held.gen == state.gen:
            self._show(self._held, is_retained=True, now_s=now_s)
        self._hub = Stamp(state.gen, state.pos)
        self._hub_mono_ms = state.at_ms - now_s * 1000
        self._heard_s = now_s

    def take_board(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        """Take a snapshot; an older one is ignored, an equal one is taken."""
        if is_older(view, self.shown) or is_lower(view.gen, self._hub.gen):
            self.ignored += 1
        elif not is_retained:
            self._show(view, is_retained=False, now_s=now_s)
            self._heard_s = now_s
            if self._hub_mono_ms is None:
                self._hub_mono_ms = view.at_ms - now_s * 1000
        elif view.gen == self._hub.gen:
            self._show(view, is_retained=True, now_s=now_s)
        else:
            # Kept until the hub of this generation is heard: its calls may be of a dead one.
            self._held = view

    def take_queue(self, view: QueueView) -> None:
        """Take what the services are like, unless the snapshot is older than the one it has."""
        self.ignored += not self._offers.take(view)

    def follow_voice(self, call_id: str, now_s: float) -> bool:
        """Let the call that is being said stand big, until it is said; empty = nothing is said.

        Returns whether that is news.
        """
        if call_id == self._said:
            return False
        self._said = call_id
        if not call_id:
            self._hero_s = max(self._hero_s, now_s + AFTER_VOICE_S - self._hero_hold_s())
        for call in (call for _, call in self._calls if call.call_id == call_id):
            self._news = [other for other in self._news if other.call_id != call_id]
            self._announced.add(call_id)
            if self._hero is None or self._hero.call_id != call_id:
                self._raise_hero(call, now_s)
        return True

    def look(self, *, now_s: float, wall_ms: int) -> BoardModel:
        """Return what is to be shown now."""
        at = self._time(now_s, wall_ms)
        calls = [call for day, call in self._calls if day == at.date()]
        silent_s = now_s - self._heard_s
        self._drop_old_news(calls, self._clock_ms(now_s, wall_ms))
        self._choose_hero(calls, now_s)
        hero = None if silent_s >= UNGUIDED_AFTER_S else self._hero
        notice, opens = self._notice(silent_s), None
        quiet_ms = self._clock_ms(now_s, wall_ms) - CLOSED_AFTER_MS
        is_quiet = all(call.at_ms < quiet_ms for call in calls)
        if silent_s < LOST_AFTER_S and is_quiet and self._offers.is_shut(gen=self._hub.gen):
            hero, calls = None, []
            notice, opens = self._offers.opening(at)
        return BoardModel(
            name=self._setup.name,
            languages=self._setup.languages,
            at=at,
            hero=self._as_hero(hero, now_s) if hero else None,
            notice=notice,
            rows=self._rows(calls, hero, now_s),
            marks=self._marks,
            # Only where it is drawn: a press must not cost a picture more.
            waiting=(
                {}
                if silent_s >= LOST_AFTER_S or calls or opens
                else self._offers.waiting(gen=self._hub.gen, day=at.date())
            ),
            opens=opens,
            lost_since=(
                self._time(self._heard_s, wall_ms - round(silent_s * 1000))
                if silent_s >= LOST_AFTER_S
                else None
            ),
            page=int(now_s // PAGE_S),
            shift=SHIFTS_PX[int(now_s // SHIFT_S) % len(SHIFTS_PX)],
        )

    def wake_s(self, *, now_s: float, wall_ms: int) -> float:
        """Return the monotonic instant at which time alone changes what `look` returns."""
        instants = [
            now_s + (60_000 - self._clock_ms(now_s, wall_ms) % 60_000) / 1000,
            (now_s // PAGE_S + 1) * PAGE_S,
            (now_s // SHIFT_S + 1) * SHIFT_S,
            self._heard_s + LOST_AFTER_S,
            self._heard_s + UNGUIDED_AFTER_S,
        ]
        if self._news and not self._said:
            instants.append(self._hero_s + self._hero_hold_s())
        if (rows_s := self.rows.wake_s()) is not None:
            instants.append(rows_s)
        if now_s < self._pulse_s + PULSES * PULSE_S:
            step = _pulse_step(now_s - self._pulse_s) + 1
            instants.append(self._pulse_s + step * PULSE_STEP_S)
        return min(instant for instant in instants if instant > now_s)

    def _show(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        seen = [call for call in view.calls if self._is_shown_here(call)]
        fresh = (
            [] if is_retained else [c for c in seen if c.call_id not in self._met and not c.over]
        )
        self._calls = (
            *((self._local(call.at_ms).date(), call) for call in seen),
            *self._older_than(view),
        )[: max(CALLS_MIN, len(seen))]
        self._held = None
        self._is_known = True
        self.shown = Stamp(view.gen, view.pos)
        # A call that left the snapshot can't come back: positions only grow.
        self._met = {call.call_id for call in view.calls}
        self._announced &= self._met
        for call in sorted(fresh, key=lambda call: call.at_ms):
            if view.at_ms - call.at_ms <= NEWS_S * 1000:
                self._announce(call, now_s)

    def _older_than(self, view: BoardView) -> Iterable[tuple[date, Call]]:
        # Only a full snapshot has cut older calls off: those of a quiet zone while others are busy.
        if len(view.calls) < CALLS_MIN:
            return ()
        oldest_ms = min(call.at_ms for call in view.calls)
        return ((day, call) for day, call in self._calls if call.at_ms < oldest_ms)

    def _announce(self, call: Call, now_s: float) -> None:
        self._announced.add(call.call_id)
        self._news = [
            other
            for other in self._news
            if call.number != other.number and call.counter != other.counter
        ]
        if self._hero is None or self._hero.number == call.number:
            self._raise_hero(call, now_s)
        elif call.repeat > 1:
            # People who did not come at first are called before those who have just been.
            first = next((i for i, c in enumerate(self._news) if c.repeat == 1), len(self._news))
            self._news.insert(first, call)
        else:
            self._news.append(call)

    def _raise_hero(self, call: Call, now_s: float) -> None:
        self._hero, self._hero_s, self._pulse_s = call, now_s, now_s

    def _drop_old_news(self, calls: list[Call], clock_ms: float) -> None:
        # In a long rush the hero can't show them all in time: they have been rows long since.
        oldest_ms = clock_ms - NEWS_S * 1000
        here = {call.call_id for call in calls if not call.over}
        old = {c.call_id for c in self._news if c.at_ms < oldest_ms or c.call_id not in here}
        self._news = [call for call in self._news if call.call_id not in old]
        self._announced -= old

    def _choose_hero(self, calls: list[Call], now_s: float) -> None:
        on = [call for call in calls if not call.over]
        if self._hero and self._hero.call_id not in {call.call_id for call in on}:
            self._hero = None  # nobody is to go there for it any more
        is_due = now_s >= self._hero_s + self._hero_hold_s() and not self._said
        if self._news and (self._hero is None or is_due):
            self._raise_hero(self._news.pop(0), now_s)
        if self._news or not on:
            return
        newest = on[0]
        is_missed = newest.call_id not in self._announced
        if self._hero is None or (is_missed and newest.at_ms > self._hero.at_ms):
            # Called while the board was off or cut off: shown, but not as news.
            self._hero, self._hero_s = newest, now_s

    def _hero_hold_s(self) -> float:
        if len(self._news) >= RUSH:
            return HERO_RUSH_S
        return HERO_CROWDED_S if self._news else HERO_S

    def _notice(self, silent_s: float) -> Notice:
        if silent_s >= UNGUIDED_AFTER_S or (silent_s >= LOST_AFTER_S and not self._is_known):
            return "follow_staff"
        return "welcome" if self._is_known else "starting"

    def _as_hero(self, call: Call, now_s: float) -> Hero:
        return Hero(
            number=call.number,
            counter=call.counter,
            mark=self._mark(call),
            place=self._setup.counters.get(call.counter, Place()),
            repeat=call.repeat,
            pulse=pulse(now_s - self._pulse_s),
            is_priority=call.priority,
        )

    def _rows(self, calls: list[Call], hero: Call | None, now_s: float) -> tuple[Row, ...]:
        beside = [
            call for call in newest_of_each(calls) if hero is None or hero.counter != call.counter
        ]
        on = [call for call in beside if not call.over]
        over = [call for call in beside if call.over]
        return tuple(self._as_row(call) for call in self.rows.pick(on, over, now_s=now_s))

    def _as_row(self, call: Call) -> Row:
        return Row(
            number=call.number,
            counter=call.counter,
            mark=self._mark(call),
            repeat=call.repeat,
            is_next=any(call.call_id == other.call_id for other in self._news),
            is_over=call.over,
            is_priority=call.priority,
        )

    def _mark(self, call: Call) -> Mark:
        # A service the hall file no longer has: the number's own letter still says enough.
        return self._setup.marks.get(call.service, Mark("", "", ""))

    def _is_shown_here(self, call: Call) -> bool:
        return self._setup.is_open_to_all or call.counter in self._setup.counters

    def _time(self, now_s: float, wall_ms: int) -> datetime:
        at = self._local(self._clock_ms(now_s, wall_ms))
        return at - timedelta(seconds=at.second, microseconds=at.microsecond)

    def _clock_ms(self, now_s: float, wall_ms: float) -> float:
        # The hub's clock once it was heard: a board without a clock chip boots in the past.
        return wall_ms if self._hub_mono_ms is None else now_s * 1000 + self._hub_mono_ms

    def _local(self, at_ms: float) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self._setup.timezone)


def pulse(age_s: float) -> int:
    """Return the border's brightness so long after the call: bright, dim, bright, ..., steady."""
    step = _pulse_step(age_s)
    if not 0 <= step < PULSES * PULSE_PICTURES:
        return PULSE_STEPS
    return round(PULSE_STEPS * abs(2 * (step % PULSE_PICTURES) / PULSE_PICTURES - 1))


def _pulse_step(age_s: float) -> int:
    # A hair more: the loop wakes at the very instant of a step, give or take a rounding.
    return int(age_s / PULSE_STEP_S + 0.001)
