"""`board`: what painting costs at 1080p and at 4K, beside bare pygame; a board's idling and memory.

`paint` is the product's own `Screen.show` of a picture that is laid out: find what differs, paint
it, update. Its floor is pygame alone with the same pieces ready: fill and blit them, update the
same rects. `lay out` is the picture made from the model, which has no floor. Idling and memory are
of a real board with its voice, at rest after a morning of calls.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from broker.wire.messages import HubState
from displays.board import Board, BoardModel
from displays.board_setup import board_setup
from displays.layout import Layout
from displays.ops import Fill, Op, Rect, damage
from displays.screen import Screen
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.bench.pictures import AT_MS, GEN, STEP_S, views
from tests.bench.resources import ROLES
from tests.bench.stage import HALL, Process, Stage
from tests.bench.voice import until_loaded

SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}

LIMITS_MS = {"full": 4.0, "row": 0.3, "hero": 1.0}
"""Of `paint`, at 1080p."""
IDLE_LIMIT_PERCENT = 0.3
MEMORY_LIMIT_MB = 60.0

TIMES = 200
CALLS = 20
QUIET_S = 45.0
"""After the calls: the last is said in two languages, its hero was held, and nothing moves."""
IDLE_S = 20.0


class Change(NamedTuple):
    """One model after another."""

    before: BoardModel
    after: BoardModel


def measure() -> dict[str, Any]:
    """Return the figures."""
    found: dict[str, Any] = {}
    for name, size in SIZES.items():
        screen = Screen(size=size, fallback=size, is_headless=True)
        screen.open()
        layout = Layout(size=size, diag_in=55, far_seat_m=10, measure=screen.fonts.measure)
        for what, change in _changes(layout.rows).items():
            limit = {"limit": LIMITS_MS[what]} if name == "1080p" else {}
            found[f"{name} {what}"] = {**_painted(screen, layout, what, change), **limit}
        screen.close()
    for name, size in SIZES.items():
        found |= {f"{name} {what}": figure for what, figure in _process(size).items()}
    return found


def _changes(rows: int) -> dict[str, Change]:
    file = load_hall(HALL)
    setup = board_setup(setup_of(file), timezone=ZoneInfo(file.hall.timezone))
    board = Board(setup=setup, start_s=0.0, rows=rows)
    hub = HubState(gen=GEN, pos=0, beat=1, start="s", at_ms=AT_MS)
    board.take_hub(hub, is_retained=False, now_s=0.0)
    models = []
    for i, view in enumerate(views(12), start=1):
        board.take_board(view, is_retained=False, now_s=i * STEP_S)
        models.append(board.look(now_s=i * STEP_S, wall_ms=view.at_ms))
    model = models[-1]
    assert model.hero is not None
    row = model.rows[1]._replace(number="B114", counter=8)
    hero = model.hero._replace(number="B114", counter=8)
    return {
        "full": Change(models[-2], model),
        "row": Change(model, model._replace(rows=(model.rows[0], row, *model.rows[2:]))),
        "hero": Change(model, model._replace(hero=hero)),
    }


def _painted(screen: Screen, layout: Layout, what: str, change: Change) -> dict[str, Any]:
    pictures = [layout.picture(model) for model in change]
    for picture in pictures:
        screen.show(picture)
    rects = [Rect(0, 0, *screen.size)] if what == "full" else damage(*pictures)
    floor = _floor(screen, pictures[1], rects)
    turn = 0

    def product() -> None:
        nonlocal turn
        turn += 1
        if what == "full":
            screen.forget()
        screen.show(pictures[turn % 2])

    ours_ms, floor_ms, laid_ms = [], [], []
    for _ in range(TIMES):
        ours_ms.append(_took_ms(product))
        floor_ms.append(_took_ms(floor))
        laid_ms.append(_took_ms(lambda: layout.picture(change.after)))
    ours, least = statistics.median(ours_ms), statistics.median(floor_ms)
    return {
        "unit": "ms",
        "product": round(ours, 3),
        "p95": round(statistics.quantiles(ours_ms, n=20)[18], 3),
        "floor": round(least, 3),
        "ratio": round(ours / least, 2),
        "lay out": round(statistics.median(laid_ms), 3),
    }


def _floor(screen: Screen, picture: tuple[Op, ...], rects: list[Rect]) -> Callable[[], None]:
    """Return bare pygame painting the same: fills, and pieces cut out of the picture beforehand."""
    import pygame  # noqa: PLC0415 - a bench of other parts loads none

    surface = pygame.display.get_surface()
    assert surface is not None
    screen.show(picture)
    pieces = [
        (op.colour if isinstance(op, Fill) else surface.subsurface(box).copy(), box)
        for op in picture
        for rect in rects
        if (box := pygame.Rect(op.rect).clip(pygame.Rect(rect))).w and box.h
    ]

    def paint() -> None:
        for piece, box in pieces:
            if isinstance(piece, tuple):
                surface.fill(piece, box)
            else:
                surface.blit(piece, box)
        pygame.display.update(rects)

    return paint


def _took_ms(call: Callable[[], object]) -> float:
    begun_ns = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begun_ns) / 1e6


def _process(size: tuple[int, int]) -> dict[str, Any]:
    """Return a board's CPU at rest and its memory, with its voice, beside its floor's."""
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    with TemporaryDirectory(prefix="loket-bench-") as folder:
        hall = Path(folder) / "hall.toml"
        hall.write_text(HALL.read_text("utf-8").replace("voice = false", "voice = true"), "utf-8")
        on = Stage(Path(folder), hall)
        try:
            return _at_rest(on, size)
        finally:
            for process in reversed(on.processes.values()):
                process.stop()


def _at_rest(on: Stage, size: tuple[int, int]) -> dict[str, Any]:
    on.start_hall(nodes=("kiosk-1", "loket-1"))
    at_size = ("--size", f"{size[0]}x{size[1]}")
    board = on.loket("board-1", "board", "board-1", "--headless", *at_size)
    role = ROLES["board"]
    link = str(on.data / "loket-4" / "link.json")
    modules = (*role.modules, "pygame.mixer")
    floor = on.bare("floor", "imports", *modules, "--screen", *at_size, "--link", link)
    until_loaded(board)
    for _ in range(CALLS):
        on.press("kiosk-1", "adminduk")
        time.sleep(0.1)
        on.press("loket-1", "call")
        time.sleep(0.5)
    time.sleep(QUIET_S)
    before = [_run_ns(process) for process in (board, floor)]
    time.sleep(IDLE_S)
    ours, least = (
        (_run_ns(process) - ran) / 1e7 / IDLE_S
        for process, ran in zip((board, floor), before, strict=True)
    )
    is_hd = size == SIZES["1080p"]
    return {
        "idle": {
            "unit": "% of a core",
            "product": round(ours, 3),
            "floor": round(least, 3),
            "ratio": round(ours / least, 1) if least else None,
            **({"limit": IDLE_LIMIT_PERCENT} if is_hd else {}),
        },
        "memory": {
            "unit": "MB",
            "product": round(board.rss_mb(), 1),
            "floor": round(floor.rss_mb(), 1),
            "ratio": round(board.rss_mb() / floor.rss_mb(), 2),
            **({"limit": MEMORY_LIMIT_MB} if is_hd else {}),
        },
    }


def _run_ns(process: Process) -> int:
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
