"""The broker and the cables: what a broker promises, and how little of it holds on a bad day.

A connection is TCP: what arrives is in order, a pulled cable is noticed late, and what was on its
way comes in one burst if it is back before that. On top of that each message may be lost, repeated
or late, as a full queue, a reconnect with QoS 1, or a clogged switch make it: harder than any one
broker would be, so that no code relies on one. A lossy time ends with a new connection, as it does
for whoever loses bytes of TCP.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from broker.backoff import wait_s
from broker.link import Connected, Disconnected, LinkEvent, Received
from broker.wire.topics import RULES, Topic
from tests.fakes import FINE, Weather
from tests.sim.timeline import Act, Timeline
from tests.sim.trace import Trace

Will = Callable[[str], tuple[str, bytes]]

DEAF_S = (8.0, 12.0)
"""After so long a client gives up a connection whose bytes nobody confirms (`DEAD_PEER_MS`)."""

SILENT_S = 22.5
"""After so long the broker gives up a client: 1.5 keepalives."""

TAKES_S = 0.005
"""On the way one way, on a good day, at most."""


class Cable:
    """What joins one machine to the broker.

    Attributes:
        up, down: Whether messages pass to the broker, and from it.
    """

    def __init__(self) -> None:
        self.weather = FINE
        self.up = True
        self.down = True
        self._stalled: list[Act] = []

    @property
    def is_whole(self) -> bool:
        """Whether both ways are open."""
        return self.up and self.down

    def stall(self, arrived: Act) -> None:
        """Keep what can't pass now: TCP sends it again."""
        self._stalled.append(arrived)

    def mend(self) -> None:
        """Open both ways; what was kept arrives, at connections that are still there."""
        self.up = self.down = True
        stalled, self._stalled = self._stalled, []
        for arrived in stalled:
            arrived()


class Connection:
    """One client's connection at the broker.

    Attributes:
        up_s, down_s: When the newest message arrives that is in order, there and here.
    """

    def __init__(self, link: "SimLink", session: str, will: tuple[str, bytes] | None) -> None:
        self.link = link
        self.session = session
        self.will = will
        self.is_open = True
        self.up_s = self.down_s = 0.0


class Broker:
    """A broker that keeps nothing but its retained messages, and those only while it likes."""

    def __init__(self, timeline: Timeline, random: Random, trace: Trace) -> None:
        self.is_up = True
        self.retained: dict[str, bytes] = {}
        self.messages = 0
        self._timeline = timeline
        self._random = random
        self._trace = trace
        self._clients: dict[str, Connection] = {}
        self._listeners: dict[str, tuple[Connection, ...]] = {}
        """By topic, as long as nobody comes or goes."""

    def kill(self) -> None:
        """End: every client's connection breaks, and nobody's will is said."""
        self.is_up = False
        for connection in list(self._clients.values()):
            self._remove(connection)
            connection.link.broken("the broker ended")

    def start(self, *, is_wiped: bool) -> None:
        """Start again, with or without what was retained."""
        self.is_up = True
        if is_wiped:
            self.retained.clear()

    def accept(self, link: "SimLink", session: str, will: tuple[str, bytes] | None) -> Connection:
        """Begin a connection; one of the same client is thrown out, with its will."""
        old = self._clients.get(link.client_id)
        if old is not None:
            self.drop(old)
        connection = Connection(link, session, will)
        self._clients[link.client_id] = connection
        self._listeners.clear()
        return connection

    def send_retained(self, connection: Connection) -> None:
        """Send what was kept of the client's topics."""
        for topic in sorted(self.retained):
            if connection.link.listens_to(topic):
                kept = Received(topic, self.retained[topic], retained=True)
                self._down((connection,), kept)

    def drop(self, connection: Connection) -> None:
        """Give a client up, with its will."""
        if not connection.is_open:
            return
        self._remove(connection)
        if connection.will is not None:
            self._route(*connection.will, retain=True)

    def _remove(self, connection: Connection) -> None:
        connection.is_open = False
        if self._clients.get(connection.link.client_id) is connection:
            del self._clients[connection.link.client_id]
        self._listeners.clear()

    def publish(self, connection: Connection, topic: str, payload: bytes, *, retain: bool) -> None:
        """Take a message on its way up."""
        cable = connection.link.cable

        def arrived() -> None:
            if not connection.is_open:
                return
            if cable.up:
                self._route(topic, payload, retain=retain)
            else:
                cable.stall(arrived)

        connection.up_s = self._carry(cable.weather, connection.up_s, arrived)

    def _route(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._trace.message(topic, payload)
        if retain:
            self.retained[topic] = payload
        listeners = self._listeners.get(topic)
        if listeners is None:
            clients = self._clients.values()
            listeners = tuple(each for each in clients if each.link.listens_to(topic))
            self._listeners[topic] = listeners
        self._down(listeners, Received(topic, payload, retained=False))

    def _down(self, connections: Sequence[Connection], item: Received) -> None:
        """Have a message arrive at each of them, on a good day at all of them at once.

        What one of them hears changes nothing at another but by way of a message of its own, so
        there is nothing to be seen in the order of some ms in which it comes to them.
        """
        at_s = self._timeline.now_s + self._random.random() * TAKES_S
        prompt: list[Connection] = []
        for connection in connections:
            if connection.link.cable.weather is not FINE or connection.down_s > at_s:
                arrived = partial(self._arrived, (connection,), item)
                weather = connection.link.cable.weather
                connection.down_s = self._carry(weather, connection.down_s, arrived)
            else:
                connection.down_s = at_s
                prompt.append(connection)
        if prompt:
            self._timeline.at(at_s, partial(self._arrived, prompt, item))

    def _arrived(self, connections: Sequence[Connection], item: Received) -> None:
        for connection in connections:
            if not connection.is_open:
                continue
            link = connection.link
            if link.cable.down:
                self.messages += 1
                link.receive(connection, item)
            else:
                link.cable.stall(partial(self._arrived, (connection,), item))

    def _carry(self, weather: Weather, newest_s: float, arrived: Act) -> float:
        """Have one message arrive once, twice or never; return when the newest in order does."""
        timeline, draw = self._timeline, self._random.random
        if weather is FINE:
            at_s = max(timeline.now_s + draw() * TAKES_S, newest_s)
            timeline.at(at_s, arrived)
            return at_s
        at_s = timeline.now_s + self._random.uniform(*weather.delay_s)
        if draw() < weather.duplicate:
            timeline.at(at_s + draw() * weather.late_s, arrived)
        if draw() < weather.loss:
            return newest_s
        if draw() < weather.reorder:
            timeline.at(at_s + draw() * weather.late_s, arrived)
            return newest_s
        at_s = max(at_s, newest_s)
        timeline.at(at_s, arrived)
        return at_s


class SimLink:
    """`broker.link.Link` in this world: connects for ever, and says what it hears.

    Attributes:
        counts: As `Link.counts`.
    """

    def __init__(  # noqa: PLR0913 - the parts of a link, each by name
        self,
        *,
        client_id: str,
        subscriptions: Sequence[str],
        will: Will | None,
        on_event: Callable[[LinkEvent], None],
        broker: Broker,
        cable: Cable,
        timeline: Timeline,
        random: Random,
    ) -> None:
        self.client_id = client_id
        self._topics = frozenset(subscriptions)
        self.cable = cable
        self.counts: dict[str, int] = {}
        self.on_publish: Callable[[Topic, bytes], object] | None = None
        self._will = will
        self._on_event = on_event
        self._broker = broker
        self._timeline = timeline
        self._random = random
        self._connection: Connection | None = None
        self._attempt = 0
        self._is_running = False

    def start(self) -> None:
        """Begin to connect."""
        self._is_running = True
        self._timeline.after(self._random.uniform(0.002, 0.05), self._connect)

    def stop(self) -> None:
        """End as a crash does: the kernel closes the socket, the broker says the will."""
        self._is_running = False
        connection, self._connection = self._connection, None
        if connection is None or not connection.is_open:
            return
        heard_s = 0.001 if self.cable.up else SILENT_S
        self._timeline.after(heard_s, lambda: self._broker.drop(connection))

    def vanish(self) -> None:
        """Lose power: nobody closes the socket."""
        self._is_running = False
        connection, self._connection = self._connection, None
        if connection is not None:
            self._timeline.after(SILENT_S, lambda: self._broker.drop(connection))

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Send a message, as far as this end can know."""
        connection = self._connection
        if connection is None:
            return False
        if self.on_publish is not None:
            self.on_publish(topic, payload)
        rule = RULES[topic.kind]
        self._broker.publish(connection, str(topic), payload, retain=rule.retain)
        return True

    def listens_to(self, topic: str) -> bool:
        """Return whether it has subscribed to a topic, by name or as one of many."""
        return topic in self._topics or f"{topic.rpartition('/')[0]}/+" in self._topics

    def receive(self, connection: Connection, item: Received) -> None:
        """Take a message of the broker."""
        if connection is self._connection:
            self._on_event(item)

    def broken(self, reason: str) -> None:
        """Notice that the connection is gone, and connect again."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        self._timeline.after(SILENT_S, lambda: self._broker.drop(connection))
        self._on_event(Disconnected(reason))
        self._again()

    def reset(self) -> None:
        """Break the connection at both ends."""
        connection = self._connection
        if connection is not None:
            self._broker.drop(connection)
            self.broken("reset")

    def cut(self) -> None:
        """Have the cable pulled, one way or both: each end notices in its own time."""
        connection = self._connection
        if connection is None:
            return
        self._timeline.after(self._random.uniform(*DEAF_S), lambda: self._deaf(connection))
        self._timeline.after(SILENT_S, lambda: self._silent(connection))

    def _deaf(self, connection: Connection) -> None:
        if connection is self._connection and not self.cable.is_whole:
            self.broken("nobody confirms")

    def _silent(self, connection: Connection) -> None:
        if not self.cable.is_whole:
            self._broker.drop(connection)

    def _again(self) -> None:
        self._attempt += 1
        self._timeline.after(wait_s(self._attempt, self._random) + 0.01, self._connect)

    def _connect(self) -> None:
        if not self._is_running or self._connection is not None:
            return
        if not (self._broker.is_up and self.cable.is_whole):
            self._again()
            return
        self._attempt = 0
        session = f"{self._random.getrandbits(64):016x}"
        will = self._will(session) if self._will else None
        self._connection = self._broker.accept(self, session, will)
        self._on_event(Connected(session))
        if self._connection is not None:
            self._broker.send_retained(self._connection)
