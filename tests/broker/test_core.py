"""The hub's core: what one message leads to, and in which order it is said."""

import json
from typing import Any

import msgspec
import pytest

from broker.batch import Batch, Publication
from broker.core import HubCore
from broker.entry import result_of
from broker.hall.events import encode_events
from broker.hall.rules import Actor
from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.state import Hall
from broker.publisher import COUNTERS_AFTER_S, SAY_AGAIN_S
from broker.wire.seal import Sealed, Seals
from broker.wire.topics import Kind, Topic

KIOSK, COUNTER, OTHER = "a" * 32, "b" * 32, "c" * 32
AT_MS = 1_795_598_248_218  # 2026-11-25 in Jakarta
SETUP: Setup = make_setup(
    hall="demo",
    name="MPP Kota Contoh",
    timezone="Asia/Jakarta",
    agencies=(Agency(id="dukcapil", name="Dinas", short="Disdukcapil", series="A"),),
    services=(Service(id="ktp-el", agency="dukcapil", name={"id": "KTP-el"}),),
    counters=(Counter(id=3, serves=("ktp-el",)), Counter(id=4, serves=("ktp-el",))),
)
NODES = {
    "kiosk-1": Actor(node="kiosk-1", role="kiosk", counters=frozenset()),
    "loket-3": Actor(node="loket-3", role="counter", counters=frozenset({3})),
    "board-1": Actor(node="board-1", role="board", counters=frozenset()),
}


class Desk:
    """A core with a day open, or without its rows, and a journal that is a dict."""

    nodes = NODES

    def __init__(self, *, gen: str = "1-deadbeef", recovering: bool = False) -> None:
        self.now_s = 100.0
        self.core = HubCore(
            hall=Hall(SETUP),
            nodes=self.nodes,
            seals=Seals(b"k" * 32),
            gen=gen,
            start="5eed0001",
            own="f" * 32,
            streams={},
            beat_base=0,
            now_s=self.now_s,
            recovering=recovering,
        )
        self.journal: dict[tuple[str, int], Any] = {}
        self.core.open_day_if_due(AT_MS)
        self.settle()

    def take(
        self, topic: str, payload: bytes, *, retained: bool = False, at_ms: int = AT_MS
    ) -> None:
        """Let a message arrive."""
        self.core.take(topic, payload, retained=retained, at_ms=at_ms, now_s=self.now_s)

    def up(self, node: str, stream: str, start: int, *commands: Any, **fields: Any) -> None:
        """Let rows of a stream arrive, from `start`; `fields` replace those of the envelope."""
        body = {"stream": stream, "first": start, "from": start, "beat": 1, "commands": commands}
        self.take(f"loket/v1/demo/up/{node}", json.dumps({**body, **fields}).encode())

    def settle(self) -> tuple[Batch, list[Publication]]:
        """Commit what is pending; return it and what is said after it."""
        batch = self.core.cut()
        for entry in batch.entries:
            self.journal[entry.stream, entry.seq] = result_of(
                entry, encode_events(entry.events), gen=self.core.gen, seals=self.core.seals
            )
        again = {
            stream: [self.journal[stream, seq] for seq in answer.again]
            for stream, answer in batch.answers.items()
        }
        said = list(self.core.publications(batch, again, at_ms=AT_MS, now_s=self.now_s))
        return batch, said

    def timed(self, later_s: float = 0.0) -> list[Publication]:
        """Let time pass, and return what is said by the clock."""
        self.now_s += later_s
        return list(self.core.timed(at_ms=AT_MS, now_s=self.now_s))

    def results(self) -> list[Any]:
        """Settle, and return the results the acks carry."""
        _, said = self.settle()
        acks = [json.loads(p.payload) for p in said if p.topic.kind is Kind.ACK]
        return [result for ack in acks for result in ack.get("results", [])]


@pytest.fixture
def desk() -> Desk:
    """Give a core whose day has begun."""
    return Desk()


ISSUE = {"type": "issue", "services": ["ktp-el"]}


def ready_ticket(desk: Desk) -> None:
    """Have A001 on paper."""
    confirm = {"type": "confirm_print", "ticket": f"{KIOSK}:1", "number": "A001"}
    desk.up("kiosk-1", KIOSK, 1, ISSUE, confirm)
    desk.settle()


def test_a_press_becomes_one_row_and_its_result(desk: Desk) -> None:
    """An issue is journaled with its events, and acknowledged with them."""
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    [result] = desk.results()

    assert (result["seq"], result["pos"]) == (1, 2)
    assert result["events"][0]["number"] == "A001"


def test_a_result_carries_its_generation_and_its_seal(desk: Desk) -> None:
    """A later hub takes the row for its own when the node gives it back (DESIGN §5.8)."""
    desk.up("kiosk-1", KIOSK, 1, {**ISSUE, "age_ms": 77})
    [result] = desk.results()

    row = Sealed(
        gen="1-deadbeef",
        pos=result["pos"],
        at_ms=result["at_ms"],
        stream=KIOSK,
        seq=1,
        command=json.dumps(ISSUE, separators=(",", ":")).encode(),
        events=json.dumps(result["events"], separators=(",", ":")).encode(),
    )
    assert result["gen"] == row.gen
    assert desk.core.seals.holds(row, result["seal"])


def test_the_board_is_published_before_acks_and_acks_before_the_rest(desk: Desk) -> None:
    """What the visitor waits for goes out first (DESIGN §5.4)."""
    ready_ticket(desk)
    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3, "seen": ""})
    _, said = desk.settle()

    assert [p.topic.kind for p in said] == [Kind.BOARD, Kind.ACK]
    assert desk.core.due_s() <= desk.now_s + COUNTERS_AFTER_S
    later = desk.timed(COUNTERS_AFTER_S)
    assert [p.topic.id for p in later if p.topic.kind is Kind.COUNTER] == ["3", "4"]
    assert json.loads(said[0].payload)["calls"][0]["number"] == "A001"


def test_a_resent_row_gets_the_same_result_and_no_second_row(desk: Desk) -> None:
    """A row decided before is read from the journal, never decided again (DESIGN §5.3)."""
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    first = desk.results()
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    batch = desk.core.is_pending
    again = desk.results()

    assert batch
    assert again == first
    assert len(desk.core.hall.tickets) == 1


def test_rows_sent_twice_within_one_batch_are_answered_once(desk: Desk) -> None:
    """Two copies of one message before a commit: one row, one result."""
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    desk.up("kiosk-1", KIOSK, 1, ISSUE)

    assert [result["seq"] for result in desk.results()] == [1]


def test_a_gap_in_a_stream_is_asked_for(desk: Desk) -> None:
    """A row that came too early is not decided; the ack wants the missing one."""
    desk.up("kiosk-1", KIOSK, 2, ISSUE, first=1)
    batch, said = desk.settle()

    assert batch.entries == []
    assert json.loads(said[0].payload)["want"] == 1


def test_rows_no_one_holds_become_a_stream_gap(desk: Desk) -> None:
    """A stream never waits for a row its node no longer has: the gap is journaled by name."""
    desk.up("kiosk-1", KIOSK, 5, ISSUE)
    batch, _ = desk.settle()

    gap = batch.entries[0].events[0]
    assert msgspec.to_builtins(gap) == {
        "type": "stream_gap",
        "stream": KIOSK,
        "seq_from": 1,
        "seq_upto": 4,
    }
    assert [entry.seq for entry in batch.entries] == [4, 5]


REJECTED: list[Any] = [
    {"type": "fly"},
    {"type": "issue", "services": []},
    {"type": "issue", "services": ["x"] * 5},
    {"type": "issue", "services": "ktp-el"},
    {"type": "call_next", "counter": "3"},
    {"type": "call_next", "counter": 10**30},
    {"type": "call_next", "counter": 3, "age_ms": -1},
    {"type": "issue", "services": ["ktp-el"], "code_sha256": "x" * 5000},
    [1, 2],
    "text",
    None,
]


@pytest.mark.parametrize("body", REJECTED)
def test_a_bad_body_is_journaled_as_rejected_and_its_stream_goes_on(desk: Desk, body: Any) -> None:
    """One row that says nothing must not block those behind it (DESIGN §5)."""
    desk.up("kiosk-1", KIOSK, 1, body, ISSUE)
    rejected, issued = desk.results()

    assert rejected["refusal"] == "rejected"
    assert rejected["detail"]
    assert issued["events"][0]["number"] == "A001"


REFUSED = [
    ("kiosk-1", {"type": "issue", "services": ["nope"]}, "unknown_service", "nope"),
    ("loket-3", {"type": "call_next", "counter": 9}, "unknown_counter", "9"),
    ("loket-3", {"type": "call_next", "counter": 4}, "not_allowed", "4"),
    ("kiosk-1", {"type": "call_next", "counter": 3}, "not_allowed", "kiosk-1"),
    ("loket-3", {"type": "recall", "counter": 3}, "nobody_called", "3"),
    ("loket-3", {"type": "recall", "counter": 3, "seen": "x"}, "seen_other", "3"),
    ("loket-3", {"type": "call_next", "counter": 3, "age_ms": 10_001}, "stale", "3"),
    ("loket-3", {"type": "call_next", "counter": 3, "age_ms": None}, "stale", "3"),
    ("loket-3", {"type": "open_day", "date": "2026-12-01"}, "not_allowed", "loket-3"),
]


@pytest.mark.parametrize(("node", "command", "refusal", "named"), REFUSED)
def test_what_cannot_be_is_refused_by_name(
    desk: Desk, node: str, command: dict[str, Any], refusal: str, named: str
) -> None:
    """The refusal is a row like any other, and says which value was wrong."""
    desk.up(node, COUNTER, 1, command)
    [result] = desk.results()

    assert result["refusal"] == refusal
    assert named in result["detail"]


def test_a_beat_of_another_start_makes_a_call_stale(desk: Desk) -> None:
    """A command that lay in a broker since before this start is refused (DESIGN §5.7)."""
    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3}, beat=0)

    assert desk.results()[0]["refusal"] == "stale"


UP = "loket/v1/demo/up/kiosk-1"
GOOD = json.dumps({"stream": KIOSK, "first": 1, "from": 1, "beat": 1, "commands": [ISSUE]}).encode()
HOSTILE = [
    (UP, b"", "bad_up"),
    (UP, b"{", "bad_up"),
    (UP, b"\xff\xfe", "bad_up"),
    (UP, b"[" * 100_000, "bad_up"),
    (UP, b'{"commands":' + b"[" * 4000 + b"]" * 4000 + b"}", "bad_up"),
    (UP, GOOD.replace(b'"beat": 1', b'"beat": NaN'), "bad_up"),
    (UP, GOOD.replace(b'"beat": 1', b'"beat": 1e999'), "bad_up"),
    (UP, GOOD.replace(b'"first": 1', b'"first": 99999999999999999999'), "bad_up"),
    (UP, GOOD.replace(KIOSK.encode(), b"short"), "bad_up"),
    (UP, GOOD + b" " * 9000, "bad_up"),
    ("loket/v1/elsewhere/up/kiosk-1", GOOD, "not_ours"),
    ("loket/v1/demo/up/kiosk-9", GOOD, "unknown_node"),
    ("loket/v1/demo/up", GOOD, "not_ours"),
    ("loket/v1/demo/state/board", GOOD, "not_ours"),
    ("loket/v1/demo/birth/kiosk-1", b"{}", "bad_birth"),
    ("loket/v1/demo/health/kiosk-1", b"[]", "bad_health"),
]


@pytest.mark.parametrize(("topic", "payload", "counted"), HOSTILE)
def test_a_hostile_message_is_counted_and_changes_nothing(
    desk: Desk, topic: str, payload: bytes, counted: str
) -> None:
    """Malformed, oversized, deep, not UTF-8, NaN, wrong hall, wrong node: dropped; others go on."""
    desk.take(topic, payload)

    assert desk.core.counts == {counted: 1}
    assert not desk.core.is_pending
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    assert desk.results()[0]["events"][0]["number"] == "A001"


@pytest.mark.parametrize("depth", [500, 3900])
def test_a_deep_body_inside_a_good_envelope_harms_nobody(desk: Desk, depth: int) -> None:
    """It is a rejected row, or beyond the parser's depth no message at all; never a dead hub.

    How deep the parser goes is Python's: some 1,000 levels in 3.11, 7,000 in 3.13.
    """
    deep = b"[" * depth + b"]" * depth
    desk.take(UP, GOOD.replace(json.dumps(ISSUE).encode(), deep))

    is_dropped = desk.core.counts == {"bad_up": 1}
    assert is_dropped or desk.core.counts == {}
    assert not (is_dropped and depth == 500)
    assert [result["refusal"] for result in desk.results()] == ([] if is_dropped else ["rejected"])
    assert desk.core.hall.tickets == {}


def test_a_retained_up_is_no_senders_of_ours(desk: Desk) -> None:
    """Rows are never retained: such a message is a replay."""
    desk.take(UP, GOOD, retained=True)

    assert desk.core.counts == {"bad_up": 1}
    assert desk.core.hall.tickets == {}


def test_another_nodes_stream_is_not_taken(desk: Desk) -> None:
    """A stream belongs to the node that began it (DESIGN §5.2)."""
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    desk.settle()
    desk.up("loket-3", KIOSK, 2, {"type": "call_next", "counter": 3})

    assert desk.core.counts == {"foreign_stream": 1}
    assert desk.core.cut().entries == []


def test_the_same_fault_is_logged_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A node gone mad fills a counter, not the disk."""
    for _ in range(5):
        desk.take(UP, b"{")

    assert desk.core.counts == {"bad_up": 5}
    assert [r.getMessage() for r in caplog.records].count("message dropped") == 1


BIRTH = {"session": "s", "online": True, "role": "kiosk", "stream": KIOSK, "first": 1}


def test_a_birth_is_answered_with_a_live_heartbeat_and_an_ack(desk: Desk) -> None:
    """The node may send only after that, so its rows carry this start's beat."""
    desk.take("loket/v1/demo/birth/kiosk-1", json.dumps(BIRTH).encode())
    _, said = desk.settle()

    assert [p.topic.kind for p in said] == [Kind.HUB, Kind.ACK]
    assert json.loads(said[1].payload)["upto"] == 0


def test_a_boards_birth_brings_every_retained_topic_again(desk: Desk) -> None:
    """A broker that lost its memory has it back before the board draws (DESIGN §5.4)."""
    body = {"session": "s", "online": True, "role": "board"}
    desk.take("loket/v1/demo/birth/board-1", json.dumps(body).encode())
    _, said = desk.settle()

    assert [p.topic.kind for p in said] == [Kind.BOARD, Kind.HUB]
    later = [p.topic.kind for p in desk.timed(COUNTERS_AFTER_S)]
    assert later == [Kind.COUNTER, Kind.COUNTER, Kind.QUEUE]


def test_the_queue_is_published_at_most_four_times_a_second(desk: Desk) -> None:
    """Ten presses a second make four snapshots."""
    published = 0
    for i in range(40):
        desk.now_s = 100 + i / 40
        desk.up("kiosk-1", KIOSK, i + 1, ISSUE)
        desk.settle()
        published += sum(p.topic.kind is Kind.QUEUE for p in desk.timed())

    assert published == 4


def test_a_day_opens_once_and_never_goes_back(desk: Desk) -> None:
    """A clock that steps back a day changes nothing."""
    desk.core.open_day_if_due(AT_MS - 86_400_000)
    desk.core.open_day_if_due(AT_MS)
    assert not desk.core.is_pending

    desk.core.open_day_if_due(AT_MS + 86_400_000)
    batch, said = desk.settle()
    assert [entry.node for entry in batch.entries] == ["hub"]
    assert json.loads(said[0].payload)["day"] == "2026-11-26"


def test_a_press_after_midnight_belongs_to_the_new_day(desk: Desk) -> None:
    """The day opens before the press is decided: the ticket of 00.00 is not wiped with yesterday's.

    Its slip is confirmed like any other.
    """
    at_ms = AT_MS + 86_400_000
    desk.take(UP, GOOD, at_ms=at_ms)
    batch, _ = desk.settle()

    assert [(entry.node, type(entry.events[0]).__name__) for entry in batch.entries] == [
        ("hub", "DayOpened"),
        ("kiosk-1", "TicketIssued"),
    ]
    assert list(desk.core.hall.tickets) == [f"{KIOSK}:1"]


def test_a_press_at_an_old_call_has_its_counter_told_again(desk: Desk) -> None:
    """The lamp that showed the old call is stale: the snapshot it missed is said once more."""
    ready_ticket(desk)
    desk.timed(1.0)
    desk.up("loket-3", COUNTER, 1, {"type": "recall", "counter": 3, "seen": "old"})
    assert desk.results()[0]["refusal"] == "seen_other"

    assert [p.topic.id for p in desk.timed(COUNTERS_AFTER_S)][:1] == ["3"]


SNAPSHOTS = [
    Topic("demo", Kind.BOARD, ""),
    Topic("demo", Kind.COUNTER, "4"),
    Topic("demo", Kind.QUEUE, ""),
    Topic("demo", Kind.HUB, ""),
]


@pytest.mark.parametrize("topic", SNAPSHOTS, ids=str)
def test_a_snapshot_that_was_not_sent_is_made_again(desk: Desk, topic: Topic) -> None:
    """The link takes no more than so many unconfirmed; the broker would keep the older one."""
    desk.core.connected(100.0)
    desk.settle()
    desk.timed(1.0)
    desk.core.unsent(topic, now_s=desk.now_s)

    assert desk.core.due_s() == desk.now_s + SAY_AGAIN_S
    assert desk.timed(SAY_AGAIN_S / 2) == []
    assert [p.topic for p in desk.timed(SAY_AGAIN_S / 2)] == [topic]


def test_what_need_not_be_said_again_is_not(desk: Desk) -> None:
    """An unsent ack is asked for again; without a link, all is said when it is up."""
    desk.core.connected(100.0)
    desk.settle()
    desk.timed(1.0)
    desk.core.unsent(Topic("demo", Kind.ACK, "kiosk-1"), now_s=desk.now_s)
    desk.core.disconnected()
    desk.core.unsent(Topic("demo", Kind.BOARD, ""), now_s=desk.now_s)

    assert desk.timed(SAY_AGAIN_S) == []
