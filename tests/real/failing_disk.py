"""The other end of `fuse.py`: mount a disk that fails when told over a folder, and tell it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import find_part
from tests.real.hall import until


class FailingDisk:
    """One mounted folder."""

    def __init__(self, folder: Path, control: Path) -> None:
        self.folder = folder
        self._control = control
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.real.fuse", str(folder), str(control)],
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_mounted(self) -> None:
        """Wait until it serves."""
        until(lambda: self._answers() or self.program.poll() is not None, "the mount")
        if self.program.poll() is not None:
            assert self.program.stderr is not None
            raise AssertionError(f"the file system ended: {self.program.stderr.read()}")

    def _answers(self) -> bool:
        """Return whether somebody listens: the socket's file is there a moment before."""
        try:
            self.tell("counts")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def tell(self, do: str, **said: Any) -> dict[str, Any]:
        """Tell it something; return what it says of itself."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self._control))
            client.sendall(json.dumps({"do": do, **said}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(client.makefile().readline())
            return answer

    def arm(self, call: str, nth: int, fault: str, *, when: str = "before") -> None:
        """Have the n-th such call from now on fail, or the power cut at it."""
        self.tell("arm", call=call, nth=nth, fault=fault, when=when)

    def fail(self, fault: str) -> None:
        """Have every write and sync fail until `mend`."""
        self.tell("arm", call="", nth=1, fault=fault, lasting=True)

    def mend(self) -> None:
        """Have nothing fail any more."""
        self.tell("disarm")

    @property
    def has_fired(self) -> bool:
        """Return whether what was armed has happened."""
        return bool(self.tell("counts")["fired"])

    def cut(self, *programs: "subprocess.Popen[Any]") -> None:
        """Cut the power now: these processes on it die with it."""
        self.tell("cut")
        for program in programs:
            program.kill()
            program.wait()

    def power_on(self, *, loss: str = "forgotten", seed: int = 0) -> None:
        """Switch on again; every process that had files open must be dead."""
        self.tell("power_on", loss=loss, seed=seed)

    def unmount(self) -> None:
        """End it, with whatever is on it."""
        fusermount = find_part("fusermount3")
        assert fusermount is not None
        subprocess.run([fusermount, "-u", "-z", str(self.folder)], check=False)
        try:
            self.program.wait(5)
        except subprocess.TimeoutExpired:
            self.program.send_signal(signal.SIGKILL)
        self.program.communicate()
        self._control.unlink(missing_ok=True)


@contextlib.contextmanager
def failing_disk(folder: Path, control: Path) -> Iterator[FailingDisk]:
    """Mount one over the folder for the block; skip the test where that can't be.

    Args:
        control: Where its socket is to be, outside the folder.
    """
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("/dev/fuse is missing or not ours: no file system of our own here")
    disk = FailingDisk(folder, control)
    try:
        disk.until_mounted()
        yield disk
    finally:
        disk.unmount()
