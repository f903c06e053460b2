"""The sign above a counter: what it shows when, and what it never shows."""

import pytest

from broker.hall.views import CounterCall, CounterStatus, CounterView
from broker.wire.messages import HubState
from displays.board import LOST_AFTER_S, PULSE_S, PULSE_STEPS, PULSES, UNGUIDED_AFTER_S
from displays.sign import Panel, Sign
from tests.displays.hall import GEN, START_S

T = START_S
NEWER, OLDER = "4-0000abcd", "2-0000abcd"


def view(  # noqa: PLR0913 - a snapshot's fields
    number: str = "",
    *,
    pos: int = 1,
    counter: int = 3,
    status: CounterStatus = "open",
    state: str = "called",
    repeat: int = 1,
    gen: str = GEN,
) -> CounterView:
    """Return a counter's snapshot; nobody is called without a number."""
    call = CounterCall(
        call_id=f"{number}/{repeat}",
        ticket=number,
        number=number,
        service="ktp",
        state=state,
        called_ms=0,
        repeat=repeat,
    )
    return CounterView(
        gen=gen, pos=pos, counter=counter, status=status, waiting=1, call=call if number else None
    )


class Stage:
    """A sign of counter 3 (or more) and its hub."""

    def __init__(self, *counters: int) -> None:
        self.sign = Sign(counters=counters or (3,), languages=("id", "en"), start_s=T)

    def beat(self, now_s: float, *, gen: str = GEN, is_retained: bool = False) -> None:
        """A heartbeat."""
        state = HubState(gen=gen, pos=0, beat=1, start="", at_ms=0)
        self.sign.take_hub(state, is_retained=is_retained, now_s=now_s)

    def say(self, told: CounterView, now_s: float = T, *, is_retained: bool = False) -> None:
        """A snapshot."""
        self.sign.take_counter(told, is_retained=is_retained, now_s=now_s)

    def panel(self, now_s: float = T) -> Panel:
        """What the first counter shows."""
        return self.sign.look(now_s=now_s).panels[0]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (view("A007"), Panel(3, "called", "A007", 1)),
        (view("A007", repeat=2), Panel(3, "called", "A007", 2)),
        (view("A007", state="serving"), Panel(3, "serving", "A007", 1)),
        (view(), Panel(3, "ready")),
        (view(status="paused"), Panel(3, "paused")),
        (view(status="closed"), Panel(3, "closed")),
        (view("A007", status="paused"), Panel(3, "called", "A007", 1)),
    ],
)
def test_a_counter_is_one_of_six_states(told: CounterView, shown: Panel) -> None:
    """Who is called comes before a pause: they are to come."""
    stage = Stage()
    assert stage.panel() == Panel(3, "unknown")
    stage.say(told)

    assert stage.panel() == shown


def test_a_call_blinks_in_step_with_the_hall_and_stays() -> None:
    """Three pulses of a second from when it is heard, then steady; the sign wakes for each."""
    stage = Stage()
    stage.say(view("A007"))
    now_s, seen = T, [stage.panel().pulse]
    while now_s < T + PULSES * PULSE_S:
        now_s = stage.sign.wake_s(now_s=now_s)
        seen.append(stage.panel(now_s).pulse)
    dips = sum(a > b <= c for a, b, c in zip(seen, seen[1:], seen[2:], strict=False) if b == 0)

    assert dips == PULSES
    assert seen[-1] == PULSE_STEPS
    assert stage.sign.wake_s(now_s=now_s) == T + LOST_AFTER_S


def test_the_same_call_again_does_not_blink_again() -> None:
    """A recall does."""
    stage = Stage()
    stage.say(view("A007"))
    stage.say(view("A007", pos=2), T + 5)
    assert stage.panel(T + 5.5).pulse == PULSE_STEPS
    stage.say(view("A007", pos=3, repeat=2), T + 6)

    assert stage.panel(T + 6.5).pulse < PULSE_STEPS


def test_an_older_snapshot_another_counter_and_a_lower_generation_are_ignored() -> None:
    """Each is counted."""
    stage = Stage()
    stage.beat(T)
    stage.say(view("A007", pos=5))
    stage.say(view("A006", pos=4))
    stage.say(view("A008", pos=6, counter=4))
    stage.say(view("A009", pos=9, gen=OLDER))
    stage.beat(T, gen=OLDER)

    assert stage.panel().number == "A007"
    assert stage.sign.ignored == 4
    assert stage.sign.shown == (GEN, 5)


def test_a_retained_snapshot_waits_for_its_hub() -> None:
    """It may be of a hub that is gone; and it never blinks."""
    stage = Stage()
    stage.say(view("A007"), is_retained=True)
    stage.beat(T, is_retained=True)
    assert stage.panel().state == "unknown"
    stage.beat(T + 1)

    assert stage.panel(T + 1) == Panel(3, "called", "A007")


def test_a_retained_snapshot_of_another_generation_is_not_shown() -> None:
    """Nor when that hub is never heard."""
    stage = Stage()
    stage.say(view("A007"), is_retained=True)
    stage.beat(T, gen=NEWER)

    assert stage.panel().state == "unknown"


def test_a_sign_that_is_cut_off_says_so() -> None:
    """After 10 s; after a quarter of an hour nobody is sent anywhere any more."""
    stage = Stage()
    stage.beat(T)
    stage.say(view("A007"))
    lost_s = stage.sign.wake_s(now_s=T + 5)

    assert lost_s == T + LOST_AFTER_S
    assert not stage.sign.look(now_s=lost_s - 0.1).is_lost
    assert stage.sign.look(now_s=lost_s).is_lost
    assert stage.panel(lost_s).number == "A007"
    assert stage.panel(T + UNGUIDED_AFTER_S) == Panel(3, "unknown")
    stage.beat(T + UNGUIDED_AFTER_S)
    assert not stage.sign.look(now_s=T + UNGUIDED_AFTER_S).is_lost


def test_a_sign_of_two_counters_shows_both() -> None:
    """In the order of the hall file."""
    stage = Stage(4, 3)
    stage.say(view("A007", counter=3))
    stage.say(view("B001", counter=4))

    assert [panel.number for panel in stage.sign.look(now_s=T).panels] == ["B001", "A007"]
