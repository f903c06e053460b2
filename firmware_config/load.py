"""Read a hall file, and the holidays beside it, from disk.

The only IO of the checks; the rest of this package is pure.
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from broker.hall.calendar import Calendar
from firmware_config.faults import Fault, show
from firmware_config.holidays import Holidays, parse_holidays
from firmware_config.hours import calendar_of
from firmware_config.parse import Draft, parse_hall
from firmware_config.reach import reach_faults
from firmware_config.roles import role_faults
from firmware_config.rules import hall_faults
from firmware_config.schema import HallFile
from firmware_config.texts import languages
from firmware_config.wiring import wiring_faults

FILE_MAX = 1_000_000
"""Bytes. A hall of 121 services and 47 nodes needs 78 KB."""

WHOLE_FILE = "file"
"""The key of a fault that belongs to no part of the file."""

CURLY_QUOTES = "\u201c\u201d\u201e\u2018\u2019"

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class HallFileError(Exception):
    """A hall file that can't be used; as text, a line for each fault.

    Attributes:
        faults: All of them.
    """

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = faults


class Examined(NamedTuple):
    """A hall file and what is wrong with it.

    Attributes:
        file: None when there is any fault.
        draft: What could be read; None when not even TOML could be.
    """

    file: HallFile | None
    draft: Draft | None
    faults: tuple[Fault, ...]


def load_hall(path: Path) -> HallFile:
    """Return a hall file that passed every check.

    Raises:
        HallFileError: It can't be read, or has faults; it names all of them.
    """
    examined = examine(path)
    if examined.file is None:
        raise HallFileError(path, examined.faults)
    return examined.file


def examine(path: Path) -> Examined:
    """Return what a hall file holds and all its faults; never raises for what is in it."""
    tables = _read_tables(path)
    if isinstance(tables, Fault):
        return Examined(None, None, (tables,))
    examined = examine_tables(tables)
    if faults := _holiday_faults(path, examined.draft):
        return Examined(None, examined.draft, (*examined.faults, *faults))
    return examined


def load_holidays(path: Path, file: HallFile) -> Holidays:
    """Return the days the hall at `path` is closed, none when it names no holidays file.

    Raises:
        HallFileError: The holidays file can't be read, or has faults; it names all of them.
    """
    tables = {} if file.hall.holidays is None else _read_tables(path.parent / file.hall.holidays)
    if isinstance(tables, Fault):
        raise HallFileError(path.parent / (file.hall.holidays or ""), (tables,))
    holidays, faults = parse_holidays(tables, file.hall.languages)
    if faults:
        raise HallFileError(path.parent / (file.hall.holidays or ""), tuple(faults))
    return holidays


def load_calendar(path: Path, file: HallFile) -> Calendar:
    """Return the opening hours of the hall at `path`.

    Raises:
        HallFileError: Its holidays file can't be read, or has faults; it names all of them.
    """
    holidays = load_holidays(path, file)
    return calendar_of(file.hall, file.agencies, holidays, ZoneInfo(file.hall.timezone))


def examine_tables(tables: dict[str, object]) -> Examined:
    """Return what the tables of a hall file hold and all their faults."""
    draft, faults = parse_hall(tables)
    faults += [*hall_faults(draft, is_timezone, languages()), *role_faults(draft)]
    faults += [*reach_faults(draft), *wiring_faults(draft)]
    if faults:
        return Examined(None, draft, tuple(faults))
    return Examined(msgspec.convert(tables, HallFile), draft, ())


def _holiday_faults(path: Path, draft: Draft | None) -> tuple[Fault, ...]:
    """Return what is wrong with the holidays file; its own faults are named after it."""
    if draft is None or draft.hall is None or draft.hall.value.holidays is None:
        return ()
    name, languages = draft.hall.value.holidays, draft.hall.value.languages
    if not (path.parent / name).is_file():
        what = f"there is no file {show(name)} beside this one"
        return draft.hall.faults("holidays", what, "put it there, or leave the key out")
    tables = _read_tables(path.parent / name)
    faults = [tables] if isinstance(tables, Fault) else parse_holidays(tables, languages)[1]
    return tuple(fault._replace(key=f"{show(name)[1:-1]}: {fault.key}") for fault in faults)


def _read_tables(path: Path) -> dict[str, object] | Fault:
    text = _read_text(path)
    if isinstance(text, Fault):
        return text
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _syntax_fault(str(error), text)
    except RecursionError:
        return Fault(WHOLE_FILE, "lists or tables are nested too deep", "write them flat")
    except ValueError as error:
        # Python refuses to read numbers of thousands of digits.
        return Fault(WHOLE_FILE, f"it is no TOML: {error}", "write a number that makes sense")


def _read_text(path: Path) -> str | Fault:
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_MAX + 1)
    except FileNotFoundError:
        return Fault(WHOLE_FILE, "there is no such file", "check the path")
    except IsADirectoryError:
        return Fault(WHOLE_FILE, "it is a folder", "name the hall file in it")
    except OSError as error:
        mend = "check the path, and who may read the file"
        return Fault(WHOLE_FILE, f"it can't be read ({error.strerror})", mend)
    if len(raw) > FILE_MAX:
        mend = "a hall file is a text of some kilobytes: is this the right file?"
        return Fault(WHOLE_FILE, f"it is larger than {FILE_MAX} bytes", mend)
    try:
        # Windows' Notepad puts a byte order mark in front.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Fault(f"line {line}", "it is not UTF-8 text", "save the file with encoding UTF-8")


def _syntax_fault(message: str, text: str) -> Fault:
    match = _PLACE.search(message)
    what = f"it is no TOML: {message[: match.start()] if match else message}"
    if match and match[1]:
        line = text.split("\n")[int(match[1]) - 1]
        if curly := next((each for each in line if each in CURLY_QUOTES), None):
            # Word processors and chat programs turn straight quotes into these.
            what = f"it has the curly quote {curly}"
            mend = 'write the straight quote " (save the file with a text editor)'
            return Fault(f"line {match[1]}, column {line.index(curly) + 1}", what, mend)
        return Fault(f"line {match[1]}, column {match[2]}", what, "mend that line")
    return Fault(WHOLE_FILE, what, "mend the end of the file")


def is_timezone(name: str) -> bool:
    """Return whether this machine knows the time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An odd name ("../x") is a ValueError, a folder's name ("Asia") an OSError.
        return False
    return True
