"""What is said of a call, of a time and of a day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from displays import phrases
from displays.phrases import Phrase, known, languages, say, say_day, say_time

AT = datetime(2026, 11, 25, 8, 5, tzinfo=ZoneInfo("Asia/Jakarta"))

ALL = [
    *(value for value in vars(phrases).values() if isinstance(value, Phrase)),
    *phrases.SENTENCES,
    *phrases.TAKES.values(),
]


@pytest.mark.parametrize("phrase", ALL)
@pytest.mark.parametrize("language", languages())
def test_every_text_can_be_said(phrase: Phrase, language: str) -> None:
    """In every language, with nothing left to fill in."""
    values = {"repeat": 2, "time": "09.41", "count": 3, "opens": "x", "zone": "WIB"}
    text = say(phrase, language, **values, weekday="Rabu", day=25, month="November")

    assert text
    assert "{" not in text


def test_the_fixed_texts_are_those_of_the_design() -> None:
    """DESIGN §4, letter by letter."""
    assert say(phrases.RECALL, "id", repeat=2) == "PANGGILAN KE-2"
    lost = "Sambungan terputus sejak 09.41 – dengarkan panggilan petugas"  # noqa: RUF001 - DESIGN §4
    assert say(phrases.LOST, "id", time="09.41") == lost
    assert say(phrases.FOLLOW_STAFF, "id") == "Ikuti petunjuk petugas"


def test_a_day_and_a_time_are_said_as_people_do() -> None:
    """A point between hours and minutes; the day in full, or short."""
    assert say_time(AT) == "08.05"
    assert say_day(AT, "id") == "Rabu, 25 November"
    assert say_day(AT, "id", is_short=True) == "Rab 25 Nov"
    assert say_day(AT, "en") == "Wednesday, 25 November"


@pytest.mark.parametrize(
    ("asked", "got"),
    [(["id", "en"], ("id", "en")), (["jv", "en"], ("en",)), (["jv"], ("id",)), ([], ("id",))],
)
def test_a_board_always_has_a_language(asked: list[str], got: tuple[str, ...]) -> None:
    """Of the hall's, those it knows; else the first of its own."""
    assert known(asked) == got
