"""The agenda: what is said when, and in which order."""

from broker.agenda import Agenda
from broker.wire.topics import Kind


def test_the_board_comes_first_and_the_heartbeat_last() -> None:
    """Whatever order it was put down in; counters stay in theirs."""
    agenda = Agenda()
    for kind, name in [
        (Kind.HUB, ""),
        (Kind.QUEUE, ""),
        (Kind.COUNTER, "9"),
        (Kind.COUNTER, "10"),
        (Kind.BOARD, ""),
    ]:
        agenda.add(kind, name, at_s=1.0)

    assert agenda.take(1.0) == [
        (Kind.BOARD, ""),
        (Kind.COUNTER, "9"),
        (Kind.COUNTER, "10"),
        (Kind.QUEUE, ""),
        (Kind.HUB, ""),
    ]


def test_what_is_down_twice_is_said_once_at_the_earlier_instant() -> None:
    """A later reason never puts off an earlier one."""
    agenda = Agenda()
    agenda.add(Kind.QUEUE, at_s=2.0)
    agenda.add(Kind.QUEUE, at_s=1.0)
    agenda.add(Kind.QUEUE, at_s=3.0)

    assert agenda.due_s() == 1.0
    assert agenda.take(0.9) == []
    assert agenda.take(1.0) == [(Kind.QUEUE, "")]
    assert agenda.take(9.0) == []
    assert agenda.due_s() == float("inf")


def test_a_kind_just_said_is_off_the_agenda() -> None:
    """The others stay."""
    agenda = Agenda()
    agenda.add(Kind.BOARD, at_s=1.0)
    agenda.add(Kind.COUNTER, "3", at_s=1.0)
    agenda.drop(Kind.BOARD)

    assert agenda.take(1.0) == [(Kind.COUNTER, "3")]
