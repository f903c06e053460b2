"""A board whose process speaks: the hero is the call that is being said."""

from displays.board import AFTER_VOICE_S
from tests.displays.hall import START_S as T
from tests.displays.hall import Stage, call


def test_the_call_that_is_being_said_stands_big() -> None:
    """Picture and voice speak of one call, in the voice's order, whatever was called before."""
    stage = Stage()
    stage.beat(T)
    stage.say(call("A003", 2), call("A002", 12, at_s=T - 1), call("A001", at_s=T - 2), now_s=T)
    assert stage.numbers(T)[0] == "A001"
    assert stage.board.follow_voice("A003/1", T + 1)
    assert not stage.board.follow_voice("A003/1", T + 1)
    stage.beat(T + 9)

    assert stage.numbers(T + 1)[0] == stage.numbers(T + 9)[0] == "A003"


def test_after_its_last_word_a_call_stands_big_for_two_seconds() -> None:
    """However long it was said; then the next in turn."""
    stage = Stage()
    stage.beat(T)
    stage.say(call("A002", 2), call("A001", at_s=T - 1), now_s=T)
    stage.board.follow_voice("A001/1", T)
    stage.look(T)
    stage.beat(T + 9)
    stage.board.follow_voice("", T + 9)

    assert stage.numbers(T + 9 + AFTER_VOICE_S - 0.1)[0] == "A001"
    assert stage.board.wake_s(now_s=T + 9, wall_ms=0) <= T + 9 + AFTER_VOICE_S
    assert stage.numbers(T + 9 + AFTER_VOICE_S)[0] == "A002"


def test_a_call_of_another_zone_is_heard_and_not_shown() -> None:
    """A voice may repeat it here."""
    stage = Stage(zone="bawah")
    stage.beat(T)
    stage.say(call("A001"), call("B009", 12), now_s=T)

    assert stage.board.follow_voice("B009/1", T + 1)
    assert stage.numbers(T + 1)[0] == "A001"
