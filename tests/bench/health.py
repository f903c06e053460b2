"""`health`: what one look at the machine costs, beside a floor that only opens and reads files.

The floor reads as many files of /proc and /sys as a look does, and makes nothing of them.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from broker.machine import sample
from broker.wire.messages import Health, encode

LOOKS = 300
HEALTH_EVERY_S = 15.0

FILES = (
    "/proc/device-tree/model",
    "/sys/class/thermal/thermal_zone0/temp",
    "/proc/vmstat",
    "/proc/meminfo",
    "/proc/pressure/cpu",
    "/proc/pressure/io",
    "/proc/pressure/memory",
    "/proc/net/route",
    "/proc/net/wireless",
    "/sys/class/net/lo/speed",
    "/sys/class/net/lo/statistics/rx_packets",
    "/sys/class/net/lo/statistics/rx_errors",
)


def measure() -> dict[str, Any]:
    """Return the time of a whole health (looked at, made, encoded), and its share of a core."""
    folder = Path("/tmp")  # noqa: S108 - nothing is written there
    ours_ms = _median_ms(lambda: encode(Health(uptime_s=1.0, machine=sample(folder))))
    floor_ms = _median_ms(_read_all)
    return {
        "sample": {
            "unit": "ms",
            "product": round(ours_ms, 3),
            "floor": round(floor_ms, 3),
            "ratio": round(ours_ms / floor_ms, 2),
        },
        "share of a core": {
            "unit": "%",
            "product": round(ours_ms / HEALTH_EVERY_S / 10, 4),
            "floor": round(floor_ms / HEALTH_EVERY_S / 10, 4),
            "ratio": round(ours_ms / floor_ms, 2),
        },
    }


def _read_all() -> None:
    for name in FILES:
        try:
            Path(name).read_bytes()
        except OSError:
            continue  # as on this machine


def _median_ms(work: Callable[[], object]) -> float:
    """Return the median of the CPU's time, ms: others load the machine too."""
    took = []
    for _ in range(LOOKS):
        begun_s = time.process_time()
        work()
        took.append(time.process_time() - begun_s)
    return sorted(took)[LOOKS // 2] * 1000
