"""Both ends of the delivery protocol in a world of their own: wire, restarts, faults, one seed."""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from broker.hall.events import StreamGap
from broker.wire.delivery import Receiver, Row, Sender, Taken, pack_acks
from broker.wire.generation import generation_number
from broker.wire.messages import (
    COMMANDS_MAX,
    Birth,
    HubState,
    Result,
    WireError,
    encode,
    read_ack,
    read_birth,
    read_hub,
    read_up,
)
from tests.fakes import FINE, FakeWire, Weather

FAULTY_S = 30.0
QUIET_S = 400.0
"""Enough for several of the longest resend timers."""

NODES = ("loket-1", "loket-2")


@dataclass
class Entry:
    """A row of the fake journal: the result, or the gap, of one row of a stream."""

    node: str
    stream: str
    command: bytes
    result: Result


@dataclass
class FakeHub:
    """Takes, commits a little later, answers after the commit. A crash forgets what it took."""

    journal: list[Entry]
    gen: str
    start: str = ""
    receiver: Receiver = field(default_factory=lambda: Receiver(streams={}))
    entries: list[Entry] = field(default_factory=list)
    taken: dict[str, tuple[str, Taken]] = field(default_factory=dict)
    again: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    window: int = COMMANDS_MAX

    def begin(self, start: str) -> None:
        """Start from the journal, as after a crash."""
        self.start = start
        last = {entry.stream: (entry.node, entry.result.seq) for entry in self.journal}
        self.receiver = Receiver(streams=last)
        self.entries, self.taken = [], {}
        self.again.clear()

    def take(self, topic: str, payload: bytes) -> None:
        """Take a birth or rows."""
        kind, _, node = topic.partition("/")
        if kind == "birth":
            stream = read_birth(payload).stream
            last = self.receiver.last(node, stream)
            self.taken.setdefault(stream, (node, Taken(None, [], [], 0, last)))
            return
        up = read_up(payload)
        taken = self.receiver.take(node, up)
        if taken.gap is not None:
            self._record(node, up.stream, taken.gap.seq_upto, b"", (taken.gap,))
        for seq, raw in taken.fresh:
            self._record(node, up.stream, seq, bytes(raw), ())
        self.again[up.stream] |= {seq for seq, _ in taken.fresh} | set(taken.again)
        self.taken[up.stream] = (node, taken)

    def commit(self, wire: FakeWire, now_s: float) -> None:
        """Write what was taken, then answer from what is written."""
        self.journal += self.entries
        self.entries = []
        for stream, (node, taken) in self.taken.items():
            seqs = self.again[stream]
            results = [
                entry.result
                for entry in self.journal
                if entry.stream == stream and entry.result.seq in seqs
            ]
            acks = pack_acks(
                gen=self.gen,
                stream=stream,
                results=results,
                upto=taken.last,
                window=self.window,
                want=taken.want,
            )
            for ack in acks:
                wire.send(node, "ack", encode(ack), now_s)
        self.taken = {}
        self.again.clear()

    def _record(
        self, node: str, stream: str, seq: int, command: bytes, events: tuple[StreamGap, ...]
    ) -> None:
        pos = len(self.journal) + len(self.entries) + 1
        result = Result(seq=seq, pos=pos, at_ms=pos * 10, events=events)
        self.entries.append(Entry(node, stream, command, result))


class FakeNode:
    """An outbox that survives, a Sender that does not, and results that are written late."""

    def __init__(self, name: str, random: Random) -> None:
        self.name = name
        self.random = random
        self.rows: list[Row] = []
        self.written: dict[tuple[str, int], Result] = {}
        self.noted: dict[tuple[str, int], Result] = {}
        self.told: defaultdict[tuple[str, int], list[Result]] = defaultdict(list)
        self.starts = 0
        self.is_up = False
        self.birth_s = 0.0
        self.start()

    def start(self) -> None:
        """Start the process: what was not written is forgotten, its stream is a new one."""
        self.noted = {}
        self.starts += 1
        self.told_now: set[tuple[str, int]] = set()
        self.stream = f"{self.random.getrandbits(128):032x}"
        waiting = [row for row in self.rows if (row.stream, row.seq) not in self.written]
        self.sender = Sender(stream=self.stream, rows=waiting, random=self.random)
        self.seq = 0
        self.is_up = False

    def press(self, now_s: float) -> None:
        """Commit a row, with the results noted so far in the same commit."""
        self.write()
        self.seq += 1
        size = self.random.choice((0, 0, 0, 300, 3900))
        command = b'{"n":%d,"age_ms":0,"pad":"%s"}' % (len(self.rows), b"x" * size)
        row = Row(self.stream, self.seq, command, now_s)
        self.rows.append(row)
        self.sender.appended(row, now_s)

    def write(self) -> None:
        """Commit the results noted so far."""
        self.written |= self.noted
        self.noted = {}

    def hear(self, topic: str, payload: bytes, now_s: float) -> None:
        """Take what the hub says."""
        if topic == "hub":
            self.sender.hub_seen(read_hub(payload), now_s)
            return
        for row, result in self.sender.acked(read_ack(payload), now_s):
            assert (row.stream, row.seq) not in self.told_now, "a row has one result"
            self.told_now.add((row.stream, row.seq))
            self.told[row.stream, row.seq].append(result)
            self.noted[row.stream, row.seq] = result

    def speak(self, wire: FakeWire, now_s: float) -> None:
        """Send the birth until it is answered, and the rows that are due."""
        if self.is_up and not self.sender.is_answered and now_s >= self.birth_s:
            wire.send("hub", f"birth/{self.name}", self.birth(), now_s)
            self.birth_s = now_s + 1.0
        for up in self.sender.outgoing(now_s):
            wire.send("hub", f"up/{self.name}", encode(up), now_s)

    def birth(self) -> bytes:
        """Return the birth, which the broker retains."""
        stream, first = self.sender.birth()
        return encode(Birth(session="s", online=True, stream=stream, first=first))

    def connect(self, now_s: float) -> None:
        """Connect."""
        self.is_up = True
        self.birth_s = now_s
        self.sender.connected(now_s)

    def disconnect(self) -> None:
        """Lose the connection."""
        self.is_up = False
        self.sender.disconnected()

    def wake_s(self) -> float:
        """Return when to speak next."""
        wakes = [self.sender.wake_s()]
        if self.is_up and not self.sender.is_answered:
            wakes.append(self.birth_s)
        return min((at_s for at_s in wakes if at_s is not None), default=float("inf"))


class World:
    """A hub, two nodes, a wire, and what happens to them, all from one seed."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.random = Random(seed)
        self.wire = FakeWire(seed=seed, weather=weather)
        self.hub = FakeHub(journal=[], gen="1-00000000")
        self.nodes = {name: FakeNode(name, self.random) for name in NODES}
        self.refused = 0
        self.hub_is_up = False
        self._at: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._commit_s: float | None = None
        self.start_hub(0.0)
        for node in self.nodes.values():
            self.plan(self.random.uniform(0, 2), node.connect)

    def plan(self, at_s: float, action: Callable[[float], None]) -> None:
        """Have something happen."""
        heapq.heappush(self._at, (at_s, next(self._order), action))

    def run(self, until_s: float) -> None:
        """Let time pass."""
        while True:
            wakes = [self._at[0][0] if self._at else None, self.wire.next_s(), self._commit_s]
            wakes += [node.wake_s() for node in self.nodes.values()]
            now_s = min(at_s for at_s in (*wakes, until_s) if at_s is not None)
            if now_s >= until_s:
                return
            self._step(now_s)

    def _step(self, now_s: float) -> None:
        while self._at and self._at[0][0] <= now_s:
            heapq.heappop(self._at)[2](now_s)
        for parcel in self.wire.arrived(now_s):
            self._deliver(parcel.to, parcel.topic, parcel.payload, now_s)
        if self._commit_s is not None and now_s >= self._commit_s:
            self._commit_s = None
            self.hub.commit(self.wire, now_s)
        for node in self.nodes.values():
            node.speak(self.wire, now_s)

    def _deliver(self, to: str, topic: str, payload: bytes, now_s: float) -> None:
        if to != "hub":
            if self.nodes[to].is_up:
                self.nodes[to].hear(topic, payload, now_s)
        elif self.hub_is_up:
            try:
                self.hub.take(topic, payload)
            except WireError:
                self.refused += 1
            if self._commit_s is None:
                self._commit_s = now_s + self.random.uniform(0, 0.02)

    # -- what happens -------------------------------------------------------------------------

    def start_hub(self, now_s: float) -> None:
        """Start the hub: it says so, and answers the births the broker kept."""
        self.hub.begin(f"{self.random.getrandbits(32):08x}")
        self.hub_is_up = True
        for name, node in self.nodes.items():
            if node.is_up:
                self._deliver("hub", f"birth/{name}", node.birth(), now_s)
        self.beat(now_s)

    def beat(self, now_s: float) -> None:
        """Send the heartbeat."""
        self._say(self.hub, now_s)

    def _say(self, hub: FakeHub, now_s: float) -> None:
        state = HubState(gen=hub.gen, pos=0, beat=int(now_s), start=hub.start, at_ms=0)
        for name in self.nodes:
            self.wire.send(name, "hub", encode(state), now_s)

    def kill_hub(self, now_s: float) -> None:
        """Kill the hub, whatever it had taken and not committed, and start it again."""
        self.hub_is_up = False
        self._commit_s = None
        self.plan(now_s + self.random.uniform(0, 5), self.start_hub)

    def roll_back(self, now_s: float) -> None:
        """Lose the journal's newest rows: the hub goes on with a new generation."""
        kept = len(self.hub.journal) - self.random.randint(1, 20)
        del self.hub.journal[max(0, kept) :]
        self.hub.gen = f"{generation_number(self.hub.gen) + 1}-00000000"
        self.kill_hub(now_s)

    def wipe(self, now_s: float) -> None:
        """Lose the hub's data folder: it begins again with the same number and another hex."""
        self.hub.journal.clear()
        self.hub.gen = f"{generation_number(self.hub.gen)}-{self.random.getrandbits(32):08x}"
        self.kill_hub(now_s)

    def kill_node(self, now_s: float) -> None:
        """Kill a node; it starts and connects again."""
        node = self.random.choice(list(self.nodes.values()))
        self._drop(node)
        node.start()
        self.plan(now_s + self.random.uniform(0, 3), node.connect)

    def cut_node(self, now_s: float) -> None:
        """Cut a node's connection; it connects again."""
        node = self.random.choice(list(self.nodes.values()))
        self._drop(node)
        node.disconnect()
        self.plan(now_s + self.random.uniform(0, 5), node.connect)

    def _drop(self, node: FakeNode) -> None:
        self.wire.cut(node.name)

    def squeeze(self, now_s: float) -> None:
        """Have the hub ask for fewer rows, or for none."""
        del now_s
        self.hub.window = self.random.choice((0, 1, 3, COMMANDS_MAX))

    def write(self, now_s: float) -> None:
        """Have a node write its results, as it does soon after."""
        del now_s
        self.random.choice(list(self.nodes.values())).write()


class Rivalry(World):
    """A second hub with the same number, which never met the first, speaks on the same broker."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.rival = FakeHub(journal=[], gen="1-ffffffff")
        self.rival.begin("rival")
        super().__init__(seed, weather)

    def _deliver(self, to: str, topic: str, payload: bytes, now_s: float) -> None:
        super()._deliver(to, topic, payload, now_s)
        if to == "hub":
            self.rival.take(topic, payload)
            self.rival.commit(self.wire, now_s)

    def beat(self, now_s: float) -> None:
        """Send both heartbeats."""
        super().beat(now_s)
        self._say(self.rival, now_s)


def run_world(seed: int, *, roll_backs: int = 0, wipes: int = 0) -> World:
    """Run a world through faults, then let it come to rest."""
    random = Random(seed)
    weather = Weather(
        loss=seed % 5 / 10,
        duplicate=random.choice((0, 0.1, 0.3)),
        reorder=random.choice((0, 0.05, 0.3)),
        delay_s=random.choice(((0.001, 0.02), (0.05, 0.5))),
    )
    world = World(seed, weather)
    for node in world.nodes.values():
        for _ in range(random.randint(0, 50)):
            world.plan(random.uniform(0, FAULTY_S), node.press)
    faults = [
        *[world.kill_hub] * random.randint(0, 4),
        *[world.kill_node] * random.randint(0, 4),
        *[world.cut_node] * random.randint(0, 4),
        *[world.roll_back] * roll_backs,
        *[world.wipe] * wipes,
        *[world.squeeze] * random.choice((0, 5)),
        *[world.write] * 20,
    ]
    for fault in faults:
        world.plan(random.uniform(0, FAULTY_S), fault)
    for second in range(0, int(FAULTY_S + QUIET_S), 5):
        world.plan(second, world.beat)
    world.run(FAULTY_S + 6)
    world.wire.weather = FINE
    world.hub.window = COMMANDS_MAX
    world.run(FAULTY_S + QUIET_S)
    return world
