"""States of a board that people must be able to read: for tests of its layout, and for pictures."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from broker.hall.calendar import Calendar, Span
from broker.hall.views import QueueView, ServiceQueue
from displays.board import BoardModel
from displays.board_setup import Mark, Place
from tests.displays.hall import AT_MS, GEN, SETUP, START_S, WIB, Stage, call

T = START_S


def live(*, name: str = "MPP Kota Contoh") -> Stage:
    """Return a board of this hall that hears its hub."""
    stage = Stage(setup=msgspec.structs.replace(SETUP, name=name))
    stage.beat(T)
    return stage


def busy() -> BoardModel:
    """Many calls."""
    stage = live()
    calls = [call(f"{'AB'[n % 2]}{n:03}", (1, 2, 12)[n % 3], at_s=T - 60 * n) for n in range(9)]
    stage.say(*calls, now_s=T)
    return stage.look(T)


def recalled() -> BoardModel:
    """Hero and a row called again."""
    stage = live()
    again = (call("A888", 12, repeat=3), call("B777", 7, at_s=T - 1, repeat=2))
    stage.say(*again, call("A001"), now_s=T)
    stage.look(T)
    return stage.look(T + 6)


def priority() -> BoardModel:
    """Who is called first: hero and two rows, one of them called again."""
    stage = live()
    calls = (
        call("A888", 1, priority=True),
        call("B003", 12, at_s=T - 30, repeat=2, priority=True),
        call("A006", 2, at_s=T - 60),
        call("B002", 7, at_s=T - 90, priority=True),
    )
    stage.say(*calls, now_s=T)
    return stage.look(T)


def wide() -> BoardModel:
    """The longest of everything: hall, agency, numbers, counters."""
    stage = live(name="Mal Pelayanan Publik Kabupaten Kepulauan Seribu Utara dan Sekitarnya")
    calls = [call(f"K1{n:03}", 12, at_s=T - 60 * n, repeat=1 + n % 2) for n in range(9)]
    stage.say(*calls, now_s=T)
    model = stage.look(T)
    mark = Mark("Badan Pertanahan Nasiona", "pink", "WW")
    place = Place("Lantai 2, sayap timur, dekat tangga darurat dan mushola", "ahead")
    assert model.hero is not None
    hero = model.hero._replace(number="WW888", counter=88, mark=mark, place=place, repeat=12)
    rows = tuple(row._replace(number="WW888", counter=88, mark=mark) for row in model.rows)
    return model._replace(hero=hero, rows=rows, marks=(mark,) * 7)


def empty() -> BoardModel:
    """Nobody called yet."""
    stage = live()
    stage.say(now_s=T)
    return stage.look(T)


def cut_off() -> BoardModel:
    """Two minutes without the hub."""
    stage = live()
    stage.say(call("A007"), call("B001", 12, at_s=T - 50), now_s=T)
    return stage.look(T + 120)


def unguided() -> BoardModel:
    """An hour without the hub."""
    stage = live()
    stage.say(call("A007"), now_s=T)
    return stage.look(T + 3600)


def starting() -> BoardModel:
    """Just switched on: the hub has said nothing yet."""
    return Stage().look(T)


def waiting() -> BoardModel:
    """Nobody called yet, and people wait: how many, by letter."""
    stage = live()
    stage.say(now_s=T)
    counts = {"ktp": 385, "tanah": 0}
    services = {id_: ServiceQueue(waiting=count, next=()) for id_, count in counts.items()}
    view = QueueView(gen=GEN, pos=1, at_ms=AT_MS, day="2026-11-25", services=services)
    stage.board.take_queue(view)
    return stage.look(T)


def over() -> BoardModel:
    """One call is open, three are over."""
    stage = live()
    calls = [call(f"{'AB'[n % 2]}{n:03}", 3 + n, at_s=T - 60 * n) for n in range(4)]
    stage.say(calls[0], *(replace(old, over=True) for old in calls[1:]), now_s=T)
    return stage.look(T)


def crowded() -> BoardModel:
    """Twelve calls are open: the older ones take turns; one waits to stand big."""
    stage = live()
    calls = [call(f"A{n:03}", n, at_s=T) for n in range(12, 0, -1)]
    stage.say(*calls, now_s=T)
    stage.say(call("B113", 22, at_s=T + 60), call("B112", 21, at_s=T + 60), *calls, now_s=T + 60)
    stage.beat(T + 62)
    return stage.look(T + 62)


def elsewhere() -> BoardModel:
    """A board of one floor: where the counter is, and an arrow."""
    stage = Stage(zone="bawah")
    stage.beat(T)
    stage.say(call("A007"), call("A006", 2, at_s=T - 50), now_s=T)
    return stage.look(T + 0.5)


def _shut(hour: int) -> BoardModel:
    hours = Calendar(
        zone=WIB,
        open=dict.fromkeys(("mon", "tue", "wed", "thu"), (Span(8 * 60, 15 * 60),)),
        issue_from_min=7 * 60 + 30,
    )
    stage = Stage(setup=replace(SETUP, calendar=hours))
    now_s = T + (hour - 9) * 3600 - 41 * 60
    stage.beat(now_s)
    stage.say(now_s=now_s)
    state = ServiceQueue(waiting=0, next=(), takes="closed")
    services = dict.fromkeys(SETUP.services, state)
    view = QueueView(gen=GEN, pos=1, at_ms=AT_MS, day="2026-11-25", services=services)
    stage.board.take_queue(view)
    return stage.look(now_s)


def closed() -> BoardModel:
    """In the evening."""
    return _shut(20)


def opening() -> BoardModel:
    """In the morning, before numbers are given out."""
    return _shut(7)


STATES: dict[str, Callable[[], BoardModel]] = {
    state.__name__: state
    for state in (
        busy,
        recalled,
        priority,
        wide,
        empty,
        cut_off,
        unguided,
        starting,
        waiting,
        over,
        crowded,
        elsewhere,
        closed,
        opening,
    )
}
