"""A hub whose journal ends too early: what it asks, adopts, names as lost, and how it goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker.adoption import Adoption, moved_numbers
from broker.hall.events import Adopted, DayOpened, NumbersMoved, OriginGap, StreamGap
from broker.journal import Journal
from broker.records import verify
from broker.store import StoreError
from broker.wire.delivery import Receiver
from broker.wire.giving import PROGRESS_S, START, Decided, GivenRow, Recovery, give_of
from broker.wire.messages import Held, Place, encode
from broker.wire.seal import Sealed, Seals
from broker.wire.topics import Kind
from tests.broker.test_core import AT_MS, COUNTER, ISSUE, KIOSK, Desk
from tests.broker.written import DESK, HUB, change, entry, hex_of, written
from tests.broker.written import KIOSK as STREAM

GEN = "1-deadbeef"
BIRTH = "loket/v1/demo/birth/"


class Hall:
    """What two nodes of a first hub hold, to be given to another."""

    def __init__(self) -> None:
        self.first = Desk()
        self.rows: dict[str, list[Decided]] = {"kiosk-1": [], "loket-3": []}

    def press(
        self, node: str, stream: str, seq: int, command: dict[str, Any], *, at_ms: int = AT_MS
    ) -> None:
        """Have the first hub decide a row, and the node keep its result."""
        body = {"stream": stream, "first": seq, "from": seq, "beat": 1, "commands": [command]}
        self.first.take(f"loket/v1/demo/up/{node}", json.dumps(body).encode(), at_ms=at_ms)
        batch, _ = self.first.settle()
        result = batch.answers[stream].fresh[0]
        place = Place(gen=GEN, pos=result.pos)
        asked = json.dumps(command).encode()
        self.rows[node].append(Decided(stream, seq, asked, encode(result), place))

    def tickets(self, count: int) -> None:
        """Have tickets issued and put on paper."""
        for n in range(1, count + 1):
            self.press("kiosk-1", KIOSK, 2 * n - 1, ISSUE)
            ticket = f"{KIOSK}:{2 * n - 1}"
            confirm = {"type": "confirm_print", "ticket": ticket, "number": f"A{n:03}"}
            self.press("kiosk-1", KIOSK, 2 * n, confirm)

    def give_to(self, desk: Desk, *nodes: str) -> list[Any]:
        """Have these nodes be born and give all they hold; return the acks that ask."""
        asked = []
        for node in nodes:
            stream = {"kiosk-1": KIOSK, "loket-3": COUNTER}[node]
            birth = {"session": "s", "online": True, "stream": stream, "first": 99, "gen": GEN}
            desk.take(BIRTH + node, json.dumps(birth).encode())
        desk.settle()
        asked += [json.loads(p.payload) for p in desk.timed() if p.topic.kind is Kind.ACK]
        for node in nodes:
            after, is_done = START, False
            while not is_done:
                rows = [row for row in self.rows[node] if row.place.pos > after.pos]
                give = give_of(rows, after=after, stream=KIOSK, is_all=True)
                desk.take(f"loket/v1/demo/up/{node}", encode(give))
                after, is_done = give.upto, give.given
        return asked


def end(desk: Desk, later_s: float = 0.0) -> list[Any]:
    """Let the recovery end; return the events of each row of its commit."""
    desk.settle()  # the generation is committed first
    desk.now_s += later_s
    desk.core.advance(at_ms=AT_MS, now_s=desk.now_s)
    batch, _ = desk.settle()
    assert batch.recovered
    return [entry.events for entry in batch.entries]


def new_hub() -> Desk:
    """Return a hub whose journal is gone, connected."""
    return linked(Desk(gen="1-0000000f", recovering=True))


def linked(desk: Desk) -> Desk:
    """Connect it."""
    desk.core.connected(desk.now_s)
    desk.settle()
    return desk


def test_a_new_hub_has_every_number_back_and_decides_nothing_again() -> None:
    """A001 is still A001 and called; the day is opened again; numbers go on at the next hundred."""
    hall = Hall()
    hall.tickets(2)
    hall.press("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3})
    desk = new_hub()
    (ask, _) = hall.give_to(desk, "kiosk-1", "loket-3")
    assert (ask["gen"], ask["window"], ask["give"]) == ("2-5eed0001", 0, {})

    rows = end(desk)
    adopted = [events[0].pos for events in rows if isinstance(events[0], Adopted)]
    assert adopted == [2, 3, 4, 5, 6]
    assert {t.number: t.state for t in desk.core.hall.tickets.values()} == {
        t.number: t.state for t in hall.first.core.hall.tickets.values()
    }
    # Nobody but the first hub itself held the row that opened its day.
    assert isinstance(rows[0][0], DayOpened)
    assert rows[-1] == (
        OriginGap(gen=GEN, pos_from=1, pos_upto=1, count=1),
        NumbersMoved(numbers={"A": 99}),
    )


def test_numbers_go_on_further_when_an_earlier_recovery_is_lost_too() -> None:
    """What the hub before gave out from A100 on may be in the hands of a kiosk that is off."""
    hall = Hall()
    hall.tickets(2)
    hall.press("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3, "seen": ""})
    second = [row._replace(place=Place(gen="2-deadbeef", pos=9)) for row in hall.rows["loket-3"]]
    adoption = Adoption(
        hall=hall.first.core.hall,
        receiver=Receiver(streams={}),
        date_of=str,
        open_day=lambda _: None,
    )
    recovery = Recovery(seals=Seals(b"k" * 32), holders=(), now_s=0.0)
    for row in (*hall.rows["kiosk-1"], *second):
        sealed = Sealed(row.place.gen, row.place.pos, AT_MS, row.stream, row.seq, b"{}", b"[]", "")
        recovery.rows[row.stream, row.seq] = GivenRow("kiosk-1", sealed, "")

    lost = adoption.lost(recovery, behind=START, without=["kiosk-1"])

    assert [gap.gen for gap in lost if isinstance(gap, OriginGap)] == [GEN, "2-deadbeef"]
    assert lost[-1] == NumbersMoved(numbers={"A": 199})


@pytest.mark.parametrize(
    ("last", "times", "numbers"),
    [(2, 1, 99), (2, 2, 199), (2, 3, 299), (905, 1, 909), (850, 3, 919), (998, 2, 999)],
)
def test_numbers_move_as_often_as_told(last: int, times: int, numbers: int) -> None:
    """In hundreds; above 900 in tens, and 999 stays the last."""
    hall = Hall().first.core.hall
    hall.numbers["A"] = last
    assert moved_numbers(hall, times=times).numbers["A"] == numbers


def test_while_rows_are_missing_nothing_is_decided_or_shown() -> None:
    """A press waits at its node; the board keeps what the broker has of it."""
    hall = Hall()
    hall.tickets(1)
    desk = new_hub()
    hall.give_to(desk, "kiosk-1")
    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3})
    batch, said = desk.settle()

    assert batch.entries == []
    assert {p.topic.kind for p in (*said, *desk.timed(1.0))} <= {Kind.HUB, Kind.ACK}
    end(desk, PROGRESS_S)
    desk.up("loket-3", COUNTER, 1, {"type": "call_next", "counter": 3})
    assert desk.results()[0]["events"][-1]["type"] == "ticket_called"


def test_a_row_nobody_holds_is_named_and_numbers_move() -> None:
    """A hole in a stream is a stream gap, one in the positions an origin gap."""
    hall = Hall()
    hall.tickets(3)
    del hall.rows["kiosk-1"][2:4]
    desk = new_hub()
    hall.give_to(desk, "kiosk-1")
    rows = end(desk, PROGRESS_S)

    assert (StreamGap(stream=KIOSK, seq_from=3, seq_upto=4),) in rows
    assert rows[-1] == (
        OriginGap(gen=GEN, pos_from=1, pos_upto=5, count=3),
        NumbersMoved(numbers={"A": 99}),
    )
    desk.up("kiosk-1", KIOSK, 7, ISSUE)
    assert desk.results()[0]["events"][0]["number"] == "A100"


def test_a_node_that_heard_of_a_later_row_tells_that_the_journal_was_set_back() -> None:
    """It need not hold the row itself: whose row it is may be off."""
    desk = linked(Desk(gen=GEN))
    pos = desk.core.hall.pos
    for heard, gen in ((pos, GEN), (pos + 1, "2-" + desk.core.start[:8])):
        birth = {"session": "s", "online": True, "stream": COUNTER, "gen": GEN, "pos": heard}
        desk.take(BIRTH + "loket-3", json.dumps(birth).encode())
        assert desk.core.gen == gen


def test_rows_it_has_are_not_adopted_again() -> None:
    """A hub that was rolled back takes only what is behind its end."""
    hall = Hall()
    hall.tickets(2)
    hall.give_to(hall.first, "kiosk-1")
    hall.first.core.recover(hall.first.now_s)
    linked(hall.first)
    hall.give_to(hall.first, "kiosk-1")
    rows = end(hall.first, PROGRESS_S)

    assert rows == []


def test_yesterdays_ticket_does_not_wait_today() -> None:
    """A hub that has rows of today takes it on record, marked late."""
    hall = Hall()
    hall.tickets(1)
    desk = Desk(gen="2-0000000f")
    desk.core.open_day_if_due(AT_MS + 86_400_000)
    desk.settle()
    linked(desk).core.recover(desk.now_s)
    hall.give_to(desk, "kiosk-1")
    rows = end(desk, PROGRESS_S)

    assert [e[0].late for e in rows if isinstance(e[0], Adopted)] == [True, True]
    assert desk.core.hall.tickets == {}
    assert not any(isinstance(event, DayOpened) for events in rows for event in events)


# -- what the journal says --------------------------------------------------------------------

SEALS = Seals(b"k" * 32)


async def held_at(journal: Journal, stream: str, seq: int) -> Held:
    """Return what a node says that holds this row."""
    (result,) = await journal.results(stream, [seq], seals=SEALS)
    return Held(gen=result.gen, pos=result.pos, seal=result.seal)


async def test_a_journal_knows_what_it_lacks(tmp_path: Path) -> None:
    """A row behind its end, another row at a position, a generation of its own number or above."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path) as journal:
        held = await held_at(journal, STREAM, 2)
        beyond = Held(gen=held.gen, pos=7, seal=held.seal)
        other = Held(gen=held.gen, pos=2, seal=held.seal)

        assert not await journal.lacks(held, seals=SEALS)
        assert await journal.lacks(beyond, seals=SEALS)
        assert await journal.lacks(other, seals=SEALS)
        assert await journal.lacks(Held(gen="1-ffffffff", pos=1, seal=held.seal), seals=SEALS)

        await journal.begin_generation("2-00000001")
        assert not await journal.lacks(beyond, seals=SEALS)


async def test_a_recovery_outlives_a_kill_and_old_rows_keep_their_seal(tmp_path: Path) -> None:
    """Until its commit each start goes on with it; generations are told apart by position."""
    path = tmp_path / "journal.db"
    await written(path)
    async with Journal.open(path, random_hex=hex_of) as journal:
        before = await held_at(journal, STREAM, 2)
        await journal.begin_generation("2-00000001")
    async with Journal.open(path) as journal:
        assert (journal.is_recovering, journal.gen) == (True, "2-00000001")
        assert journal.newest_gen == "1-0a0a0a0a"
        await journal.commit([entry(7, HUB, 3)], recovered=True)
        assert journal.newest_gen == "2-00000001"
        assert await held_at(journal, STREAM, 2) == before
    async with Journal.open(path) as journal:
        assert not journal.is_recovering
    assert verify(path) == (7, None)


@pytest.mark.parametrize(
    ("last", "moved"), [(0, 99), (7, 99), (99, 99), (100, 199), (899, 899), (950, 959), (999, 999)]
)
def test_numbers_go_on_at_the_next_hundred(last: int, moved: int) -> None:
    """While there is one."""
    desk = Desk()
    desk.core.hall.numbers["A"] = last
    linked(desk).core.recover(desk.now_s)

    assert end(desk, PROGRESS_S)[-1] == (NumbersMoved(numbers={"A": moved}),)


@pytest.mark.parametrize(("damaged", "last"), [(0, 6), (4, 3), (1, 0)])
async def test_a_copy_is_taken_as_far_as_its_chain_holds(
    tmp_path: Path, damaged: int, last: int
) -> None:
    """Rows, streams, days and generations; the rest is asked of the nodes."""
    copy, path = tmp_path / "copy.db", tmp_path / "journal.db"
    await written(copy)
    if damaged:
        change(copy, "UPDATE rows SET at_ms = at_ms + 1 WHERE pos = ?", damaged)
    async with Journal.open(path) as journal:
        assert await journal.take_copy(copy) == last  # all of it is new here
        assert journal.is_recovering
        assert journal.gen == "1-0a0a0a0a"
        assert journal.streams.get(HUB) == ({6: ("hub", 2), 3: ("hub", 1)}.get(last))
        await journal.begin_generation("2-00000001")
        await journal.commit([entry(last + 1, DESK, 6 if last == 6 else 1)], recovered=True)
    assert verify(path) == (last + 1, None)


def cut_back(path: Path, upto: int) -> None:
    """Make a journal what it was before some rows."""
    change(path, "DELETE FROM rows WHERE pos > ?", upto)
    change(path, "DELETE FROM streams")
    change(path, "INSERT INTO streams SELECT stream, node, max(seq) FROM rows GROUP BY stream")


async def test_a_journal_set_back_takes_what_a_copy_has_beyond_it(tmp_path: Path) -> None:
    """The same rows at the same places, and then a recovery of what came after the copy."""
    copy, path = tmp_path / "copy.db", tmp_path / "journal.db"
    await written(copy)
    await written(path)
    cut_back(path, 4)
    async with Journal.open(path) as journal:
        assert await journal.take_copy(copy) == 2
        assert (journal.is_recovering, journal.gen) == (True, "1-0a0a0a0a")
        assert journal.streams[HUB] == ("hub", 2)
        await journal.begin_generation("2-00000001")
        await journal.commit([entry(7, HUB, 3)], recovered=True)
    assert verify(path) == (7, None)


@pytest.mark.parametrize("other", ["older", "another"])
async def test_a_copy_that_does_not_go_on_from_here_is_left_alone(
    tmp_path: Path, other: str
) -> None:
    """It lay there since an earlier recovery, or is of another life of the hall."""
    copy, path = tmp_path / "copy.db", tmp_path / "journal.db"
    await written(path)
    async with Journal.open(copy, random_hex=lambda count: "0b" * count) as journal:
        count = 3 if other == "older" else 8
        rows = [entry(n, HUB, n) for n in range(1, count + 1)]
        await journal.commit(rows)
    async with Journal.open(path) as journal:
        assert await journal.take_copy(copy) == 0
        assert not journal.is_recovering
        assert journal.gen == "1-0a0a0a0a"
    assert verify(path) == (6, None)


async def test_a_copy_that_is_none_stops_the_hub(tmp_path: Path) -> None:
    """A person put it there and must know."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"no database" * 500)
    async with Journal.open(tmp_path / "journal.db") as journal:
        with pytest.raises(StoreError, match=r"copy\.db"):
            await journal.take_copy(copy)
    assert verify(tmp_path / "journal.db") == (0, None)
