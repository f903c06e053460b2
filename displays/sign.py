"""PURE: what the sign above a counter shows, from the hub's snapshots, its heartbeat and the time.

The rules of a board hold here too (DESIGN §5.15): an older snapshot is ignored, a retained one is
shown only once the hub of its generation is heard, and a sign that is cut off says so.
"""

import math
from typing import Literal, NamedTuple

from broker.hall.views import CounterView
from broker.wire.generation import Stamp, is_lower, is_older
from broker.wire.messages import HubState
from displays.board import (
    LOST_AFTER_S,
    PULSE_S,
    PULSE_STEP_S,
    PULSE_STEPS,
    PULSES,
    UNGUIDED_AFTER_S,
    pulse,
)

State = Literal["unknown", "closed", "paused", "ready", "called", "serving"]


class Panel(NamedTuple):
    """One counter. `number` is empty unless somebody is called or served; `pulse` as a board's."""

    counter: int
    state: State
    number: str = ""
    repeat: int = 1
    pulse: int = PULSE_STEPS


class SignModel(NamedTuple):
    """All a sign shows; equal models are equal pictures."""

    languages: tuple[str, ...]
    panels: tuple[Panel, ...]
    is_lost: bool


class Sign:
    """One sign, of one counter or a few. Times are this machine's monotonic seconds."""

    def __init__(
        self, *, counters: tuple[int, ...], languages: tuple[str, ...], start_s: float
    ) -> None:
        self.ignored = 0
        self.shown = Stamp()
        """Generation and position of the newest snapshot that is shown."""
        self._languages = languages
        self._heard_s = start_s
        self._hub = Stamp()
        self._views: dict[int, CounterView | None] = dict.fromkeys(counters)
        self._held: dict[int, CounterView] = {}
        self._called_s = dict.fromkeys(counters, start_s - PULSES * PULSE_S)

    def take_hub(self, state: HubState, *, is_retained: bool, now_s: float) -> None:
        """Take a heartbeat. A retained one proves nothing: the hub may be gone since."""
        if is_retained or is_older(state, self._hub):
            self.ignored += not is_retained
            return
        self._hub = Stamp(state.gen, state.pos)
        self._heard_s = now_s
        for view in [*self._held.values()]:
            if view.gen == state.gen:
                self._show(view)

    def take_counter(self, view: CounterView, *, is_retained: bool, now_s: float) -> None:
        """Take a counter's snapshot; an older one, and another counter's, is ignored."""
        if not self._is_news(view):
            self.ignored += 1
        elif is_retained and view.gen != self._hub.gen:
            self._held[view.counter] = view
        else:
            is_called = view.call is not None and _call_id(view) != self._call_id(view.counter)
            self._show(view)
            if is_retained:
                return
            self._heard_s = now_s
            if is_called:
                self._called_s[view.counter] = now_s

    def look(self, *, now_s: float) -> SignModel:
        """Return what is to be shown now."""
        silent_s = now_s - self._heard_s
        panels = tuple(
            self._panel(counter, None if silent_s >= UNGUIDED_AFTER_S else view, now_s)
            for counter, view in self._views.items()
        )
        return SignModel(self._languages, panels, silent_s >= LOST_AFTER_S)

    def wake_s(self, *, now_s: float) -> float:
        """Return the monotonic instant at which time alone changes what `look` returns."""
        instants = [self._heard_s + LOST_AFTER_S, self._heard_s + UNGUIDED_AFTER_S]
        for called_s in self._called_s.values():
            if now_s < called_s + PULSES * PULSE_S:
                step = int((now_s - called_s) / PULSE_STEP_S + 0.001) + 1
                instants.append(called_s + step * PULSE_STEP_S)
        return min((instant for instant in instants if instant > now_s), default=math.inf)

    def _is_news(self, view: CounterView) -> bool:
        shown = self._views.get(view.counter)
        is_here = view.counter in self._views and not is_lower(view.gen, self._hub.gen)
        return is_here and (shown is None or not is_older(view, shown))

    def _call_id(self, counter: int) -> str:
        view = self._views[counter]
        return _call_id(view) if view else ""

    def _show(self, view: CounterView) -> None:
        self._views[view.counter] = view
        self._held.pop(view.counter, None)
        if not is_older(view, self.shown):
            self.shown = Stamp(view.gen, view.pos)

    def _panel(self, counter: int, view: CounterView | None, now_s: float) -> Panel:
        if view is None:
            return Panel(counter, "unknown")
        if view.call is not None:
            is_called = view.call.state == "called"
            return Panel(
                counter,
                "called" if is_called else "serving",
                view.call.number,
                view.call.repeat,
                pulse(now_s - self._called_s[counter]) if is_called else PULSE_STEPS,
            )
        return Panel(counter, "ready" if view.status == "open" else view.status)


def _call_id(view: CounterView) -> str:
    return view.call.call_id if view.call else ""
