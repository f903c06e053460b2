"""The runtime: presses to commands, results to lamps and slips, and nothing in between lost."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from broker.hall.commands import CallNext, decode_command
from broker.hall.events import PrintConfirmed, TicketIssued
from broker.hall.state import TicketState
from broker.wire.messages import Ack, HubState, encode, read_birth, read_health
from broker.wire.topics import Kind, Topic
from tests.edge.stand import COUNTER, KIOSK, rows_of, slips_of, stand
from tests.fakes import FakeClock
from tests.fakes_edge import HALL, until


async def test_a_press_is_on_disk_when_it_is_settled(tmp_path: Path) -> None:
    """Without a broker, without a hub: what was pressed is kept."""
    async with stand(COUNTER, tmp_path) as one:
        await one.press("call")

        assert rows_of(tmp_path) == [("a", 1, "call_next", False)]
        assert one.link.published == []


async def test_a_press_shorter_than_2_ms_is_nothing(tmp_path: Path) -> None:
    """Pins are listened to without gpiozero's own filter, so ours must be there."""
    async with stand(COUNTER, tmp_path) as one:
        await one.press("call", ms=1)

        assert rows_of(tmp_path) == []


async def test_a_call_goes_to_the_hub_and_comes_back_as_light(tmp_path: Path) -> None:
    """Press, commit, publish, result, one long flash, then what the counter's snapshot says."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        await one.shows("lamp", "off")
        await one.press("call")
        await one.shows("lamp", "long_flash")
        await one.advance(2)

        assert one.lamps == {"lamp": "off"}
        assert hub.hall.counters[3].status == "open"
        assert [len(up.commands) for up in one.link.ups()] == [1]
        assert one.node.snapshot()["counter"] == {
            "id": 3,
            "status": "open",
            "waiting": 0,
            "number": "",
            "repeat": 0,
        }


async def test_a_refusal_is_three_short_flashes_and_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits at an open counter."""
    caplog.set_level(logging.INFO)
    async with stand(COUNTER, tmp_path) as one:
        await one.join(COUNTER)
        await one.press("call")
        await one.shows("lamp", "long_flash")
        await one.advance(1)
        assert one.node.snapshot()["said"] == {}
        await one.press("call")
        await one.shows("lamp", "short_flashes")
        said = one.node.snapshot()["said"]

    assert said == {"refusal": "nobody_waiting", "at": f"{rows_of(tmp_path)[0][0] * 32}:2"}
    told = [record for record in caplog.records if record.message == "refused"]
    assert [record.loket_fields["code"] for record in told] == ["nobody_waiting"]  # type: ignore[attr-defined]


async def test_what_is_not_sent_blinks_and_is_sent_after_the_cut(tmp_path: Path) -> None:
    """A press in a cut blinks; the hub gets it once when it is back."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        one.link.cut()
        await one.shows("lamp", "slow_blink")
        await one.press("call")
        assert hub.rows == {}
        one.link.connect("s2")
        await one.shows("lamp", "long_flash")

        assert len(hub.rows) == 1


async def test_a_result_that_takes_long_blinks_too(tmp_path: Path) -> None:
    """Connected and heard, but nothing comes back: after 1 s staff see it."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        hub.is_mute = True
        await one.press("call")
        assert one.lamps == {"lamp": "off"}
        await one.advance(1.0)
        assert one.lamps == {"lamp": "slow_blink"}
        hub.is_mute = False
        await one.advance(5)
        await until(lambda: one.lamps["lamp"] != "slow_blink", "the resend was answered")


async def test_a_hub_that_falls_silent_is_shown_after_15_s(tmp_path: Path) -> None:
    """The broker alone is no hub."""
    async with stand(COUNTER, tmp_path) as one:
        await one.join(COUNTER)
        await one.shows("lamp", "off")
        await one.advance(14.9)
        assert one.lamps == {"lamp": "off"}
        await one.advance(0.2)

        assert one.lamps == {"lamp": "slow_blink"}


async def test_the_list_of_who_waits_outlives_the_hub_and_tells_its_age(tmp_path: Path) -> None:
    """Staff call by voice from it, so it must say how old it is (DESIGN §5)."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        assert one.node.snapshot()["hub_age_s"] == 0
        ticket = TicketIssued(ticket="t", number="A001", service="ktp-el", visit="t", issued_ms=1)
        hub.hall.apply(hub.hall.pos + 1, 1, (ticket, PrintConfirmed(ticket="t")))
        hub.beat()
        hub.show()
        await one.quiet()
        await one.advance(14.9)
        assert one.node.snapshot()["hub_age_s"] == 0
        await one.advance(105.2)

        shown = one.node.snapshot()
        assert (shown["hub"], shown["hub_age_s"]) == ("silent", 120)
        assert shown["list"] == [{"service": "ktp-el", "waiting": 1, "next": ["A001"]}]


async def test_a_hub_that_was_never_heard_has_no_age(tmp_path: Path) -> None:
    """After a start into a hall without one, what the broker kept may be of any time."""
    async with stand(COUNTER, tmp_path) as one:
        assert one.node.snapshot()["hub_age_s"] is None


async def test_a_visitors_press_is_kept_and_sent_and_moves_no_lamp(tmp_path: Path) -> None:
    """On real mock pins: rated while a ticket is at the counter, and refused when none is."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        await one.press("rate_3")
        await one.quiet()
        assert one.lamps == {"lamp": "off"}
        ticket = TicketIssued(ticket="t", number="A001", service="ktp-el", visit="t", issued_ms=1)
        hub.hall.apply(hub.hall.pos + 1, 1, (ticket, PrintConfirmed(ticket="t")))
        await one.press("call")
        await one.shows("lamp", "long_flash")
        await one.advance(2)
        await one.press("rate_3")
        await one.quiet()

        assert one.lamps == {"lamp": "off"}
        assert hub.hall.tickets["t"].score == 3
        assert [kind for _, _, kind, _ in rows_of(tmp_path)] == ["rate", "call_next", "rate"]


async def test_a_retained_heartbeat_is_no_hub(tmp_path: Path) -> None:
    """The broker's store says nothing about now."""
    async with stand(COUNTER, tmp_path) as one:
        one.link.connect()
        state = HubState(gen="1-00000001", pos=1, beat=1, start="h", at_ms=1)
        one.link.say(Topic(HALL, Kind.HUB), encode(state), retained=True)
        await one.advance(0.1)

        assert one.node.snapshot()["hub"] == "silent"


async def test_birth_is_repeated_until_the_hub_answers(tmp_path: Path) -> None:
    """Nothing is sent before; afterwards it is not said again."""
    async with stand(COUNTER, tmp_path) as one:
        one.link.connect("s7")
        await one.press("call")
        await one.advance(8)
        births = [read_birth(p) for t, p in one.link.published if t.kind is Kind.BIRTH]
        assert [(b.session, b.online, b.stream, b.first) for b in births] == [
            ("s7", True, "a" * 32, 1)
        ] * 4
        assert one.link.ups() == []

        ack = Ack(gen="1-00000001", stream="a" * 32, upto=0)
        one.link.say(Topic(HALL, Kind.ACK, "loket-3"), encode(ack))
        await until(one.link.ups, "the press was sent")
        await one.advance(60)
        assert one.link.count(Kind.BIRTH) == 4


async def test_heartbeats_call_for_few_births(tmp_path: Path) -> None:
    """A hub that answers nobody yet may speak often; each birth may make it speak again."""
    async with stand(COUNTER, tmp_path) as one:
        one.link.connect()
        await one.advance(1.2)
        assert one.link.count(Kind.BIRTH) == 2
        for pos in range(40):
            state = HubState(gen="1-00000001", pos=pos, beat=pos + 1, start="h", at_ms=1)
            one.link.say(Topic(HALL, Kind.HUB), encode(state))
            await one.advance(0.01)
        assert one.link.count(Kind.BIRTH) == 3


async def test_health_goes_every_15_s_while_connected(tmp_path: Path) -> None:
    """Figures of the process and its buttons."""
    async with stand(COUNTER, tmp_path) as one:
        await one.advance(60)
        await one.join(COUNTER)
        await one.press("done", ms=1)
        await one.advance(31)

        healths = [read_health(p) for t, p in one.link.published if t.kind is Kind.HEALTH]
        assert len(healths) == 3
        assert healths[-1].counts["chatter"] == 2
        assert healths[-1].rss_bytes > 1_000_000


async def test_bad_messages_are_counted_said_once_and_change_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rubbish on every topic a node reads."""
    async with stand(COUNTER, tmp_path) as one:
        await one.join(COUNTER)
        await one.shows("lamp", "off")
        shown = one.node.snapshot()
        topics = [(Kind.ACK, "loket-3"), (Kind.HUB, ""), (Kind.COUNTER, "3")]
        for payload in (b"", b"{", b"\xff", b"[" * 9000, b'{"gen":NaN}', b"x" * 40_000):
            for kind, id_ in topics:
                one.link.say(Topic(HALL, kind, id_), payload)
        one.link.say(Topic("other", Kind.BOARD), b"")
        await one.advance(0.1)

        assert one.node.counts["wire_errors"] == 18
        assert one.node.snapshot() == shown
    assert [r.message for r in caplog.records].count("bad message ignored") == 3


async def test_a_ticket_is_printed_and_confirmed(tmp_path: Path) -> None:
    """The slip is there, the ticket may be called, both rows have their result."""
    async with stand(KIOSK, tmp_path) as one:
        hub = await one.join(KIOSK)
        await one.press("pajak")
        await until(lambda: len(hub.rows) == 2, "issue and confirm were decided")
        (ticket,) = hub.hall.tickets.values()

        assert (ticket.number, ticket.printed) == ("B001", True)
        assert "B001" in (tmp_path / "slip.txt").read_text()
        assert "B001" in str(one.node.snapshot()["slip"])
        assert one.lamps == {"ready": "steady"}
    assert rows_of(tmp_path) == [("a", 1, "issue", True), ("a", 2, "confirm_print", True)]


async def test_the_number_is_on_disk_before_it_is_printed(tmp_path: Path) -> None:
    """In one commit with the result it came with; the confirm is the next one."""
    async with stand(KIOSK, tmp_path) as one:
        hub = await one.join(KIOSK)
        states = []

        def before(statement: str) -> None:
            if statement.startswith("BEGIN"):
                states.append((rows_of(tmp_path), slips_of(tmp_path)))

        one.node._outbox._db._conn.set_trace_callback(before)  # type: ignore[union-attr]
        await one.press("ktp-el")
        await until(lambda: len(hub.rows) == 2, "issue and confirm were decided")
        await one.advance(2)

    issued, confirm = ("a", 1, "issue", True), ("a", 2, "confirm_print", False)
    assert states == [
        ([], []),
        ([("a", 1, "issue", False)], []),
        ([issued], [("A001", False)]),
        ([issued, confirm], []),
    ]


async def test_a_slip_that_cannot_be_written_cancels_the_ticket(tmp_path: Path) -> None:
    """Nobody is called who holds no paper."""
    (tmp_path / "slip.txt.part").mkdir()
    async with stand(KIOSK, tmp_path) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: len(hub.rows) == 2, "issue and cancel were decided")
        (ticket,) = hub.hall.tickets.values()

        assert ticket.state is TicketState.CLOSED
        assert one.lamps == {"ready": "short_flashes"}
        assert one.node.counts["paper_errors"] == 1


async def test_presses_in_a_burst_all_arrive_in_order(tmp_path: Path) -> None:
    """Ten presses while the hub is away."""
    async with stand(COUNTER, tmp_path) as one:
        for _ in range(10):
            await one.press("recall", ms=30)
        hub = await one.join(COUNTER)
        await until(lambda: len(hub.rows) == 10, "all were decided")

        assert list(hub.rows) == [("a" * 32, seq) for seq in range(1, 11)]


async def test_the_highest_generation_heard_outlives_the_process(tmp_path: Path) -> None:
    """And a lower one is not obeyed after a restart."""
    async with stand(COUNTER, tmp_path) as one:
        await one.join(COUNTER)
        state = HubState(gen="7-0000000a", pos=1, beat=1, start="h2", at_ms=1)
        one.link.say(Topic(HALL, Kind.HUB), encode(state))
        await one.advance(0.1)
    async with stand(COUNTER, tmp_path, stream="b" * 32) as two:
        two.link.connect()
        old = Ack(gen="6-0000000a", stream="b" * 32, upto=0)
        two.link.say(Topic(HALL, Kind.ACK, "loket-3"), encode(old))
        await two.press("call")

        assert two.link.ups() == []


async def test_a_stuck_button_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Something lies on it: one call, one warning."""
    async with stand(COUNTER, tmp_path) as one:
        await one.press("call", ms=90_000)

        assert rows_of(tmp_path) == [("a", 1, "call_next", False)]
        assert one.node.counts["stuck"] == 1
    assert [r.message for r in caplog.records].count("button stuck") == 1


async def test_the_age_of_a_command_counts_from_the_press(tmp_path: Path) -> None:
    """The hub must be able to refuse it as stale."""
    async with stand(COUNTER, tmp_path) as one:
        await one.press("call")
        await one.advance(30)
        await one.join(COUNTER)
        await until(one.link.ups, "it was sent")
        command = decode_command(one.link.ups()[0].commands[0])

        assert isinstance(command, CallNext)
        assert command.age_ms is not None
        assert 30_000 <= command.age_ms <= 30_300


async def test_an_idle_node_sleeps(tmp_path: Path) -> None:
    """A minute with a hub that beats: it wakes for nothing but what it is to do.

    That is 12 heartbeats, 4 healths, and 4 looks whether the hub is heard still.
    """
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        await one.advance(1)
        before = one.inbox.naps
        for _ in range(12):
            await one.advance(5)
            hub.beat()
        await one.advance(0.1)

        assert 12 <= one.inbox.naps - before <= 22


async def test_a_watched_node_feeds_every_5_s_while_it_works(tmp_path: Path) -> None:
    """Idle and without a broker too; not while it hangs."""
    fed: list[float] = []
    clock = FakeClock()
    async with stand(COUNTER, tmp_path, clock=clock, fed=lambda: fed.append(clock.mono_s())) as one:
        await one.advance(20.1)
        assert [round(at_s - fed[0]) for at_s in fed] == [0, 5, 10, 15, 20]
        for _ in range(10):
            await one.press("call")
        assert len(fed) <= 6

        done = threading.Event()
        stuck = asyncio.create_task(one.node._outbox._db._execute(done.wait))
        one.devices.buttons["call"].drive(down=True)
        await clock.advance(60)
        before = len(fed)
        await clock.advance(60)
        assert len(fed) == before
        done.set()
        await stuck


async def test_a_press_during_a_slow_commit_is_not_lost(tmp_path: Path) -> None:
    """An SD card may take a second for an fsync; what a finger did meanwhile has its own stamps."""
    async with stand(COUNTER, tmp_path) as one:
        done = threading.Event()
        stuck = asyncio.create_task(one.node._outbox._db._execute(done.wait))
        one.devices.buttons["call"].drive(down=True)
        await one.clock.advance(0.1)
        one.devices.buttons["call"].drive(down=False)
        one.devices.buttons["recall"].drive(down=True)
        await one.clock.advance(0.1)
        one.devices.buttons["recall"].drive(down=False)
        await one.clock.advance(1.0)
        assert rows_of(tmp_path) == []
        done.set()
        await stuck
        await one.quiet()

        assert [row[2] for row in rows_of(tmp_path)] == ["call_next", "recall"]


async def test_a_double_press_calls_one_visitor(tmp_path: Path) -> None:
    """Two wait; the second press, 150 ms later, neither calls nor looks refused."""
    async with stand(COUNTER, tmp_path) as one:
        hub = await one.join(COUNTER)
        for seq in (1, 2):
            id_, number = f"t:{seq}", f"A00{seq}"
            event = TicketIssued(
                ticket=id_, number=number, service="ktp-el", visit=id_, issued_ms=1
            )
            hub.hall.apply(hub.hall.pos + 1, 1, (event, PrintConfirmed(ticket=id_)))
        await one.press("call", ms=60)
        await one.advance(0.06)
        await one.press("call", ms=60)
        await one.advance(0.1)

        assert [result.refusal for result in hub.rows.values()] == ["", "seen_other"]
        assert [call.number for call in hub.hall.calls] == ["A001"]
        assert one.lamps == {"lamp": "long_flash"}
        assert one.node.snapshot()["said"] == {}
