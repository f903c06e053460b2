"""What must hold of each node by its role. PURE. Pins, ports and addresses are in `wiring.py`."""

from collections.abc import Iterator

from broker.hall.setup import Agency, Service
from firmware_config.buttons import service_of_button
from firmware_config.faults import Fault, choose, key_of, listed, show
from firmware_config.parse import Draft, Placed
from firmware_config.rules import unknown
from firmware_config.schema import (
    PRIORITY,
    BoardNode,
    CounterNode,
    HubNode,
    KioskNode,
    Node,
    SensorNode,
    ShadowNode,
    SignNode,
    WebNode,
    host_of,
)

READY = "ready"
"""The kiosk lamp that belongs to no button."""

INCHES_A_METRE = 5
"""A called number has 0.7° at the far seat on 55 inches to 10 m, 65 to 12 m, 75 to 15 m."""

FIXED_IDS = {"broker": None, "viewer": None, "hub": HubNode, "web": WebNode}
"""Ids that are folders and accounts of the hall itself, and the role that must have each."""


def role_faults(draft: Draft) -> list[Fault]:
    """Return all faults of nodes that follow from their role."""
    faults = [*_hall_processes(draft), *_copies(draft), *_counters_run(draft)]
    for placed in draft.nodes:
        match placed.value:
            case KioskNode() as kiosk:
                faults += [*_kiosk(placed, kiosk, draft), *_printer(placed, kiosk)]
            case CounterNode() as counter:
                faults += _counter(placed, counter, draft)
            case BoardNode() as board:
                faults += _board(placed, board, draft)
            case SensorNode(zone=str(zone)):
                faults += unknown(placed, "zone", zone, "zone", draft)
            case SignNode() as sign:
                for place, number in enumerate(sign.counters, start=1):
                    faults += unknown(placed, f"counters[{place}]", number, "counter", draft)
            case _:
                pass
    return faults


def hub_host(draft: Draft) -> str | None:
    """Return the Pi the hub runs on; None when no hub could be read."""
    for placed in draft.nodes:
        if isinstance(placed.value, HubNode):
            return host_of(placed.value)
    return None


def _hall_processes(draft: Draft) -> Iterator[Fault]:
    first: dict[type[Node], str] = {}
    for placed in draft.nodes:
        node = placed.value
        fixed = FIXED_IDS.get(node.id, type(node))
        if fixed is not type(node):
            what = f"{show(node.id)} is the name of a process of the hall itself"
            yield from placed.faults("id", what, "give this node another id")
        if not isinstance(node, HubNode | WebNode | ShadowNode):
            continue
        role = type(node).__struct_config__.tag
        if first.setdefault(type(node), placed.key) != placed.key:
            what = f"{first[type(node)]} is the {role} already"
            yield from placed.faults("role", what, "remove one of the two")
        elif not isinstance(node, ShadowNode) and node.id != role:
            yield from placed.faults("id", f"the {role}'s id is {role}", f'write id = "{role}"')
        yield from _beside_hub(placed, hub_host(draft))
    if HubNode not in first and draft.nodes and "node" not in draft.dropped:
        mend = 'add a [[node]] with id = "hub" and role = "hub"'
        yield Fault("node", "no node has the role hub", mend)


def _beside_hub(placed: Placed[Node], host: str | None) -> Iterator[Fault]:
    node = placed.value
    if host is None:
        return
    if isinstance(node, WebNode) and host_of(node) != host:
        mend = f'write host = "{host}": the pages read the hub\'s files'
        yield from placed.faults("host", "the web node is not on the hub's Pi", mend)
    if isinstance(node, ShadowNode) and host_of(node) == host:
        mend = "give it a Pi of its own: it takes over when the hub's dies"
        yield from placed.faults("host", "the shadow is on the hub's Pi", mend)


def _copies(draft: Draft) -> Iterator[Fault]:
    if draft.hub is None:
        return
    hosts = {placed.value.id: host_of(placed.value) for placed in draft.nodes}
    for place, node_id in enumerate(draft.hub.value.copies, start=1):
        at = f"copies[{place}]"
        yield from unknown(draft.hub, at, node_id, "node", draft)
        if node_id in hosts and hosts[node_id] == hub_host(draft):
            what = f"{node_id} is on the hub's Pi, its copy dies with it"
            yield from draft.hub.faults(at, what, "name a node on another Pi")


def _counters_run(draft: Draft) -> Iterator[Fault]:
    run_by: dict[int, str] = {}
    for placed in draft.nodes:
        if not isinstance(placed.value, CounterNode):
            continue
        for place, number in enumerate(placed.value.counters, start=1):
            if number in run_by:
                what = f"{run_by[number]} runs counter {number} already"
                mend = "name each counter at one counter node"
                yield from placed.faults(f"counters[{place}]", what, mend)
            run_by.setdefault(number, placed.key)


def _counter(placed: Placed[Node], node: CounterNode, draft: Draft) -> Iterator[Fault]:
    for place, number in enumerate(node.counters, start=1):
        yield from unknown(placed, f"counters[{place}]", number, "counter", draft)
    if node.buttons and len(set(node.counters)) > 1:
        mend = "give each counter its own [[node]]; nodes may share a Pi by the same host"
        yield from placed.faults("counters", "one set of buttons can't mean two counters", mend)


def _board(placed: Placed[Node], board: BoardNode, draft: Draft) -> Iterator[Fault]:
    if board.zone is not None:
        yield from unknown(placed, "zone", board.zone, "zone", draft)
    far_seat_m = board.far_seat_m
    if far_seat_m is None and draft.hall is not None and "far_seat_m" not in draft.hall.bad:
        far_seat_m = draft.hall.value.far_seat_m
    if far_seat_m is None or "far_seat_m" in placed.bad:
        return
    if board.diag_in < INCHES_A_METRE * far_seat_m:
        what = f"{board.diag_in:g} inches can't be read from {far_seat_m:g} m"
        least = f"{INCHES_A_METRE * far_seat_m:g}"
        mend = f"use {least} inches or more, or say this board's own far_seat_m"
        yield from placed.faults("diag_in", what, mend)


def _kiosk(placed: Placed[Node], kiosk: KioskNode, draft: Draft) -> Iterator[Fault]:
    agencies = tuple(each.value for each in draft.agencies)
    services = tuple(each.value for each in draft.services)
    for name in kiosk.buttons:
        if name != PRIORITY:
            yield from _button(placed, name, agencies, services, draft)
    if not set(kiosk.buttons) - {PRIORITY} and not kiosk.screen:
        mend = "add buttons, e.g. buttons = { A = 17 }, or screen = true"
        yield from placed.faults("buttons", "nobody can take a ticket here", mend)
    yield from _help(placed, kiosk)
    for name in kiosk.lamps:
        if name != READY and name not in kiosk.buttons and "buttons" not in placed.bad:
            mend = choose(name, [READY, *kiosk.buttons])
            what = "the lamp belongs to no button of this kiosk"
            yield from placed.faults(f"lamps.{key_of(name)}", what, mend)


def _help(placed: Placed[Node], kiosk: KioskNode) -> Iterator[Fault]:
    """Yield buttons that lead to no voice, and a menu that can't be gone through."""
    if kiosk.help is None or placed.bad & {"help", "voice"}:
        return
    pins = {"next": kiosk.help.next, "choose": kiosk.help.choose}
    for name, pin in pins.items():
        if pin is None and kiosk.voice:
            mend = f"add its pin: help = {{ ..., {name} = 6 }}"
            yield from placed.faults("help", f"the spoken menu has no button {name}", mend)
        if pin is not None and not kiosk.voice:
            mend = f"add voice = true and a loudspeaker, or leave {name} out"
            yield from placed.faults(f"help.{name}", "it steps a menu that nobody speaks", mend)


def _button(
    placed: Placed[Node],
    name: str,
    agencies: tuple[Agency, ...],
    services: tuple[Service, ...],
    draft: Draft,
) -> Iterator[Fault]:
    at = f"buttons.{key_of(name)}"
    service = service_of_button(name, agencies, services)
    agency = next((each for each in agencies if name in {each.id, each.series}), None)
    if service == name and agency and agency.id == name:
        meant = service_of_button(name, agencies, tuple(s for s in services if s.id != name))
        if agency.general != name and meant is not None:
            what = f"{name} is a service and an agency"
            yield from placed.faults(at, what, "give one of them another id")
        return
    if service is not None or name in draft.ids["service"]:
        return
    if _may_be_unread(draft, agency):
        return
    if agency is not None:
        own = [each.id for each in services if each.agency == agency.id]
        what = f"the agency {agency.id} has {len(own)} services and none is its general one"
        mend = f'add general = "{own[0]}" to the agency' if own else "add a service of this agency"
        yield from placed.faults(at, what, f"{mend}, or name the button by a service")
        return
    shared = [each.id for each in services if each.series == name]
    if shared:
        what = f"the series {name} is shared by {listed(shared)}"
        yield from placed.faults(at, what, "name the button by one of them")
        return
    known = sorted({*(each.id for each in services), *(each.id for each in agencies), PRIORITY})
    mend = choose(name, known)
    yield from placed.faults(at, "no service, agency or series has that name", mend)


def _may_be_unread(draft: Draft, agency: Agency | None) -> bool:
    """Return whether what could not be read may be what a button means."""
    if draft.dropped & {"service", "agency"}:
        return True
    if agency is None:
        bad = [*(each.bad for each in draft.agencies), *(each.bad for each in draft.services)]
        return any("series" in each for each in bad)
    placed = next(each for each in draft.agencies if each.value is agency)
    return "general" in placed.bad


def _printer(placed: Placed[Node], kiosk: KioskNode) -> Iterator[Fault]:
    printer = kiosk.printer
    if printer is None:
        return
    needed = {"serial": "device", "file": "device", "network": "address"}.get(printer.kind)
    if needed and getattr(printer, needed) is None:
        example = '"/dev/serial0"' if needed == "device" else '"10.77.0.41"'
        what = f"a {printer.kind} printer needs its {needed}"
        yield from placed.faults(f"printer.{needed}", what, f"add {needed} = {example}")
