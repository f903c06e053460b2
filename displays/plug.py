"""Whether a television is plugged in, from the kernel's list of connectors.

A screen that is switched on after the Pi, or unplugged and plugged in again, stays black under
KMS until it is opened anew (raspberrypi/linux issues 5017 and 4411): somebody has to look.
"""

from pathlib import Path

DRM = Path("/sys/class/drm")

CONNECTED = "connected"


class Plug:
    """The video connectors of this machine.

    Args:
        root: Where the kernel lists them; a recorded tree in tests.
    """

    def __init__(self, root: Path = DRM) -> None:
        self._root = root

    def look(self) -> bool | None:
        """Return whether a screen is plugged in; None when the kernel does not tell."""
        said = [_status(path) for path in sorted(self._root.glob("card*-*/status"))]
        known = [status for status in said if status in {CONNECTED, "disconnected"}]
        return CONNECTED in known if known else None


def _status(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return "unknown"
