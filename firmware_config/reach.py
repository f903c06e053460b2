"""What must hold so that people are reached: services asked for, calls seen, signs read. PURE."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from firmware_config.buttons import service_of_button
from firmware_config.faults import Fault, listed, show
from firmware_config.hours import parse_week
from firmware_config.parse import Draft, Placed
from firmware_config.schema import BoardNode, KioskNode, Node, SignNode

if TYPE_CHECKING:
    from broker.hall.calendar import Week

SEVEN_SEGMENT = frozenset("ABCDEFGHJLNPRTUY")
"""The letters of a series that seven segments can draw, some as small ones (b, d, n, r, t)."""

SIGN_CHARACTERS = 4
"""Of the digits on I2C (HT16K33): a letter and three digits."""

DIGITS = 3


def reach_faults(draft: Draft) -> list[Fault]:
    """Return all faults that keep a visitor from a ticket, or a call from the visitor."""
    return [
        *_not_given_out(draft),
        *_boards(draft),
        *_voices(draft),
        *_signs(draft),
        *_cutoffs(draft),
    ]


def _not_given_out(draft: Draft) -> Iterator[Fault]:
    """Yield services no kiosk gives out: neither by a button, nor by their agency's general one."""
    kiosks = [placed for placed in draft.nodes if isinstance(placed.value, KioskNode)]
    if not kiosks or draft.dropped & {"agency", "service", "node"}:
        return
    agencies = tuple(placed.value for placed in draft.agencies)
    services = tuple(placed.value for placed in draft.services)
    unread = any(placed.bad & {"buttons", "screen"} for placed in kiosks)
    unread |= any(placed.bad & {"general", "series"} for placed in draft.agencies)
    unread |= any(placed.bad & {"agency", "series"} for placed in draft.services)
    pressed: set[str | None] = set()
    for placed in kiosks:
        if not isinstance(placed.value, KioskNode) or placed.value.screen or unread:
            return
        pressed |= {service_of_button(name, agencies, services) for name in placed.value.buttons}
    general = {agency.id: agency.general for agency in agencies}
    for service in draft.services:
        ways = {service.value.id, general.get(service.value.agency)} - {None}
        if not ways & pressed:
            mend = f"add a button {service.value.id} to a kiosk, or one of its agency"
            yield from service.faults("id", "no kiosk gives it out", mend)


def _boards(draft: Draft) -> Iterator[Fault]:
    """Yield boards without a call to show, and counters whose calls no board shows."""
    boards = [placed for placed in draft.nodes if isinstance(placed.value, BoardNode)]
    if draft.dropped & {"node", "counter", "zone"} or _has_unread_zone(draft, boards):
        return
    known = draft.ids["zone"]
    repeats = {placed.value.id: placed.value.repeat_in for placed in draft.zones}
    called_in: set[str] = set()
    for counter in draft.counters:
        if counter.value.zone is not None:
            called_in |= {counter.value.zone, *repeats.get(counter.value.zone, ())}
    shown: set[str] = set()
    shows_all = not boards
    for board in boards:
        zone = board.value.zone if isinstance(board.value, BoardNode) else None
        shows_all |= zone is None
        shown |= {zone} if zone is not None else set()
        if zone is not None and zone in known and zone not in called_in:
            mend = "give a counter this zone, or the board another"
            yield from board.faults("zone", f"no counter is in zone {show(zone)}", mend)
    if not shows_all:
        yield from _unseen(draft, shown, repeats)


def _voices(draft: Draft) -> Iterator[Fault]:
    """Yield boards that say what another says: both would speak at once."""
    first: dict[str | None, str] = {}
    for placed in draft.nodes:
        board = placed.value
        if not isinstance(board, BoardNode) or not board.voice or "zone" in placed.bad:
            continue
        if board.zone in first:
            what = f"{first[board.zone]} says the same calls"
            mend = "let one of them be silent: voice = false"
            yield from placed.faults("voice", what, mend)
        first.setdefault(board.zone, placed.key)


def _unseen(
    draft: Draft, shown: set[str], repeats: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    """Yield zones, and counters of no zone, whose calls no board shows."""
    called = {counter.value.zone for counter in draft.counters}
    for zone in draft.zones:
        if zone.value.id in called and not {zone.value.id, *repeats[zone.value.id]} & shown:
            mend = "give a board this zone, or leave the zone of a board out: it shows all calls"
            yield from zone.faults("id", "no board shows its calls", mend)
    for counter in draft.counters:
        if counter.value.zone is None:
            mend = f"give it the zone of a board: {listed(sorted(shown), last='or')}"
            yield from counter.faults("zone", "no board shows its calls", mend)


def _has_unread_zone(draft: Draft, boards: list[Placed[Node]]) -> bool:
    return (
        any("zone" in placed.bad for placed in boards)
        or any("zone" in placed.bad for placed in draft.counters)
        or any("repeat_in" in placed.bad for placed in draft.zones)
    )


def _signs(draft: Draft) -> Iterator[Fault]:
    """Yield series that a sign of digits can't show; a sign on HDMI shows all."""
    agencies = {placed.value.id: placed.value.series for placed in draft.agencies}
    series = {
        placed.value.id: placed.value.series or agencies.get(placed.value.agency)
        for placed in draft.services
    }
    serves = {placed.value.id: placed.value.serves for placed in draft.counters}
    for placed in draft.nodes:
        sign = placed.value
        if not isinstance(sign, SignNode) or not sign.has_digits:
            continue
        chip = "i2c" if sign.i2c is not None else "tm1637"
        if sign.i2c is not None and sign.tm1637 is not None:
            yield from placed.faults("tm1637", "it has digits on I2C already", "leave one out")
        if len(sign.counters) > 1:
            what = "four digits show one counter"
            yield from placed.faults("counters", what, "name one, or use a sign on HDMI")
        shown = {series.get(each) for number in sign.counters for each in serves.get(number, ())}
        for prefix in sorted(filter(None, shown)):
            mend = f"use a sign on HDMI (leave {chip} out), or give the service another series"
            if len(prefix) + DIGITS > SIGN_CHARACTERS:
                what = f"its {SIGN_CHARACTERS} characters are too few for {prefix}001"
                yield from placed.faults(chip, what, mend)
            elif prefix not in SEVEN_SEGMENT:
                what = f"digits of seven segments can't show the series {prefix}"
                yield from placed.faults(chip, what, mend)


def _cutoffs(draft: Draft) -> Iterator[Fault]:
    """Yield services that close before they open: a cut-off as long as every opening day."""
    hall = draft.hall
    hall_week = parse_week(hall.value.open)[0] if hall and "open" not in hall.bad else {}
    weeks: dict[str, Week] = {}
    for agency in draft.agencies:
        own = agency.value.open
        weeks[agency.value.id] = hall_week if own is None else parse_week(own)[0]
        if "open" in agency.bad:
            weeks[agency.value.id] = {}
    for service in draft.services:
        days = weeks.get(service.value.agency, {}).values()
        longest_min = max((spans[-1].end_min - spans[0].start_min for spans in days), default=None)
        if longest_min is not None and service.value.cutoff_min >= longest_min:
            what = f"{service.value.cutoff_min} minutes before closing is before opening every day"
            mend = f"write fewer than {longest_min}, the minutes of its longest day"
            yield from service.faults("cutoff_min", what, mend)
