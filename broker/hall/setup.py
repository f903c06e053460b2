"""What a hall consists of: agencies, services, counters. Read from hall.toml, fixed while running.

These are the shapes of `[[agency]]`, `[[service]]` and `[[counter]]` in the hall file too, so
there is no second set of types. Checks across them belong to `firmware_config.schema`.
"""

from typing import Annotated

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""Lower case letters, digits and dashes, 1-32 characters: it becomes a topic level and a folder."""

Series = Annotated[str, Meta(pattern=r"^[A-HJ-NPRT-WXY]{1,2}$")]
"""The prefix of a number. No I, O, Q, S, Z: they are misread as 1, 0, 0, 5, 2 (DESIGN §4)."""

CounterId = Annotated[int, Meta(ge=1, le=99)]


class Standard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The promise a service makes (SKM / standar pelayanan).

    Attributes:
        wait_min: Longest wait promised, minutes.
        serve_min: Longest service time promised, minutes.
    """

    wait_min: Annotated[int, Meta(ge=1, le=480)]
    serve_min: Annotated[int, Meta(ge=1, le=480)]


class Agency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An office that offers services in the hall.

    Attributes:
        short: What the board shows, at most 24 characters.
        colour: One of blue, orange, green, pink, amber: a stripe beside the letter, never alone.
        series: Number prefix its services share unless they have their own.
        general: Id of the service a button named by the agency's id takes.
    """

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    short: Annotated[str, Meta(min_length=1, max_length=24)]
    colour: str = "blue"
    series: Series | None = None
    general: Id | None = None


class Service(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one queues for; has a number series of its own, or its agency's.

    Attributes:
        name: Text by language code, e.g. `{"id": "Perekaman KTP-el", "en": "ID card"}`.
    """

    id: Id
    agency: Id
    name: dict[str, str]
    series: Series | None = None
    standard: Standard | None = None


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service point with a number (*loket*).

    Attributes:
        serves: Service ids in ranked order; among equals the longest wait is first.
    """

    id: CounterId
    serves: Annotated[tuple[Id, ...], Meta(min_length=1)]
    zone: Id | None = None


class Setup(Struct, frozen=True, kw_only=True):
    """The whole hall, as the rules see it. Maps are by id; build with `make_setup`.

    Attributes:
        series: Number prefix by service id.
        served_min_s: `call_next` closes a called ticket as served from this age, else as no-show.
        command_ttl_s: Counter commands older than this are refused as stale.
    """

    hall: str
    name: str
    timezone: str
    agencies: dict[str, Agency]
    services: dict[str, Service]
    counters: dict[int, Counter]
    series: dict[str, str]
    served_min_s: int = 45
    command_ttl_s: int = 10


def make_setup(  # noqa: PLR0913 - the sections of a hall file, each by name
    *,
    hall: str,
    name: str,
    timezone: str,
    agencies: tuple[Agency, ...],
    services: tuple[Service, ...],
    counters: tuple[Counter, ...],
    served_min_s: int = 45,
    command_ttl_s: int = 10,
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
        served_min_s=served_min_s,
        command_ttl_s=command_ttl_s,
    )
