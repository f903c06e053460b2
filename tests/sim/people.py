"""Visitors and staff of a realistic day: they see lamps and panels, and press buttons.

Arrivals have two peaks, service times a heavy tail; some go before they are called, some come late.
Figures are those of research/estimates.md where it has them, else what keeps a hall just busy.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.sim.units import NodeUnit
from tests.sim.world import World

ARRIVALS = (5, 10, 12, 11, 9, 5, 7, 8, 6, 3)
"""Share of visitors in each tenth of a day: a rush after opening, a smaller one after noon."""

NO_SHOW = 0.07
WALK_S = (4.0, 35.0)
AT_KIOSK_S = (3.0, 8.0)
PATIENCE_S = 40.0
"""So long a visitor waits for a slip before pressing again, once."""

LOOK_S = 8.0
"""How often idle staff look at their lamp."""

RECALL_S = 40.0
GIVE_UP_S = 40.0

IMPATIENT = 0.15
"""Share of presses that are followed at once by another."""

BUSY = 0.6
"""Share of the day that staff serve."""


class Visitors:
    """Everybody who comes that day.

    Attributes:
        served: Numbers whose visitor has been at a counter.
    """

    def __init__(self, world: World, *, count: int, begin_s: float, day_s: float) -> None:
        self.pressed = 0
        self._world = world
        self._random = Random(f"{world.seed}:visitors:{begin_s}")
        self._services = list(world.kiosks[0].devices.buttons)
        self._here: set[str] = set()
        self._waiting: dict[str, list[float]] = {kiosk.name: [] for kiosk in world.kiosks}
        self._free_s: dict[str, float] = {}
        world.on_slip = self._took
        tenths = self._random.choices(range(len(ARRIVALS)), weights=ARRIVALS, k=count)
        for tenth in sorted(tenths):
            at_s = begin_s + (tenth + self._random.random()) * day_s / len(ARRIVALS)
            world.timeline.at(at_s, self._comes)

    def comes_to(self, number: str) -> bool:
        """Return whether the visitor with this number is still here and comes when called."""
        return number in self._here and self._random.random() >= NO_SHOW

    def _comes(self) -> None:
        kiosk = self._random.choice(self._world.kiosks)
        now_s = self._world.timeline.now_s
        turn_s = max(now_s, self._free_s.get(kiosk.name, 0.0))
        self._free_s[kiosk.name] = turn_s + self._random.uniform(*AT_KIOSK_S)
        self._world.timeline.at(turn_s, lambda: self._presses(kiosk, tries=2))

    def _presses(self, kiosk: NodeUnit, *, tries: int) -> None:
        buttons = list(kiosk.devices.buttons)
        if buttons and kiosk.process.is_alive:
            weights = range(len(buttons), 0, -1)
            (button,) = self._random.choices(buttons, weights=weights)
            self.pressed += kiosk.press(button, self._random.uniform(0.06, 0.4))
        now_s = self._world.timeline.now_s
        waiting = self._waiting[kiosk.name]
        waiting.append(now_s)

        def looks() -> None:
            if now_s in waiting:
                waiting.remove(now_s)
                if tries > 1:
                    self._presses(kiosk, tries=tries - 1)

        self._world.timeline.after(PATIENCE_S, looks)

    def _took(self, kiosk: NodeUnit, number: str) -> None:
        waiting = self._waiting[kiosk.name]
        if waiting:
            waiting.pop(0)
            self._here.add(number)


class Staff:
    """Who sits at one counter, from opening to closing time."""

    def __init__(
        self,
        world: World,
        counter: int,
        *,
        comes_to: Callable[[str], bool],
        serve_s: float,
        end_s: float,
    ) -> None:
        self._world = world
        self._counter = counter
        self._comes_to = comes_to
        self._serve_s = serve_s
        self._end_s = end_s
        self._random = Random(f"{world.seed}:staff:{counter}:{end_s}")
        self._number = ""
        self._plan = 0
        self._after(self._random.uniform(1, 30), self._look)

    def _after(self, wait_s: float, act: Callable[[], object]) -> None:
        self._plan += 1
        plan = self._plan

        def do() -> None:
            if plan == self._plan:
                act()

        self._world.timeline.after(wait_s, do)

    def _press(self, button: str, hold_s: float = 0.12) -> None:
        unit = self._world.counters[self._counter]
        unit.press(button, hold_s)
        if self._random.random() < IMPATIENT and hold_s < 1:
            for number in range(self._random.randint(1, 4)):
                again_s = (number + 1) * self._random.uniform(0.2, 1.2)
                self._world.timeline.after(again_s, lambda: unit.press(button))

    def _look(self) -> None:
        if self._world.timeline.now_s >= self._end_s:
            self._press("pause", hold_s=3.5)
            return
        panel = self._world.counter_panel(self._counter)
        number: Any = panel["number"]
        if number and number != self._number:
            self._called(number)
        elif number:
            self._after(LOOK_S, self._next)  # it should have gone: press again
        elif panel["waiting"]:
            self._after(self._random.uniform(0.5, 6.0), lambda: self._do("call"))
        else:
            self._number = ""
            self._after(LOOK_S, self._look)

    def _called(self, number: str) -> None:
        self._number = number
        if not self._comes_to(number):
            self._after(RECALL_S, lambda: self._still(number, "recall", self._gives_up))
            return
        walk_s = self._random.uniform(*WALK_S)
        serve_s = min(self._random.lognormvariate(0, 0.7) * self._serve_s, 8 * self._serve_s)
        self._after(walk_s + serve_s, self._next)

    def _gives_up(self) -> None:
        number = self._number
        self._after(GIVE_UP_S, lambda: self._still(number, "no_show", self._look_soon))

    def _still(self, number: str, button: str, then: Callable[[], object]) -> None:
        if self._world.counter_panel(self._counter)["number"] == number:
            self._press(button)
            self._after(self._random.uniform(1, 3), then)
        else:
            self._look()

    def _next(self) -> None:
        draw = self._random.random()
        if draw < 0.1:
            self._do("done")
        elif draw < 0.13:
            self._do("park")
        elif draw < 0.15:
            self._do("pause")
        else:
            self._do("call")

    def _do(self, button: str) -> None:
        self._press(button)
        self._look_soon()

    def _look_soon(self) -> None:
        self._after(self._random.uniform(1.5, 4.0), self._look)


class Desk:
    """Who asks now and then at the desk what no button asks for."""

    def __init__(self, world: World, *, every_s: float, end_s: float) -> None:
        self._world = world
        self._every_s = every_s
        self._end_s = end_s
        self._random = Random(f"{world.seed}:desk:{end_s}")
        self._wait()

    def _wait(self) -> None:
        wait_s = self._random.expovariate(1 / self._every_s)
        if self._world.timeline.now_s + wait_s < self._end_s:
            self._world.timeline.after(wait_s, self._ask)

    def _ask(self) -> None:
        buttons = list(self._world.desk.devices.buttons)
        if buttons:
            self._world.desk.press(self._random.choice(buttons))
        self._wait()
