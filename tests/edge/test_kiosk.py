"""A kiosk's buttons, slips and lamps."""

from datetime import timedelta, timezone

import msgspec
import pytest

from broker.hall.commands import Cancel, ConfirmPrint, Issue
from broker.hall.events import TicketIssued
from broker.hall.intake import Takes
from broker.hall.setup import Agency, Counter, Service, make_setup
from broker.hall.views import QueueView, ServiceQueue
from broker.wire.messages import Result, WireError, encode
from broker.wire.topics import Kind, Topic
from edge.codes import Codes
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


def kiosk(*lamps: str, prefix: str = "K1", codes: Codes | None = None) -> KioskRole:
    """Return a kiosk with a button for a service, an agency, and PRIORITY."""
    return KioskRole(
        setup=SETUP,
        services={"ktp-el": "ktp-el", "A": "ktp-el"},
        lamps=lamps or (READY, "PRIORITY"),
        prefix=prefix,
        start=300,
        codes=codes,
    )


def issued(*, service: str = "ktp-el", pos: int = 20) -> Result:
    """Return the hub's answer to an issue, at 08.00 WIB of 2 December 2026."""
    event = TicketIssued(
        ticket=TICKET, number="A007", service=service, visit=TICKET, issued_ms=1_796_173_200_000
    )
    return Result(seq=7, pos=pos, at_ms=1_796_173_200_000, events=(event,))


def queue(
    *, pos: int, waiting: int, gen: str = "2-00000000", offline: dict[str, int] | None = None
) -> bytes:
    """Return a snapshot of the queue."""
    counts = ServiceQueue(waiting=waiting, next=())
    return encode(
        QueueView(
            gen=gen,
            pos=pos,
            at_ms=1,
            day="2026-12-02",
            services={"ktp-el": counts},
            offline=offline or {},
        )
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


def test_a_button_of_a_newer_hall_file_is_refused() -> None:
    """On its own lamp, with the reason for the log."""
    (wish,) = kiosk("BOOK").pressed("BOOK", PRESSED)

    assert wish == Flash(
        ("BOOK",), Pattern.SHORT_FLASHES, why="button BOOK: not known to this release"
    )


def presses(role: KioskRole, *at: tuple[str, float]) -> list[bool]:
    """Press buttons at these instants; return for each ticket asked for whether it is priority."""
    wishes = [w for button, at_s in at for w in role.pressed(button, Press(Moment.PRESSED, at_s))]
    asked = [wish.command for wish in wishes if isinstance(wish, Ask)]
    assert len(asked) == len(wishes)
    return [command.priority for command in asked if isinstance(command, Issue)]


PRIORITY_PRESSES = [
    ([("PRIORITY", 1), ("A", 3), ("ktp-el", 4)], [True, False]),  # spent by one ticket
    ([("PRIORITY", 1), ("A", 8.9)], [True]),
    ([("PRIORITY", 1), ("A", 9)], [False]),  # out after 8 s
    ([("PRIORITY", 1), ("PRIORITY", 2), ("A", 3)], [False]),  # pressed again = off
    ([("PRIORITY", 1), ("PRIORITY", 9), ("A", 10)], [True]),
    ([("A", 1), ("PRIORITY", 2)], [False]),  # it makes nothing of what was before
    ([("A", 0), ("PRIORITY", 0.5), ("A", 1), ("ktp-el", 2)], [False, True]),
]


@pytest.mark.parametrize(("at", "priorities"), PRIORITY_PRESSES)
def test_priority_is_a_modifier_of_the_next_ticket(
    at: list[tuple[str, float]], priorities: list[bool]
) -> None:
    """Pressed before a service, lit 8 s, pressed again = off (DESIGN §4)."""
    assert presses(kiosk(), *at) == priorities


def test_the_priority_lamp_is_lit_while_it_counts() -> None:
    """Alone of all lamps, and it asks to be looked at when it goes out."""
    role = kiosk(READY, "PRIORITY")

    def shown(now_s: float) -> Pattern:
        return role.standing(Standing(is_heard=True, sent=Sent.ALL, now_s=now_s))["PRIORITY"]

    assert (shown(0.0), role.wake_s()) == (Pattern.OFF, None)
    role.pressed("PRIORITY", PRESSED)
    assert (shown(8.9), role.wake_s()) == (Pattern.STEADY, 9.0)
    assert (shown(9.0), role.wake_s()) == (Pattern.OFF, None)
    role.pressed("PRIORITY", Press(Moment.PRESSED, 20.0))
    role.pressed("A", Press(Moment.PRESSED, 21.0))
    assert (shown(21.0), role.wake_s()) == (Pattern.OFF, None)


def test_a_priority_ticket_says_so_on_its_slip() -> None:
    """And in its confirm, should the hub never have heard of it."""
    role = kiosk()
    result = issued()
    event = msgspec.structs.replace(result.events[0], priority=True)  # type: ignore[type-var]
    wish = slip_of(role, msgspec.structs.replace(result, events=(event,)))

    assert wish.slip.tickets[0].is_priority
    assert wish.confirm[0].priority


def test_a_second_press_within_1_5_s_is_the_same_press() -> None:
    """People press again when no paper has come yet; the third, later, is another visitor."""
    role = kiosk()

    assert presses(role, ("A", 0), ("A", 1.0), ("A", 1.49), ("A", 1.5)) == [False, False]


def test_ten_presses_a_second_of_different_buttons_all_count() -> None:
    """A burst at opening time: nobody's press is taken for another's."""
    buttons = [f"b{n}" for n in range(10)]
    role = KioskRole(setup=SETUP, services=dict.fromkeys(buttons, "ktp-el"), lamps=(READY,))

    assert len(presses(role, *((button, n / 10) for n, button in enumerate(buttons)))) == 10


def test_a_press_that_was_refused_counts_again_at_once() -> None:
    """By the hub, or because it could not be kept: who sees three flashes presses again."""
    role = kiosk()
    refused = Result(seq=7, pos=20, at_ms=1, refusal="numbers_used_up")
    assert presses(role, ("A", 0)) == [False]
    role.answered(Issue(services=("ktp-el",)), refused)
    assert presses(role, ("A", 0.5)) == [False]
    role.failed("A")

    assert presses(role, ("A", 1)) == [False]


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
    assert wish.confirm == (ConfirmPrint(ticket=TICKET, number="A007", service="ktp-el"),)
    assert (wish.offline, wish.slip.is_offline) == ((), False)
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


HEARD, ALONE, FULL = (
    Standing(is_heard=True, sent=Sent.ALL),
    Standing(is_heard=False, sent=Sent.ALL),
    Standing(is_heard=True, sent=Sent.ALL, is_kept=False),
)


@pytest.mark.parametrize(
    ("standing", "takes", "lit"),
    [
        (HEARD, ("open", "open"), {READY, "A", "B"}),
        (HEARD, ("disrupted", "open"), {READY, "B"}),
        (HEARD, ("open", "closed"), {READY, "A"}),
        (HEARD, ("quota", "cutoff"), set()),
        (HEARD, ("disrupted", None), {READY, "B"}),
        (HEARD, (None, None), {READY, "A", "B"}),
        (ALONE, ("disrupted", "open"), {READY, "A", "B"}),
        (FULL, ("disrupted", "open"), {READY, "A", "B"}),
    ],
)
def test_the_lamp_of_what_is_not_given_out_is_off(
    standing: Standing, takes: tuple[Takes | None, Takes | None], lit: set[str]
) -> None:
    """As the hub last said; alone, or before it was heard, every button gives a slip."""
    role = KioskRole(setup=SETUP, services={"A": "ktp-el", "B": "kk"}, lamps=(READY, "A", "B"))
    services = {
        service: ServiceQueue(waiting=0, next=(), takes=take)
        for service, take in zip(("ktp-el", "kk"), takes, strict=True)
        if take is not None
    }
    if services:
        view = QueueView(gen="2-00000000", pos=1, at_ms=1, day="2026-12-02", services=services)
        role.received(TOPIC, encode(view), gen_n=1)

    shown = role.standing(standing)
    offers = role.panel()["offers"]
    if standing is ALONE:
        assert offers == {key: {"takes": "open", "waiting": None} for key in services}
    assert {lamp for lamp, pattern in shown.items() if pattern is not Pattern.OFF} == lit
    assert isinstance(role.pressed("A", PRESSED)[0], Ask)


@pytest.mark.parametrize(
    ("standing", "pattern"),
    [
        (Standing(is_heard=True, sent=Sent.ALL), Pattern.STEADY),
        (Standing(is_heard=False, sent=Sent.LATE), Pattern.STEADY),
        (Standing(is_heard=True, sent=Sent.LATE, is_kept=False), Pattern.SLOW_BLINK),
        (Standing(is_heard=False, sent=Sent.LATE, is_kept=False), Pattern.SLOW_BLINK),
    ],
)
def test_the_lamp_table(standing: Standing, pattern: Pattern) -> None:
    """Steady = press, with the hub or without; slow blink = the disk refuses."""
    role = kiosk(READY, "PRIORITY", "A")
    assert role.standing(standing) == {READY: pattern, "A": pattern, "PRIORITY": Pattern.OFF}


def test_a_bad_snapshot_is_told_to_the_runtime() -> None:
    """And changes nothing."""
    role = kiosk()
    with pytest.raises(WireError):
        role.received(TOPIC, b'{"gen":"1-0"}', gen_n=1)

    assert "Anda" not in text_of(role, issued())
