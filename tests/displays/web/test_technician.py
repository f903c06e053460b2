"""The technician's password on disk."""

import re
import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from displays.web.technician import AccountError, Technician, generated

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    """An account without a password."""
    return Technician(tmp_path / "web", CHEAP)


async def test_the_password_that_was_set_is_known(technician: Technician) -> None:
    """And no other; setting it again replaces it."""
    technician.set_password("kucing-hitam-1")
    assert await technician.knows("kucing-hitam-1")
    assert not await technician.knows("kucing-hitam-2")
    assert not await technician.knows("")

    technician.set_password("anjing-putih-2")
    assert not await technician.knows("kucing-hitam-1")
    assert await technician.knows("anjing-putih-2")


async def test_the_password_is_not_in_the_file(technician: Technician) -> None:
    """Its hash is, for our user alone."""
    technician.set_password("kucing-hitam-1")

    text = technician.path.read_text()
    assert "kucing" not in text
    assert "$argon2id$" in text
    assert stat.S_IMODE(technician.path.stat().st_mode) == 0o600
    assert [path.name for path in technician.path.parent.iterdir()] == ["technician.json"]


async def test_without_a_password_nobody_gets_in(technician: Technician) -> None:
    """And the error says which command sets one."""
    assert not technician.exists
    with pytest.raises(AccountError, match="loket technician"):
        await technician.knows("")


@pytest.mark.parametrize(
    "text", ["", "{", '{"hash": 1}', '{"hash": ""}', '{"hash": "$argon2id$x"}']
)
async def test_a_damaged_file_lets_nobody_in(technician: Technician, text: str) -> None:
    """It is named, with what mends it."""
    technician.path.parent.mkdir()
    technician.path.write_text(text)

    with pytest.raises(AccountError, match=r"technician\.json.*set the password again"):
        await technician.knows("kucing-hitam-1")


@pytest.mark.parametrize("password", ["", "short-one", "x" * 201])
def test_a_password_has_a_length(technician: Technician, password: str) -> None:
    """Nothing is written for one that is refused."""
    with pytest.raises(AccountError, match="10 to 200 characters"):
        technician.set_password(password)

    assert not technician.exists


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    """With the path."""
    (tmp_path / "web").write_text("")
    with pytest.raises(AccountError, match=r"technician\.json"):
        Technician(tmp_path / "web", CHEAP).set_password("kucing-hitam-1")


def test_generated_passwords_can_be_read_aloud() -> None:
    """Four groups of four, never the same."""
    found = {generated() for _ in range(50)}

    assert len(found) == 50
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}", one) for one in found)
