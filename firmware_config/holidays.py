"""The holidays file a hall names: days it is closed, and why. PURE.

One section, `[holiday]`; a key is a date, its value the day's name in each language of the hall:
`2026-08-17 = { id = "Hari Kemerdekaan", en = "Independence Day" }`. [hall] dates win over it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from firmware_config.faults import Fault, choose, key_of, show

SECTION = "holiday"

NAME_MAX = 120
"""Characters, as of every text of a hall file."""

Holidays = dict[dt.date, dict[str, str]]
"""Closed days in order; their names by language code."""


def parse_holidays(
    tables: Mapping[str, object], languages: Iterable[str]
) -> tuple[Holidays, list[Fault]]:
    """Return the closed days, and all that is wrong with the file.

    The keys of the faults are the file's own, e.g. `holiday.2026-02-30`.
    """
    faults = [
        Fault(key_of(name), "there is no such section", choose(name, [SECTION]))
        for name in tables
        if name != SECTION
    ]
    days = tables.get(SECTION, {})
    if not isinstance(days, dict):
        mend = f"write [{SECTION}] once, and the dates under it"
        return {}, [*faults, Fault(SECTION, f"{show(days)} is no section", mend)]
    found: Holidays = {}
    for entry, names in days.items():
        day, wrong = _day(entry), list(_wrong_names(entry, names, languages))
        if day is None:
            mend = "write a date that exists, year first: 2026-12-25"
            wrong.insert(0, Fault(_at(entry), f"{show(entry)} is no date", mend))
        elif not wrong:
            found[day] = dict(names)
        faults += wrong
    return dict(sorted(found.items())), faults


def _at(entry: str) -> str:
    return f"{SECTION}.{key_of(entry)}"


def _day(entry: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(entry)
    except ValueError:
        return None
    # Python 3.11 reads 20261225 and 2026-W52-5 too.
    return day if day.isoformat() == entry else None


def _wrong_names(entry: str, names: object, languages: Iterable[str]) -> Iterable[Fault]:
    if not isinstance(names, dict):
        mend = 'write its name in each language: { id = "...", en = "..." }'
        yield Fault(_at(entry), f"{show(names)} is no name", mend)
        return
    for language, text in names.items():
        if not isinstance(text, str) or not 0 < len(text) <= NAME_MAX:
            mend = f"write a text of 1 to {NAME_MAX} characters in quotes"
            yield Fault(f"{_at(entry)}.{key_of(language)}", f"{show(text)} is no name", mend)
    for language in languages:
        if language not in names:
            mend = f'add {language} = "..." to it'
            yield Fault(_at(entry), f"the name in {show(language)} is missing", mend)
