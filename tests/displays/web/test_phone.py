"""The phone page: what it says to whom, what may be asked there, and how little else answers."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from broker.hall.coded import CodedTicket
from broker.hall.commands import Cancel, Hold
from broker.store import StoreError
from broker.wire.messages import Result
from displays.web.live import HUB_SILENT_S
from displays.web.phone import ACTS_PER_MINUTE, UNKNOWN_PER_MINUTE
from displays.web.phone_view import ASK_S, ASK_SELDOM_S, ASK_SOON_S
from tests.displays.web.phones import AT_MS, CODE, FIRST, SHA256, STATES, PhoneStage, ticket
from tests.displays.web.stage import Answer, ask, short_folder

PAGE_BYTES_MAX = 30 * 1024

SECOND = f"{FIRST}.2"


@pytest.fixture
async def stage() -> AsyncIterator[PhoneStage]:
    """Return the page, before a hub that is heard."""
    with short_folder() as folder:
        stage = PhoneStage(Path(folder))
        stage.beat()
        yield stage


async def page(stage: PhoneStage, path: str = f"/t/{CODE}", app: ASGIApp | None = None) -> str:
    """Return the words of a page, without those of the big number's window."""
    answer = await ask(app or stage.app, path)
    text = re.sub(r"(?s)<(style|script|noscript|dialog).*?</\1>|<[^>]*>", " ", answer.body.decode())
    return " ".join(text.split())


async def press(stage: PhoneStage, act: str, named: str = FIRST, code: str = CODE) -> Answer:
    """Press a button of the page."""
    body = f"act={act}&ticket={named}".encode()
    return await ask(stage.app, f"/t/{code}/id", method="POST", body=body)


SAYS = {
    "waiting": "Sebelum Anda: 3 nomor Bila terlewat, Anda dipanggil lagi setelah 3 nomor lain",
    "next": "★ Prioritas Anda berikutnya",
    "called": "Silakan menuju loket 3 Panggilan ke-2",
    "serving": "Sedang dilayani di loket 3",
    "held": "Ditahan sampai pukul 17.16 WIB Kembali sendiri ke tempat semula.",
    "missed": "belum datang Dipanggil lagi setelah 3 nomor lain, paling cepat pukul 17.16 WIB.",
    "parked": "Disisihkan petugas",
    "served": "Selesai. Terima kasih",
    "cancelled": "Dibatalkan Ambil nomor baru",
    "ended": "Nomor ini sudah berakhir Lapor ke meja informasi.",
}


@pytest.mark.parametrize("name", STATES)
async def test_every_state_has_its_words(stage: PhoneStage, name: str) -> None:
    """Number, service, what is so, and what to do; who is called now while one waits for it."""
    stage.show(STATES[name])
    said = await page(stage)

    assert "A007 Perekaman dan cetak KTP-el Dinas Kependudukan" in said
    assert SAYS[name] in said
    is_over = STATES[name].state == "closed"
    assert ("A005 loket 2" in said) is not is_over
    assert ("Batalkan nomor" in said) is (STATES[name].state in {"waiting", "parked"})
    assert ("Tahan nomor" in said) is (STATES[name].state == "waiting")


def test_every_state_is_told() -> None:
    """A state more is a test more."""
    assert SAYS.keys() == STATES.keys()


async def test_the_slips_language_is_in_its_link(stage: PhoneStage) -> None:
    """In capitals or not; an unknown one is the hall's."""
    stage.show(STATES["waiting"])

    assert "Before you: 3" in await page(stage, f"/T/{CODE}/EN")
    assert "Sebelum Anda: 3" in await page(stage, f"/t/{CODE.lower()}/id")
    assert "Sebelum Anda: 3" in await page(stage, f"/t/{CODE}/xx")


async def test_all_tickets_of_a_visit_are_on_one_page(stage: PhoneStage) -> None:
    """In order of issue; the one that is called leads, and the other says why it waits."""
    other = ticket(ticket=SECOND, number="B001", service="skck", ahead=None)
    called = ticket(state="called", counter=3, ahead=None, called_ms=AT_MS, repeat=1)
    stage.show(other, called)
    said = await page(stage)

    assert said.index("A007") < said.index("B001")
    assert "Menunggu Tempatnya tetap selama nomor Anda yang lain di loket." in said
    raw = (await ask(stage.app, f"/t/{CODE}")).body.decode()
    assert "<title>A007: Silakan menuju loket 3" in raw
    assert f'data-call="A007/{AT_MS}/1"' in raw


async def test_whoever_has_no_code_of_today_gets_one_answer(stage: PhoneStage) -> None:
    """Guessed, malformed, empty or yesterday's: the same page, which helps on."""
    stage.show(STATES["waiting"], day="2026-11-24")
    answers = [
        await ask(stage.app, f"/t/{code}/id")
        for code in (CODE, "B" * 26, "short", "A" * 200, "%00")
    ]

    words = {re.sub(r"/t/[^/\"]*", "", answer.body.decode()) for answer in answers}
    assert [answer.status for answer in answers] == [404] * 5
    assert len(words) == 1
    said = await page(stage)
    assert "Kode ini tidak dikenal hari ini" in said
    assert "meja informasi" in said


async def test_guessing_is_slowed_and_visitors_are_not(stage: PhoneStage) -> None:
    """Codes nobody has are answered so many times a minute; those of today always."""
    stage.show(STATES["waiting"])
    stage.mono_s = lambda: 1.0  # type: ignore[method-assign] - no time passes
    stage.phone._mono_s = stage.mono_s
    statuses = [(await ask(stage.app, "/t/x")).status for _ in range(UNKNOWN_PER_MINUTE + 1)]

    assert statuses == [404] * UNKNOWN_PER_MINUTE + [429]
    assert (await ask(stage.app, f"/t/{CODE}")).status == 200


async def test_a_page_is_small_and_asked_for_again_costs_nothing(stage: PhoneStage) -> None:
    """At most 30 KB with four tickets, all of it in one answer; 304 while it is the same."""
    stage.show(*(ticket(ticket=f"{FIRST}.{nth}" if nth > 1 else FIRST) for nth in (1, 2, 3, 4)))
    answer = await ask(stage.app, f"/t/{CODE}/en")
    assert answer.status == 200
    assert len(answer.body) <= PAGE_BYTES_MAX
    assert not re.search(rb"(src|href)=\"(https?:)?//", answer.body)

    tag = {"if-none-match": answer.headers["etag"]}
    assert (await ask(stage.app, f"/t/{CODE}/en", headers=tag)).status == 304
    stage.show(STATES["called"])
    assert (await ask(stage.app, f"/t/{CODE}/en", headers=tag)).status == 200


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [
        (STATES["called"], ASK_SOON_S),
        (STATES["waiting"], ASK_SOON_S),
        (ticket(ahead=4), ASK_S),
        (STATES["held"], ASK_S),
        (STATES["served"], ASK_SELDOM_S),
    ],
)
async def test_who_is_soon_called_asks_often(
    stage: PhoneStage, shown: CodedTicket, seconds: int
) -> None:
    """And who has long to wait seldom: the hub's Pi serves many phones."""
    stage.show(shown)
    body = (await ask(stage.app, f"/t/{CODE}")).body.decode()

    assert f'data-ask-s="{seconds}"' in body


async def test_a_hub_that_is_gone_is_said_and_nothing_can_be_asked(stage: PhoneStage) -> None:
    """Since when; the number stays, the buttons go, and a press that was on its way is told."""
    stage.show(STATES["waiting"])
    stage.live.disconnected("the broker is gone")
    said = await page(stage)

    assert "Sambungan terputus sejak 16.46 WIB" in said
    assert "A007" in said
    assert "Tahan nomor" not in said
    assert (await press(stage, "hold")).headers["location"] == f"/t/{CODE}/id?said=not_taken"
    assert stage.asked == []
    assert HUB_SILENT_S == 10


async def test_before_the_first_heartbeat_no_time_is_said(tmp_path: Path) -> None:
    """A page just started knows no more than that it hears nobody."""
    stage = PhoneStage(tmp_path)
    stage.show(STATES["waiting"])

    assert "Sambungan terputus – dengarkan panggilan petugas" in await page(stage)  # noqa: RUF001


@pytest.mark.parametrize(("act", "kind"), [("hold", Hold), ("cancel", Cancel)])
async def test_a_press_is_asked_of_the_hub_with_the_codes_hash(
    stage: PhoneStage, act: str, kind: type[Hold | Cancel]
) -> None:
    """Then the page is shown again, as it is by then."""
    stage.show(STATES["waiting"])
    pressing = asyncio.create_task(press(stage, act))
    await asyncio.sleep(0)
    stage.show(STATES["held"])
    answer = await pressing

    assert (answer.status, answer.headers["location"]) == (303, f"/t/{CODE}/id")
    assert stage.asked == [kind(ticket=FIRST, code_sha256=SHA256)]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (None, "Belum ada jawaban."),
        (Result(seq=1, pos=2, at_ms=AT_MS, refusal="held_out"), "tidak dapat ditunda lagi"),
        (Result(seq=1, pos=2, at_ms=AT_MS, refusal="stale"), "Lihat dulu"),
        (Result(seq=1, pos=2, at_ms=AT_MS, refusal="unheard_of"), "Saat ini tidak dapat dilakukan"),
    ],
)
async def test_what_is_not_done_is_said(
    stage: PhoneStage, result: Result | None, said: str
) -> None:
    """By the hub's own reason, when the page knows words for it."""
    stage.show(STATES["waiting"])
    stage.result = result
    answer = await press(stage, "hold")
    path, _, query = answer.headers["location"].partition("?said=")

    told = await ask(stage.app, path, query=f"said={query}")
    assert said in told.body.decode()


async def test_a_disk_that_refuses_is_said(stage: PhoneStage) -> None:
    """What is not kept is not asked."""
    stage.show(STATES["waiting"])

    async def full(_: Hold | Cancel) -> Result | None:
        raise StoreError("disk full")

    stage.phone._ask = full
    assert (await press(stage, "cancel")).headers["location"].endswith("?said=not_taken")


@pytest.mark.parametrize(
    ("act", "named", "status"),
    [
        ("hold", SECOND, 400),
        ("rate", FIRST, 400),
        ("", FIRST, 400),
        ("hold", "a" * 600, 400),
    ],
)
async def test_only_hold_and_cancel_of_the_codes_tickets_are_taken(
    stage: PhoneStage, act: str, named: str, status: int
) -> None:
    """Another's ticket can't even be named, nor anything else be asked."""
    stage.show(STATES["waiting"], ticket(ticket=SECOND, code_sha256="f" * 64))

    assert (await press(stage, act, named)).status == status
    assert stage.asked == []


async def test_nobody_presses_without_a_code(stage: PhoneStage) -> None:
    """The same answer as to whoever only looks."""
    stage.show(STATES["waiting"])

    assert (await press(stage, "hold", code="B" * 26)).status == 404
    assert stage.asked == []


@pytest.mark.parametrize(("act", "name"), [("hold", "held"), ("cancel", "cancelled")])
async def test_the_second_of_two_presses_asks_nothing(
    stage: PhoneStage, act: str, name: str
) -> None:
    """What is so already is no fault of who presses."""
    stage.show(STATES[name])

    assert (await press(stage, act)).headers["location"] == f"/t/{CODE}/id"
    assert stage.asked == []


async def test_a_code_presses_ten_times_a_minute(stage: PhoneStage) -> None:
    """And again a minute later."""
    stage.show(STATES["waiting"])
    stage.result = None
    for _ in range(ACTS_PER_MINUTE):
        assert (await press(stage, "hold")).headers["location"].endswith("no_answer")

    assert (await press(stage, "hold")).headers["location"].endswith("too_often")
    stage.now_s += 60.0
    assert (await press(stage, "hold")).headers["location"].endswith("no_answer")


async def test_on_the_visitors_wifi_nothing_else_answers(stage: PhoneStage) -> None:
    """Whatever name leads there: phones ask for many. A form of elsewhere presses nothing."""
    stage.show(STATES["waiting"])
    foreign = {"host": "connectivitycheck.example"}
    for path in ("/", "/panel", "/events", "/healthz", "/static/demo.css", "/t/", "/generate_204"):
        answer = await ask(stage.guests, path, headers=foreign)
        assert (answer.status, answer.body) == (404, b""), path
    assert (await ask(stage.guests, f"/t/{CODE}", headers=foreign)).status == 200

    evil = {"host": "10.78.0.1", "origin": "http://evil.example"}
    body = f"act=cancel&ticket={FIRST}".encode()
    path = f"/t/{CODE}/id"
    answer = await ask(stage.guests, path, method="POST", body=body, headers=evil)
    assert answer.status == 403
    assert stage.asked == []
