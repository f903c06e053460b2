"""A disk that is really full: a tmpfs of a few MB, mounted for one test."""

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import find_part


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount one at the folder; skip the test, with the reason, where that is not allowed."""
    folder.mkdir()
    mount, umount = find_part("mount"), find_part("umount")
    if mount is None or umount is None:
        pytest.skip("mount is missing: apt-get install mount")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs can't be mounted here (root may): {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([umount, "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write into the file until the disk is full."""
    size = 1024 * 1024
    while size >= 512:
        try:
            with file.open("ab", buffering=0) as growing:
                growing.write(bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            size //= 2
