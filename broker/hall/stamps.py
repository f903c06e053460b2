"""The short values that say which, where, when and why in rows and snapshots, each with its bounds.

A snapshot with one out of its bounds is refused as a whole where it is read, so that what shows it
(a board, a lamp, a page) never meets a text it can't paint or an instant no calendar has.
"""

from typing import Annotated, Literal

from msgspec import Meta

# `$` would let a line end pass.
Generation = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,8}-[0-9a-f]{8}\Z")]
"""`n-hex`: which journal, compared by n (DESIGN §5.9)."""

Position = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A row of the journal, or a count that grows like one. Above it, JavaScript rounds."""

AtMs = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]
"""UTC milliseconds from 1970, where a machine without a clock chip starts, to 2100."""

Day = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
"""An ISO date; empty before the first day was opened."""

CallId = Annotated[str, Meta(min_length=1, max_length=64)]
"""Origin of the command that called; at most as long as what `seen` may say."""

Repeat = Annotated[int, Meta(ge=1, le=9999)]
"""1 for the first call, 2 for the first recall, ..."""

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""How many tickets."""

DisruptedBy = Literal["system_down", "no_staff", "no_material", "other"]
"""Why a service takes no tickets for a while."""

REAL_MS = 1_767_225_600_000
"""2026-01-01, before which no hall ran Loket: an earlier stamp is none of a date."""


def is_date(at_ms: int) -> bool:
    """Return whether a stamp of the hub is of a known date, so that it may be shown as a time.

    A hall that has never known the time stamps from 1970 on.
    """
    return at_ms >= REAL_MS


def time_to_print_ms(
    *, heard_ms: int, heard_s: float, now_s: float, date_known: bool
) -> int | None:
    """Return the time for a slip a kiosk makes without the hub; None: print none.

    A node's own wall clock is never asked: a Pi without a clock chip has none that is right. What
    the hub said last goes on by the monotonic clock.

    Args:
        heard_ms: `at_ms` of the newest live `state/hub`, 0 when none was heard in this boot.
        heard_s: Monotonic clock when it was heard.
        now_s: Monotonic clock.
        date_known: Of that `state/hub`.
    """
    if not date_known or not is_date(heard_ms):
        return None
    return heard_ms + round((now_s - heard_s) * 1000)
