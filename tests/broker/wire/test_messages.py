"""Bytes from the wire become a typed message or a `WireError`, never anything else."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from broker.hall.events import TicketCalled
from broker.hall.views import BoardView, Call, CounterView, QueueView, ServiceQueue
from broker.wire.messages import (
    ACK_BYTES_MAX,
    COMMANDS_MAX,
    MESSAGE_BYTES_MAX,
    UP_BYTES_MAX,
    Ack,
    Birth,
    Give,
    Given,
    GivenResult,
    Health,
    Held,
    HubState,
    Place,
    Reader,
    Result,
    Up,
    WireError,
    encode,
    read_ack,
    read_birth,
    read_board,
    read_counter,
    read_give,
    read_health,
    read_hub,
    read_queue,
    read_up,
)

STREAM = "0123456789abcdef" * 2
GEN = "3-0a1b2c3d"
CALL = Call(call_id=f"{STREAM}:17", number="A007", counter=3, service="ktp-el", at_ms=5)
CALLED = TicketCalled(ticket=f"{STREAM}:1", counter=3, call_id=f"{STREAM}:17")

ROUND_TRIPS: list[tuple[Reader[Struct], Struct]] = [
    (read_up, Up(stream=STREAM, first=15, start=17, beat=812, commands=(Raw(b'{"type":"x"}'),))),
    (
        read_ack,
        Ack(
            gen=GEN,
            stream=STREAM,
            upto=18,
            window=0,
            want=19,
            results=(
                Result(
                    seq=17, pos=9120, at_ms=1, events=(CALLED,), gen="1-0a1b2c3d", seal="0f" * 16
                ),
                Result(seq=18, pos=9121, at_ms=2, refusal="nobody_waiting", detail="counter 3"),
            ),
        ),
    ),
    (read_birth, Birth(session="s", online=True, role="counter", stream=STREAM, first=15)),
    (read_birth, Birth(session="s", online=False)),
    (
        read_birth,
        Birth(session="s", online=True, gen=GEN, held=Held(gen=GEN, pos=7, seal="0f" * 16)),
    ),
    (read_ack, Ack(gen=GEN, stream=STREAM, upto=0, window=0, give=Place(gen=GEN, pos=7))),
    (
        read_give,
        Give(
            stream=STREAM,
            after=Place(),
            upto=Place(gen=GEN, pos=7),
            given=True,
            give=(
                Given(
                    seq=1,
                    command=Raw(b'{"type":"x"}'),
                    result=GivenResult(pos=7, at_ms=1, gen=GEN, seal="0f" * 16, refusal="stale"),
                ),
            ),
        ),
    ),
    (read_health, Health(uptime_s=1.5, outbox_depth=3, rss_bytes=9, counts={"chatter": 2})),
    (read_hub, HubState(gen=GEN, pos=9120, beat=812, start="5f", at_ms=7)),
    (read_board, BoardView(gen=GEN, pos=1, at_ms=2, day="2026-11-25", calls=(CALL,))),
    (read_counter, CounterView(gen=GEN, pos=1, counter=3, status="open", waiting=2)),
    (
        read_queue,
        QueueView(
            gen=GEN,
            pos=1,
            at_ms=2,
            day="2026-11-25",
            services={"ktp-el": ServiceQueue(waiting=1, next=("A008",))},
        ),
    ),
]


@pytest.mark.parametrize(("read", "message"), ROUND_TRIPS)
def test_a_message_survives_the_round_trip(read: Reader[Struct], message: Struct) -> None:
    """What is encoded is what is read."""
    assert read(encode(message)) == message


@pytest.mark.parametrize(("read", "message"), ROUND_TRIPS)
def test_a_newer_peer_may_say_more(read: Reader[Struct], message: Struct) -> None:
    """Unknown fields are ignored, also when their value is nested or a number out of range."""
    more = b'{"later":{"a":[1,null,1e999]},"v2":"x",' + encode(message)[1:]

    assert read(more) == message


@pytest.mark.parametrize(("read", "message"), ROUND_TRIPS)
def test_a_message_cut_short_or_followed_by_more_is_refused(
    read: Reader[Struct], message: Struct
) -> None:
    """Every prefix of it, and rubbish behind it, is a `WireError`."""
    payload = encode(message)
    for end in range(len(payload)):
        with pytest.raises(WireError):
            read(payload[:end])
    for rubbish in (b"}", b"{}", b"\x00", b",", payload):
        with pytest.raises(WireError):
            read(payload + rubbish)


@pytest.mark.parametrize(("read", "message"), ROUND_TRIPS)
def test_a_required_field_may_not_be_missing_or_null(read: Reader[Struct], message: Struct) -> None:
    """Each field without a default must be there, with a value."""
    fields = msgspec.json.decode(encode(message), type=dict[str, object])
    required = [f.encode_name for f in msgspec.structs.fields(message) if f.required]

    assert required
    for name in required:
        for bad in ({k: v for k, v in fields.items() if k != name}, fields | {name: None}):
            with pytest.raises(WireError):
                read(msgspec.json.encode(bad))


def up_with(**fields: object) -> bytes:
    """Return a good `Up` with these fields, or without those that are `...`."""
    good = {"v": 1, "stream": STREAM, "first": 1, "from": 1, "beat": 0, "commands": [{}]}
    return msgspec.json.encode({k: v for k, v in (good | fields).items() if v is not ...})


def test_the_good_one_is_good() -> None:
    """What the hostile ones below differ from is read."""
    assert read_up(up_with()).start == 1


BAD_FIELDS: list[dict[str, object]] = [
    {"stream": ...},
    {"stream": STREAM.upper()},
    {"stream": STREAM[1:]},
    {"stream": STREAM + "0"},
    {"stream": STREAM + "\n"},
    {"stream": 7},
    {"first": ...},
    {"first": 0},
    {"first": -1},
    {"first": 2**53},
    {"first": 1.5},
    {"first": "1"},
    {"first": True},
    {"from": ...},
    {"from": 0},
    {"from": None},
    {"from": 2**63},
    {"beat": -1},
    {"beat": None},
    {"v": 0},
    {"v": "1"},
    {"commands": ...},
    {"commands": []},
    {"commands": {}},
    {"commands": None},
    {"commands": [{}] * (COMMANDS_MAX + 1)},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=repr)
def test_a_field_out_of_its_range_is_refused(fields: dict[str, object]) -> None:
    """Wrong type, wrong length, missing, too small, too big."""
    with pytest.raises(WireError):
        read_up(up_with(**fields))


def raw_up(command: bytes, first: bytes = b"1") -> bytes:
    """Return an `Up` as bytes that no encoder of ours would write."""
    return b'{"stream":"%s","first":%s,"from":1,"commands":[%s]}' % (
        STREAM.encode(),
        first,
        command,
    )


HOSTILE = {
    "nothing": b"",
    "a null byte": b"\x00",
    "not an object": b"[]",
    "null": b"null",
    "a string": b'"up"',
    "a byte order mark": b"\xef\xbb\xbf" + raw_up(b"{}"),
    "utf-16": raw_up(b"{}").decode().encode("utf-16"),
    "not utf-8 in a field": raw_up(b"{}").replace(STREAM.encode(), b"\xff" * 32),
    "a lone surrogate in a field": raw_up(b"{}").replace(STREAM.encode(), b"\\ud800"),
    "NaN": raw_up(b"{}", first=b"NaN"),
    "Infinity": raw_up(b"{}", first=b"Infinity"),
    "1e999": raw_up(b"{}", first=b"1e999"),
    "an integer of 5,000 digits": raw_up(b"{}", first=b"9" * 5000),
    "a number with a leading zero": raw_up(b"{}", first=b"01"),
    "a comment": raw_up(b"{}/**/"),
    "single quotes": raw_up(b"{}").replace(b'"', b"'"),
    "a trailing comma": raw_up(b"{},"),
    "NaN in a command": raw_up(b'{"counter":NaN}'),
    "a command cut short": raw_up(b'{"counter":'),
    "3,900 levels never closed": raw_up(b"[" * 3900),
    "3,900 objects deep": b'{"":' * 1900,
    "a bomb of 200,000 levels": b"[" * 200_000,
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_a_wire_error(payload: bytes) -> None:
    """No reader lets anything but `WireError` out."""
    for read, _ in ROUND_TRIPS:
        with pytest.raises(WireError):
            read(payload)


def test_depth_within_the_cap_on_size_is_refused_or_read() -> None:
    """3,900 levels are beyond the parser of Python 3.11, and within that of 3.13."""
    with contextlib.suppress(WireError):
        read_up(raw_up(b"[" * 3900 + b"]" * 3900))


def test_depth_is_refused_without_the_cap_on_size() -> None:
    """200,000 levels of nesting end in a `WireError` even where the size allows them."""
    for payload in (b"[" * 200_000, raw_up(b"[" * 200_000 + b"]" * 200_000)):
        with pytest.raises(WireError):
            Reader(Up, 1_000_000)(payload)


def test_the_last_of_a_repeated_key_counts() -> None:
    """A repeated key is legal JSON; both ends must agree on which one counts."""
    assert read_up(raw_up(b"{}").replace(b'"first":1', b'"first":5,"first":9')).first == 9


def test_a_bad_body_does_not_spoil_the_others() -> None:
    """Commands stay undecoded, so the hub can journal one as rejected and decide the next."""
    bodies = (b'{"type":"\xff"}', b"null", b'{"type":"call_next","counter":1e999}', b"[[[]]]")

    up = read_up(raw_up(b",".join(bodies)))

    assert tuple(bytes(command) for command in up.commands) == bodies


@pytest.mark.parametrize(
    ("read", "bytes_max"),
    [(read_up, UP_BYTES_MAX), (read_ack, MESSAGE_BYTES_MAX), (read_board, MESSAGE_BYTES_MAX)],
)
def test_size_is_capped_before_parsing(read: Reader[Struct], bytes_max: int) -> None:
    """One byte more than allowed is refused for its size, whatever it says."""
    message = next(m for r, m in ROUND_TRIPS if r is read)
    payload = encode(message)

    assert read(payload + b" " * (bytes_max - len(payload))) == message
    with pytest.raises(WireError, match=f"{bytes_max + 1} bytes"):
        read(payload + b" " * (bytes_max - len(payload) + 1))


def test_an_ack_of_the_largest_size_is_read() -> None:
    """What a hub may write, a node reads."""
    assert ACK_BYTES_MAX <= MESSAGE_BYTES_MAX


@pytest.mark.parametrize(
    "gen", ["", "3", "0-0a1b2c3d", "3-0A1B2C3D", "3-0a1b", "-3-0a1b2c3d", GEN + "\n"]
)
def test_a_generation_is_a_number_and_eight_hex_digits(gen: str) -> None:
    """Anything else can't be compared."""
    with pytest.raises(WireError):
        read_hub(encode(HubState(gen=gen, pos=1, beat=1, start="5f", at_ms=7)))


def test_a_result_of_no_instant_is_refused() -> None:
    """A slip says it: a kiosk could not print."""
    result = Result(seq=1, pos=1, at_ms=10**18)
    with pytest.raises(WireError):
        read_ack(encode(Ack(gen=GEN, stream=STREAM, upto=1, results=(result,))))


def ack_of(*results: dict[str, object], **fields: object) -> bytes:
    """Return an ack with these results, as bytes no encoder of this release would write."""
    good = {"gen": GEN, "stream": STREAM, "upto": len(results), "results": results}
    return msgspec.json.encode(good | fields)


CALLED_BODY = msgspec.to_builtins(CALLED)
LATER_BODY = {"type": "hall_painted", "ticket": f"{STREAM}:1", "more": [{"type": 1}]}


def test_an_event_of_a_later_release_is_left_out() -> None:
    """The row still has its result: a node must outlive the update of its hub."""
    ack = read_ack(
        ack_of(
            {"seq": 1, "pos": 8, "at_ms": 1, "events": [CALLED_BODY]},
            {"seq": 2, "pos": 9, "at_ms": 2, "events": [LATER_BODY, CALLED_BODY, LATER_BODY]},
            {"seq": 3, "pos": 10, "at_ms": 3, "events": [LATER_BODY], "later": 1},
            {"seq": 4, "pos": 11, "at_ms": 4, "refusal": "nobody_waiting"},
            want=5,
        )
    )
    assert ack.results == (
        Result(seq=1, pos=8, at_ms=1, events=(CALLED,)),
        Result(seq=2, pos=9, at_ms=2, events=(CALLED,)),
        Result(seq=3, pos=10, at_ms=3),
        Result(seq=4, pos=11, at_ms=4, refusal="nobody_waiting"),
    )
    assert (ack.upto, ack.want) == (4, 5)


@pytest.mark.parametrize(
    "event",
    [CALLED_BODY | {"counter": "3"}, {"ticket": "t"}, {"type": 1}, {"type": None}, 1, None, []],
    ids=repr,
)
def test_an_event_that_is_none_is_a_wire_error(event: object) -> None:
    """One of this release with a bad field, or without a name: no hub sends that, newer or not."""
    with pytest.raises(WireError):
        read_ack(ack_of({"seq": 1, "pos": 8, "at_ms": 1, "events": [LATER_BODY, event]}))


@pytest.mark.parametrize(
    "results", [None, 1, [1], [None], [{"seq": 1}], [{"seq": 1, "pos": 1, "at_ms": 1, "events": 1}]]
)
def test_a_result_that_is_none_is_a_wire_error(results: object) -> None:
    """Whatever else the ack says."""
    with pytest.raises(WireError):
        read_ack(ack_of(results=results))


@pytest.mark.parametrize("window", [0, 16, 17, 4096])
def test_a_later_release_may_offer_a_larger_window(window: int) -> None:
    """The sender takes as much of it as it can."""
    assert read_ack(ack_of(window=window)).window == window


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_wire_error(payload: bytes) -> None:
    """Nothing else ever comes out of a reader."""
    for read, _ in ROUND_TRIPS:
        try:
            read(payload)
        except WireError:
            continue


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_message_is_a_message_or_a_wire_error(at: int, damage: bytes) -> None:
    """A good message with some bytes overwritten is read or refused, nothing else."""
    for read, message in ROUND_TRIPS:
        payload = bytearray(encode(message))
        start = at % len(payload)
        payload[start : start + len(damage)] = damage
        try:
            read(bytes(payload))
        except WireError:
            continue
