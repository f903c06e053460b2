"""The hall at a glance in a terminal: worst first, a sign and a word beside each colour."""

import re

import pytest

from broker.status_text import COLUMNS, WORDS, Glance, render, sentence, span
from broker.wire.messages import Alarm, Fleet, NodeStatus

NOW_MS = 10_000_000

HERE = NodeStatus(
    id="loket-1",
    role="counter",
    place="lantai-1",
    contact="here",
    since_s=7200.0,
    version="0.1.0",
    act="pressed",
    act_age_s=170.0,
)
GONE = NodeStatus(id="kiosk-1", role="kiosk", place="pintu", contact="gone", since_s=120.0)
NEW = NodeStatus(id="board-1", role="board", place="lantai-1", contact="unknown")
ALARM = Alarm(
    id="node_offline.kiosk-1",
    kind="node_offline",
    subject="kiosk-1",
    level="urgent",
    since_ms=NOW_MS - 90_000,
    what={"id": "kiosk-1 tidak terhubung", "en": "kiosk-1 is not heard"},
    mend={"id": "Periksa listrik.", "en": "Check its power."},
)
OLD = Alarm(
    id="hot.pi-2",
    kind="hot",
    subject="pi-2",
    level="warning",
    since_ms=1,
    what={"id": "pi-2 panas", "en": "pi-2 is hot"},
    mend={},
)


def glance(*nodes: NodeStatus, alarms: tuple[Alarm, ...] = (), heard: bool = True) -> Glance:
    """Return a glance of now."""
    fleet = Fleet(at_ms=NOW_MS - 10_000, version="0.1.0", nodes=nodes)
    return Glance(fleet, alarms, is_hub_heard=heard, now_ms=NOW_MS)


SENTENCES = [
    (glance(HERE), "All 1 nodes are well."),
    (glance(HERE, GONE, alarms=(OLD, ALARM)), "kiosk-1 is not heard. (and 1 more)"),
    (glance(HERE, alarms=(OLD,)), "pi-2 is hot."),
    (glance(HERE, NEW), "1 nodes were not heard yet."),
    (glance(HERE, alarms=(OLD,), heard=False), "The hub is not heard: what is below is old."),
    (
        Glance(None, (), is_hub_heard=False, now_ms=1, why="10.0.0.1:8883"),
        "The broker can't be reached: 10.0.0.1:8883.",
    ),
]


@pytest.mark.parametrize(("seen", "says"), SENTENCES)
def test_one_sentence_says_what_is_wrong(seen: Glance, says: str) -> None:
    """The worst, and how many more; a dead hub is worse than all it had to say."""
    assert sentence(seen, "en") == says
    assert render(seen, lang="en", colour=False).splitlines()[0][2:] == says


def test_the_worst_stands_first_and_each_node_once() -> None:
    """The place with the fault, then the others; ages go on since the fleet was told."""
    text = render(glance(HERE, NEW, GONE, alarms=(OLD, ALARM)), lang="en", colour=False)

    assert text.splitlines() == [
        "✖ kiosk-1 is not heard. (and 1 more)",
        "  1 of 3 nodes here",
        "",
        "✖ URGENT    kiosk-1 is not heard (1 min)",
        "            Check its power.",
        "▲ warning   pi-2 is hot (2 h)",
        "",
        "pintu",
        "  kiosk-1                ✖ gone        2 min",
        "",
        "lantai-1",
        "  board-1                ? unknown",
        "  loket-1                ● here          2 h  pressed 3 min ago        0.1.0",
    ]


def test_an_alarm_somebody_has_seen_stands_behind_the_others() -> None:
    """With who that was."""
    seen = Alarm(
        **{f: getattr(ALARM, f) for f in ALARM.__struct_fields__} | {"acknowledged_by": "SR"}
    )
    text = render(glance(HERE, alarms=(seen, OLD)), lang="en", colour=False)

    assert text.index("pi-2 is hot (") < text.index("kiosk-1 is not heard (1 min, seen by SR)")


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_longer_than_a_terminal(lang: str, *, colour: bool) -> None:
    """Colours take no room; both languages have every word."""
    long = NodeStatus(
        id="n" * 32,
        role="kiosk",
        place="p" * 90,
        contact="silent",
        since_s=1e7,
        version="10.20.30rc1",
    )
    wide = Alarm(
        id="x",
        kind="x",
        subject="x",
        level="info",
        since_ms=1,
        what={lang: "w" * 99},
        mend={lang: "m" * 99},
    )
    lines = render(glance(long, HERE, alarms=(wide,)), lang=lang, colour=colour).splitlines()

    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= COLUMNS
    assert any("\x1b[" in line for line in lines) is colour
    assert WORDS[lang].keys() == WORDS["en"].keys()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (9e5, "10 d")],
)
def test_a_span_is_as_people_say_it(seconds: float, text: str) -> None:
    """One unit is enough."""
    assert span(seconds, "en") == text
    assert span(7200, "id") == "2 jam"
