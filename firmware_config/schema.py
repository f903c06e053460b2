"""The shape of a hall file: one struct a section, one struct a role. PURE: no file is read here.

`[[agency]]`, `[[service]]`, `[[counter]]` and `[[zone]]` are `broker.hall.setup`'s structs. What
must hold between sections is in `rules.py` and `wiring.py`; what other packages ask of a file is at
the end of this one. A type's `description` is what `loket check` says to write instead.

Checked now, acted on by a later release: `[hub]` copies; `[[agency]]` icon, complaints;
`[[service]]` standard; `[[node]]` role shadow; `[retain]` but readings, `[skm]`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from broker.hall.calendar import Calendar
from broker.hall.setup import (
    Agency,
    Counter,
    CounterId,
    Days,
    Id,
    Language,
    Service,
    Setup,
    Zone,
    make_setup,
)
from firmware_config.pins import Chip, Contact, Pin
from firmware_config.sensors import Sensor

Prefix = Annotated[
    str,
    Meta(
        pattern=r"^[A-HJ-NPRT-WXY][A-HJ-NPRT-WXY0-9]?\Z",
        description="a letter that can't be misread (no I, O, Q, S, Z), and perhaps a digit",
        examples=["K1"],
    ),
]
"""The prefix of numbers made without the hub: a kiosk's own, or the drawer's paper ones."""

Port = Annotated[int, Meta(ge=1024, le=65535, description="a port, 1024 to 65535", examples=[8080])]

ButtonName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9-]{1,32}\Z",
        description="the id of a service or agency, a series, or PRIORITY",
    ),
]

LampName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9-]{1,32}\Z", description="ready, or the name of a button")
]

CounterButton = Literal["call", "recall", "no_show", "start", "park", "done", "pause"]

RATING_BUTTONS = ("rate_1", "rate_2", "rate_3", "rate_4")
"""Names of the buttons on a counter node's `rating` pins, worst first, as the survey's answers."""

Metres = Annotated[float, Meta(ge=1, le=40, description="metres, 1 to 40", examples=[10])]

Inches = Annotated[
    float, Meta(ge=10, le=120, description="the picture's diagonal in inches", examples=[55])
]

DayCount = Annotated[int, Meta(ge=1, le=3660, description="whole days, 1 to 3660", examples=[365])]

MODEL = "pi4"
"""The model of a Pi no node says one of."""

PRIORITY = "PRIORITY"
"""The kiosk button that is no service: it makes the next ticket a priority one."""

BANTUAN, NEXT, CHOOSE = "BANTUAN", "NEXT", "CHOOSE"
"""The buttons of a kiosk's `help`, as its node and its panel name them."""


class HallSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[hall]`: what holds everywhere in it.

    Attributes:
        languages: The first is the main one.
        open: Hours by day, see `hours.py`; a day that isn't named is closed.
        dates: Hours by date ("2026-12-24"), or "closed"; they win over holidays and agencies.
        holidays: A file beside this one.
        far_seat_m: How far the farthest reader of a board sits.
        command_ttl_s: A press older than this is refused as stale.
        priority_per_normal: After so many priority calls in a row a counter calls a normal ticket.
        rank_wait_min: A counter passes over its ranked order for who came so much earlier.
        served_min_s: Called for at least this long counts as served, else as a no-show.
        paper: Prefix of the paper numbers in the drawer.
        spoken_number: "digits" = A 0 0 7, "number" = A 7.
        issue_from: When the kiosks begin to give out numbers; at opening time without it.
    """

    id: Id
    name: Annotated[
        str, Meta(min_length=1, max_length=80, description="a text of 1 to 80 characters in quotes")
    ]
    timezone: str = "Asia/Jakarta"
    languages: Annotated[
        tuple[Language, ...],
        Meta(min_length=1, description="a list of language codes", examples=[["id", "en"]]),
    ] = ("id",)
    voice_languages: tuple[Language, ...] = ()
    open: Days
    breaks: Days = {}
    dates: dict[str, str] = {}
    holidays: str | None = None
    far_seat_m: Metres = 10
    command_ttl_s: Annotated[
        int, Meta(ge=2, le=60, description="whole seconds, 2 to 60", examples=[10])
    ] = 10
    served_min_s: Annotated[
        int, Meta(ge=0, le=600, description="whole seconds, 0 to 600", examples=[45])
    ] = 45
    no_show_return_after: Annotated[
        int, Meta(ge=1, le=20, description="places in the queue, 1 to 20", examples=[3])
    ] = 3
    no_show_return_min: Annotated[
        int, Meta(ge=0, le=60, description="whole minutes, 0 to 60", examples=[3])
    ] = 3
    no_show_max: Annotated[int, Meta(ge=0, le=9, description="times, 0 to 9", examples=[2])] = 2
    priority_per_normal: Annotated[
        int, Meta(ge=1, le=9, description="calls in a row, 1 to 9", examples=[2])
    ] = 2
    rank_wait_min: Annotated[
        int, Meta(ge=0, le=240, description="whole minutes, 0 to 240", examples=[15])
    ] = 15
    paper: Prefix | None = None
    spoken_number: Literal["digits", "number"] = "digits"
    issue_from: str | None = None


class HubSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[hub]`: where nodes find the broker and the hub.

    Attributes:
        addresses: Tried in order: the hub's, then its shadow's.
        copies: Nodes on other Pis that keep a live copy of the journal.
    """

    addresses: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            max_length=3,
            description="a list of 1 to 3 IP addresses",
            examples=[["10.77.0.1"]],
        ),
    ]
    copies: Annotated[tuple[Id, ...], Meta(max_length=2, description="at most 2 node ids")] = ()


class BrokerSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[broker]`: which MQTT broker runs on the hub's Pi. "embedded" is for trying out only."""

    kind: Literal["mosquitto", "embedded"] = "mosquitto"
    port: Port = 8883


class WifiSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[wifi]`: the visitors' network, without internet, for the phone page.

    Attributes:
        subnet: Its addresses, e.g. "10.78.0.0/22".
        page: The address printed on slips, the web node's in that network: a phone without
            internet has nobody to ask for a name.
    """

    ssid: Annotated[str, Meta(min_length=1, max_length=32, description="1 to 32 characters")]
    subnet: str
    page: Annotated[
        str,
        Meta(
            pattern=r"^http://[^\s]+\Z",
            description="http:// and an IP address",
            examples=["http://10.78.0.1/"],
        ),
    ]


class RetainSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[retain]`: after how many days what is not the journal is erased.

    Attributes:
        readings_days: Of what sensors said: of each minute for two days, then of quarters of an
            hour.
    """

    staff_days: DayCount = 365
    texts_days: DayCount = 365
    readings_days: DayCount = 90
    health_days: DayCount = 90


class SkmSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[skm]`: the satisfaction survey (Survei Kepuasan Masyarakat, nine elements).

    Attributes:
        elements: Which of the nine are asked.
        answers_min: Fewer answers than this are not published as a figure.
    """

    elements: tuple[
        Annotated[int, Meta(ge=1, le=9, description="an element, 1 to 9", examples=[1])], ...
    ] = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    answers_min: Annotated[
        int, Meta(ge=1, le=1000, description="answers, 1 to 1000", examples=[30])
    ] = 30


class Printer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kiosk's slip printer.

    Attributes:
        kind: usb: the one USB device that says it is a printer; serial: set to 115200 baud, 8N1;
            file: such as /dev/usb/lp0, which can't be asked for its paper; network: port 9100.
        width: Of the paper, mm.
        device: A serial or file printer's path.
        address: A network printer's IP address.
    """

    kind: Literal["usb", "serial", "file", "network"]
    width: Literal[58, 80] = 80
    device: str | None = None
    address: str | None = None


class Voice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a board speaks; `voice = true` takes the output the system does.

    Attributes:
        out: Which output; the system's own choice without it.
        clips: A folder beside this file with the site's own recordings; `loket say --list` says
            which. Without it, or for a language that is not whole there, espeak-ng speaks.
    """

    out: Literal["hdmi", "jack", "usb"] | None = None
    clips: (
        Annotated[str, Meta(min_length=1, description="a folder beside the hall file")] | None
    ) = None


class NodeBase(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="role", tag=True
):
    """What every `[[node]]` has: one id, one process, one MQTT account.

    Attributes:
        host: The Pi it runs on; several nodes may share one. Without it a Pi of its own.
        model: A name in `pins.MODELS`; of all nodes of a Pi one may say it; a Pi 4 when none does.
        address: The Pi's fixed IP address.
        switch: The network switch its Pi hangs on, by any name: when all of a switch is gone, that
            is one alarm.
        allow_pins: Reserved pins this node uses on purpose (see `pins.RESERVED`).
        interrupts: The pin of each port expander's INTA, by chip; `pins.INTERRUPT` when it isn't
            said. Without that wire Linux hears no button of it.
    """

    id: Id
    host: Id | None = None
    model: str | None = None
    address: str | None = None
    switch: Id | None = None
    allow_pins: tuple[Pin, ...] = ()
    interrupts: dict[Chip, Pin] = {}


class HubNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hub"):
    """The process that decides; its id is `hub`. The broker runs on the same Pi.

    Attributes:
        rtc: It has a DS3231 clock on I2C (a Pi 5 has a clock of its own: leave this out).
    """

    rtc: bool = False


class ShadowNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="shadow"):
    """A second hub that waits, on another Pi."""


WEB_PORT = 8080


class WebNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="web"):
    """The hall's pages; its id is `web`, its Pi the hub's."""

    port: Port = WEB_PORT


class HelpButtons(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kiosk's tactile buttons for who can't read or touch a screen.

    Attributes:
        bantuan: The spoken menu, then its other language. Held 2 s: staff are called.
        next, choose: The menu's; needed where the kiosk speaks.
    """

    bantuan: Pin
    next: Pin | None = None
    choose: Pin | None = None


class KioskVoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a kiosk speaks; `voice = true` takes the output the system does.

    Attributes:
        out: Which output; the system's own choice without it.
        numbers: It says each number once, with its place; false: only to who asked by `help`.
    """

    out: Literal["hdmi", "jack", "usb"] | None = None
    numbers: bool = True


class KioskNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="kiosk"):
    """Gives out tickets.

    Attributes:
        offline: Prefix of the numbers it gives out while the hub is gone.
        buttons: Pin by what the button takes; see `buttons.kiosk_services`.
        lamps: Pin by lamp: `ready`, or the name of the button it lights.
        printer: Without it the slip is a text and a picture in the node's data folder.
        screen: It has a touch screen that shows the services.
        diag_in: The touch screen's diagonal, inches: targets are 20 mm and more.
        help: Its tactile buttons: BANTUAN, and those of the spoken menu.
        voice: It has a loudspeaker of its own.
    """

    offline: Prefix
    buttons: dict[ButtonName, Contact] = {}
    lamps: dict[LampName, Contact] = {}
    printer: Printer | None = None
    screen: bool = False
    diag_in: Inches = 15.6
    help: HelpButtons | None = None
    voice: bool | KioskVoice = False


class CounterNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="counter"):
    """The buttons and the lamp of one counter.

    Attributes:
        counters: Exactly one while it has buttons (a press must say which counter it means).
        rating: Pins of the visitor's four rating buttons, worst first (`RATING_BUTTONS`).
    """

    counters: Annotated[
        tuple[CounterId, ...],
        Meta(min_length=1, description="a list of counter numbers", examples=[[3]]),
    ]
    buttons: dict[CounterButton, Contact] = {}
    lamp: Contact | None = None
    rating: Annotated[
        tuple[Contact, ...],
        Meta(min_length=4, max_length=4, description="4 pins, worst rating first"),
    ] = ()


class BoardNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="board"):
    """A hall display, and its voice.

    Attributes:
        zone: Shows this zone's calls; all calls without it.
        width_px, height_px: Of the picture it is given.
        far_seat_m: Of its own readers; the hall's without it.
    """

    zone: Id | None = None
    diag_in: Inches = 55
    width_px: Annotated[
        int, Meta(ge=640, le=3840, description="pixels, 640 to 3840", examples=[1920])
    ] = 1920
    height_px: Annotated[
        int, Meta(ge=480, le=2160, description="pixels, 480 to 2160", examples=[1080])
    ] = 1080
    far_seat_m: Metres | None = None
    voice: bool | Voice = False


class Tm1637(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two pins of four digits on a TM1637, by BCM number."""

    clk: Pin
    dio: Pin


class SignNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sign"):
    """The small display above a counter.

    Attributes:
        i2c: Address of its digits (HT16K33).
        tm1637: Pins of its digits (TM1637). With neither the sign is a screen on HDMI or DSI.
        diag_in, width_px, height_px: Of that screen.
    """

    counters: Annotated[
        tuple[CounterId, ...],
        Meta(min_length=1, description="a list of counter numbers", examples=[[3]]),
    ]
    i2c: (
        Annotated[
            int, Meta(ge=0x70, le=0x77, description="an I2C address, 0x70 to 0x77", examples=[0x70])
        ]
        | None
    ) = None
    tm1637: Tm1637 | None = None
    diag_in: Annotated[
        float, Meta(ge=3.5, le=32, description="the diagonal in inches, 3.5 to 32", examples=[7])
    ] = 7
    width_px: Annotated[
        int, Meta(ge=320, le=1920, description="pixels, 320 to 1920", examples=[800])
    ] = 800
    height_px: Annotated[
        int, Meta(ge=240, le=1920, description="pixels, 240 to 1920", examples=[480])
    ] = 480

    @property
    def has_digits(self) -> bool:
        """Whether it shows four digits, not a picture."""
        return self.i2c is not None or self.tm1637 is not None


class SensorNode(NodeBase, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sensor"):
    """Measures the hall.

    Attributes:
        zone: Where it measures; its doors lead into this zone. Without it, the whole hall.
    """

    zone: Id | None = None
    sensors: Annotated[
        tuple[Sensor, ...],
        Meta(min_length=1, description="a list of sensors", examples=[[{"kind": "bme280"}]]),
    ]


Node = HubNode | ShadowNode | WebNode | KioskNode | CounterNode | BoardNode | SignNode | SensorNode


class HallFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole hall file; `load.load_hall` is the way to one that passed every check."""

    hall: HallSection
    hub: HubSection
    broker: BrokerSection = BrokerSection()
    agencies: tuple[Agency, ...] = field(name="agency")
    services: tuple[Service, ...] = field(name="service")
    counters: tuple[Counter, ...] = field(name="counter")
    zones: tuple[Zone, ...] = field(name="zone", default=())
    nodes: tuple[Node, ...] = field(name="node")
    wifi: WifiSection | None = None
    retain: RetainSection = RetainSection()
    skm: SkmSection = SkmSection()


def setup_of(file: HallFile, *, calendar: Calendar | None = None) -> Setup:
    """Return the hall as the rules see it.

    Args:
        calendar: Its opening hours, see `load.load_calendar`; None = always open.
    """
    return make_setup(
        hall=file.hall.id,
        name=file.hall.name,
        timezone=file.hall.timezone,
        agencies=file.agencies,
        services=file.services,
        counters=file.counters,
        languages=file.hall.languages,
        zones=file.zones,
        served_min_s=file.hall.served_min_s,
        command_ttl_s=file.hall.command_ttl_s,
        no_show_return_after=file.hall.no_show_return_after,
        no_show_return_min=file.hall.no_show_return_min,
        no_show_max=file.hall.no_show_max,
        priority_per_normal=file.hall.priority_per_normal,
        rank_wait_min=file.hall.rank_wait_min,
        calendar=calendar,
        paper=file.hall.paper or "",
        offline={node.id: node.offline for node in file.nodes if isinstance(node, KioskNode)},
    )


def node_of(file: HallFile, node_id: str) -> Node:
    """Return the node of that id.

    Raises:
        ValueError: There is none; the message lists those there are.
    """
    for node in file.nodes:
        if node.id == node_id:
            return node
    ids = ", ".join(node.id for node in file.nodes)
    raise ValueError(f"the hall file has no node {node_id!r}; it has {ids}")


def role_of(node: Node) -> str:
    """Return `kiosk`, `counter`, `board` and so on: the `role` of the file, and of an `Actor`."""
    role = node.__struct_config__.tag
    if not isinstance(role, str):
        raise TypeError(f"node {node.id}: a role is text, not {role!r}")
    return role


def host_of(node: Node) -> str:
    """Return the Pi it runs on."""
    return node.host or node.id


def far_seat_m_of(file: HallFile, board: BoardNode) -> float:
    """Return how far the farthest reader of this board sits, metres."""
    return file.hall.far_seat_m if board.far_seat_m is None else board.far_seat_m
