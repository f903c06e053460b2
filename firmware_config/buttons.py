"""PURE: what a hall file's buttons and beams are called, and what those of a kiosk take."""

from broker.hall.setup import Agency, Service
from firmware_config.pins import ChipLine, Contact
from firmware_config.schema import (
    BANTUAN,
    CHOOSE,
    NEXT,
    PRIORITY,
    RATING_BUTTONS,
    CounterNode,
    HallFile,
    KioskNode,
    Node,
    SensorNode,
)
from firmware_config.sensors import Door


def service_of_button(
    name: str, agencies: tuple[Agency, ...], services: tuple[Service, ...]
) -> str | None:
    """Return the id of the service a kiosk button takes, None when its name says no single one.

    The name is a service's id, an agency's id or series, or the series of exactly one service. An
    agency stands for its `general` service, or for its only one.
    """
    if any(service.id == name for service in services):
        return name
    for agency in agencies:
        if name in {agency.id, agency.series}:
            own = [service.id for service in services if service.agency == agency.id]
            return agency.general or (own[0] if len(own) == 1 else None)
    named = [service.id for service in services if service.series == name]
    return named[0] if len(named) == 1 else None


def counter_buttons(node: CounterNode) -> dict[str, Contact]:
    """Return the contact of each of its buttons, staff's and visitors', by name."""
    staff = {str(name): pin for name, pin in node.buttons.items()}
    return staff | dict(zip(RATING_BUTTONS, node.rating, strict=False))


def chips_of(node: Node) -> tuple[str, ...]:
    """Return the port expanders its buttons and lamps are wired to, each once, in order."""
    contacts: list[Contact] = []
    if isinstance(node, KioskNode):
        contacts = [*node.buttons.values(), *node.lamps.values()]
    elif isinstance(node, CounterNode):
        contacts = [*counter_buttons(node).values(), *([] if node.lamp is None else [node.lamp])]
    return tuple(dict.fromkeys(one.chip for one in contacts if isinstance(one, ChipLine)))


def door_beams(node: SensorNode) -> dict[str, int]:
    """Return the pin of each beam of its doors by name: `door-1-outer`, `door-1-inner` ..."""
    doors = [sensor for sensor in node.sensors if isinstance(sensor, Door)]
    return {
        f"door-{place}-{side}": pin
        for place, door in enumerate(doors, start=1)
        for side, pin in zip(("outer", "inner"), door.beams, strict=True)
    }


def help_buttons(kiosk: KioskNode) -> dict[str, int]:
    """Return the pin of each of its `help` buttons, by name."""
    if kiosk.help is None:
        return {}
    pins = {BANTUAN: kiosk.help.bantuan, NEXT: kiosk.help.next, CHOOSE: kiosk.help.choose}
    return {name: pin for name, pin in pins.items() if pin is not None}


def kiosk_services(file: HallFile, kiosk: KioskNode) -> dict[str, str]:
    """Return the service each of its buttons takes, without PRIORITY.

    Raises:
        ValueError: A button names no single service; `load_hall` refuses such a file.
    """
    taken: dict[str, str] = {}
    for name in kiosk.buttons:
        if name == PRIORITY:
            continue
        service = service_of_button(name, file.agencies, file.services)
        if service is None:
            raise ValueError(f"node {kiosk.id}: button {name} names no single service")
        taken[name] = service
    return taken
