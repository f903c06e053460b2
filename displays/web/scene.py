"""PURE: what of the hall file the demo page draws: kiosks with keys, counters, boards, services."""

from collections.abc import Iterator
from typing import NamedTuple

from broker.hall.setup import Service, Setup
from firmware_config.buttons import counter_buttons, door_beams, help_buttons, kiosk_services
from firmware_config.schema import (
    BANTUAN,
    CHOOSE,
    NEXT,
    PRIORITY,
    RATING_BUTTONS,
    BoardNode,
    CounterNode,
    HallFile,
    KioskNode,
    SensorNode,
    setup_of,
)

# What staff read on the keys, and what a newcomer reads when pointing at one.
COUNTER_KEYS = {
    "call": ("Panggil", "Call the next ticket; closes the one being served"),
    "recall": ("Panggil lagi", "Call the same ticket again"),
    "no_show": ("Tidak hadir", "The called visitor did not come"),
    "start": ("Mulai", "The called visitor is here: serving begins"),
    "park": ("Tunda", "Set the ticket aside until staff return or call it"),
    "done": ("Selesai", "The ticket is served; call nobody"),
    "pause": ("Jeda", "Pause or go on; held for 3 s it closes the counter"),
}
RATING_KEYS = dict(
    zip(
        RATING_BUTTONS,
        (
            ("Tidak puas", "A visitor's rating: not satisfied"),
            ("Kurang puas", "A visitor's rating: less satisfied"),
            ("Puas", "A visitor's rating: satisfied"),
            ("Sangat puas", "A visitor's rating: very satisfied"),
        ),
        strict=True,
    )
)
"""Beside the counter, for its visitors; the words of the ministry's survey."""

BESIDE_MAX = 16
"""So many services' queues are about as high as the board beside them."""

HELP_KEYS = {
    BANTUAN: ("Bantuan", "Help: a spoken menu; held for 2 s it calls the staff"),
    NEXT: ("Lanjut", "Next choice of the spoken menu"),
    CHOOSE: ("Pilih", "Choose what the spoken menu said last"),
}
PRIORITY_KEY = (
    "Prioritas",
    "Priority: aged 60+, pregnant, nursing, with a disability or small children, disaster victims",
)


class Key(NamedTuple):
    """One button: its name in the panel, what it says, for a service whose it is, and its lamp."""

    button: str
    label: str
    title: str
    series: str = ""
    agency: str = ""
    colour: str = ""
    has_lamp: bool = False


class Kiosk(NamedTuple):
    """A panel of ticket keys; `helps` are the tactile ones of the spoken menu."""

    node: str
    keys: tuple[Key, ...]
    has_screen: bool = False
    helps: tuple[Key, ...] = ()


class Desk(NamedTuple):
    """One counter and the node whose buttons are there; the node is empty when it has none.

    Attributes:
        rating: The visitors' keys, worst first.
    """

    counter: int
    node: str
    serves: tuple[Key, ...]
    keys: tuple[Key, ...]
    rating: tuple[Key, ...] = ()


class Door(NamedTuple):
    """Two beams, by the names their node's panel has for them."""

    outer: str
    inner: str


class Entrance(NamedTuple):
    """A sensor node whose doors lead into a zone; its name is empty for the whole hall."""

    node: str
    zone: str
    doors: tuple[Door, ...]


class Doorway(NamedTuple):
    """A zone with doors; its id and name are empty for the whole hall.

    Attributes:
        nodes: Whose doors lead there.
        people_max: With more it is too full; None = no limit.
    """

    zone: str
    name: str
    nodes: tuple[str, ...]
    people_max: int | None


class Node(NamedTuple):
    """What `GET /panel` says of a node, whether it runs or not."""

    id: str
    role: str
    buttons: tuple[str, ...] = ()
    counters: tuple[int, ...] = ()


class Group(NamedTuple):
    """The services of one agency."""

    agency: str
    services: tuple[Key, ...]


class Scene(NamedTuple):
    """The whole page, before anything has happened.

    Attributes:
        is_big: Too many services to stand beside a board: their queues are folded away.
    """

    hall: str
    name: str
    timezone: str
    languages: tuple[str, ...]
    nodes: tuple[Node, ...]
    kiosks: tuple[Kiosk, ...]
    desks: tuple[Desk, ...]
    boards: tuple[str, ...]
    services: tuple[Key, ...]
    groups: tuple[Group, ...]
    is_big: bool
    entrances: tuple[Entrance, ...] = ()
    doorways: tuple[Doorway, ...] = ()


def scene_of(file: HallFile) -> Scene:
    """Return what the page draws of this hall."""
    setup = setup_of(file)
    counter_nodes = {
        counter: node
        for node in file.nodes
        if isinstance(node, CounterNode)
        for counter in node.counters
    }
    kiosks = [node for node in file.nodes if isinstance(node, KioskNode)]
    return Scene(
        hall=file.hall.id,
        name=file.hall.name,
        timezone=file.hall.timezone,
        languages=setup.languages,
        nodes=_nodes(file),
        kiosks=tuple(_kiosk(file, setup, node) for node in kiosks),
        desks=tuple(
            _desk(setup, counter.id, counter_nodes.get(counter.id)) for counter in file.counters
        ),
        boards=tuple(node.id for node in file.nodes if isinstance(node, BoardNode)),
        services=tuple(_service_key(service.id, service, setup) for service in file.services),
        groups=_groups(file, setup),
        is_big=len(file.services) > BESIDE_MAX,
        entrances=tuple(_entrances(file, setup)),
        doorways=tuple(_doorways(file, setup)),
    )


def _doorways(file: HallFile, setup: Setup) -> Iterator[Doorway]:
    """Yield each zone that has doors, in the order in which nodes name them."""
    nodes: dict[str, list[str]] = {}
    for node in file.nodes:
        if isinstance(node, SensorNode) and door_beams(node):
            nodes.setdefault(node.zone or "", []).append(node.id)
    for zone, ids in nodes.items():
        people_max = setup.zones[zone].people_max if zone else None
        yield Doorway(zone, _zone_name(setup, zone), tuple(ids), people_max)


def _entrances(file: HallFile, setup: Setup) -> Iterator[Entrance]:
    for node in file.nodes:
        beams = tuple(door_beams(node)) if isinstance(node, SensorNode) else ()
        if isinstance(node, SensorNode) and beams:
            doors = tuple(map(Door, beams[::2], beams[1::2]))
            yield Entrance(node.id, _zone_name(setup, node.zone), doors)


def _zone_name(setup: Setup, zone: str | None) -> str:
    names = setup.zones[zone].name if zone else {}
    return names.get(setup.languages[0]) or next(iter(names.values()), "")


def _groups(file: HallFile, setup: Setup) -> tuple[Group, ...]:
    """Return the agencies with their services, both in the hall file's order."""
    groups: dict[str, list[Key]] = {}
    for service in file.services:
        key = _service_key(service.id, service, setup)
        groups.setdefault(service.agency, []).append(key)
    return tuple(Group(setup.agencies[agency].name, tuple(keys)) for agency, keys in groups.items())


def _nodes(file: HallFile) -> tuple[Node, ...]:
    nodes = []
    for node in file.nodes:
        match node:
            case KioskNode(id=node_id, buttons=pins):
                nodes.append(Node(node_id, "kiosk", (*pins, *help_buttons(node))))
            case CounterNode(id=node_id, counters=counters):
                nodes.append(Node(node_id, "counter", tuple(counter_buttons(node)), counters))
            case BoardNode(id=node_id):
                nodes.append(Node(node_id, "board"))
            case SensorNode(id=node_id):
                nodes.append(Node(node_id, "sensor", tuple(door_beams(node))))
            case _:
                pass
    return tuple(nodes)


def _kiosk(file: HallFile, setup: Setup, node: KioskNode) -> Kiosk:
    keys = []
    for button, service in kiosk_services(file, node).items():
        key = _service_key(button, setup.services[service], setup)
        if button != service:  # named by its agency, so the agency is what it says
            key = key._replace(label=key.agency, agency=key.label)
        keys.append(key)
    if PRIORITY in node.buttons:
        keys.append(Key(PRIORITY, *PRIORITY_KEY))
    keys = [key._replace(has_lamp=key.button in node.lamps) for key in keys]
    helps = tuple(Key(button, *HELP_KEYS[button]) for button in help_buttons(node))
    return Kiosk(node.id, tuple(keys), has_screen=node.screen, helps=helps)


def _desk(setup: Setup, counter: int, node: CounterNode | None) -> Desk:
    services = [setup.services[service] for service in setup.counters[counter].serves]
    # One letter each: a counter that serves three services of an agency shows its letter once.
    by_series = {setup.series[service.id]: service for service in reversed(services)}
    return Desk(
        counter,
        node.id if node else "",
        tuple(_service_key(one.id, one, setup) for one in reversed(by_series.values())),
        tuple(Key(button, *COUNTER_KEYS[button]) for button in node.buttons) if node else (),
        tuple(Key(button, *RATING_KEYS[button]) for button in _rating(node)) if node else (),
    )


def _rating(node: CounterNode) -> tuple[str, ...]:
    return tuple(button for button in counter_buttons(node) if button in RATING_KEYS)


def _service_key(button: str, service: Service, setup: Setup) -> Key:
    agency = setup.agencies[service.agency]
    label = service.name.get("id") or next(iter(service.name.values()))
    title = service.name.get("en", label)
    return Key(button, label, title, setup.series[service.id], agency.short, agency.colour)
