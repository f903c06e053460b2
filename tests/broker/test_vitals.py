"""A process tells its supervisor, and knows its machine."""

import os
import socket
from pathlib import Path

import pytest

from broker.vitals import boot_id, ready, rss_bytes, watchdog


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_supervisor_is_told(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """READY and WATCHDOG arrive as systemd's datagrams, on both kinds of socket."""
    name = f"{tmp_path}/notify" if kind == "path" else f"@loket-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(name.replace("@", "\0"))
        supervisor.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")

        assert ready()
        assert supervisor.recv(100) == b"READY=1"
        assert watchdog()
        assert supervisor.recv(100) == b"WATCHDOG=1"


def test_without_a_supervisor_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by hand, a process runs as it does under systemd."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    assert not ready()
    assert not watchdog()


def test_a_supervisor_without_a_watchdog_is_not_fed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub must not die of a heartbeat nobody waits for."""
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/only-waited-for-ready")
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)

    assert not watchdog()


def test_a_supervisor_that_is_gone_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that believes itself watched must not go on unwatched."""
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/nobody")

    with pytest.raises(OSError, match="No such file"):
        ready()


def test_a_boot_has_one_id() -> None:
    """The same for every process until the next boot."""
    assert len(boot_id()) == 36
    assert boot_id() == boot_id()


def test_memory_in_ram_grows_with_use() -> None:
    """8 MiB written to are 8 MiB more, in bytes."""
    before = rss_bytes()
    block = bytearray(b"x" * 8 * 1024 * 1024)

    assert rss_bytes() - before >= len(block) * 3 // 4
    assert rss_bytes() < 2**40
