"""PURE: what a board knows of its hall before anything has happened: counters, agencies, hours."""

from datetime import tzinfo
from typing import NamedTuple

from msgspec import Struct

from broker.hall.calendar import Calendar
from broker.hall.setup import Setup
from displays.phrases import known


class Place(NamedTuple):
    """A counter as the board speaks of it; `direction` is empty unless the board is in its zone."""

    where: str = ""
    direction: str = ""


class Mark(NamedTuple):
    """An agency's name and colour, and the prefix of its numbers."""

    name: str
    colour: str
    series: str


class BoardSetup(Struct, frozen=True, kw_only=True):
    """What a board knows of its hall.

    Attributes:
        counters: Those whose calls it shows, by number.
        is_open_to_all: No zone: calls to a counter it does not know are shown too.
        marks: By service id.
        agencies: Those of its services.
        calendar: When they are open; None = always.
        languages: Of the catalogue, the main one first.
    """

    name: str
    timezone: tzinfo
    counters: dict[int, Place]
    is_open_to_all: bool
    marks: dict[str, Mark]
    agencies: tuple[str, ...]
    calendar: Calendar | None
    languages: tuple[str, ...]


def board_setup(setup: Setup, *, timezone: tzinfo, zone: str | None = None) -> BoardSetup:
    """Return the hall as a board of this zone knows it; without a zone it shows every counter."""
    main = known(setup.languages)[0]
    places = {
        counter.id: Place(
            where=(counter.where or {}).get(main, ""),
            direction=(counter.direction or "") if counter.zone == zone else "",
        )
        for counter in setup.counters.values()
        if zone is None or counter.zone == zone
    }
    marks = {
        service.id: Mark(agency.short, agency.colour, setup.series[service.id])
        for service in setup.services.values()
        for agency in [setup.agencies[service.agency]]
    }
    served = {
        service
        for counter in setup.counters.values()
        if counter.id in places
        for service in counter.serves
    }
    shown = marks if zone is None else {id_: marks[id_] for id_ in marks if id_ in served}
    return BoardSetup(
        name=setup.name,
        timezone=timezone,
        counters=places,
        is_open_to_all=zone is None,
        marks=shown,
        agencies=tuple(dict.fromkeys(setup.services[id_].agency for id_ in shown)),
        calendar=setup.calendar,
        languages=known(setup.languages),
    )
