"""What people read and hear, in every language that has a catalogue.

In the code a text stands in English, as a `Phrase`: that is its key too. Every other language is a
catalogue of GNU gettext, `locale/CODE/LC_MESSAGES/loket.po`; a language more is such a file more,
and no code. `make texts` keeps the catalogues as the code has its texts and compiles them. The
standard library reads what it makes (`.mo`): nothing that runs in a hall needs Babel.
"""

import contextlib
import functools
import gettext
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SOURCE = "en"
"""The language the code is written in; it needs no catalogue."""

MAIN = "id"
"""Stands for a language that has no catalogue."""

DOMAIN = "loket"

LOCALE = Path(__file__).parent / "locale"


class Phrase(NamedTuple):
    """One text.

    Attributes:
        text: In English; `{name}` is filled in.
        context: Where it stands, when other languages have two words for the same English.
    """

    text: str
    context: str = ""


# Shared by what is printed and what is shown.
WEEKDAYS = (
    Phrase("Monday"),
    Phrase("Tuesday"),
    Phrase("Wednesday"),
    Phrase("Thursday"),
    Phrase("Friday"),
    Phrase("Saturday"),
    Phrase("Sunday"),
)


class Catalogues:
    """Every language's texts, read at once; what is missing in one is said in English.

    Args:
        folder: The catalogues, as gettext lays them out.

    Raises:
        OSError: A catalogue can't be read, or there is none of `MAIN`.
    """

    def __init__(self, folder: Path) -> None:
        found = {path.parents[1].name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
        self.languages = (MAIN, SOURCE, *sorted(found - {MAIN, SOURCE}))
        """Those that can be said, `MAIN` first."""
        self._texts: Mapping[str, gettext.NullTranslations] = {
            SOURCE: gettext.NullTranslations(),
            **{
                code: gettext.translation(DOMAIN, folder, [code])
                for code in self.languages
                if code != SOURCE
            },
        }

    def say(self, phrase: Phrase, language: str) -> str:
        """Return the text, not filled in.

        Raises:
            KeyError: A language that is not in `languages`.
        """
        texts = self._texts[language]
        if phrase.context:
            return texts.pgettext(phrase.context, phrase.text)
        return texts.gettext(phrase.text)


class _Shelf:
    """The catalogues this process speaks from: read at the first text."""

    @functools.cached_property
    def catalogues(self) -> Catalogues:
        return Catalogues(LOCALE)


_shelf = _Shelf()


def languages() -> tuple[str, ...]:
    """Return the languages that have texts; the first one stands for one that has none."""
    return _shelf.catalogues.languages


def known(asked: Iterable[str]) -> tuple[str, ...]:
    """Return those of a hall's languages that have texts, in their order; at least one."""
    return tuple(code for code in asked if code in languages()) or languages()[:1]


def say(phrase: Phrase, language: str, **values: object) -> str:
    """Return the text with its values filled in.

    Raises:
        KeyError: A language that is not in `languages()`, or a value that was not given.
    """
    return _shelf.catalogues.say(phrase, language).format(**values)


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Speak from another folder's catalogues for the block: to look at a language being written."""
    before, _shelf.catalogues = _shelf.catalogues, Catalogues(folder)
    try:
        yield
    finally:
        _shelf.catalogues = before
