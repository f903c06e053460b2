"""A kiosk the hub does not answer: its own numbers, and the slip that says so."""

from broker.hall.commands import Cancel, ConfirmPrint, Issue
from edge.kiosk import READY, KioskRole
from edge.lamps import Pattern
from edge.role import Flash, Print
from edge.slip import slip_text
from tests.edge.test_kiosk import TICKET, TOPIC, WIB, kiosk, queue

AT_MS = 1_796_173_200_000


def alone(
    role: KioskRole,
    *services: str,
    given_ms: dict[str, int] | None = None,
    priority: bool = False,
) -> Print:
    """Return what the kiosk prints when the hub has not answered."""
    issue = Issue(services=services or ("ktp-el",), priority=priority, code_sha256="ab" * 32)
    wish = role.alone(issue, TICKET, given_ms=given_ms or {}, at_ms=AT_MS, hall_ms=AT_MS)
    assert isinstance(wish, Print)
    return wish


def test_without_the_hub_the_slip_has_a_number_of_the_kiosks_own() -> None:
    """And says that calls go by time of issue; how many are ahead nobody knows."""
    role = kiosk()
    role.received(TOPIC, queue(pos=20, waiting=3), gen_n=1)
    wish = alone(role, priority=True)

    assert wish.confirm == (
        ConfirmPrint(
            ticket=TICKET,
            number="K1001",
            service="ktp-el",
            priority=True,
            code_sha256="ab" * 32,
        ),
    )
    assert (wish.number, wish.offline) == ("K1001", ("K1001",))
    assert wish.cancel == (Cancel(ticket=TICKET),)
    text = slip_text(wish.slip, WIB)
    assert "panggilan menurut jam" in " ".join(text.split())
    assert "K1001" in text
    assert "PRIORITAS" in text
    assert "layanan ini" not in text


def test_several_services_have_a_number_each() -> None:
    """Ids as the hub would give them."""
    wish = alone(kiosk(), "ktp-el", "ktp-el")

    assert [(c.ticket, c.number) for c in wish.confirm] == [
        (TICKET, "K1301"),
        (f"{TICKET}.2", "K1302"),
    ]


def test_a_kiosk_that_lost_its_count_goes_on_after_what_the_hub_knows() -> None:
    """Without a hub it begins at a random hundred (here 300); else after the later of two counts.

    The hub's may be the later: it knows what another card of this kiosk gave out.
    """
    role = kiosk()
    assert alone(role).number == "K1301"
    role.received(TOPIC, queue(pos=20, waiting=3, offline={"K1": 41, "K2": 7}), gen_n=1)
    assert alone(role).number == "K1042"
    assert alone(role, given_ms={"K1006": 1}).number == "K1042"
    assert alone(role, given_ms={"K1061": 1}).number == "K1062"


def test_a_kiosk_without_a_number_left_says_so() -> None:
    """All 999 were given out lately, or the hall file gives it no prefix."""
    given = {f"K1{number:03}": 1_796_173_200_000 - 1000 for number in range(1, 1000)}
    for role, taken in ((kiosk(), given), (kiosk(prefix=""), {})):
        wish = role.alone(
            Issue(services=("ktp-el",)), TICKET, given_ms=taken, at_ms=AT_MS, hall_ms=AT_MS
        )
        assert isinstance(wish, Flash)
        assert (wish.lamps, wish.pattern) == ((READY,), Pattern.SHORT_FLASHES)
        assert "front desk" in wish.why
