"""What a board draws when one call follows another, for the floor to draw."""

from collections.abc import Callable, Iterator
from functools import partial
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from broker.hall.views import CALL_FRESH_MS, CALLS_MIN, BoardView, Call
from broker.wire.messages import HubState
from displays.board import Board
from displays.board_setup import board_setup
from displays.layout import Layout
from displays.sample import sample_models
from displays.screen import Screen
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.bench.stage import HALL

SIZE = (1920, 1080)
COUNTERS = (1, 2, 6)
GEN = "1-00000000"
AT_MS = 1_795_598_248_218
STEP_S = 1.5
"""Between two calls, as `press` presses them."""


def open_screen() -> tuple[Screen, Layout]:
    """Return the product's screen and layout at 1080p."""
    screen = Screen(size=SIZE, fallback=SIZE, is_headless=True)
    screen.open()
    return screen, Layout(size=SIZE, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)


def views(count: int) -> Iterator[BoardView]:
    """Yield snapshots, each with one more call, as the bench's presses make them."""
    calls: tuple[Call, ...] = ()
    for i in range(1, count + 1):
        call = Call(
            call_id=f"{'a' * 32}:{i}",
            number=f"A{i:03}",
            counter=COUNTERS[i % len(COUNTERS)],
            service="adminduk",
            at_ms=AT_MS + round(i * STEP_S * 1000),
        )
        older = (replace(c, over=c.over or c.counter == call.counter) for c in calls)
        fresh = CALL_FRESH_MS // round(STEP_S * 1000)
        calls = (call, *older)[: max(CALLS_MIN, fresh)]
        yield BoardView(gen=GEN, pos=i, at_ms=call.at_ms, day="2026-11-25", calls=calls)


def draw_calls(screen: Screen, layout: Layout, *, count: int) -> Iterator[Callable[[], bool]]:
    """Yield the board's draw call for each snapshot: look, lay out, show; the rest is prepared.

    The board has taken the snapshot before, and the screen's texts are prepared as a board's are.
    """
    file = load_hall(HALL)
    setup = board_setup(setup_of(file), timezone=ZoneInfo(file.hall.timezone))
    board = Board(setup=setup, start_s=0.0, rows=layout.rows)
    hub = HubState(gen=GEN, pos=0, beat=1, start="s", at_ms=AT_MS)
    board.take_hub(hub, is_retained=False, now_s=0.0)
    model = board.look(now_s=0.0, wall_ms=AT_MS)
    for sample in sample_models(model):
        screen.prepare(layout.picture(sample))
    screen.show(layout.picture(model))
    for i, view in enumerate(views(count), start=1):
        now_s = i * STEP_S
        board.take_hub(hub, is_retained=False, now_s=now_s)
        board.take_board(view, is_retained=False, now_s=now_s)
        look = partial(board.look, now_s=now_s, wall_ms=view.at_ms)
        yield lambda look=look: screen.show(layout.picture(look()))
