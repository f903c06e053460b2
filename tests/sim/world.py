"""One hall in virtual time: its machines, its broker, its cables, and who watches."""

import itertools
import tomllib
from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from broker.command import actors_of
from edge.command import Wiring, wiring_of
from edge.counter import CounterRole
from firmware_config.load import examine_tables
from firmware_config.schema import BoardNode, CounterNode, HallFile, KioskNode, setup_of
from tests.sim.desk import DeskRole
from tests.sim.net import Broker
from tests.sim.oracle import Oracle
from tests.sim.parts import PRODUCT, Parts
from tests.sim.timeline import Timeline
from tests.sim.trace import Trace
from tests.sim.units import BoardUnit, HubUnit, NodeUnit, Unit

DESK = "web"
"""The node of the staff's pages: what no button asks for is asked there."""

PREFIXES = "ABCDEFGHJLMNRTUV"

HALL = f"""
[hall]
id = "mpp"
name = "MPP Uji"
timezone = "Asia/Jakarta"
far_seat_m = 4
open = {{ mon-sun = "00:00-24:00" }}
paper = "P"
[hub]
addresses = ["127.0.0.1"]
[broker]
kind = "embedded"
[[node]]
id = "hub"
role = "hub"
host = "pi"
[[node]]
id = "{DESK}"
role = "web"
host = "pi"
port = 8080
"""

AGENCY = """
[[agency]]
id = "agency-{id}"
name = "Dinas {id}"
short = "Dinas {id}"
series = "{series}"
[[service]]
id = "layanan-{id}"
agency = "agency-{id}"
name = {{ id = "Layanan {id}" }}
"""

KIOSK = """
[[node]]
id = "kiosk-{number}"
role = "kiosk"
offline = "K{number}"
buttons = {{ {buttons} }}
lamps = {{ ready = 22 }}
"""

BOARD = """
[[node]]
id = "board-{number}"
role = "board"
diag_in = 24
"""

COUNTER = """
[[node]]
id = "loket-{number}"
role = "counter"
counters = [{number}]
buttons = {{ call = 5, recall = 6, no_show = 13, done = 19, park = 17, pause = 27 }}
lamp = 26
"""


def hall_file(*, counters: int, kiosks: int, boards: int) -> HallFile:
    """Return a hall of that size that passes every check; each service has several counters."""
    prefixes = PREFIXES[: max(2, counters)].lower()
    services = [f"layanan-{prefix}" for prefix in prefixes]
    pins = (4, 5, 6, 12, 13, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27)
    buttons = ", ".join(f"{s} = {pin}" for s, pin in zip(services, pins, strict=False))
    parts = [
        HALL,
        *(AGENCY.format(id=prefix, series=prefix.upper()) for prefix in prefixes),
        *(
            f"[[counter]]\nid = {counter}\n"
            f"serves = {[services[(counter + shift) % len(services)] for shift in range(2)]}"
            for counter in range(1, counters + 1)
        ),
        *(KIOSK.format(number=kiosk, buttons=buttons) for kiosk in range(1, kiosks + 1)),
        *(BOARD.format(number=board) for board in range(1, boards + 1)),
        *(COUNTER.format(number=counter) for counter in range(1, counters + 1)),
    ]
    examined = examine_tables(tomllib.loads("\n".join(parts)))
    if examined.file is None:
        raise ValueError("\n".join(map(str, examined.faults)))
    return examined.file


class World:
    """Everything there is. Nothing happens in it but by `timeline`."""

    def __init__(self, *, seed: str, file: HallFile, parts: Parts = PRODUCT) -> None:
        self.seed = seed
        self.parts = parts
        self.file = file
        self.setup = setup_of(file)
        self.timezone = ZoneInfo(self.setup.timezone)
        self.actors = actors_of(file)
        self.timeline = Timeline()
        self.trace = Trace(self.timeline)
        self.broker = Broker(self.timeline, Random(f"{seed}:broker"), self.trace)
        self.oracle = Oracle(timeline=self.timeline, trace=self.trace, hall=self.setup.hall)
        self.hub = HubUnit(self)
        self.hub_lost_rows = False  # a fault has taken its card's contents
        self.hub_listens_until_s = 0.0  # set back, it has heard by then who holds more
        self.kiosks: list[NodeUnit] = []
        self.counters: dict[int, NodeUnit] = {}
        self.boards: list[BoardUnit] = []
        self.desk = NodeUnit(self, DESK)
        self.on_slip: Callable[[NodeUnit, str], object] = lambda *_: None
        for node in file.nodes:
            match node:
                case KioskNode():
                    self.kiosks.append(NodeUnit(self, node.id))
                case CounterNode():
                    self.counters[node.counters[0]] = NodeUnit(self, node.id)
                case BoardNode():
                    self.boards.append(BoardUnit(self, node.id))
                case _:
                    pass

    @property
    def nodes(self) -> list[NodeUnit]:
        """Every unit with an outbox."""
        return [*self.kiosks, *self.counters.values(), self.desk]

    @property
    def units(self) -> list[Unit]:
        """Every unit."""
        return [self.hub, *self.nodes, *self.boards]

    def wiring(self, name: str) -> Wiring:
        """Return a node's role and pins, as `loket node` makes them; the desk's are ours."""
        if name != DESK:
            return wiring_of(self.file, name, random=Random(f"{self.seed}:{name}:numbers"))
        role: Any = DeskRole(setup=self.setup)
        buttons = dict(zip(role.buttons, itertools.count(1), strict=False))
        return Wiring(role=role, buttons=buttons, lamps={})

    def slip_out(self, kiosk: NodeUnit, slip: Any, card: int) -> None:
        """Have a slip come out of a kiosk's printer: it counts from now on.

        Args:
            card: Which of the kiosk's cards knows of it.
        """
        for ticket in slip.tickets:
            knows_hub = getattr(kiosk.role, "_queue", None) is not None
            self.oracle.printed(kiosk.name, ticket.number, card=card, knows_hub=knows_hub)
            self.on_slip(kiosk, ticket.number)

    def counter_panel(self, counter: int) -> Mapping[str, Any]:
        """Return what a counter's staff have before them."""
        role = self.counters[counter].role
        if not isinstance(role, CounterRole):
            return {"status": "unknown", "waiting": 0, "number": ""}
        panel: Any = role.panel()
        return panel["counter"]  # type: ignore[no-any-return]
