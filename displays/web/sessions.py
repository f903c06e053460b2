"""PURE: who is signed in, and how often a wrong password may be tried.

Instants are monotonic seconds: a technician comes because something is broken, and that may be the
clock. Nothing is kept on disk: after a restart of the pages one signs in again.
"""

import hashlib
from collections.abc import Callable

IDLE_S = 2 * 3600.0
"""Signed out by itself after so long without a request."""

SESSIONS_MAX = 16
"""The oldest is signed out for a new one."""

TRIES_FREE = 5
"""So many wrong passwords are answered at once."""

WAIT_S_MAX = 60.0
FORGIVEN_AFTER_S = 900.0
"""Wrong tries count until there was none for so long."""


class Sessions:
    """The open sessions, by the hash of their token: a memory dump signs nobody in.

    Args:
        new_token: Returns an unguessable text.
    """

    def __init__(self, new_token: Callable[[], str]) -> None:
        self._new_token = new_token
        self._seen_s: dict[str, float] = {}

    def open(self, now_s: float) -> str:
        """Sign in; return the token for the cookie."""
        token = self._new_token()
        self._forget(now_s)
        while len(self._seen_s) >= SESSIONS_MAX:
            del self._seen_s[min(self._seen_s, key=self._seen_s.__getitem__)]
        self._seen_s[_key(token)] = now_s
        return token

    def is_open(self, token: str, now_s: float) -> bool:
        """Return whether this token is signed in, and note that it was seen."""
        self._forget(now_s)
        key = _key(token)
        if key not in self._seen_s:
            return False
        self._seen_s[key] = now_s
        return True

    def close(self, token: str) -> None:
        """Sign out."""
        self._seen_s.pop(_key(token), None)

    def _forget(self, now_s: float) -> None:
        for key in [key for key, seen_s in self._seen_s.items() if now_s >= seen_s + IDLE_S]:
            del self._seen_s[key]


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Tries:
    """Wrong passwords: after `TRIES_FREE` of them each next try waits, 1 s, 2 s, 4 s up to 60 s.

    One count for everybody: addresses are not kept, and a hall has one technician's account. Who
    knows the password gets in after at most a minute, whoever else is guessing.
    """

    def __init__(self) -> None:
        self._wrong = 0
        self._last_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return how long until the next try is looked at; 0 = now."""
        if now_s >= self._last_s + FORGIVEN_AFTER_S:
            self._wrong = 0
        over = self._wrong - TRIES_FREE
        if over < 0:
            return 0.0
        return max(0.0, self._last_s + min(2.0**over, WAIT_S_MAX) - now_s)

    def wrong(self, now_s: float) -> None:
        """Note a wrong password."""
        self._wrong += 1
        self._last_s = now_s

    def right(self) -> None:
        """Note a right one."""
        self._wrong = 0
