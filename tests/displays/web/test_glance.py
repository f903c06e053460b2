"""The sentence, the states and the order of the technician's page."""

from typing import Any

import pytest

from broker.hall.views import BoardView, Call, CounterCall, CounterView
from broker.wire.figures import Button, DisplayHealth, PrinterHealth
from broker.wire.messages import Alarm, Birth, Health, HubState, encode
from broker.wire.topics import Kind, Topic
from displays.web.glance import Card, Glance, Glancer, Reader, Screen, State
from displays.web.roster import Member, Roster

GEN = "1-0a0a0a0a"
MEMBERS = (
    Member("hub", "hub"),
    Member("kiosk-1", "kiosk"),
    Member("loket-1", "counter", "lantai-1", (1,)),
    Member("loket-2", "counter", "lantai-1", (2,)),
    Member("board-1", "board", "lantai-2", (1, 2)),
)
NODES = [member.id for member in MEMBERS[1:]]


class Hall:
    """A roster, what is shown, and a clock."""

    def __init__(self) -> None:
        self.roster = Roster(MEMBERS)
        self.roster.linked = True
        self.screen = Screen(None, {})
        self.now_s = 1000.0
        self.at_ms = 1_000_000

    def beat(self) -> None:
        """Have the hub's heart beat."""
        beat = HubState(gen=GEN, pos=7, beat=3, start="x", at_ms=self.at_ms)
        self.roster.take(Topic("h", Kind.HUB), encode(beat), self.now_s, retained=False)

    def health(self, node: str, **figures: Any) -> None:
        """Have a device tell its health."""
        body = encode(Health(uptime_s=1, **figures))
        self.roster.take(Topic("h", Kind.HEALTH, node), body, self.now_s, retained=False)

    def all_well(self) -> None:
        """Have everybody tell."""
        self.beat()
        for node in NODES:
            self.health(node)

    def alarm(
        self, kind: str, subject: str, level: str, *, age_s: int = 60, seen: str = ""
    ) -> None:
        """Raise an alarm."""
        alarm = Alarm(
            id=f"{kind}.{subject}",
            kind=kind,
            subject=subject,
            level=level,  # type: ignore[arg-type] # a table's text
            since_ms=self.at_ms - age_s * 1000,
            what={"id": f"{kind}!"},
            mend={"id": f"Perbaiki {kind}."},
            acknowledged_by=seen,
        )
        self.roster.alarms[alarm.id] = alarm

    def glance(self, language: str = "id") -> Glance:
        """Look."""
        return self._glancer(language).glance()

    def card(self, node: str, language: str = "en") -> Card:
        """Look at one device."""
        (member,) = (member for member in MEMBERS if member.id == node)
        return self._glancer(language).card(member)

    def _glancer(self, language: str) -> Glancer:
        reader = Reader(
            zones={"lantai-1": "Lantai 1", "lantai-2": "Lantai 2"},
            language=language,
            now_s=self.now_s,
            at_ms=self.at_ms,
        )
        return Glancer(self.roster, self.screen, reader)


@pytest.fixture
def hall() -> Hall:
    """A hall nobody has heard of."""
    return Hall()


def test_all_is_well_in_one_sentence(hall: Hall) -> None:
    """Every device counted, the hub too."""
    hall.all_well()

    glance = hall.glance("en")

    assert (glance.state, glance.sentence) == (State.GOOD, "All 5 devices are well.")
    assert glance.tally == "5 of 5 devices are well"


def test_a_page_that_has_just_begun_says_nothing_is_known(hall: Hall) -> None:
    """Unknown is never green."""
    hall.beat()

    glance = hall.glance("en")

    assert glance.sentence == "Waiting for word from 4 devices."
    assert glance.tally == "1 of 5 devices are well"
    states = [card.state for place in glance.places for card in place.cards]
    assert states.count(State.UNKNOWN) == 4


@pytest.mark.parametrize(
    ("linked", "beats_ago_s", "says"),
    [
        (False, 1, "The broker is not reached: what is shown here may be old."),
        (True, None, "The hub has not been heard yet."),
        (
            True,
            130,
            "The hub has not been heard for 2 min: kiosks go on alone, nobody is called.",
        ),
    ],
)
def test_a_page_that_is_blind_says_so_first(
    hall: Hall, *, linked: bool, beats_ago_s: int | None, says: str
) -> None:
    """Before any alarm: those are of then."""
    if beats_ago_s is not None:
        hall.beat()
        hall.now_s += beats_ago_s
    for node in NODES:
        hall.health(node)
    hall.alarm("paper_out", "kiosk-1", "urgent")
    hall.roster.linked = linked

    glance = hall.glance("en")

    assert (glance.state, glance.sentence) == (State.URGENT, says)


def test_the_sentence_is_of_the_worst_alarm_and_counts_the_others(hall: Hall) -> None:
    """Urgent before warning, then the older."""
    hall.all_well()
    hall.alarm("hot", "board-1", "warning", age_s=900)
    assert hall.glance().sentence == "hot!"

    hall.alarm("stuck", "loket-2", "urgent", age_s=60)
    hall.alarm("paper_out", "kiosk-1", "urgent", age_s=120)
    hall.alarm("uplink_down", "hall", "info", age_s=9000)
    glance = hall.glance("en")

    assert glance.state is State.URGENT
    assert glance.sentence in {"paper_out! And 2 more.", "stuck! And 2 more."}
    assert [line.id for line in glance.hall] == ["uplink_down.hall"]
    assert hall.card("kiosk-1").alarms[0].mend == "Perbaiki paper_out."


def test_places_and_devices_stand_worst_first(hall: Hall) -> None:
    """Else as the hall file has them."""
    hall.all_well()
    assert [place.name for place in hall.glance("en").places] == [
        "Hub and kiosks",
        "Lantai 1",
        "Lantai 2",
    ]

    hall.alarm("stuck", "loket-2", "urgent")
    hall.alarm("hot", "board-1", "warning")
    places = hall.glance("en").places

    assert [place.name for place in places] == ["Lantai 1", "Lantai 2", "Hub and kiosks"]
    assert [card.id for card in places[0].cards] == ["loket-2", "loket-1"]


def test_an_alarm_somebody_has_seen_is_quiet(hall: Hall) -> None:
    """It stays on its card, and no longer makes the page red."""
    hall.all_well()
    hall.alarm("stuck", "loket-2", "urgent", seen="AB")

    glance, card = hall.glance("en"), hall.card("loket-2")

    assert (glance.state, glance.sentence) == (State.INFO, "All 5 devices are well.")
    assert (card.state, card.alarms[0].seen_by) == (State.INFO, "AB")


def test_a_device_that_went_and_one_that_fell_silent_say_since_when(hall: Hall) -> None:
    """The age goes on, the last state is not kept as if it were of now."""
    hall.all_well()
    will = encode(Birth(session="s", online=False))
    hall.roster.take(Topic("h", Kind.BIRTH, "loket-1"), will, hall.now_s, retained=False)
    hall.now_s += 180
    hall.beat()
    for node in ("kiosk-1", "board-1"):
        hall.health(node)

    assert hall.card("loket-1").heard == "switched off or cut off for 3 min"
    assert hall.card("loket-2").heard == "silent for 3 min"
    assert hall.card("kiosk-1").heard == "heard 0 s ago"
    assert hall.card("loket-1").state is hall.card("loket-2").state is State.UNKNOWN


def test_cards_say_what_a_device_did_last(hall: Hall) -> None:
    """A service that runs is not yet one that works."""
    hall.beat()
    hall.health("kiosk-1", printer=PrinterHealth(state="ok", printed_age_s=50.0))
    hall.health("loket-1", buttons={"call": Button(presses=2, pressed_age_s=5.0)})
    hall.health("loket-2", buttons={"call": Button(), "done": Button()})
    hall.health("board-1", display=DisplayHealth(gen=GEN, pos=9, frame_age_s=3.0))
    hall.now_s += 10

    assert hall.card("kiosk-1").act == "last slip 1 min ago"
    assert hall.card("loket-1").act == "last press 15 s ago"
    assert hall.card("loket-2").act == "no press since its start"
    assert hall.card("board-1").act == "picture changed 13 s ago"
    assert hall.card("hub").act == "journal at 7"

    hall.health("kiosk-1", buttons={"ktp": Button(presses=1, pressed_age_s=7.0)})
    assert hall.card("kiosk-1").act == "last press 7 s ago"
    hall.health("kiosk-1", printer=PrinterHealth(state="ok"))
    assert hall.card("kiosk-1").act == "no slip since its start"


def test_a_counter_and_a_board_say_who_is_called(hall: Hall) -> None:
    """A board only when its picture is of that state."""
    called = CounterCall(
        call_id="c", ticket="t", number="A042", service="ktp", state="called", called_ms=0
    )
    view = CounterView(gen=GEN, pos=9, counter=1, status="open", waiting=0, call=called)
    calls = (Call(call_id="c", number="A042", counter=1, service="ktp", at_ms=0),)
    board = BoardView(gen=GEN, pos=9, at_ms=0, day="2026-11-25", calls=calls)
    hall.screen = Screen(board, {1: view})
    hall.beat()
    hall.health("loket-1", buttons={"call": Button(pressed_age_s=5.0)})
    hall.health("board-1", display=DisplayHealth(gen=GEN, pos=9, frame_age_s=3.0))
    assert hall.card("loket-1").act == "calling A042, last press 5 s ago"
    assert hall.card("board-1").act == "showing A042, picture changed 3 s ago"

    hall.health("board-1", display=DisplayHealth(gen=GEN, pos=8, frame_age_s=3.0))
    assert hall.card("board-1").act == "picture changed 3 s ago"


@pytest.mark.parametrize(
    ("age_s", "text"),
    [
        (-5, "0 detik"),
        (0, "0 detik"),
        (59.9, "59 detik"),
        (60, "1 menit"),
        (3599, "59 menit"),
        (3600, "1 jam"),
        (172_799, "47 jam"),
        (172_800, "2 hari"),
    ],
)
def test_ages_are_told_in_their_largest_unit(hall: Hall, age_s: float, text: str) -> None:
    """In the reader's language."""
    assert hall._glancer("id").age(age_s) == text
