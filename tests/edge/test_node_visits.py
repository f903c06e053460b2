"""Visits chosen on a touch screen: one slip, told on the panel, read there without paper."""

import asyncio
from pathlib import Path

import pytest

from broker.hall.ticket import TicketState
from broker.store import StoreError
from broker.wire.messages import HubState, encode
from broker.wire.topics import Kind, Topic
from edge.paper import Outcome
from edge.printing import HUB_WAIT_S, NOT_KEPT
from edge.role import Visit
from edge.slip import slip_text
from tests.edge.stand import COUNTER, KIOSK, ZONE, Stand, rows_of, stand
from tests.fakes_edge import HALL, SlowPaper, until

STREAM = "a" * 32


async def take(one: Stand, *services: str, priority: bool = False, language: str = "") -> str:
    """Take a visit as a screen does; return its id."""
    taking = asyncio.create_task(one.node.take(Visit(services, priority, language)))
    await until(taking.done, "the visit was taken")
    await one.quiet()
    return await taking


def shown(one: Stand) -> tuple[object, object, object]:
    """Return (state, numbers, why) of the newest visit on the panel."""
    state = one.node.snapshot()["take"]
    assert isinstance(state, dict)
    return state["state"], state["numbers"], state["why"]


async def test_a_visit_of_two_services_is_one_slip(tmp_path: Path) -> None:
    """Both numbers, in the visitor's language; each step is told, and the end is confirmed."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        assert one.node.snapshot()["take"] is None
        assert await take(one, "ktp-el", "npwp", priority=True, language="en") == f"{STREAM}:1"
        await until(lambda: paper.taken, "the slip is on its way")
        assert shown(one) == ("printing", ["A001", "B001"], "")
        slip = paper.taken[0][0]
        assert (slip.language, [t.is_priority for t in slip.tickets]) == ("en", [True, True])

        paper.end(Outcome.PRINTED)
        await one.advance(1)
        assert shown(one) == ("printed", ["A001", "B001"], "")
        assert all(ticket.printed and ticket.priority for ticket in hub.hall.tickets.values())
    assert [kind for _, _, kind, _ in rows_of(tmp_path)] == ["issue", *["confirm_print"] * 2]


async def test_a_number_that_is_read_on_the_screen_counts(tmp_path: Path) -> None:
    """No paper: the ticket is confirmed, not taken back, for its number is on the glass."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        await take(one, "ktp-el")
        await until(lambda: paper.taken, "the slip is on its way")
        paper.end(Outcome.FAILED)
        await one.advance(1)

        assert shown(one) == ("unprinted", ["A001"], "")
        (ticket,) = hub.hall.tickets.values()
        assert (ticket.state, ticket.printed) == (TicketState.WAITING, True)


async def test_a_press_of_a_button_without_paper_is_still_taken_back(tmp_path: Path) -> None:
    """Nobody reads its number anywhere."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        await one.press("ktp-el")
        await until(lambda: paper.taken, "the slip is on its way")
        paper.end(Outcome.FAILED)
        await one.advance(1)

        (ticket,) = hub.hall.tickets.values()
        assert ticket.state is TicketState.CLOSED
        assert one.node.snapshot()["take"] is None


async def test_a_refusal_is_told_with_its_reason(tmp_path: Path) -> None:
    """The hall's answer, by its name: the screen has the words."""
    async with stand(KIOSK, tmp_path) as one:
        hub = await one.join(KIOSK)
        hub.hall.numbers["A"] = 999
        await take(one, "ktp-el")
        await one.advance(1)

        assert shown(one) == ("refused", [], "numbers_used_up")


async def test_without_the_hub_the_screen_shows_the_kiosks_own_number(tmp_path: Path) -> None:
    """Cut off or not, the visitor has a number in two seconds."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        one.link.hub = None
        await take(one, "ktp-el", "npwp")
        await one.advance(HUB_WAIT_S)
        assert shown(one) == ("printing", ["K1001", "K1002"], "")
        paper.end(Outcome.PRINTED)
        await one.quiet()

        assert shown(one) == ("printed", ["K1001", "K1002"], "")
        assert not hub.rows


async def test_a_number_that_is_not_on_disk_is_shown_nowhere(tmp_path: Path) -> None:
    """It could be given once more after a power cut: the ticket is taken back."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        one.link.hub = None
        await take(one, "ktp-el")
        one.allow_writes(allowed=False)
        await one.advance(HUB_WAIT_S)

        assert shown(one) == ("refused", [], NOT_KEPT)
        assert not paper.taken
        assert not hub.rows


async def test_a_visit_that_can_not_be_kept_is_not_taken(tmp_path: Path) -> None:
    """The disk refuses: the screen hears it at once, and nothing is followed."""
    async with stand(KIOSK, tmp_path) as one:
        await one.join(KIOSK)
        one.allow_writes(allowed=False)
        with pytest.raises(StoreError):
            await take(one, "ktp-el")
        one.allow_writes(allowed=True)

        assert one.node.snapshot()["take"] is None


@pytest.mark.parametrize(
    ("actor", "service", "says"),
    [(KIOSK, "unheard-of", "no service unheard-of"), (COUNTER, "ktp-el", "gives out no numbers")],
)
async def test_a_visit_that_makes_no_sense_is_not_taken(
    tmp_path: Path, actor: object, service: str, says: str
) -> None:
    """A service of another hall file; a counter."""
    async with stand(actor, tmp_path) as one:  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=says):
            await take(one, service)
    assert rows_of(tmp_path) == []


async def test_a_panel_tells_what_every_service_is_like(tmp_path: Path) -> None:
    """Before anybody asks for a number; how many wait is not known once the hub is silent."""
    async with stand(KIOSK, tmp_path) as one:
        await one.join(KIOSK)
        await one.press("ktp-el")
        await one.advance(1)
        assert one.node.snapshot()["offers"] == {
            "ktp-el": {"takes": "open", "waiting": 1},
            "npwp": {"takes": "open", "waiting": 0},
        }
        one.link.cut()
        await one.advance(20)

        offers = one.node.snapshot()["offers"]
        assert isinstance(offers, dict)
        assert offers["ktp-el"] == {"takes": "open", "waiting": None}


@pytest.mark.parametrize("is_dated", [False, True])
async def test_a_slip_made_alone_says_the_halls_time_or_none(
    tmp_path: Path, *, is_dated: bool
) -> None:
    """What the hub said last, and how long that is ago; this machine's clock is not asked."""
    paper = SlowPaper()
    async with stand(KIOSK, tmp_path, paper=paper) as one:
        hub = await one.join(KIOSK)
        at_ms = 1_796_173_200_000
        state = HubState(gen=hub.gen, pos=1, beat=2, start="h", at_ms=at_ms, date_known=is_dated)
        one.link.say(Topic(HALL, Kind.HUB), encode(state))
        await one.advance(3)
        one.link.cut()
        await take(one, "ktp-el")
        await until(lambda: paper.taken, "the slip is on its way")
        slip = paper.taken[0][0]
        paper.end(Outcome.PRINTED)
        await one.quiet()

        assert slip.at_ms == (pytest.approx(at_ms + 3000, abs=100) if is_dated else 0)
        assert ("WIB" in slip_text(slip, ZONE)) is is_dated
