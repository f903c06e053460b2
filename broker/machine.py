"""The machine this process runs on, in figures: heat, power, memory, clock, disk, network.

All are read from files of /proc and /sys and by one system call, no program is started: a sample
costs a few milliseconds of a Pi. What can't be read is None, that is unknown, and never counts as
fine: another board, another kernel or a container lacks some of them.

Sources: the kernel's documentation of each file; for a Pi the drivers `raspberrypi-hwmon` (low
voltage) and `raspberrypi-firmware` (throttling).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from broker.trust import KernelClock, kernel_clock
from broker.wire.figures import Machine, Network, Storage

_NOW_BITS = 0b1111
"""Of `get_throttled`: low supply, capped, throttled, soft limit of temperature; now."""

_SEEN_LOW_BIT = 1 << 16
"""Low supply since boot. The hwmon driver clears it again and again, so that it is not set says
nothing; that it is set is true."""


def sample(
    folder: Path,
    *,
    root: Path = Path("/"),
    clock: Callable[[], KernelClock | None] = kernel_clock,
) -> Machine:
    """Return the figures of now; `supply_low_seen` is what this one look shows.

    Args:
        folder: Anywhere on the file system that holds the data.
        root: Where `proc` and `sys` are; a recorded tree in tests.
        clock: What the kernel says of the wall clock.
    """
    time = clock()
    low, bits = _supply_low(root), _throttled(root)
    seen = bool(low) or bool(bits and bits & (_SEEN_LOW_BIT | 1))
    return Machine(
        model=_text(root / "proc/device-tree/model").rstrip("\0"),
        soc_c=_scaled(root / "sys/class/thermal/thermal_zone0/temp", 1000),
        supply_low=low,
        supply_low_seen=None if low is None and bits is None else seen,
        throttled=None if bits is None else bits & _NOW_BITS,
        memory_available=_memory_available(root),
        oom_kills=_field(_text(root / "proc/vmstat"), "oom_kill"),
        pressure=dict(_pressures(root)),
        clock_synced=time.synced if time else None,
        clock_error_s=round(time.error_s, 6) if time and time.synced else None,
        storage=_storage(folder, root),
        network=_network(root),
    )


def _text(path: Path) -> str:
    """Return what the file says, empty when it is not there or the driver fails: then unknown."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(text: str, base: int = 10) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None


def _scaled(path: Path, by: int) -> float | None:
    value = _number(_text(path))
    return None if value is None else value / by


def _field(text: str, name: str) -> int | None:
    """Return the number after `name` in lines like `name 12` or `name: 12 kB`."""
    for line in text.splitlines():
        if line.startswith(name):
            first, *rest = line.replace(":", " ").split()
            if first == name and rest:
                return _number(rest[0])
    return None


def _supply_low(root: Path) -> bool | None:
    # The number of a hwmon shifts with the order of the drivers, its name does not.
    for sensor in sorted(root.glob("sys/class/hwmon/hwmon*")):
        if _text(sensor / "name") == "rpi_volt":
            alarm = _number(_text(sensor / "in0_lcrit_alarm"))
            return None if alarm is None else alarm != 0
    return None


def _throttled(root: Path) -> int | None:
    for path in root.glob("sys/devices/platform/soc*/soc*firmware/get_throttled"):
        return _number(_text(path), 16)
    return None


def _memory_available(root: Path) -> float | None:
    text = _text(root / "proc/meminfo")
    total, available = _field(text, "MemTotal"), _field(text, "MemAvailable")
    return round(available / total, 4) if total and available is not None else None


def _pressures(root: Path) -> Iterator[tuple[str, float]]:
    """Yield what the kernel says of waiting; a Pi's does so only with `psi=1` on its cmdline."""
    for name in ("cpu", "io", "memory"):
        for line in _text(root / "proc/pressure" / name).splitlines():
            kind, *figures = line.split()
            shares = dict(figure.partition("=")[::2] for figure in figures)
            if kind == "some" and "avg60" in shares:
                yield name, round(float(shares["avg60"]) / 100, 4)


def _storage(folder: Path, root: Path) -> Storage:
    try:
        of = os.statvfs(folder)
        device = folder.stat().st_dev
    except OSError:
        return Storage()
    name = _device_name(device, root)
    ext4 = root / "sys/fs/ext4" / name
    written = _number(_text(ext4 / "lifetime_write_kbytes")) if name else None
    return Storage(
        available=round(of.f_bavail / of.f_blocks, 4) if of.f_blocks else None,
        read_only=bool(of.f_flag & os.ST_RDONLY),
        errors=_number(_text(ext4 / "errors_count")) if name else None,
        written_bytes=None if written is None else written * 1024,
    )


def _device_name(device: int, root: Path) -> str:
    """Return `mmcblk0p2` for the device's number; empty when no block device has it."""
    link = root / "sys/dev/block" / f"{os.major(device)}:{os.minor(device)}"
    try:
        return link.resolve(strict=True).name
    except OSError:
        return ""


def _network(root: Path) -> Network:
    name = _interface(root)
    if not name:
        return Network()
    at = root / "sys/class/net" / name
    speed = _number(_text(at / "speed"))
    packets = _number(_text(at / "statistics/rx_packets"))
    errors = _number(_text(at / "statistics/rx_errors"))
    return Network(
        interface=name,
        # A radio, and a cable nobody plugged in, say -1 or nothing.
        link_mbps=speed if speed is not None and speed > 0 else None,
        rssi_dbm=_rssi_dbm(root, name),
        errors=round(errors / packets, 6) if packets and errors is not None else None,
    )


def _interface(root: Path) -> str:
    for line in _text(root / "proc/net/route").splitlines()[1:]:
        name, destination, *_ = line.split()
        if destination == "00000000":
            return name
    # A hall has no internet, and perhaps no default route.
    up = [
        path.name
        for path in sorted(root.glob("sys/class/net/*"))
        if path.name != "lo" and _text(path / "operstate") == "up"
    ]
    return up[0] if up else ""


def _rssi_dbm(root: Path, interface: str) -> int | None:
    """Return the `level` column of /proc/net/wireless: `wlan0: 0000   58.  -52.  -256 ...`."""
    for line in _text(root / "proc/net/wireless").splitlines():
        name, _, columns = line.strip().partition(":")
        if name == interface:
            return _number(columns.split()[2].rstrip("."))
    return None
