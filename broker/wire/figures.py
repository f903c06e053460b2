"""PURE: what a health says of a machine and of the parts at it. None is unknown, and never fine.

Everything here has a default, so that a peer of another release says as much as it knows. Ages are
monotonic seconds at the moment of sending: a node's wall clock may stand in 1970.
"""

from msgspec import Struct


class Storage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file system that holds the data folder.

    Attributes:
        available: Share of it that is free to us, 0 to 1.
        read_only: The kernel writes to it no more, or was told not to.
        errors: Errors ext4 has counted since it was made; more than 0 is a dying card.
        written_bytes: All that was ever written to it.
        canary: A few KB, written, synced and read back every 15 minutes, were right; false also
            while they take longer than a minute.
        canary_s: How long that took.
    """

    available: float | None = None
    read_only: bool | None = None
    errors: int | None = None
    written_bytes: int | None = None
    canary: bool | None = None
    canary_s: float | None = None


class Network(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The interface with the default route, or the first that is up.

    Attributes:
        link_mbps: Negotiated speed of a cable.
        rssi_dbm: Strength of the radio signal: -67 is enough, -80 is not.
        errors: Share of the received frames that were bad since boot, 0 to 1.
    """

    interface: str = ""
    link_mbps: int | None = None
    rssi_dbm: int | None = None
    errors: float | None = None


class Machine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The Pi a process runs on, as the kernel tells it.

    Attributes:
        model: What the board calls itself.
        soc_c: Temperature of the processor, degrees Celsius; a Pi slows down from 80.
        supply_low: The supply is below 4.63 V now.
        supply_low_seen: It was, at least once since boot; null = it can't be asked.
        throttled: Why the firmware slows the processor now: 1 low supply, 2 capped, 4 throttled, 8
            soft limit of temperature, added up.
        memory_available: Share of the memory that can be had without swapping, 0 to 1.
        oom_kills: Processes the kernel killed for want of memory since boot.
        pressure: Share of the last 60 s in which something waited for `cpu`, `io` or `memory`,
            0 to 1.
        clock_synced: Something keeps the wall clock.
        clock_error_s: How wrong the kernel thinks it may be; only while it is kept.
    """

    model: str = ""
    soc_c: float | None = None
    supply_low: bool | None = None
    supply_low_seen: bool | None = None
    throttled: int | None = None
    memory_available: float | None = None
    oom_kills: int | None = None
    pressure: dict[str, float] = {}
    clock_synced: bool | None = None
    clock_error_s: float | None = None
    storage: Storage = Storage()
    network: Network = Network()


class Button(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One button since the start of its process.

    Attributes:
        chatter: Edges that were only a bounce.
        stuck: It has been down for 30 s and still is.
        pressed_age_s: Since the last press; null = none yet.
    """

    presses: int = 0
    chatter: int = 0
    stuck: bool = False
    pressed_age_s: float | None = None


class PrinterHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kiosk's printer.

    Attributes:
        state: ok, near_end, out, offline or unknown, as it says itself.
        printed_age_s: Since the last slip that surely came out; null = none yet.
        failed: Slips in a row that surely did not.
    """

    state: str = "unknown"
    printed_age_s: float | None = None
    failed: int = 0


class DisplayHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a board or a sign has really shown.

    Attributes:
        gen, pos: Of the state its picture shows.
        frame_age_s: Since the picture last changed.
        frames: Pictures since the start.
        plugged: A screen is connected.
    """

    gen: str = ""
    pos: int = 0
    frame_age_s: float | None = None
    frames: int | None = None
    plugged: bool | None = None
