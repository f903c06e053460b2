"""Every size that is limited: at the limit it passes, one above it does not (DESIGN §5)."""

from pathlib import Path
from random import Random

import pytest
from msgspec import Struct

from broker.hall.commands import Issue, encode_command
from broker.hall.events import (
    DayOpened,
    HallEvent,
    PrintConfirmed,
    TicketCalled,
    TicketIssued,
    TicketRecalled,
)
from broker.hall.state import Hall
from broker.hall.views import CALLS_MAX, board_view, counter_view, queue_view
from broker.outbox import CommandTooBig, Outbox
from broker.wire.delivery import Row, Sender, pack_acks
from broker.wire.messages import (
    ACK_BYTES_MAX,
    COMMAND_BYTES_MAX,
    COMMANDS_MAX,
    MESSAGE_BYTES_MAX,
    UP_BYTES_MAX,
    Ack,
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
from broker.wire.readings import read_readings
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.broker.wire.rows import GEN, OWN, ack

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

READERS: list[tuple[str, Reader[Struct], int]] = [
    ("up", read_up, UP_BYTES_MAX),
    ("give", read_give, UP_BYTES_MAX),
    ("readings", read_readings, UP_BYTES_MAX),
    ("birth", read_birth, UP_BYTES_MAX),
    ("health", read_health, UP_BYTES_MAX),
    ("hub", read_hub, UP_BYTES_MAX),
    ("counter", read_counter, UP_BYTES_MAX),
    ("ack", read_ack, MESSAGE_BYTES_MAX),
    ("board", read_board, MESSAGE_BYTES_MAX),
    ("queue", read_queue, MESSAGE_BYTES_MAX),
]


@pytest.mark.parametrize(
    ("read", "most"), [one[1:] for one in READERS], ids=[o[0] for o in READERS]
)
def test_nothing_longer_is_parsed(read: Reader[Struct], most: int) -> None:
    """What is one byte too long is refused for its length, before its first byte is looked at."""
    with pytest.raises(WireError) as at_most:
        read(b"[" * most)
    assert "bytes, at most" not in str(at_most.value)
    with pytest.raises(WireError, match=f"{most + 1} bytes, at most {most} are read"):
        read(b"[" * (most + 1))


def issue_of(size: int) -> Issue:
    """Return a command of so many bytes of JSON."""
    bare = Issue(services=("ktp-el",), code_sha256="")
    pad = size - len(encode_command(bare))
    return Issue(services=("ktp-el" + "x" * pad,), code_sha256="")


async def test_an_outbox_takes_a_command_of_4_kib_and_none_longer(tmp_path: Path) -> None:
    """At the append: what can't be sent must not be kept, or its stream would block for ever."""
    async with Outbox.open(tmp_path / "o.db", boot="b", stream=OWN) as outbox:
        (row,) = await outbox.append_all([issue_of(COMMAND_BYTES_MAX)], made_s=1.0)
        assert len(row.command) == COMMAND_BYTES_MAX
        with pytest.raises(CommandTooBig, match="4097 bytes"):
            await outbox.append_all([issue_of(COMMAND_BYTES_MAX + 1)], made_s=1.0)


def sent_of(sizes: list[int]) -> list[Up]:
    """Return what a sender makes of rows whose commands, as sent, have these sizes."""
    one = Sender(stream=OWN, random=Random(1))
    for seq, size in enumerate(sizes, 1):
        bare = b'{"age_ms":0,"pad":""}'
        body = bare[:-2] + b"x" * (size - len(bare)) + bare[-2:]
        one.appended(Row(OWN, seq, body, 100.0), 100)
    one.connected(100)
    one.acked(ack(), 100)
    return one.outgoing(100)


def test_an_up_has_16_commands_and_no_more() -> None:
    """The sender makes no more of them, and the hub reads no more."""
    (up,) = sent_of([30] * COMMANDS_MAX)
    assert len(up.commands) == COMMANDS_MAX
    assert read_up(encode(up)) == up
    more = Up(stream=OWN, first=1, start=1, commands=(*up.commands, up.commands[0]))
    with pytest.raises(WireError, match="length <= 16"):
        read_up(encode(more))


def test_an_up_has_8_kib_and_no_more() -> None:
    """One byte more, and the second command travels in a message of its own."""
    envelope = 192  # as the sender reckons it
    room = UP_BYTES_MAX - envelope - COMMAND_BYTES_MAX - 2
    assert [len(up.commands) for up in sent_of([COMMAND_BYTES_MAX, room])] == [2]
    assert [len(up.commands) for up in sent_of([COMMAND_BYTES_MAX, room + 1])] == [1, 1]
    assert all(len(encode(up)) <= UP_BYTES_MAX for up in sent_of([COMMAND_BYTES_MAX] * 16))


def acks_of(size: int) -> list[Ack]:
    """Return the acks of two results that have so many bytes together."""
    bare = Result(seq=1, pos=1, at_ms=1, refusal="x")
    pad = size - 2 * len(encode(bare)) - len(b',"detail":""')
    padded = Result(seq=2, pos=1, at_ms=1, refusal="x", detail="d" * pad)
    assert len(encode(bare)) + len(encode(padded)) == size
    return pack_acks(gen=GEN, stream=OWN, results=[bare, padded], upto=2)


def test_an_ack_has_16_kib_and_no_more() -> None:
    """One byte more, and the second result travels in an ack of its own."""
    envelope = 192
    room = ACK_BYTES_MAX - envelope - 2
    (full,) = acks_of(room)
    assert len(full.results) == 2
    assert len(encode(full)) <= ACK_BYTES_MAX
    assert [len(one.results) for one in acks_of(room + 1)] == [1, 1]


# -- snapshots of the largest hall ------------------------------------------------------------


def largest_hall(series_max: int = 999) -> Hall:
    """Return the example hall of 121 services with every number of every series given today."""
    setup = setup_of(load_hall(EXAMPLES / "tebing_tinggi.toml"))
    hall = Hall(setup)
    feed(hall, (DayOpened(date="2026-11-25"),))
    services: dict[str, list[str]] = {}
    for service, prefix in setup.series.items():
        services.setdefault(prefix, []).append(service)
    for prefix, offered in services.items():
        for number in range(1, series_max + 1):
            service = offered[number % len(offered)]
            feed(hall, issued(f"{prefix}{number:03}", service))
    return hall


def issued(number: str, service: str) -> tuple[HallEvent, ...]:
    """Return a ticket on paper; its id is as long as ids are."""
    ticket = f"{number:>032}:123456".replace(" ", "0")
    return (
        TicketIssued(ticket=ticket, number=number, service=service, visit=ticket, issued_ms=AT_MS),
        PrintConfirmed(ticket=ticket),
    )


AT_MS = 1_795_598_248_218


def feed(hall: Hall, events: tuple[HallEvent, ...]) -> None:
    """Apply one row."""
    hall.apply(hall.pos + 1, AT_MS, events)


def test_the_snapshots_of_the_largest_hall_fit() -> None:
    """121 services, 999 numbers in each series, every counter calling again and again."""
    hall = largest_hall()
    assert len(hall.setup.services) == 121
    assert min(hall.numbers[prefix] for prefix in set(hall.setup.series.values())) == 999
    tickets, call = iter(hall.tickets), 0
    while call < CALLS_MAX + 40:
        for counter in hall.setup.counters:
            call += 1
            ticket, call_id = next(tickets), f"{'c' * 32}:{call:06}"
            called = TicketCalled(ticket=ticket, counter=counter, call_id=call_id)
            again = TicketRecalled(ticket=ticket, counter=counter, call_id=call_id, repeat=2)
            feed(hall, (called, again))
    gen = "999999999-0a1b2c3d"
    board = board_view(hall, gen=gen, at_ms=AT_MS)
    assert len(board.calls) == CALLS_MAX
    queue = queue_view(hall, gen=gen, at_ms=AT_MS)
    assert len(queue.services) == 121
    sizes = {"board": len(encode(board)), "queue": len(encode(queue))}
    assert max(sizes.values()) <= MESSAGE_BYTES_MAX, sizes
    assert read_board(encode(board)) == board
    assert read_queue(encode(queue)) == queue
    for counter in hall.setup.counters:
        view = counter_view(hall, counter, gen=gen)
        assert read_counter(encode(view)) == view
