"""A kiosk's help buttons: told to its speaker, and a call for staff until they have come."""

from broker.hall.commands import Assist, Attend, Issue
from broker.hall.events import AssistAsked
from broker.hall.views import QueueView
from broker.wire.messages import Result, encode
from edge.kiosk import READY, KioskRole
from edge.press import Moment, Press
from edge.role import Ask, Print, Sent, Standing, Visit
from tests.edge.test_kiosk import PRESSED, SETUP, TICKET, TOPIC, kiosk


def test_presses_of_its_help_buttons_are_told_on_its_panel() -> None:
    """Counted, with what moment; they ask nothing of the hub, and never become too many."""
    role = KioskRole(
        setup=SETUP, services={"A": "ktp-el"}, lamps=(READY,), helps=("BANTUAN", "NEXT", "CHOOSE")
    )
    for moment in (Moment.PRESSED, Moment.RELEASED):
        assert role.pressed("BANTUAN", Press(moment, 1.0)) == ()
    assert role.pressed("BANTUAN", Press(Moment.HELD, 3.0)) == (Ask(Assist()),)
    assert role.pressed("NEXT", PRESSED) == ()
    told = role.panel()["help"]
    for _ in range(100):
        role.pressed("CHOOSE", PRESSED)
    later = role.panel()["help"]

    assert told == [
        {"n": 1, "button": "BANTUAN", "moment": "pressed"},
        {"n": 2, "button": "BANTUAN", "moment": "held"},
        {"n": 3, "button": "NEXT", "moment": "pressed"},
    ]
    assert isinstance(later, list)
    assert (len(later), later[-1]["n"]) == (16, 103)


def calling(role: KioskRole) -> object:
    """Return how far its call for staff is."""
    return role.panel()["assist"]


def helpful() -> KioskRole:
    """Return a kiosk with help buttons that hears the hub."""
    role = KioskRole(
        setup=SETUP, services={}, lamps=(READY,), helps=("BANTUAN", "CHOOSE"), node="kiosk-1"
    )
    role.standing(Standing(is_heard=True, sent=Sent.ALL))
    return role


def queue_with(*nodes: str, pos: int) -> bytes:
    """Return a snapshot of the queue in which these kiosks wait for staff."""
    view = QueueView(
        gen="1-0a0a0a0a", pos=pos, at_ms=1, day="", services={}, assists=dict.fromkeys(nodes, 1)
    )
    return encode(view)


HELD = Press(Moment.HELD, 3.0)


def test_a_held_help_button_calls_staff_until_they_have_come() -> None:
    """Asked, heard, and over when staff hold another button, or answer elsewhere."""
    role = helpful()
    assert role.pressed("BANTUAN", HELD) == (Ask(Assist()),)
    assert calling(role) == "asked"
    role.received(TOPIC, queue_with(pos=19), gen_n=1)
    role.answered(Assist(), Result(seq=1, pos=20, at_ms=1, events=(AssistAsked(node="kiosk-1"),)))
    assert calling(role) == "heard"
    role.received(TOPIC, queue_with("kiosk-1", pos=21), gen_n=1)
    assert calling(role) == "heard"
    assert role.pressed("CHOOSE", HELD) == (Ask(Attend(node="kiosk-1")),)
    role.received(TOPIC, queue_with("kiosk-2", pos=22), gen_n=1)

    assert calling(role) == ""
    assert role.pressed("CHOOSE", HELD) == ()


def test_staff_who_hold_a_button_are_there_at_once() -> None:
    """The kiosk does not wait for the next snapshot; refused, it goes on calling."""
    role = helpful()
    role.pressed("BANTUAN", HELD)
    role.answered(Assist(), Result(seq=1, pos=20, at_ms=1))
    role.answered(Attend(node="kiosk-1"), Result(seq=2, pos=21, at_ms=1, refusal="not_allowed"))
    assert calling(role) == "heard"
    role.answered(Attend(node="kiosk-1"), Result(seq=3, pos=22, at_ms=1))

    assert calling(role) == ""


def test_nobody_is_told_that_staff_come_when_no_one_heard() -> None:
    """Without the hub it fails at once, refused or not kept a moment later."""
    role = helpful()
    role.standing(Standing(is_heard=False, sent=Sent.ALL))
    assert role.pressed("BANTUAN", HELD) == (Ask(Assist()),)
    assert calling(role) == "failed"
    role = helpful()
    role.pressed("BANTUAN", HELD)
    role.answered(Assist(), Result(seq=1, pos=20, at_ms=1, refusal="stale"))
    assert calling(role) == "failed"
    role = helpful()
    role.pressed("BANTUAN", HELD)
    role.failed("BANTUAN")
    assert calling(role) == "failed"


def test_who_wishes_company_is_noted_on_the_ticket() -> None:
    """Of the hub's number, and of the kiosk's own."""
    role = kiosk()
    issue = role.wanted(Visit(("ktp-el",), is_assisted=True), 1.0)
    assert issue == Issue(services=("ktp-el",), assist=True)
    alone = role.alone(issue, TICKET, given_ms={}, at_ms=1, hall_ms=1)

    assert isinstance(alone, Print)
    assert [confirm.assist for confirm in alone.confirm] == [True]
