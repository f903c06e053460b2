"""What a process knows of itself and its machine, tells its supervisor, and asks of its children.

To the supervisor: systemd's protocol (`sd_notify`), which the demo's speaks too: datagrams to the
Unix socket named by NOTIFY_SOCKET. Of its children: not to outlive it.
"""

import ctypes
import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

NOTIFY_WAIT_S = 1.0
"""A supervisor that doesn't read its socket for so long is an error, not a reason to hang."""

_PR_SET_PDEATHSIG = 1

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STATM = Path("/proc/self/statm")


def ready() -> bool:
    """Say READY; return whether a supervisor listens.

    Raises:
        OSError: There is one, but it can't be told.
    """
    return _notify("READY=1")


def watchdog() -> bool:
    """Feed the watchdog, from a loop that did real work; return whether there is one.

    systemd sets WATCHDOG_USEC for a unit with `WatchdogSec`; without it nobody waits to be fed.

    Raises:
        OSError: There is one, but it can't be told.
    """
    return "WATCHDOG_USEC" in os.environ and _notify("WATCHDOG=1")


def _notify(state: str) -> bool:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        # Linux's abstract sockets have a zero byte there, which no environment can hold.
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
        to.settimeout(NOTIFY_WAIT_S)
        to.sendto(state.encode(), address)
    return True


def boot_id() -> str:
    """Return what Linux calls this boot, new at each: monotonic times mean nothing in another.

    Raises:
        OSError: /proc is not mounted; without it no age could be trusted.
    """
    return _BOOT_ID.read_text(encoding="ascii").strip()


def rss_bytes() -> int:
    """Return the memory of this process that is in RAM."""
    resident_pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return resident_pages * os.sysconf("SC_PAGE_SIZE")


def dying_with(parent: int) -> Callable[[], None]:
    """Return what a child of this process calls before its exec: the kernel kills it with us.

    For `preexec_fn`, where the parent has no other threads.

    Args:
        parent: Our pid.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        # Without the second look a parent that died in between would leave an orphan.
        if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
            os._exit(1)

    return bind


def end_process() -> None:
    """End the process at once: systemd starts it again, and state is folded from disk."""
    logging.shutdown()
    os._exit(1)
