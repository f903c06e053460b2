"""Figures of a Pi from recorded trees of /proc and /sys; what is not there is unknown."""

import os
from pathlib import Path

import msgspec
import pytest

from broker.machine import sample as whole_sample
from broker.trust import KernelClock
from broker.wire.figures import Machine, Network, Storage

MEMINFO = "MemTotal:        3884836 kB\nMemFree:          210040 kB\nMemAvailable:    2913627 kB\n"
ROUTE = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
    "wlan0\t0000120A\t00000000\t0001\t0\t0\t600\t0000FFFF\n"
    "eth0\t00000000\t0112A8C0\t0003\t0\t0\t100\t00000000\n"
)
WIRELESS = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
    " wlan0: 0000   58.  -52.  -256        0      0      0      0     26        0\n"
)
PI = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/meminfo": MEMINFO,
    "proc/vmstat": "nr_free_pages 52510\noom_kill 3\n",
    "proc/net/route": ROUTE,
    "proc/net/wireless": WIRELESS,
    "proc/pressure/cpu": "some avg10=0.00 avg60=52.25 avg300=0.20 total=115657905\n",
    "proc/pressure/io": (
        "some avg10=0.02 avg60=0.12 avg300=0.20 total=115657905\n"
        "full avg10=0.02 avg60=0.09 avg300=0.11 total=74648203\n"
    ),
    "sys/class/thermal/thermal_zone0/temp": "48686\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "0\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/net/eth0/speed": "100\n",
    "sys/class/net/eth0/statistics/rx_packets": "2000\n",
    "sys/class/net/eth0/statistics/rx_errors": "30\n",
}
"""A Pi 4 with a weak supply, as its files read."""


def sample(folder: Path, *, root: Path, clock: KernelClock | None = None) -> Machine:
    """Return a sample of a machine whose kernel says this of its clock."""
    return whole_sample(folder, root=root, clock=lambda: clock)


def tree(root: Path, files: dict[str, str]) -> Path:
    """Write a recorded tree and return where it is."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def disk_of(folder: Path, root: Path, files: dict[str, str]) -> Path:
    """Let the recorded tree know the device of this folder as `mmcblk0p2`."""
    device = folder.stat().st_dev
    tree(root, {"sys/devices/mmc/mmcblk0p2/size": "1"} | files)
    link = root / "sys/dev/block" / f"{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(root / "sys/devices/mmc/mmcblk0p2")
    return root


def test_a_pi_tells_its_figures(tmp_path: Path) -> None:
    """Each from its own file, in base units."""
    found = sample(tmp_path / "nowhere", root=tree(tmp_path, PI))

    assert found == Machine(
        model="Raspberry Pi 4 Model B Rev 1.4",
        soc_c=48.686,
        supply_low=True,
        supply_low_seen=True,
        throttled=0b0101,
        memory_available=0.75,
        oom_kills=3,
        pressure={"cpu": 0.5225, "io": 0.0012},
        network=Network(interface="eth0", link_mbps=100, errors=0.015),
    )


def test_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    """Nothing readable, nothing said: an unknown is never a zero."""
    assert sample(tmp_path / "nowhere", root=tmp_path) == Machine()


@pytest.mark.parametrize(
    ("files", "is_low"),
    [
        ({"sys/class/hwmon/hwmon1/name": "rpi_volt"}, None),
        ({"sys/class/hwmon/hwmon7/name": "rpi_volt"}, None),
        (
            {
                "sys/class/hwmon/hwmon7/name": "rpi_volt",
                "sys/class/hwmon/hwmon7/in0_lcrit_alarm": "0",
            },
            False,
        ),
        (
            {
                "sys/class/hwmon/hwmon0/name": "nct6775",
                "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1",
            },
            None,
        ),
    ],
)
def test_the_supply_is_found_by_name(
    files: dict[str, str], *, is_low: bool | None, tmp_path: Path
) -> None:
    """The sensor's number shifts between boots; another chip's alarm says nothing of the supply."""
    assert sample(tmp_path, root=tree(tmp_path, files)).supply_low is is_low


@pytest.mark.parametrize(
    ("bits", "throttled", "seen"),
    [("0", 0, False), ("e0000", 0, False), ("50000", 0, True), ("1", 1, True), ("6", 6, False)],
)
def test_that_the_supply_was_low_is_believed(
    bits: str, throttled: int, *, seen: bool, tmp_path: Path
) -> None:
    """The bit since boot is cleared by whoever reads it: set it is true, unset it says nothing."""
    files = {"sys/devices/platform/soc/soc:firmware/get_throttled": bits}

    found = sample(tmp_path, root=tree(tmp_path, files))
    assert (found.throttled, found.supply_low_seen, found.supply_low) == (throttled, seen, None)


@pytest.mark.parametrize(
    ("clock", "synced", "error_s"),
    [
        (None, None, None),
        (KernelClock(synced=True, error_s=0.0125), True, 0.0125),
        (KernelClock(synced=False, error_s=16.0), False, None),
    ],
)
def test_the_clock_is_as_the_kernel_says(
    clock: KernelClock | None, *, synced: bool | None, error_s: float | None, tmp_path: Path
) -> None:
    """Of a clock nothing keeps, nobody knows how wrong it is."""
    found = sample(tmp_path, root=tmp_path, clock=clock)
    assert (found.clock_synced, found.clock_error_s) == (synced, error_s)


def test_a_hall_without_a_default_route_has_a_network(tmp_path: Path) -> None:
    """The interface that is up is looked at; a radio has a strength and no speed."""
    files = {
        "proc/net/route": ROUTE.splitlines()[0],
        "proc/net/wireless": WIRELESS,
        "sys/class/net/lo/operstate": "up",
        "sys/class/net/eth0/operstate": "down",
        "sys/class/net/wlan0/operstate": "up",
        "sys/class/net/wlan0/speed": "-1",
    }

    found = sample(tmp_path, root=tree(tmp_path, files)).network

    assert found == Network(interface="wlan0", rssi_dbm=-52)


def test_a_card_tells_its_errors(tmp_path: Path) -> None:
    """ext4's counters are found by the number of the device that holds the data."""
    files = {
        "sys/fs/ext4/mmcblk0p2/errors_count": "2\n",
        "sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes": "1024\n",
        "sys/fs/ext4/mmcblk0p1/errors_count": "0\n",
    }

    found = sample(tmp_path, root=disk_of(tmp_path, tmp_path / "root", files)).storage

    assert (found.errors, found.written_bytes, found.read_only) == (2, 1 << 20, False)
    assert found.available is not None
    assert 0 <= found.available <= 1


def test_another_file_system_counts_no_errors(tmp_path: Path) -> None:
    """A tmpfs has no device, an SSD with f2fs no ext4 counters: room is all that is known."""
    found = sample(tmp_path, root=disk_of(tmp_path, tmp_path / "root", {})).storage

    assert found == Storage(available=found.available, read_only=False)


def test_a_driver_that_fails_is_unknown(tmp_path: Path) -> None:
    """A file that can't be read as a number, or not at all, says nothing."""
    files = {"sys/class/thermal/thermal_zone0/temp": "", "proc/vmstat": "oom_kill many\n"}
    root = tree(tmp_path, files)
    (root / "proc/meminfo").mkdir()

    assert sample(tmp_path / "nowhere", root=root) == Machine()


def test_unknown_figures_take_no_room() -> None:
    """A health of a container is as short as what it knows."""
    assert msgspec.json.encode(Machine(oom_kills=0)) == b'{"oom_kills":0}'


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    """The real files are read without a fault."""
    found = whole_sample(tmp_path)

    assert found.memory_available is not None
    assert 0 < found.memory_available < 1
