"""Disks that are full, or have become read-only, under a real hub and a real kiosk."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.disk import BALLAST_FILE
from tests.real.chaos_hall import AGAIN_S, Build, ChaosHall, ask
from tests.real.hall import until
from tests.real.life import KIOSK, SERVICE, VICTIMS, LifeHall, faults_of
from tests.real.oracle import lost, twice
from tests.small_disk import fill, small_disk

pytestmark = pytest.mark.needs("mosquitto")

ROOM_MB = {"hub": 100, KIOSK: 72}
"""A ballast is made where 64 MB are left beside it: 16 MB of a hub's, 2 MB of a node's."""


class SmallHall(ChaosHall):
    """Broker, hub and one kiosk; one of the two on a small disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, kiosks=1, build=Build())
        self.counters = []
        self.nodes = [KIOSK]
        self.processes = {name: self.processes[name] for name in ("broker", "hub", KIOSK)}

    def start(self) -> None:
        """Start all of it."""
        self.processes["broker"].start()
        until(lambda: "mosquitto serves" in self.log("broker").read_text("utf-8"), "the broker")
        for name in ("hub", KIOSK):
            self.processes[name].start()
        until(lambda: ask(self.data / KIOSK, {"get": "panel"}), "the kiosk")

    def end(self, name: str, signum: int) -> None:
        """End one of them."""
        self.processes[name].send(signum)
        self.processes[name].wait()

    def press(self, service: str = SERVICE) -> bool:
        """Press one of the kiosk's buttons; return whether it is on disk."""
        return bool(ask(self.data / KIOSK, {"press": service, "ms": 30}).get("ok"))

    def until_settled(self) -> None:
        """Wait until the hub has decided all, and all is on paper."""
        until(lambda: self.is_settled(KIOSK), "all has its result and its paper", within_s=70)

    def check(self, tickets: int) -> None:
        """Assert that so many tickets are there, each once, on paper."""
        self.until_settled()
        journal, kept = self.journal(), {KIOSK: self.outbox(KIOSK)}
        events = [event["type"] for row in journal for event in row.events]
        assert events.count("print_confirmed") == tickets
        assert [*lost(journal, kept), *twice(journal)] == []


@pytest.fixture(params=sorted(ROOM_MB))
def on_small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Give a victim whose data folder, in `tmp_path/data`, is a small disk."""
    name = request.param
    (tmp_path / "data").mkdir(mode=0o700)
    with small_disk(tmp_path / "data" / name, ROOM_MB[name]) as disk:
        yield name, disk


def test_a_full_disk_stops_nothing_while_there_is_ballast_and_loses_nothing_without(
    tmp_path: Path, on_small_disk: tuple[str, Path]
) -> None:
    """A start on a full disk costs the ballast; on one fuller still the process ends, and says."""
    victim, disk = on_small_disk
    hall = SmallHall(tmp_path)
    try:
        hall.start()
        process = hall.processes[victim]
        until((disk / BALLAST_FILE).exists, "the ballast")
        assert hall.press("skck")
        hall.check(1)

        fill(disk / "big")
        hall.end(victim, signal.SIGKILL)
        process.start()
        until(lambda: not (disk / BALLAST_FILE).exists(), "the ballast gave way")
        until(lambda: ask(hall.data / KIOSK, {"get": "panel"}), "the kiosk")
        assert hall.press("sim")
        hall.check(2)

        hall.end(victim, signal.SIGTERM)  # takes its WAL with it, and the room that has
        fill(disk / "big")
        process.start()
        until(lambda: not process.is_running, "it ends: there is no room to write at all")
        assert process.code == 1
        assert "free some space" in hall.log(victim).read_text("utf-8")
        assert hall.press("kk") == (victim == "hub")

        (disk / "big").unlink()
        process.start()
        until(lambda: ask(hall.data / KIOSK, {"get": "panel"}), "the kiosk")
        assert hall.press("paspor-baru")
        hall.check(3 + (victim == "hub"))
    finally:
        hall.stop()


@pytest.mark.needs("fusermount3")
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_disk_that_became_read_only_loses_nothing(tmp_path: Path, victim: str) -> None:
    """A hub ends and comes back with the disk; a node refuses presses until it is mended."""
    hall = LifeHall(tmp_path)
    with hall.running():
        hall.live()
        time.sleep(AGAIN_S)  # sooner it would be the same press again
        hall.disks[victim].fail("EROFS")
        before = len(hall.outbox(KIOSK))
        answer = ask(hall.data / KIOSK, {"press": SERVICE, "ms": 30})
        if victim == KIOSK:
            assert "not kept" in answer["error"]
            assert len(hall.outbox(KIOSK)) == before
        else:
            assert answer == {"ok": True}
        if victim == "hub":
            until(lambda: not hall.processes["hub"].is_running, "the hub ends")
        hall.disks[victim].mend()
        hall.live()
        hall.until(hall.done, "every row has its result", within_s=90)

        assert not any(faults_of(hall).values())
