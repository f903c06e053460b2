"""PURE: a hall in full swing, for pictures of a board made without one, and to warm a screen."""

from collections.abc import Iterator
from datetime import datetime

from broker.hall.setup import Setup
from broker.hall.views import BoardView, Call
from displays.board import BoardModel, Hero, Row
from displays.board_setup import Place

SAMPLE_AT = (2026, 11, 25, 9, 41)
"""A Wednesday morning: the same state gives the same picture on any day."""

COUNTS = (8, 118, 23, 7, 41, 2, 117, 5, 64, 12, 39, 6)
"""Numbers of the calls, newest first."""

APART_MS = 35_000


def sample_view(setup: Setup, *, at: datetime) -> BoardView:
    """Return a snapshot as a busy hub would publish it: each counter calls for what it serves."""
    at_ms = round(at.timestamp() * 1000)
    counters = list(setup.counters.values())
    calls = []
    for index, count in enumerate(COUNTS):
        counter = counters[(index * 5 + 2) % len(counters)]
        service = counter.serves[index % len(counter.serves)]
        calls.append(
            Call(
                call_id=f"sample:{index + 1}",
                number=f"{setup.series[service]}{count:03}",
                counter=counter.id,
                service=service,
                at_ms=at_ms - index * APART_MS,
                priority=index == 1,
            )
        )
    return BoardView(
        gen="1-00000000", pos=len(calls), at_ms=at_ms, day=at.date().isoformat(), calls=tuple(calls)
    )


def sample_models(model: BoardModel) -> Iterator[BoardModel]:
    """Yield models that between them hold every letter and digit this board will show."""
    for index, mark in enumerate(model.marks):
        for digits in ("012", "345", "678", "999"):
            number = mark.series + digits
            hero = Hero(number, int(digits) % 90 + 10, mark, Place(), repeat=1 + index % 2)
            row = Row(number, hero.counter, mark, repeat=2)
            yield model._replace(hero=hero, rows=(row, row._replace(is_over=True)))
