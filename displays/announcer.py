"""PURE: which calls a hall's voice says, in which order and how fully, and which it can't say.

The rules a voice never breaks (DESIGN §5.15) live here and nowhere else: nothing is said from a
retained message; a call is said once, and only while it is younger than 45 s; one voice at a time
in what people can hear; and no call is dropped in silence: each is said, or marked "screen only".
What is said is `spoken.py`, how it sounds `clips.py` and `voice.py`.
"""

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple, Protocol

from broker.hall.setup import Setup
from broker.hall.views import BoardView, Call
from broker.wire.generation import Stamp, is_lower, is_older
from broker.wire.messages import HubState
from displays.spoken import Form

FRESH_S = 45.0
"""A call is begun while it is younger than this, or not at all (DESIGN §5.15)."""

GAP_S = 0.5
"""Silence between two announcements, so that nobody takes two for one."""

ONE_LANGUAGE_FROM = 4
"""With so many more waiting only the hall's main language is spoken."""

SHORT_FROM = 7
"""With so many more waiting only number and counter are said."""

UNSAID_MAX = 16
"""So many of the newest calls that were not said are remembered for staff."""

Reason = Literal["late", "no_sound"]
"""Why a call is on the screen only: too much had to be said before it, or there is no sound."""


class Length(Protocol):
    """How long a call takes to say."""

    def __call__(self, call: Call, languages: tuple[str, ...], form: Form) -> float:
        """Return seconds, chime and pauses included."""
        ...


class Area(NamedTuple):
    """Counters by number, as one voice knows them; None = every counter.

    Attributes:
        own: It says the calls of these.
        heard: Calls of these are said within its hearing, by itself or by another voice.
    """

    own: frozenset[int] | None = None
    heard: frozenset[int] | None = None


class Announcement(NamedTuple):
    """What is to be said now.

    Attributes:
        languages: In the order to speak them.
        is_aloud: False: another voice of this sound area says it, and this one waits for it.
        length_s: How long that takes.
    """

    call: Call
    languages: tuple[str, ...]
    form: Form
    is_aloud: bool
    length_s: float


class Unsaid(NamedTuple):
    """A call that is on the screen only."""

    call_id: str
    number: str
    counter: int
    reason: Reason


class _Waiting(NamedTuple):
    call: Call
    deadline_s: float

    @property
    def rank(self) -> tuple[bool, int]:
        """Those who did not come at first, and priority, before the rest; then by time."""
        return not (self.call.repeat > 1 or self.call.priority), self.call.at_ms


def area_of(setup: Setup, zone: str | None, voiced: Collection[str]) -> Area:
    """Return what the voice of this zone says and hears; without a zone it says every call.

    Args:
        voiced: The zones that have a voice. Within one sound area they speak in turn, and a call
            that is repeated in another zone is said there only if people can't hear it anyway.
    """
    if zone is None:
        return Area()
    zones = setup.zones
    sound = {id_: each.sound_area or id_ for id_, each in zones.items()}
    sound.setdefault(zone, zone)

    def said_by(voice: str) -> frozenset[str]:
        repeated = (id_ for id_, each in zones.items() if voice in each.repeat_in)
        near = {id_ for id_ in voiced if sound.get(id_, id_) == sound[voice]}
        return frozenset({voice, *(id_ for id_ in repeated if id_ not in near)})

    others = (id_ for id_ in voiced if sound.get(id_) == sound[zone])
    heard = said_by(zone).union(*map(said_by, others))
    return Area(_counters_in(setup, said_by(zone)), _counters_in(setup, heard))


def _counters_in(setup: Setup, zones: frozenset[str]) -> frozenset[int]:
    return frozenset(each.id for each in setup.counters.values() if each.zone in zones)


class Announcer:
    """One voice's queue. Times are this machine's monotonic seconds.

    Args:
        languages: In the order to speak them; the first alone when many wait.
        said: Ids of calls that were said before, by a process that ended since.
    """

    def __init__(
        self,
        *,
        area: Area,
        languages: tuple[str, ...],
        length_s: Length,
        start_s: float,
        said: Iterable[str] = (),
    ) -> None:
        self.counts = Counter(said=0, screen_only=0, over=0)
        self.unsaid: deque[Unsaid] = deque(maxlen=UNSAID_MAX)
        self._area = area
        self._languages = languages
        self._length_s = length_s
        self._start_s = start_s
        self._free_s = start_s
        self._seen = Stamp()
        self._hub = Stamp()
        self._waiting: dict[str, _Waiting] = {}
        self._done: set[str] = set(said)

    @property
    def waiting(self) -> int:
        """How many calls wait to be said."""
        return len(self._waiting)

    def take_hub(self, state: HubState, *, is_retained: bool) -> None:
        """Take a heartbeat: what comes from a hub of a lower generation is not said."""
        if not is_retained and not is_older(state, self._hub):
            self._hub = Stamp(state.gen, state.pos)

    def take_board(self, view: BoardView, *, is_retained: bool, now_s: float) -> None:
        """Take a snapshot: new calls wait to be said, those that are over no longer."""
        if is_retained or is_older(view, self._seen) or is_lower(view.gen, self._hub.gen):
            return
        self._seen = Stamp(view.gen, view.pos)
        calls = {call.call_id: call for call in view.calls if _in(self._area.heard, call)}
        for call_id in [*self._waiting]:
            if call_id not in calls or calls[call_id].over:
                del self._waiting[call_id]
                self._done.add(call_id)
                self.counts["over"] += 1
        # A call that left the snapshot can't come back: positions only grow.
        self._done &= calls.keys()
        for call in reversed(view.calls):
            if call.call_id not in calls or call.call_id in self._done or call.over:
                continue
            called_s = now_s - (view.at_ms - call.at_ms) / 1000
            if called_s + FRESH_S > now_s:
                found = _Waiting(call, called_s + FRESH_S)
                self._waiting.setdefault(call.call_id, found)
            elif called_s >= self._start_s:  # made while the hub was not heard
                self._leave(call, "late")

    def next(self, now_s: float) -> Announcement | None:
        """Return what is to begin now; None while something is being said, or nothing waits."""
        if now_s < self._free_s:
            return None
        for found in [*self._waiting.values()]:
            if found.deadline_s <= now_s:
                self._leave(found.call, "late")
        if not self._waiting:
            return None
        first, *others = sorted(self._waiting.values(), key=lambda found: found.rank)
        call = self._waiting.pop(first.call.call_id).call
        self._done.add(call.call_id)
        languages, form = self._chosen(call, others, now_s)
        length_s = self._length_s(call, languages, form)
        self._free_s = now_s + length_s + GAP_S
        is_aloud = _in(self._area.own, call)
        self.counts["said"] += is_aloud
        return Announcement(call, languages, form, is_aloud, length_s)

    def ended(self, now_s: float) -> None:
        """Take that what was said has ended: a slow sound card may be late, the silence stays."""
        self._free_s = max(self._free_s, now_s + GAP_S)

    def could_not(self, announcement: Announcement, *, now_s: float) -> None:
        """Take it back: there is no sound, so nothing is waited for either."""
        self.counts["said"] -= 1
        self._free_s = now_s
        self._leave(announcement.call, "no_sound")

    def wake_s(self) -> float:
        """Return the monotonic instant at which `next` may return something; infinite for none."""
        return self._free_s if self._waiting else math.inf

    def _chosen(
        self, call: Call, others: list[_Waiting], now_s: float
    ) -> tuple[tuple[str, ...], Form]:
        """Return the fullest way to say it that leaves the others in time, if there is one."""
        main = self._languages[:1]
        ways: list[tuple[tuple[str, ...], Form]] = [(self._languages, "full"), (main, "full")]
        least = 1 if len(others) >= ONE_LANGUAGE_FROM else 0
        if len(others) < SHORT_FROM:
            for languages, form in ways[least:]:
                begin_s = now_s + self._length_s(call, languages, form) + GAP_S
                if self._in_time(others, begin_s):
                    return languages, form
        return main, "short"

    def _in_time(self, others: list[_Waiting], begin_s: float) -> bool:
        for found in others:
            if begin_s >= found.deadline_s:
                return False
            begin_s += self._length_s(found.call, self._languages[:1], "short") + GAP_S
        return True

    def _leave(self, call: Call, reason: Reason) -> None:
        self._waiting.pop(call.call_id, None)
        self._done.add(call.call_id)
        if _in(self._area.own, call):  # else its own voice says it, or marks it
            self.counts["screen_only"] += 1
            self.unsaid.append(Unsaid(call.call_id, call.number, call.counter, reason))


def _in(counters: frozenset[int] | None, call: Call) -> bool:
    return counters is None or call.counter in counters
