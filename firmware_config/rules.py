"""What must hold between a hall's agencies, services, counters, zones and hours. PURE.

Each check takes the draft and yields faults; the checks of nodes are in `wiring.py`. A check is
silent about a field that has a fault already, and about ids whose item could not be read.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from broker.hall.calendar import Week
from firmware_config.faults import Fault, choose, key_of, listed, show
from firmware_config.hours import HoursError, outside, parse_clock, parse_spans, parse_week
from firmware_config.parse import Draft, Placed
from firmware_config.schema import KioskNode

COLOURS = ("blue", "orange", "green", "pink", "amber")
"""Agency colours that stay apart on a dark board (Okabe-Ito)."""


def hall_faults(
    draft: Draft, is_timezone: Callable[[str], bool], languages: tuple[str, ...]
) -> list[Fault]:
    """Return all faults between the sections of a hall, without its nodes.

    Args:
        languages: Those that have a catalogue of texts.
    """
    return [
        *_repeated_ids(draft),
        *_hall(draft, is_timezone, languages),
        *_agencies(draft),
        *_services(draft),
        *_unserved(draft),
        *_counters(draft),
        *_zones(draft),
        *_prefixes(draft),
        *_texts(draft, languages),
        *_hours(draft),
    ]


def unknown(
    placed: Placed[Any], path: str, said: object, section: str, draft: Draft
) -> tuple[Fault, ...]:
    """Return the fault of an id that no item of the section has."""
    ids = draft.ids[section]
    if said in ids:
        return ()
    # An id that could not be read may be anything; what is suggested is fit to be written.
    known = sorted(str(each) for each in ids if key_of(str(each)) == str(each))
    if not known:
        mend = f"add a [[{section}]] with that id"
    else:
        mend = f"{choose(said, known)} (or add a [[{section}]] with that id)"
    return placed.faults(path, f"there is no {section} {show(said)}", mend)


def _repeated_ids(draft: Draft) -> Iterator[Fault]:
    sections: tuple[tuple[Placed[Any], ...], ...] = (
        draft.agencies,
        draft.services,
        draft.counters,
        draft.zones,
        draft.nodes,
    )
    for section in sections:
        seen: dict[object, str] = {}
        for placed in section:
            first = seen.setdefault(placed.value.id, placed.key)
            if first != placed.key:
                what = f"{first} has the id {show(placed.value.id)} already"
                yield from placed.faults("id", what, "give one of them another id")


def _hall(
    draft: Draft, is_timezone: Callable[[str], bool], languages: tuple[str, ...]
) -> Iterator[Fault]:
    if draft.hall is None:
        return
    hall = draft.hall.value
    if not is_timezone(hall.timezone):
        mend = 'write "Asia/Jakarta" (WIB), "Asia/Makassar" (WITA) or "Asia/Jayapura" (WIT)'
        what = f"{show(hall.timezone)} is no time zone this machine knows"
        yield from draft.hall.faults("timezone", what, mend)
    for path, codes in (
        ("languages", hall.languages),
        ("voice_languages", hall.voice_languages),
    ):
        for place, code in enumerate(codes, start=1):
            at = f"{path}[{place}]"
            if code not in languages:
                mend = f"write {listed(map(show, languages), last='or')}"
                yield from draft.hall.faults(at, f"there are no texts in {show(code)}", mend)
            elif code in codes[: place - 1]:
                yield from draft.hall.faults(at, f"{show(code)} is said twice", "say it once")
    if hall.issue_from is not None and parse_clock(hall.issue_from) is None:
        what = f"{show(hall.issue_from)} is no time"
        yield from draft.hall.faults("issue_from", what, 'write a time like "07:30"')


def _agencies(draft: Draft) -> Iterator[Fault]:
    agency_of = {placed.value.id: placed.value.agency for placed in draft.services}
    for placed in draft.agencies:
        agency = placed.value
        if agency.colour not in COLOURS:
            mend = choose(agency.colour, COLOURS)
            yield from placed.faults("colour", f"{show(agency.colour)} is no colour here", mend)
        if agency.general is None:
            continue
        yield from unknown(placed, "general", agency.general, "service", draft)
        owner = agency_of.get(agency.general, agency.id)
        if owner != agency.id and owner in draft.ids["agency"]:
            what = f"the service {agency.general} is of agency {owner}"
            yield from placed.faults("general", what, f"name a service of {agency.id}")


def _services(draft: Draft) -> Iterator[Fault]:
    agencies = {placed.value.id: placed for placed in draft.agencies}
    for placed in draft.services:
        service = placed.value
        yield from unknown(placed, "agency", service.agency, "agency", draft)
        agency = agencies.get(service.agency)
        if service.series or agency is None or agency.value.series or "series" in agency.bad:
            continue
        what = f"neither the service nor its agency {service.agency} has a series"
        mend = 'add a letter for its numbers here or at the agency, e.g. series = "A"'
        yield from placed.faults("series", what, mend)


def _unserved(draft: Draft) -> Iterator[Fault]:
    if "counter" in draft.dropped or any("serves" in placed.bad for placed in draft.counters):
        return
    served = {service for placed in draft.counters for service in placed.value.serves}
    for placed in draft.services:
        if placed.value.id not in served:
            mend = f"add {show(placed.value.id)} to the serves of a [[counter]]"
            yield from placed.faults("id", "no counter serves it", mend)


def _counters(draft: Draft) -> Iterator[Fault]:
    for placed in draft.counters:
        counter = placed.value
        for place, service in enumerate(counter.serves, start=1):
            at = f"serves[{place}]"
            yield from unknown(placed, at, service, "service", draft)
            if service in counter.serves[: place - 1]:
                yield from placed.faults(at, f"{show(service)} is said twice", "say it once")
        if counter.zone is not None:
            yield from unknown(placed, "zone", counter.zone, "zone", draft)


def _zones(draft: Draft) -> Iterator[Fault]:
    for placed in draft.zones:
        for place, zone in enumerate(placed.value.repeat_in, start=1):
            at = f"repeat_in[{place}]"
            yield from unknown(placed, at, zone, "zone", draft)
            if zone == placed.value.id:
                yield from placed.faults(at, "it repeats its calls in itself", "name other zones")


def _prefixes(draft: Draft) -> Iterator[Fault]:
    """Yield clashes of number prefixes: only services of one agency may share one.

    After K999 comes K1000, so K beside a kiosk's own K1 would make K1001 twice.
    """
    owners: dict[str, str] = {}
    for placed, path, prefix, owner in _claims(draft):
        first = owners.setdefault(prefix, owner) if prefix else owner
        if first != owner:
            what = f"{show(prefix)} is the prefix of {first} already"
            yield from placed.faults(path, what, "give it a prefix of its own")
        shorter = owners.get(prefix[0]) if prefix and prefix[1:].isdigit() else None
        if prefix and shorter is not None:
            what = f"{prefix}001 is also the number {prefix[1:]}001 of {shorter} ({prefix[0]})"
            yield from placed.faults(path, what, "give it a letter of its own")


def _claims(draft: Draft) -> Iterator[tuple[Placed[Any], str, str | None, str]]:
    for agency in draft.agencies:
        yield agency, "series", agency.value.series, f"agency {agency.value.id}"
    for service in draft.services:
        yield service, "series", service.value.series, f"agency {service.value.agency}"
    if draft.hall is not None:
        yield draft.hall, "paper", draft.hall.value.paper, "the paper numbers in the drawer"
    for node in draft.nodes:
        if isinstance(node.value, KioskNode):
            yield node, "offline", node.value.offline, node.key


def _texts(draft: Draft, languages: tuple[str, ...]) -> Iterator[Fault]:
    """Yield texts that lack a language of the hall, or are in one it doesn't have."""
    if draft.hall is None or draft.hall.bad & {"languages", "voice_languages"}:
        return
    hall = draft.hall.value
    if not {*hall.languages, *hall.voice_languages} <= set(languages):
        return
    for placed, path, texts in _all_texts(draft):
        for language in hall.languages:
            if language not in texts:
                mend = f'add {language} = "..." to it'
                yield from placed.faults(path, f"the text in {show(language)} is missing", mend)
        for language in texts:
            if language not in {*hall.languages, *hall.voice_languages}:
                what = f"{show(language)} is not in the hall's languages"
                mend = f"add it to [hall] languages, or {choose(language, hall.languages)}"
                yield from placed.faults(f"{path}.{language}", what, mend)


def _all_texts(draft: Draft) -> Iterator[tuple[Placed[Any], str, Mapping[str, object]]]:
    for service in draft.services:
        yield service, "name", service.value.name
        for path, texts in (
            ("requires", service.value.requires),
            ("fee", service.value.fee),
            ("finish", service.value.finish),
        ):
            if isinstance(texts, dict):
                yield service, path, texts
    for zone in draft.zones:
        yield zone, "name", zone.value.name
    for counter in draft.counters:
        if counter.value.where is not None:
            yield counter, "where", counter.value.where


def _hours(draft: Draft) -> Iterator[Fault]:
    hall_open: Week | None = None
    if draft.hall is not None:
        hall = draft.hall.value
        week, errors = parse_week(hall.open)
        yield from _said(draft.hall, "open", errors)
        if not week and not errors:
            mend = 'write its hours, e.g. open = { mon-fri = "08:00-15:00" }'
            yield from draft.hall.faults("open", "the hall is never open", mend)
        hall_open = None if errors or "open" in draft.hall.bad else week
        yield from _breaks(draft.hall, hall.breaks, hall_open)
        yield from _dates(draft.hall, hall.dates)
    for placed in draft.agencies:
        hours = hall_open
        if placed.value.open is not None:
            hours, errors = parse_week(placed.value.open)
            yield from _said(placed, "open", errors)
            hours = None if errors or "open" in placed.bad else hours
        yield from _breaks(placed, placed.value.breaks or {}, hours)


def _said(placed: Placed[Any], path: str, errors: list[HoursError]) -> Iterator[Fault]:
    for error in errors:
        yield from placed.faults(f"{path}.{key_of(error.entry)}", error.what, error.mend)


def _breaks(placed: Placed[Any], breaks: Mapping[str, str], hours: Week | None) -> Iterator[Fault]:
    """Yield what is wrong with breaks; hours are None when they aren't known."""
    week, errors = parse_week(breaks)
    yield from _said(placed, "breaks", errors)
    if hours is None or errors or "open" in placed.bad:
        return
    days: dict[str, list[str]] = {}
    for day, rest in outside(week, hours):
        spans = listed(hours.get(day, ())) or "closed"
        what = f"the break {rest} is not inside the opening hours ({spans})"
        days.setdefault(what, []).append(day)
    for what, on in days.items():
        mend = "move it inside them, or leave that day out"
        yield from placed.faults("breaks", f"{what} on {listed(on)}", mend)


def _dates(placed: Placed[Any], dates: Mapping[str, str]) -> Iterator[Fault]:
    for entry, text in dates.items():
        at = f"dates.{key_of(entry)}"
        if not _is_date(entry):
            mend = 'write dates in quotes, year first: "2026-12-24"'
            yield from placed.faults(at, f"{show(entry)} is no date", mend)
            continue
        try:
            parse_spans(entry, text)
        except HoursError as error:
            yield from placed.faults(at, error.what, error.mend)


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
