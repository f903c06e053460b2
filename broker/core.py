"""The hub without its IO: messages in, one commit's rows out, then what to publish after it.

`hub.py` joins it to link, journal and clock; a simulation joins it to a virtual world. Memory runs
ahead of the disk only between `take` and the commit of that batch: a commit that fails ends the
process, and state is folded again from the journal.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from broker.agenda import Agenda
from broker.hall.commands import AnyCommand, CounterCommand, OpenDay, decode_command, encode_command
from broker.hall.events import HallEvent, StreamGap, encode_events
from broker.hall.rules import Actor, Asked, Refusal, decide
from broker.hall.state import Hall
from broker.hall.views import board_view, counter_view, queue_view
from broker.journal import Entry, result_of
from broker.log import kv
from broker.watch import Change, Contact, Presence
from broker.wire.delivery import Beats, Receiver, Taken, pack_acks
from broker.wire.messages import (
    COMMAND_BYTES_MAX,
    Birth,
    HubState,
    Result,
    Up,
    WireError,
    encode,
    read_birth,
    read_health,
    read_up,
)
from broker.wire.seal import Seals
from broker.wire.topics import Kind, Topic, parse_topic

_log = logging.getLogger(__name__)

DETAIL_MAX = 200
"""Characters of a peer's fault that are kept."""

SAID_MAX = 1000
"""Sorts of bad message remembered as already logged; beyond it they are only counted."""

REJECTED = "rejected"
"""Refusal of a row whose body no release of ours would send; journaled so its stream goes on."""

QUEUE_EVERY_S = 0.25
"""`state/queue` at most 4 times a second (DESIGN §5)."""

COUNTERS_AFTER_S = 0.004
"""A changed counter's snapshot waits this long. Where hub and board share one Pi, the frame with
the call is drawn first (`loket bench press`: 0.7 ms at p95); nobody sees a lamp 4 ms later."""

BEAT_EVERY_S = 5.0

SAY_AGAIN_S = 0.25
"""A snapshot the link did not take is said again after this: its 256 unconfirmed are through by
then, or the connection is at its end."""


class Row(NamedTuple):
    """Where a command came from, and its body."""

    node: str
    stream: str
    seq: int
    command: bytes


class Publication(NamedTuple):
    """One message to send."""

    topic: Topic
    payload: bytes


class Arrival(NamedTuple):
    """One message as it came in: from which node, when, and whether the broker had kept it."""

    node: str
    payload: bytes
    retained: bool
    at_ms: int
    now_s: float


class Answer(NamedTuple):
    """What one stream's sender is told after the commit.

    Attributes:
        fresh: Results made in this batch, in order of seq.
        again: Seqs of earlier rows whose results are read from the journal.
    """

    node: str
    stream: str
    last: int
    want: int
    fresh: list[Result]
    again: list[int]


class Batch:
    """What one commit holds, and what must be said after it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.answers: dict[str, Answer] = {}
        self.counters: set[int] = set()
        self.births: list[str] = []
        self.all_views = False
        self.board = False

    def __bool__(self) -> bool:
        """Return whether there is anything to commit or to say."""
        return bool(self.entries or self.answers or self.births or self.all_views)


class HubCore:
    """Decides what arrives, in order, and says what follows from it.

    Args:
        nodes: Who may do what, by node id (DESIGN §5.13).
        seals: Of the hall's key.
        streams: Per stream its node and its last row, from the journal.
        own: The stream of the hub's own commands, new at each start.
        beat_base: Reserved by the journal for this start alone.
        now_s: Monotonic clock.
    """

    def __init__(  # noqa: PLR0913 - the hub's parts, each by name
        self,
        *,
        hall: Hall,
        nodes: dict[str, Actor],
        seals: Seals,
        gen: str,
        start: str,
        own: str,
        streams: dict[str, tuple[str, int]],
        beat_base: int,
        now_s: float,
    ) -> None:
        self.hall = hall
        self.seals = seals
        self.gen = gen
        self.start = start
        self.presence = Presence()
        self.counts: Counter[str] = Counter()
        self._nodes = nodes
        self._own = own
        self._own_seq = 0
        self._said: set[tuple[str, str]] = set()
        self._receiver = Receiver(streams=streams)
        self._beats = Beats(base=beat_base, start_s=now_s)
        self._zone = ZoneInfo(hall.setup.timezone)
        self._batch = Batch()
        self._is_linked = False
        self._agenda = Agenda()
        self._queue_at_s = now_s
        for kind in (Kind.QUEUE, Kind.HUB):
            self._agenda.add(kind, at_s=now_s)
        self._read: dict[Kind, Callable[[Arrival], None]] = {
            Kind.UP: self._take_up,
            Kind.BIRTH: self._take_birth,
            Kind.HEALTH: self._take_health,
        }

    def take(
        self, topic_text: str, payload: bytes, *, retained: bool, at_ms: int, now_s: float
    ) -> None:
        """Decide one message into the pending batch, in the day of `at_ms`.

        Bad messages are counted and change nothing.
        """
        topic = parse_topic(topic_text)
        if topic is None or topic.hall != self.hall.setup.hall or topic.kind not in self._read:
            self._drop("not_ours", topic_text, "no topic this hub reads")
            return
        if topic.id not in self._nodes:
            self._drop("unknown_node", topic.id, "not a node of the hall file")
            return
        # First: a press after midnight belongs to the new day, which begins with an empty hall.
        self.open_day_if_due(at_ms)
        try:
            self._read[topic.kind](Arrival(topic.id, payload, retained, at_ms, now_s))
        except WireError as error:
            self._drop(f"bad_{topic.kind.value}", topic.id, str(error))

    def connected(self) -> None:
        """Note that the link is up: every retained topic is published again."""
        self._is_linked = True
        self._batch.all_views = True

    def disconnected(self) -> None:
        """Note that the link is down: what is not sent now is said again when it is up."""
        self._is_linked = False

    def unsent(self, topic: Topic, *, now_s: float) -> None:
        """Have a snapshot made again soon that the link did not send although it is up.

        A broker that keeps the one before would show it for ever. An ack needs nothing of the
        kind: whoever misses a result asks for it.
        """
        if self._is_linked and topic.kind is not Kind.ACK:
            self._agenda.add(topic.kind, topic.id, at_s=now_s + SAY_AGAIN_S)

    def open_day_if_due(self, at_ms: int) -> None:
        """Open the day of `at_ms` in the hall's time zone when it is later than the open one."""
        date = datetime.fromtimestamp(at_ms / 1000, self._zone).date().isoformat()
        if date <= self.hall.day:
            return
        self._own_seq += 1
        command = OpenDay(date=date)
        hub = Actor(node="hub", role="hub", counters=frozenset())
        asked = Asked(origin=f"{self._own}:{self._own_seq}", at_ms=at_ms)
        events = decide(self.hall, command, hub, asked)
        self._record(Row("hub", self._own, self._own_seq, encode_command(command)), at_ms, events)

    def cut(self) -> Batch:
        """Return the pending batch and begin the next."""
        batch, self._batch = self._batch, Batch()
        return batch

    @property
    def is_pending(self) -> bool:
        """Return whether `cut` would return anything to commit or to say."""
        return bool(self._batch)

    def due_s(self) -> float:
        """Return the monotonic instant at which `timed` next has something to say."""
        return self._agenda.due_s()

    # -- after the commit ---------------------------------------------------------------------

    def publications(
        self, batch: Batch, again: dict[str, list[Result]], *, at_ms: int, now_s: float
    ) -> Iterable[Publication]:
        """Yield what to send at once after the batch's commit: the board first, then acks.

        Counters and queue follow by `timed`.

        Args:
            again: Per stream the journal's results of the rows in `Answer.again`.
        """
        if batch.board or batch.all_views:
            self._agenda.drop(Kind.BOARD)
            yield self._board(at_ms)
        if batch.births or batch.all_views:
            # A live heartbeat before the ack, so that what it sends next carries this start's beat.
            yield self._beat(at_ms, now_s)
        for answer in batch.answers.values():
            yield from self._acks(answer, again.get(answer.stream, []))
        changed = set(self.hall.setup.counters) if batch.all_views else batch.counters
        for counter in sorted(changed):
            self._agenda.add(Kind.COUNTER, str(counter), at_s=now_s + COUNTERS_AFTER_S)
        if batch.entries or batch.all_views:
            self._agenda.add(Kind.QUEUE, at_s=max(now_s, self._queue_at_s + QUEUE_EVERY_S))

    def timed(self, *, at_ms: int, now_s: float) -> Iterable[Publication]:
        """Yield what is due by the clock: changed counters and queue, the heartbeat, the unsent."""
        for change in self.presence.due(now_s):
            self._say(change)
        for kind, name in self._agenda.take(now_s):
            yield self._snapshot(kind, name, at_ms, now_s)

    def _snapshot(self, kind: Kind, name: str, at_ms: int, now_s: float) -> Publication:
        match kind:
            case Kind.BOARD:
                return self._board(at_ms)
            case Kind.COUNTER:
                view = counter_view(self.hall, int(name), gen=self.gen)
                return self._publication(Kind.COUNTER, view, name)
            case Kind.QUEUE:
                self._queue_at_s = now_s
                return self._publication(
                    Kind.QUEUE, queue_view(self.hall, gen=self.gen, at_ms=at_ms)
                )
            case _:
                return self._beat(at_ms, now_s)

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

    def _board(self, at_ms: int) -> Publication:
        return self._publication(Kind.BOARD, board_view(self.hall, gen=self.gen, at_ms=at_ms))

    def _beat(self, at_ms: int, now_s: float) -> Publication:
        self._agenda.drop(Kind.HUB)
        self._agenda.add(Kind.HUB, at_s=now_s + BEAT_EVERY_S)
        state = HubState(
            gen=self.gen,
            pos=self.hall.pos,
            beat=self._beats.beat(now_s),
            start=self.start,
            at_ms=at_ms,
        )
        return self._publication(Kind.HUB, state)

    def _publication(self, kind: Kind, message: msgspec.Struct, name: str = "") -> Publication:
        return Publication(Topic(self.hall.setup.hall, kind, name), encode(message))

    # -- one message --------------------------------------------------------------------------

    def _take_up(self, arrival: Arrival) -> None:
        if arrival.retained:
            raise WireError("retained: rows are never retained, this is no sender of ours")
        node, up = arrival.node, read_up(arrival.payload)
        taken = self._receiver.take(node, up)
        if taken.gap is not None:
            self._record_gap(node, taken.gap, arrival.at_ms)
        fresh = [self._decide_row(arrival, up, seq, bytes(raw)) for seq, raw in taken.fresh]
        self._answer(node, up.stream, taken, fresh)

    def _answer(self, node: str, stream: str, taken: Taken, fresh: list[Result]) -> None:
        earlier = self._batch.answers.get(stream)
        again = set(taken.again)
        if earlier is not None:
            fresh = earlier.fresh + fresh
            again |= set(earlier.again)
        again -= {result.seq for result in fresh}
        self._batch.answers[stream] = Answer(
            node, stream, taken.last, taken.want, fresh, sorted(again)
        )

    def _decide_row(self, arrival: Arrival, up: Up, seq: int, body: bytes) -> Result:
        events: tuple[HallEvent, ...] = ()
        refusal = detail = ""
        try:
            events = self._decide(arrival, up, seq, _read_command(body))
        except Refusal as error:
            refusal, detail = error.code, error.detail
        except WireError as error:
            refusal, detail = REJECTED, str(error)[:DETAIL_MAX]
            body = body if len(body) <= COMMAND_BYTES_MAX else b"null"
        row = Row(arrival.node, up.stream, seq, body)
        return self._record(row, arrival.at_ms, events, refusal=refusal, detail=detail)

    def _decide(
        self, arrival: Arrival, up: Up, seq: int, command: AnyCommand
    ) -> tuple[HallEvent, ...]:
        stale = command.expires and self._beats.is_stale(
            beat=up.beat,
            age_ms=command.age_ms,
            ttl_s=self.hall.setup.command_ttl_s,
            now_s=arrival.now_s,
        )
        asked = Asked(origin=f"{up.stream}:{seq}", at_ms=arrival.at_ms, stale=stale)
        try:
            return decide(self.hall, command, self._nodes[arrival.node], asked)
        except Refusal as error:
            if error.code == "seen_other" and isinstance(command, CounterCommand):
                # What was pressed at shows an old call: it may have missed the newest.
                self._batch.counters.add(command.counter)
            raise

    def _record_gap(self, node: str, gap: StreamGap, at_ms: int) -> None:
        self.counts["stream_gaps"] += 1
        _log.warning(
            "stream gap: rows the node no longer holds never reached this hub",
            extra=kv(node=node, seq_from=gap.seq_from, seq_upto=gap.seq_upto),
        )
        self._record(Row(node, gap.stream, gap.seq_upto, b"null"), at_ms, (gap,))

    def _record(
        self,
        row: Row,
        at_ms: int,
        events: tuple[HallEvent, ...],
        *,
        refusal: str = "",
        detail: str = "",
    ) -> Result:
        pos = self.hall.pos + 1
        changed = self.hall.apply(pos, at_ms, events)
        self._batch.counters |= changed.counters
        self._batch.board |= changed.board
        entry = Entry(pos, at_ms, *row, events, refusal, detail)
        self._batch.entries.append(entry)
        return result_of(entry, encode_events(events), gen=self.gen, seals=self.seals)

    def _take_birth(self, arrival: Arrival) -> None:
        node, birth = arrival.node, read_birth(arrival.payload)
        self._say(self.presence.birth(node, birth, arrival.now_s, retained=arrival.retained))
        if not birth.online:
            return
        self._batch.births.append(node)
        if self._nodes[node].role == "board":
            self._batch.all_views = True
        if birth.stream:
            self._answer_birth(node, birth)

    def _answer_birth(self, node: str, birth: Birth) -> None:
        last = self._receiver.last(node, birth.stream)
        if birth.stream not in self._batch.answers:
            self._batch.answers[birth.stream] = Answer(node, birth.stream, last, 0, [], [])

    def _take_health(self, arrival: Arrival) -> None:
        health = read_health(arrival.payload)
        self._say(self.presence.health(arrival.node, health, arrival.now_s))

    def _say(self, change: Change | None) -> None:
        if change is None:
            return
        level = logging.INFO if change.now is Contact.HERE else logging.WARNING
        _log.log(level, "node contact", extra=kv(who=change.node, now=change.now.value))

    def _drop(self, reason: str, who: str, detail: str) -> None:
        self.counts[reason] += 1
        sort = (reason, who[:64])
        if sort in self._said or len(self._said) >= SAID_MAX:
            return
        self._said.add(sort)
        _log.warning(
            "message dropped", extra=kv(reason=reason, who=who[:64], detail=detail[:DETAIL_MAX])
        )


def _read_command(body: bytes) -> AnyCommand:
    if len(body) > COMMAND_BYTES_MAX:
        raise WireError(f"{len(body)} bytes, a command has at most {COMMAND_BYTES_MAX}")
    try:
        return decode_command(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
