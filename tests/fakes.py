"""Parts that stand in for the real ones: time that moves when told, and a wire that misbehaves."""

import asyncio
import heapq
from itertools import count
from random import Random
from typing import NamedTuple

TURNS = 20
"""Turns of the loop after which the tasks of a test have nothing left to do without new time."""


class FakeClock:
    """A `broker.clock.Clock` that stands still until `advance`; the wall can be stepped alone."""

    def __init__(self, *, wall_ms: int = 1_795_000_000_000, mono_s: float = 1000.0) -> None:
        self._wall_ms = float(wall_ms)
        self._mono_s = mono_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def wall_ms(self) -> int:
        """Return UTC milliseconds since 1970."""
        return round(self._wall_ms)

    def mono_s(self) -> float:
        """Return monotonic seconds."""
        return self._mono_s

    async def sleep(self, wait_s: float) -> None:
        """Wait until `advance` has moved time so far; nothing or less lets other tasks run."""
        if wait_s <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._mono_s + wait_s, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own instant, in order."""
        end_s = self._mono_s + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end_s:
            due_s, _, woken = heapq.heappop(self._sleepers)
            self._move(due_s)
            if not woken.done():
                woken.set_result(None)
            await self._settle()
        self._move(end_s)

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock off, as a late time server or a person does."""
        self._wall_ms += seconds * 1000

    def _move(self, to_s: float) -> None:
        self._wall_ms += (to_s - self._mono_s) * 1000
        self._mono_s = to_s

    async def _settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)


class FakeTrust:
    """A `broker.clock.Trust` that is told what to say; it is up as long as its clock counts."""

    def __init__(self, clock: FakeClock, *, trusted: bool = True) -> None:
        self._clock = clock
        self.trusted = trusted

    def is_trusted(self) -> bool:
        """Return what it was told."""
        return self.trusted

    def boot_s(self) -> float:
        """Return monotonic seconds."""
        return self._clock.mono_s()


class Parcel(NamedTuple):
    """One message that has arrived."""

    to: str
    topic: str
    payload: bytes


class Weather(NamedTuple):
    """How badly a wire behaves.

    Attributes:
        loss: Share of messages that never arrive.
        duplicate: Share that arrives twice, the second time up to `late_s` later.
        reorder: Share that arrives up to `late_s` late, behind what was sent after it.
        delay_s: Shortest and longest time on the way.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_s: tuple[float, float] = (0.001, 0.02)
    late_s: float = 3.0


FINE = Weather()


class FakeWire:
    """Carries messages in virtual time: loses, repeats, delays and swaps them, from a seed.

    What is neither late nor repeated arrives in order per receiver, as over TCP. Its `repr` is
    all that is needed to run a failure again. `weather` may be changed at any time.
    """

    def __init__(self, *, seed: int, weather: Weather = FINE) -> None:
        self.seed = seed
        self.weather = weather
        self.sent = 0
        self._random = Random(seed)
        self._way: list[tuple[float, int, Parcel]] = []
        self._newest_s: dict[str, float] = {}
        self._order = count()

    def __repr__(self) -> str:
        """Return the seed and the weather."""
        return f"FakeWire(seed={self.seed}, weather={self.weather})"

    def send(self, to: str, topic: str, payload: bytes, now_s: float) -> None:
        """Put a message on its way, perhaps."""
        self.sent += 1
        parcel = Parcel(to, topic, payload)
        weather, draw = self.weather, self._random.random
        at_s = now_s + self._random.uniform(*weather.delay_s)
        if draw() < weather.duplicate:
            self._put(at_s + draw() * weather.late_s, parcel)
        if draw() < weather.loss:
            return
        if draw() < weather.reorder:
            self._put(at_s + draw() * weather.late_s, parcel)
            return
        self._newest_s[to] = at_s = max(at_s, self._newest_s.get(to, at_s))
        self._put(at_s, parcel)

    def arrived(self, now_s: float) -> list[Parcel]:
        """Return what has arrived by now, in order of arrival."""
        parcels = []
        while self._way and self._way[0][0] <= now_s:
            parcels.append(heapq.heappop(self._way)[2])
        return parcels

    def next_s(self) -> float | None:
        """Return when the next message arrives; None = nothing is on its way."""
        return self._way[0][0] if self._way else None

    def cut(self, to: str) -> None:
        """Lose all that is on its way to one receiver, as a closed connection does."""
        self._way = [entry for entry in self._way if entry[2].to != to]
        heapq.heapify(self._way)

    def _put(self, at_s: float, parcel: Parcel) -> None:
        heapq.heappush(self._way, (at_s, next(self._order), parcel))
