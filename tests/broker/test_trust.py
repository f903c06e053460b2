"""When a machine's clock is trusted: the rule, line by line, on a machine made of files."""

from pathlib import Path

import pytest

from broker.trust import RTC_APART_S, SystemTrust, is_synchronised

NOW_S = 1_795_000_000.5


class Machine:
    """A system as the rule sees it; nothing vouches for its clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.synchronised = False
        self.boot_id = folder / "boot_id"
        self.boot_id.write_text("boot-1\n")
        self.machine = "aarch64"
        self.has_rtc = False
        (folder / "rtc").mkdir()

    def chip(self, *, off_s: int = 0, hctosys: str = "0\n") -> None:
        """Give it a clock chip that is so far off."""
        chip = self.folder / "rtc" / "rtc0"
        chip.mkdir()
        (chip / "since_epoch").write_text(f"{int(NOW_S) + off_s}\n")
        (chip / "hctosys").write_text(hctosys)

    def trust(self) -> SystemTrust:
        """Return the trust of a hub that has just started."""
        return SystemTrust(
            latch=self.folder / "latch",
            has_rtc=self.has_rtc,
            wall_s=lambda: NOW_S,
            synchronised=lambda: self.synchronised,
            machine=self.machine,
            rtcs=self.folder / "rtc",
            boot_id=self.boot_id,
        )

    @property
    def is_trusted(self) -> bool:
        """Whether that hub trusts the clock."""
        return self.trust().is_trusted()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Give a Pi without a clock chip and without network."""
    return Machine(tmp_path)


def test_a_pi_without_a_chip_is_never_trusted_before_the_network_told_it(machine: Machine) -> None:
    """Also in a container, which sees no chip, or no folder of chips."""
    assert not machine.is_trusted
    (machine.folder / "rtc").rmdir()
    assert not machine.is_trusted


def test_a_synchronised_clock_is_trusted_until_the_next_boot(machine: Machine) -> None:
    """Hours after the network is gone the kernel takes it back; the clock is right all the same."""
    machine.synchronised = True
    trust = machine.trust()
    assert trust.is_trusted()
    machine.synchronised = False
    assert trust.is_trusted()
    assert machine.is_trusted  # a hub that was started again

    machine.boot_id.write_text("boot-2\n")
    assert not machine.is_trusted
    assert trust.boot_s() > 0


def test_a_system_without_boot_ids_remembers_nothing(machine: Machine) -> None:
    """Two unknown boots are not the same one."""
    machine.boot_id.unlink()
    machine.synchronised = True
    assert machine.is_trusted
    machine.synchronised = False
    assert not machine.is_trusted


@pytest.mark.parametrize("name", ["x86_64", "AMD64", "i686"])
def test_a_pc_has_a_clock_of_its_own(machine: Machine, name: str) -> None:
    """So has a container on one."""
    machine.machine = name
    assert machine.is_trusted


def test_a_chip_is_trusted_from_which_the_kernel_set_the_clock(machine: Machine) -> None:
    """Its `hctosys` says so."""
    machine.chip(hctosys="1\n", off_s=-RTC_APART_S + 1)
    assert machine.is_trusted


@pytest.mark.parametrize("hctosys", ["0\n", "1\n"])
def test_a_chip_with_a_dead_battery_is_not(machine: Machine, hctosys: str) -> None:
    """A Pi 5 without its battery: the chip starts at 1970, the clock at the last switching off."""
    machine.chip(hctosys=hctosys, off_s=-int(NOW_S) + 30)
    machine.has_rtc = True
    assert not machine.is_trusted


def test_a_chip_the_hall_file_names_is_trusted_when_it_agrees(machine: Machine) -> None:
    """It is found only after the kernel has looked for one; without the chip the word is none."""
    machine.has_rtc = True
    assert not machine.is_trusted
    machine.chip()
    assert machine.is_trusted
    machine.has_rtc = False
    assert not machine.is_trusted


def test_a_chip_that_says_no_number_is_none(machine: Machine) -> None:
    """A driver in trouble gives an error or nothing."""
    machine.chip(hctosys="1\n")
    (machine.folder / "rtc" / "rtc0" / "since_epoch").write_text("\n")
    assert not machine.is_trusted
    (machine.folder / "rtc" / "rtc0" / "since_epoch").write_bytes(b"\xff")
    assert not machine.is_trusted


def test_the_kernel_can_be_asked() -> None:
    """Whatever it answers here; asking needs no rights and fails on no system."""
    assert is_synchronised() in {True, False}
