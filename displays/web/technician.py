"""The technician's account: one password, kept as its argon2id hash in the pages' data folder."""

import asyncio
import secrets
from pathlib import Path

import msgspec
from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from msgspec import Struct

from broker.private import make_private_folder, write_private

ACCOUNT_FILE = "technician.json"

PASSWORD_CHARS_MIN = 10
"""NIST SP 800-63B asks for 8 where tries are limited; a shared one is told on more often."""

PASSWORD_CHARS_MAX = 200

_GENERATED_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are misread when read aloud or from paper: i, l, o, 0, 1."""

_GENERATED_GROUPS = 4
_GROUP_LETTERS = 4


class AccountError(Exception):
    """The account can't be read, or a password is no password; says how to mend it."""


class _Kept(Struct, frozen=True):
    hash: str
    v: int = 1


class Technician:
    """The account in one folder.

    Args:
        hasher: RFC 9106's second choice (64 MiB, 3 passes) unless a test wants a cheap one.
    """

    def __init__(self, folder: Path, hasher: PasswordHasher | None = None) -> None:
        self.path = folder / ACCOUNT_FILE
        self._hasher = hasher or PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        # One at a time: each takes 64 MiB, and a Pi has 1 GiB.
        self._turn = asyncio.Lock()

    @property
    def exists(self) -> bool:
        """Whether a password was ever set."""
        return self.path.exists()

    def set_password(self, password: str) -> None:
        """Keep this password's hash, readable by our user alone.

        Raises:
            AccountError: It is too short or too long, or the folder can't be written.
        """
        if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
            raise AccountError(
                f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters,"
                f" this one {len(password)}: choose another, or let --generate choose"
            )
        kept = msgspec.json.encode(_Kept(self._hasher.hash(password)))
        try:
            make_private_folder(self.path.parent)
            write_private(self.path, kept)
        except OSError as error:
            raise AccountError(f"{self.path}: {error}: give the folder to this user") from error

    async def knows(self, password: str) -> bool:
        """Return whether this is the password; takes some 0.1 s on a PC, of another thread.

        Raises:
            AccountError: No password was set, or the file is damaged.
        """
        kept = self._read()
        async with self._turn:
            return await asyncio.to_thread(self._is_right, kept.hash, password)

    def _is_right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise self._damaged(error) from error

    def _read(self) -> _Kept:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_Kept)
        except FileNotFoundError as error:
            raise AccountError("no password was set: loket technician --data DIR") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> AccountError:
        mend = "set the password again: loket technician --data DIR"
        return AccountError(f"{self.path}: {error}: {mend}")


def generated() -> str:
    """Return a random password of 79 bits that can be read aloud: `k7mq-x2dp-9hvw-ta4n`."""
    return "-".join(
        "".join(secrets.choice(_GENERATED_LETTERS) for _ in range(_GROUP_LETTERS))
        for _ in range(_GENERATED_GROUPS)
    )
