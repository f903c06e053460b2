"""What a hall needs: its hardware counted from the hall file, with the watts it draws. PURE.

Watts are those of a working hour; the ratings of the power supplies are what a fuse or a UPS must
bear. Each figure names its source in `Part.source`; `SOURCES` says what each is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from firmware_config.buttons import chips_of, help_buttons
from firmware_config.pins import MODELS
from firmware_config.schema import (
    MODEL,
    BoardNode,
    CounterNode,
    HallFile,
    HubNode,
    KioskNode,
    Node,
    SensorNode,
    SignNode,
    Voice,
    host_of,
)
from firmware_config.sensors import Bme280, Door, Ds18b20, Sht4x

SUPPLY_V = 5.1

PI, DISPLAY, POE, ESTIMATE = "pi", "display", "poe", "estimate"

SOURCES = {
    PI: "raspberrypi.com/documentation/computers/raspberry-pi.html, Power supply: typical"
    " bare-board active current at 5.1 V",
    DISPLAY: "EU regulation 1062/2010: limit of class A, 0.30 x (20 W + 4.3224 W a dm2 of picture)",
    POE: "IEEE 802.3at: 30 W a port at the switch",
    ESTIMATE: "ours, of no data sheet: measure before you buy a UPS by it",
}
"""Where each figure is from. The Pi 500 is reckoned as a Pi 5, which it is inside."""

POE_PORT_W = 30.0

CM_AN_INCH = 2.54
WIDE, HIGH = 16, 9
"""The shape of a display."""

LAMP_W = 0.5
PRINTER_W = 2.0
"""Standing by: a slip takes it two seconds."""

PRINTER_SUPPLY_W = 60.0
TOUCH_W = 10.0
SMALL_SCREEN_W = 5.0
DIGITS_W = 0.5
LOUDSPEAKER_W = 5.0

LAMPS_A_DRIVER = 8
"""Outputs of a ULN2803A."""

ROLL_M = {58: 30, 80: 80}
"""Metres on a roll, by the paper's width in mm."""

SLIP_MM = 110
"""Of paper: the drawn slip of one ticket is 95 mm long, and the cutter stands behind the head."""


BEAMS_A_DOOR = 2

SENSOR_NAMES: dict[type, str] = {
    Bme280: "Sensor BME280, I2C, its cable at most 1 m",
    Sht4x: "Sensor SHT4x, I2C, its cable at most 1 m",
    Ds18b20: "Sensor DS18B20, with 4.7 kΩ to 3.3 V, its cable at most 20 m",
    Door: "Light beam, receiver NPN and dark-on, with 4.7 kΩ to 3.3 V",
}
"""With what the wires need: the header's own pull-ups of 1.8 kΩ are enough for a metre of I2C."""


class Power(NamedTuple):
    """What a Pi draws, and the supply sold for it, amperes at `SUPPLY_V`."""

    typical_a: float
    supply_a: float
    plug: str


POWER = {
    "pi3": Power(0.5, 2.5, "micro USB"),
    "zero2w": Power(0.35, 2.5, "micro USB"),
    "pi4": Power(0.6, 3.0, "USB-C"),
    "pi400": Power(0.8, 3.0, "USB-C"),
    "pi5": Power(0.8, 5.0, "USB-C"),
    "pi500": Power(0.8, 5.0, "USB-C"),
}
"""By model. A Pi 3 is reckoned as a 3B+, the thirstier of the two."""

NO_ETHERNET = frozenset({"zero2w"})
NO_POE = frozenset({"zero2w", "pi400", "pi500"})
"""Models without the pins a PoE HAT needs; nor has a Pi 3B, only the 3B+."""


class Part(NamedTuple):
    """One line of the list.

    Attributes:
        group: The heading it stands under.
        pieces: How many.
        watts: Each draws, 0 for what draws none.
        source: Of that figure; empty with 0.
        supply_w: Each is rated for, for what supplies power.
    """

    group: str
    name: str
    pieces: int
    watts: float = 0.0
    source: str = ""
    supply_w: float = 0.0


def parts_of(file: HallFile) -> list[Part]:
    """Return the hardware of a hall, the computers first; nothing is listed with a count of 0."""
    models = models_of(file.nodes)
    parts = [
        *_computers(Counter(models.values())),
        *_hands(file.nodes),
        *_printers(file.nodes),
        *_screens(file.nodes),
        *_small(file.nodes),
        *_network(file.nodes, models),
    ]
    return [part for part in parts if part.pieces]


def models_of(nodes: Iterable[Node]) -> dict[str, str]:
    """Return the model of each Pi, by host."""
    models: dict[str, str] = {}
    for node in nodes:
        models[host_of(node)] = node.model or models.get(host_of(node), MODEL)
    return models


def display_watts(diag_in: float) -> float:
    """Return what a display just in class A draws, watts (see `SOURCES`)."""
    across_cm = diag_in * CM_AN_INCH
    area_dm2 = across_cm**2 * WIDE * HIGH / (WIDE**2 + HIGH**2) / 100
    return 0.30 * (20 + 4.3224 * area_dm2)


def _computers(models: Counter[str]) -> Iterator[Part]:
    group = "Computers"
    for name in MODELS:
        power = POWER[name]
        yield Part(group, MODELS[name].title, models[name], SUPPLY_V * power.typical_a, PI)
    supplies: Counter[tuple[float, str]] = Counter()
    for name, count in models.items():
        supplies[POWER[name].supply_a, POWER[name].plug] += count
    for (supply_a, plug), count in sorted(supplies.items()):
        name = f"Power supply {SUPPLY_V} V {supply_a:g} A, {plug}"
        yield Part(group, name, count, supply_w=SUPPLY_V * supply_a)
    yield Part(group, "microSD card, 32 GB, high endurance", models.total())


def _hands(nodes: Iterable[Node]) -> Iterator[Part]:
    """Yield buttons, lamps and what drives the lamps: never a pin itself."""
    group = "Buttons and lamps"
    lamps: Counter[str] = Counter()
    kiosk, tactile, counter, rating = 0, 0, 0, 0
    for node in nodes:
        if isinstance(node, KioskNode):
            kiosk += len(node.buttons)
            tactile += len(help_buttons(node))
            lamps[host_of(node)] += len(node.lamps)
        elif isinstance(node, CounterNode):
            counter += len(node.buttons)
            rating += len(node.rating)
            lamps[host_of(node)] += node.lamp is not None
    drivers = sum(-(-count // LAMPS_A_DRIVER) for count in lamps.values())
    yield Part(group, "Ticket button of a kiosk", kiosk)
    yield Part(group, "Tactile button of a kiosk", tactile)
    yield Part(group, "Button of a counter", counter)
    yield Part(group, "Rating button", rating)
    yield Part(group, "Lamp, LED", lamps.total(), LAMP_W, ESTIMATE)
    yield Part(group, "Lamp driver ULN2803A", drivers)


def _printers(nodes: Iterable[Node]) -> Iterator[Part]:
    group = "Printers"
    printers = [node.printer for node in nodes if isinstance(node, KioskNode) and node.printer]
    kinds = Counter((printer.width, printer.kind) for printer in printers if printer.kind != "file")
    for (width, kind), count in sorted(kinds.items()):
        name = f"Thermal printer {width} mm, {kind}, with cutter"
        yield Part(group, name, count, PRINTER_W, ESTIMATE)
    yield Part(group, "Power supply of a printer, 24 V", kinds.total(), supply_w=PRINTER_SUPPLY_W)
    cables = Counter(printer.kind for printer in printers)
    yield Part(group, "USB cable", cables["usb"])
    yield Part(group, "Serial cable with level shifter", cables["serial"])
    for width, count in sorted(Counter(width for width, _ in kinds.elements()).items()):
        slips = ROLL_M[width] * 1000 // SLIP_MM // 50 * 50  # nobody counts them closer
        name = f"Paper roll {width} mm, {ROLL_M[width]} m, about {slips} slips: one in, one spare"
        yield Part(group, name, 2 * count)


def _screens(nodes: Iterable[Node]) -> Iterator[Part]:
    group = "Displays"
    boards = [node for node in nodes if isinstance(node, BoardNode)]
    kinds = Counter((board.diag_in, board.width_px, board.height_px) for board in boards)
    for (diag_in, width_px, height_px), count in sorted(kinds.items()):
        name = f"Display, {diag_in:g} inches, {width_px} x {height_px}"
        yield Part(group, name, count, display_watts(diag_in), DISPLAY)
    touch = sum(isinstance(node, KioskNode) and node.screen for node in nodes)
    signs = [node for node in nodes if isinstance(node, SignNode)]
    screens = sum(not sign.has_digits for sign in signs)
    yield Part(group, "Touch screen of a kiosk", touch, TOUCH_W, ESTIMATE)
    yield Part(group, "Sign: small screen", screens, SMALL_SCREEN_W, ESTIMATE)
    lines = sum(sign.tm1637 is not None for sign in signs)
    on_i2c = len(signs) - screens - lines
    yield Part(group, "Sign: 4 digits, HT16K33", on_i2c, DIGITS_W, ESTIMATE)
    yield Part(group, "Sign: 4 digits, TM1637", lines, DIGITS_W, ESTIMATE)
    yield Part(group, "HDMI cable", len(boards) + touch + screens)
    spoken = [board.voice for board in boards if isinstance(board.voice, Voice)]
    loud = sum(voice.out in {"jack", "usb"} for voice in spoken)
    # A board's television has loudspeakers; a kiosk's screen seldom, and they face away.
    loud += sum(isinstance(node, KioskNode) and bool(node.voice) for node in nodes)
    yield Part(group, "Loudspeaker with amplifier", loud, LOUDSPEAKER_W, ESTIMATE)


def _small(nodes: Iterable[Node]) -> Iterator[Part]:
    group = "Sensors and clocks"
    rtc = sum(isinstance(node, HubNode) and node.rtc for node in nodes)
    sensors = [each for node in nodes if isinstance(node, SensorNode) for each in node.sensors]
    kinds = Counter(type(sensor) for sensor in sensors)
    yield Part(group, "Clock DS3231 with its cell", rtc)
    chips = {(host_of(node), chip) for node in nodes for chip in chips_of(node)}
    yield Part(group, "Port expander MCP23017, 16 lines", len(chips))
    for kind, name in SENSOR_NAMES.items():
        count = kinds[kind] * (BEAMS_A_DOOR if kind is Door else 1)
        yield Part(group, name, count)


def _network(nodes: Iterable[Node], models: dict[str, str]) -> Iterator[Part]:
    group = "Network"
    wired = len(models) + sum(
        isinstance(node, KioskNode) and node.printer is not None and node.printer.kind == "network"
        for node in nodes
    )
    adapters = sum(model in NO_ETHERNET for model in models.values())
    yield Part(group, "Port of a switch (and one for the uplink)", wired + 1)
    yield Part(group, "Ethernet cable", wired + 1)
    yield Part(group, "USB Ethernet adapter", adapters)


class Poe(NamedTuple):
    """The same Pis powered over their Ethernet cables.

    Attributes:
        ports: Of a PoE+ switch, one a Pi with the pins for it; a HAT each.
        watts: The switch must be rated for.
    """

    ports: int
    watts: float


def poe_of(file: HallFile) -> Poe:
    """Return what power over Ethernet would take instead of the Pis' own supplies."""
    ports = sum(model not in NO_POE for model in models_of(file.nodes).values())
    return Poe(ports, ports * POE_PORT_W)
