"""What the hub says of its committed state, and not before when: snapshots, acks, its heartbeat."""

from collections.abc import Iterable

import msgspec

from broker.agenda import Agenda
from broker.batch import Answer, Batch, Publication
from broker.disk import Room
from broker.hall.coded import CodedTicket, CodedView, coded_pages, page_name
from broker.hall.intake import Turns
from broker.hall.state import Hall
from broker.hall.views import board_view, counter_view, queue_view
from broker.wire.delivery import Beats, pack_acks
from broker.wire.giving import Ask
from broker.wire.messages import Ack, HubState, Result, encode
from broker.wire.topics import Kind, Topic

QUEUE_EVERY_S = 0.25
"""`state/queue` at most 4 times a second (DESIGN §5)."""

COUNTERS_AFTER_S = 0.004
"""A changed counter's snapshot waits this long. Where hub and board share one Pi, the frame with
the call is drawn first (`loket bench press`: 0.7 ms at p95); nobody sees a lamp 4 ms later."""

CODED_AFTER_S = 0.02
CODED_EVERY_S = 1.0
"""The pages of a service's tickets follow the counters, and then at most once a second: a phone
that was called tells of it within about that."""

BEAT_EVERY_S = 5.0

SAY_AGAIN_S = 0.25
"""A snapshot the link did not take is said again after this: its 256 unconfirmed are through by
then, or the connection is at its end."""


class Publisher:
    """Makes the hub's messages.

    Args:
        start: Random per start of the hub.
        now_s: Monotonic clock.

    Attributes:
        gen: The generation its messages are of.
        disk: Room on the hub's disk.
        listens: The hub does not serve yet.
    """

    def __init__(self, *, hall: Hall, gen: str, start: str, beats: Beats, now_s: float) -> None:
        self.gen = gen
        self.disk = Room.OK
        self.listens = False
        self._hall = hall
        self._start = start
        self._beats = beats
        self._agenda = Agenda()
        self._queue_at_s = now_s
        self._queue_at_ms = 0  # hub's wall clock
        self._turns = Turns(hall)
        self._coded_at_s: dict[str, float] = {}
        self._coded_said: dict[str, tuple[CodedTicket, ...]] = {}
        for kind in (Kind.QUEUE, Kind.HUB):
            self._agenda.add(kind, at_s=now_s)

    def due_s(self) -> float:
        """Return the monotonic instant at which `due` next has something to say."""
        return self._agenda.due_s()

    def say_again(self, topic: Topic, *, now_s: float) -> None:
        """Have a snapshot made again soon."""
        self._coded_said.pop(topic.id, None)
        name = topic.id.partition(".")[0] if topic.kind is Kind.CODED else topic.id
        self._agenda.add(topic.kind, name, at_s=now_s + SAY_AGAIN_S)

    def after(
        self, batch: Batch, again: dict[str, list[Result]], *, at_ms: int, now_s: float
    ) -> Iterable[Publication]:
        """Yield what to send at once after the batch's commit (see `HubCore.publications`)."""
        if batch.board or batch.all_views:
            self._agenda.drop(Kind.BOARD)
            yield self._board(at_ms)
        if batch.births or batch.all_views:
            # A live heartbeat before the ack, so that what it sends next carries this start's beat.
            yield self.beat(at_ms, now_s)
        for answer in batch.answers.values():
            yield from self._acks(answer, again.get(answer.stream, []))
        for node, (stream, owner) in batch.foreign.items():
            ack = Ack(gen=self.gen, stream=stream, upto=0, window=0, owner=owner)
            yield self._publication(Kind.ACK, ack, node)
        changed = set(self._hall.setup.counters) if batch.all_views else batch.counters
        for counter in sorted(changed):
            self._agenda.add(Kind.COUNTER, str(counter), at_s=now_s + COUNTERS_AFTER_S)
        if batch.all_views:
            self._coded_said.clear()
        for service in sorted(self._hall.coded if batch.all_views else batch.coded):
            next_s = self._coded_at_s.get(service, float("-inf")) + CODED_EVERY_S
            self._agenda.add(Kind.CODED, service, at_s=max(now_s + CODED_AFTER_S, next_s))
        if batch.entries or batch.all_views:
            self._agenda.add(Kind.QUEUE, at_s=max(now_s, self._queue_at_s + QUEUE_EVERY_S))

    def due(self, *, at_ms: int, now_s: float, only: Kind | None = None) -> Iterable[Publication]:
        """Yield what is due by now; with `only`, what else is due is forgotten."""
        for kind, name in self._agenda.take(now_s):
            if only is not None and kind is not only:
                continue
            if kind is Kind.CODED:
                yield from self._coded(name, at_ms, now_s)
            else:
                yield self._snapshot(kind, name, at_ms, now_s)

    def ask(self, ask: Ask) -> Publication:
        """Return the ack that asks a node for the rows it holds."""
        ack = Ack(gen=self.gen, stream=ask.stream, upto=0, window=0, give=ask.after)
        return self._publication(Kind.ACK, ack, ask.node)

    def beat(self, at_ms: int, now_s: float) -> Publication:
        """Return a heartbeat; the next is due a heartbeat's interval later."""
        self._agenda.drop(Kind.HUB)
        self._agenda.add(Kind.HUB, at_s=now_s + BEAT_EVERY_S)
        self._plan_queue(at_ms, now_s)  # again: the wall clock may have been set meanwhile
        state = HubState(
            gen=self.gen,
            pos=self._hall.pos,
            beat=self._beats.beat(now_s),
            start=self._start,
            at_ms=at_ms,
            disk=self.disk.value,
            date_known=self._hall.is_dated,
            listens=self.listens,
        )
        return self._publication(Kind.HUB, state)

    def _snapshot(self, kind: Kind, name: str, at_ms: int, now_s: float) -> Publication:
        match kind:
            case Kind.BOARD:
                return self._board(at_ms)
            case Kind.COUNTER:
                view = counter_view(self._hall, int(name), gen=self.gen)
                return self._publication(Kind.COUNTER, view, name)
            case Kind.QUEUE:
                self._queue_at_s, self._queue_at_ms = now_s, at_ms
                self._plan_queue(at_ms, now_s)
                return self._publication(
                    Kind.QUEUE, queue_view(self._hall, gen=self.gen, at_ms=at_ms)
                )
            case _:
                return self.beat(at_ms, now_s)

    def _coded(self, service: str, at_ms: int, now_s: float) -> Iterable[Publication]:
        """Yield the pages of a service that are others than when they were last said."""
        self._coded_at_s[service] = now_s
        hall = self._hall
        for page, tickets in enumerate(coded_pages(hall, service)):
            name = page_name(service, page)
            if self._coded_said.get(name) == tickets:
                continue
            self._coded_said[name] = tickets
            view = CodedView(gen=self.gen, pos=hall.pos, day=hall.day, at_ms=at_ms, tickets=tickets)
            yield self._publication(Kind.CODED, view, name)

    def _plan_queue(self, at_ms: int, now_s: float) -> None:
        """Have the queue said again when the clock alone next changes what it said."""
        turn_ms = self._turns.next_ms(self._queue_at_ms) if self._queue_at_ms else None
        if turn_ms is not None:
            turn_s = now_s + (turn_ms - at_ms) / 1000
            self._agenda.add(Kind.QUEUE, at_s=max(turn_s, self._queue_at_s + QUEUE_EVERY_S))

    def _board(self, at_ms: int) -> Publication:
        return self._publication(Kind.BOARD, board_view(self._hall, gen=self.gen, at_ms=at_ms))

    def _acks(self, answer: Answer, again: list[Result]) -> Iterable[Publication]:
        results = sorted([*again, *answer.fresh], key=lambda result: result.seq)
        for ack in pack_acks(
            gen=self.gen,
            stream=answer.stream,
            results=results,
            upto=answer.last,
            want=answer.want,
        ):
            yield self._publication(Kind.ACK, ack, answer.node)

    def _publication(self, kind: Kind, message: msgspec.Struct, name: str = "") -> Publication:
        return Publication(Topic(self._hall.setup.hall, kind, name), encode(message))
