"""One seed, from opening time to verdict: safety under faults, then liveness when all is well."""

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from broker.hall.state import Hall
from broker.hall.views import counter_view, queue_view
from tests.sim.faults import ALL, Fault, apply, plan
from tests.sim.oracle import Oracle, Violation, key_of
from tests.sim.parts import PRODUCT, Parts
from tests.sim.people import BUSY, Desk, Staff, Visitors
from tests.sim.world import World, hall_file

HEAL_S = 125.0
"""All is well again after so long without a fault: what a disk refused is kept after 60 s, and then
sent again after 60 at most."""

QUIET_S = 60.0
"""Before the end of the faults nobody presses any more."""

DAY_S = 24 * 3600.0

BEGIN_S = 20.0
"""Everything is switched on before the doors open."""


class Size(NamedTuple):
    """How big a hall, and how long its day."""

    visitors: int
    counters: int
    kiosks: int
    boards: int
    day_s: float


def size_of(visitors: int) -> Size:
    """Return a hall for so many visitors: 40 have 4 counters and 16 minutes, 2,000 have 40 and 7 h.

    Staff serve as quickly as so short a day needs.
    """
    return Size(
        visitors=visitors,
        counters=min(40, max(4, visitors // 50)),
        kiosks=2 if visitors < 500 else 4,
        boards=1 if visitors < 500 else 2,
        day_s=min(7 * 3600.0, max(960.0, visitors * 24.0)),
    )


class Verdict(NamedTuple):
    """What became of one seed.

    Attributes:
        only: Which of the faults drawn were applied; None = all.
        forgiven: Losses of a kind that is known and said.
        journal: The file, if it was asked for.
    """

    seed: int
    violations: tuple[Violation, ...]
    trace: str
    faults: tuple[Fault, ...]
    presses: int
    rows: int
    slips: int
    calls: int
    messages: int
    steps: int
    virtual_s: float
    cpu_s: float
    story: tuple[str, ...]
    forgiven: int = 0
    only: tuple[int, ...] | None = None
    journal: bytes = b""

    @property
    def is_good(self) -> bool:
        """Whether nothing was broken."""
        return not self.violations


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Have the product's logs say nothing: faults are its daily bread here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def chosen(faults: Sequence[Fault], only: Sequence[int] | None, *, first: int) -> list[Fault]:
    """Return those of a day's faults, numbered from `first`, that are to be applied; None = all."""
    return [fault for number, fault in enumerate(faults, first) if only is None or number in only]


def run_seed(  # noqa: PLR0913 - what the command line offers, each by name
    seed: int,
    *,
    visitors: int = 40,
    days: int = 1,
    faults: Sequence[str] = ALL,
    only: Sequence[int] | None = None,
    parts: Parts = PRODUCT,
    wants_journal: bool = False,
) -> Verdict:
    """Run one seed.

    Args:
        faults: Names to draw from.
        only: Of the faults drawn, the numbers of those to apply.
    """
    begun_s = time.process_time()
    size = size_of(visitors)
    world = make_world(seed, size=size, parts=parts)
    drawn: list[Fault] = []
    with silence():
        for day in range(days):
            begin_s = day * DAY_S
            if day:
                sleep_until(world, begin_s)
            faults_of_day = plan(
                faults,
                seed=f"{seed}:{day}" if day else str(seed),
                begin_s=begin_s,
                end_s=begin_s + BEGIN_S + size.day_s,
            )
            kept = chosen(faults_of_day, only, first=len(drawn))
            drawn += faults_of_day
            live(world, size, kept, begin_s=begin_s)
            if world.oracle.violations:
                break
    oracle = world.oracle
    return Verdict(
        seed=seed,
        violations=tuple(oracle.violations),
        trace=world.trace.digest,
        faults=tuple(drawn),
        forgiven=oracle.forgiven,
        only=None if only is None else tuple(only),
        journal=world.hub.card.file("journal.db").image() if wants_journal else b"",
        presses=len(oracle.pressed),
        rows=len(oracle.journal),
        slips=oracle.slips_out,
        calls=oracle.calls,
        messages=world.broker.messages,
        steps=world.timeline.steps,
        virtual_s=world.timeline.now_s,
        cpu_s=time.process_time() - begun_s,
        story=tuple(world.trace.story),
    )


def make_world(seed: int, *, size: Size, parts: Parts = PRODUCT) -> World:
    """Return a hall, everything off."""
    file = hall_file(counters=size.counters, kiosks=size.kiosks, boards=size.boards)
    return World(seed=str(seed), file=file, parts=parts)


def live(world: World, size: Size, faults: Sequence[Fault], *, begin_s: float) -> None:
    """Live a day: the hall is switched on, opens, suffers, heals, and is judged."""
    timeline, oracle = world.timeline, world.oracle
    for unit in world.units:
        timeline.at(begin_s + unit.random.uniform(0, 5), unit.switch_on)
    apply(world, faults)
    open_s, end_s = begin_s + BEGIN_S, begin_s + BEGIN_S + size.day_s
    timeline.at(open_s, lambda: _open(world, size, open_s, end_s - QUIET_S))

    timeline.run(end_s, broken=oracle.violations)
    if oracle.violations:
        return
    world.trace.tell("all is well again")
    timeline.run(end_s + HEAL_S, broken=oracle.violations)
    if oracle.violations:
        return
    judge(world)


def sleep_until(world: World, morning_s: float) -> None:
    """Let the night pass, everything dark."""
    world.oracle.slips.clear()  # tomorrow nobody is called with today's paper
    for unit in world.units:
        unit.switch_off()
    world.timeline.run(morning_s)


def _open(world: World, size: Size, begin_s: float, end_s: float) -> None:
    visitors = Visitors(
        world, count=size.visitors, begin_s=begin_s, day_s=end_s - begin_s - QUIET_S
    )
    serve_s = BUSY * size.day_s * size.counters / size.visitors / 1.28  # mean of the heavy tail
    for counter in world.counters:
        Staff(
            world,
            counter,
            comes_to=visitors.comes_to,
            serve_s=max(10.0, serve_s - 30.0),
            end_s=end_s,
        )
    Desk(world, every_s=120.0, end_s=end_s)


def judge(world: World) -> None:
    """Ask what must hold when all is well again."""
    oracle = world.oracle
    for unit in world.units:
        oracle.check(unit.process.is_alive, "all_alive", unit.name)
    for unit in world.nodes:
        # Those of a card's other home are named in the log, for a person to put it back there.
        for key in unit.foreign_rows():
            oracle.lose(key)
    _judge_rows(world)
    _judge_slips(oracle)
    _judge_displays(world)
    _judge_fold(world)


def _judge_rows(world: World) -> None:
    oracle = world.oracle
    for (stream, seq), pressed in oracle.pressed.items():
        if (stream, seq) not in oracle.excused and oracle.row(stream, seq) is None:
            oracle.fail("press_lost", f"{pressed.node} {stream[:6]}:{seq} {pressed.command}")
    for unit in world.nodes:
        oracle.check(unit.waiting_rows() == 0, "outboxes_empty", f"{unit.name}")
        for stream, seq in unit.decided_rows():
            kept = oracle.row(stream, seq)
            is_there = (stream, seq) in oracle.excused or (kept is not None and kept.seq == seq)
            oracle.check(is_there, "given_lost", f"{unit.name} {stream[:6]}:{seq} {kept}")


def _judge_slips(oracle: Oracle) -> None:
    numbers = {slip.number: slip for slip in oracle.model.tickets.values()}
    for number, kiosk in oracle.slips.items():
        slip = numbers.get(number)
        is_known = slip is not None and slip.printed
        if not is_known and number not in oracle.excused_slips:
            oracle.fail("paper_lost", f"{number} of {kiosk}: {slip}")
    for ticket, slip in oracle.model.tickets.items():
        # Without a number its issue is lost with a card: nobody waits with it. Nor was it printed,
        # perhaps, where the card that was to print it is gone.
        is_lost = key_of(ticket) in oracle.gone
        numbers = {slip.number, oracle.on_paper.get(ticket, slip.number)}
        is_gone = not slip.number or is_lost or numbers & oracle.excused_slips
        is_settled = slip.printed or slip.state == "closed" or is_gone
        oracle.check(is_settled, "slip_owed", f"{slip.number} is not on paper, nor cancelled")


def _judge_fold(world: World) -> None:
    oracle, core = world.oracle, world.hub.core
    refolded = Hall(world.setup)
    for entry in oracle.journal:
        refolded.apply(entry.pos, entry.at_ms, entry.events)
    for counter in world.counters:
        same = counter_view(refolded, counter, gen="") == counter_view(core.hall, counter, gen="")
        oracle.check(same, "state_is_fold", f"counter {counter}")
    same = queue_view(refolded, gen="", at_ms=0) == queue_view(core.hall, gen="", at_ms=0)
    oracle.check(same, "state_is_fold", "queue")


def _judge_displays(world: World) -> None:
    oracle, hall = world.oracle, world.hub.core.hall
    for counter in world.counters:
        panel = world.counter_panel(counter)
        view = counter_view(hall, counter, gen="")
        number = view.call.number if view.call else ""
        told = (panel["status"], panel["number"], panel["waiting"])
        known = (view.status, number, view.waiting)
        oracle.check(told == known, "displays_right", f"counter {counter}: {told}, hub {known}")
    calls = [said.call_id for said in reversed(oracle.model.calls)][:30]
    for board in world.boards:
        shown = [call.call_id for _, call in board.board._calls][: len(calls)]
        oracle.check(shown == calls, "displays_right", f"{board.name}: {shown[:3]} {calls[:3]}")
