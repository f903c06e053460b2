"""One Pi: its boot, its two clocks, its card, and the processes that it runs by hand.

A process here is a coroutine of the product that is stepped without an event loop: it waits for its
inbox, for its card, and for nothing else. So the order of all steps is the timeline's alone.
"""

import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from broker.link import LinkEvent
from broker.store import StoreError
from tests.sim.timeline import Timeline

NAP_S_MIN = 1e-6
"""Less would be lost in rounding, and the process would wake at the same instant for ever."""

SPINS_MAX = 1000
"""So often in a row a process may find its inbox empty and not wait; then it would never wait."""

NEVER_S = float("inf")

START_MS = 1_796_173_200_000
"""The wall clock at instant 0: Wednesday, 2026-12-02, 08:00 in Jakarta."""


class Machine:
    """A `broker.clock.Clock` and a `Trust` too: its monotonic clock begins anew at each boot.

    Attributes:
        wall_off_ms: How wrong its wall clock is.
    """

    def __init__(self, name: str, timeline: Timeline, boot: str) -> None:
        self.name = name
        self.timeline = timeline
        self.wall_off_ms = 0
        self.boots = 0
        self.reboot(boot)

    def reboot(self, boot: str) -> None:
        """Begin a boot."""
        self.boot = boot
        self.boots += 1
        self._boot_s = self.timeline.now_s - 10.0  # of starting

    def mono_s(self) -> float:
        """Return seconds since the boot."""
        return self.timeline.now_s - self._boot_s

    def wall_ms(self) -> int:
        """Return what this machine takes for UTC."""
        return START_MS + round(self.timeline.now_s * 1000) + self.wall_off_ms

    def is_trusted(self) -> bool:
        """Return that something sets its wall clock, right or wrong."""
        return True

    def boot_s(self) -> float:
        """Return seconds since the boot; it never sleeps."""
        return self.mono_s()

    async def sleep(self, wait_s: float) -> None:
        """Nobody sleeps here: processes wait for their inboxes."""
        raise NotImplementedError(wait_s)


class Process:
    """One start of a program.

    Args:
        main: What it runs.
        on_end: Called with what ended it; None = it returned. Not called for a kill.
    """

    def __init__(
        self, timeline: Timeline, on_end: Callable[[BaseException | None], object]
    ) -> None:
        self.is_alive = False
        self._timeline = timeline
        self._on_end = on_end
        self._main: Coroutine[Any, Any, None] | None = None
        self._naps = False
        self._due_s = self._armed_s = NEVER_S
        self._waits = 0
        self._is_frozen = False
        self._owes_step = False

    def start(self, main: Coroutine[Any, Any, None]) -> None:
        """Begin."""
        self._main = main
        self.is_alive = True
        self._step()

    def kill(self) -> None:
        """End it between two steps, as `kill -9` does; it does nothing more."""
        self.is_alive = False
        self._naps = False
        if self._main is not None:
            self._main.close()

    def freeze(self) -> None:
        """Stop it as SIGSTOP does: what comes meanwhile waits."""
        self._is_frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        self._is_frozen = False
        if self._owes_step and self.is_alive:
            self._owes_step = False
            self._step()

    def wake(self) -> None:
        """Go on, if it naps."""
        if self._naps:
            self._step()

    def doze(self, wait_s: float | None) -> None:
        """Have the step that ends now be followed by one when it is woken, or after so long."""
        due_s = NEVER_S if wait_s is None else self._timeline.now_s + max(wait_s, NAP_S_MIN)
        self._due_s = due_s
        if due_s < self._armed_s:
            self._arm(due_s)
        self._naps = True

    @types.coroutine
    def spend(self, wait_s: float) -> Generator[None, None, None]:
        """Be busy for so long: nothing wakes it."""
        self._waits += 1
        waits = self._waits
        self._timeline.after(wait_s, lambda: self._resume(waits))
        yield

    def _resume(self, waits: int) -> None:
        if self.is_alive and waits == self._waits:
            self._step()

    def _arm(self, at_s: float) -> None:
        self._armed_s = at_s
        self._timeline.at(at_s, lambda: self._ring(at_s))

    def _ring(self, at_s: float) -> None:
        # One bell hangs in the timeline, not one for each nap: most naps end before their time.
        if at_s != self._armed_s:
            return
        self._armed_s = NEVER_S
        if not self._naps:
            return
        if self._due_s <= self._timeline.now_s:
            self._step()
        else:
            self._arm(self._due_s)

    def _step(self) -> None:
        if self._is_frozen:
            self._owes_step = True
            return
        self._naps = False
        assert self._main is not None
        try:
            self._main.send(None)
        except StopIteration:
            self._end(None)
        except StoreError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - whatever it died of, the oracle is told
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self.is_alive = False
        self._on_end(error)


class SimInbox:
    """What a link, pins and paper bring to a process: `edge.inbox.Inbox` and `broker.hub.Inbox`."""

    def __init__(self, process: Process, batch_max: int) -> None:
        self.dropped = 0
        self._process = process
        self._batch_max = batch_max
        self._items: list[Any] = []
        self._spins = 0

    def put_threadsafe(self, item: LinkEvent | Any) -> None:
        """Take an item."""
        self._items.append(item)
        self._process.wake()

    @types.coroutine
    def take(self, wait_s: float | None) -> Generator[None, None, list[Any]]:
        """Return what has come, or nothing after so long.

        Raises:
            RuntimeError: The process asks again and again and never waits: a real one would burn a
                core, here no time would pass.
        """
        if not self._items and (wait_s is None or wait_s > 0):
            self._spins = 0
            self._process.doze(wait_s)
            yield
        self._spins = 0 if self._items else self._spins + 1
        if self._spins > SPINS_MAX:
            raise RuntimeError(f"it never waits: {wait_s} s")
        items = self._items
        self._items = items[self._batch_max :]
        return items[: self._batch_max] if self._items else items
