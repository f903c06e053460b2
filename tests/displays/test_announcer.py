"""The announcer: order, form, silence. One table of days in a hall, then the rules one by one."""

import itertools
import math

import pytest
from msgspec.structs import replace

from broker.hall.setup import Agency, Counter, Service, Setup, Zone, make_setup
from broker.hall.views import BoardView, Call
from broker.wire.messages import HubState
from displays.announcer import (
    FRESH_S,
    GAP_S,
    ONE_LANGUAGE_FROM,
    SHORT_FROM,
    Announcement,
    Announcer,
    Area,
    area_of,
)
from displays.spoken import Form
from tests.displays.hall import AT_MS, GEN, START_S

T = START_S
FULL_S, SHORT_S = 5.0, 3.0
NEWER = "4-0000abcd"


def length_s(call: Call, languages: tuple[str, ...], form: Form) -> float:
    """Return 5 s a language, 3 s in short."""
    assert call.number
    return SHORT_S if form == "short" else FULL_S * len(languages)


def call(number: str, counter: int = 1, *, at_s: float = 0.0, repeat: int = 1) -> Call:
    """Return a call made so many seconds after the start."""
    return Call(
        call_id=f"{number}/{repeat}",
        number=number,
        counter=counter,
        service="ktp",
        at_ms=AT_MS + round(at_s * 1000),
        repeat=repeat,
    )


def over(told: Call) -> Call:
    """Return it after its ticket left the counter."""
    return replace(told, over=True)


class Hall:
    """An announcer and its hub; seconds count from the start."""

    def __init__(
        self,
        *,
        area: Area | None = None,
        languages: tuple[str, ...] = ("id", "en"),
        said: tuple[str, ...] = (),
    ) -> None:
        self.announcer = Announcer(
            area=area or Area(), languages=languages, length_s=length_s, start_s=T, said=said
        )
        self.pos = 0

    def say(
        self,
        *calls: Call,
        at_s: float = 0.0,
        is_retained: bool = False,
        gen: str = GEN,
        pos: int | None = None,
    ) -> None:
        """A snapshot of these calls, newest first."""
        self.pos = self.pos + 1 if pos is None else pos
        at_ms = AT_MS + round(at_s * 1000)
        view = BoardView(gen=gen, pos=self.pos, at_ms=at_ms, day="2026-11-25", calls=calls)
        self.announcer.take_board(view, is_retained=is_retained, now_s=T + at_s)

    def beat(self, gen: str, *, is_retained: bool = False) -> None:
        """A heartbeat of this generation."""
        state = HubState(gen=gen, pos=1, beat=1, start="", at_ms=AT_MS)
        self.announcer.take_hub(state, is_retained=is_retained)

    def next(self, at_s: float) -> Announcement | None:
        """What begins then."""
        return self.announcer.next(T + at_s)

    def spoken(self, at_s: float = 0.0) -> list[tuple[float, str, int, Form]]:
        """Everything that is said from then on: when, number, how many languages, form."""
        found = []
        while True:
            said = self.next(at_s)
            if said is not None:
                row = (round(at_s, 1), said.call.number, len(said.languages), said.form)
                found.append(row)
            wake_s = self.announcer.wake_s()
            if math.isinf(wake_s):
                return found
            at_s = wake_s - T


def burst(count: int) -> list[Call]:
    """Return so many calls of one instant, newest first."""
    return [call(f"A{number:03}", number) for number in range(count, 0, -1)]


def test_twelve_calls_at_once_are_all_said() -> None:
    """Each in time, never two at once, a silence between them."""
    hall = Hall()
    hall.say(*burst(12))
    spoken = hall.spoken()
    begins = [row[0] for row in spoken]
    lengths = [SHORT_S if row[3] == "short" else FULL_S * row[2] for row in spoken]

    assert len(spoken) == 12
    assert begins[-1] < FRESH_S
    for begin, length, following in zip(begins, lengths, begins[1:], strict=False):
        assert following >= begin + length + GAP_S - 0.1
    assert hall.announcer.counts == {"said": 12, "screen_only": 0, "over": 0}


def test_more_than_can_be_said_is_left_to_the_screen_and_told() -> None:
    """Forty calls at once: the first are said in short, each other one is marked."""
    hall = Hall()
    hall.say(*burst(40))
    spoken = hall.spoken()
    counts = hall.announcer.counts

    assert all(row[3] == "short" for row in spoken[:10])
    assert counts["said"] == len(spoken) >= 12
    assert counts["said"] + counts["screen_only"] == 40
    assert hall.announcer.unsaid[-1].number == "A040"
    assert hall.announcer.unsaid[-1].reason == "late"


@pytest.mark.parametrize(
    ("others", "languages", "form"),
    [
        (0, ("id", "en"), "full"),
        (ONE_LANGUAGE_FROM - 2, ("id", "en"), "full"),
        (ONE_LANGUAGE_FROM, ("id",), "full"),
        (SHORT_FROM - 1, ("id",), "full"),
        (SHORT_FROM, ("id",), "short"),
    ],
)
def test_the_backlog_decides_the_form(others: int, languages: tuple[str, ...], form: Form) -> None:
    """As the table of thresholds says."""
    hall = Hall()
    hall.say(*burst(others + 1))
    said = hall.next(0)

    assert said is not None
    assert (said.languages, said.form) == (languages, form)


def test_a_call_that_would_be_too_late_shortens_those_before_it() -> None:
    """Three calls of 40 s ago: two languages for the first would leave the rest to the screen."""
    hall = Hall()
    hall.say(call("A003", 3), call("A002", 2), call("A001", 1), at_s=36)
    spoken = hall.spoken(36)

    assert [row[1] for row in spoken] == ["A001", "A002", "A003"]
    assert spoken[0][3] == "short"


def test_nobody_is_cut_short() -> None:
    """While one is being said nothing else begins, whatever comes."""
    hall = Hall()
    hall.say(call("A001"))
    first = hall.next(0)
    hall.say(call("A002", 2, at_s=1), over(call("A001")), at_s=1)

    assert first is not None
    assert hall.next(1) is None
    assert hall.next(first.length_s) is None
    following = hall.next(first.length_s + GAP_S)
    assert following is not None
    assert following.call.number == "A002"


def test_who_did_not_come_and_priority_go_first() -> None:
    """Before calls that have not begun; among each other by time."""
    priority = replace(call("A004", 4, at_s=3), priority=True)
    hall = Hall()
    hall.say(call("A005", 5, at_s=4, repeat=2), priority, *burst(3), at_s=4)

    assert [row[1] for row in hall.spoken(4)] == ["A004", "A005", "A001", "A002", "A003"]


def test_a_call_that_is_over_is_not_said() -> None:
    """Served, cancelled or called again while it waited: nobody is to go there for it."""
    hall = Hall()
    hall.say(call("A002", 2), call("A001", 1))
    hall.next(0)
    hall.say(call("A002", 2, at_s=5, repeat=2), over(call("A002", 2)), over(call("A001")), at_s=5)
    spoken = hall.spoken(5)

    assert [row[1] for row in spoken] == ["A002"]
    assert hall.announcer.counts == {"said": 2, "screen_only": 0, "over": 1}


def test_a_call_is_said_once() -> None:
    """The hub repeats it in each snapshot, and the broker may deliver one twice."""
    hall = Hall()
    hall.say(call("A001"))
    assert len(hall.spoken()) == 1
    hall.say(call("A001"), at_s=20)
    hall.say(call("A001"), at_s=21, pos=hall.pos)

    assert hall.spoken(30) == []
    assert hall.announcer.counts["said"] == 1


def test_what_an_earlier_process_said_is_not_said_again() -> None:
    """Killed and started again within 45 s: it knows from its file."""
    hall = Hall(said=("A001/1",))
    hall.say(call("A002", 2), call("A001"), at_s=1)

    assert [row[1] for row in hall.spoken(1)] == ["A002"]


def test_nothing_is_said_from_a_retained_message() -> None:
    """It may be hours old. The same call live is said, as long as it is young."""
    hall = Hall()
    hall.say(call("A001"), is_retained=True)
    assert hall.spoken() == []
    hall.say(call("A001"), at_s=3)

    assert [row[1] for row in hall.spoken(3)] == ["A001"]


@pytest.mark.parametrize(
    ("age_s", "is_said"), [(0.0, True), (44.9, True), (45.0, False), (3600.0, False)]
)
def test_only_a_young_call_is_said(age_s: float, *, is_said: bool) -> None:
    """By the hub's clock and this machine's: no clock chip is needed."""
    hall = Hall()
    hall.say(call("A001"), at_s=age_s)

    assert bool(hall.spoken(age_s)) == is_said


def test_a_call_made_while_the_hub_was_not_heard_is_marked() -> None:
    """Staff are told; calls of before this voice's start are nobody's news."""
    hall = Hall()
    hall.say(call("A002", 2, at_s=10), call("A001", at_s=-50), at_s=60)

    assert hall.spoken(60) == []
    assert [told.number for told in hall.announcer.unsaid] == ["A002"]


def test_an_older_snapshot_or_generation_is_not_said() -> None:
    """A lower position, and a hub of a lower generation, whatever it calls."""
    hall = Hall()
    hall.say(call("A001"), pos=5)
    hall.spoken()
    hall.say(call("A009", 9, at_s=30), at_s=30, pos=4)
    assert hall.spoken(30) == []
    hall.beat(NEWER, is_retained=True)
    hall.say(call("A008", 8, at_s=30), at_s=30, pos=6)
    assert [row[1] for row in hall.spoken(30)] == ["A008"]
    hall.beat(NEWER)
    hall.say(call("A007", 7, at_s=30), at_s=30, pos=7)

    assert hall.spoken(40) == []


def test_without_sound_each_call_is_marked_and_none_keeps_the_others() -> None:
    """The next is tried at once: the sound card may be back."""
    hall = Hall()
    hall.say(*burst(2))
    first = hall.next(0)
    assert first is not None
    hall.announcer.could_not(first, now_s=T)

    assert hall.next(0) is not None
    assert hall.announcer.counts == {"said": 1, "screen_only": 1, "over": 0}
    assert [(told.number, told.reason) for told in hall.announcer.unsaid] == [("A001", "no_sound")]


def setup(*zones: Zone) -> Setup:
    """Return a hall with a counter in each zone, numbered from 1."""
    return make_setup(
        hall="contoh",
        name="MPP",
        timezone="Asia/Jakarta",
        agencies=(Agency(id="dukcapil", name="Dinas", short="Dinas", series="A"),),
        services=(Service(id="ktp", agency="dukcapil", name={"id": "KTP"}),),
        counters=tuple(
            Counter(id=index, serves=("ktp",), zone=zone.id)
            for index, zone in enumerate(zones, start=1)
        ),
        zones=zones,
    )


def zone(name: str, *, sound_area: str | None = None, repeat_in: tuple[str, ...] = ()) -> Zone:
    """Return a zone."""
    return Zone(id=name, name={"id": name}, sound_area=sound_area, repeat_in=repeat_in)


AREAS: list[tuple[str, list[Zone], str | None, tuple[str, ...], Area]] = [
    ("no zone: all", [zone("a"), zone("b")], None, ("a",), Area()),
    ("its own", [zone("a"), zone("b")], "a", ("a", "b"), Area(frozenset({1}), frozenset({1}))),
    (
        *(
            "within hearing they speak in turn",
            [zone("a", sound_area="x"), zone("b", sound_area="x")],
        ),
        *("a", ("a", "b"), Area(frozenset({1}), frozenset({1, 2}))),
    ),
    (
        *("a mute zone is not waited for", [zone("a", sound_area="x"), zone("b", sound_area="x")]),
        *("a", ("a",), Area(frozenset({1}), frozenset({1}))),
    ),
    (
        *("repeated elsewhere", [zone("a", repeat_in=("b",)), zone("b")]),
        *("b", ("a", "b"), Area(frozenset({1, 2}), frozenset({1, 2}))),
    ),
    (
        "repeated where it is heard anyway",
        [zone("a", sound_area="x", repeat_in=("b",)), zone("b", sound_area="x")],
        *("b", ("a", "b"), Area(frozenset({2}), frozenset({1, 2}))),
    ),
    (
        "repeated by the neighbour of a mute zone",
        [zone("a", sound_area="x", repeat_in=("b",)), zone("b", sound_area="x")],
        *("b", ("b",), Area(frozenset({1, 2}), frozenset({1, 2}))),
    ),
]


@pytest.mark.parametrize(
    ("zones", "own", "voiced", "area"), [row[1:] for row in AREAS], ids=[row[0] for row in AREAS]
)
def test_a_voice_knows_its_counters(
    zones: list[Zone], own: str | None, voiced: tuple[str, ...], area: Area
) -> None:
    """Whose calls it says, and whose it waits for."""
    assert area_of(setup(*zones), own, voiced) == area


def test_two_voices_within_hearing_never_speak_at_once() -> None:
    """Each runs the queue of both, and says its own: one speaks while the other waits."""
    both = frozenset({1, 2})
    voices = [Hall(area=Area(frozenset({each}), both)) for each in (1, 2)]
    busy: list[tuple[float, float]] = []
    for voice in voices:
        calls = [call(f"A{n:03}", n % 2 + 1, at_s=n / 10) for n in range(6, 0, -1)]
        voice.say(*calls, at_s=1)
        at_s = 1.0
        while not math.isinf(voice.announcer.wake_s()):
            at_s = max(at_s, voice.announcer.wake_s() - T)
            said = voice.next(at_s)
            assert said is not None
            if said.is_aloud:
                busy.append((at_s, at_s + said.length_s))
    busy.sort()

    assert len(busy) == 6
    for (_, end), (begin, _) in itertools.pairwise(busy):
        assert begin >= end + GAP_S - 0.001
    assert [voice.announcer.counts["said"] for voice in voices] == [3, 3]
