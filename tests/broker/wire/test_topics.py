"""Every topic is built and parsed by one table."""

import pytest

from broker.wire.topics import ROOT, RULES, Kind, Topic, covers, every, parse_topic

TABLE = [
    (Topic("tebing-tinggi", Kind.UP, "kiosk-1"), "loket/v1/tebing-tinggi/up/kiosk-1"),
    (Topic("tebing-tinggi", Kind.ACK, "web"), "loket/v1/tebing-tinggi/ack/web"),
    (Topic("h", Kind.BIRTH, "loket-3"), "loket/v1/h/birth/loket-3"),
    (Topic("h", Kind.HEALTH, "board-1"), "loket/v1/h/health/board-1"),
    (Topic("h", Kind.BOARD), "loket/v1/h/state/board"),
    (Topic("h", Kind.COUNTER, "3"), "loket/v1/h/state/counter/3"),
    (Topic("h", Kind.QUEUE), "loket/v1/h/state/queue"),
    (Topic("h", Kind.CODED, "ktp-el"), "loket/v1/h/state/queue/ktp-el"),
    (Topic("h", Kind.CODED, "ktp-el.2"), "loket/v1/h/state/queue/ktp-el.2"),
    (Topic("h", Kind.HUB), "loket/v1/h/state/hub"),
    (Topic("h", Kind.FLEET), "loket/v1/h/state/fleet"),
    (Topic("h", Kind.ALARM, "paper_out.kiosk-1"), "loket/v1/h/alarm/paper_out.kiosk-1"),
]

STRANGE = [
    "",
    "loket",
    "loket/v1",
    "loket/v1/",
    "loket/v1/h",
    "loket/v1/h/",
    "loket/v1//up/kiosk-1",
    "loket/v2/h/up/kiosk-1",
    "xloket/v1/h/up/kiosk-1",
    "loket/v1/h/up",
    "loket/v1/h/up/",
    "loket/v1/h/up/kiosk-1/more",
    "loket/v1/h/upper/kiosk-1",
    "loket/v1/h/state",
    "loket/v1/h/state/",
    "loket/v1/h/state/counter",
    "loket/v1/h/state/counter/",
    "loket/v1/h/state/board/1",
    "loket/v1/h/state/hub/",
    "$SYS/broker/uptime",
]


@pytest.mark.parametrize(("topic", "text"), TABLE)
def test_a_topic_survives_the_round_trip(topic: Topic, text: str) -> None:
    """What is built is what is parsed."""
    assert str(topic) == text
    assert parse_topic(text) == topic


@pytest.mark.parametrize("text", STRANGE)
def test_what_is_not_ours_is_none(text: str) -> None:
    """Nothing else passes for one of our topics."""
    assert parse_topic(text) is None


def test_the_table_names_every_kind() -> None:
    """A kind without a rule can't be published."""
    assert set(RULES) == set(Kind) == {topic.kind for topic, _ in TABLE}


@pytest.mark.parametrize(("topic", "text"), TABLE)
def test_the_filter_of_a_kind_matches_its_topics(topic: Topic, text: str) -> None:
    """`every` ends in one `+` for kinds that name someone, else it is the topic."""
    expected = text.removesuffix(topic.id) + ("+" if topic.id else "")

    assert every(topic.hall, topic.kind) == expected
    assert covers(expected, text)


COVERS = [
    ("a/b", "a/b", True),
    ("a/b", "a/c", False),
    ("a/b", "a", False),
    ("a/b", "a/b/c", False),
    ("a/+", "a/b", True),
    ("a/+", "a/+", True),
    ("a/+", "a", False),
    ("a/+", "a/b/c", False),
    ("a/+", "a/#", False),
    ("a/b", "a/+", False),
    ("a/#", "a/b/c", True),
    ("a/#", "a/+", True),
    ("a/#", "a/#", True),
    ("#", "a/#", True),
    ("+/b", "a/b", True),
]


@pytest.mark.parametrize(("wide", "narrow", "is_covered"), COVERS)
def test_a_filter_covers_what_it_is_wider_than(wide: str, narrow: str, *, is_covered: bool) -> None:
    """Topics and narrower filters, level by level."""
    assert covers(wide, narrow) == is_covered


def test_rows_and_acks_are_not_retained_and_states_are() -> None:
    """A retained row would be decided again by each new hub; a state must greet each newcomer."""
    retained = {kind for kind, rule in RULES.items() if rule.retain}

    states = {Kind.BOARD, Kind.COUNTER, Kind.QUEUE, Kind.CODED, Kind.HUB, Kind.FLEET}
    assert retained == states | {Kind.BIRTH, Kind.ALARM}
    assert {kind for kind, rule in RULES.items() if rule.qos == 0} == {Kind.HEALTH}
    assert ROOT == "loket/v1"
