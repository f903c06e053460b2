"""PURE: where the phone page of the visitors' Wi-Fi is served."""

import ipaddress
from urllib.parse import urlsplit

HTTP_PORT = 80


def address_of(page: str) -> tuple[str, int]:
    """Return the IP address and port of `[wifi] page`.

    A phone without internet asks no name server it could trust, so a name is none.

    Raises:
        ValueError: Not `http://`, an IPv4 address, and perhaps a port.
    """
    parts = urlsplit(page)
    if parts.scheme != "http" or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{page!r}: more than http:// and an address")
    if parts.username is not None or parts.hostname is None:
        raise ValueError(f"{page!r}: no address")
    return str(ipaddress.IPv4Address(parts.hostname)), parts.port or HTTP_PORT
