"""While nobody is called, a board says who offers what, and how many wait for it."""

from collections.abc import Iterator

import pytest

from broker.hall.views import QueueView, ServiceQueue
from displays.board import LOST_AFTER_S
from displays.layout import Layout
from displays.ops import Text
from displays.screen import Screen
from tests.displays.hall import AT_MS, GEN, START_S, Stage, call

T = START_S
SIZE = (1920, 1080)


def queue(*, pos: int = 1, gen: str = GEN, day: str = "2026-11-25", **waiting: int) -> QueueView:
    """Return a snapshot with so many who wait, by service."""
    services = {id_: ServiceQueue(waiting=count, next=()) for id_, count in waiting.items()}
    return QueueView(gen=gen, pos=pos, at_ms=AT_MS, day=day, services=services)


def stage_with(view: QueueView, *, zone: str | None = None) -> Stage:
    """Return a board of an empty day that has this snapshot and hears its hub."""
    stage = Stage(zone=zone)
    stage.beat(T)
    stage.say(now_s=T)
    stage.board.take_queue(view)
    return stage


@pytest.fixture
def screen() -> Iterator[Screen]:
    """One in memory, for its fonts."""
    made = Screen(size=SIZE, fallback=SIZE, is_headless=True)
    made.open()
    yield made
    made.close()


def words(stage: Stage, screen: Screen) -> list[str]:
    """Return the texts of the picture."""
    layout = Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)
    return [op.text for op in layout.picture(stage.look(T)) if isinstance(op, Text)]


def test_those_who_wait_are_counted_by_the_letter_of_their_number() -> None:
    """A letter is what people have in their hand."""
    assert stage_with(queue(ktp=4, tanah=2)).look(T).waiting == {"A": 4, "B": 2}


def test_a_zone_counts_its_own_services() -> None:
    """The other floor has a board of its own."""
    assert stage_with(queue(ktp=4, tanah=2), zone="atas").look(T).waiting == {"B": 2}


def test_an_older_snapshot_is_ignored() -> None:
    """An equal one is taken."""
    stage = stage_with(queue(pos=5, ktp=4))
    stage.board.take_queue(queue(pos=4, ktp=9))
    assert stage.look(T).waiting["A"] == 4

    stage.board.take_queue(queue(pos=5, ktp=3))
    assert stage.look(T).waiting["A"] == 3


@pytest.mark.parametrize(
    "view", [queue(gen="2-00000000", ktp=4), queue(day="2026-11-24", ktp=4)], ids=["gen", "day"]
)
def test_counts_of_another_hub_or_day_are_not_shown(view: QueueView) -> None:
    """What the broker kept of yesterday says nothing of now."""
    assert stage_with(view).look(T).waiting == {}


def test_counts_are_gone_when_the_hub_is() -> None:
    """A number that may be an hour old is none."""
    stage = stage_with(queue(ktp=4))

    assert stage.look(T + LOST_AFTER_S - 1).waiting == {"A": 4}
    assert stage.look(T + LOST_AFTER_S).waiting == {}


def test_the_picture_has_the_counts(screen: Screen) -> None:
    """Under the name, in words; without counts there is the name alone."""
    assert {"104 menunggu", "2 menunggu"} <= set(words(stage_with(queue(ktp=104, tanah=2)), screen))

    shown = words(stage_with(queue(day="2026-11-24")), screen)
    assert not any("menunggu" in text for text in shown[:-1])


def test_a_call_takes_their_place(screen: Screen) -> None:
    """Who is called is more than who waits."""
    stage = stage_with(queue(ktp=104))
    stage.say(call("A007"), now_s=T)

    assert stage.look(T).waiting == {}
    assert "104 menunggu" not in words(stage, screen)
