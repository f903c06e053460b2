"""A node's way to the hub: what goes out when, and how well the other end is heard.

`Sender` decides about commands; here are birth, health and the hub's heartbeat beside it. No
waiting and no disk: the runtime asks `wake_s()` and calls `send()` then.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from broker.hall.stamps import time_to_print_ms
from broker.wire.delivery import Row, Sender
from broker.wire.generation import Stamp, Stamped, is_older
from broker.wire.giving import Decided, give_of
from broker.wire.messages import (
    Birth,
    Health,
    Held,
    HubState,
    Place,
    Result,
    encode,
    read_ack,
    read_hub,
)
from broker.wire.topics import Kind, Topic
from edge.role import Sent, Standing

GRACE_S = 1.5
"""So long after a start, or a new connection, it is not known yet whether the hub is there."""

LATE_AFTER_S = 1.0
"""A press without a result after this long is shown as not sent: it is not "at once" any more."""

HUB_LOST_AFTER_S = 15.0
"""Three heartbeats of 5 s without one, and without an ack: the hub is not heard."""

HEALTH_EVERY_S = 15.0

BIRTH_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Waits before a birth without an answer is repeated; the last one for ever."""

CALLED_EVERY_S = 0.5
"""A heartbeat calls for a birth that has no answer, at most so often: else both go round as fast as
the wire carries them for as long as the hub answers nobody."""


class LinkPort(Protocol):
    """What a node needs of `broker.link.Link`."""

    def start(self) -> None:
        """Begin to connect, and to reconnect for ever."""
        ...

    def stop(self) -> None:
        """End the connection; the broker publishes the will."""
        ...

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Hand it to the broker; False when it was not."""
        ...


class Identity(Struct, frozen=True, kw_only=True):
    """Who a node is on the wire.

    Attributes:
        boot: Random per boot of the machine.
    """

    node: str
    hall: str
    role: str
    version: str
    boot: str

    def birth(self, session: str, *, online: bool) -> Birth:
        """Return a birth, or with `online` false a will."""
        return Birth(
            session=session, online=online, role=self.role, version=self.version, boot=self.boot
        )

    def will(self, session: str) -> tuple[str, bytes]:
        """Return what the broker says when the connection breaks."""
        return str(self.topic(Kind.BIRTH)), encode(self.birth(session, online=False))

    def topic(self, kind: Kind) -> Topic:
        """Return this node's topic of a kind."""
        return Topic(self.hall, kind, self.node)

    def subscriptions(self, topics: Iterable[Topic]) -> tuple[str, ...]:
        """Return what it reads: its acks, the heartbeat, and these of its role."""
        always = (self.topic(Kind.ACK), Topic(self.hall, Kind.HUB))
        return tuple(str(topic) for topic in (*always, *topics))


class Foreign(NamedTuple):
    """A stream the hub says is another node's, and its rows without a result."""

    stream: str
    owner: str
    rows: list[Row]


class Post:
    """Sends what is due, and knows what has no result yet.

    Args:
        rows: Rows of the outbox without a result, as the sender got them.
        begin_s: Monotonic instant of the start.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        sender: Sender,
        link: LinkPort,
        rows: Iterable[Row],
        begin_s: float,
    ) -> None:
        self.identity = identity
        self.asked: Place | None = None
        """What the hub last asked to be given back, and was not given yet."""
        self.foreign: Foreign | None = None
        """What is not sent any more, and the outbox does not know yet."""
        self._sender = sender
        self._link = link
        # When each row without a result was made; one of an earlier boot is late from the start.
        self._asked = {
            (row.stream, row.seq): float("-inf") if row.made_s is None else row.made_s
            for row in rows
        }
        self._session: str | None = None
        self.connects = 0
        """Connections to the broker since the start."""
        self._births = 0
        self._hub_start = ""
        self._is_birth_due = False
        self._birth_s = self._health_s = 0.0
        self._born_s = float("-inf")
        self._heard_s = float("-inf")
        self._newest = Stamp()
        self._told: tuple[HubState, float] | None = None
        self._grace_s = begin_s + GRACE_S

    @property
    def gen(self) -> str:
        """The highest generation heard: to be kept on disk."""
        return self._sender.gen

    @property
    def depth(self) -> int:
        """How many rows have no result."""
        return self._sender.depth

    @property
    def is_up(self) -> bool:
        """Whether the broker is connected."""
        return self._session is not None

    def oldest_age_s(self, now_s: float) -> float | None:
        """Return how long the oldest row waits for its result; None when none of this boot does."""
        oldest_s = next(iter(self._asked.values()), float("-inf"))
        return None if oldest_s == float("-inf") else round(max(0.0, now_s - oldest_s), 1)

    def connected(self, session: str, now_s: float) -> None:
        """Begin a connection: birth and health are due now."""
        self._session = session
        self.connects += 1
        self._births = 0
        self._birth_s = self._health_s = now_s
        self._grace_s = now_s + GRACE_S
        self._sender.connected(now_s)

    def disconnected(self) -> None:
        """End a connection."""
        self._session = None
        self._grace_s = float("-inf")
        self._sender.disconnected()

    def appended(self, row: Row, now_s: float) -> None:
        """Take a row that was committed."""
        self._asked[row.stream, row.seq] = now_s if row.made_s is None else row.made_s
        self._sender.appended(row, now_s)

    def hub_seen(self, payload: bytes, now_s: float, *, retained: bool) -> bool:
        """Take a heartbeat; one from the broker's store says nothing about now.

        Return whether anything follows from it but that the hub is heard still.

        Raises:
            WireError: It is none.
        """
        state = read_hub(payload)
        if retained:
            return False
        known = (self._is_heard(now_s), self._hub_start, self._sender.gen)
        self._heard_s = now_s
        self._told = (state, now_s)
        self._sender.hub_seen(state, now_s)
        self._reached(state)
        if state.start != self._hub_start:
            # Its journal may be another than the one before: the birth says what is held here.
            self._is_birth_due = bool(self._hub_start)
            self._hub_start = state.start
        if not self._sender.is_answered and self._births > 1:
            self._birth_s = min(self._birth_s, max(now_s, self._born_s + CALLED_EVERY_S))
            return True
        return known != (True, state.start, self._sender.gen)

    def _reached(self, stamp: Stamped) -> None:
        """Take note how far the journal is: one that ends before it was set back."""
        if stamp.gen == self._sender.gen and not is_older(stamp, self._newest):
            self._newest = Stamp(stamp.gen, stamp.pos)

    def time_ms(self, at_s: float) -> int | None:
        """Return the hall's time at an instant of this boot, for paper; None while nobody knows it.

        This machine's own clock is not asked: it may stand in 1970.
        """
        if self._told is None:
            return None
        state, told_s = self._told
        return time_to_print_ms(
            heard_ms=state.at_ms, heard_s=told_s, now_s=at_s, date_known=state.date_known
        )

    def acked(self, payload: bytes, now_s: float) -> list[tuple[Row, Result]]:
        """Return the rows that have their result now.

        Raises:
            WireError: It is no ack.
        """
        ack = read_ack(payload)
        results = self._sender.acked(ack, now_s)
        if ack.gen == self._sender.gen:
            self.asked = ack.give
        for _, result in results:
            self._reached(Stamp(result.gen, result.pos))
        self._heard_s = now_s
        given_up = self._sender.disowned(ack, now_s)
        if given_up:
            self.foreign = Foreign(ack.stream, ack.owner, given_up)
        for row in (*given_up, *(row for row, _ in results)):
            self._asked.pop((row.stream, row.seq), None)
        return results

    def give(self, rows: Sequence[Decided], is_all: bool, *, after: Place) -> None:  # noqa: FBT001 - as the outbox says it
        """Answer what the hub asked for with rows of the outbox; the hub asks for the rest."""
        self.asked = None
        own = self._sender.birth()[0]
        give = give_of(rows, after=after, stream=own, is_all=is_all)
        self._link.publish(self.identity.topic(Kind.UP), encode(give))

    def send_commands(self, now_s: float) -> None:
        """Publish the commands that are due."""
        wake_s = self._sender.wake_s()
        if wake_s is not None and wake_s <= now_s:
            for up in self._sender.outgoing(now_s):
                self._link.publish(self.identity.topic(Kind.UP), encode(up))

    def send_birth(self, now_s: float, *, held: Held | None) -> None:
        """Publish the birth, when it is due again.

        Args:
            held: The newest row the outbox has a sealed result for.
        """
        is_due = not self._sender.is_answered and self._birth_s <= now_s
        if self._session is None or not (is_due or self._is_birth_due):
            return
        self._is_birth_due = False
        stream, first = self._sender.birth()
        birth = replace(
            self.identity.birth(self._session, online=True),
            stream=stream,
            first=first,
            gen=self._sender.gen,
            pos=self._newest.pos if self._newest.gen == self._sender.gen else 0,
            held=held,
        )
        self._link.publish(self.identity.topic(Kind.BIRTH), encode(birth))
        self._birth_s = now_s + BIRTH_AGAIN_S[min(self._births, len(BIRTH_AGAIN_S) - 1)]
        self._births, self._born_s = self._births + 1, now_s

    def is_health_due(self, now_s: float) -> bool:
        """Return whether figures are to be sent now."""
        return self._session is not None and self._health_s <= now_s

    def send_health(self, health: Health, now_s: float) -> None:
        """Publish the figures."""
        self._health_s = now_s + HEALTH_EVERY_S
        stamped = replace(health, sent_ms=int(now_s * 1000))
        self._link.publish(self.identity.topic(Kind.HEALTH), encode(stamped))

    def is_gone(self, now_s: float) -> bool:
        """Return whether it is known that no answer of the hub can come now."""
        return not self._is_heard(now_s) and self._grace_s <= now_s

    def _is_heard(self, now_s: float) -> bool:
        return self._session is not None and now_s < self._heard_s + HUB_LOST_AFTER_S

    def standing(self, now_s: float) -> Standing:
        """Return what the lamps may say about the way to the hub."""
        return Standing(self._is_heard(now_s), self._sent(now_s), now_s=now_s)

    def _sent(self, now_s: float) -> Sent:
        if not self._asked:
            return Sent.ALL
        return Sent.LATE if self._late_s() <= now_s else Sent.ON_THE_WAY

    def _late_s(self) -> float:
        return next(iter(self._asked.values())) + LATE_AFTER_S

    def panel(self, now_s: float) -> dict[str, object]:
        """Return what a panel shows of the way to the hub.

        `hub_age_s`: whole seconds since the hub was heard; 0 while it counts as heard, None before
        it ever was.
        """
        is_heard = self._is_heard(now_s)
        age_s = None if self._heard_s == float("-inf") else int(now_s - self._heard_s)
        return {
            "link": "up" if self.is_up else "down",
            "hub": "heard" if is_heard else "silent",
            "hub_age_s": 0 if is_heard else age_s,
        }

    def wake_s(self, now_s: float) -> float | None:
        """Return the instant at which something is to be sent, or `standing` becomes another."""
        dues = [] if (send_s := self._sender.wake_s()) is None else [send_s]
        if self._session is not None:
            dues.append(self._health_s)
            if not self._sender.is_answered:
                dues.append(self._birth_s)
            if self._is_heard(now_s):
                dues.append(self._heard_s + HUB_LOST_AFTER_S)
        if self._sent(now_s) is Sent.ON_THE_WAY:
            dues.append(self._late_s())
        return min(dues, default=None)
