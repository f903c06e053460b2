"""`voice`: from a button's accepted press to the first sound of its call, against bare playing.

The product is the whole way, press to chime, on SDL's dummy sound card; the floor is what it takes
to hand such a call's sound to the mixer. Either is followed by one buffer of the card (23 ms).
"""

import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from displays.clips import RATE_HZ
from displays.voice import BUFFER_SAMPLES, Mixer
from tests.bench.press import COUNTERS
from tests.bench.stage import HALL, Process, Stage

WARM_UP = 2
LANGUAGES = 'languages = ["id", "en"]'
LIMIT_MS = 300
"""DESIGN's: a call is heard by then, or people look for a fault at the button."""

QUIET_S = 3.0
"""After a call's last word: the dummy card of a busy machine ends late, and the next one would
wait for it."""

LOADED_WITHIN = 6
"""Times 10 s: so long espeak-ng may take for all clips."""


def measure(calls: int) -> dict[str, Any]:
    """Return the figures of so many calls, each made while nothing is being said."""
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    with tempfile.TemporaryDirectory() as folder:
        hall = Path(folder) / "hall.toml"
        text = HALL.read_text("utf-8").replace("voice = false", "voice = true")
        text = text.replace(LANGUAGES, f'{LANGUAGES}\nvoice_languages = ["id"]')
        hall.write_text(text, "utf-8")
        ours = Stage(Path(folder), hall)
        try:
            took_ms = _product(ours, calls + WARM_UP)[WARM_UP:]
            rss_mb = ours.processes["board-1"].rss_mb()
        finally:
            for process in reversed(ours.processes.values()):
                process.stop()
    floor_ms = _floor(calls)
    product, floor = _percentiles(took_ms), _percentiles(floor_ms)
    return {
        "unit": "ms",
        "calls": calls,
        "buffer_ms": round(1000 * BUFFER_SAMPLES / RATE_HZ, 1),
        "limit_ms": LIMIT_MS,
        "board_rss_mb": round(rss_mb, 1),
        "product": product,
        "floor": floor,
        "ratio": {name: round(product[name] / floor[name], 1) for name in product},
    }


def _product(ours: Stage, calls: int) -> list[float]:
    ours.start_hall(nodes=("kiosk-1",))
    for _ in range(calls):
        ours.press("kiosk-1", "adminduk")
    debug = ("--log-level", "debug")
    counters = {node: ours.loket(node, "node", node, "--pins", "mock", *debug) for node in COUNTERS}
    board = ours.loket("board-1", "board", "board-1", "--headless", *debug)
    until_loaded(board)
    took_ms = []
    for node in itertools.islice(itertools.cycle(counters), calls):
        accepted = _called(ours, node, counters[node])
        said = board.until("call said")
        took_ms.append((said["mono_ns"] - accepted["mono_ns"]) / 1e6)
        time.sleep(said["length_s"] + QUIET_S)
    return took_ms


def _called(ours: Stage, node: str, counter: Process) -> dict[str, Any]:
    """Press `call` until it is not refused: on a busy machine a lamp may be late."""
    while True:
        ours.press(node, "call")
        accepted = counter.until("press accepted", button="call")
        answer = counter.until_any(("accepted", "refused"), seq=accepted["seq"])
        if answer["msg"] == "accepted":
            return accepted
        time.sleep(QUIET_S)


def until_loaded(board: Process) -> None:
    """Wait until a board's voice has all its clips."""
    for attempt in range(LOADED_WITHIN):
        try:
            board.until("voice ready")
        except RuntimeError:
            if attempt == LOADED_WITHIN - 1:
                raise
        else:
            return


def _floor(calls: int) -> list[float]:
    mixer = Mixer()
    mixer.open()
    content = bytes(2 * 6 * RATE_HZ)
    took_ms = []
    for _ in range(calls):
        begun_ns = time.monotonic_ns()
        mixer.play(content)
        took_ms.append((time.monotonic_ns() - begun_ns) / 1e6)
    mixer.close()
    return took_ms


def _percentiles(took_ms: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "max": round(max(took_ms), 2)}
