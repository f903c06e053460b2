"""A kiosk's buttons, slips and lamps."""

from datetime import timedelta, timezone

import pytest

from broker.hall.commands import Cancel, ConfirmPrint, Issue
from broker.hall.events import TicketIssued
from broker.hall.setup import Agency, Counter, Service, make_setup
from broker.hall.views import QueueView, ServiceQueue
from broker.wire.messages import Result, WireError, encode
from broker.wire.topics import Kind, Topic
from edge.kiosk import READY, KioskRole
from edge.lamps import Pattern
from edge.press import Moment, Press
from edge.role import Ask, Flash, Print, Sent, Standing
from edge.slip import WIDTH, slip_text

WIB = timezone(timedelta(hours=7), "WIB")
TICKET = "0" * 32 + ":7"
TOPIC = Topic("mpp", Kind.QUEUE)
PRESSED = Press(Moment.PRESSED, 1.0)

SETUP = make_setup(
    hall="mpp",
    name="MPP Kota Tebing Tinggi",
    timezone="Asia/Jakarta",
    agencies=(
        Agency(
            id="dukcapil",
            name="Dinas Kependudukan dan Pencatatan Sipil",
            short="Disdukcapil",
            series="A",
        ),
    ),
    services=(Service(id="ktp-el", agency="dukcapil", name={"id": "Perekaman KTP-el"}),),
    counters=(Counter(id=3, serves=("ktp-el",)),),
)


def kiosk(*lamps: str) -> KioskRole:
    """Return a kiosk with a button for a service, an agency, and PRIORITY."""
    return KioskRole(
        setup=SETUP,
        services={"ktp-el": "ktp-el", "A": "ktp-el"},
        lamps=lamps or (READY, "PRIORITY"),
    )


def issued(*, service: str = "ktp-el", pos: int = 20) -> Result:
    """Return the hub's answer to an issue, at 08.00 WIB of 2 December 2026."""
    event = TicketIssued(
        ticket=TICKET, number="A007", service=service, visit=TICKET, issued_ms=1_796_173_200_000
    )
    return Result(seq=7, pos=pos, at_ms=1_796_173_200_000, events=(event,))


def queue(*, pos: int, waiting: int, gen: str = "2-00000000") -> bytes:
    """Return a snapshot of the queue."""
    counts = ServiceQueue(waiting=waiting, next=())
    return encode(
        QueueView(gen=gen, pos=pos, at_ms=1, day="2026-12-02", services={"ktp-el": counts})
    )


def slip_of(role: KioskRole, result: Result) -> Print:
    """Return what a result of an issue puts on paper."""
    (wish,) = role.answered(Issue(services=("ktp-el",)), result)
    assert isinstance(wish, Print)
    return wish


def text_of(role: KioskRole, result: Result) -> str:
    """Return the slip's text."""
    return slip_text(slip_of(role, result).slip, WIB)


@pytest.mark.parametrize("button", ["ktp-el", "A"])
def test_a_press_takes_a_ticket_of_the_buttons_service(button: str) -> None:
    """Named by service or by agency; letting go and holding ask nothing."""
    role = kiosk()
    (wish,) = role.pressed(button, PRESSED)

    assert isinstance(wish, Ask)
    assert isinstance(wish.command, Issue)
    assert wish.command.services == ("ktp-el",)
    assert [role.pressed(button, Press(m, 9.0)) for m in (Moment.HELD, Moment.RELEASED)] == [(), ()]


def test_priority_is_refused_until_a_release_knows_it() -> None:
    """On its own lamp."""
    (wish,) = kiosk().pressed("PRIORITY", PRESSED)

    assert wish == Flash(
        ("PRIORITY",), Pattern.SHORT_FLASHES, why="button PRIORITY: not known to this release"
    )


def test_an_issue_becomes_a_slip_and_its_confirm() -> None:
    """Hall, agency, number, service and time; then the ticket may be called."""
    role = kiosk()
    role.received(TOPIC, queue(pos=20, waiting=3), gen_n=1)
    wish = slip_of(role, issued())

    lines = slip_text(wish.slip, WIB).splitlines()
    assert [line.strip() for line in lines] == [
        "MPP Kota Tebing Tinggi",
        "Dinas Kependudukan dan",
        "Pencatatan Sipil",
        "=" * WIDTH,
        "NOMOR ANTREAN",
        "",
        "A007",
        "",
        "=" * WIDTH,
        "Perekaman KTP-el",
        "Menunggu layanan ini: 2 orang",
        "Rabu 02-12-2026 08.00 WIB",
        "Simpan nomor ini sampai",
        "dipanggil",
        "Nomor terlewat? Lapor ke meja",
        "informasi.",
    ]
    assert max(map(len, lines)) == WIDTH
    assert lines[6] == "A007".center(WIDTH).rstrip()
    assert wish.confirm == (ConfirmPrint(ticket=TICKET, number="A007"),)
    assert wish.cancel == (Cancel(ticket=TICKET),)
    assert wish.failed == Flash((READY,), Pattern.SHORT_FLASHES)


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        (queue(pos=19, waiting=3), "Menunggu layanan ini: 3 orang"),
        (queue(pos=21, waiting=1), "Belum ada antrean layanan ini"),
        (queue(pos=2, waiting=3), None),
        (queue(pos=20, waiting=3, gen="1-00000000"), None),
    ],
)
def test_people_ahead_are_told_only_when_known(snapshot: bytes, line: str | None) -> None:
    """A snapshot from before or after the ticket will do; an old one will not."""
    role = kiosk()
    role.received(TOPIC, snapshot, gen_n=2)
    text = text_of(role, issued())

    assert (line or "NOMOR") in text
    assert ("layanan ini" in text) is (line is not None)


def test_a_service_that_left_the_hall_file_still_gets_its_slip() -> None:
    """The answer to an old row must not stop the kiosk; the paper names the service's id."""
    assert "lama" in text_of(kiosk(), issued(service="lama"))


def test_a_refused_issue_is_three_short_flashes() -> None:
    """Nothing is printed."""
    refused = Result(seq=7, pos=20, at_ms=1, refusal="numbers_used_up")

    assert kiosk().answered(Issue(services=("ktp-el",)), refused) == (
        Flash((READY,), Pattern.SHORT_FLASHES),
    )
    assert kiosk().answered(ConfirmPrint(ticket=TICKET, number="A007"), refused) == ()


LAMPS = [
    # lamps it has, those that show that an issue of ktp-el was refused
    ((READY,), (READY,)),
    (("ktp-el",), ("ktp-el",)),
    ((READY, "ktp-el", "npwp"), ("ktp-el",)),
    (("A", "npwp"), ("A",)),
    (("npwp", "PRIORITY"), ("npwp", "PRIORITY")),
]


@pytest.mark.parametrize(("lamps", "shown"), LAMPS)
def test_a_refusal_is_seen_on_any_kiosk_with_a_lamp(
    lamps: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    """On the lamp of the service's button, else on `ready`, else on all there are."""
    role = kiosk(*lamps)
    refused = Result(seq=7, pos=20, at_ms=1, refusal="numbers_used_up")

    assert role.answered(Issue(services=("ktp-el",)), refused) == (
        Flash(shown, Pattern.SHORT_FLASHES),
    )
    assert slip_of(role, issued()).failed == Flash(shown, Pattern.SHORT_FLASHES)


def test_a_press_that_could_not_be_kept_is_seen_on_the_buttons_own_lamp() -> None:
    """Or on the others, when it has none."""
    assert kiosk(READY, "A").failed("A").lamps == ("A",)
    assert kiosk(READY, "A").failed("ktp-el").lamps == (READY,)
    assert kiosk("A").failed("ktp-el").lamps == ("A",)


def test_an_accepted_issue_without_a_ticket_is_said() -> None:
    """It can't be; if it is, nobody waits in front of a silent kiosk."""
    (wish,) = kiosk().answered(Issue(services=("ktp-el",)), Result(seq=7, pos=20, at_ms=1))

    assert isinstance(wish, Flash)
    assert wish.why


@pytest.mark.parametrize(
    ("standing", "pattern"),
    [
        (Standing(is_heard=True, sent=Sent.ALL), Pattern.STEADY),
        (Standing(is_heard=True, sent=Sent.ON_THE_WAY), Pattern.STEADY),
        (Standing(is_heard=True, sent=Sent.LATE), Pattern.SLOW_BLINK),
        (Standing(is_heard=False, sent=Sent.ALL), Pattern.OFF),
        (Standing(is_heard=False, sent=Sent.ON_THE_WAY), Pattern.SLOW_BLINK),
        (Standing(is_heard=False, sent=Sent.LATE), Pattern.SLOW_BLINK),
    ],
)
def test_the_lamp_table(standing: Standing, pattern: Pattern) -> None:
    """Steady = press; slow blink = kept, not printed; off = no hub. PRIORITY's lamp stays dark."""
    role = kiosk(READY, "PRIORITY", "A")
    assert role.standing(standing) == {READY: pattern, "A": pattern}


def test_a_bad_snapshot_is_told_to_the_runtime() -> None:
    """And changes nothing."""
    role = kiosk()
    with pytest.raises(WireError):
        role.received(TOPIC, b'{"gen":"1-0"}', gen_n=1)

    assert "Anda" not in text_of(role, issued())
