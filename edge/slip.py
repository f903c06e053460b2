"""PURE: what a slip says: one visit's numbers, as values and as lines of text.

One person's visit of one to four tickets is one slip. What it looks like on paper is in
`slip_layout`; these lines are what a panel and the file `slip.txt` show.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from broker.hall.setup import Setup
from broker.hall.stamps import is_date
from edge import phrases
from firmware_config.texts import MAIN

WIDTH = 32
"""Characters in a line, as on 58 mm paper."""

RULE = "=" * WIDTH


class SlipTicket(NamedTuple):
    """One number on a slip.

    Attributes:
        where: The zone of its counters; empty when they are in several, or in none.
        ahead: People who wait for this service before this one; None when not known. Not a
            place in line: its counters may serve other services first.
    """

    number: str
    service: str
    agency: str
    where: str = ""
    ahead: int | None = None
    is_priority: bool = False


class Slip(NamedTuple):
    """The words on one slip.

    Attributes:
        tickets: Those of one visit, at least one.
        at_ms: UTC, when they were issued; 0 = nobody knows. No time of an unknown date is printed.
        language: Of `phrases.languages()`.
        is_copy: Printed once more for the same visit; it is said, so that nobody has two numbers.
        is_offline: Made without the hub: its calls go by time of issue.
        qr: What its QR code says; empty for no code.
        ssid: Of the Wi-Fi a phone joins before it scans that; empty for none.
    """

    hall: str
    tickets: tuple[SlipTicket, ...]
    at_ms: int
    language: str = MAIN
    is_copy: bool = False
    is_offline: bool = False
    qr: str = ""
    ssid: str = ""


def slip_ticket(
    setup: Setup, service: str, *, number: str, language: str, ahead: int | None = None
) -> SlipTicket:
    """Return one number with the names the hall has for its service.

    An answer for a service that has left the hall file since must not stop a kiosk: it is named by
    its id.
    """
    found = setup.services.get(service)
    zones = {counter.zone for counter in setup.counters.values() if service in counter.serves}
    zone = setup.zones.get(zones.pop() or "") if len(zones) == 1 else None
    return SlipTicket(
        number=number,
        service=_name(found.name, language) if found else service,
        agency=setup.agencies[found.agency].name if found else "",
        where=_name(zone.name, language) if zone else "",
        ahead=ahead,
    )


def slip_text(slip: Slip, zone: tzinfo) -> str:
    """Return the slip as lines of at most `WIDTH` characters, each centred.

    Each number stands alone on its line, as it is shown everywhere else (`A007`).
    """
    lines = [phrases.say(phrases.COPY, slip.language)] if slip.is_copy else []
    lines.append(slip.hall)
    for ticket in slip.tickets:
        lines += [ticket.agency, RULE, phrases.say(phrases.TITLE, slip.language)]
        lines += [" ", ticket.number, " ", RULE, ticket.service, ticket.where]
        if ticket.is_priority:
            lines.append(phrases.say(phrases.PRIORITY, slip.language))
        lines.append(ahead_line(ticket, slip.language))
    lines += [when_line(slip, zone), *note_lines(slip)]
    lines = [part for line in lines if line for part in _wrap(line)]
    return "".join(line.center(WIDTH).rstrip() + "\n" for line in lines)


def note_lines(slip: Slip) -> list[str]:
    """Return what to know about the whole slip."""
    count = len(slip.tickets)
    notes = [phrases.say(phrases.SEVERAL, slip.language, count=count)] if count > 1 else []
    offline = (phrases.OFFLINE,) if slip.is_offline else ()
    texts = (*offline, phrases.KEEP, phrases.MISSED)
    return [*notes, *(phrases.say(text, slip.language) for text in texts)]


def when_line(slip: Slip, zone: tzinfo) -> str:
    """Return when its tickets were issued, in the hall's time; empty while the date is unknown."""
    if not is_date(slip.at_ms):
        return ""
    at = datetime.fromtimestamp(slip.at_ms / 1000, tz=zone)
    return f"{phrases.say_day(at, slip.language)} {phrases.say_time(at)}"


def ahead_line(ticket: SlipTicket, language: str) -> str:
    """Return how many wait for the service; empty when not known."""
    if ticket.ahead is None:
        return ""
    text = phrases.AHEAD if ticket.ahead else phrases.NOBODY_AHEAD
    return phrases.say(text, language, ahead=ticket.ahead)


def _name(names: Mapping[str, str], language: str) -> str:
    return names[language] if language in names else next(iter(names.values()), "")


def _wrap(text: str) -> list[str]:
    """Return the text in lines that fit; a word that doesn't is cut."""
    if len(text) <= WIDTH:
        return [text]
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += " " + word
        else:
            parts = [word[i : i + WIDTH] for i in range(0, len(word), WIDTH)]
            lines[-1:] = [lines[-1], *parts] if lines[-1] else parts
    return lines
