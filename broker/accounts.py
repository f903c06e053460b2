"""Who has an account at the hall's broker: passwords, `link.json`, and who may read and write what.

One rights table for every kind of broker: `mosquitto.py` renders it, `embedded.py` asks it. Ids and
roles come in as values; the hall file is not known here.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from broker.log import kv
from broker.private import make_private_folder, write_private
from broker.wire.seal import KEY_BYTES
from broker.wire.topics import ROOT, covers

_log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HUB, WEB, VIEWER = "hub", "web", "viewer"
SETTINGS_FILE = "link.json"
PASSWORD_BYTES = 24
KEY_FILE = "hall.key"


class SettingsError(ValueError):
    """A `link.json` that can't be used; the message says which, why, and how to mend it."""


class LinkSettings(Struct, frozen=True, kw_only=True):
    """`link.json`: how one process reaches the broker.

    Attributes:
        addresses: Host names or IP addresses, tried in turn.
        username: The id of the process; the broker makes it the MQTT client id too.
    """

    addresses: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)]
    username: Annotated[str, Meta(min_length=1)]
    password: Annotated[str, Meta(min_length=1)]

    def __repr__(self) -> str:
        """Leave the password out: a `repr` ends up in logs."""
        return f"LinkSettings({self.username}@{','.join(self.addresses)}:{self.port})"


class Account(NamedTuple):
    """Who may connect, as what, and the password that proves it."""

    id: str
    role: str
    password: str

    def __repr__(self) -> str:
        """Leave the password out: a `repr` ends up in logs."""
        return f"Account({self.id}, {self.role})"


class Rights(NamedTuple):
    """Topic filters an account may read, and topics it may write."""

    read: tuple[str, ...]
    write: tuple[str, ...]

    def may_read(self, asked: str) -> bool:
        """Return whether the account may read this topic, or all of this filter."""
        return any(covers(filter_, asked) for filter_ in self.read)

    def may_write(self, topic: str) -> bool:
        """Return whether the account may publish on this topic."""
        return any(covers(filter_, topic) for filter_ in self.write)


# Below the hall; {id} is the account's own. Roles that are not named here have NODE's rights.
_OF_A_NODE = Rights(
    read=("ack/{id}", "cmd/{id}", "state/#", "alarm/#"),
    write=("up/{id}", "birth/{id}", "health/{id}"),
)
_RIGHTS: dict[str, Rights] = {
    HUB: Rights(read=("#",), write=("#",)),
    # The technician's page shows every node's presence and figures.
    WEB: Rights(read=(*_OF_A_NODE.read, "birth/+", "health/+"), write=_OF_A_NODE.write),
}
# One broker serves one hall, so `loket/v1/#` shows a viewer that hall and nothing else.
_OF_A_VIEWER = Rights(read=(f"{ROOT}/#",), write=())


def rights(account: Account, *, hall: str) -> Rights:
    """Return what the account may read and write, as whole topics and filters."""
    if account.role == VIEWER:
        return _OF_A_VIEWER
    table = _RIGHTS.get(account.role, _OF_A_NODE)
    here = f"{ROOT}/{hall}/"
    own = tuple(here + path.format(id=account.id) for path in table.read)
    return Rights(
        # The hub watches the broker too.
        read=(*own, "$SYS/broker/#") if account.role == HUB else own,
        write=tuple(here + path.format(id=account.id) for path in table.write),
    )


def everyone(nodes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return (id, role) of every account of a hall: its nodes, and hub, web and viewer.

    Raises:
        ValueError: An id twice, or hub, web or viewer as the id of something else.
    """
    accounts = {id_: id_ for id_ in (HUB, WEB, VIEWER)}
    seen: set[str] = set()
    for id_, role in nodes:
        if id_ in seen or accounts.get(id_, role) != role:
            raise ValueError(f"node {id_}: another account has this id")
        seen.add(id_)
        accounts[id_] = role
    return list(accounts.items())


def new_password() -> str:
    """Return a password no one has to remember: 192 random bits, so a fast hash protects it."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def read_settings(path: Path) -> LinkSettings:
    """Return what a `link.json` says.

    Raises:
        SettingsError: It is missing, can't be read, or isn't of this shape.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=LinkSettings)
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: missing; it is made by `loket broker`, so start that first,"
            " or copy it from the hub's Pi"
        ) from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: {error}; delete it and start `loket broker` again: a new one is made"
        ) from error


class HallKey(NamedTuple):
    """What seals the hall's results.

    Attributes:
        is_new: It was made now: this hub has sealed nothing before.
    """

    bytes: bytes
    is_new: bool

    def __repr__(self) -> str:
        """Leave the key out: a `repr` ends up in logs."""
        return f"HallKey(is_new={self.is_new})"


def hall_key(folder: Path, *, random_hex: Callable[[int], str] = secrets.token_hex) -> HallKey:
    """Return the key that seals the hall's results; made at the hub's first start, never sent.

    A hub on a new card that is to take back what nodes hold needs this file of the old one.

    Args:
        folder: The hub's.
        random_hex: Hex of so many random bytes.

    Raises:
        SettingsError: The file is not what was written.
        OSError: It can't be read, or not be made.
    """
    path = folder / KEY_FILE
    is_new = not path.exists()
    if is_new:
        write_private(path, random_hex(KEY_BYTES).encode() + b"\n")
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError as error:
        raise _bad_key(path) from error
    if len(key) != KEY_BYTES:
        raise _bad_key(path)
    return HallKey(key, is_new)


def _bad_key(path: Path) -> SettingsError:
    return SettingsError(
        f"{path}: not a hall's key; put a copy of it back, or delete it: a new one is made, and a"
        " later hub can't take back what was decided before"
    )


def prepare(  # noqa: PLR0913 - what a link.json holds, and for whom
    *,
    data: Path,
    accounts: Sequence[tuple[str, str]],
    addresses: Sequence[str],
    here: Collection[str] = (),
    port: int,
    password: Callable[[], str] = new_password,
) -> list[Account]:
    """Write DIR/<id>/link.json of every (id, role), keeping the passwords that are there.

    A file that can't be read gets a new password and an error in the log: one node that has to be
    provisioned again is better than a hall without a broker.

    Args:
        here: Ids that run on the broker's own machine: they try its loopback address first.

    Raises:
        OSError: The folder can't be written.
    """
    made = []
    for id_, role in accounts:
        folder = data / id_
        make_private_folder(folder)
        old = _old_password(folder / SETTINGS_FILE)
        account = Account(id_, role, old or password())
        settings = LinkSettings(
            addresses=tuple(dict.fromkeys([*([LOOPBACK] if id_ in here else ()), *addresses])),
            port=port,
            username=id_,
            password=account.password,
        )
        write_private(folder / SETTINGS_FILE, msgspec.json.encode(settings) + b"\n")
        made.append(account)
    return made


def _old_password(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        return read_settings(path).password
    except SettingsError as error:
        _log.error(
            "a link.json can't be read: its node gets a new password and its copy must be renewed",
            extra=kv(file=str(path), error=str(error)),
        )
        return None
