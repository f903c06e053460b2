"""A hall whose clock is wrong, as real processes: 1970, the network's step, ten years ahead."""

import contextlib
import time
from functools import partial
from pathlib import Path

import pytest

from tests.real.hall import RunningHall, reading, running_hall, until
from tests.real.oracle import invented, lost, skipped, twice

LIBRARY = "libfaketimeMT.so.1"
TEN_YEARS_S = 10 * 365 * 86_400

TRIES = 3

JUMPS = ("+3600", "-86400", f"-{int(time.time()) - 600}", f"+{TEN_YEARS_S}", "+0")
"""What the wall clock is put to, one after the other, in seconds from the right time."""


def beat(hall: RunningHall, *, date_known: bool, after_ms: int = 0) -> bool:
    """Return whether the newest heartbeat says so, with a later stamp."""
    state = hall.listener.newest.get("state/hub", {})
    return state.get("date_known", True) is date_known and state.get("at_ms", 0) > after_ms


def printed(hall: RunningHall, kiosk: str, count: int) -> list[str]:
    """Wait for so many slips; return their numbers in order."""
    until(lambda: len(hall.slips(kiosk)) == count, f"{count} slips")
    return sorted(hall.slips(kiosk))


def set_offset(offset: Path, text: str) -> None:
    """Have the clocks jump: at once, for a process that meets half a file ends."""
    new = offset.with_suffix(".new")
    new.write_text(f"{text}\n")
    new.replace(offset)


@pytest.fixture
def offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that says how wrong the clocks of a hall's processes are; right at first."""
    file = tmp_path / "offset"
    set_offset(file, "+0")
    libraries = sorted(Path("/usr/lib").glob(f"**/{LIBRARY}"))
    assert libraries, f"faketime is here and {LIBRARY} is not"
    # For the processes of the hall: this one has begun without it.
    monkeypatch.setenv("LD_PRELOAD", str(libraries[0]))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(file))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    return file


def take_one(hall: RunningHall, kiosk: str, button: str) -> None:
    """Press, and again as a person does, until a slip more is out.

    A press that was not answered in time may have been taken all the same.
    """
    before = len(hall.slips(kiosk))
    for _ in range(TRIES):
        hall.press(kiosk, button)
        with contextlib.suppress(AssertionError):
            until(lambda: len(hall.slips(kiosk)) > before, "one slip more")
            return
    raise AssertionError(f"{TRIES} presses, no slip more than {before}")


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
@pytest.mark.needs("faketime")
def test_a_hall_whose_clock_is_wrong_gives_numbers_and_expires_nobody(
    tmp_path: Path, offset: Path
) -> None:
    """It starts in 1970; the network sets the clock; then the clock is ten years ahead."""
    set_offset(offset, f"-{int(time.time()) - 600}")
    with running_hall(data=tmp_path / "data", broker="mosquitto") as hall:
        panel = hall.panel()
        kiosk, buttons = next((i, n["services"]) for i, n in panel.items() if n["role"] == "kiosk")
        button = next(iter(buttons))
        until(partial(beat, hall, date_known=False), "a heartbeat without a date")
        queue = hall.listener.newest.get
        until(lambda: queue("state/queue", {}).get("day") == "", "a queue without a date")
        assert hall.press(kiosk, button)
        assert hall.press(kiosk, button)
        first = printed(hall, kiosk, 2)

        set_offset(offset, "+0")
        until(partial(beat, hall, date_known=True, after_ms=1_767_225_600_000), "the date")
        assert hall.press(kiosk, button)
        second = printed(hall, kiosk, 3)

        set_offset(offset, f"+{TEN_YEARS_S}")
        until(partial(beat, hall, date_known=False), "a heartbeat that doubts the date")
        assert hall.press(kiosk, button)
        third = printed(hall, kiosk, 4)
        rows = hall.journal()
        stamp_ms = hall.listener.newest["state/hub"]["at_ms"]

    letter = first[0][0]
    assert third == [f"{letter}00{n}" for n in range(1, 5)]
    assert (second, first) == (third[:3], third[:2])
    events = [event for row in rows for event in row.events]
    assert not [event for event in events if event["type"] == "ticket_closed"]
    types = [e["type"] for e in events if e["type"] in {"day_opened", "day_dated", "date_doubted"}]
    assert types == ["day_opened", "day_dated", "date_doubted"]
    assert abs(stamp_ms / 1000 - time.time()) < 60


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
@pytest.mark.needs("faketime")
def test_a_clock_that_jumps_under_a_running_hall_loses_and_repeats_nothing(
    tmp_path: Path, offset: Path
) -> None:
    """An hour on, a day back, 1970, ten years on: numbers go on, stamps never go back."""
    with running_hall(data=tmp_path / "data", broker="mosquitto") as hall:
        panel = hall.panel()
        kiosk, buttons = next((i, n["services"]) for i, n in panel.items() if n["role"] == "kiosk")
        button = next(iter(buttons))
        take_one(hall, kiosk, button)
        for jump in JUMPS:
            set_offset(offset, jump)
            take_one(hall, kiosk, button)
        until(partial(hall.is_settled, kiosk), "every row has its result")
        with reading(hall.data / "hub" / "journal.db") as db:
            stamps = [at_ms for (at_ms,) in db.execute("SELECT at_ms FROM rows ORDER BY pos")]
        rows, kept, slips = hall.journal(), {kiosk: hall.outbox(kiosk)}, hall.slips(kiosk)

    assert len(set(slips)) == len(slips) > len(JUMPS)
    assert stamps == sorted(stamps)
    assert [*lost(rows, kept), *invented(rows, kept), *twice(rows), *skipped(rows)] == []
    events = [event for row in rows for event in row.events]
    assert not [event for event in events if event["type"] == "ticket_closed"]
