"""PURE: the secret on a slip that opens its phone page, and the link that says it.

A code is 128 bits of a MAC over the press's origin, under a key only this kiosk has. So nothing
has to be kept from the press to the paper, a restart between them included, and of the code itself
neither wire nor journal nor any disk ever knows more than the SHA-256.
"""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_BYTES = 32
CODE_BYTES = 16


class Codes:
    """Makes the codes of one kiosk's slips.

    Args:
        key: Of this kiosk alone, kept across restarts.
        page: Where the phone page is, e.g. `http://10.78.0.1`.
        ssid: Of the visitors' Wi-Fi; empty where a phone needs none.

    Attributes:
        next_origin: What the next press will be called, `stream:seq`; empty = not known.
    """

    def __init__(self, *, key: bytes, page: str, ssid: str = "") -> None:
        self.next_origin: Callable[[], str] = str
        self.ssid = ssid
        self._key = key
        self._page = page.rstrip("/")

    def next_sha256(self) -> str:
        """Return the SHA-256 of the next press's code; empty when that is not known."""
        origin = self.next_origin()
        return self._sha256(origin) if origin else ""

    def link(self, origin: str, *, code_sha256: str, language: str) -> str:
        """Return the link to the page of a press's tickets, in capitals: a smaller QR code.

        Empty when its code is none of this key: the press was made before this key, or has none.
        """
        if code_sha256 != self._sha256(origin):
            return ""
        return f"{self._page}/t/{self._code(origin)}/{language}".upper()

    def _code(self, origin: str) -> str:
        mac = hmac.digest(self._key, origin.encode(), "sha256")[:CODE_BYTES]
        return base64.b32encode(mac).decode().rstrip("=")

    def _sha256(self, origin: str) -> str:
        return hashlib.sha256(self._code(origin).encode()).hexdigest()
