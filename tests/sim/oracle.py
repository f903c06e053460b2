"""What must hold whatever goes wrong: told what was pressed, committed, said and shown.

It knows the product's types and none of its logic. Every rule has a name, and `tests/sim/sabotage`
has a bug that only breaking this rule shows.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

from broker.entry import Entry
from broker.hall.commands import CounterCommand, decode_command
from broker.hall.events import Adopted, DayOpened, StreamGap
from broker.hall.views import BoardView
from broker.wire.delivery import Row
from broker.wire.messages import (
    LOST,
    Result,
    read_ack,
    read_board,
    read_counter,
    read_hub,
    read_queue,
)
from broker.wire.topics import Kind, Topic
from tests.sim.model import Broken, Model
from tests.sim.timeline import Timeline
from tests.sim.trace import Trace

STALE_S = 30.0
"""No call is carried out that was pressed longer ago: 10 s of TTL when sent, the 15 s that a beat
may be old when it arrives, and the slowest commits."""

SPOKEN_S = 120.0
"""No call is announced that is older: 45 s when its snapshot was made, the worst way, and a board
that was frozen for a minute."""

CALLS_MIN = 30


class Violation(NamedTuple):
    """A rule that was broken."""

    rule: str
    detail: str
    at_s: float


class Pressed(NamedTuple):
    """A row whose commit a node was told of.

    Attributes:
        card, slot: Which card it is on, new with each content it was given; and which piece of
            plastic that is, wherever it is moved.
    """

    node: str
    command: object
    at_s: float
    card: int
    slot: int


class Oracle:
    """Takes what the world sees and says what must not be.

    Attributes:
        violations: In order; a run ends with the first.
        pressed: Every row a node took for committed.
        lost: Rows of journals that were taken away.
        excused, excused_slips: Rows and numbers that nobody holds any more, since a card died that
            alone held them (DESIGN §5.8), and nothing else.
        on_paper: By ticket the number that its kiosk said was printed.
        gone: Rows that their node holds no more: with the hub's journal they would be lost.
    """

    def __init__(self, *, timeline: Timeline, trace: Trace, hall: str) -> None:
        self.violations: list[Violation] = []
        self.pressed: dict[tuple[str, int], Pressed] = {}
        self.journal: list[Entry] = []
        self.lost: dict[tuple[str, int], Entry] = {}
        self.excused: set[tuple[str, int]] = set()
        self.excused_slips: set[str] = set()
        self.gone: set[tuple[str, int]] = set()
        self.slips: dict[str, str] = {}
        self._out: dict[tuple[str, str], int] = {}
        self._slip_slots: dict[str, int] = {}
        self.on_paper: dict[str, str] = {}
        self._cards: dict[str, int] = {}
        self._slots: dict[str, int] = {}
        self._numbers = count(1)
        self.model = Model()
        self.answers = 0
        self.forgiven = 0
        self.slips_out = 0
        self.calls = 0
        self._timeline = timeline
        self._trace = trace
        self._hall = hall
        self._rows: dict[tuple[str, int], Entry] = {}
        self._last: dict[str, tuple[str, int]] = {}
        self._committed_s: dict[tuple[str, int], float] = {}
        self._beat = 0
        self._announced: set[tuple[str, str]] = set()
        self._shown: dict[str, tuple[str, int]] = {}

    def fail(self, rule: str, detail: str) -> None:
        """Record that a rule was broken."""
        self.violations.append(Violation(rule, detail, round(self._timeline.now_s, 3)))
        self._trace.tell(f"BROKEN {rule}: {detail}")

    def check(self, is_so: object, rule: str, detail: str) -> None:
        """Record it unless it is so."""
        if not is_so:
            self.fail(rule, detail)

    # -- nodes --------------------------------------------------------------------------------

    def appended(self, node: str, rows: Sequence[Row]) -> None:
        """A node takes these rows for committed."""
        for row in rows:
            where = f"{node} {row.stream[:6]}:{row.seq}"
            self.check((row.stream, row.seq) not in self.pressed, "row_twice", where)
            command = _ageless(row.command)
            at_s = self._timeline.now_s
            pressed = Pressed(node, command, at_s, self.card(node), self._slot(node))
            self.pressed[row.stream, row.seq] = pressed
            if command["type"] == "confirm_print":
                self.on_paper[command["ticket"]] = command["number"]

    def answered(self, node: str, row: Row, result: Result) -> None:
        """A node's role was given a result: it is what a journal holds, and of this row."""
        self.answers += 1
        key = (row.stream, row.seq)
        where = f"{node} {row.stream[:6]}:{row.seq}"
        found = self._rows.get(key)
        if result.refusal == LOST:
            is_gap = found is None or any(isinstance(e, StreamGap) for e in found.events)
            self.check(is_gap, "lost_but_there", where)
            self._forgive(self.pressed.get(key))
            return
        said = (result.seq, result.refusal, result.events)
        known = [entry for entry in (found, self.lost.get(key)) if entry is not None]
        self.check(
            any((entry.seq, entry.refusal, entry.events) == said for entry in known),
            "result_of_journal",
            f"{where}: told {result.refusal or result.events}",
        )

    def _forgive(self, pressed: Pressed | None) -> None:
        # A kiosk does not ask again what a new hub answers as lost, so nobody is called with that
        # paper, and what was cancelled waits for ever: known, and counted.
        command = pressed.command if pressed else None
        if isinstance(command, dict) and command.get("type") in {"confirm_print", "cancel"}:
            self.forgiven += 1
            slip = self.model.tickets.get(command["ticket"])
            self.excused_slips.add(command.get("number") or (slip.number if slip else ""))

    def printed(self, node: str, number: str, *, card: int, knows_hub: bool) -> None:
        """Somebody holds this slip, and nobody else one of the same day with its number.

        Args:
            card: Of the kiosk's cards the one that knows of it.
            knows_hub: The kiosk has heard since its start which numbers the hub knows.
        """
        key = (self.model.day, number)
        issue = self.pressed.get(key_of(self.model.numbers.get(number, "")))
        # One that was set back asks again for what had come out, perhaps under another number.
        is_again = issue is not None and issue.card != card and issue.slot == self._slot(node)
        if is_again or card != self.card(node):
            self.excused_slips.add(number)
            is_twice = False
        else:
            # What another card gave out this one need not know, unless the hub told it.
            is_told = knows_hub and number in self.model.numbers
            before = self._out.get(key)
            is_twice = before is not None and (is_told or before == card)
            if before is not None:
                self.excused_slips.add(number)
        self.check(not is_twice, "printed_twice", f"{node}: {number}")
        self._out[key] = card
        self.slips_out += number not in self.slips
        self.slips[number] = node
        self._slip_slots[number] = self._slot(node)

    # -- cards --------------------------------------------------------------------------------

    def card(self, node: str) -> int:
        """Return which card is in a node."""
        if node not in self._cards:
            self._cards[node] = next(self._numbers)
        return self._cards[node]

    def _slot(self, node: str) -> int:
        if node not in self._slots:
            self._slots[node] = next(self._numbers)
        return self._slots[node]

    def card_replaced(self, node: str, held: set[tuple[str, int]]) -> None:
        """A node has another card, or its own as it was: of its rows only these are on it."""
        slot = self._slot(node)
        for key, pressed in self.pressed.items():
            if pressed.slot == slot and key not in held:
                self.gone.add(key)
                if key not in self._rows:
                    self.lose(key)
        # A slip whose end was not committed yet was known to the card alone.
        mine = {number for number, its in self._slip_slots.items() if its == slot}
        self.excused_slips |= mine - set(self.on_paper.values())
        self._cards[node] = next(self._numbers)

    def cards_exchanged(self, one: str, other: str) -> None:
        """Two nodes have each other's cards."""
        self._cards[one], self._cards[other] = self.card(other), self.card(one)
        self._slots[one], self._slots[other] = self._slot(other), self._slot(one)

    def lose(self, key: tuple[str, int]) -> None:
        """Take note that nobody holds this row any more, or that it waits for a person."""
        self.excused.add(key)
        command: Any = self.pressed[key].command
        slip = self.model.tickets.get(command.get("ticket", ""))
        self.excused_slips.add(command.get("number") or (slip.number if slip else ""))

    # -- the hub's disk -----------------------------------------------------------------------

    def committed(self, entries: Iterable[Entry]) -> None:
        """These rows follow on what the journal holds."""
        for entry in entries:
            self._trace.commit(entry.stream.encode() + entry.command)
            self._follow(entry)

    def _follow(self, entry: Entry, *, is_new: bool = True) -> None:
        where = f"row {entry.pos} ({entry.node} {entry.stream[:6]}:{entry.seq})"
        self.check(entry.pos == len(self.journal) + 1, "positions_dense", where)
        if self.journal:
            self.check(entry.at_ms >= self.journal[-1].at_ms, "stamps_go_back", where)
        key = (entry.stream, entry.seq)
        self.check(key not in self._rows, "decided_twice", where)
        owner, last = self._last.get(entry.stream, (entry.node, 0))
        self.check(owner == entry.node, "stream_of_one_node", where)
        gap = next((e for e in entry.events if isinstance(e, StreamGap)), None)
        before = gap.seq_from - 1 if gap else entry.seq - 1
        self.check(last == before, "stream_dense", f"{where} after {last}")
        self._last[entry.stream] = (entry.node, entry.seq)
        self._rows[key] = entry
        is_fact = bool(entry.events) and isinstance(entry.events[0], Adopted)
        at_s = self._committed_s.setdefault(key, self._timeline.now_s)
        if is_new and gap is None and entry.node != "hub":
            self._check_press(entry, where, is_fact=is_fact)
        if is_fact:
            self._check_adopted(entry, where)
        self.journal.append(entry)
        if is_fact and entry.events[0].late:  # type: ignore[union-attr]
            return
        try:
            origin = f"{entry.stream}:{entry.seq}"
            self.model.fold(origin, entry.events, at_s, is_fact=is_fact)
        except Broken as broken:
            self.fail("hall", f"{where}: {broken}")

    def _check_press(self, entry: Entry, where: str, *, is_fact: bool) -> None:
        pressed = self.pressed.get((entry.stream, entry.seq))
        # A row whose commit the node never lived to hear of is as good as pressed.
        if pressed is not None:
            self.check(pressed.node == entry.node, "row_of_its_node", f"{where}: {pressed.node}")
            same = pressed.command == _ageless(entry.command)
            self.check(same or entry.refusal == "rejected", "command_as_pressed", where)
        if entry.refusal or is_fact:
            return
        command = decode_command(entry.command)
        if isinstance(command, CounterCommand):
            desk = self.model.desk(command.counter)
            call_id = self.model.tickets[desk.ticket].call_id if desk.ticket else ""
            self.check(command.seen == call_id, "seen", f"{where}: {command.seen} at {call_id}")
            if command.expires and pressed is not None:
                age_s = self._timeline.now_s - pressed.at_s
                self.check(age_s <= STALE_S, "stale", f"{where}: {age_s:.0f} s old")

    def _check_adopted(self, entry: Entry, where: str) -> None:
        lost = self.lost.get((entry.stream, entry.seq))
        if lost is None or any(isinstance(e, StreamGap) for e in lost.events):
            return  # A gap is no decision: what it stood for may come back from a node after all.
        facts = [e for e in lost.events if not isinstance(e, Adopted)]
        same = list(entry.events[1:]) == facts and entry.refusal == lost.refusal
        self.check(same, "adopted_as_decided", f"{where}: {entry.events[1:]}, was {facts}")

    def hub_began(self, rows: Sequence[Entry]) -> None:
        """A hub starts with these rows on its disk."""
        known = self.journal[: len(rows)]
        same = len(rows) >= len(self.journal) and list(rows[: len(known)]) == known
        self.check(
            same,
            "journal_lost",
            f"{len(rows)} rows on the disk, {len(self.journal)} were committed",
        )
        for entry in rows[len(self.journal) :]:
            self._follow(entry)  # committed, and nobody lived to hear of it

    def journal_replaced(self, rows: Sequence[Entry]) -> None:
        """A person or a fault put another disk into the hub."""
        kept = {(entry.stream, entry.seq): entry for entry in rows}
        for entry in self.journal:  # of another life of it, perhaps: not only its end differs
            key = (entry.stream, entry.seq)
            if kept.get(key) == entry:
                continue
            self.lost[key] = entry
            if key in self.gone:
                self.lose(key)
        self.journal, self.model = [], Model()
        self._rows.clear()
        self._last.clear()
        self._beat = 0
        for entry in rows:
            self._follow(entry, is_new=False)

    def row(self, stream: str, seq: int) -> Entry | None:
        """Return the journal's row, or the gap that stands for it."""
        found = self._rows.get((stream, seq))
        if found is None and self._last.get(stream, ("", 0))[1] > seq:
            return next((e for (s, n), e in self._rows.items() if s == stream and n > seq), None)
        return found

    # -- what the hub says --------------------------------------------------------------------

    def published(self, topic: Topic, payload: bytes) -> None:
        """Take a message of the hub: it tells of what is committed and of nothing else."""
        match topic.kind:
            case Kind.ACK:
                self._check_ack(topic.id, payload)
            case Kind.HUB:
                state = read_hub(payload)
                self._check_pos("state/hub", state.pos)
                self.check(state.beat >= self._beat, "beats_go_back", str(state.beat))
                self._beat = state.beat
            case Kind.BOARD:
                self._check_board(read_board(payload))
            case Kind.COUNTER:
                self._check_counter(payload)
            case Kind.QUEUE:
                self._check_queue(payload)
            case _:
                pass

    def _check_pos(self, what: str, pos: int) -> None:
        at = len(self.journal)
        self.check(pos == at, "views_of_committed", f"{what} of {pos}, journal at {at}")

    def _check_ack(self, node: str, payload: bytes) -> None:
        ack = read_ack(payload)
        last = self._last.get(ack.stream, (node, 0))
        if ack.give is None:
            self.check(ack.upto <= last[1], "ack_of_committed", f"{node} upto {ack.upto} of {last}")
        for result in ack.results:
            entry = self._rows.get((ack.stream, result.seq))
            if result.refusal == LOST:
                continue
            same = entry is not None and (entry.refusal, entry.events) == (
                result.refusal,
                result.events,
            )
            self.check(same, "ack_of_committed", f"{node} {ack.stream[:6]}:{result.seq}")

    def _check_board(self, view: BoardView) -> None:
        self._check_pos("state/board", view.pos)
        self.check(view.day == self.model.day, "board", f"day {view.day}")
        calls = (said.call_id for said in reversed(self.model.calls) if said.number)
        known = list(islice(calls, max(CALLS_MIN, len(view.calls))))
        newest = known[: len(view.calls)]
        told = [call.call_id for call in view.calls]
        self.check(told == newest, "board", f"calls {told[:3]}, the hall's are {newest[:3]}")
        enough = len(told) >= min(CALLS_MIN, len(known))
        self.check(enough, "board", f"{len(told)} of {len(known)} calls")
        for call in view.calls:
            desk = self.model.desk(call.counter)
            current = self.model.tickets.get(desk.ticket)
            is_on = current is not None and current.call_id == call.call_id
            self.check(call.over != is_on, "board", f"{call.number} over: {call.over}")

    def _check_counter(self, payload: bytes) -> None:
        view = read_counter(payload)
        self._check_pos(f"state/counter/{view.counter}", view.pos)
        desk = self.model.desk(view.counter)
        number = self.model.tickets[desk.ticket].number if desk.ticket else ""
        told = (view.status, view.call.number if view.call else "")
        self.check(told == (desk.status, number), "counter", f"{view.counter}: {told}")

    def _check_queue(self, payload: bytes) -> None:
        view = read_queue(payload)
        self._check_pos("state/queue", view.pos)
        for service, queue in view.services.items():
            told = (queue.waiting, queue.issued)
            known = (self.model.waiting[service], self.model.issued[service])
            self.check(told == known, "queue", f"{service}: {told}, the hall's is {known}")

    # -- what people see and hear -------------------------------------------------------------

    def announced(self, board: str, call_id: str, number: str, *, is_retained: bool) -> None:
        """A board speaks a call."""
        self.calls += 1
        self.check(not is_retained, "retained_call", f"{board} speaks {number} of a kept message")
        key = (board, call_id)
        self.check(key not in self._announced, "spoken_twice", f"{board}: {number} {call_id}")
        self._announced.add(key)
        said = next((s for s in reversed(self.model.calls) if s.call_id == call_id), None)
        if said is not None:
            age_s = self._timeline.now_s - said.at_s
            self.check(age_s <= SPOKEN_S, "spoken_late", f"{board}: {number} {age_s:.0f} s old")

    def shows(self, display: str, gen: str, pos: int) -> None:
        """A display shows a snapshot: never an older one than before."""
        before_gen, before = self._shown.get(display, ("", 0))
        is_back = pos < before if gen == before_gen else _n(gen) < _n(before_gen)
        self.check(not is_back, "display_goes_back", f"{display}: {gen}:{pos} after {before}")
        self._shown[display] = (gen, pos)

    def restarted(self, display: str) -> None:
        """A display's process starts with nothing."""
        self._shown.pop(display, None)
        self._announced = {key for key in self._announced if key[0] != display}

    def days(self) -> list[str]:
        """Return the days opened."""
        return [
            event.date
            for entry in self.journal
            for event in entry.events
            if isinstance(event, DayOpened)
        ]


def key_of(ticket: str) -> tuple[str, int]:
    """Return the row that issued a ticket."""
    stream, _, seq = ticket.partition(".")[0].partition(":")
    return stream, int(seq or 0)


def _n(gen: str) -> int:
    return int(gen.partition("-")[0] or 0)


def _ageless(command: bytes) -> Any:
    fields = json.loads(command)
    if isinstance(fields, dict):
        fields.pop("age_ms", None)
    return fields
