"""The fakes keep the promises that other tests rely on."""

import asyncio
from typing import TYPE_CHECKING

from tests.fakes import FakeClock, FakeWire, Parcel, Weather

if TYPE_CHECKING:
    from broker.clock import Clock


async def test_an_hour_passes_at_once_and_in_order() -> None:
    """Each sleeper wakes at its own instant, and may sleep again within the same advance."""
    clock = FakeClock(mono_s=0.0)
    port: Clock = clock
    woken: list[tuple[str, float]] = []

    async def beat(name: str, every_s: float) -> None:
        while True:
            await port.sleep(every_s)
            woken.append((name, port.mono_s()))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(beat("a", 1500)), group.create_task(beat("b", 1000))]
        await clock.advance(3600)
        for task in tasks:
            task.cancel()

    assert woken == [("b", 1000), ("a", 1500), ("b", 2000), ("a", 3000), ("b", 3000)]
    assert clock.mono_s() == 3600


async def test_a_cancelled_sleeper_is_left_alone() -> None:
    """A wait that timed out does not stop time."""
    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(1))
    await clock.advance(0)
    task.cancel()

    await clock.advance(2)

    assert task.cancelled()


async def test_the_wall_can_jump_alone() -> None:
    """Durations don't notice a time server."""
    clock = FakeClock(wall_ms=5_000, mono_s=1.0)

    clock.step_wall(-3)
    await clock.advance(1.5)
    await clock.sleep(0)

    assert (clock.wall_ms(), clock.mono_s()) == (3_500, 2.5)


def through(wire: FakeWire, count: int) -> list[int]:
    """Return the numbers that arrived, in order, of so many sent 10 ms apart."""
    for number in range(count):
        wire.send("hub", "up", b"%d" % number, number / 100)
    return [int(parcel.payload) for parcel in wire.arrived(1e9)]


def test_fine_weather_brings_all_in_order() -> None:
    """Even when the way takes longer than the pause between two."""
    wire = FakeWire(seed=1, weather=Weather(delay_s=(0.001, 1.0)))

    assert through(wire, 1000) == list(range(1000))
    assert (wire.next_s(), wire.sent) == (None, 1000)


def test_bad_weather_does_what_it_says() -> None:
    """About the asked share is lost, doubled or out of order."""
    lossy = through(FakeWire(seed=1, weather=Weather(loss=0.2)), 1000)
    double = through(FakeWire(seed=1, weather=Weather(duplicate=0.2)), 1000)
    swapped = through(FakeWire(seed=1, weather=Weather(reorder=0.2)), 1000)

    assert 750 <= len(lossy) <= 850
    assert lossy == sorted(set(lossy))
    assert 1150 <= len(double) <= 1250
    assert set(double) == set(range(1000))
    assert swapped != sorted(swapped) == list(range(1000))


def test_a_seed_repeats_the_weather() -> None:
    """And the wire's `repr` names it."""
    bad = Weather(loss=0.2, duplicate=0.2, reorder=0.2)

    assert through(FakeWire(seed=5, weather=bad), 99) == through(FakeWire(seed=5, weather=bad), 99)
    assert "seed=5" in repr(FakeWire(seed=5, weather=bad))
    assert "loss=0.2" in repr(FakeWire(seed=5, weather=bad))


def test_a_cut_loses_what_is_on_its_way_to_one() -> None:
    """The other receiver's messages arrive."""
    wire = FakeWire(seed=1)
    wire.send("a", "x", b"1", 0)
    wire.send("b", "x", b"2", 0)

    wire.cut("a")

    assert wire.arrived(1) == [Parcel("b", "x", b"2")]
