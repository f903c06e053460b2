"""What a hall consists of: agencies, services, counters. Read from hall.toml, fixed while running.

These are the shapes of `[[agency]]`, `[[service]]`, `[[counter]]` and `[[zone]]` in the hall file
too, so there is no second set of types; a type's `description` is what `loket check` says to write
instead. Checks across them belong to `firmware_config`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from broker.hall.calendar import Calendar

Id = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\Z",
        description="1 to 32 lower case letters, digits and dashes",
        examples=["ktp-el"],
    ),
]
"""Lower case letters, digits and dashes, 1-32 characters: it becomes a topic level and a folder."""

Series = Annotated[
    str,
    Meta(
        pattern=r"^[A-HJ-NPRT-WXY]{1,2}\Z",
        description="1 or 2 capital letters that can't be misread: no I, O, Q, S, Z",
        examples=["A"],
    ),
]
"""The prefix of a number. No I, O, Q, S, Z: they are misread as 1, 0, 0, 5, 2 (DESIGN §4)."""

CounterId = Annotated[
    int, Meta(ge=1, le=99, description="a counter's number, 1 to 99", examples=[3])
]

Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}\Z", description="a language code", examples=["id"])
]

Line = Annotated[
    str,
    Meta(min_length=1, max_length=120, description="a text of 1 to 120 characters in quotes"),
]

Text = Annotated[
    dict[Language, Line],
    Meta(
        description="one text for each language",
        examples=[{"id": "Perekaman KTP-el", "en": "ID card"}],
    ),
]

Lines = Annotated[
    dict[Language, tuple[Line, ...]],
    Meta(
        description="one list of texts for each language",
        examples=[{"id": ["KTP asli", "KK"], "en": ["ID card", "Family card"]}],
    ),
]

Days = Annotated[
    dict[str, str],
    Meta(
        description="hours by day or span of days",
        examples=[{"mon-thu": "08:00-15:00", "fri": "08:00-15:30"}],
    ),
]
"""Hours by day (`mon`) or span of days (`mon-thu`); parsed by `firmware_config.hours`."""

Minutes = Annotated[int, Meta(ge=1, le=480, description="whole minutes, 1 to 480", examples=[30])]


class Standard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The promise a service makes (SKM / standar pelayanan).

    Attributes:
        wait_min: Longest wait promised, minutes.
        serve_min: Longest service time promised, minutes.
    """

    wait_min: Minutes
    serve_min: Minutes


class Zone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the building that boards and voice speak to.

    Attributes:
        name: By language code.
        sound_area: Zones of one sound area hear each other, so they speak in turn. Empty: its own.
        repeat_in: Zones in which calls for this one are repeated.
        people_max: With more people in it than this it is too full; None = nobody is told.
    """

    id: Id
    name: Text
    sound_area: Id | None = None
    repeat_in: tuple[Id, ...] = ()
    people_max: (
        Annotated[int, Meta(ge=1, le=9999, description="people, 1 to 9999", examples=[80])] | None
    ) = None


class Agency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An office that offers services in the hall.

    Attributes:
        short: What the board shows, at most 24 characters.
        colour: One of blue, orange, green, pink, amber: a stripe beside the letter, never alone.
        series: Number prefix its services share unless they have their own.
        general: Id of the service a button named by the agency's id takes.
        open: Overrides the hall's hours.
        breaks: Overrides the hall's breaks.
        icon: Name of its picture on the kiosk's screen.
        complaints: Where visitors complain about it, as printed and shown.
    """

    id: Id
    name: Annotated[
        str, Meta(min_length=1, max_length=80, description="a text of 1 to 80 characters in quotes")
    ]
    short: Annotated[
        str, Meta(min_length=1, max_length=24, description="a text of 1 to 24 characters in quotes")
    ]
    colour: str = "blue"
    series: Series | None = None
    general: Id | None = None
    open: Days | None = None
    breaks: Days | None = None
    icon: Id | None = None
    complaints: Line | None = None


class Service(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one queues for; has a number series of its own, or its agency's.

    Attributes:
        name: Text by language code, e.g. `{"id": "Perekaman KTP-el", "en": "ID card"}`.
        quota: Most tickets a day; see `broker.hall.intake` for what counts.
        cutoff_min: No more tickets from this many minutes before closing time.
        requires: What to bring, lines by language code.
        fee: What it costs, rupiah (0 = free), or a text by language code.
        finish: When the result is ready, by language code.
    """

    id: Id
    agency: Id
    name: Text
    series: Series | None = None
    standard: Standard | None = None
    quota: (
        Annotated[int, Meta(ge=1, le=9999, description="tickets a day, 1 to 9999", examples=[200])]
        | None
    ) = None
    cutoff_min: Annotated[
        int, Meta(ge=0, le=480, description="whole minutes, 0 to 480", examples=[30])
    ] = 0
    requires: Lines | None = None
    fee: (
        Annotated[
            int, Meta(ge=0, le=1_000_000_000, description="whole rupiah, or a text per language")
        ]
        | Text
        | None
    ) = None
    finish: Text | None = None


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service point with a number (*loket*).

    Attributes:
        serves: Service ids in ranked order: the rank decides until somebody has waited much longer
            than those it would let go first (`Setup.rank_wait_min`).
        where: How to find it, by language code.
        direction: The arrow beside its number on the boards of its zone.
    """

    id: CounterId
    serves: Annotated[
        tuple[Id, ...],
        Meta(min_length=1, description="a list of service ids", examples=[["ktp-el", "kk"]]),
    ]
    zone: Id | None = None
    where: Text | None = None
    direction: Literal["left", "right", "up", "down", "ahead", "back"] | None = None


class Setup(Struct, frozen=True, kw_only=True):
    """The whole hall, as the rules see it. Maps are by id; build with `make_setup`.

    Attributes:
        series: Number prefix by service id.
        languages: Language codes, the first is the main one.
        zones: Empty when the hall is one room.
        served_min_s: `call_next` closes a called ticket as served from this age, else as no-show.
        command_ttl_s: Counter commands older than this are refused as stale.
        no_show_return_after: Places behind which who did not come returns.
        no_show_return_min: Minutes before which it does not.
        no_show_max: How often it returns; then its ticket is closed.
        priority_per_normal: So many priority tickets in a row a counter calls before a normal one.
        rank_wait_min: Minutes by which a ticket may be older than the one of a better ranked
            service that is called before it.
        hold_min: Minutes after which a held ticket returns by itself (DESIGN §4).
        hold_max: How often a ticket can be held.
        paper: Prefix of the paper numbers in the drawer; empty when there are none.
        offline: Prefix of the numbers a kiosk gives out without the hub, by its node's id.
        calendar: The opening hours; None = always open.
    """

    hall: str
    name: str
    timezone: str
    agencies: dict[str, Agency]
    services: dict[str, Service]
    counters: dict[int, Counter]
    series: dict[str, str]
    languages: tuple[str, ...] = ("id",)
    zones: dict[str, Zone] = {}
    served_min_s: int = 45
    command_ttl_s: int = 10
    no_show_return_after: int = 3
    no_show_return_min: int = 3
    no_show_max: int = 2
    priority_per_normal: int = 2
    rank_wait_min: int = 15
    hold_min: int = 30
    hold_max: int = 2
    paper: str = ""
    offline: dict[str, str] = {}
    calendar: Calendar | None = None


def make_setup(  # noqa: PLR0913 - the sections of a hall file, each by name
    *,
    hall: str,
    name: str,
    timezone: str,
    agencies: tuple[Agency, ...],
    services: tuple[Service, ...],
    counters: tuple[Counter, ...],
    languages: tuple[str, ...] = ("id",),
    zones: tuple[Zone, ...] = (),
    served_min_s: int = 45,
    command_ttl_s: int = 10,
    no_show_return_after: int = 3,
    no_show_return_min: int = 3,
    no_show_max: int = 2,
    priority_per_normal: int = 2,
    rank_wait_min: int = 15,
    paper: str = "",
    offline: Mapping[str, str] | None = None,
    calendar: Calendar | None = None,
) -> Setup:
    """Return the setup of a hall whose parts have passed `firmware_config`'s checks.

    Raises:
        ValueError: A service has no series, neither its own nor its agency's.
    """
    by_agency = {agency.id: agency for agency in agencies}
    series: dict[str, str] = {}
    for service in services:
        prefix = service.series or by_agency[service.agency].series
        if prefix is None:
            raise ValueError(f"service {service.id}: no series, neither its own nor its agency's")
        series[service.id] = prefix
    return Setup(
        hall=hall,
        name=name,
        timezone=timezone,
        agencies=by_agency,
        services={service.id: service for service in services},
        counters={counter.id: counter for counter in counters},
        series=series,
        languages=languages,
        zones={zone.id: zone for zone in zones},
        served_min_s=served_min_s,
        command_ttl_s=command_ttl_s,
        no_show_return_after=no_show_return_after,
        no_show_return_min=no_show_return_min,
        no_show_max=no_show_max,
        priority_per_normal=priority_per_normal,
        rank_wait_min=rank_wait_min,
        paper=paper,
        offline=dict(offline or {}),
        calendar=calendar,
    )
