"""The hall's real broker: mosquitto's configuration, rights and passwords, and its process.

`serve` starts mosquitto as a child that dies with this process, so that kill -9 of `loket broker`
is kill -9 of the broker, and ends when mosquitto does. mosquitto keeps nothing on disk: every
retained topic is published again by its owner.

The child runs as the user of `loket broker`: the files it reads are in a folder only that user may
enter, and a change of user would clear the parent-death signal. On a Pi the unit gives it a user of
its own; root (a demo in a container) is kept, and said in the log.
"""

import asyncio
import base64
import contextlib
import errno
import functools
import hashlib
import ipaddress
import logging
import os
import pwd
import secrets
import shutil
import socket
import struct
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from broker.accounts import LOOPBACK, Account, rights
from broker.log import kv
from broker.private import make_private_folder, write_private
from broker.vitals import dying_with

_log = logging.getLogger(__name__)

# mosquitto_passwd's own defaults. The passwords are 192 random bits, so no more rounds are needed.
PBKDF2_ROUNDS = 101
SALT_BYTES = 12

LOOK_FOR_ADDRESS_S = 5.0
"""How often a missing address is looked for: a cable that was out at boot is put in."""

START_S_MAX = 10.0
STOP_S_MAX = 5.0
LOOK_S = 0.02

# Debian keeps daemons where a plain user's PATH doesn't look.
SYSTEM_PATHS = ("/usr/sbin", "/usr/local/sbin")

TCP_LISTEN = "0A"
IPV6 = 6

CONNECT_WITHOUT_ACCOUNT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05probe"
CONNACK_NOT_AUTHORISED = b"\x20\x02\x00\x05"

Address = tuple[str, int]


class BrokerError(RuntimeError):
    """The broker can't run as it should; the message says why and how to mend it."""


class AddressMissingError(BrokerError):
    """This machine has no such address, or not yet."""


def render_config(*, folder: Path, hosts: Sequence[str], port: int, user: str) -> str:
    """Return mosquitto.conf.

    `listener` comes before the options that belong to it: in front of it 2.0.11 silently opens a
    second listener, on every address, without them.
    """
    listeners = "".join(
        f"listener {port} {host}\nmax_connections 256\nuse_username_as_clientid true\n"
        for host in hosts
    )
    return f"""\
# Made by `loket broker` at each start; changes here are lost.
user {user}
persistence false
allow_anonymous false
password_file {folder / "passwords"}
acl_file {folder / "acl"}
log_dest stderr
log_timestamp false
log_type error
log_type warning
log_type notice
connection_messages true
sys_interval 60
set_tcp_nodelay true
max_packet_size 65536
max_inflight_messages 100
max_queued_messages 1000
max_queued_bytes 4194304
memory_limit 67108864
{listeners}"""


def render_acl(accounts: Sequence[Account], *, hall: str) -> str:
    """Return the ACL file: a block a user, for lines outside one don't apply to who has logged in.

    There are no `pattern` lines either: they would let an account that may only read publish.
    """
    blocks = []
    for account in accounts:
        granted = rights(account, hall=hall)
        both = [filter_ for filter_ in granted.read if filter_ in granted.write]
        lines = [f"user {account.id}"]
        lines += [f"topic readwrite {filter_}" for filter_ in both]
        lines += [f"topic read {filter_}" for filter_ in granted.read if filter_ not in both]
        lines += [f"topic write {filter_}" for filter_ in granted.write if filter_ not in both]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def render_passwords(
    accounts: Sequence[Account], *, salt: Callable[[int], bytes] = secrets.token_bytes
) -> str:
    """Return the password file, in the form `mosquitto_passwd` writes: PBKDF2 with SHA-512."""
    return "".join(f"{account.id}:{_hashed(account, salt(SALT_BYTES))}\n" for account in accounts)


def _hashed(account: Account, salt: bytes) -> str:
    key = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, PBKDF2_ROUNDS)
    salt_64, key_64 = (base64.b64encode(part).decode() for part in (salt, key))
    return f"$7${PBKDF2_ROUNDS}${salt_64}${key_64}"


def find_program(path: str | None = None) -> str:
    """Return the path of mosquitto.

    Args:
        path: Folders to look in, as in $PATH; None = $PATH and where Debian puts it.

    Raises:
        BrokerError: It is not installed.
    """
    if path is None:
        path = os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_PATHS))
    program = shutil.which("mosquitto", path=path)
    if program is None:
        raise BrokerError(
            "mosquitto is not installed: `apt install mosquitto`, or try the hall without it by"
            " `--broker embedded`"
        )
    return program


def write_files(
    *, folder: Path, accounts: Sequence[Account], hall: str, hosts: Sequence[str], port: int
) -> Path:
    """Write configuration, rights and passwords into the folder; return the configuration's path.

    Raises:
        OSError: The folder can't be written.
    """
    folder = folder.absolute()
    make_private_folder(folder)
    user = pwd.getpwuid(os.geteuid()).pw_name
    write_private(folder / "acl", render_acl(accounts, hall=hall).encode())
    write_private(folder / "passwords", render_passwords(accounts).encode())
    config = folder / "mosquitto.conf"
    text = render_config(folder=folder, hosts=hosts, port=port, user=user)
    write_private(config, text.encode())
    return config


def hosts_of(address: str) -> tuple[str, ...]:
    """Return where to listen when this is the hub's address in the hall file.

    The processes on its own machine come by loopback, so a hall of one Pi works whatever its
    network does. A name stays one: `check_address` says what is wrong with it.
    """
    with contextlib.suppress(ValueError):
        ip = ipaddress.ip_address(address)
        if not (ip.is_loopback or ip.is_unspecified):
            return (LOOPBACK, address)
    return (address,)


async def serve(  # noqa: PLR0913 - what a broker needs, each by name
    *,
    folder: Path,
    accounts: Sequence[Account],
    hall: str,
    hosts: Sequence[str],
    port: int,
    on_ready: Callable[[], None],
    stopping: asyncio.Event,
    look_s: float = LOOK_FOR_ADDRESS_S,
) -> None:
    """Run mosquitto until `stopping` is set.

    Call it on the main thread: the child is bound to the thread that starts it.

    Args:
        hosts: IP addresses. Without the first it doesn't start; another that is missing is looked
            for, and mosquitto started anew when it is there.
        on_ready: Called at each start, once the broker answers, refuses who has no account, and
            listens on the addresses that are there and nowhere else.

    Raises:
        BrokerError: It is not installed, one of `hosts` is a name, or it does not start, listens
            elsewhere, or ended by itself.
        OSError: The folder can't be written.
    """
    check_address(hosts[0], port)
    program = find_program()
    if os.geteuid() == 0:
        _log.warning("mosquitto runs as root; give `loket broker` a user of its own")
    while not stopping.is_set():
        there = present(hosts, port)
        missing = [host for host in hosts if host not in there]
        if missing:
            _log.warning(
                "an address is missing: until it is there, no other machine reaches the broker",
                extra=kv(missing=missing, listens=there, mend=_no_address(missing[0])),
            )
        config = write_files(folder=folder, accounts=accounts, hall=hall, hosts=there, port=port)
        wanted = {(host, port) for host in there}
        ending = functools.partial(_until, stopping, missing, port, look_s)
        await _run(program, config, wanted, on_ready, ending)


async def _run(
    program: str,
    config: Path,
    wanted: set[Address],
    on_ready: Callable[[], None],
    ending: Callable[[], Awaitable[None]],
) -> None:
    """Run mosquitto until `ending` returns."""
    child = await asyncio.create_subprocess_exec(
        program,
        "-c",
        str(config),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        # Without it: Debian's mosquitto says READY=1 itself, before its sockets were checked.
        env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
        preexec_fn=dying_with(os.getpid()),
    )
    failed: list[BaseException] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pass_on_log(child), name="mosquitto-log")
            running = tasks.create_task(_watch(child, wanted, on_ready), name="mosquitto")
            # It ends by an error or not at all; then the group cancels this wait.
            await ending()
            running.cancel()
            await _stop(child)
    except* BrokerError as errors:
        failed += errors.exceptions
    finally:
        await _stop(child)
    if failed:
        # Not raised above: before Python 3.11.4 that makes a group of it again.
        raise failed[0]


async def _until(stopping: asyncio.Event, missing: Sequence[str], port: int, look_s: float) -> None:
    """Wait until told to stop, or until a missing address is there."""
    if not missing:
        await stopping.wait()
        return
    while not stopping.is_set() and not present(missing, port):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(look_s):
                await stopping.wait()


def present(hosts: Sequence[str], port: int) -> list[str]:
    """Return those of the addresses that this machine has.

    Raises:
        BrokerError: One of them is here, but mosquitto can't listen on it.
    """
    there = []
    for host in hosts:
        with contextlib.suppress(AddressMissingError):
            check_address(host, port)
            there.append(host)
    return there


def check_address(host: str, port: int) -> None:
    """Check that mosquitto will be able to listen there.

    Raises:
        BrokerError: It won't; says why, and how to mend it.
    """
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        raise BrokerError(
            f"mosquitto listens on an IP address, as the sockets it opens are compared with it;"
            f" {host} is a name: give its address"
        ) from None
    family = socket.AF_INET6 if version == IPV6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            kind = AddressMissingError if error.errno == errno.EADDRNOTAVAIL else BrokerError
            raise kind(f"{_named({(host, port)})}: {_mend(error, host, port)}") from error


def _no_address(host: str) -> str:
    return (
        f"this machine has no address {host}: give it that one, or put its own into"
        " [hub] addresses of the hall file"
    )


def _mend(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRNOTAVAIL:
            return _no_address(host)
        case errno.EADDRINUSE:
            return f"another program listens there: end it (ss -ltnp sport = {port}), or --port N"
        case _:
            return f"{error.strerror}: choose another port with --port N"


async def _watch(child: Process, wanted: set[Address], on_ready: Callable[[], None]) -> None:
    await _until_it_answers(child, wanted)
    found = listening(child.pid)
    if found != wanted:
        raise BrokerError(
            f"mosquitto listens on {_named(found)}, not on {_named(wanted)} alone: stopped it;"
            " another file of its configuration must be in the way, or its version is unknown to us"
        )
    _log.info("mosquitto serves", extra=kv(on=_named(wanted), pid=child.pid))
    on_ready()
    code = await child.wait()
    raise BrokerError(f"mosquitto ended by itself with code {code}; its last lines are in the log")


async def _until_it_answers(child: Process, wanted: set[Address]) -> None:
    """Wait until an MQTT client without an account is refused: then all listeners are open."""
    clock = asyncio.get_running_loop().time
    end_s = clock() + START_S_MAX
    while clock() < end_s:
        if child.returncode is not None:
            raise BrokerError(
                f"mosquitto did not start on {_named(wanted)} (code {child.returncode});"
                " its own words are in the log"
            )
        # Only its own socket is asked, so another broker on this port can't answer for it.
        if wanted <= listening(child.pid):
            for address in wanted:
                await _check_refusal(address)
            return
        await asyncio.sleep(LOOK_S)
    raise BrokerError(f"mosquitto did not open {_named(wanted)} in {START_S_MAX:g} s")


async def _check_refusal(address: Address) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 - asks, doesn't bind
    try:
        async with asyncio.timeout(START_S_MAX):
            reader, writer = await asyncio.open_connection(host, address[1])
            writer.write(CONNECT_WITHOUT_ACCOUNT)
            answer = await reader.readexactly(len(CONNACK_NOT_AUTHORISED))
            writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise BrokerError(f"mosquitto does not answer on {_named({address})}: {error!r}") from error
    if answer != CONNACK_NOT_AUTHORISED:
        raise BrokerError("mosquitto lets in a client without an account: stopped it")


async def _pass_on_log(child: Process) -> None:
    """Log mosquitto's lines as ours; there is no level in them."""
    if child.stderr is None:
        raise AssertionError("started with stderr=PIPE")
    while line := await child.stderr.readline():
        _log.info("mosquitto says", extra=kv(line=line.decode(errors="replace").rstrip()))


async def _stop(child: Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def listening(pid: int) -> set[Address]:
    """Return (address, port) of every TCP socket a process listens on; empty when it is gone."""
    inodes: set[str] = set()
    rows: list[str] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        inodes = {_socket_inode(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
        for table in ("tcp", "tcp6"):
            rows += Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    return {
        _address(fields[1])
        for fields in map(str.split, rows)
        if fields[3] == TCP_LISTEN and fields[9] in inodes
    }


def _socket_inode(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]")
    except FileNotFoundError:  # closed meanwhile
        return ""


def _address(text: str) -> Address:
    """Return what /proc/net/tcp means by `0100007F:1F90`: words in the machine's byte order."""
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return str(ipaddress.ip_address(packed)), int(port, 16)


def _named(addresses: set[Address]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in sorted(addresses)) or "nothing"
