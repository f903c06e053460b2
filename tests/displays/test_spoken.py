"""The sentence of a call and the clips it is made of, in both languages."""

import subprocess

import pytest
from num2words import num2words

from displays.phrases import languages
from displays.spoken import (
    LETTERS,
    NUMBERS_MAX,
    PAUSE,
    TONGUES,
    Form,
    NumberStyle,
    Speech,
    clip_list,
    letters_of,
    parts,
    sentence,
    words,
)

SENTENCES: list[tuple[str, int, str, NumberStyle, str]] = [
    ("A007", 3, "id", "digits", "Nomor antrean A 0 0 7, silakan menuju loket 3"),
    ("A007", 3, "en", "digits", "Ticket A 0 0 7, please go to counter 3"),
    ("WB118", 12, "id", "digits", "Nomor antrean W B 1 1 8, silakan menuju loket 12"),
    ("A007", 3, "id", "number", "Nomor antrean A 7, silakan menuju loket 3"),
    ("WB118", 12, "en", "number", "Ticket W B 118, please go to counter 12"),
    ("K1001", 3, "id", "number", "Nomor antrean K 1 0 0 1, silakan menuju loket 3"),
]

PARTS: list[tuple[str, int, str, NumberStyle, Form, bool, str]] = [
    (
        *("A007", 3, "id", "digits", "full", False),
        "nomor-antrean , letter-a nol nol tujuh , silakan-menuju-loket tiga",
    ),
    (
        *("A007", 12, "id", "digits", "full", True),
        "panggilan-ulang , nomor-antrean , letter-a nol nol tujuh , silakan-menuju-loket dua belas",
    ),
    (
        *("A118", 21, "id", "number", "full", False),
        "nomor-antrean , letter-a seratus delapan belas , silakan-menuju-loket dua puluh satu",
    ),
    ("A118", 11, "id", "number", "short", True, "letter-a seratus delapan belas , loket sebelas"),
    (
        "WB020",
        40,
        "en",
        "digits",
        "short",
        False,
        "letter-w letter-b zero two zero , counter forty",
    ),
    (
        *("W118", 21, "en", "number", "full", False),
        "ticket , letter-w one hundred and eighteen , please-go-to-counter twenty one",
    ),
    ("K1001", 9, "id", "number", "short", False, "letter-k satu nol nol satu , loket sembilan"),
]


@pytest.mark.parametrize(("number", "counter", "language", "style", "text"), SENTENCES)
def test_a_call_is_a_sentence(
    number: str, counter: int, language: str, style: NumberStyle, text: str
) -> None:
    """What people would read is the design's fixed text; a prefix with a digit stays digits."""
    assert sentence(number, counter, language, style=style) == text


@pytest.mark.parametrize(
    ("number", "counter", "language", "style", "form", "is_again", "said"), PARTS
)
def test_a_call_is_clips(  # noqa: PLR0913, PLR0917 - a row of the table
    number: str,
    counter: int,
    language: str,
    style: NumberStyle,
    form: Form,
    is_again: bool,  # noqa: FBT001 - as above
    said: str,
) -> None:
    """In the order they are heard, with a breath before and after the number."""
    found = parts(number, counter, language, style=style, form=form, is_again=is_again)

    assert " ".join(found) == said


@pytest.mark.parametrize("number", ["", "A7", "007", "ABC007", "a007", "A0007 ", "A-07"])
def test_what_is_no_number_is_refused(number: str) -> None:
    """It would be said as something that is on no slip."""
    with pytest.raises(ValueError, match="is no number"):
        parts(number, 3, "id")


@pytest.mark.parametrize("language", TONGUES)
@pytest.mark.parametrize("style", ["digits", "number"])
def test_the_list_says_every_call_of_its_hall(language: str, style: NumberStyle) -> None:
    """Every number, every counter, first called or again, in full or short; and no clip twice."""
    names = [clip.name for clip in clip_list(language, Speech(style, "AK", 40))]
    said = {
        part
        for count in range(1000)
        for prefix in ("A", "K1")
        for form, is_again in (("full", True), ("short", False))
        for part in parts(
            f"{prefix}{count:03}",
            count % 40 + 1,
            language,
            style=style,
            form=form,  # type: ignore[arg-type]  # one of two literals, which a tuple forgets
            is_again=is_again,
        )
    }

    assert len(names) == len(set(names))
    assert said - {PAUSE} <= set(names)


@pytest.mark.parametrize(("language", "count"), [("id", 41), ("en", 55)])
def test_the_whole_list_is_short(language: str, count: int) -> None:
    """A speaker reads it in a quarter of an hour: letters, words, four phrases."""
    clips = clip_list(language, Speech("number"))

    assert len(clips) == count
    assert all(clip.text and clip.sound for clip in clips)


def test_a_hall_records_only_its_letters() -> None:
    """A hall with series A, B and paper numbers P needs three."""
    letters = letters_of(["B", "A", "P", "AB", "K1"])

    assert letters == "ABKP"
    assert [clip.text for clip in clip_list("id", Speech("digits", letters, 3))[:4]] == [
        *("a", "be", "ka", "pe"),
    ]


def test_both_languages_of_the_country_are_spoken() -> None:
    """With a name for each letter a prefix may have."""
    assert set(TONGUES) <= set(languages())
    assert {len(tongue.letters) for tongue in TONGUES.values()} == {len(LETTERS)}


@pytest.mark.parametrize("language", TONGUES)
def test_words_are_those_of_num2words(language: str) -> None:
    """Every number a hall can have, hyphens apart: one word, one clip."""
    for count in range(NUMBERS_MAX + 1):
        assert words(count, language) == num2words(count, lang=language).replace("-", " ").split()


PHONEMES = {
    "letter-a": "'a",
    "letter-b": "b'e",
    "letter-c": "tS'e",
    "letter-d": "d'e",
    "letter-e": "'e",
    "letter-f": "'Ef",
    "letter-g": "g'e",
    "letter-h": "h'a",
    "letter-j": "dZ'e",
    "letter-k": "k'a",
    "letter-l": "'El",
    "letter-m": "'Em",
    "letter-n": "'En",
    "letter-p": "p'e",
    "letter-r": "'ER",
    "letter-t": "t'e",
    "letter-u": "'u",
    "letter-v": "v'e",
    "letter-w": "w'e",
    "letter-x": "'Eks",
    "letter-y": "j'e",
    "nomor-antrean": "n'omOR antR2'Ean",
    "silakan-menuju-loket": "sil'akan m@n'udZu l'okEt",
    "loket": "l'okEt",
    "panggilan-ulang": "paNg'ilan 'ulaN",
    "nol": "n'ol",
    "satu": "s'atu",
    "dua": "d'ua",
    "tiga": "t'iga",
    "empat": "@mp'at",
    "lima": "l'ima",
    "enam": "@n'am",
    "tujuh": "t'udZuh",
    "delapan": "d@l'apan",
    "sembilan": "s@mb'ilan",
    "sepuluh": "s@p'uluh",
    "sebelas": "s@b@l'as",
    "belas": "b@l'as",
    "puluh": "p'uluh",
    "seratus": "s@R2'atus",
    "ratus": "R2'atus",
}
"""How each Indonesian clip sounds, in phonemes: @ is the e pepet of KBBI, E and e the others."""


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize("name", PHONEMES)
def test_espeak_says_each_indonesian_clip_right(name: str) -> None:
    """`sebelas` and `belas` with e pepet, `loket` without: its own dictionary has them wrong."""
    clip = next(clip for clip in clip_list("id", Speech("number")) if clip.name == name)
    run = subprocess.run(
        ["espeak-ng", "-v", "id", "-q", "-x", clip.sound],
        capture_output=True,
        text=True,
        check=True,
    )

    assert " ".join(run.stdout.split()) == PHONEMES[name]


def test_every_indonesian_clip_has_its_phonemes() -> None:
    """No clip is added without listening to it."""
    assert set(PHONEMES) == {clip.name for clip in clip_list("id", Speech("number"))}
