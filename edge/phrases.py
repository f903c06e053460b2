"""PURE: the one catalogue of all texts people read on paper, in every language it knows.

A text is changed here and nowhere else. What a board says is in the displays' own catalogue.
"""

from datetime import datetime
from typing import NamedTuple


class Phrase(NamedTuple):
    """One text in every language; a language more is a field more, so none can be forgotten."""

    id: str
    en: str


TITLE = Phrase(id="NOMOR ANTREAN", en="QUEUE NUMBER")
# Who waits for the service, not a place in line: its counters may serve other services first.
AHEAD = Phrase(id="Menunggu layanan ini: {ahead} orang", en="Waiting for this service: {ahead}")
NOBODY_AHEAD = Phrase(id="Belum ada antrean layanan ini", en="Nobody is waiting for this service")
PRIORITY = Phrase(id="PRIORITAS", en="PRIORITY")
COPY = Phrase(id="SALINAN", en="COPY")
SEVERAL = Phrase(
    id="Satu slip untuk {count} layanan: nomor mana pun dapat dipanggil dulu",
    en="One slip for {count} services: any of the numbers may be called first",
)
OFFLINE = Phrase(
    id="Sambungan sedang terputus. Nomor ini berlaku; panggilan menurut jam ambil nomor.",
    en="The connection is down. This number is valid; calls go by time of issue.",
)
KEEP = Phrase(id="Simpan nomor ini sampai dipanggil", en="Keep this number until it is called")
MISSED = Phrase(
    id="Nomor terlewat? Lapor ke meja informasi.",
    en="Missed your call? Ask at the information desk.",
)
SCAN = Phrase(id="Pindai kode ini dengan ponsel", en="Scan this code with your phone")

SHEET_SERVICE = Phrase(id="Layanan", en="Service")
SHEET_TIME = Phrase(id="Jam", en="Time")
SHEET_KEEP = Phrase(
    id="Simpan nomor ini. Petugas memanggilnya.", en="Keep this number. The staff will call it."
)

LANGUAGES = Phrase._fields
"""The catalogue's languages; the first one stands for a language it does not know."""

_DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def known(language: str) -> str:
    """Return the language, or the first of the catalogue's when it has no texts in it."""
    return language if language in LANGUAGES else LANGUAGES[0]


def say(phrase: Phrase, language: str, **values: object) -> str:
    """Return the text with its values filled in.

    Raises:
        AttributeError: A language that is not in `LANGUAGES`.
        KeyError: A value that was not given.
    """
    text: str = getattr(phrase, language)
    return text.format(**values)


def say_time(at: datetime) -> str:
    """Return a time as people here write it: `08.00 WIB`."""
    return f"{at:%H.%M} {at.tzname()}"


def say_day(at: datetime, language: str) -> str:
    """Return the day with its date: `Rabu 02-12-2026`."""
    return f"{_DAYS[language][at.weekday()]} {at:%d-%m-%Y}"
