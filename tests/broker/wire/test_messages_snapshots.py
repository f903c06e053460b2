"""What no screen, page or printer could show never gets past the reader."""

from collections.abc import Iterator

import msgspec
import pytest
from msgspec import Struct

from broker.hall.views import BoardView, Call, CounterCall, CounterView, QueueView, ServiceQueue
from broker.wire.messages import (
    HubState,
    Reader,
    WireError,
    encode,
    read_board,
    read_counter,
    read_hub,
    read_queue,
)

STREAM = "0123456789abcdef" * 2
GEN = "3-0a1b2c3d"
CALL = Call(call_id=f"{STREAM}:17", number="A007", counter=3, service="ktp-el", at_ms=5)
BOARD = BoardView(gen=GEN, pos=1, at_ms=2, day="2026-11-25", calls=(CALL,))
COUNTER = CounterView(
    gen=GEN,
    pos=1,
    counter=3,
    status="open",
    waiting=2,
    call=CounterCall(
        call_id=CALL.call_id,
        ticket=f"{STREAM}:1",
        number="A007",
        service="ktp-el",
        state="called",
        called_ms=5,
    ),
)
QUEUE = QueueView(
    gen=GEN,
    pos=1,
    at_ms=2,
    day="2026-11-25",
    services={"ktp-el": ServiceQueue(waiting=1, next=("A008",), last="A009", issued=9)},
)
HUB = HubState(gen=GEN, pos=9120, beat=812, start="5f", at_ms=7)
ABSURD: dict[str, tuple[object, ...]] = {
    "gen": ("", "x", "1-zz", "9" * 40 + "-00000000", 1),
    "pos": (-1, 2**53, 1.5, "1"),
    "at_ms": (-1, 10**18, 10**30, 4_102_444_800_001, 0.5, "1"),
    "called_ms": (-1, 10**18),
    "beat": (-1, 10**30),
    "start": ("s" * 65,),
    "day": ("2026", "2026-11-25\n", "\0", 1),
    "counter": (-1, 0, 100, 10**30, "3"),
    "number": ("", "A\0001", "A007\n", "a007", "A" * 9000),
    "last": ("A\0001", "x"),
    "next": (["A\0001"], [""]),
    "call_id": ("", "c" * 65),
    "repeat": (-1, 0, 10**30),
    "waiting": (-1, 10**30),
    "issued": (-1, 10**30),
}
SNAPSHOTS: list[tuple[Reader[Struct], Struct]] = [
    (read_board, BOARD),
    (read_counter, COUNTER),
    (read_queue, QUEUE),
    (read_hub, HUB),
]


def absurd(fields: object) -> Iterator[tuple[str, object]]:
    """Yield what the JSON becomes when one value in it, however deep, is made absurd."""
    if isinstance(fields, list):
        for index, item in enumerate(fields):
            for name, worse in absurd(item):
                yield name, [*fields[:index], worse, *fields[index + 1 :]]
    if isinstance(fields, dict):
        for name, value in fields.items():
            # At a counter a number may be unknown.
            may = ("",) if name == "number" and "called_ms" in fields else ()
            for bad in [bad for bad in ABSURD.get(name, ()) if bad not in may]:
                yield name, fields | {name: bad}
            for deeper, worse in absurd(value):
                yield deeper, fields | {name: worse}


@pytest.mark.parametrize(("read", "message"), SNAPSHOTS)
def test_a_snapshot_that_could_not_be_shown_is_refused(
    read: Reader[Struct], message: Struct
) -> None:
    """An instant no calendar has, a number no font has: whoever shows it never meets them."""
    fields = msgspec.json.decode(encode(message))
    assert read(msgspec.json.encode(fields)) == message
    for name, worse in absurd(fields):
        with pytest.raises(WireError):
            raise AssertionError(name, read(msgspec.json.encode(worse)))


@pytest.mark.parametrize("number", ["A007", "AB999", "K1001", "P001"])
def test_numbers_of_every_prefix_are_read(number: str) -> None:
    """The hall's, a kiosk's own, and those of the paper in the drawer."""
    calls = (msgspec.structs.replace(CALL, number=number),)
    assert read_board(encode(msgspec.structs.replace(BOARD, calls=calls))).calls == calls


def test_a_hub_before_its_first_day_is_read() -> None:
    """Its day is empty, its position 0, and its clock may stand in 1970."""
    first = BoardView(gen="1-deadbeef", pos=0, at_ms=0, day="", calls=())
    assert read_board(encode(first)) == first


def test_a_call_whose_issue_was_lost_is_read() -> None:
    """A hub that lost its journal may have a call back and not the issue: counters go on."""
    fields = msgspec.json.decode(encode(COUNTER))
    fields["call"]["number"] = ""
    assert read_counter(msgspec.json.encode(fields)).call.number == ""  # type: ignore[union-attr]
