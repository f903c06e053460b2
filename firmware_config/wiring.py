"""What must hold of a hall's Pis: addresses, ports, pins and I2C, per host. PURE."""

import ipaddress
from collections.abc import Iterator
from typing import Any, NamedTuple

from firmware_config.buttons import help_buttons
from firmware_config.faults import Fault, key_of, one_of, show
from firmware_config.parse import Draft, Placed
from firmware_config.pins import I2C, INTERRUPT, MODELS, RESERVED, UART, ChipLine, Contact
from firmware_config.roles import hub_host
from firmware_config.schema import (
    MODEL,
    BoardNode,
    CounterNode,
    HubNode,
    KioskNode,
    Node,
    SensorNode,
    ShadowNode,
    SignNode,
    Tm1637,
    WebNode,
    host_of,
)
from firmware_config.sensors import Bme280, Door, Ds18b20, Sht4x
from firmware_config.wifi import address_of

CLOCK_I2C = 0x68
"""The address of a DS3231 clock."""

_UART_DEVICES = ("/dev/serial0", "/dev/ttyS0", "/dev/ttyAMA0")


class Claim(NamedTuple):
    """Something on a host that only one part may have.

    Attributes:
        path: Where the node says so, below its key.
        what: A pin (`pin 17`), an I2C address (`I2C address 0x76`) or a line of a port expander.
        pin: The BCM number of a pin a part is wired to, None for anything else.
    """

    placed: Placed[Node]
    path: str
    what: str
    pin: int | None = None


def wiring_faults(draft: Draft) -> list[Fault]:
    """Return all faults of where nodes run and what they are wired to."""
    draft = _without_doubles(draft)
    return [
        *_models(draft),
        *_addresses(draft),
        *_hub_addresses(draft),
        *_wifi(draft),
        *_reserved(draft),
        *_two_wires(draft),
        *_clashes(draft),
        *_ports(draft),
    ]


def _without_doubles(draft: Draft) -> Draft:
    """Return the draft without nodes whose id another has already.

    That is a fault of its own (`rules.py`); without an id of its own a node has no Pi of its own
    either, and all its pins would seem taken.
    """
    first: dict[str, Placed[Node]] = {}
    for placed in draft.nodes:
        first.setdefault(placed.value.id, placed)
    return draft._replace(nodes=tuple(first.values()))


def _models(draft: Draft) -> Iterator[Fault]:
    said: dict[str, Placed[Node]] = {}
    for placed in draft.nodes:
        name = placed.value.model
        if name is None:
            continue
        if name not in MODELS:
            what = f"{show(name)} is no model with a 40-pin header we know"
            yield from placed.faults("model", what, one_of(MODELS))
            continue
        first = said.setdefault(host_of(placed.value), placed)
        if first.value.model != name:
            what = f"{first.key} says this Pi is a {first.value.model}"
            yield from placed.faults("model", what, "say one model for one Pi")
    for placed in draft.nodes:
        host = host_of(placed.value)
        model = MODELS[said[host].value.model or MODEL] if host in said else MODELS[MODEL]
        is_board = isinstance(placed.value, BoardNode)
        if is_board and host == hub_host(draft) and not model.draws_hall:
            what = f"a {model.title} can't run the hub and a board at once"
            yield from placed.faults("host", what, "use a Pi 4 or 5, or give the board its own Pi")


def _addresses(draft: Draft) -> Iterator[Fault]:
    by_address: dict[str, Placed[Node]] = {}
    by_host: dict[str, Placed[Node]] = {}
    for placed in draft.nodes:
        node = placed.value
        if isinstance(node, KioskNode) and node.printer and node.printer.address is not None:
            yield from _ip(placed, "printer.address", node.printer.address)
        if node.address is None:
            continue
        faults = _ip(placed, "address", node.address)
        yield from faults
        if faults:
            continue
        first = by_host.setdefault(host_of(node), placed)
        if first.value.address != node.address:
            what = f"{first.key} says this Pi has the address {first.value.address}"
            yield from placed.faults("address", what, "say one address for one Pi")
        other = by_address.setdefault(node.address, placed)
        if host_of(other.value) != host_of(node) and not _is_loopback(node.address):
            what = f"{other.key} on another Pi has this address already"
            mend = "give each Pi its own address, or nodes of one Pi the same host"
            yield from placed.faults("address", what, mend)


def _hub_addresses(draft: Draft) -> Iterator[Fault]:
    if draft.hub is None:
        return
    addresses = draft.hub.value.addresses
    embedded = draft.broker is not None and draft.broker.value.kind == "embedded"
    for place, address in enumerate(addresses, start=1):
        at = f"addresses[{place}]"
        faults = _ip(draft.hub, at, address)
        yield from faults
        if address in addresses[: place - 1]:
            yield from draft.hub.faults(at, f"{show(address)} is said twice", "say it once")
        if embedded and not faults and not _is_loopback(address):
            mend = 'write "127.0.0.1", or kind = "mosquitto" under [broker]'
            what = "the embedded broker listens on 127.0.0.1 only"
            yield from draft.hub.faults(at, what, mend)
    for placed in draft.nodes:
        node = placed.value
        if not isinstance(node, HubNode | ShadowNode) or node.address is None:
            continue
        if node.address not in addresses and not _ip(placed, "address", node.address):
            what = f"{node.address} is not in [hub] addresses, where the nodes look for it"
            yield from placed.faults("address", what, "add it there, or mend this one")


def _wifi(draft: Draft) -> Iterator[Fault]:
    if draft.wifi is None:
        return
    wifi = draft.wifi.value
    if not any(isinstance(placed.value, WebNode) for placed in draft.nodes):
        what = "no node serves the phone page"
        yield from draft.wifi.faults("page", what, 'add a [[node]] with role = "web"')
    try:
        subnet = ipaddress.IPv4Network(wifi.subnet)
    except ValueError:
        what = f"{show(wifi.subnet)} is no network"
        yield from draft.wifi.faults("subnet", what, 'write one like "10.78.0.0/22"')
        return
    mend = f"write the hub's Pi's address in it, like \"http://{subnet[1]}/\""
    try:
        address, _ = address_of(wifi.page)
    except ValueError:
        what = f"{show(wifi.page)} is not http:// and an IP address"
        yield from draft.wifi.faults("page", what, mend)
        return
    if ipaddress.IPv4Address(address) not in subnet:
        what = f"{address} is no address of {wifi.subnet}"
        yield from draft.wifi.faults("page", what, mend)


def _ip(placed: Placed[Any], path: str, text: str) -> tuple[Fault, ...]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return placed.faults(path, f"{show(text)} is no IP address", 'write one like "10.77.0.11"')
    if address.is_unspecified or address.is_multicast:
        return placed.faults(
            path, f"{show(text)} is no address of a machine", "write the machine's own"
        )
    return ()


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _reserved(draft: Draft) -> Iterator[Fault]:
    for placed in draft.nodes:
        for claim in _pins(placed):
            if claim.pin in RESERVED and claim.pin not in placed.value.allow_pins:
                what = f"pin {claim.pin} is reserved for {RESERVED[claim.pin]}"
                mend = f"use another pin, or add {claim.pin} to allow_pins if it is meant"
                yield from placed.faults(claim.path, what, mend)


def _clashes(draft: Draft) -> Iterator[Fault]:
    taken: dict[tuple[str, str], Claim] = {}
    for claim in _claims(draft):
        host = host_of(claim.placed.value)
        first = taken.setdefault((host, claim.what), claim)
        if first is claim:
            continue
        here = first.placed.key == claim.placed.key
        where = first.path if here else f"{first.placed.key}: {first.path}"
        pi = "" if here else f" on the same Pi ({host})"
        kind = "line" if claim.what.startswith("line ") else claim.what.rpartition(" ")[0]
        what = f"{claim.what} is taken by {where}{pi}"
        yield from claim.placed.faults(claim.path, what, f"give one of them another {kind}")


def _claims(draft: Draft) -> Iterator[Claim]:
    """Yield all that is claimed; the buses first, as their pins can't move."""
    buses: dict[str, Placed[Node]] = {}
    chips: dict[tuple[str, str], Placed[Node]] = {}
    wires = _interrupts(draft)
    for placed in draft.nodes:
        devices = tuple(_i2c(placed.value))
        for path, address in devices:
            yield Claim(placed, path, f"I2C address {address:#x}")
        expanders = dict(_expanders(placed.value))
        on_bus = [path for path, _ in devices] + list(expanders.values())
        host = host_of(placed.value)
        if on_bus and buses.setdefault(host, placed) is placed:
            yield from (Claim(placed, on_bus[0], f"pin {pin}") for pin in I2C)
        for chip, path in expanders.items():
            # Nodes of one Pi may share a chip: Linux has it, and each has lines of its own.
            if chips.setdefault((host, chip), placed) is placed:
                said, at, pin = wires.get((host, chip), (placed, path, INTERRUPT))
                yield Claim(said, at, f"pin {pin}")
        node = placed.value
        if isinstance(node, KioskNode) and node.printer and node.printer.device in _UART_DEVICES:
            yield from (Claim(placed, "printer.device", f"pin {pin}") for pin in UART)
    for placed in draft.nodes:
        yield from _pins(placed)


def _interrupts(draft: Draft) -> dict[tuple[str, str], tuple[Placed[Node], str, int]]:
    """Return who says, where, on which pin the INTA of a chip is, by (host, chip)."""
    wires: dict[tuple[str, str], tuple[Placed[Node], str, int]] = {}
    for placed in draft.nodes:
        for chip, pin in placed.value.interrupts.items():
            at = f"interrupts.{key_of(chip)}"
            wires.setdefault((host_of(placed.value), chip), (placed, at, pin))
    return wires


def _two_wires(draft: Draft) -> Iterator[Fault]:
    """Yield chips of one Pi whose interrupt two nodes have on different pins."""
    wires = _interrupts(draft)
    for placed in draft.nodes:
        for chip, pin in placed.value.interrupts.items():
            first, _, said = wires[host_of(placed.value), chip]
            if said != pin:
                what = f"{first.key} says that the interrupt of {chip} is on pin {said}"
                mend = "say one pin for one chip"
                yield from placed.faults(f"interrupts.{key_of(chip)}", what, mend)


def _ports(draft: Draft) -> Iterator[Fault]:
    if draft.broker is None or "port" in draft.broker.bad:
        return
    port = draft.broker.value.port
    for placed in draft.nodes:
        node = placed.value
        if isinstance(node, WebNode) and node.port == port and host_of(node) == hub_host(draft):
            what = f"the broker has port {port} on the same Pi"
            yield from placed.faults("port", what, "give one of them another port")


def _i2c(node: Node) -> Iterator[tuple[str, int]]:
    match node:
        case SignNode(i2c=int(address)):
            yield "i2c", address
        case HubNode(rtc=True):
            yield "rtc", CLOCK_I2C
        case SensorNode(sensors=sensors):
            for place, sensor in enumerate(sensors, start=1):
                if isinstance(sensor, Bme280 | Sht4x):
                    yield f"sensors[{place}]", sensor.address
        case _:
            pass


def _pins(placed: Placed[Node]) -> Iterator[Claim]:
    for path, contact in _contacts(placed.value):
        if isinstance(contact, ChipLine):
            yield Claim(placed, path, str(contact))
        else:
            yield Claim(placed, path, f"pin {contact}", contact)


def _expanders(node: Node) -> Iterator[tuple[str, str]]:
    """Yield (chip, where it is first named) of each port expander, the last one first."""
    for path, contact in reversed(tuple(_contacts(node))):
        if isinstance(contact, ChipLine):
            yield contact.chip, path


def _contacts(node: Node) -> Iterator[tuple[str, Contact]]:
    match node:
        case KioskNode(buttons=buttons, lamps=lamps):
            yield from ((f"buttons.{key_of(name)}", pin) for name, pin in buttons.items())
            yield from ((f"lamps.{key_of(name)}", pin) for name, pin in lamps.items())
            yield from ((f"help.{name.lower()}", pin) for name, pin in help_buttons(node).items())
        case CounterNode(buttons=names, lamp=lamp, rating=rating):
            yield from ((f"buttons.{name}", pin) for name, pin in names.items())
            if lamp is not None:
                yield "lamp", lamp
            yield from ((f"rating[{place}]", pin) for place, pin in enumerate(rating, start=1))
        case SensorNode(sensors=sensors):
            for place, sensor in enumerate(sensors, start=1):
                if isinstance(sensor, Ds18b20):
                    yield f"sensors[{place}].pin", sensor.pin
                elif isinstance(sensor, Door):
                    for beam, pin in enumerate(sensor.beams, start=1):
                        yield f"sensors[{place}].beams[{beam}]", pin
        case SignNode(tm1637=Tm1637(clk=clk, dio=dio)):
            yield "tm1637.clk", clk
            yield "tm1637.dio", dio
        case _:
            pass
