"""PURE: the seal that lets a row prove itself when a node gives it back (DESIGN §5.8).

A hub whose journal is gone takes its rows from what nodes hold. A node could give anything; a row
that was decided by a hub of this hall carries that hub's seal, an HMAC by a key no node ever sees.
"""

import hmac
from typing import NamedTuple

import msgspec
from msgspec import Raw

from broker.wire.messages import UNREADABLE

KEY_BYTES = 32
"""As long as SHA-256's output: a longer one adds nothing (RFC 2104 §3)."""

SEAL_BYTES = 16
"""Of the 32 of HMAC-SHA256. RFC 2104 §5 asks for at least half. A forger without the key has one
chance in 2**128 a try and can try only during a recovery; a full ack is 1 KiB shorter for it."""

_VERSION = b"loket seal 1"


class Sealed(NamedTuple):
    """What a seal is made of: a row of a hub's journal.

    Attributes:
        gen, pos, at_ms: Which hub's journal held it, where, and its stamp.
        command: JSON as sent, or as in the outbox: the age, which each sending changes, and the
            order of the fields don't count.
        events: JSON as the hub wrote it; `[]` when refused.
    """

    gen: str
    pos: int
    at_ms: int
    stream: str
    seq: int
    command: bytes
    events: bytes
    refusal: str = ""


class Seals:
    """Makes and checks seals with the hall's key.

    Args:
        key: `KEY_BYTES` random bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a hall's key has {KEY_BYTES} bytes, not {len(key)}")
        self._keyed = hmac.new(key, _VERSION, "sha256")

    def seal(self, row: Sealed) -> str:
        """Return the row's seal as hex."""
        mac = self._keyed.copy()
        for column in row._replace(command=_ageless(row.command)):
            body = column if isinstance(column, bytes) else str(column).encode()
            # Led by its length, so bytes moved from one to the next are another row.
            mac.update(len(body).to_bytes(8, "big"))
            mac.update(body)
        return mac.digest()[:SEAL_BYTES].hex()

    def holds(self, row: Sealed, seal: str) -> bool:
        """Return whether this hall's hub decided this row."""
        return hmac.compare_digest(self.seal(row).encode(), seal.encode())


def _ageless(command: bytes) -> bytes:
    """Return the same bytes for the same command, whenever and by whichever end it is asked for."""
    try:
        fields = msgspec.json.decode(command, type=dict[str, Raw])
    except UNREADABLE:
        return command  # No object: it was refused as `rejected`, and nobody set an age.
    fields.pop("age_ms", None)
    return msgspec.json.encode(dict(sorted(fields.items())))
