"""What the pages say when something is not done: every code has words, in every language."""

import pytest

from broker.decider import REJECTED
from broker.hall.refusals import REFUSALS
from displays.phrases import Phrase, languages, say
from displays.web import phrases

OTHERS = (phrases.NOT_RUNNING, phrases.NOT_TAKEN, phrases.TOO_MANY, phrases.REFUSED_SO)


def test_every_refusal_has_words_for_whoever_pressed() -> None:
    """The rules' own and the hub's, and none that nobody gives."""
    assert set(phrases.REFUSED) == {*REFUSALS, REJECTED}


@pytest.mark.parametrize("phrase", [*phrases.REFUSED.values(), *OTHERS])
def test_each_is_whole_sentences_in_each_language(phrase: Phrase) -> None:
    """Short enough for one line at the foot of a page."""
    said = [say(phrase, code, node="kiosk-1", code="stale") for code in languages()]
    for text in said:
        assert text[0].isupper()
        assert text.endswith(".")
        assert len(text) <= 80
    assert len(set(said)) == len(languages())


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        (("id", "en"), ["Belum ada yang menunggu.", "Nobody is waiting."]),
        (("en", "id"), ["Nobody is waiting.", "Belum ada yang menunggu."]),
        (("id",), ["Belum ada yang menunggu."]),
        (("jv", "en"), ["Nobody is waiting."]),
        (("jv",), ["Belum ada yang menunggu."]),
    ],
)
def test_the_halls_languages_in_their_order(languages: tuple[str, ...], said: list[str]) -> None:
    """Those the catalogue has; the first of the catalogue where it has none."""
    assert [each["text"] for each in phrases.refused("nobody_waiting", languages)] == said


def test_a_newer_hubs_code_is_said_as_it_is() -> None:
    """Better a strange word than silence."""
    assert phrases.refused("too_windy", ("id", "en")) == [
        {"lang": "id", "text": "Ditolak: too_windy."},
        {"lang": "en", "text": "Refused: too_windy."},
    ]
