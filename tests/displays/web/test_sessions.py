"""Who is signed in, and how wrong passwords are slowed down."""

import itertools

import pytest

from displays.web.sessions import (
    FORGIVEN_AFTER_S,
    IDLE_S,
    SESSIONS_MAX,
    TRIES_FREE,
    WAIT_S_MAX,
    Sessions,
    Tries,
)


@pytest.fixture
def sessions() -> Sessions:
    """Sessions with tokens that can be told apart."""
    counter = itertools.count(1)
    return Sessions(lambda: f"token-{next(counter)}")


def test_a_token_is_signed_in_until_it_was_idle_for_too_long(sessions: Sessions) -> None:
    """Each request keeps it open."""
    token = sessions.open(0.0)

    assert sessions.is_open(token, IDLE_S - 1)
    assert sessions.is_open(token, 2 * IDLE_S - 2)
    assert not sessions.is_open(token, 3 * IDLE_S)
    assert not sessions.is_open(token, 3 * IDLE_S + 1)


def test_signing_out_ends_that_session_alone(sessions: Sessions) -> None:
    """Somebody else's phone stays signed in."""
    mine, yours = sessions.open(0.0), sessions.open(0.0)

    sessions.close(mine)
    sessions.close("never-opened")

    assert not sessions.is_open(mine, 1.0)
    assert sessions.is_open(yours, 1.0)


def test_the_session_seen_longest_ago_makes_room(sessions: Sessions) -> None:
    """However many sign in, so many are kept."""
    tokens = [sessions.open(float(at_s)) for at_s in range(SESSIONS_MAX)]
    assert sessions.is_open(tokens[0], 50.0)

    newest = sessions.open(51.0)

    gone = [token for token in tokens if not sessions.is_open(token, 52.0)]
    assert gone == [tokens[1]]
    assert sessions.is_open(newest, 52.0)


@pytest.mark.parametrize("token", ["", "token", "token-1 ", "token-2"])
def test_another_text_is_no_token(sessions: Sessions, token: str) -> None:
    """Nearly right is wrong."""
    sessions.open(0.0)

    assert not sessions.is_open(token, 0.0)


def test_wrong_passwords_wait_longer_and_longer() -> None:
    """1, 2, 4 … 60 s after the first five."""
    tries = Tries()
    now_s, waits = 0.0, []
    for _ in range(TRIES_FREE + 8):
        waits.append(tries.wait_s(now_s))
        now_s += waits[-1]
        tries.wrong(now_s)

    assert waits == [0.0] * TRIES_FREE + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, WAIT_S_MAX, WAIT_S_MAX]


def test_a_right_password_and_time_forgive() -> None:
    """A guesser of this morning does not slow down the evening."""
    tries = Tries()
    for _ in range(20):
        tries.wrong(100.0)

    assert tries.wait_s(100.0) == WAIT_S_MAX
    assert tries.wait_s(101.0) == WAIT_S_MAX - 1
    assert tries.wait_s(100.0 + FORGIVEN_AFTER_S) == 0.0
    tries.wrong(100.0 + FORGIVEN_AFTER_S)
    assert tries.wait_s(100.0 + FORGIVEN_AFTER_S) == 0.0

    for _ in range(20):
        tries.wrong(2000.0)
    tries.right()
    assert tries.wait_s(2000.0) == 0.0
