"""mosquitto's files, as text."""

import asyncio
import base64
import os
import socket
import stat
from pathlib import Path

import pytest

from broker.accounts import Account
from broker.mosquitto import (
    BrokerError,
    check_address,
    find_program,
    hosts_of,
    render_acl,
    render_config,
    render_passwords,
    serve,
    write_files,
)

ACCOUNTS = [
    Account("hub", "hub", "h"),
    Account("viewer", "viewer", "v"),
    Account("loket-3", "counter", "c"),
]


# `mosquitto_passwd -b -c FILE kiosk-1 "correct horse"`, version 2.0.11.
MADE_FROM = "correct horse"
MADE = (
    "kiosk-1:$7$101$2t4IUilxHBQ+XlVU$"
    "iLFnkf6RZO5a1/OEvB+YuGRLw94R9YHQ9Vc4BuYrTxTxgHASyNn/yZJARdbiFOZtXi//hqD9T32vnxaGNmiTrA=="
)


def _config() -> list[str]:
    return _rendered("127.0.0.1").splitlines()


def _rendered(*hosts: str) -> str:
    return render_config(folder=Path("/data/broker"), hosts=hosts, port=1884, user="loket")


def test_options_of_the_listener_come_after_it() -> None:
    """In front of it, mosquitto 2.0.11 opens a second listener on every address."""
    lines = _config()
    listener = lines.index("listener 1884 127.0.0.1")

    assert lines.index("use_username_as_clientid true") > listener
    assert lines.index("max_connections 256") > listener
    assert [line for line in lines if line.startswith(("listener", "port", "bind"))] == [
        "listener 1884 127.0.0.1"
    ]


def test_each_listener_has_all_of_its_options() -> None:
    """An option belongs to the listener before it: the second must not let in any client id."""
    options = "\nmax_connections 256\nuse_username_as_clientid true\n"

    assert _rendered("127.0.0.1", "10.77.0.1").endswith(
        f"listener 1884 127.0.0.1{options}listener 1884 10.77.0.1{options}"
    )


HOSTS = [
    ("10.77.0.1", ("127.0.0.1", "10.77.0.1")),
    ("127.0.0.1", ("127.0.0.1",)),
    ("::1", ("::1",)),
    ("::", ("::",)),
    ("hub.local", ("hub.local",)),
]


@pytest.mark.parametrize(("address", "hosts"), HOSTS)
def test_the_hubs_own_machine_comes_by_loopback(address: str, hosts: tuple[str, ...]) -> None:
    """A hall of one Pi works without a network."""
    assert hosts_of(address) == hosts


@pytest.mark.parametrize(
    "line",
    [
        "user loket",
        "persistence false",
        "allow_anonymous false",
        "password_file /data/broker/passwords",
        "acl_file /data/broker/acl",
        "set_tcp_nodelay true",
        "max_packet_size 65536",
        "memory_limit 67108864",
        "log_dest stderr",
    ],
)
def test_the_configuration_says(line: str) -> None:
    """Each of these was missed by somebody once."""
    assert line in _config()


def test_rights_are_a_block_a_user() -> None:
    """A line outside a block wouldn't apply; a pattern would apply to the viewer too."""
    assert render_acl(ACCOUNTS, hall="h") == (
        "user hub\n"
        "topic readwrite loket/v1/h/#\n"
        "topic read $SYS/broker/#\n"
        "\n"
        "user viewer\n"
        "topic read loket/v1/#\n"
        "\n"
        "user loket-3\n"
        "topic read loket/v1/h/ack/loket-3\n"
        "topic read loket/v1/h/cmd/loket-3\n"
        "topic read loket/v1/h/state/#\n"
        "topic read loket/v1/h/alarm/#\n"
        "topic write loket/v1/h/up/loket-3\n"
        "topic write loket/v1/h/birth/loket-3\n"
        "topic write loket/v1/h/health/loket-3\n"
    )


def test_a_password_is_hashed_as_mosquitto_passwd_does() -> None:
    """A vector made by mosquitto_passwd 2.0.11 comes out the same."""
    salt = base64.b64decode(MADE.split("$")[3])
    accounts = [Account("kiosk-1", "kiosk", MADE_FROM)]

    assert render_passwords(accounts, salt=lambda _: salt) == MADE + "\n"


def test_each_account_has_a_salt_of_its_own() -> None:
    """Two accounts with one password don't look alike."""
    lines = render_passwords([Account("a", "kiosk", "p"), Account("b", "kiosk", "p")]).split()

    assert lines[0].partition(":")[2] != lines[1].partition(":")[2]


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    """Mosquitto runs as the user who wrote them, so nobody else needs to read them."""
    folder = tmp_path / "broker"
    config = write_files(folder=folder, accounts=ACCOUNTS, hall="h", hosts=["127.0.0.1"], port=1884)

    assert config == folder / "mosquitto.conf"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"acl", "passwords", "mosquitto.conf"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {path.stat().st_uid for path in folder.iterdir()} == {os.geteuid()}


def test_a_missing_program_is_named_with_the_way_out(tmp_path: Path) -> None:
    """Who has no mosquitto learns of both ways to go on."""
    with pytest.raises(BrokerError, match=r"apt install mosquitto.*--broker embedded"):
        find_program(str(tmp_path))


async def test_a_name_is_no_address_to_listen_on(tmp_path: Path) -> None:
    """The sockets that are open are compared with it, so it must be a number."""
    with pytest.raises(BrokerError, match=r"hub\.local"):
        await serve(
            folder=tmp_path,
            accounts=ACCOUNTS,
            hall="h",
            hosts=hosts_of("hub.local"),
            port=1,
            on_ready=lambda: None,
            stopping=asyncio.Event(),
        )


def test_an_address_this_machine_lacks_is_named_with_its_mending() -> None:
    """What a technician meets first: the hall file's address, tried on another machine."""
    with pytest.raises(BrokerError, match=r"no address 192\.0\.2\.1.*\[hub\] addresses"):
        check_address("192.0.2.1", 1883)


def test_a_port_that_is_taken_is_named_with_its_mending() -> None:
    """It says how to find who has it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(BrokerError, match=rf"127.0.0.1:{port}.*ss -ltnp.*--port"):
            check_address("127.0.0.1", port)
