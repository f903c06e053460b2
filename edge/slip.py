"""PURE: what a ticket's slip says, as lines of text. The printer's picture of it comes later."""

from datetime import datetime, tzinfo
from typing import NamedTuple

WIDTH = 32
"""Characters in a line, as on 58 mm paper."""

# Every word a visitor reads on paper.
TITLE = "NOMOR ANTREAN"
AHEAD = "Menunggu layanan ini: {ahead} orang"
NOBODY_AHEAD = "Belum ada antrean layanan ini"
KEEP = "Simpan nomor ini sampai dipanggil"


class Slip(NamedTuple):
    """The words on one slip.

    Attributes:
        at_ms: UTC, when the ticket was issued.
        ahead: People who wait for this service before this one; None when not known. Not a
            place in line: its counters may serve other services first.
    """

    hall: str
    agency: str
    service: str
    number: str
    at_ms: int
    ahead: int | None = None


def slip_text(slip: Slip, zone: tzinfo) -> str:
    """Return the slip as lines of at most `WIDTH` characters, each centred.

    The number stands alone on its line, as it is shown everywhere else (`A007`).
    """
    at = datetime.fromtimestamp(slip.at_ms / 1000, tz=zone)
    lines = [*_wrap(slip.hall), *_wrap(slip.agency), "=" * WIDTH, TITLE, "", slip.number, ""]
    lines += ["=" * WIDTH, *_wrap(slip.service)]
    if slip.ahead is not None:
        lines.append(AHEAD.format(ahead=slip.ahead) if slip.ahead else NOBODY_AHEAD)
    lines += [f"{at:%d-%m-%Y}  {clock_text(at)}", *_wrap(KEEP)]
    return "".join(line.center(WIDTH).rstrip() + "\n" for line in lines)


def clock_text(at: datetime) -> str:
    """Return a time as people here write it: `08.00 WIB`."""
    return f"{at:%H.%M} {at.tzname()}"


def _wrap(text: str) -> list[str]:
    """Return the text in lines that fit; a word that doesn't is cut."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += " " + word
        else:
            parts = [word[i : i + WIDTH] for i in range(0, len(word), WIDTH)]
            lines[-1:] = [lines[-1], *parts] if lines[-1] else parts
    return lines
