"""The hub without its IO: messages in, one commit's rows out, then what to publish after it.

`hub.py` joins it to link, journal and clock; a simulation joins it to a virtual world. Memory runs
ahead of the disk only between `take` and the commit of that batch: a commit that fails ends the
process, and state is folded again from the journal.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable

from broker.adoption import Adoption
from broker.batch import Answer, Arrival, Batch, Publication
from broker.dating import Dating
from broker.decider import DETAIL_MAX, Decider
from broker.disk import Room
from broker.hall import policy
from broker.hall.commands import ReturnDue
from broker.hall.rules import Actor
from broker.hall.state import Hall
from broker.hall_time import HallTime
from broker.ledger import Ledger
from broker.listening import Listening, Stage
from broker.log import kv
from broker.missing import Missing
from broker.publisher import Publisher
from broker.watch import Change, Contact, Presence
from broker.wire.delivery import Beats, Receiver, Taken
from broker.wire.generation import generation_number, is_lower
from broker.wire.giving import PROGRESS_S, START, Recovery
from broker.wire.messages import (
    Birth,
    Give,
    Held,
    HubState,
    Place,
    Result,
    WireError,
    read_birth,
    read_health,
    read_hub,
)
from broker.wire.readings import Arrived, Readings, read_from_node
from broker.wire.seal import Seals
from broker.wire.topics import Kind, Topic, parse_topic

_log = logging.getLogger(__name__)

SAID_MAX = 1000
"""Sorts of bad message remembered as already logged; beyond it they are only counted."""


class HubCore:
    """Decides what arrives, in order, and says what follows from it.

    Args:
        nodes: Who may do what, by node id (DESIGN §5.13).
        seals: Of the hall's key.
        streams: Per stream its node and its last row, from the journal.
        own: The stream of the hub's own commands, new at each start.
        beat_base: Reserved by the journal for this start alone.
        now_s: Monotonic clock.
        newest_gen: Generation of the journal's newest row; empty when there is none.
        recovering: Rows are missing, or were before this start: ask the nodes for them first.
        owing: Nodes that were off during an earlier recovery, from the journal.
        listens: It serves only after it has listened (`broker.listening`).
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
        newest_gen: str = "",
        recovering: bool = False,
        time: HallTime | None = None,
        owing: Iterable[str] = (),
        listens: bool = False,
    ) -> None:
        self.hall = hall
        self.seals = seals
        self.start = start
        self.presence = Presence()
        self.counts: Counter[str] = Counter()
        self._nodes = nodes
        self._said: set[tuple[str, str]] = set()
        self._receiver = Receiver(streams=streams)
        self._beats = Beats(base=beat_base, start_s=now_s)
        self._publisher = Publisher(hall=hall, gen=gen, start=start, beats=self._beats, now_s=now_s)
        self._ledger = Ledger(hall=hall, seals=seals, gen=gen, own=own, newest_gen=newest_gen)
        self._dating = Dating(hall=hall, time=time, decide=self._ledger.decide_own)
        self._decider = Decider(hall=hall, nodes=nodes, beats=self._beats, ledger=self._ledger)
        self._is_linked = False
        self._held: list[Held] = []
        self._readings: list[Arrived] = []
        self._missing = Missing(seals=seals, nodes=nodes, owing=owing)
        self._listening = Listening(start=start, holders=self._missing.holders, is_done=not listens)
        self._early: list[Arrival] = []
        self._is_set_back = False
        if recovering:
            # All parts may be starting at once, after a power cut: the slowest is waited for.
            self._missing.begin(now_s, settle_s=PROGRESS_S)
        self._read: dict[Kind, Callable[[Arrival], None]] = {
            Kind.UP: self._take_up,
            Kind.BIRTH: self._take_birth,
            Kind.HEALTH: self._take_health,
            Kind.HUB: self._take_hub,
        }

    @property
    def gen(self) -> str:
        """The generation this hub serves."""
        return self._publisher.gen

    @property
    def rival(self) -> HubState | None:
        """A hub that lives and outranks this one: nothing may be committed or said any more."""
        return self._listening.rival

    @property
    def _is_quiet(self) -> bool:
        return self._is_linked and self._listening.stage in {Stage.HEARING, Stage.KNOCKING}

    @property
    def serves(self) -> bool:
        """Whether commands are decided and the hall is shown."""
        return self._missing.recovery is None and self._listening.stage is Stage.DONE

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
        if topic.kind is not Kind.HUB and topic.id not in self._nodes:
            self._drop("unknown_node", topic.id, "not a node of the hall file")
            return
        # First: a press after midnight belongs to the new day, which begins with an empty hall.
        self.open_day_if_due(at_ms)
        try:
            self._read[topic.kind](Arrival(topic.id, payload, retained, at_ms, now_s))
        except WireError as error:
            self._drop(f"bad_{topic.kind.value}", topic.id, str(error))

    def connected(self, now_s: float) -> None:
        """Note that the link is up: every retained topic is published again."""
        self._is_linked = True
        self._ledger.batch.all_views = True
        self._listening.connected(now_s)
        if not self._is_quiet:
            self._missing.connected(now_s)

    def disconnected(self) -> None:
        """Note that the link is down: what is not sent now is said again when it is up."""
        self._is_linked = False
        self._early.clear()
        self._listening.disconnected()
        self._missing.disconnected()

    def disk_is(self, room: Room, *, now_s: float) -> None:
        """Take note of the room on the hub's disk; a change is in a heartbeat at once."""
        if room is not self._publisher.disk:
            self._publisher.disk = room
            self._publisher.say_again(Topic(self.hall.setup.hall, Kind.HUB), now_s=now_s)

    def unsent(self, topic: Topic, *, now_s: float) -> None:
        """Have a snapshot made again soon that the link did not send although it is up.

        A broker that keeps the one before would show it for ever. An ack needs nothing of the
        kind: whoever misses a result asks for it.
        """
        if self._is_linked and topic.kind is not Kind.ACK:
            self._publisher.say_again(topic, now_s=now_s)

    def advance(self, *, at_ms: int, now_s: float) -> None:
        """Do what is due by the clock before a commit: end a recovery, open a day, return tickets.

        Ask at least every few seconds: tickets return that late at most.
        """
        is_open = not self._ledger.batch.generation  # else that is committed first
        if is_open and self._missing.is_over(now_s):
            self._end_recovery(at_ms, now_s)
        for node, late in self._missing.given_late(now_s):
            self._take_late(node, late)
        self.open_day_if_due(at_ms)
        if self.serves and policy.due(self.hall, at_ms):
            self._ledger.decide_own(ReturnDue(), at_ms)

    def open_day_if_due(self, at_ms: int) -> None:
        """Open the day in the hall's time zone when it is later than the open one, or doubt it.

        Not while rows of that day are still to come back.
        """
        if self.serves:
            self._dating.look(at_ms)

    def held(self) -> list[Held]:
        """Return, once, the newest rows that nodes told of: the journal must have them.

        One it lacks is a reason to `recover`, before anything more is decided.
        """
        held, self._held = self._held, []
        return held

    def readings(self) -> list[Arrived]:
        """Return, once, the readings that came: they are no business of the rules'."""
        readings, self._readings = self._readings, []
        return readings

    def cut(self) -> Batch:
        """Return the pending batch and begin the next."""
        return self._ledger.cut()

    @property
    def is_pending(self) -> bool:
        """Return whether `cut` would return anything to commit or to say."""
        return bool(self._ledger.batch)

    def due_s(self) -> float:
        """Return the monotonic instant at which `timed` or `advance` next has something to do."""
        if self._is_linked and self._listening.stage is Stage.HEARING:
            return self._listening.wake_s()
        dues = (self._publisher.due_s(), self._missing.wake_s(), self._listening.wake_s())
        return min(dues)

    # -- after the commit ---------------------------------------------------------------------

    def publications(
        self, batch: Batch, again: dict[str, list[Result]], *, at_ms: int, now_s: float
    ) -> Iterable[Publication]:
        """Yield what to send at once after the batch's commit: the board first, then acks.

        Counters and queue follow by `timed`. While rows are missing, or may be, only the heartbeat
        is said: what the broker has of the hall is better than what is known here.

        Args:
            again: Per stream the journal's results of the rows in `Answer.again`.
        """
        if self._is_quiet:
            return ()
        if not self.serves:
            # Not for each birth: who has no answer is born again at a heartbeat, and that would
            # go round as fast as the wire carries it.
            is_news = batch.all_views or batch.generation
            return (self._publisher.beat(at_ms, now_s),) if is_news else ()
        return self._publisher.after(batch, again, at_ms=at_ms, now_s=now_s)

    def timed(self, *, at_ms: int, now_s: float) -> Iterable[Publication]:
        """Yield what is due by the clock: changed counters and queue, the heartbeat, the unsent."""
        for change in self.presence.due(now_s):
            self._say(change)
        if self._is_linked and self._listening.stage is Stage.HEARING:
            return
        if self._listening.is_challenged:
            self._listening.is_challenged = False
            yield self._publisher.beat(at_ms, now_s)
        only = None if self.serves else Kind.HUB
        yield from self._publisher.due(at_ms=at_ms, now_s=now_s, only=only)
        yield from map(self._publisher.ask, self._missing.asks(now_s))

    # -- one message --------------------------------------------------------------------------

    def _take_up(self, arrival: Arrival) -> None:
        if arrival.retained:
            raise WireError("retained: rows are never retained, this is no sender of ours")
        node, up = arrival.node, read_from_node(arrival.payload)
        if isinstance(up, Readings):
            if not self._is_quiet:
                self._readings.append(Arrived(node, up, arrival.at_ms))
            return
        if isinstance(up, Give):
            self._missing.taken(node, up, arrival.now_s)
            return
        self._missing.heard(node, up.stream, arrival.now_s)
        if self._missing.waits_for(node) or not self.serves:
            return  # It is sent again, and decided when it is known what was before.
        if self._is_foreign(node, up.stream):
            return
        taken = self._receiver.take(node, up)
        if taken.gap is not None:
            self.counts["stream_gaps"] += 1
            self._decider.record_gap(node, taken.gap, arrival.at_ms)
        fresh = [self._decider.decide_row(arrival, up, seq, bytes(raw)) for seq, raw in taken.fresh]
        self._answer(node, up.stream, taken, fresh)

    def _answer(self, node: str, stream: str, taken: Taken, fresh: list[Result]) -> None:
        earlier = self._ledger.batch.answers.get(stream)
        again = set(taken.again)
        if earlier is not None:
            fresh = earlier.fresh + fresh
            again |= set(earlier.again)
        again -= {result.seq for result in fresh}
        self._ledger.batch.answers[stream] = Answer(
            node, stream, taken.last, taken.want, fresh, sorted(again)
        )

    def _take_birth(self, arrival: Arrival) -> None:
        node, birth = arrival.node, read_birth(arrival.payload)
        self._listening.born(node, is_online=birth.online, is_retained=arrival.retained)
        if self._is_quiet:
            self._early.append(arrival)
            return
        self._say(self.presence.birth(node, birth, arrival.now_s, retained=arrival.retained))
        if not birth.online:
            self._left(node)
            return
        self._ledger.batch.births.append(node)
        if self._nodes[node].role == "board":
            self._ledger.batch.all_views = True
        if birth.held is not None and self._missing.recovery is None:
            self._held.append(birth.held)
        is_set_back = birth.gen == self.gen and birth.pos > self.hall.pos
        if is_set_back or (birth.gen != self.gen and not is_lower(birth.gen, self.gen)):
            self.recover(arrival.now_s, heard=birth.gen)
        if birth.stream:
            self._answer_birth(node, birth, arrival.now_s)

    def _left(self, node: str) -> None:
        if self.presence.nodes[node].contact is not Contact.GONE:
            return  # A late will of an old session.
        self._missing.left(node)

    def _answer_birth(self, node: str, birth: Birth, now_s: float) -> None:
        self._missing.born(node, birth.stream, now_s)
        is_answered = birth.stream in self._ledger.batch.answers
        if self.serves and not (self._missing.waits_for(node) or is_answered):
            self._answer_here(node, birth.stream)

    def _answer_here(self, node: str, stream: str, *, wants: bool = False) -> None:
        """Tell a node how far its stream is, and with `wants` that what follows is wanted now."""
        if self._is_foreign(node, stream):
            return
        last = self._receiver.last(node, stream)
        self._ledger.batch.answers[stream] = Answer(node, stream, last, (last + 1) * wants, [], [])

    def _is_foreign(self, node: str, stream: str) -> bool:
        """Return whether the stream is another node's; then this one is told to give it up."""
        owner = self._receiver.owner(stream)
        if owner in {"", node}:
            return False
        self._ledger.batch.foreign[node] = (stream, owner)
        self._drop("foreign_stream", node, f"it holds rows of {owner}'s stream {stream}")
        return True

    # -- before it serves ---------------------------------------------------------------------

    def _take_hub(self, arrival: Arrival) -> None:
        self._listening.hub_heard(
            read_hub(arrival.payload),
            gen=self.gen,
            is_retained=arrival.retained,
            now_s=arrival.now_s,
        )

    def listen(self, now_s: float) -> None:
        """Go on from hearing to births, and from births to serving, when it is time.

        What `held` then returns is to be looked at before `advance`.
        """
        was = self._listening.stage
        dead = self._listening.advance(now_s)
        stage = self._listening.stage
        if stage is was:
            return
        self._ledger.batch.all_views = True
        self._publisher.listens = stage is not Stage.DONE
        if stage is Stage.KNOCKING:
            return
        if was in {Stage.HEARING, Stage.KNOCKING}:
            self._missing.connected(now_s)
            if dead or self._is_set_back:
                self._is_set_back = False
                self.recover(now_s, heard=dead)
            early, self._early = self._early, []
            for arrival in early:
                self._take_birth(arrival._replace(now_s=now_s))
        if stage is Stage.DONE and self.serves:
            self._want_all()

    # -- what was lost ------------------------------------------------------------------------

    def recover(self, now_s: float, *, heard: str = "") -> None:
        """Stop taking commands, open a generation above all heard of, and ask what nodes hold.

        Args:
            heard: A generation a node has obeyed and this hub does not serve.
        """
        if self._listening.stage is Stage.HEARING:
            self._is_set_back = True  # As soon as it is known which generations there are.
            return
        n = 1 + max(generation_number(self.gen), generation_number(heard))
        gen = f"{n}-{self.start[:8]}"
        self._publisher.gen = self._ledger.gen = self._ledger.batch.generation = gen
        self.counts["generations"] += 1
        _log.error("rows are missing in this journal: asking the nodes", extra=kv(gen=self.gen))
        self._missing.begin(now_s)

    def _end_recovery(self, at_ms: int, now_s: float) -> None:
        """Adopt what was given, name what nobody holds, and serve again."""
        recovery = self._missing.end(now_s)
        behind = Place(gen=self._ledger.newest_gen, pos=self.hall.pos) if self.hall.pos else START
        adoption = self._adopt(recovery)
        self._dating.look(at_ms)
        # Only a kiosk has numbers on paper that nobody else has.
        without = [node for node in recovery.missing() if self._nodes[node].role == "kiosk"]
        lost = adoption.lost(recovery, behind=behind, without=without)
        if lost:
            self._ledger.append(self._ledger.own_row(b"null"), at_ms, lost)
        self._ledger.batch.recovered = self._ledger.batch.all_views = True
        self._ledger.batch.owing = frozenset(self._missing.owing)
        self._want_all()

    def _want_all(self) -> None:
        """Have what was sent meanwhile sent now: nobody waits for a timer."""
        for node, stream in self._missing.here.items():
            if not self._missing.waits_for(node):
                self._answer_here(node, stream, wants=True)

    def _take_late(self, node: str, late: Recovery) -> None:
        """Adopt what a node gave that was off during the recovery, and serve it too."""
        adoption = self._adopt(late, is_after=True)
        adoption.tell(late, who=node, is_all=not late.missing())
        self._ledger.batch.owing = frozenset(self._missing.owing)
        self._ledger.batch.all_views = True
        self._answer_here(node, self._missing.here[node], wants=True)

    def _adopt(self, recovery: Recovery, *, is_after: bool = False) -> Adoption:
        adoption = Adoption(
            hall=self.hall,
            receiver=self._receiver,
            date_of=self._dating.date_of,
            open_day=self._dating.look_at_row,
            is_after=is_after,
        )
        for row, row_ms, events, refusal, detail in adoption.rows(recovery.rows.values()):
            self._ledger.append(row, row_ms, events, refusal=refusal, detail=detail)
        return adoption

    def _take_health(self, arrival: Arrival) -> None:
        health = read_health(arrival.payload)
        self._decider.took_s(arrival, health.sent_ms)
        seen = self.presence.nodes.get(arrival.node)
        before = seen.health.disk if seen and seen.health else Room.OK.value
        if health.disk != before:
            _log.warning("node disk", extra=kv(who=arrival.node, room=health.disk[:DETAIL_MAX]))
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
