"""What travels on the topics, typed; sizes are capped before parsing, and unknown fields ignored.

The bodies of `state/board`, `state/counter/<id>` and `state/queue` are `broker.hall.views`, those
of `state/queue/<service>` are `broker.hall.coded`.
"""

from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from broker.hall.coded import CodedView
from broker.hall.events import EVENTS, HallEvent
from broker.hall.stamps import AtMs, Generation, Position
from broker.hall.views import BoardView, CounterView, QueueView
from broker.wire.figures import Button, DisplayHealth, Machine, PrinterHealth

UP_BYTES_MAX = 8 * 1024
ACK_BYTES_MAX = 16 * 1024
MESSAGE_BYTES_MAX = 32 * 1024
COMMAND_BYTES_MAX = 4 * 1024
COMMANDS_MAX = 16
GIVEN_MAX = 64

# `$` would let a line end pass.
Stream = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Seal = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
GenerationOrNone = Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,8}-[0-9a-f]{8})?\Z")]
Seq = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class WireError(ValueError):
    """The peer sent what no peer should: drop it, count it, say so once."""


class Up(Struct, frozen=True, kw_only=True):
    """`up/<node>`: rows of one stream, in order from `from`.

    Attributes:
        first: Seq of the oldest row of this stream that has no result at its sender.
        start: Seq of `commands[0]` (`from` on the wire).
        beat: `beat` of the newest live `state/hub` the sender saw; 0 = none yet.
        sent_ms: The sender's monotonic clock; None from an older release.
        commands: Each still undecoded, so one bad body doesn't spoil the others.
    """

    stream: Stream
    first: Seq
    start: Seq = field(name="from")
    commands: Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=COMMANDS_MAX)]
    beat: Position = 0
    sent_ms: Position | None = None
    v: Annotated[int, Meta(ge=1)] = 1


LOST = "lost"
"""Refusal of a row that reached only a hub whose journal is gone; whoever pressed presses again,
and a kiosk says once more what is on paper."""


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row, as the journal holds it: its events, or its refusal.

    Attributes:
        pos: Journal position.
        at_ms: Hub's wall clock when decided.
        refusal: A code of `broker.hall.rules.REFUSALS`, or `rejected`; empty when accepted.
        detail: Which, with which value, in English, for the log.
        gen: The generation whose journal holds it at `pos`; an older one than the ack's when the
            row is of before a recovery.
        seal: Proves the row to a later hub of this hall (`broker.wire.seal`). A sender keeps both
            with the result. Empty from a hub that seals nothing.
    """

    seq: Seq
    pos: Position
    at_ms: AtMs
    events: tuple[HallEvent, ...] = ()
    refusal: str = ""
    detail: str = ""
    gen: GenerationOrNone = ""
    seal: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a hub's journal held a row; without fields, the place before every row."""

    gen: GenerationOrNone = ""
    pos: Position = 0


class Held(Struct, frozen=True, kw_only=True):
    """The newest row a node has a sealed result for, as that result says.

    A hub whose own journal ends before it, or has another seal there, was rolled back.
    """

    gen: Generation
    pos: Position
    seal: Seal


class Ack(Struct, frozen=True, kw_only=True):
    """`ack/<node>`: results of committed rows of one stream; never retained.

    With `give` the hub recovers (DESIGN §5.8): it takes no commands (`window` is 0) and asks for
    the rows the node has sealed results for, those behind this place, in order of generation
    number, generation and position. The node answers each such ack with one `Give`; the hub asks
    again from where that one ended, until one says `given`. An ask without an answer is repeated.

    Attributes:
        upto: The last row of the stream the results here (with earlier acks) cover.
        window: How many rows without a result the sender may have on the way; 0 = wait. A later
            release may offer more than this one's senders use.
        want: The seq the hub expects next, when it got a later one; else 0.
        owner: The node the stream is bound to, when that is another one: none of its rows is ever
            taken from this node (`window` is 0), which gives them up. Empty = it is this node's.
    """

    gen: Generation
    stream: Stream
    upto: Position
    window: Position = COMMANDS_MAX
    results: tuple[Result, ...] = ()
    want: Position = 0
    give: Place | None = None
    owner: str = ""
    v: int = 1


class GivenResult(Struct, frozen=True, kw_only=True):
    """A `Result` as its row's node kept it; its events are undecoded, as they were sealed."""

    pos: Position
    at_ms: AtMs
    gen: Generation
    seal: Seal
    events: Raw = Raw(b"[]")
    refusal: str = ""
    detail: str = ""


class Given(Struct, frozen=True, kw_only=True):
    """One row with its result; the command's `age_ms` means nothing."""

    seq: Seq
    command: Raw
    result: GivenResult


class Give(Struct, frozen=True, kw_only=True):
    """`up/<node>`, in answer to an `Ack` with `give`: rows of one stream that have results.

    Attributes:
        after: As asked. A hub that has asked for something else since ignores the message.
        upto: The place of the last row here, or of one behind it that is too long to be given.
        given: Nothing is held behind `upto`.
        owner: The node whose rows these are, when a card was put into another; empty = the
            sender's. They prove themselves, whoever holds them.
    """

    stream: Stream
    give: Annotated[tuple[Given, ...], Meta(max_length=GIVEN_MAX)]
    after: Place
    upto: Place
    given: bool = False
    owner: str = ""
    v: Annotated[int, Meta(ge=1)] = 1


class Birth(Struct, frozen=True, kw_only=True):
    """`birth/<node>`: presence, retained; the will is the same with `online` false.

    Attributes:
        session: Random per connection attempt of a process: a late will of an old one is ignored.
        boot: Random per boot of the machine.
        stream, first: The stream it is about to send and its first row without a result; the hub
            answers with an `Ack` of that stream.
        gen: The highest generation the node ever obeyed.
        pos: The highest position of that generation it has heard of: a journal that ends before it
            was set back. 0 = none since its start.
        held: The newest row it has a sealed result for; None = none.
    """

    session: str
    online: bool
    role: str = ""
    version: str = ""
    boot: str = ""
    stream: str = ""
    first: int = 0
    gen: GenerationOrNone = ""
    pos: Position = 0
    held: Held | None = None
    v: int = 1


class Health(Struct, frozen=True, kw_only=True):
    """`health/<node>`: figures of one process, every 15 s.

    Attributes:
        outbox_depth: Rows without a result.
        counts: Named counters since start, e.g. `wire_errors`, `chatter`.
        unsaid: Numbers of the newest calls a voice could not say: they are on the screen only.
        disk: Room on its disk: ok, low, short or full (`broker.disk`).
        sent_ms: The sender's monotonic clock; None from an older release.
        wall_ms: The sender's wall clock, to be compared with the hub's.
        boot: Which boot of the machine this is.
        version: Of the program.
        outbox_age_s: Age of the oldest row without a result; null = there is none, or it is of an
            earlier boot.
        connects: Connections to the broker since start; more than 1 = it was lost.
        machine: The Pi it runs on.
        buttons: By name.
        printer, display: Only of a process that has one.
    """

    uptime_s: float
    outbox_depth: int = 0
    rss_bytes: int = 0
    counts: dict[str, int] = {}
    unsaid: tuple[str, ...] = ()
    disk: str = "ok"
    sent_ms: Position | None = None
    wall_ms: int | None = None
    boot: str = ""
    version: str = ""
    outbox_age_s: float | None = None
    connects: int | None = None
    machine: Machine | None = None
    buttons: dict[str, Button] = {}
    printer: PrinterHealth | None = None
    display: DisplayHealth | None = None
    v: int = 1


class Alarm(Struct, frozen=True, kw_only=True):
    """`alarm/<id>`: one open alarm, retained; an empty message clears it.

    Attributes:
        id: `<kind>.<subject>`.
        subject: A node, a Pi, a zone, a switch, or `hall`.
        level: urgent = visitors or staff notice it now; warning; info = nobody has to come.
        since_ms: By the hub's wall clock when it was raised.
        what: What is wrong, by language code.
        mend: What to do about it, by language code.
        acknowledged_by: Initials of who has seen it; it stays, quietly, for four hours.
    """

    id: str
    kind: str
    subject: str
    level: Literal["urgent", "warning", "info"]
    since_ms: int
    what: dict[str, str]
    mend: dict[str, str]
    acknowledged_by: str = ""
    v: int = 1


class NodeStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One node, as the hub sees it.

    Attributes:
        place: Its zone, else its Pi.
        contact: here, silent, gone, or unknown = not heard since the hub started.
        since_s: How long it has been so; null while unknown.
        version: Of its program; empty = not told.
        act: What it last did that somebody noticed: pressed, printed, shown.
        act_age_s: How long ago.
        detail: A number or word to the act.
    """

    id: str
    role: str
    place: str
    contact: str
    since_s: float | None = None
    version: str = ""
    act: str = ""
    act_age_s: float | None = None
    detail: str = ""


class Fleet(Struct, frozen=True, kw_only=True):
    """`state/fleet`: every node of the hall at a glance, every 15 s and when one comes or goes.

    Attributes:
        at_ms: By the hub's wall clock; ages here are of that instant.
    """

    at_ms: int
    version: str
    nodes: tuple[NodeStatus, ...]
    v: int = 1


class HubState(Struct, frozen=True, kw_only=True):
    """`state/hub`: the hub's heartbeat, every 5 s, and at its start and each birth.

    Attributes:
        beat: Grows with every heartbeat and jumps at every start, so it names the start too.
        start: Random per start of the hub process.
        disk: Room on the hub's disk: ok, low, short or full (`broker.disk`).
        date_known: The open day's date is known, from a clock or from a person; else stamps may be
            hours or days too low.
        listens: It does not serve yet: it hears whether another hub does, and what nodes hold.
    """

    gen: Generation
    pos: Position
    beat: Position
    start: Annotated[str, Meta(max_length=64)]
    at_ms: AtMs
    disk: str = "ok"
    date_known: bool = True
    listens: bool = False
    v: int = 1


_encoder = msgspec.json.Encoder()


def encode(message: Struct) -> bytes:
    """Return the message as JSON."""
    return _encoder.encode(message)


_T_co = TypeVar("_T_co", covariant=True)


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not what was asked for."""


class Reader(Generic[_T_co]):
    """Bytes of one kind of message, checked and typed.

    The newest message is remembered: a hub says a snapshot again, in the same bytes, whenever a
    board is born, and in one process several may read what came once. Nobody may change it.

    Args:
        bytes_max: Longer payloads are refused before they are parsed.
    """

    def __init__(self, kind: type[_T_co], bytes_max: int) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._bytes_max = bytes_max
        self._newest: tuple[bytes, _T_co] | None = None

    def __call__(self, payload: bytes) -> _T_co:
        """Return the message.

        Raises:
            WireError: Too long, not JSON, not UTF-8, too deep, or not of this shape.
        """
        newest = self._newest  # once: another thread may read meanwhile
        if newest is not None and newest[0] == payload:
            return newest[1]
        if len(payload) > self._bytes_max:
            raise WireError(f"{len(payload)} bytes, at most {self._bytes_max} are read")
        try:
            message = self._decoder.decode(payload)
        except UNREADABLE as error:
            raise WireError(str(error)) from error
        self._newest = (payload, message)
        return message


class AckReader(Reader[Ack]):
    """Reads acks of a newer hub too, which knows events this release does not.

    Those are left out, so a result may lack some, or all, of its events: it is still the result of
    its row, and a stream never blocks at it. An event this release knows must be as it knows it.
    """

    def __call__(self, payload: bytes) -> Ack:
        """Return the ack.

        Raises:
            WireError: No ack, of this release or a later one.
        """
        try:
            return super().__call__(payload)
        except WireError as error:
            if not isinstance(error.__cause__, msgspec.ValidationError):
                raise
        try:
            known = _without_unknown_events(payload)
        except UNREADABLE as error:
            raise WireError(str(error)) from error
        return super().__call__(known)


class _Named(Struct):
    type: str


_EVENT_NAMES = frozenset(event.__struct_config__.tag for event in EVENTS)


def _without_unknown_events(payload: bytes) -> bytes:
    ack = msgspec.json.decode(payload, type=dict[str, Raw])
    results = msgspec.json.decode(ack.get("results", b"[]"), type=list[dict[str, Raw]])
    for result in results:
        events = msgspec.json.decode(result.get("events", b"[]"), type=list[Raw])
        names = (msgspec.json.decode(event, type=_Named).type for event in events)
        known = [e for e, name in zip(events, names, strict=True) if name in _EVENT_NAMES]
        result["events"] = Raw(msgspec.json.encode(known))
    return msgspec.json.encode(ack | {"results": Raw(msgspec.json.encode(results))})


read_up = Reader(Up, UP_BYTES_MAX)
read_give = Reader(Give, UP_BYTES_MAX)
read_ack = AckReader(Ack, MESSAGE_BYTES_MAX)
read_birth = Reader(Birth, UP_BYTES_MAX)
read_health = Reader(Health, UP_BYTES_MAX)
read_alarm = Reader(Alarm, UP_BYTES_MAX)
read_fleet = Reader(Fleet, MESSAGE_BYTES_MAX)
read_hub = Reader(HubState, UP_BYTES_MAX)
read_board = Reader(BoardView, MESSAGE_BYTES_MAX)
read_counter = Reader(CounterView, UP_BYTES_MAX)
read_queue = Reader(QueueView, MESSAGE_BYTES_MAX)
read_coded = Reader(CodedView, MESSAGE_BYTES_MAX)


def read_up_or_give(payload: bytes) -> Up | Give:
    """Return what came on `up/<node>`.

    Raises:
        WireError: Neither; says why it is no `Up`.
    """
    try:
        return read_up(payload)
    except WireError as error:
        try:
            return read_give(payload)
        except WireError:
            raise error from error.__cause__
