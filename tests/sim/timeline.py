"""Virtual time: one heap of instants, and what happens at each."""

import heapq
from collections.abc import Callable, Sized
from itertools import count

Act = Callable[[], object]


class Timeline:
    """The only thing that moves time. What is planned for one instant happens in that order."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.steps = 0
        self._heap: list[tuple[float, int, Act]] = []
        self._order = count()

    def at(self, at_s: float, act: Act) -> None:
        """Have something happen; what is due already happens next."""
        heapq.heappush(self._heap, (max(at_s, self.now_s), next(self._order), act))

    def after(self, wait_s: float, act: Act) -> None:
        """Have something happen so many seconds from now."""
        heapq.heappush(self._heap, (self.now_s + wait_s, next(self._order), act))

    def run(self, until_s: float, *, broken: Sized = ()) -> None:
        """Let time pass, until that instant or until something is in `broken`."""
        heap, pop = self._heap, heapq.heappop
        while heap and heap[0][0] <= until_s and not broken:
            self.now_s, _, act = pop(heap)
            self.steps += 1
            act()
        if not broken:
            self.now_s = max(self.now_s, until_s)
