"""A hub listens before it serves: for another hub, and for births that know more than it does."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from broker.core import HubCore
from broker.hall.state import Hall
from broker.listening import BIRTHS_S, HEAR_S, KNOCK_S, RIVAL_S, Listening, Stage
from broker.wire.messages import HubState, encode
from broker.wire.seal import Seals
from broker.wire.topics import Kind
from tests.broker.test_core import AT_MS, ISSUE, KIOSK, NODES, SETUP, Desk

OWN = "2-0000aaaa"
HIGHER = "3-00000001"


def beat(gen: str = HIGHER, start: str = "other", number: int = 7) -> HubState:
    """Return a heartbeat."""
    return HubState(gen=gen, pos=5, beat=number, start=start, at_ms=0)


def ears(*, linked: bool = True) -> Listening:
    """Return those of a hub that was just connected, at 100 s."""
    listening = Listening(start="me", holders=["kiosk-1", "loket-3"])
    if linked:
        listening.connected(100)
    return listening


def hears(listening: Listening, state: HubState, *, retained: bool, now_s: float = 100) -> None:
    """Let a heartbeat arrive."""
    listening.hub_heard(state, gen=OWN, is_retained=retained, now_s=now_s)


def test_at_a_broker_that_keeps_nothing_it_waits_a_moment() -> None:
    """It can't know sooner that nothing will come."""
    one = ears()
    one.advance(100 + HEAR_S - 0.01)
    assert (one.stage, one.wake_s()) == (Stage.HEARING, 100 + HEAR_S)
    one.advance(100 + HEAR_S)
    assert one.stage is Stage.DONE


def test_without_a_connection_nothing_is_over() -> None:
    """Nobody is heard, so nobody is known to be away."""
    one = ears(linked=False)
    one.advance(1e9)
    assert (one.stage, one.wake_s()) == (Stage.HEARING, float("inf"))


@pytest.mark.parametrize(
    "kept",
    [
        beat("1-ffffffff"),
        beat(OWN, "me before this start"),
        beat(OWN, "me"),
    ],
    ids=["lower", "its own of before", "its own"],
)
def test_a_kept_heartbeat_that_is_not_higher_ends_the_hearing(kept: HubState) -> None:
    """It is the dead one's, and is replaced by what this hub says."""
    one = ears()
    hears(one, kept, retained=True)
    assert one.advance(100) == ""
    assert (one.stage, one.rival) == (Stage.DONE, None)


def test_a_kept_higher_one_may_be_of_a_dead_hub() -> None:
    """Nothing is said until that is known; then a generation above it is opened."""
    one = ears()
    hears(one, beat(), retained=True)
    assert one.advance(100 + RIVAL_S - 0.1) == ""
    assert (one.stage, one.wake_s()) == (Stage.HEARING, 100 + RIVAL_S)
    assert one.advance(100 + RIVAL_S) == HIGHER
    assert (one.stage, one.rival) == (Stage.DONE, None)
    assert one.advance(200) == ""


ALIVE: list[tuple[HubState, bool]] = [
    (beat(number=8), False),
    (beat(number=8), True),
    (beat(start="another"), True),
    (beat("2-ffffffff"), False),
    (beat(OWN, "you"), False),
]


@pytest.mark.parametrize(("state", "is_retained"), ALIVE)
def test_who_outranks_it_and_speaks_makes_it_stand_down(
    state: HubState, *, is_retained: bool
) -> None:
    """Live, or kept with another beat than when it was last kept: both accounts may be one."""
    one = ears()
    hears(one, beat(), retained=True)
    one.disconnected()
    one.connected(103)
    hears(one, state, retained=is_retained, now_s=103)
    assert one.rival == state
    assert one.advance(1000) == ""
    assert one.stage is Stage.HEARING


@pytest.mark.parametrize("state", [beat("1-ffffffff"), beat("2-00000001"), beat(OWN, "a")])
def test_who_does_not_outrank_it_is_to_go_itself(state: HubState) -> None:
    """Of two exactly one stays, whichever looks."""
    one = ears()
    one.advance(100 + HEAR_S)
    hears(one, state, retained=False)
    assert one.rival is None
    other = Listening(start=state.start, holders=[])
    other.hub_heard(beat(OWN, "me"), gen=state.gen, is_retained=False, now_s=1)
    assert other.rival is not None


def test_one_that_serves_hears_of_a_higher_one_too() -> None:
    """Live it goes at once; kept it stops until it knows."""
    one = Listening(start="me", holders=[], is_done=True)
    one.connected(100)
    hears(one, beat(), retained=True, now_s=100)
    assert one.stage is Stage.HEARING
    hears(one, beat(number=9), retained=False, now_s=101)
    assert one.rival == beat(number=9)


@pytest.mark.parametrize("gen", ["2-00000000", "2-ffffffff"])
def test_at_a_stranger_of_the_same_number_it_knocks_and_goes_when_answered(gen: str) -> None:
    """A second hub with an empty folder never pushes out the one that serves, whatever its hex."""
    one = ears()
    hears(one, beat(gen), retained=True)
    assert one.advance(100) == ""
    assert (one.stage, one.wake_s(), one.is_challenged) == (Stage.KNOCKING, 100 + KNOCK_S, True)
    hears(one, beat(gen, number=8), retained=False)
    assert one.rival == beat(gen, number=8)


@pytest.mark.parametrize("gen", ["2-00000000", "2-ffffffff"])
def test_one_that_serves_answers_who_knocks_and_stays(gen: str) -> None:
    """Whatever its hex; of two that serve already one goes, always the same."""
    one = ears()
    hears(one, beat(OWN), retained=True)
    one.advance(100)
    assert one.stage is Stage.DONE
    hears(one, replace(beat(gen), listens=True), retained=False)
    assert (one.rival, one.is_challenged) == (None, True)
    hears(one, beat(gen), retained=False)
    assert (one.rival is not None) == (gen > OWN)


def test_who_knocks_in_vain_opens_a_generation_above_the_dead_one() -> None:
    """That was the first hub, before it had a new card."""
    one = ears()
    hears(one, beat("2-ffffffff"), retained=True)
    one.advance(100)
    assert one.advance(100 + KNOCK_S) == "2-ffffffff"
    assert one.stage is Stage.DONE


def test_a_suspicion_is_not_over_before_this_connection_has_spoken() -> None:
    """The other may be what ended the connection before."""
    one = ears()
    hears(one, beat(), retained=True)
    one.disconnected()
    one.connected(100 + RIVAL_S)
    assert one.advance(100 + RIVAL_S) == ""
    assert one.advance(100 + RIVAL_S + HEAR_S) == HIGHER


def test_the_same_kept_heartbeat_again_is_no_sign_of_life() -> None:
    """Each connection is handed it, whoever is dead."""
    one = ears()
    hears(one, beat(), retained=True)
    one.disconnected()
    one.connected(103)
    hears(one, beat(), retained=True, now_s=103)
    assert (one.stage, one.rival) == (Stage.HEARING, None)
    assert one.advance(100 + RIVAL_S) == HIGHER


def test_births_of_who_was_here_are_waited_for() -> None:
    """A board holds nothing; a will says that nobody comes."""
    one = ears()
    for node in ("kiosk-1", "loket-3", "board-1"):
        one.born(node, is_online=True, is_retained=True)
    hears(one, beat(OWN, "me before"), retained=True)
    one.advance(100)
    assert (one.stage, one.wake_s()) == (Stage.BIRTHS, 100 + BIRTHS_S)
    one.born("kiosk-1", is_online=True, is_retained=False)
    one.advance(100.1)
    assert one.stage is Stage.BIRTHS
    one.born("loket-3", is_online=False, is_retained=False)
    one.advance(100.2)
    assert one.stage is Stage.DONE


def test_births_are_not_waited_for_long() -> None:
    """A node may have lost its power with its birth still at the broker."""
    one = ears()
    one.born("kiosk-1", is_online=True, is_retained=True)
    one.advance(101)
    assert one.stage is Stage.BIRTHS
    one.advance(101 + BIRTHS_S)
    assert one.stage is Stage.DONE


# -- the hub's core ---------------------------------------------------------------------------


class Listener(Desk):
    """A core that has rows and was just connected."""

    def __init__(self) -> None:
        super().__init__()
        hall = Hall(SETUP)
        for (_, _), result in sorted(self.journal.items()):
            hall.apply(result.pos, result.at_ms, result.events)
        self.core = HubCore(
            hall=hall,
            nodes=NODES,
            seals=Seals(b"k" * 32),
            gen=OWN,
            start="me",
            own="e" * 32,
            streams={},
            beat_base=0,
            now_s=self.now_s,
            newest_gen=OWN,
            listens=True,
        )
        self.core.connected(self.now_s)

    def birth(self, node: str, *, retained: bool = False, **fields: Any) -> None:
        """Let a birth arrive."""
        body = {"session": "s", "online": True, "stream": KIOSK, "first": 1, **fields}
        payload = json.dumps(body).encode()
        self.take(f"loket/v1/demo/birth/{node}", payload, retained=retained)

    def hub(self, state: HubState, *, retained: bool) -> None:
        """Let a heartbeat arrive."""
        self.take("loket/v1/demo/state/hub", encode(state), retained=retained)

    def rounds(self, later_s: float = 0.0) -> list[tuple[Kind, str]]:
        """Let time pass and the hub do a round; return (kind, id) of what it says."""
        self.now_s += later_s
        self.core.listen(self.now_s)
        self.core.advance(at_ms=AT_MS, now_s=self.now_s)
        _, said = self.settle()
        return [(p.topic.kind, p.topic.id) for p in (*said, *self.timed())]


def test_it_says_nothing_then_its_heartbeat_then_everything() -> None:
    """And what a node sent meanwhile is wanted at once."""
    desk = Listener()
    desk.birth("kiosk-1", retained=True)
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    assert desk.rounds() == []
    desk.hub(beat(OWN, "me before"), retained=True)
    assert desk.rounds() == [(Kind.HUB, "")]

    desk.birth("kiosk-1")
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    said = desk.rounds()
    assert said[:3] == [(Kind.BOARD, ""), (Kind.HUB, ""), (Kind.ACK, "kiosk-1")]
    assert desk.core.hall.tickets == {}
    desk.up("kiosk-1", KIOSK, 1, ISSUE)
    assert len(desk.results()) == 1


def test_who_knocks_says_its_heartbeat_and_keeps_births_for_later() -> None:
    """A node's birth names the other's generation: obeyed now, this hub would outrank it."""
    desk = Listener()
    desk.birth("kiosk-1", retained=True, gen="2-ffffffff")
    desk.hub(beat("2-ffffffff"), retained=True)
    assert desk.rounds() == [(Kind.HUB, "")]
    assert desk.rounds(0.01) == []
    assert desk.core.gen == OWN
    assert desk.rounds(KNOCK_S) == [(Kind.HUB, ""), (Kind.ACK, "kiosk-1")]
    assert desk.core.gen == "3-me"


def test_one_that_serves_answers_a_heartbeat_with_its_own() -> None:
    """At once, so that who has just come decides nothing."""
    desk = Listener()
    desk.hub(beat(OWN, "me before"), retained=True)
    desk.rounds()
    desk.rounds(1)
    assert desk.rounds(1) == []
    desk.hub(replace(beat("2-ffffffff"), listens=True), retained=False)
    assert desk.rounds() == [(Kind.HUB, "")]
    assert desk.core.rival is None


def test_a_birth_before_it_serves_is_no_reason_for_a_heartbeat() -> None:
    """A node without an answer is born again at each: it would go round as fast as the wire is."""
    desk = Listener()
    desk.birth("kiosk-1", retained=True)
    assert desk.rounds(HEAR_S) == [(Kind.HUB, "")]
    desk.birth("loket-3", stream="9" * 32)
    assert desk.rounds(0.01) == []


def test_a_day_is_not_opened_before_it_has_listened() -> None:
    """Rows of that day may be missing."""
    desk = Listener()
    desk.core.hall.day = "2026-01-01"
    desk.rounds()
    assert desk.core.hall.day == "2026-01-01"
    desk.rounds(HEAR_S)
    assert desk.core.hall.day == "2026-11-25"


def test_a_birth_heard_early_counts_when_it_is_known_who_else_is_there() -> None:
    """It names the dead hub's generation: were it obeyed at once, this hub would outrank it."""
    desk = Listener()
    desk.birth("kiosk-1", retained=True, gen=HIGHER)
    desk.hub(beat(), retained=True)
    assert desk.rounds(1) == []
    assert desk.core.gen == OWN
    desk.hub(beat(number=8), retained=False)
    assert desk.core.rival is not None


def test_above_a_dead_hub_a_generation_is_opened_and_the_nodes_are_asked() -> None:
    """What that hub decided is at the nodes."""
    desk = Listener()
    desk.birth("kiosk-1", retained=True, gen=HIGHER)
    desk.hub(beat(), retained=True)
    said = desk.rounds(RIVAL_S)
    assert desk.core.gen == "4-me"
    assert said == [(Kind.HUB, ""), (Kind.ACK, "kiosk-1")]
    # The birth was heard long ago; the time to give begins with the asking.
    desk.rounds(0.01)
    assert desk.core._missing.waits_for("kiosk-1")


def test_a_journal_completed_from_a_copy_opens_its_generation_after_the_hearing() -> None:
    """The one it would choose now may be another hub's."""
    desk = Listener()
    desk.core.recover(desk.now_s)
    assert desk.core.gen == OWN
    desk.rounds(HEAR_S)
    assert desk.core.gen == "3-me"
