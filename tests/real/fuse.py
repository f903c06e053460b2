"""A folder whose disk fails when told: a FUSE file system over `platter.py`, as a program.

    python -m tests.real.fuse FOLDER CONTROL

mounts itself over FOLDER, with what is in it as its content, and does what it is told by lines of
JSON on the Unix socket CONTROL:

    {"do": "arm", "call": "sync", "nth": 3, "fault": "cut", ...}  the 3rd sync from now on
    {"do": "power_on", "loss": "torn", "seed": 1}                 what was not synced is gone
    {"do": "counts"}                                              calls since the last arm

`call` is `sync` (fsync, fdatasync, of files and folders), `write` (write, truncate, fallocate), or
empty for both; counted are those of databases and of folders; zeros that only make a file longer,
which the kernel writes page by page, count as one. `fault` is an errno's name, for that one call
(with `"lasting": true` for all from there on), or `cut`, where the machine dies `before` or `after`
the call took effect: the process that called is killed before it hears of it, and all else fails
until the power is on again.
"""

import contextlib
import errno
import json
import os
import signal
import socket
import stat
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import mfusepy

from tests.real.platter import Change, File, Folder

FREE_BLOCKS = 250_000
BLOCK_BYTES = 4096


class Fault(NamedTuple):
    """What is to happen at which call, and whether it has taken effect by then."""

    call: str
    nth: int
    fault: str
    when: str = "before"
    lasting: bool = False


class FailingDisk(mfusepy.Operations):
    """The file system."""

    use_ns = True

    def __init__(self, root: Folder, control: Path) -> None:
        self._root = root
        self._control = control
        self._open: dict[int, File] = {}
        self._next = 1
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._armed: Fault | None = None
        self._is_off = False
        self._fired = 0
        self._grown: File | None = None

    def init(self, path: str) -> None:  # noqa: ARG002 - libfuse's
        """Take commands from now on: the folder is mounted."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._control))
        listener.listen()
        threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    # -- what it is told -------------------------------------------------------------------------

    def _listen(self, listener: socket.socket) -> None:
        while True:
            client, _ = listener.accept()
            with client, client.makefile() as lines:
                for line in lines:
                    answer = json.dumps(self._told(**json.loads(line)))
                    client.sendall(answer.encode() + b"\n")

    def _told(self, *, do: str, **said: Any) -> dict[str, Any]:
        with self._lock:
            match do:
                case "arm":
                    self._armed, self._fired = Fault(**said), 0
                    self._counts.clear()
                case "disarm":
                    self._armed = None
                    self._counts.clear()
                case "cut":
                    self._is_off = True
                case "power_on":
                    self._armed = None
                    self._open.clear()
                    self._root.cut(said["loss"], Random(said["seed"]))
                    self._is_off = False
            return {"counts": dict(self._counts), "fired": self._fired, "is_off": self._is_off}

    @contextlib.contextmanager
    def _call(self, call: str, path: str, node: File | Folder) -> Iterator[None]:
        """Let a call take effect in the block, or fail as armed."""
        with self._lock:
            self._check_power()
            fault = self._due(call, path, node)
            if fault is None:
                yield
                return
            if fault.when == "after":
                yield
            if fault.fault == "cut":
                self._is_off = True
                os.kill(mfusepy.fuse_get_context()[2], signal.SIGKILL)
                raise mfusepy.FuseOSError(errno.EIO)
            if call == "sync":
                node.fail_sync()
            raise mfusepy.FuseOSError(getattr(errno, fault.fault))

    def _due(self, call: str, path: str, node: File | Folder) -> Fault | None:
        name = path.rsplit("/", 1)[-1]
        if isinstance(node, File) and not name.endswith((".db", ".db-wal", ".db-journal")):
            return None
        self._counts[call] += 1
        fault = self._armed
        if fault is None or fault.call not in {call, ""}:
            return None
        nth = self._counts[call] if fault.call else self._counts.total()
        if nth < fault.nth or (nth > fault.nth and not fault.lasting):
            return None
        self._fired += 1
        return fault

    def _check_power(self) -> None:
        if self._is_off:
            raise mfusepy.FuseOSError(errno.EIO)

    # -- what processes ask ----------------------------------------------------------------------

    def _find(self, path: str) -> File | Folder:
        node: File | Folder = self._root
        for name in filter(None, path.split("/")):
            if not isinstance(node, Folder) or name not in node.live:
                raise mfusepy.FuseOSError(errno.ENOENT)
            node = node.live[name]
        return node

    def _split(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        folder = self._find(above)
        if not isinstance(folder, Folder):
            raise mfusepy.FuseOSError(errno.ENOTDIR)
        return folder, name

    def _file(self, path: str, fh: int | None) -> File:
        node = self._open.get(fh or 0) or self._find(path)
        if not isinstance(node, File):
            raise mfusepy.FuseOSError(errno.EISDIR)
        return node

    def _opened(self, file: File) -> int:
        fh, self._next = self._next, self._next + 1
        self._open[fh] = file
        return fh

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Return size and kind."""
        with self._lock:
            self._check_power()
            node = self._open.get(fh or 0) or self._find(path)
            size = len(node.live) if isinstance(node, File) else 0
            return {
                "st_mode": node.mode,
                "st_size": size,
                "st_blocks": -(-size // 512),
                "st_nlink": 2 if isinstance(node, Folder) else 1,
                "st_uid": os.getuid(),
                "st_gid": os.getgid(),
            }

    def readdir(self, path: str, fh: int) -> Any:  # noqa: ARG002
        """Return the names in a folder."""
        with self._lock:
            self._check_power()
            folder = self._find(path)
            return [".", "..", *folder.live] if isinstance(folder, Folder) else []

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        return self._made(path, Folder(stat.S_IFDIR | mode))

    def mknod(self, path: str, mode: int, dev: int) -> int:  # noqa: ARG002
        """Make a socket."""
        return self._made(path, File(mode))

    def _made(self, path: str, node: File | Folder) -> int:
        with self._lock:
            self._check_power()
            folder, name = self._split(path)
            folder.live[name] = node
            return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:  # noqa: ARG002
        """Make a file and open it."""
        file = File(stat.S_IFREG | mode)
        self._made(path, file)
        return self._opened(file)

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        with self._lock:
            self._check_power()
            file = self._file(path, None)
        if flags & os.O_TRUNC:
            self.truncate(path, 0)
        return self._opened(file)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Return bytes."""
        with self._lock:
            self._check_power()
            return bytes(self._file(path, fh).live[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write bytes."""
        file, written = self._file(path, fh), bytes(data)
        is_zeros = offset >= len(file.live) and written.count(0) == len(written)
        is_more = is_zeros and self._grown is file
        self._grown = file if is_zeros else None
        with self._call("grow" if is_more else "write", path, file):
            file.change(Change(offset, written))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Cut or grow a file."""
        file = self._file(path, fh)
        with self._call("write", path, file):
            file.change(Change(length, None))
        return 0

    def fallocate(self, path: str, mode: int, offset: int, size: int, fh: int) -> int:
        """Grow a file."""
        if mode:
            raise mfusepy.FuseOSError(errno.EOPNOTSUPP)
        file = self._file(path, fh)
        if offset + size > len(file.live):
            self.truncate(path, offset + size, fh)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        """Put a file on the platter."""
        file = self._file(path, fh)
        with self._call("sync", path, file):
            file.sync()
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        """Put a folder's names on the platter."""
        folder = self._find(path)
        with self._call("sync", path, folder):
            folder.sync()
        return 0

    def release(self, path: str, fh: int) -> int:  # noqa: ARG002
        """Close a file."""
        with self._lock:
            self._open.pop(fh, None)
        return 0

    def unlink(self, path: str) -> int:
        """Take a name away."""
        with self._lock:
            self._check_power()
            folder, name = self._split(path)
            if folder.live.pop(name, None) is None:
                raise mfusepy.FuseOSError(errno.ENOENT)
        return 0

    rmdir = unlink

    def rename(self, old: str, new: str) -> int:
        """Give another name."""
        with self._lock:
            self._check_power()
            source, name = self._split(old)
            if name not in source.live:
                raise mfusepy.FuseOSError(errno.ENOENT)
            target, new_name = self._split(new)
            target.live[new_name] = source.live.pop(name)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Change who may."""
        with self._lock:
            self._check_power()
            node = self._find(path)
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:  # noqa: ARG002
        """Leave the owner as it is."""
        return 0

    def utimens(self, path: str, times: Any = None) -> int:  # noqa: ARG002
        """Keep no times."""
        return 0

    def statfs(self, path: str) -> dict[str, int]:  # noqa: ARG002
        """Return plenty of room."""
        free = {"f_bavail": FREE_BLOCKS, "f_bfree": FREE_BLOCKS, "f_blocks": 2 * FREE_BLOCKS}
        return {"f_bsize": BLOCK_BYTES, "f_frsize": BLOCK_BYTES, "f_namemax": 255, **free}


def read_tree(folder: Path) -> Folder:
    """Return a folder of a real disk, all of it synced."""
    tree = Folder()
    for path in folder.iterdir():
        if path.is_dir():
            tree.live[path.name] = read_tree(path)
        elif path.is_file():
            tree.live[path.name] = File(path.stat().st_mode, path.read_bytes())
    tree.sync_all()
    return tree


def main() -> None:
    """Mount, and serve until unmounted."""
    folder, control = map(Path, sys.argv[1:3])
    mfusepy.FUSE(
        FailingDisk(read_tree(folder), control),
        str(folder),
        foreground=True,
        nothreads=True,  # one call at a time: the n-th is the n-th
        fsname="loket-failing-disk",
        # Nothing may be remembered over a power cut.
        entry_timeout=0,
        attr_timeout=0,
        negative_timeout=0,
    )


if __name__ == "__main__":
    main()
