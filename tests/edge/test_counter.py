"""A counter's buttons and lamp."""

from itertools import product

import pytest

from broker.hall.commands import (
    AnyCommand,
    CallNext,
    Close,
    CloseCounter,
    NoShow,
    OpenCounter,
    Park,
    PauseCounter,
    Rate,
    Recall,
    Start,
)
from broker.hall.views import CounterCall, CounterStatus, CounterView, QueueView, ServiceQueue
from broker.wire.messages import Result, WireError, encode
from broker.wire.topics import Kind, Topic
from edge.counter import DOUBLE_PRESS_S, LAMP, CounterRole, lamp_pattern
from edge.lamps import Pattern
from edge.press import Moment, Press
from edge.role import Ask, Flash, Sent, Standing

TOPIC = Topic("mpp", Kind.COUNTER, "3")
PRESSED = Press(Moment.PRESSED, 1.0)
HEARD = Standing(is_heard=True, sent=Sent.ALL)


def view(  # noqa: PLR0913 - a snapshot's fields, each by name
    *,
    gen: str = "2-00000000",
    pos: int = 10,
    counter: int = 3,
    status: CounterStatus = "open",
    waiting: int = 0,
    call_id: str = "",
) -> bytes:
    """Return a snapshot of a counter."""
    call = CounterCall(
        call_id=call_id, ticket="t", number="A007", service="ktp-el", state="called", called_ms=1
    )
    return encode(
        CounterView(
            gen=gen,
            pos=pos,
            counter=counter,
            status=status,
            waiting=waiting,
            call=call if call_id else None,
        )
    )


def role_shown(*views: bytes, gen_n: int = 2) -> CounterRole:
    """Return counter 3 after it was shown these snapshots."""
    role = CounterRole(hall="mpp", counter=3, serves=("ktp-el", "kk"))
    for payload in views:
        role.received(TOPIC, payload, gen_n=gen_n)
    return role


def asked(role: CounterRole, button: str, *presses: Press) -> list[AnyCommand]:
    """Return what the moments of a press ask for."""
    wishes = [wish for press in presses for wish in role.pressed(button, press)]
    return [wish.command for wish in wishes if isinstance(wish, Ask)]


@pytest.mark.parametrize(
    ("button", "command"),
    [
        ("call", CallNext),
        ("recall", Recall),
        ("no_show", NoShow),
        ("start", Start),
        ("park", Park),
        ("done", Close),
    ],
)
def test_a_button_asks_at_once_with_what_the_lamp_showed(
    button: str, command: type[CallNext]
) -> None:
    """The command says which call staff had before them; letting go asks nothing more."""
    role = role_shown(view(call_id="c9"))
    presses = (PRESSED, Press(Moment.HELD, 4.0), Press(Moment.RELEASED, 5.0, held=True))

    assert asked(role, button, *presses) == [command(counter=3, seen="c9")]


def test_seen_is_empty_before_anything_was_shown() -> None:
    """The hub decides whether that is so."""
    assert asked(role_shown(), "call", PRESSED) == [CallNext(counter=3, seen="")]


@pytest.mark.parametrize(
    ("apart_s", "seen"), [(0.1, "c1"), (DOUBLE_PRESS_S - 0.01, "c1"), (DOUBLE_PRESS_S + 0.01, "c2")]
)
def test_a_double_press_is_one_although_the_answer_is_faster(apart_s: float, seen: str) -> None:
    """The new call is in the snapshot, but nobody can have read it yet."""
    role = role_shown(view(call_id="c1"))
    asked(role, "call", PRESSED)
    role.received(TOPIC, view(pos=11, call_id="c2"), gen_n=2)
    again = Press(Moment.PRESSED, PRESSED.at_s + apart_s)

    assert asked(role, "call", again) == [CallNext(counter=3, seen=seen)]
    assert asked(role, "recall", again) == [Recall(counter=3, seen="c2")]


@pytest.mark.parametrize(
    ("status", "command"),
    [("open", PauseCounter), ("closed", PauseCounter), ("paused", OpenCounter)],
)
def test_a_short_pause_toggles_when_let_go(
    status: CounterStatus, command: type[PauseCounter]
) -> None:
    """It waits for the release, for it could become a long one."""
    role = role_shown(view(status=status))

    assert asked(role, "pause", PRESSED) == []
    assert asked(role, "pause", Press(Moment.RELEASED, 1.2)) == [command(counter=3, seen="")]


def test_a_held_pause_closes_and_does_not_toggle() -> None:
    """3 s close the counter at once; letting go then means nothing."""
    role = role_shown(view(status="open"))
    presses = (PRESSED, Press(Moment.HELD, 4.0), Press(Moment.RELEASED, 5.0, held=True))

    assert asked(role, "pause", *presses) == [CloseCounter(counter=3)]


def test_a_button_of_a_later_release_is_refused_here() -> None:
    """Its hall file is newer than the node; staff must see that."""
    wishes = role_shown().pressed("break", PRESSED)

    assert wishes == (
        Flash((LAMP,), Pattern.SHORT_FLASHES, why="button break: not known to this release"),
    )
    assert role_shown().pressed("break", Press(Moment.RELEASED, 2.0)) == ()


@pytest.mark.parametrize(("button", "score"), [("rate_1", 1), ("rate_3", 3), ("rate_4", 4)])
def test_a_visitors_button_rates_what_was_shown(button: str, score: int) -> None:
    """Once a press, however long it is held; the last button pressed counts."""
    role = role_shown(view(call_id="c9"))
    presses = (PRESSED, Press(Moment.HELD, 4.0), Press(Moment.RELEASED, 5.0, held=True))

    assert asked(role, button, *presses) == [Rate(counter=3, seen="c9", score=score)]


@pytest.mark.parametrize("code", ["", "nobody_to_rate", "not_allowed"])
def test_a_visitors_press_never_moves_the_staffs_lamp(code: str) -> None:
    """Neither done nor refused nor lost; the log tells. Nor does it hide an echo of theirs."""
    role = role_shown(view(call_id="c1"))
    role.answered(CallNext(counter=3, seen="c1"), result())

    assert role.answered(Rate(counter=3, seen="c1", score=4), result(code)) == ()
    assert role.failed("rate_4").lamps == ()
    assert role.failed("call").lamps == (LAMP,)
    assert role.answered(CallNext(counter=3, seen="c1"), result("seen_other")) == ()


@pytest.mark.parametrize(
    ("later", "is_shown"),
    [
        (view(pos=11, call_id="new"), True),
        (view(pos=10, call_id="new"), True),
        (view(pos=9, call_id="new"), False),
        (view(gen="3-00000000", pos=1, call_id="new"), True),
        (view(gen="10-00000000", pos=1, call_id="new"), True),
        (view(gen="1-ffffffff", pos=99, call_id="new"), False),
    ],
)
def test_an_older_snapshot_is_ignored_an_equal_one_is_taken(
    later: bytes,
    is_shown: bool,  # noqa: FBT001 - a table
) -> None:
    """Generations are compared as numbers, then positions."""
    role = role_shown(view(call_id="old"), later)

    assert asked(role, "call", PRESSED) == [CallNext(counter=3, seen="new" if is_shown else "old")]


def test_a_generation_below_the_nodes_own_is_never_shown() -> None:
    """Not even as the first snapshot after a restart."""
    role = role_shown(view(gen="2-00000000", call_id="x"), gen_n=3)

    assert asked(role, "call", PRESSED) == [CallNext(counter=3, seen="")]


@pytest.mark.parametrize(
    "payload",
    [b"{", b"[]", view(counter=4), view(gen="x"), view(gen="-1-0"), view(gen="9" * 40 + "-0")],
)
def test_a_bad_snapshot_changes_nothing(payload: bytes) -> None:
    """It is the runtime's to count."""
    role = role_shown(view(call_id="c9"))
    with pytest.raises(WireError):
        role.received(TOPIC, payload, gen_n=2)

    assert asked(role, "call", PRESSED) == [CallNext(counter=3, seen="c9")]


def test_another_counters_snapshot_is_not_ours() -> None:
    """A retained message of a neighbour moves nothing."""
    role = role_shown(view(call_id="c9"))
    role.received(Topic("mpp", Kind.COUNTER, "4"), view(counter=4, pos=99), gen_n=2)

    assert asked(role, "call", PRESSED) == [CallNext(counter=3, seen="c9")]


LAMP_CASES = [
    # sent, paused, waited for: shows
    ((False, False, False), Pattern.SLOW_BLINK),
    ((False, False, True), Pattern.SLOW_BLINK),
    ((False, True, False), Pattern.SLOW_BLINK),
    ((False, True, True), Pattern.SLOW_BLINK),
    ((True, True, False), Pattern.DOUBLE_BLINK),
    ((True, True, True), Pattern.DOUBLE_BLINK),
    ((True, False, True), Pattern.STEADY),
    ((True, False, False), Pattern.OFF),
]


@pytest.mark.parametrize(("facts", "pattern"), LAMP_CASES)
def test_the_lamp_table(facts: tuple[bool, bool, bool], pattern: Pattern) -> None:
    """DESIGN §4, every combination."""
    is_sent, is_paused, is_waited_for = facts

    shown = lamp_pattern(is_sent=is_sent, is_paused=is_paused, is_waited_for=is_waited_for)

    assert shown is pattern
    assert {facts for facts, _ in LAMP_CASES} == set(product((False, True), repeat=3))


@pytest.mark.parametrize(
    ("standing", "payload", "pattern"),
    [
        (HEARD, view(waiting=2), Pattern.STEADY),
        (HEARD, view(waiting=2, status="closed"), Pattern.STEADY),
        (HEARD, view(waiting=2, status="paused"), Pattern.DOUBLE_BLINK),
        (HEARD, view(call_id="c"), Pattern.OFF),
        (Standing(is_heard=True, sent=Sent.ON_THE_WAY), view(waiting=2), Pattern.STEADY),
        (Standing(is_heard=True, sent=Sent.LATE), view(waiting=2), Pattern.SLOW_BLINK),
        (Standing(is_heard=False, sent=Sent.ALL), view(waiting=2), Pattern.SLOW_BLINK),
    ],
)
def test_what_the_lamp_shows(standing: Standing, payload: bytes, pattern: Pattern) -> None:
    """From the newest snapshot and the way to the hub."""
    assert role_shown(payload).standing(standing) == {LAMP: pattern}


def result(refusal: str = "") -> Result:
    """Return what the hub said."""
    return Result(seq=1, pos=11, at_ms=1, refusal=refusal)


def test_done_is_one_long_flash_and_refused_three_short() -> None:
    """Each answer is shown once."""
    role = role_shown()

    assert role.answered(CallNext(counter=3), result()) == (Flash((LAMP,), Pattern.LONG_FLASH),)
    for code in ("nobody_waiting", "stale", "seen_other", "rejected"):
        assert role.answered(Recall(counter=3), result(code)) == (
            Flash((LAMP,), Pattern.SHORT_FLASHES),
        )


def test_the_echo_of_an_impatient_press_is_not_shown_as_refused() -> None:
    """Two presses for one call: one was done. Shown as refused, it would be pressed once more."""
    role = role_shown()
    role.answered(CallNext(counter=3, seen="c1"), result())

    assert role.answered(CallNext(counter=3, seen="c1"), result("seen_other")) == ()
    other_button = role.answered(Recall(counter=3, seen="c1"), result("seen_other"))
    assert other_button == (Flash((LAMP,), Pattern.SHORT_FLASHES),)
    other_call = role.answered(CallNext(counter=3, seen="c0"), result("seen_other"))
    assert other_call == (Flash((LAMP,), Pattern.SHORT_FLASHES),)


def test_a_panel_shows_the_counter() -> None:
    """Status, how many wait, and the number that is called."""
    role = role_shown(view(status="open", waiting=4, call_id="c9"))

    assert role.panel() == {
        "counter": {"id": 3, "status": "open", "waiting": 4, "number": "A007", "repeat": 1},
        "list": [],
    }
    assert role_shown().panel()["counter"] == {
        "id": 3,
        "status": "unknown",
        "waiting": 0,
        "number": "",
        "repeat": 0,
    }


def queue_of(pos: int, gen: str = "2-00000000", **waiting: int) -> bytes:
    """Return a snapshot of the queue."""
    services = {
        service: ServiceQueue(waiting=count, next=("A001", "A002")[:count])
        for service, count in waiting.items()
    }
    return encode(QueueView(gen=gen, pos=pos, at_ms=1, day="", services=services))


def test_a_panel_lists_who_waits_for_the_counters_own_services() -> None:
    """In ranked order, and only as new as the newest snapshot."""
    role = role_shown(view())
    topic = role.topics()[1]
    role.received(topic, queue_of(5, pajak=1, kk=3), gen_n=2)
    role.received(topic, queue_of(4, kk=9), gen_n=2)
    role.received(topic, queue_of(9, gen="1-00000000", kk=9), gen_n=2)
    assert role.panel()["list"] == [{"service": "kk", "waiting": 3, "next": ["A001", "A002"]}]

    role.received(topic, queue_of(6, **{"ktp-el": 1, "kk": 0}), gen_n=2)
    assert role.panel()["list"] == [
        {"service": "ktp-el", "waiting": 1, "next": ["A001"]},
        {"service": "kk", "waiting": 0, "next": []},
    ]
    assert asked(role, "call", PRESSED) == [CallNext(counter=3, seen="")]
