"""Keeps the catalogues of texts as the code has them, and compiles them.

    python -m tests.texts              what is new in the code is added, what is gone is taken out
    python -m tests.texts --new jv     begins a catalogue

It names what is still to be translated. `firmware_config/test_texts.py` finds what is not as the
code has it.
"""

import argparse
import io
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from firmware_config.texts import DOMAIN, LOCALE, Phrase

ROOT = Path(__file__).parents[1]
PACKAGES = ("displays", "edge", "firmware_config")

KEYWORDS = {"Phrase": {1: None, 2: (1, (2, "c"))}}
"""`Phrase("text")`, `Phrase("text", "context")`."""

NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""In a catalogue's head, so that no run differs from another."""

STANDING = ("Language:", "MIME-Version", "Content-")
"""The lines of a catalogue's head that say something."""

HEAD = """\
# Texts of Loket. Change a translation here, then run `make texts`.
#"""


def in_code(root: Path = ROOT) -> dict[Phrase, set[str]]:
    """Return every text of the code, with the files it is in."""
    found: dict[Phrase, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for _, said, _, context in extract_from_file("python", str(path), keywords=KEYWORDS):
                phrase = Phrase(said[0] if isinstance(said, tuple) else said, context or "")
                found.setdefault(phrase, set()).add(str(path.relative_to(root)))
    return found


def path_of(language: str, folder: Path = LOCALE) -> Path:
    """Return where a language's catalogue is."""
    return folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(path: Path) -> Catalog:
    """Return a catalogue as it is on disk."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def translations(catalog: Catalog) -> dict[Phrase, str]:
    """Return every text and what it is in that language."""
    return {_phrase(m): str(m.string) for m in catalog if m.id}


def updated(old: Catalog, texts: dict[Phrase, set[str]]) -> Catalog:
    """Return the catalogue with exactly these texts, its translations kept."""
    new = Catalog(
        locale=old.locale_identifier,
        domain=DOMAIN,
        header_comment=HEAD,
        project="Loket",
        version="-",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        fuzzy=False,
    )
    said = translations(old)
    for phrase in sorted(texts, key=lambda each: (sorted(texts[each]), each)):
        new.add(
            phrase.text,
            said.get(phrase, ""),
            locations=[(name, None) for name in sorted(texts[phrase])],  # type: ignore[misc]  # without lines: they would change with every edit
            context=phrase.context or None,
        )
    return new


def as_po(catalog: Catalog) -> bytes:
    """Return it as a .po file, without the lines of its head that nobody fills in."""
    file = io.BytesIO()
    write_po(file, catalog, width=100)
    head, rest = file.getvalue().decode().split("\n\n", 1)
    lines = [
        line
        for line in head.splitlines(keepends=True)
        if not line.startswith('"') or line[1:].startswith(STANDING)
    ]
    return f"{''.join(lines)}\n{rest}".encode()


def as_mo(catalog: Catalog) -> bytes:
    """Return it as a .mo file."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def faults(catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong with its translations: none, or other values to fill in."""
    for phrase, said in translations(catalog).items():
        if not said:
            yield f"not translated: {phrase.text!r}"
        elif fields(said) != fields(phrase.text):
            yield f"other values to fill in: {phrase.text!r}, {said!r}"


def fields(text: str) -> set[str]:
    """Return the names of the values a text is filled in with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _phrase(message: Message) -> Phrase:
    return Phrase(str(message.id), message.context or "")


def main() -> int:
    """Write every catalogue again; return 1 when a text has no translation."""
    parser = argparse.ArgumentParser(prog="make texts")
    parser.add_argument("--new", metavar="CODE", help="begin the catalogue of a language")
    args = parser.parse_args()
    texts, wrong = in_code(), 0
    paths = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    catalogues = {path: read(path) for path in paths}
    if args.new:
        path = path_of(args.new)
        try:
            catalogues.setdefault(path, Catalog(locale=Locale.parse(args.new), domain=DOMAIN))
        except (UnknownLocaleError, ValueError) as error:
            parser.error(f"{args.new}: {error}")
    for path, old in catalogues.items():
        new = updated(old, texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(new))
        path.with_suffix(".mo").write_bytes(as_mo(new))
        for fault in faults(new):
            sys.stdout.write(f"{path.relative_to(ROOT)}: {fault}\n")
            wrong += 1
    sys.stdout.write(f"{len(texts)} texts, {len(catalogues)} catalogues beside English\n")
    return min(1, wrong)


if __name__ == "__main__":
    sys.exit(main())
