"""The two ends of the delivery protocol, as machines without IO: Sender, Receiver (DESIGN §5).

Nothing here publishes, stores, waits or reads a clock: values in, values out, with the monotonic
instant as an argument. The promise between both ends: each row of each stream is decided exactly
once, in order, and its sender gets exactly that result, whatever the wire loses, delays, repeats
or swaps, and whichever end starts again.

A stream has one owner: the node whose row of it was decided first. Its rows are taken from no
other, also when its card was moved to another Pi or its outbox copied: decided there, they would
be another node's presses. The hub says so (`Ack.owner`); the node then gives the rows of that
stream up, names them in its log, keeps them in its outbox as the owner's, and goes on with its
next stream. Put back where they belong they are sent. A row that has a result proves itself by its
seal, so it may be *given* by whoever holds it, and stays its owner's.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import NamedTuple

import msgspec
from msgspec import Raw

from broker.hall.commands import AGE_MAX_MS
from broker.hall.events import StreamGap
from broker.wire.generation import is_lower
from broker.wire.messages import (
    ACK_BYTES_MAX,
    COMMAND_BYTES_MAX,
    COMMANDS_MAX,
    UP_BYTES_MAX,
    Ack,
    HubState,
    Result,
    Up,
    WireError,
    encode,
)

SEQ_MAX = 2**53 - 1
"""Above it, JavaScript and other readers of JSON round."""

ENVELOPE_BYTES = 192
"""An `Up` with the longest numbers, or an `Ack` with no results, takes less (pinned by a test)."""

RESEND_MIN_S = 0.5
"""Full jitter may draw nearly 0; answers take tens of ms, so sooner would only send twice."""

RESEND_S = 2.0
"""Longest wait before the first resend without progress; it doubles with each."""

RESEND_MAX_S = 60.0

BEATS_PER_S = 10
"""Steps of `beat`: fine beside the 15 s it judges, and 2**32 of them last 13 years."""

BEAT_SLACK_S = 5.0
"""A sender's newest beat is this old at most when the wire works: the heartbeat's interval."""


class Row(NamedTuple):
    """One command in an outbox.

    Attributes:
        command: A JSON object of at most 4 KiB; its `age_ms` means nothing, it is set when sent.
        made_s: When it was made, by this boot's monotonic clock; None = in an earlier boot.
    """

    stream: str
    seq: int
    command: bytes
    made_s: float | None


class Sender:
    """A node's end: which rows have no result yet, and what to publish now.

    Rows are held until their own result arrives; `upto` alone acknowledges nothing. After any call
    here, and at `wake_s()`, the owner publishes what `outgoing()` returns. What it could not
    publish needs no care: it counts as lost on the way and is sent again.

    Args:
        stream: The stream of this start of the process; `appended` takes rows of it alone.
        rows: Rows without a result, in order, older streams first.
        gen: The highest generation ever obeyed, from disk.
    """

    def __init__(
        self, *, stream: str, rows: Iterable[Row] = (), gen: str = "", random: Random
    ) -> None:
        self.gen = gen
        """Highest generation heard, of two with the same n the one heard last: the owner keeps it
        on disk and never obeys a lower one."""
        self.beat = 0
        """`beat` of the newest live `state/hub`; 0 = none yet."""
        self.is_answered = False
        """Whether the hub answered this connection's birth: until then the owner repeats it."""
        self._own = stream
        self._random = random
        # Streams by age, the own one last. An OrderedDict finds its first row in O(1) even after
        # thousands were taken from its front, which a dict does not.
        self._streams: OrderedDict[str, OrderedDict[int, Row]] = OrderedDict()
        for row in rows:
            self._hold(row)
        self._streams.setdefault(stream, OrderedDict())
        self._streams.move_to_end(stream)
        self._seq = next(reversed(self._streams[stream]), 0)
        self._hub_start = ""
        self._connected = False
        self._window = COMMANDS_MAX
        self._resends = 0
        self._resend_s: float | None = None
        self._ready_s: float | None = None
        # Rows of the current stream up to here are on the way, or have their result.
        self._sent = 0
        self._wanted = 0

    @property
    def depth(self) -> int:
        """How many rows have no result."""
        return sum(map(len, self._streams.values()))

    def birth(self) -> tuple[str, int]:
        """Return the stream to be sent next, and its first row without a result, for `Birth`."""
        stream, rows = self._current()
        return stream, next(iter(rows), self._seq + 1)

    def appended(self, row: Row, now_s: float) -> None:
        """Take a row that was committed to the outbox.

        Raises:
            ValueError: Not the next row of this process's own stream, or too long to be sent.
        """
        if row.stream != self._own or row.seq != self._seq + 1:
            raise ValueError(
                f"row {row.stream}:{row.seq} follows {self._own}:{self._seq}: rows are dense"
            )
        self._hold(row)
        self._seq = row.seq
        self._ready_s = now_s

    def connected(self, now_s: float) -> None:
        """Begin a connection: its birth has no answer yet, and all on the way is lost."""
        self._connected = True
        self.is_answered = False
        self._start_over(now_s)

    def disconnected(self) -> None:
        """End a connection: nothing is sent until the next."""
        self._connected = False
        self.is_answered = False

    def hub_seen(self, state: HubState, now_s: float) -> None:
        """Take a live (not a retained) `state/hub`; another start of the hub is sent to at once."""
        if not self._obeys(state.gen, now_s):
            return
        if state.start == self._hub_start:
            self.beat = max(self.beat, state.beat)
            return
        if self._hub_start:
            self._start_over(now_s)
        self._hub_start = state.start
        self.beat = state.beat

    def acked(self, ack: Ack, now_s: float) -> list[tuple[Row, Result]]:
        """Return the rows that have their result now, in the order of the ack.

        An ack of a lower generation, or of a stream without rows here, changes nothing.
        """
        rows = self._streams.get(ack.stream)
        if rows is None or not self._obeys(ack.gen, now_s):
            return []
        is_current = ack.stream == self._current()[0]
        done = [(rows.pop(r.seq), r) for r in ack.results if r.seq in rows]
        is_over = not rows and ack.stream != self._own
        if is_over:
            del self._streams[ack.stream]
        if is_current:
            self.is_answered = self._connected
            self._window = min(ack.window, COMMANDS_MAX)
            if is_over:
                self._start_over(now_s)
            elif done:
                self._resends = 0
                self._resend_s = None
            self._rewind(ack.want)
            self._ready_s = now_s
        return done

    def disowned(self, ack: Ack, now_s: float) -> list[Row]:
        """Drop the rows of a stream that is another node's; return them.

        None unless the ack names its owner; nor of this process's own stream, whose 128 random
        bits are nobody else's: there the hub is wrong, and the rows stay.
        """
        is_held = ack.stream in self._streams and ack.stream != self._own
        if not (ack.owner and is_held and self._obeys(ack.gen, now_s)):
            return []
        is_current = ack.stream == self._current()[0]
        rows = self._streams.pop(ack.stream)
        if is_current:
            self.is_answered = self._connected
            self._window = COMMANDS_MAX
            self._start_over(now_s)
        return list(rows.values())

    def outgoing(self, now_s: float) -> list[Up]:
        """Return what to publish now, and count it as on the way."""
        stream, rows = self._current()
        self._ready_s = None
        if not (self._connected and self.is_answered and rows):
            return []
        window = self._window
        is_due = self._resend_s is not None and now_s >= self._resend_s
        if is_due:
            # The probe of a closed window, too: no answer may be the only thing that says so.
            window = max(window, 1)
            self._resends += 1
            self._sent = self._wanted = 0
        if is_due or self._resend_s is None:
            # A week without progress would double past the largest float.
            longest_s = min(RESEND_MAX_S, RESEND_S * 2 ** min(self._resends, 10))
            self._resend_s = now_s + self._random.uniform(RESEND_MIN_S, longest_s)
        # All rows of the window are at the front, those on the way before the others.
        front = list(islice(rows.values(), window))
        first = next(iter(rows))
        fresh = [row for row in front if row.seq > self._sent]
        if fresh:
            self._sent = fresh[-1].seq
        return [
            Up(
                stream=stream,
                first=first,
                start=seq,
                commands=commands,
                beat=self.beat,
                sent_ms=int(now_s * 1000),
            )
            for seq, commands in _batches(fresh, now_s)
        ]

    def wake_s(self) -> float | None:
        """Return the monotonic instant of the next `outgoing()`; None = not before an event."""
        if not (self._connected and self.is_answered):
            return None
        if self._ready_s is None or self._resend_s is None:
            return self._resend_s if self._ready_s is None else self._ready_s
        return min(self._ready_s, self._resend_s)

    def _hold(self, row: Row) -> None:
        if len(row.command) > COMMAND_BYTES_MAX:
            raise ValueError(
                f"row {row.stream}:{row.seq}: {len(row.command)} bytes, at most {COMMAND_BYTES_MAX}"
            )
        self._streams.setdefault(row.stream, OrderedDict())[row.seq] = row

    def _current(self) -> tuple[str, OrderedDict[int, Row]]:
        return next(iter(self._streams.items()))

    def _obeys(self, gen: str, now_s: float) -> bool:
        if gen == self.gen:
            return True
        if is_lower(gen, self.gen):
            return False
        # Of two hubs with the same n the one that speaks now is believed, and nothing is sent for
        # it: both may answer each resend, and each answer would lead to the next. A hub that was
        # not there before says so by its `start`; the timer does the rest.
        is_higher = is_lower(self.gen, gen)
        self.gen = gen
        if is_higher:
            self._start_over(now_s)
        return True

    def _rewind(self, want: int) -> None:
        # Once for each `want`: a batch of several messages whose first was lost is answered by
        # one `want` for each of the others. If what is sent now is lost too, the timer sends it.
        if self._wanted < want <= self._sent:
            self._wanted = want
            self._sent = want - 1

    def _start_over(self, now_s: float) -> None:
        self._sent = self._wanted = self._resends = 0
        self._resend_s = None
        self._ready_s = now_s


def _batches(rows: Sequence[Row], now_s: float) -> Iterator[tuple[int, tuple[Raw, ...]]]:
    """Yield (seq of the first, commands): dense, at most 16 and 8 KiB, no row left out."""
    start, size, commands = 0, 0, list[Raw]()
    for row in rows:
        command = _with_age(row, now_s)
        length = len(command) + 1
        is_next = row.seq == start + len(commands) and len(commands) < COMMANDS_MAX
        if commands and not (is_next and size + length <= UP_BYTES_MAX):
            yield start, tuple(commands)
            commands = []
        if not commands:
            start, size = row.seq, ENVELOPE_BYTES
        commands.append(Raw(command))
        size += length
    if commands:
        yield start, tuple(commands)


def _with_age(row: Row, now_s: float) -> bytes:
    """Return the command as sent now. Fields this release doesn't know travel on unchanged."""
    fields = msgspec.json.decode(row.command, type=dict[str, Raw])
    age_ms = None
    if row.made_s is not None:
        age_ms = min(max(0, int((now_s - row.made_s) * 1000)), AGE_MAX_MS)
    fields["age_ms"] = Raw(msgspec.json.encode(age_ms))
    return msgspec.json.encode(fields)


class Taken(NamedTuple):
    """What one `Up` brought.

    Attributes:
        gap: Rows that never came and never will; to be journaled before `fresh`.
        fresh: (seq, body) of the rows to decide now, in order.
        again: Seqs of rows decided before: their results are read from the journal. A row that
            a gap covers has no result of its own there.
        want: The seq to ask for, 0 when nothing is missing.
        last: The stream's last row, these included.
    """

    gap: StreamGap | None
    fresh: list[tuple[int, Raw]]
    again: list[int]
    want: int
    last: int


class Receiver:
    """The hub's end: accepts the next row of each stream, and no other.

    `take` counts the rows as accepted at once, before they are committed. That is safe only
    because a commit that fails ends the process: this memory never outlives it, and the next
    start is built from the journal.

    Args:
        streams: Per stream its node and its last row, from the journal.
    """

    def __init__(self, *, streams: dict[str, tuple[str, int]]) -> None:
        self._streams = dict(streams)

    def owner(self, stream: str) -> str:
        """Return the node the stream is bound to; empty before its first row."""
        return self._streams.get(stream, ("", 0))[0]

    def last(self, node: str, stream: str) -> int:
        """Return the last accepted row of the node's stream; 0 when there is none.

        Raises:
            WireError: The stream is another node's.
        """
        owner, last = self._streams.get(stream, (node, 0))
        if owner != node:
            raise WireError(f"stream {stream} is {owner}'s, not {node}'s")
        return last

    def take(self, node: str, up: Up) -> Taken:
        """Accept what follows the last row, and say what of the rest is known or missing.

        Raises:
            WireError: Another node's stream, or numbers that can't be; nothing has changed.
        """
        last = self.last(node, up.stream)
        if not up.first <= up.start <= SEQ_MAX + 1 - len(up.commands):
            raise WireError(
                f"{len(up.commands)} rows from {up.start}; {up.first} is the first to be sent"
            )
        gap = None
        if up.first > last + 1:
            gap = StreamGap(stream=up.stream, seq_from=last + 1, seq_upto=up.first - 1)
            last = up.first - 1
        rows = list(enumerate(up.commands, start=up.start))
        again = [seq for seq, _ in rows if seq <= last]
        fresh, want = rows[len(again) :], 0
        if up.start > last + 1:
            fresh, want = [], last + 1
        last += len(fresh)
        self._streams[up.stream] = (node, last)
        return Taken(gap, fresh, again, want, last)

    def adopt(self, node: str, stream: str, seq: int) -> StreamGap | None:
        """Accept a row that was decided by an earlier hub; return the gap before it, if any.

        Raises:
            WireError: Another node's stream.
            ValueError: A row that was accepted before.
        """
        last = self.last(node, stream)
        if seq <= last:
            raise ValueError(f"row {stream}:{seq}: the stream is at {last}")
        self._streams[stream] = (node, seq)
        if seq == last + 1:
            return None
        return StreamGap(stream=stream, seq_from=last + 1, seq_upto=seq - 1)


def pack_acks(  # noqa: PLR0913 - the fields of an ack, each by name
    *,
    gen: str,
    stream: str,
    results: Iterable[Result],
    upto: int,
    window: int = COMMANDS_MAX,
    want: int = 0,
) -> list[Ack]:
    """Return the acks that carry these results: at least one, each of at most 16 KiB.

    A result too long for that travels alone: left out, its stream would block for ever.

    `results` are in order of seq, `upto` is the stream's last row; an ack that is not the last one
    goes up to its own last result. `want` is said once, by the last.
    """
    parts: list[list[Result]] = [[]]
    size = ENVELOPE_BYTES
    for result in results:
        length = len(encode(result)) + 1
        if parts[-1] and size + length > ACK_BYTES_MAX:
            parts.append([])
            size = ENVELOPE_BYTES
        parts[-1].append(result)
        size += length
    acks = [
        Ack(gen=gen, stream=stream, upto=part[-1].seq, window=window, results=tuple(part))
        for part in parts[:-1]
    ]
    rest = tuple(parts[-1])
    acks.append(Ack(gen=gen, stream=stream, upto=upto, window=window, results=rest, want=want))
    return acks


class Beats:
    """Numbers the hub's heartbeats so that one tells its start and its instant (DESIGN §5.7).

    Args:
        base: Reserved for this start alone, above any beat of an earlier one.
        start_s: Monotonic instant of the start.
    """

    def __init__(self, *, base: int, start_s: float) -> None:
        self._base = base
        self._start_s = start_s

    def beat(self, now_s: float) -> int:
        """Return the number of a heartbeat sent now: above the base, and growing with time."""
        return self._base + 1 + int((now_s - self._start_s) * BEATS_PER_S)

    def is_stale(self, *, beat: int, age_ms: int | None, ttl_s: float, now_s: float) -> bool:
        """Return whether a command that expires came too late.

        `beat` and `age_ms` are those when it was sent; None = made in an earlier boot.
        """
        if age_ms is None or age_ms > ttl_s * 1000:
            return True
        if not self._base < beat <= self.beat(now_s):
            return True
        beat_s = self._start_s + (beat - self._base - 1) / BEATS_PER_S
        return now_s - beat_s > ttl_s + BEAT_SLACK_S
