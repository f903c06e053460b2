"""What goes wrong: a table of faults, each drawn from a seed before anything runs.

A plan is a list of values; what it takes away from a list leaves the rest as it was, so a failing
plan can be shortened.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from edge.paper import Outcome
from tests.fakes import FINE, Weather
from tests.sim.card import FSYNC_S, SLOW_FSYNC_S
from tests.sim.units import NodeUnit, Unit
from tests.sim.world import World


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        for_s: How long; what breaks at once is back after so long.
        where: Of which unit, counted round those that have such a fault.
        dice: 0 to 1, for what else must be chosen.
    """

    name: str
    at_s: float
    for_s: float
    where: int
    dice: float

    def __str__(self) -> str:
        """Return it as it stands in a report."""
        return f"{self.name}@{self.at_s:.1f}+{self.for_s:.1f} where={self.where}"


LISTENS_S = 15.0
"""So long after its boot a hub that was set back has met every node that is here."""

Begin = Callable[[World, Fault], Callable[[], object] | None]
"""Breaks something and returns what mends it; None = it mends itself."""


CLOGGED = Weather(delay_s=(0.2, 4.0))
"""Messages take seconds."""

SLOW = Weather(delay_s=(0.2, 2.0))
"""A question and its answer, four ways, take less than the 10 s that a hub without rows waits
(`broker.wire.giving.PROGRESS_S`). On a clogged wire they may take 16: it gives up and decides with
what it has, and the rows not given yet are lost to it. A stated limit (DESIGN §5.8), so from the
loss of its card on no wire is worse than this."""


def _pick(units: Sequence[Unit], fault: Fault) -> Unit:
    return units[fault.where % len(units)]


def _weather(weather: Weather) -> Begin:
    def begin(world: World, fault: Fault) -> Callable[[], object] | None:
        units = world.units if fault.dice < 0.5 else [_pick(world.units, fault)]
        is_slow = weather is CLOGGED and world.hub_lost_rows
        if is_slow and world.timeline.now_s < world.hub_listens_until_s:
            return None  # The limit that `_hub_old` states.
        for unit in units:
            unit.cable.weather = SLOW if is_slow else weather

        def mend() -> None:
            for unit in units:
                unit.cable.weather = FINE
                if weather.loss and unit.link is not None:
                    unit.link.reset()

        return mend

    return begin


def _cut(world: World, fault: Fault, *, up: bool = False, down: bool = False) -> Callable[[], None]:
    unit = _pick(world.units, fault)
    unit.cable.up, unit.cable.down = up, down
    if unit.link is not None:
        unit.link.cut()
    return unit.cable.mend


def _one_way(world: World, fault: Fault) -> Callable[[], None]:
    return _cut(world, fault, up=fault.dice < 0.5, down=fault.dice >= 0.5)


def _reset(world: World, fault: Fault) -> None:
    link = _pick(world.units, fault).link
    if link is not None:
        link.reset()


def _broker(world: World, fault: Fault) -> Callable[[], object]:
    world.broker.kill()
    return lambda: world.broker.start(is_wiped=fault.dice < 0.7)


def _kill_hub(world: World, fault: Fault) -> None:
    world.hub.kill(fault.for_s)


def _power_hub(world: World, fault: Fault) -> None:
    world.hub.power_cut(fault.for_s)


def _kill_node(world: World, fault: Fault) -> None:
    _pick([*world.nodes, *world.boards], fault).kill(fault.for_s)


def _power_node(world: World, fault: Fault) -> None:
    _pick([*world.nodes, *world.boards], fault).power_cut(fault.for_s)


def _freeze(units: Callable[[World], Sequence[Unit]]) -> Begin:
    def begin(world: World, fault: Fault) -> Callable[[], object]:
        process = _pick(units(world), fault).process
        process.freeze()
        return process.thaw

    return begin


def _hub_loses_rows(world: World) -> None:
    world.hub_lost_rows = True
    for unit in world.units:
        if unit.cable.weather is CLOGGED:
            unit.cable.weather = SLOW


def _hub_wipe(world: World, fault: Fault) -> None:
    """Put a new card into the hub; its key is on a paper in the drawer."""
    hub = world.hub
    _hub_loses_rows(world)
    hub.power_cut(fault.for_s)
    hub.card.wipe()
    world.oracle.journal_replaced([])


def _hub_old(world: World, fault: Fault) -> Callable[[], object]:
    """Put the hub's card back to what it was when this begins, and tell nobody."""
    hub, image = world.hub, world.hub.card.image()

    def restore() -> None:
        if any(unit.cable.weather in {CLOGGED, SLOW} for unit in world.units):
            # A hub that was set back decides on too few rows until a node's birth tells it; it
            # waits for births no longer than `broker.listening.BIRTHS_S`. A stated limit.
            world.timeline.after(5.0, restore)
            return
        _hub_loses_rows(world)
        down_s = 5.0 + 20.0 * fault.dice
        world.hub_listens_until_s = world.timeline.now_s + down_s + LISTENS_S
        hub.power_cut(down_s)
        hub.card.restore(image)
        world.oracle.journal_replaced(hub.rows())

    return restore


def _reimage(world: World, fault: Fault) -> None:
    """Put a new card into a node: what only the old one held is gone with it."""
    unit = _pick(world.nodes, fault)
    unit.power_cut(fault.for_s)
    unit.card.wipe()
    world.oracle.card_replaced(unit.name, set())


def _node_old(world: World, fault: Fault) -> Callable[[], object]:
    """Put a node's card back to what it was when this begins."""
    unit = _pick(world.nodes, fault)
    image = unit.card.image()

    def restore() -> None:
        unit.power_cut(5.0 + 20.0 * fault.dice)
        unit.card.restore(image)
        world.oracle.card_replaced(unit.name, unit.held_rows())

    return restore


def _swap(world: World, fault: Fault) -> Callable[[], object]:
    """Exchange the cards of two nodes, and exchange them back."""
    one = _pick(world.nodes, fault)
    other = _pick([unit for unit in world.nodes if unit is not one], fault)

    def exchange() -> None:
        one.power_cut(5.0)
        other.power_cut(7.0)
        one.card, other.card = other.card, one.card
        world.oracle.cards_exchanged(one.name, other.name)

    exchange()
    return exchange


def _disk(units: Callable[[World], Sequence[Unit]]) -> Begin:
    def begin(world: World, fault: Fault) -> Callable[[], object]:
        card = _pick(units(world), fault).card
        card.is_bad = True

        def mend() -> None:
            card.is_bad = False

        return mend

    return begin


def _slow_disk(world: World, fault: Fault) -> Callable[[], object]:
    card = _pick(world.units, fault).card
    card.fsync_s = SLOW_FSYNC_S

    def mend() -> None:
        card.fsync_s = FSYNC_S

    return mend


JUMPS_S = (-86_400.0, -3600.0, -75.0, 75.0, 3600.0)


def _clock(units: Callable[[World], Sequence[Unit]]) -> Begin:
    def begin(world: World, fault: Fault) -> Callable[[], object]:
        machine = _pick(units(world), fault).machine
        machine.wall_off_ms += round(JUMPS_S[int(fault.dice * len(JUMPS_S))] * 1000)

        def mend() -> None:
            machine.wall_off_ms = 0

        return mend

    return begin


def _printer(world: World, fault: Fault) -> Callable[[], object]:
    kiosk = _pick(world.kiosks, fault)
    assert isinstance(kiosk, NodeUnit)
    kiosk.outcome = Outcome.FAILED if fault.dice < 0.5 else Outcome.UNKNOWN

    def mend() -> None:
        kiosk.outcome = Outcome.PRINTED

    return mend


def _power_all(world: World, fault: Fault) -> None:
    world.broker.kill()
    world.timeline.after(1.0, lambda: world.broker.start(is_wiped=True))
    for unit in world.units:
        unit.power_cut(fault.for_s + unit.random.uniform(0, 10))


class Kind(NamedTuple):
    """One row of the table.

    Attributes:
        count_max: At most so many in one short day.
        for_s: Shortest and longest.
    """

    begin: Begin
    count_max: int
    for_s: tuple[float, float]


FAULTS: dict[str, Kind] = {
    "loss": Kind(_weather(Weather(loss=0.3)), 2, (20, 200)),
    "duplicates": Kind(_weather(Weather(duplicate=0.4)), 2, (20, 200)),
    "reorder": Kind(_weather(Weather(reorder=0.3, duplicate=0.1)), 2, (20, 200)),
    "delay": Kind(_weather(CLOGGED), 1, (20, 120)),
    "cut": Kind(_cut, 4, (3, 90)),
    "one_way": Kind(_one_way, 3, (3, 60)),
    "reset": Kind(_reset, 4, (0, 0)),
    "broker": Kind(_broker, 2, (0.5, 20)),
    "hub": Kind(_kill_hub, 3, (0.5, 15)),
    "hub_power": Kind(_power_hub, 1, (5, 40)),
    "node": Kind(_kill_node, 5, (0.5, 10)),
    "node_power": Kind(_power_node, 3, (5, 40)),
    "power": Kind(_power_all, 1, (5, 30)),
    "disk": Kind(_disk(lambda world: world.nodes), 2, (5, 60)),
    "hub_disk": Kind(_disk(lambda world: [world.hub]), 1, (5, 30)),
    "slow_disk": Kind(_slow_disk, 2, (10, 60)),
    "clock": Kind(_clock(lambda world: world.units[1:]), 2, (30, 600)),
    "hub_clock": Kind(_clock(lambda world: [world.hub]), 2, (30, 600)),
    "printer": Kind(_printer, 2, (10, 120)),
    "freeze": Kind(_freeze(lambda world: world.units[1:]), 2, (3, 60)),
    "freeze_hub": Kind(_freeze(lambda world: [world.hub]), 1, (3, 60)),
    "hub_wipe": Kind(_hub_wipe, 1, (5, 30)),
    "hub_old": Kind(_hub_old, 1, (20, 200)),
    "reimage": Kind(_reimage, 1, (5, 30)),
    "node_old": Kind(_node_old, 1, (20, 200)),
    "swap": Kind(_swap, 1, (20, 120)),
}


ALL = tuple(FAULTS)
"""What `--faults all` draws from."""


def plan(names: Iterable[str], *, seed: str, begin_s: float, end_s: float) -> list[Fault]:
    """Return what goes wrong between these instants, in order of time."""
    faults = []
    for number, name in enumerate(names):
        random, kind = Random(f"{seed}:{number}:{name}"), FAULTS[name]
        times = max(1.0, (end_s - begin_s) / 3600)
        for _ in range(round(random.randint(0, kind.count_max) * times)):
            for_s = random.uniform(*kind.for_s)
            at_s = random.uniform(begin_s, end_s - for_s)
            faults.append(Fault(name, at_s, for_s, random.randrange(10**6), random.random()))
    return sorted(faults, key=lambda fault: fault.at_s)


def apply(world: World, faults: Iterable[Fault]) -> None:
    """Have it all go wrong, and be mended."""
    for fault in faults:
        world.timeline.at(fault.at_s, _beginning(world, fault))


def _beginning(world: World, fault: Fault) -> Callable[[], None]:
    def begin() -> None:
        world.trace.tell(str(fault))
        mend = FAULTS[fault.name].begin(world, fault)
        if mend is not None:
            world.timeline.after(fault.for_s, mend)

    return begin
