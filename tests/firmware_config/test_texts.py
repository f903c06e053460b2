"""The catalogues hold exactly the texts of the code, whole, in every language."""

import gettext
import re
from pathlib import Path

import pytest

from firmware_config import texts
from firmware_config.texts import DOMAIN, LOCALE, MAIN, Catalogues, Phrase, languages, say
from tests.texts import as_mo, as_po, faults, fields, in_code, path_of, read, translations, updated

CATALOGUES = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))

SAME_IN_BOTH = {"April", "September", "November"}

MISSPELT = re.compile(
    r"antri|silah|ijin|apotik|aktifitas|nopember|pebruari|jum'at|merubah|resiko|kwitansi|photo"
    r"|nasehat|praktek|sistim|tehnisi|tekhnisi|terimakasih|\bdisini\b|\bdisana\b"
    r"|\bdi (?:panggil|layani|cetak|tutup|buka|ambil)\b",
    re.IGNORECASE,
)
"""What KBBI and EYD V write otherwise: antrean, silakan, izin, November, foto, di sini, ..."""


def test_there_is_a_catalogue_of_the_main_language() -> None:
    """Indonesian is a catalogue like any other; English is the code's own."""
    assert path_of(MAIN) in CATALOGUES
    assert languages()[:2] == ("id", "en")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_it_has_exactly_the_texts_of_the_code(path: Path) -> None:
    """None is missing and none is unused; each is translated and asks for the same values."""
    catalog = read(path)

    assert set(translations(catalog)) == set(in_code())
    assert list(faults(catalog)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    """`make texts` would change nothing: what a Pi reads is what a translator wrote."""
    again = updated(read(path), in_code())
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    assert as_po(again) == path.read_bytes(), "run make texts"
    for phrase, said in translations(again).items():
        assert compiled.pgettext(phrase.context, phrase.text) == said or (
            not phrase.context and compiled.gettext(phrase.text) == said
        ), "run make texts"


def test_the_two_languages_of_the_country_are_two() -> None:
    """An Indonesian text that is English still would be one nobody translated."""
    same = [
        phrase.text
        for phrase in in_code()
        if _words(say_raw(phrase, "id")) == _words(phrase.text) and _words(phrase.text)
    ]

    assert set(same) <= SAME_IN_BOTH


def test_indonesian_is_spelt_as_the_dictionary_has_it() -> None:
    """KBBI: antrean, not antrian; silakan, not silahkan."""
    for said in translations(read(path_of("id"))).values():
        assert not MISSPELT.search(said), said
    assert MISSPELT.search("Nomor antrian Anda")
    assert MISSPELT.search("Silahkan menuju loket")


def test_a_text_that_is_missing_is_found(tmp_path: Path) -> None:
    """Planted: a text nobody translated, one with another value, one that is gone."""
    old = read(path_of("id"))
    now = {**in_code(), Phrase("Mind the {step}"): {"displays/phrases.py"}}
    del now[Phrase("Thank you for coming.")]
    new = updated(old, now)
    new.get("{count} waiting").string = "{jumlah} menunggu"  # type: ignore[union-attr]  # it is there
    assert list(faults(new)) == [
        "not translated: 'Mind the {step}'",
        "other values to fill in: '{count} waiting', '{jumlah} menunggu'",
    ]
    assert Phrase("Thank you for coming.") not in translations(new)

    folder = tmp_path / "id" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{DOMAIN}.mo").write_bytes(as_mo(new))
    with texts.reading(tmp_path):  # English is better than nothing
        assert say(Phrase("Mind the {step}"), "id", step="gap") == "Mind the gap"


def test_a_folder_without_the_main_language_is_refused(tmp_path: Path) -> None:
    """A broken installation is said at once, not with every text."""
    with pytest.raises(FileNotFoundError):
        Catalogues(tmp_path)


def test_the_same_english_may_have_two_words() -> None:
    """By its context."""
    name = Phrase("English", "a language's own name")

    assert say(name, "id") == "Bahasa Indonesia"
    assert say(name, "en") == "English"


def test_fields_are_the_values_to_fill_in() -> None:
    """As `str.format` sees them."""
    assert fields("{count} of {count}, {{not}} {node}") == {"count", "node"}


def say_raw(phrase: Phrase, language: str) -> str:
    """Return a text, not filled in."""
    return Catalogues(LOCALE).say(phrase, language)


def _words(text: str) -> str:
    return re.sub(r"\{\w+\}|\W", "", text)
