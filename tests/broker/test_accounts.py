"""Accounts: passwords that stay, files nobody else reads, one table of rights."""

import stat
from itertools import count
from pathlib import Path

import pytest

from broker.accounts import (
    Account,
    HallKey,
    LinkSettings,
    SettingsError,
    everyone,
    hall_key,
    new_password,
    prepare,
    read_settings,
    rights,
)
from broker.wire.seal import KEY_BYTES

NODES = [("kiosk-1", "kiosk"), ("loket-3", "counter")]


def _prepare(data: Path, *, port: int = 1883, start: int = 1) -> list[Account]:
    numbers = count(start)
    return prepare(
        data=data,
        accounts=everyone(NODES),
        addresses=["10.77.0.1", "10.77.0.2"],
        port=port,
        password=lambda: f"secret-{next(numbers)}",
    )


def _rights(id_: str, role: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return rights(Account(id_, role, "x"), hall="hall-1")


def test_every_account_gets_a_file_that_reads_back(tmp_path: Path) -> None:
    """Hub, web, viewer and each node find their own link.json."""
    accounts = _prepare(tmp_path)

    assert [account.id for account in accounts] == ["hub", "web", "viewer", "kiosk-1", "loket-3"]
    for account in accounts:
        expected = LinkSettings(
            addresses=("10.77.0.1", "10.77.0.2"),
            port=1883,
            username=account.id,
            password=account.password,
        )
        assert expected == read_settings(tmp_path / account.id / "link.json")


def test_a_password_stays_and_a_port_follows(tmp_path: Path) -> None:
    """A second start changes the port in the files and no password."""
    first = _prepare(tmp_path, port=1883)
    second = _prepare(tmp_path, port=8883, start=100)

    assert first == second
    assert read_settings(tmp_path / "hub" / "link.json").port == 8883


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, also where they were open before."""
    (tmp_path / "hub").mkdir(mode=0o755)
    _prepare(tmp_path)
    _prepare(tmp_path)

    assert stat.S_IMODE((tmp_path / "hub").stat().st_mode) == 0o700
    for path in tmp_path.glob("*/link.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_file_gets_a_new_password_and_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One broken file doesn't keep the hall's broker from starting."""
    _prepare(tmp_path)
    (tmp_path / "kiosk-1" / "link.json").write_text("{", encoding="utf-8")

    again = {account.id: account.password for account in _prepare(tmp_path, start=100)}

    assert again["kiosk-1"] == "secret-100"
    assert again["hub"] == "secret-1"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_brokers_own_machine_tries_loopback_first(tmp_path: Path) -> None:
    """It works without a network, and still finds the shadow hub; the others take the LAN."""
    prepare(
        data=tmp_path,
        accounts=everyone([("kiosk-1", "kiosk")]),
        addresses=["10.77.0.1", "10.77.0.2"],
        here={"hub"},
        port=1,
    )

    def addresses(id_: str) -> tuple[str, ...]:
        return read_settings(tmp_path / id_ / "link.json").addresses

    assert addresses("hub") == ("127.0.0.1", "10.77.0.1", "10.77.0.2")
    assert addresses("kiosk-1") == ("10.77.0.1", "10.77.0.2")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "missing"),
        (b"", "truncated"),
        (b"\xff", "malformed"),
        (b'{"addresses":[],"port":1,"username":"a","password":"b"}', "addresses"),
        (b'{"addresses":["a"],"port":0,"username":"a","password":"b"}', "port"),
        (b'{"addresses":["a"],"port":1,"username":"a"}', "password"),
    ],
)
def test_settings_that_cannot_be_used_say_why_and_what_to_do(
    tmp_path: Path, content: bytes | None, fault: str
) -> None:
    """The file, the fault and the way to mend it are in the message."""
    path = tmp_path / "link.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsError) as error:
        read_settings(path)

    assert str(path) in str(error.value)
    assert fault in str(error.value)
    assert "loket broker" in str(error.value)


def test_a_password_never_shows_in_a_repr() -> None:
    """What is logged by accident tells who, not with which password."""
    password = new_password()
    settings = LinkSettings(addresses=("a",), port=1, username="hub", password=password)

    assert password not in repr(settings)
    assert password not in repr([Account("hub", "hub", password)])
    assert len(password) == 32


@pytest.mark.parametrize("nodes", [[("a", "kiosk"), ("a", "board")], [("viewer", "kiosk")]])
def test_an_id_is_one_account(nodes: list[tuple[str, str]]) -> None:
    """Two nodes, or a node and a built-in account, can't share an id."""
    with pytest.raises(ValueError, match="another account"):
        everyone(nodes)


def test_hub_and_web_may_stand_among_the_nodes() -> None:
    """The hall file may list them, they are the same accounts."""
    assert dict(everyone([("web", "web"), ("hub", "hub")])) == {
        "hub": "hub",
        "web": "web",
        "viewer": "viewer",
    }


OWN = "loket/v1/hall-1/up/loket-3"
OTHERS = "loket/v1/hall-1/up/loket-4"
BOARD = "loket/v1/hall-1/state/board"


@pytest.mark.parametrize(
    ("id_", "role", "topic", "may_read", "may_write"),
    [
        ("loket-3", "counter", OWN, False, True),
        ("loket-3", "counter", OTHERS, False, False),
        ("loket-3", "counter", "loket/v1/hall-1/birth/loket-3", False, True),
        ("loket-3", "counter", "loket/v1/hall-1/ack/loket-3", True, False),
        ("loket-3", "counter", "loket/v1/hall-1/ack/loket-4", False, False),
        ("loket-3", "counter", "loket/v1/hall-1/ack/+", False, False),
        ("loket-3", "counter", "loket/v1/hall-1/ack/#", False, False),
        ("loket-3", "counter", BOARD, True, False),
        ("loket-3", "counter", "loket/v1/hall-1/state/counter/+", True, False),
        ("loket-3", "counter", "loket/v1/hall-2/state/board", False, False),
        ("loket-3", "counter", "loket/v1/hall-1/#", False, False),
        ("board-1", "board", BOARD, True, False),
        ("hub", "hub", OTHERS, True, True),
        ("hub", "hub", "loket/v1/hall-1/up/+", True, True),
        ("hub", "hub", "loket/v1/hall-2/up/a", False, False),
        ("web", "web", "loket/v1/hall-1/health/loket-3", True, False),
        ("web", "web", "loket/v1/hall-1/health/web", True, True),
        ("web", "web", OTHERS, False, False),
        ("viewer", "viewer", "loket/v1/#", True, False),
        ("viewer", "viewer", BOARD, True, False),
        ("viewer", "viewer", "#", False, False),
        ("viewer", "viewer", "$SYS/broker/version", False, False),
    ],
)
def test_who_may_read_and_write_what(
    id_: str, role: str, topic: str, *, may_read: bool, may_write: bool
) -> None:
    """The rights of DESIGN §5, topic by topic and filter by filter."""
    granted = rights(Account(id_, role, "x"), hall="hall-1")

    assert (may_read, may_write) == (granted.may_read(topic), granted.may_write(topic))


def test_a_node_writes_three_topics_and_no_wildcard() -> None:
    """What a stolen account could publish is its own three topics."""
    assert _rights("loket-3", "counter")[1] == (
        "loket/v1/hall-1/up/loket-3",
        "loket/v1/hall-1/birth/loket-3",
        "loket/v1/hall-1/health/loket-3",
    )


def test_the_halls_key_is_made_once_and_stays(tmp_path: Path) -> None:
    """Only its owner may read it."""
    key = hall_key(tmp_path)

    assert len(key.bytes) == KEY_BYTES
    assert key.is_new
    assert hall_key(tmp_path) == HallKey(key.bytes, is_new=False)
    assert key.bytes.hex() not in repr(key)
    assert (tmp_path / "hall.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "zz", "0a0b", "é"])
def test_a_damaged_key_is_never_replaced_by_itself(tmp_path: Path, text: str) -> None:
    """A new one would make everything nodes hold worthless: a person decides that."""
    (tmp_path / "hall.key").write_text(text)
    with pytest.raises(SettingsError, match=r"hall\.key: .*put a copy of it back"):
        hall_key(tmp_path)

    assert (tmp_path / "hall.key").read_text() == text
