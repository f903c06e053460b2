"""A device's figures, as they are read."""

import pytest

from broker.wire.figures import (
    Button,
    DisplayHealth,
    Machine,
    Network,
    PrinterHealth,
    Storage,
)
from broker.wire.messages import Health
from displays.web.figures import Figure, buttons_of, figures_of


def age(age_s: float) -> str:
    """Return it as a test reads it."""
    return f"{age_s:.0f}s"


def told(health: Health, label: str) -> Figure:
    """Return one figure."""
    (figure,) = (f for f in figures_of(health, "en", age) if f.label == label)
    return figure


MACHINE_LABELS = (
    "Kind of Pi",
    "Processor",
    "Supply",
    "Memory free",
    "Disk free",
    "Errors of the card",
    "Card tried",
    "Clock",
    "Network",
)


@pytest.mark.parametrize("label", ["Version", "Connections since start", *MACHINE_LABELS])
def test_what_a_device_does_not_say_is_unknown(label: str) -> None:
    """Nothing is filled in for it."""
    assert told(Health(uptime_s=5), label) == Figure(label, "unknown", is_known=False)


@pytest.mark.parametrize(
    ("machine", "label", "value"),
    [
        (Machine(model="Raspberry Pi 4"), "Kind of Pi", "Raspberry Pi 4"),
        (Machine(soc_c=54.2), "Processor", "54 °C"),
        (Machine(supply_low=False, supply_low_seen=False), "Supply", "enough"),
        (
            Machine(supply_low=False, supply_low_seen=True),
            "Supply",
            "was too weak since it was switched on",
        ),
        (Machine(supply_low=True, supply_low_seen=True), "Supply", "too weak now"),
        (Machine(memory_available=0.425), "Memory free", "42%"),
        (Machine(storage=Storage(available=0.0)), "Disk free", "0%"),
        (Machine(storage=Storage(errors=0)), "Errors of the card", "0"),
        (
            Machine(storage=Storage(canary=True, canary_s=0.031)),
            "Card tried",
            "writes and reads, 0.03 s",
        ),
        (Machine(storage=Storage(canary=False)), "Card tried", "fails: replace it"),
        (Machine(clock_synced=True, clock_error_s=0.0123), "Clock", "kept, ± 0.012 s"),
        (Machine(clock_synced=True), "Clock", "kept"),
        (Machine(clock_synced=False, clock_error_s=16.0), "Clock", "nothing keeps it"),
        (Machine(network=Network(interface="eth0", link_mbps=100)), "Network", "eth0 100 Mb/s"),
        (Machine(network=Network(interface="wlan0", rssi_dbm=-52)), "Network", "wlan0 -52 dBm"),
    ],
)
def test_the_machine_is_told_with_units(machine: Machine, label: str, value: str) -> None:
    """Each figure as a person reads it."""
    assert told(Health(uptime_s=5, machine=machine), label) == Figure(label, value)


@pytest.mark.parametrize(
    ("health", "label", "value"),
    [
        (Health(uptime_s=61), "Running for", "61s"),
        (Health(uptime_s=1, version="0.1"), "Version", "0.1"),
        (Health(uptime_s=1), "Not sent yet", "0"),
        (Health(uptime_s=1, outbox_depth=3), "Not sent yet", "3"),
        (Health(uptime_s=1, outbox_depth=3, outbox_age_s=9), "Not sent yet", "3, for 9s"),
        (Health(uptime_s=1, connects=1), "Connections since start", "1"),
        (Health(uptime_s=1, printer=PrinterHealth(state="out")), "Printer", "no paper"),
        (Health(uptime_s=1, display=DisplayHealth(plugged=False)), "Screen plugged in", "no"),
        (Health(uptime_s=1, display=DisplayHealth(plugged=True)), "Screen plugged in", "yes"),
    ],
)
def test_the_process_tells_what_it_has(health: Health, label: str, value: str) -> None:
    """And only those that have a printer or a screen tell of one."""
    assert told(health, label) == Figure(label, value)
    labels = {figure.label for figure in figures_of(health, "en", age)}
    assert ("Printer" in labels) == (health.printer is not None)
    assert ("Screen plugged in" in labels) == (health.display is not None)


@pytest.mark.parametrize("state", ["unknown", "burning"])
def test_a_printer_that_says_nothing_or_something_new_is_unknown(state: str) -> None:
    """Never ready."""
    figure = told(Health(uptime_s=1, printer=PrinterHealth(state=state)), "Printer")

    assert figure == Figure("Printer", "does not say", is_known=False)


def test_buttons_are_listed_with_their_last_press() -> None:
    """Its age goes on between two healths."""
    buttons = {
        "call": Button(presses=3, pressed_age_s=5.0, chatter=1),
        "done": Button(stuck=True),
    }

    call, done = buttons_of(Health(uptime_s=9, buttons=buttons), "en", age, ago_s=4.0)

    assert (call.name, call.presses, call.last, call.chatter) == ("call", 3, "9s ago", 1)
    assert (done.name, done.stuck, call.stuck) == ("done", True, False)
