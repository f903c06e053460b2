"""A process's connection to the broker: the only importer of paho, and of nothing above it.

The thread of a link connects, reads, and calls `on_event`, or once it is connected leaves reading
to a loop; whoever publishes writes the socket itself. Nothing outlives a connection: the session
is clean, what was not sent is dropped, and delivery is the business of `broker.wire.delivery`.
"""

import contextlib
import logging
import secrets
import select
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeAlias

import paho.mqtt.client as paho
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from broker.accounts import LinkSettings, SettingsError, read_settings
from broker.backoff import wait_s
from broker.log import kv
from broker.reader import Loop, LoopReader, Readable
from broker.vitals import end_process
from broker.wire.messages import MESSAGE_BYTES_MAX
from broker.wire.topics import RULES, Kind, Topic, covers

__all__ = [
    "Connected",
    "Disconnected",
    "Link",
    "LinkEvent",
    "LinkSettings",
    "Received",
    "SettingsError",
    "read_settings",
]

_log = logging.getLogger(__name__)

KEEPALIVE_S = 15
"""Longest silence towards the broker; it takes us for dead after half as much again."""

DEAD_PEER_MS = 10_000
"""A pulled cable leaves bytes unconfirmed: the kernel ends the connection after this long."""

CONNECT_S_MAX = 3.0
HANDSHAKE_S_MAX = 5.0
"""From TCP open to the last SUBACK."""

LOOK_S = 2.5
"""How often an idle link looks at its keepalive: 0.4 wake-ups a second."""

SETTLED_S = 2.0
"""A connection that lived this long was a good one, so the next wait is a first one again. Two
processes with one identity throw each other out: without this they would do so 10 times a second.
"""

REFUSALS = ("Bad user name or password", "Not authorized")
"""Answers after which trying again soon can't help: the longest wait follows at once."""

UNCONFIRMED_MAX = 256
"""Published messages the broker has not confirmed; beyond it `publish` says no."""

SWITCH_S = 0.0003
"""How long a thread that has work waits for the interpreter (`loket bench press`: 6 % at p50)."""


class Connected(Struct, frozen=True):
    """The broker has confirmed all subscriptions; `session` is the one its will names."""

    session: str


class Disconnected(Struct, frozen=True):
    """A connection that was `Connected` is gone."""

    reason: str


class Received(Struct, frozen=True):
    """A message on a subscribed topic; `retained`: it was kept by the broker, so it may be old."""

    topic: str
    payload: bytes
    retained: bool


LinkEvent: TypeAlias = Connected | Disconnected | Received
Will: TypeAlias = Callable[[str], tuple[str, bytes]]


class _Client(paho.Client):
    """paho's client, written to by several threads.

    A publisher that only woke the link's thread would wait for the interpreter lock, up to 5 ms
    (measured: p50 3.3 ms against 0.3 with a publisher that goes on computing).
    """

    def __init__(self, client_id: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=paho.MQTTv311,
            clean_session=True,
            # No downgrade to MQTT 3.1 and no connecting inside a callback: the link does that.
            reconnect_on_failure=False,
        )
        self._writing = threading.Lock()
        # paho writes by itself, unguarded, unless an outer loop says that it does.
        self.on_socket_register_write = _leave_writing_to_the_link

    def loop_write(self) -> MQTTErrorCode:
        """Write what is queued, in order, one thread at a time."""
        with self._writing:
            return super().loop_write()


def _leave_writing_to_the_link(*_: object) -> None:
    """Take paho's note that there is something to write: the link looks by itself."""


class Link:
    """One process's connection, kept up for ever.

    Args:
        subscriptions: Topic filters; anything else that arrives is dropped and counted, and so is
            what is bigger than any message of ours.
        will: Makes (topic, payload) from a session id: published by the broker, retained, when
            the connection ends in any way, `stop` included.
        on_event: Called on the link's thread, with `Received` on the loop's if there is one; it
            must not block. An error in it is a fault of
            ours, and ends the process by `on_death`: a link that is deaf must not look alive.
        loop: Whose thread reads, instead of the link's: no hop between threads on the way of a
            press (`loket bench press`).
        new_session: Makes a fresh id for each connection.
    """

    def __init__(  # noqa: PLR0913 - the parts of a link, each by name
        self,
        *,
        settings: LinkSettings,
        client_id: str,
        subscriptions: Sequence[str],
        will: Will | None,
        on_event: Callable[[LinkEvent], None],
        on_death: Callable[[], None] = end_process,
        loop: Loop | None = None,
        new_session: Callable[[], str] = lambda: secrets.token_hex(8),
        random: Random | None = None,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._subscriptions = tuple(subscriptions)
        self._will = will
        self._on_event = on_event
        self._on_death = on_death
        self._reader = LoopReader(loop, self._read) if loop else None
        self._new_session = new_session
        self._random = random or Random()  # noqa: S311 - jitter, no secret
        self._mono_s = mono_s
        self._counts: Counter[str] = Counter()
        self._too_big: set[Topic] = set()
        self._stopping = threading.Event()
        self._gate = threading.Lock()
        self._reading = threading.Lock()
        self._is_up = False
        self._session = ""
        self._up_since_s = 0.0
        self._reason = ""
        self._is_refused = False
        self._suback = 0
        self._told = ""
        self._thread: threading.Thread | None = None
        self._client = self._make_client()

    @property
    def counts(self) -> dict[str, int]:
        """What happened since start, by name.

        connected, refused (by the broker); of ours oversized and unsent; of others' unasked and
        overlong; filters_refused.
        """
        return dict(self._counts)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        # The thread that waits for what this one brings else waits up to 5 ms for the interpreter.
        sys.setswitchinterval(SWITCH_S)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)  # noqa: FBT003 - its only form
        self._waker.setblocking(False)  # noqa: FBT003 - its only form
        self._thread = threading.Thread(
            target=self._run, name=f"link-{self._client_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the connection as a crash would, so that the broker publishes the will.

        No event comes after this (where a loop reads, call it on that loop's thread); it takes
        `CONNECT_S_MAX` at most.
        """
        self._stopping.set()
        if self._thread is None:
            return
        self._wake()
        self._thread.join()
        self._thread = None
        self._woken.close()
        self._waker.close()

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Send a message as its kind travels; any thread may, `on_event` included.

        Returns:
            False when it was not sent: no connection, too many unconfirmed, or too big.
        """
        if len(payload) > MESSAGE_BYTES_MAX:
            self._counts["oversized"] += 1
            self._tell_too_big(topic, len(payload))
            return False
        rule = RULES[topic.kind]
        with self._gate:
            if not self._is_up:
                self._counts["unsent"] += 1
                return False
            told = self._client.publish(str(topic), payload, rule.qos, rule.retain)
        # Not while a loop reads: `on_event` may publish, and who reads writes afterwards anyhow.
        if threading.current_thread() is not self._thread and not self._reading.locked():
            self._write_now()
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._counts["unsent"] += 1
        return told.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _tell_too_big(self, topic: Topic, size: int) -> None:
        """Say it once a topic: what grew too big is made again and again."""
        if topic in self._too_big:
            return
        self._too_big.add(topic)
        fields = kv(topic=str(topic), bytes=size, bytes_max=MESSAGE_BYTES_MAX)
        _log.error("message too big, not sent", extra=fields)

    def _write_now(self) -> None:
        if self._stopping.is_set():
            return
        rc = self._client.loop_write()
        if rc != MQTTErrorCode.MQTT_ERR_SUCCESS or self._client.want_write():
            self._wake()

    def _read(self, sock: Readable) -> None:
        """Read on the loop's thread, this connection and no later one."""
        reader = self._reader
        with self._dying_of_errors(), self._reading:
            if reader is None or not reader.reads(sock):
                return
            self._client.loop_read()
        # After those who were given what was read: the broker can wait for its PUBACK. It wakes the
        # link's thread too if there is nothing to write to any more.
        reader.loop.call_soon(self._write_later)

    def _write_later(self) -> None:
        with self._dying_of_errors():
            self._write_now()

    def _end_reading(self, sock: Readable) -> None:
        if self._reader:
            self._reader.end(sock)

    @contextlib.contextmanager
    def _dying_of_errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            _log.critical("the link dies of an error", exc_info=True)
            self._on_death()
            raise

    def _wake(self) -> None:
        # It has a wake-up waiting already, or is closed: the link is stopped.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    # From here on: the link's thread; callbacks of paho run on the thread that reads.

    def _make_client(self) -> _Client:
        client = _Client(self._client_id)
        client.username_pw_set(self._settings.username, self._settings.password)
        client.connect_timeout = CONNECT_S_MAX
        client.max_inflight_messages = UNCONFIRMED_MAX
        client.max_queued_messages = UNCONFIRMED_MAX
        client.on_socket_open = _shape_socket
        client.on_connect = self._on_connack
        client.on_subscribe = self._on_suback
        client.on_message = self._on_message
        client.on_disconnect = self._on_closed
        client.on_socket_close = lambda _c, _u, sock: self._end_reading(sock)
        return client

    def _run(self) -> None:
        with self._dying_of_errors():
            attempt = 0
            while not self._stopping.is_set():
                address = self._settings.addresses[attempt % len(self._settings.addresses)]
                attempt = 0 if self._hold_connection(address) else attempt + 1
                self._stopping.wait(wait_s(attempt, self._random, is_refused=self._is_refused))

    def _hold_connection(self, address: str) -> bool:
        """Connect and stay until the connection ends; return whether it lived long."""
        self._session = self._new_session()
        self._reason, self._is_refused, self._up_since_s = "", False, 0.0
        if self._will is not None:
            topic, payload = self._will(self._session)
            self._client.will_set(topic, payload, qos=RULES[Kind.BIRTH].qos, retain=True)
        try:
            self._client.connect(address, self._settings.port, KEEPALIVE_S)
        except OSError as error:
            self._tell("no connection to the broker", address, str(error))
            return False
        self._exchange()
        with self._gate:
            was_up, self._is_up = self._is_up, False
        sock = self._client.socket()
        if sock is not None:
            self._end_reading(sock)
            sock.close()
        with self._reading:
            pass  # The loop has done with this connection: what it reads next is the next one's.
        if self._stopping.is_set():
            return True
        self._tell_end(address)
        if was_up:
            self._on_event(Disconnected(self._reason))
        return was_up and self._mono_s() - self._up_since_s >= SETTLED_S

    def _exchange(self) -> None:
        """Move bytes until the connection ends, `stop` comes, or the handshake takes too long."""
        client, sock = self._client, self._client.socket()
        if sock is None:
            return
        fd, woken_fd = sock.fileno(), self._woken.fileno()
        handshake_end_s = self._mono_s() + HANDSHAKE_S_MAX
        while client.socket() is sock and not self._stopping.is_set():
            reader = self._reader if self._up_since_s else None
            if reader and not reader.reads(sock):
                reader.begin(sock)
            reads = 0 if reader else select.POLLIN
            wants = reads | (select.POLLOUT if client.want_write() else 0)
            waiting = select.poll()
            waiting.register(woken_fd, select.POLLIN)
            # Registered for nothing, poll would tell again and again that the socket is broken.
            if wants:
                waiting.register(fd, wants)
            patience_s = LOOK_S if self._up_since_s else handshake_end_s - self._mono_s()
            ready = dict(waiting.poll(max(0.0, patience_s) * 1000))
            if woken_fd in ready:
                self._woken.recv(4096)
            if reads and ready.get(fd, 0) & ~select.POLLOUT:
                client.loop_read()
            if client.want_write():
                client.loop_write()
            client.loop_misc()
            if not self._up_since_s and self._mono_s() >= handshake_end_s:
                self._reason = self._reason or "no answer"
                return

    def _on_connack(self, _c: object, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        # What an earlier connection left is old: its `age_ms` would lie, and its sender repeats it.
        self._client.drop_out_messages()
        if code.is_failure:
            self._reason = str(code)
            self._is_refused = self._reason in REFUSALS
        elif self._subscriptions:
            _, mid = self._client.subscribe([(filter_, 1) for filter_ in self._subscriptions])
            self._suback = mid or 0
        else:
            self._come_up()

    def _on_suback(
        self, _c: object, _u: object, mid: int, codes: list[ReasonCode], _p: object
    ) -> None:
        if mid != self._suback:
            return
        for filter_, code in zip(self._subscriptions, codes, strict=False):
            if code.is_failure:
                self._counts["filters_refused"] += 1
                _log.error("the broker refuses a subscription", extra=kv(filter=filter_))
        self._come_up()

    def _come_up(self) -> None:
        self._counts["connected"] += 1
        self._told = ""
        self._up_since_s = self._mono_s()
        _log.info("connected to the broker", extra=kv(address=self._client.host))
        with self._gate:
            self._is_up = True
        if not self._stopping.is_set():
            self._on_event(Connected(self._session))

    def _on_message(self, _c: object, _u: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._counts["unasked"] += 1
            return
        # amqtt sends a new client what others subscribed to; and nothing comes before Connected.
        if not self._is_up or not any(covers(filter_, topic) for filter_ in self._subscriptions):
            self._counts["unasked"] += 1
        elif len(message.payload) > MESSAGE_BYTES_MAX:
            self._counts["overlong"] += 1
        elif not self._stopping.is_set():
            self._on_event(Received(topic, bytes(message.payload), message.retain))

    def _on_closed(self, _c: object, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        # A publisher's thread comes here too when its write fails: it only leaves the reason.
        self._reason = self._reason or str(code)

    def _tell_end(self, address: str) -> None:
        if self._is_refused:
            self._counts["refused"] += 1
            self._tell(
                "the broker refuses this account: its link.json holds another password than the"
                " hub's; copy the hub's and start this process again",
                address,
                self._reason,
            )
        else:
            self._tell("the connection to the broker ended", address, self._reason)

    def _tell(self, fault: str, address: str, reason: str) -> None:
        """Warn of a fault once, until a connection comes up or it is another fault."""
        level = logging.DEBUG if fault == self._told else logging.WARNING
        self._told = fault
        fields = kv(address=address, user=self._settings.username, reason=reason)
        _log.log(level, fault, extra=fields)


def _shape_socket(_c: object, _u: object, sock: object) -> None:
    if not isinstance(sock, socket.socket):
        raise TypeError(f"paho opened {sock!r}, not a plain socket")
    # Without it a press waits 20-65 ms for the peer's delayed ACK (measured).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
