"""A kiosk cut off from the hub, or killed, at each instant between press and paper.

Whatever is cut, and when: the visitor has one slip, within 2 s, and the hub has that ticket once,
at the time of the press. A kiosk killed from the moment its number was on disk prints it no more,
for it may be in somebody's hand, and says so.
"""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from broker.hall.events import PrintConfirmed
from broker.hall.ticket import TicketState
from broker.wire.messages import Result
from edge.paper import Outcome
from edge.printing import HUB_WAIT_S
from tests.edge.stand import KIOSK, Stand, rows_of, slips_of, stand
from tests.fakes import FakeClock
from tests.fakes_edge import SlowPaper, TinyHub, until

STREAM = "a" * 32


class Scene(NamedTuple):
    """A kiosk, its hub and its paper."""

    one: Stand
    hub: TinyHub
    paper: SlowPaper


async def press(one: Stand) -> int:
    """Press; return the wall clock at which it was accepted."""
    at_ms = one.clock.wall_ms()
    await one.press("ktp-el", ms=40)
    return at_ms


async def back(one: Stand, hub: TinyHub) -> None:
    """Bring the hub back to a kiosk that was cut off, and let all be said."""
    hub.is_mute = False
    one.link.hub, hub._link = hub, one.link
    one.link.connect("s9")
    hub.beat()
    await one.advance(70)


def live(hub: TinyHub) -> list[str]:
    """Return the numbers of all who wait with paper, in the order of their call."""
    tickets = [t for t in hub.hall.tickets.values() if t.state is not TicketState.CLOSED]
    assert all(ticket.printed for ticket in tickets)
    return [ticket.number for ticket in hub.hall.queues["ktp-el"].ready]


def check_once(hub: TinyHub, number: str, pressed_ms: int) -> None:
    """Assert that the hub has this ticket, no other, and at its true place."""
    assert live(hub) == [number]
    (ticket,) = [t for t in hub.hall.tickets.values() if t.number == number]
    assert ticket.id == f"{STREAM}:1"
    assert abs(ticket.place[0] - pressed_ms) <= 100


# -- the link is cut ------------------------------------------------------------------------------


async def cut_before_send(scene: Scene) -> int:
    """Cut before the press: it is known, so nobody is waited for."""
    scene.one.link.cut()
    await scene.one.quiet()
    pressed_ms = await press(scene.one)
    assert scene.paper.numbers == ["K1001"]
    scene.paper.end(Outcome.PRINTED)
    return pressed_ms


async def cut_before_ack(scene: Scene) -> int:
    """Cut when the hub has decided and its answer is lost."""
    scene.hub.is_mute = True
    pressed_ms = await press(scene.one)
    await until(lambda: len(scene.hub.rows) == 1, "the issue was decided")
    scene.one.link.cut()
    await until(lambda: scene.paper.numbers == ["K1001"], "it goes on alone at once")
    scene.paper.end(Outcome.PRINTED)
    return pressed_ms


async def cut_before_print(scene: Scene) -> int:
    """Cut when the answer is here, and nothing is printed yet."""
    pressed_ms = await press(scene.one)
    await until(lambda: scene.paper.numbers == ["A001"], "the slip is on its way")
    scene.one.link.cut()
    await scene.one.advance(30)
    scene.paper.end(Outcome.PRINTED)
    return pressed_ms


async def cut_before_confirm(scene: Scene) -> int:
    """Cut when the slip is out, before anybody is told; the kiosk hears of the cut later."""
    pressed_ms = await press(scene.one)
    await until(lambda: scene.paper.numbers == ["A001"], "the slip is on its way")
    scene.one.link.is_up = False
    scene.paper.end(Outcome.PRINTED)
    await scene.one.advance(1)
    scene.one.link.cut()
    return pressed_ms


async def fall_silent(scene: Scene) -> int:
    """The hub hangs, or a cable is out: the link looks well, and no answer comes."""
    scene.one.link.hub = None
    pressed_ms = await press(scene.one)
    await scene.one.advance(HUB_WAIT_S - 0.2)
    assert scene.paper.numbers == []
    await scene.one.advance(0.2)
    assert scene.paper.numbers == ["K1001"]
    assert scene.one.clock.wall_ms() - pressed_ms < 2000
    scene.paper.end(Outcome.PRINTED)
    await scene.one.advance(1)
    scene.one.link.cut()
    return pressed_ms


CUTS = [cut_before_send, cut_before_ack, cut_before_print, cut_before_confirm, fall_silent]


@pytest.mark.parametrize("cut", CUTS)
async def test_a_cut_costs_nobody_a_ticket(
    tmp_path: Path, cut: Callable[[Scene], Awaitable[int]]
) -> None:
    """One slip, one ticket, at the time of the press; what the hub says later prints nothing."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        pressed_ms = await cut(Scene(one, hub, paper))
        await one.advance(600)
        await back(one, hub)

        check_once(hub, paper.numbers[0], pressed_ms)
        assert len(paper.numbers) == 1
        assert one.lamps == {"ready": "steady"}
    assert rows_of(tmp_path) == [("a", 1, "issue", True), ("a", 2, "confirm_print", True)]
    assert slips_of(tmp_path) == []


# -- the kiosk is killed --------------------------------------------------------------------------


async def kill_before_send(scene: Scene) -> None:
    """The press is on disk, and went nowhere."""
    scene.one.link.is_up = False
    await press(scene.one)


async def kill_before_ack(scene: Scene) -> None:
    """The hub has decided; its answer is not heard."""
    scene.hub.is_mute = True
    await press(scene.one)
    await until(lambda: len(scene.hub.rows) == 1, "the issue was decided")


async def kill_in_mid_print(scene: Scene) -> None:
    """The number is on disk, and the printer begins, or has begun."""
    await press(scene.one)
    await until(lambda: scene.paper.numbers == ["A001"], "the slip is on its way")


async def kill_before_confirm(scene: Scene) -> None:
    """The slip is out, and that is on no disk."""
    await kill_in_mid_print(scene)
    scene.one.allow_writes(allowed=False)
    scene.paper.end(Outcome.PRINTED)
    await scene.one.quiet()


async def kill_after_confirm(scene: Scene) -> None:
    """The slip is out, it is on disk, and went nowhere."""
    await kill_in_mid_print(scene)
    scene.one.link.is_up = False
    scene.paper.end(Outcome.PRINTED)
    await until(lambda: len(rows_of(scene.one.folder)) == 2, "the confirm is on disk")


async def kill_alone(scene: Scene) -> None:
    """The kiosk's own number is on disk; the hub had decided the press."""
    await kill_before_ack(scene)
    scene.one.link.cut()
    await until(lambda: scene.paper.numbers == ["K1001"], "the slip is on its way")


async def kill_alone_before_confirm(scene: Scene) -> None:
    """The kiosk's own number is out, and that is on no disk; the hub never saw the press."""
    scene.one.link.cut()
    await press(scene.one)
    await until(lambda: scene.paper.numbers == ["K1001"], "the slip is on its way")
    scene.one.allow_writes(allowed=False)
    scene.paper.end(Outcome.PRINTED)
    await scene.one.quiet()


async def kill_alone_after_confirm(scene: Scene) -> None:
    """The kiosk's own number is out and confirmed on disk; the hub never saw the press."""
    scene.one.link.cut()
    await press(scene.one)
    await until(lambda: scene.paper.numbers == ["K1001"], "the slip is on its way")
    scene.paper.end(Outcome.PRINTED)
    await until(lambda: len(rows_of(scene.one.folder)) == 2, "the confirm is on disk")


KILLS = [
    # instant, number, does the restart print it, is the hub told that it may not be out
    (kill_before_send, "A001", True, False),
    (kill_before_ack, "A001", True, False),
    (kill_in_mid_print, "A001", False, True),
    (kill_before_confirm, "A001", False, True),
    (kill_after_confirm, "A001", False, False),
    (kill_alone, "K1001", False, True),
    (kill_alone_before_confirm, "K1001", False, True),
    (kill_alone_after_confirm, "K1001", False, False),
]


def confirmed(results: dict[tuple[str, int], Result]) -> list[PrintConfirmed]:
    """Return every confirm the hub has decided."""
    return [e for result in results.values() for e in result.events if type(e) is PrintConfirmed]


@pytest.mark.parametrize(("kill", "number", "prints", "is_uncertain"), KILLS)
async def test_a_kill_costs_nobody_a_ticket(
    tmp_path: Path,
    kill: Callable[[Scene], Awaitable[None]],
    number: str,
    *,
    prints: bool,
    is_uncertain: bool,
) -> None:
    """The disk is looked at as the kill left it; the next start finishes, and prints no second."""
    clock, first, second = FakeClock(), SlowPaper(), SlowPaper()
    killed = tmp_path / "killed"
    killed.mkdir()
    async with stand(KIOSK, tmp_path, clock=clock, paper=first) as one:
        hub = await one.join(KIOSK)
        pressed_ms = clock.wall_ms()
        await kill(Scene(one, hub, first))
        for file in ("outbox.db", "outbox.db-wal"):
            shutil.copy(tmp_path / file, killed / file)
        one.link.hub = None  # what this start says while it ends, nobody hears
        one.allow_writes(allowed=True)
        while first.taken:
            first.end(Outcome.PRINTED)

    async with stand(KIOSK, killed, clock=clock, stream="b" * 32, paper=second) as two:
        hub.is_mute = False
        two.link.hub, hub._link = hub, two.link
        two.link.connect("s2")
        hub.beat()
        await two.advance(1)
        assert second.numbers == ([number] if prints else [])
        while second.taken:
            second.end(Outcome.PRINTED)
        await two.advance(70)

        check_once(hub, number, pressed_ms)
        assert [e.uncertain for e in confirmed(hub.rows)] == [is_uncertain]
    assert slips_of(killed) == []
    assert all(has_result for *_, has_result in rows_of(killed))


async def test_killed_before_its_number_and_started_without_a_hub_it_prints_alone(
    tmp_path: Path,
) -> None:
    """The visitor still stands there: the kiosk waits for the hub once more, then goes alone."""
    clock, paper = FakeClock(), SlowPaper()
    async with stand(KIOSK, tmp_path, clock=clock) as one:
        hub = await one.join(KIOSK)
        pressed_ms = clock.wall_ms()
        await kill_before_send(Scene(one, hub, paper))

    async with stand(KIOSK, tmp_path, clock=clock, stream="b" * 32, paper=paper) as two:
        await two.advance(HUB_WAIT_S - 0.1)
        assert paper.numbers == []
        await two.advance(0.1)
        paper.end(Outcome.PRINTED)
        await back(two, hub)

        check_once(hub, paper.numbers[0], pressed_ms)
    # Neither it nor the hub it never heard knew of a number: a random hundred.
    assert paper.numbers == ["K1301"]


async def test_a_hub_that_has_forgotten_everything_has_the_ticket_at_its_place(
    tmp_path: Path,
) -> None:
    """It never saw the press; the slip's confirm follows its issue, and both say how old it is."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        one.link.connect()
        one.link.cut()
        pressed_ms = await press(one)
        paper.end(Outcome.PRINTED)
        await one.advance(60)
        hub = TinyHub(link=one.link, actor=KIOSK, clock=one.clock)
        await back(one, hub)

        check_once(hub, "K1301", pressed_ms)


async def test_a_slip_of_before_a_reboot_has_its_place_behind_who_waits(tmp_path: Path) -> None:
    """How old its press is nobody knows any more: its visitor is called, if later."""
    clock, paper = FakeClock(), SlowPaper()
    async with stand(KIOSK, tmp_path, clock=clock, paper=paper) as one:
        hub = await one.join(KIOSK)
        one.link.cut()
        await press(one)
        paper.end(Outcome.PRINTED)
        await one.advance(60)
    async with stand(KIOSK, tmp_path, clock=clock, stream="b" * 32, boot="c", paper=paper) as two:
        await two.advance(60)
        back_ms = clock.wall_ms()
        await back(two, hub)

        assert live(hub) == ["K1001"]
        assert paper.numbers == ["K1001"]
        (ticket,) = hub.hall.queues["ktp-el"].ready
        assert abs(ticket.place[0] - back_ms) <= 100


async def test_many_presses_alone_keep_their_order_and_their_numbers(tmp_path: Path) -> None:
    """Each is a visitor: numbers go on after the last, across a restart."""
    clock, paper = FakeClock(), SlowPaper()
    async with stand(KIOSK, tmp_path, clock=clock, paper=paper) as one:
        hub = await one.join(KIOSK)
        one.link.cut()
        for _ in range(3):
            await one.press("ktp-el")
            await one.advance(2)
            paper.end(Outcome.PRINTED)
    async with stand(KIOSK, tmp_path, clock=clock, stream="b" * 32, paper=paper) as two:
        await two.advance(2)
        await two.press("ktp-el")
        paper.end(Outcome.PRINTED)
        await back(two, hub)

        assert paper.numbers == ["K1001", "K1002", "K1003", "K1004"]
        assert live(hub) == paper.numbers
        assert hub.hall.offline == {"K1": 4}


async def test_a_slip_that_fails_alone_takes_its_ticket_back(tmp_path: Path) -> None:
    """Its number is not given again: half of it may be on paper."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        one.link.cut()
        await one.press("ktp-el")
        paper.end(Outcome.FAILED)
        await one.quiet()
        assert one.lamps == {"ready": "short_flashes"}
        await one.advance(2)
        await one.press("ktp-el")
        paper.end(Outcome.PRINTED)
        await back(one, hub)

        assert paper.numbers == ["K1001", "K1002"]
        assert live(hub) == ["K1002"]


async def test_a_press_without_any_number_left_is_taken_back(tmp_path: Path) -> None:
    """The visitor is told no at once, and nothing is printed when the hub is back."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        given = {f"K1{number:03}": one.clock.wall_ms() for number in range(1, 1000)}
        one.node._outbox.offline.update(given)
        one.link.cut()
        await one.press("ktp-el")
        assert one.lamps == {"ready": "short_flashes"}
        await back(one, hub)

        assert paper.numbers == []
        assert [t.state for t in hub.hall.tickets.values()] == [TicketState.CLOSED]


async def test_a_refusal_that_comes_after_the_slip_changes_nothing_for_who_holds_it(
    tmp_path: Path,
) -> None:
    """Paper wins: the hub had no number left, the visitor has one."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        hub.hall.numbers["A"] = 999
        one.link.cut()
        pressed_ms = await press(one)
        paper.end(Outcome.PRINTED)
        await back(one, hub)

        check_once(hub, "K1001", pressed_ms)
        assert [r.refusal for r in hub.rows.values()] == ["numbers_used_up", ""]
        assert one.lamps == {"ready": "steady"}


async def test_an_answer_in_time_is_printed_as_ever(tmp_path: Path) -> None:
    """1.4 s late is late, and still the hub's number."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        hub.is_mute = True
        await press(one)
        await one.advance(1.3)
        hub.is_mute = False
        hub._ack(STREAM, list(hub.rows.values()))
        await one.quiet()
        paper.end(Outcome.PRINTED)
        await one.advance(5)

        assert paper.numbers == ["A001"]
        assert live(hub) == ["A001"]
