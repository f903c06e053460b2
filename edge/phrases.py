"""Every text people read on paper, as it stands in English: the catalogues' keys.

A text is changed here, and its other languages in `firmware_config/locale` (`make texts` says what
is to be translated). What a board says is in `displays/phrases.py`.
"""

from datetime import datetime

from firmware_config import texts

Phrase = texts.Phrase
say = texts.say
languages = texts.languages

TITLE = Phrase("QUEUE NUMBER")
# Who waits for the service, not a place in line: its counters may serve other services first.
AHEAD = Phrase("Waiting for this service: {ahead}")
NOBODY_AHEAD = Phrase("Nobody is waiting for this service")
PRIORITY = Phrase("PRIORITY")
COPY = Phrase("COPY")
SEVERAL = Phrase("One slip for {count} services: any of the numbers may be called first")
OFFLINE = Phrase("The connection is down. This number is valid; calls go by time of issue.")
KEEP = Phrase("Keep this number until it is called")
MISSED = Phrase("Missed your call? Ask at the information desk.")
JOIN = Phrase("Wi-Fi: {ssid} (no internet)")
SCAN = Phrase("Scan this code with your phone")

SHEET_SERVICE = Phrase("Service")
SHEET_TIME = Phrase("Time")
SHEET_KEEP = Phrase("Keep this number. The staff will call it.")


def known(language: str) -> str:
    """Return the language, or the first that has texts when it has none."""
    return texts.known([language])[0]


def say_time(at: datetime) -> str:
    """Return a time as people here write it: `08.00 WIB`."""
    return f"{at:%H.%M} {at.tzname()}"


def say_day(at: datetime, language: str) -> str:
    """Return the day with its date: `Rabu 02-12-2026`."""
    return f"{say(texts.WEEKDAYS[at.weekday()], language)} {at:%d-%m-%Y}"
