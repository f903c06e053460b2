"""The try-it broker: amqtt in this process, for a demo or a test on one machine.

The only importer of amqtt. It listens on the loopback address, keeps nothing on disk, and has
limits a hall should not depend on: see `LIMITS`. A hall runs `mosquitto.py`.
"""

import asyncio
import hmac
import ipaddress
import logging
from collections.abc import Callable, Sequence

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType
from amqtt.errors import BrokerError as AmqttError
from amqtt.session import Session

from broker.accounts import Account, Rights, rights
from broker.log import kv
from broker.mosquitto import BrokerError

_log = logging.getLogger(__name__)

CONNECTIONS_MAX = 64
STOP_S_MAX = 5.0

LIMITS = (
    "loopback only",
    f"{CONNECTIONS_MAX} connections",
    "no will for a client that is frozen",
    "a message not confirmed within 5 s is dropped",
    "no limit to the size of a message",
    "a local program without an account can throw a client out by its client id",
)

OVERRIDDEN = (
    "_authenticate",
    "_topic_filtering",
    "_publish_retained_messages_for_subscription",
)
"""amqtt's private methods that hold our rights. They are looked for at start, and `tests/real`
pins what they do: a release without them would let everyone read and write everything.
"""


UNCONFIRMED_EVERY_S = 60.0


class Unconfirmed(logging.Filter):
    """Says once a minute what amqtt says, with a traceback, of every message nobody confirmed.

    A client that is frozen confirms nothing. amqtt warns of each message, logs the end of the task
    that waited as an error of its own, and warns again when the confirmation comes after all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said_s = -UNCONFIRMED_EVERY_S

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record of amqtt's is news."""
        text = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, TimeoutError) or text.startswith("Received PUBACK for unknown"):
            return False
        if not text.startswith("Timeout waiting for PUBACK"):
            return True
        if record.created < self._said_s + UNCONFIRMED_EVERY_S:
            return False
        self._said_s = record.created
        record.msg = "a client confirms nothing: what it is sent is dropped after 5 s"
        record.args = ()
        return True


class _Gate:
    """Who may connect, and what each may read and write."""

    def __init__(self, accounts: Sequence[Account], *, hall: str) -> None:
        self._passwords = {account.id: account.password for account in accounts}
        self._rights = {account.id: rights(account, hall=hall) for account in accounts}

    def knows(self, username: str | None, password: str | None, client_id: str | None) -> bool:
        """Return whether this is an account, its password, and no other account's client id.

        The passwords are in memory and 192 random bits long: there is nothing for a slow hash.
        """
        expected = self._passwords.get(username or "")
        if expected is None or (client_id != username and client_id in self._passwords):
            return False
        return hmac.compare_digest(expected.encode(), (password or "").encode())

    def allows(self, username: str | None, topic: str, action: Action) -> bool:
        """Return whether this account may do this with the topic, or with a filter."""
        granted = self._rights.get(username or "", Rights((), ()))
        return granted.may_write(topic) if action == Action.PUBLISH else granted.may_read(topic)


class _Broker(Broker):  # type: ignore[misc] # amqtt ships no types
    """amqtt with the hall's rights.

    Its plugins could do the same, but they suspend: while `_run_broadcast` walks through the
    subscriptions, one that is added meanwhile ends the walk, and the message is lost for the rest.
    """

    def __init__(self, config: BrokerConfig, gate: _Gate) -> None:
        super().__init__(config)
        self._gate = gate

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        known = self._gate.knows(session.username, session.password, session.client_id)
        if not known:
            _log.warning("refused a client", extra=kv(username=session.username))
        return known

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._gate.allows(session.username, topic, action)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        # amqtt calls this for every client's filters when a client connects.
        subscribers = self.subscriptions.get(subscription[0], [])
        if any(subscriber is session for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def serve(  # noqa: PLR0913 - what a broker needs, each by name
    *,
    accounts: Sequence[Account],
    hall: str,
    host: str,
    port: int,
    on_ready: Callable[[], None],
    stopping: asyncio.Event,
) -> None:
    """Be the broker until `stopping` is set; keeps nothing.

    Args:
        on_ready: Called once it listens.

    Raises:
        BrokerError: Another host than the loopback address, the port is taken, this amqtt is
            unknown to us, or it ended by itself.
    """
    _check(host)
    for name in ("amqtt", "transitions"):  # they tell every packet
        logging.getLogger(name).setLevel(logging.WARNING)
    unconfirmed = Unconfirmed()
    for name in ("amqtt.broker", "amqtt.mqtt.protocol.handler"):
        logging.getLogger(name).addFilter(unconfirmed)
    listener = ListenerConfig(
        type=ListenerType.TCP, bind=f"{host}:{port}", max_connections=CONNECTIONS_MAX
    )
    config = BrokerConfig(listeners={"default": listener}, plugins={})
    broker = _Broker(config, _Gate(accounts, hall=hall))
    try:
        await broker.start()
    except AmqttError as error:
        raise BrokerError(f"the embedded broker did not start on {host}:{port}: {error}") from error
    try:
        _log.warning("this broker is for trying out", extra=kv(limits=LIMITS, port=port))
        on_ready()
        await _until(stopping, broker)
    finally:
        async with asyncio.timeout(STOP_S_MAX):
            await broker.shutdown()


def _check(host: str) -> None:
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise BrokerError(
            f"the embedded broker serves 127.0.0.1 only, not {host}: it is no broker for a network;"
            " install mosquitto and use `--broker mosquitto`"
        )
    missing = [name for name in OVERRIDDEN if name not in vars(Broker)]
    if missing:
        raise BrokerError(
            f"this amqtt has no {', '.join(missing)}, so nobody's rights would be checked:"
            " pip install 'amqtt==0.12.1'"
        )


async def _until(stopping: asyncio.Event, broker: _Broker) -> None:
    """Wait for `stopping`; a broker whose sending task has died is deaf and must not look alive."""
    sending = broker._broadcast_task  # noqa: SLF001 - amqtt tells nobody when it dies
    if sending is None:
        raise AssertionError("the broker has been started")
    waiting = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((sending, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if sending.done():
        raise BrokerError("the embedded broker's sending task ended") from sending.exception()
