"""What the hub notices over time: starts, boots, clocks, boards that lag, a broker that drops."""

import pytest

from broker.observer import BEHIND_S, HOUR_S, NodePlan, Observer, plans_of
from broker.watch import SILENT_AFTER_S, Presence
from broker.wire.figures import Button, DisplayHealth
from broker.wire.messages import Birth, Health
from firmware_config.load import load_hall
from firmware_config.schema import HallFile
from tests.bench.stage import HALL

PLANS = [
    NodePlan(id="loket-1", role="counter", host="pi-1", counters=(1,)),
    NodePlan(id="board-1", role="board", host="pi-2", zone="lt-1"),
]


class Bench:
    """An observer, and who is here."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.observer = Observer(PLANS, version="0.1.0", start_s=0.0)

    def say(self, node: str, at_s: float, health: Health, *, looked_s: float | None = None) -> None:
        """Let a health arrive, and look at once, or later."""
        self.presence.health(node, health, at_s)
        self.see(at_s if looked_s is None else looked_s)

    def see(self, now_s: float, *, wall_ms: int | None = None):  # noqa: ANN201 - a HallSight
        """Return the sight of an instant, at which the hub's wall clock is as many seconds."""
        return self.observer.sight(
            self.presence,
            now_s=now_s,
            wall_ms=round(now_s * 1000) if wall_ms is None else wall_ms,
            open_counters=frozenset({1}),
        )


def test_starts_and_boots_of_the_last_hour_are_counted() -> None:
    """A start shows by how long the process is up, a boot by its name."""
    bench = Bench()
    bench.say("loket-1", 100, Health(uptime_s=90, boot="a"))
    bench.say("loket-1", 115, Health(uptime_s=105.4, boot="a"))
    bench.say("loket-1", 130, Health(uptime_s=3, boot="a"))
    bench.say("loket-1", 200, Health(uptime_s=20, boot="b"))

    found = bench.see(201).nodes[0].recent
    assert (found.starts, found.boots) == (3, 2)
    later = bench.see(131 + HOUR_S).nodes[0].recent
    assert (later.starts, later.boots) == (1, 1)


def test_chatter_presses_and_connections_are_those_of_the_last_hour() -> None:
    """A button that bounced all day long ago is no news."""
    bench = Bench()
    for minute in range(0, 180, 5):
        button = Button(presses=minute, chatter=10 * minute)
        up_s = 7200 + minute * 60.0
        health = Health(uptime_s=up_s, connects=1 + (minute > 150), buttons={"call": button})
        bench.say("loket-1", 60.0 * minute, health)

    found = bench.see(60.0 * 175 + 1).nodes[0].recent
    assert (found.chatter, found.presses, found.connects) == (600, 60, 1)


def test_a_clock_is_compared_at_the_arrival_and_not_at_the_look() -> None:
    """Two seconds between both are no error of the clock."""
    bench = Bench()
    bench.say("loket-1", 100, Health(uptime_s=1, wall_ms=101_500), looked_s=102)

    assert bench.see(103).nodes[0].skew_s == pytest.approx(1.5)


def test_a_health_is_of_now_only_for_a_while() -> None:
    """A node that freezes leaves its last figures; they are no facts any more."""
    bench = Bench()
    bench.say("loket-1", 100, Health(uptime_s=1))
    assert bench.see(100 + SILENT_AFTER_S - 1).nodes[0].health is not None
    bench.presence.due(100 + SILENT_AFTER_S)
    assert bench.see(100 + SILENT_AFTER_S).nodes[0].health is None


def test_a_kept_birth_is_nothing_fresh() -> None:
    """After a start of the hub nobody was heard just now."""
    bench = Bench()
    bench.presence.birth("loket-1", Birth(session="s", online=True), 1.0, retained=True)

    assert bench.see(2).nodes[0].health is None


@pytest.mark.parametrize(
    ("pos", "gen", "is_behind"),
    [(7, "1-a", False), (8, "1-a", False), (6, "1-a", True), (7, "2-b", True)],
)
def test_a_board_is_behind_when_it_has_not_shown_what_it_was_sent(
    pos: int, gen: str, *, is_behind: bool
) -> None:
    """What was sent just before it spoke may still be on its way."""
    bench = Bench()
    bench.observer.board_sent("1-a", 7, 100.0)
    bench.observer.board_sent("1-a", 9, 100.0 + BEHIND_S - 1)
    shown = Health(uptime_s=50, display=DisplayHealth(gen=gen, pos=pos))
    bench.say("board-1", 100.0 + BEHIND_S, shown)

    assert bench.see(111).nodes[1].behind is is_behind


def test_a_board_that_was_sent_nothing_is_not_behind() -> None:
    """A quiet hall draws no frames."""
    bench = Bench()
    bench.say("board-1", 100, Health(uptime_s=50, display=DisplayHealth(pos=1)))
    assert bench.see(101).nodes[1].behind is False


def test_a_broker_tells_that_it_restarted_and_what_it_dropped() -> None:
    """By its own figures; what can't be read changes nothing."""
    bench = Bench()
    assert (bench.see(0).broker_restarted, bench.see(0).broker_dropped) == (None, None)
    for at_s, up, dropped in ((10, 500, 4), (20, 510, 4)):
        bench.observer.broker_said("uptime", f"{up} seconds", at_s)
        bench.observer.broker_said("publish/messages/dropped", str(dropped), at_s)
    bench.observer.broker_said("uptime", "soon", 21)
    assert (bench.see(22).broker_restarted, bench.see(22).broker_dropped) == (False, 0)
    bench.observer.broker_said("uptime", "3 seconds", 30)
    bench.observer.broker_said("publish/messages/dropped", "7", 30)
    assert (bench.see(31).broker_restarted, bench.see(31).broker_dropped) == (True, 3)
    bench.observer.broker_said("publish/messages/dropped", "7", 650)
    assert (bench.see(651).broker_restarted, bench.see(651).broker_dropped) == (False, 0)


def test_places_come_from_the_hall_file() -> None:
    """A counter's zone is its node's; several nodes share a Pi."""
    plans = {plan.id: plan for plan in plans_of(_demo())}

    assert plans["loket-1"].zone == plans["board-1"].zone == "lantai-1"
    assert plans["hub"].host == plans["web"].host == "server"
    assert plans["loket-1"].counters == (1,)


def _demo() -> HallFile:
    return load_hall(HALL)
