"""Stand-ins for what a node is joined to: a link that goes nowhere, and the smallest hub."""

import asyncio
from collections.abc import Callable

import msgspec

from broker.hall.commands import OpenDay, decode_command
from broker.hall.rules import Actor, Asked, Refusal, decide
from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.state import Hall
from broker.hall.views import counter_view, queue_view
from broker.link import Connected, Disconnected, LinkEvent, Received
from broker.wire.delivery import Receiver, pack_acks
from broker.wire.messages import Ack, HubState, Result, Up, encode, read_birth, read_up
from broker.wire.topics import Kind, Topic
from edge.paper import Outcome, Printed, Told
from edge.slip import Slip
from tests.fakes import FakeClock

HALL = "mpp"

SETUP: Setup = make_setup(
    hall=HALL,
    name="MPP Kota Tebing Tinggi",
    timezone="Asia/Jakarta",
    agencies=(
        Agency(id="dukcapil", name="Dinas Kependudukan", short="Disdukcapil", series="A"),
        Agency(id="pajak", name="Kantor Pajak", short="Pajak", series="B"),
    ),
    services=(
        Service(id="ktp-el", agency="dukcapil", name={"id": "Perekaman KTP-el"}),
        Service(id="npwp", agency="pajak", name={"id": "NPWP"}),
    ),
    counters=(Counter(id=3, serves=("ktp-el",)),),
    offline={"kiosk-1": "K1"},
)


class FakeLink:
    """A `broker.link.Link` that keeps what was published; `hub`, when set, gets it too."""

    def __init__(self, on_event: Callable[[LinkEvent], None]) -> None:
        self.published: list[tuple[Topic, bytes]] = []
        self.is_up = False
        self.is_running = False
        self.hub: TinyHub | None = None
        self.on_event = on_event

    def start(self) -> None:
        """Begin; a test connects it."""
        self.is_running = True

    def stop(self) -> None:
        """End."""
        self.is_running = self.is_up = False

    def publish(self, topic: Topic, payload: bytes) -> bool:
        """Keep the message, and hand it to the hub."""
        if not self.is_up:
            return False
        self.published.append((topic, payload))
        if self.hub is not None:
            self.hub.take(topic, payload)
        return True

    def connect(self, session: str = "s1") -> None:
        """Come up."""
        self.is_up = True
        self.on_event(Connected(session))

    def cut(self) -> None:
        """Lose the connection."""
        self.is_up = False
        self.on_event(Disconnected("cut"))

    def say(self, topic: Topic, payload: bytes, *, retained: bool = False) -> None:
        """Bring a message of the broker."""
        self.on_event(Received(str(topic), payload, retained))

    def ups(self) -> list[Up]:
        """Return the commands published, read as the hub would."""
        return [read_up(payload) for topic, payload in self.published if topic.kind is Kind.UP]

    def count(self, kind: Kind) -> int:
        """Return how many messages of a kind were published."""
        return sum(topic.kind is kind for topic, _ in self.published)


class TinyHub:
    """Receiver, rules and state of the real hub, with a list for a journal and no broker.

    Attributes:
        rows: (stream, seq) -> result, of every row ever decided.
        is_mute: It decides, but its acks are lost.
        owners: Streams that are other nodes'.
    """

    def __init__(self, *, link: FakeLink, actor: Actor, clock: FakeClock) -> None:
        self.hall = Hall(SETUP)
        self.gen = "1-00000001"
        self.rows: dict[tuple[str, int], Result] = {}
        self.is_mute = False
        self.owners: dict[str, str] = {}
        self._receiver = Receiver(streams={})
        self._link = link
        self._actor = actor
        self._clock = clock
        day = decide(self.hall, OpenDay(date="2026-12-02"), Actor("hub", "hub"), self._asked("d:1"))
        self.hall.apply(1, clock.wall_ms(), day)
        link.hub = self

    def beat(self, *, retained: bool = False) -> None:
        """Publish a heartbeat."""
        state = HubState(gen=self.gen, pos=self.hall.pos, beat=1, start="h", at_ms=1)
        self._link.say(Topic(HALL, Kind.HUB), encode(state), retained=retained)

    def show(self) -> None:
        """Publish the snapshots a node reads."""
        view = counter_view(self.hall, 3, gen=self.gen)
        self._link.say(Topic(HALL, Kind.COUNTER, "3"), encode(view))
        queue = queue_view(self.hall, gen=self.gen, at_ms=1)
        self._link.say(Topic(HALL, Kind.QUEUE), encode(queue))

    def take(self, topic: Topic, payload: bytes) -> None:
        """Answer a birth or an up as the hub does."""
        match topic.kind:
            case Kind.BIRTH:
                birth = read_birth(payload)
                self._ack(birth.stream, [])
            case Kind.UP:
                self._decide(topic.id, read_up(payload))
            case _:
                pass

    def _decide(self, node: str, up: Up) -> None:
        if up.stream in self.owners:
            self._ack(up.stream, [])
            return
        taken = self._receiver.take(node, up)
        for seq, body in taken.fresh:
            self.rows[up.stream, seq] = self._result(up.stream, seq, body)
        self.show()
        seqs = [*taken.again, *(seq for seq, _ in taken.fresh)]
        self._ack(up.stream, [self.rows[up.stream, seq] for seq in seqs], taken.want)

    def _result(self, stream: str, seq: int, body: msgspec.Raw) -> Result:
        pos, at_ms = self.hall.pos + 1, self._clock.wall_ms()
        asked = self._asked(f"{stream}:{seq}")
        try:
            events = decide(self.hall, decode_command(body), self._actor, asked)
        except Refusal as refusal:
            self.hall.apply(pos, at_ms, ())
            return Result(seq=seq, pos=pos, at_ms=at_ms, refusal=refusal.code)
        self.hall.apply(pos, at_ms, events)
        return Result(seq=seq, pos=pos, at_ms=at_ms, events=events)

    def _ack(self, stream: str, results: list[Result], want: int = 0) -> None:
        if self.is_mute:
            return
        if stream in self.owners:
            owner = self.owners[stream]
            ack = Ack(gen=self.gen, stream=stream, upto=0, window=0, owner=owner)
            self._link.say(Topic(HALL, Kind.ACK, self._actor.node), encode(ack))
            return
        upto = max((seq for of, seq in self.rows if of == stream), default=0)
        acks = pack_acks(gen=self.gen, stream=stream, results=results, upto=upto, want=want)
        for ack in acks:
            self._link.say(Topic(HALL, Kind.ACK, self._actor.node), encode(ack))

    def _asked(self, origin: str) -> Asked:
        return Asked(origin=origin, at_ms=self._clock.wall_ms())


class SlowPaper:
    """Paper that comes when the test says so.

    Attributes:
        taken: Slips on their way, and who is told of their end.
        numbers: The first number of each slip ever taken.
    """

    def __init__(self) -> None:
        self.text = ""
        self.taken: list[tuple[Slip, Told]] = []
        self.numbers: list[str] = []

    def start(self) -> None:
        """Nothing to begin."""

    def print_slip(self, slip: Slip, told: Told) -> None:
        """Take it."""
        self.taken.append((slip, told))
        self.numbers.append(slip.tickets[0].number)

    def end(self, outcome: Outcome) -> None:
        """End the way of the oldest slip."""
        _, told = self.taken.pop(0)
        told(Printed(outcome, "" if outcome is Outcome.PRINTED else "as the test wished"))


async def until(is_so: Callable[[], object], what: str) -> None:
    """Wait for what other threads (SQLite's) bring about; fail after 20 s.

    Long, because a busy machine is no failure; a test that passes never waits for it.

    Raises:
        AssertionError: It did not come about.
    """
    try:
        async with asyncio.timeout(20):
            while not is_so():  # noqa: ASYNC110 - nothing of another thread says when
                await asyncio.sleep(0)
    except TimeoutError:
        raise AssertionError(f"in 20 s never: {what}") from None
