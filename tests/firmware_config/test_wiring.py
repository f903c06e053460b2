"""Facts about pins, buses and Pis, on a hall with every kind of node."""

from pathlib import Path

import pytest

from firmware_config.load import examine
from firmware_config.pins import EEPROM, FREE, I2C, RESERVED

EVERY_KEY = Path(__file__).with_name("every_key.toml")

# (what to replace in every_key.toml, by what, the key of the fault, words of its line)
FAULTS = [
    (
        "buttons = { call = 5",
        "buttons = { call = 2",
        "(loket-3): buttons.call",
        "pin 2 is taken by",
    ),
    ("i2c = 0x70", "i2c = 0x50", "(sign-3): i2c", "0x70 to 0x77"),
    ("counters = [3]\ni2c", "counters = [4]\ni2c", "(sign-3): counters[1]", "no counter 4"),
    ("beams = [23, 24]", "beams = [23, 23]", "sensors[4].beams[2]", "sensors[4].beams[1]"),
    ("beams = [23, 24]", "beams = [23, 4]", "sensors[4].beams[2]", "sensors[3].pin"),
    ("beams = [23, 24]", "beams = [23]", "sensors[4].beams", "two pins"),
    ("beams = [23, 24]", "beam = [23, 24]", "sensors[4].beam", "did you mean beams?"),
    (
        'kind = "bme280", address = 0x76',
        'kind = "bme28"',
        "sensors[1].kind",
        "did you mean bme280?",
    ),
    ("address = 0x76", "address = 0x42", "sensors[1].address", "118 or 119"),
    ('{ kind = "sht4x" }', '{ kind = "bme280" }', "sensors[2]", "I2C address 0x76 is taken"),
    (
        '{ kind = "usb", width = 80 }\nbuttons = { A = 17',
        '{ kind = "serial", device = "/dev/serial0" }\nallow_pins = [14]\nbuttons = { A = 14',
        "(kiosk-1): buttons.A",
        "pin 14 is taken by printer.device",
    ),
    ("A = 17", "A = 14", "(kiosk-1): buttons.A", "the serial port"),
    (
        '"usb", width = 80',
        '"network", address = "x"',
        "(kiosk-1): printer.address",
        "no IP address",
    ),
    ("rating = [16, 20, 21, 12]", "rating = [16, 20, 21, 26]", "rating[4]", "taken by lamp"),
    ("rating = [16, 20, 21, 12]", "rating = [16, 20, 99, 12]", "rating[3]", "2 to 27"),
    ("rating = [16, 20, 21, 12]", "rating = [16, 20, 21]", "rating", "4 pins, worst"),
    ('role = "shadow"', 'role = "shadow"\nhost = "hub"', "(hub-2): host", "a Pi of its own"),
    ('"10.77.0.2"\n\n[[node]]', '"10.77.0.7"\n\n[[node]]', "(hub-2): address", "[hub] addresses"),
    ('id = "board-2"', 'id = "board-2"\nmodel = "zero2w"\nhost = "hub"', "(board-2): host", "Pi 4"),
    ('"10.78.0.0/22"', '"10.78.0.1/22"', "wifi.subnet", '"10.78.0.0/22"'),
    ('["lantai-2"]', '["lantai-1"]', "zone[1] (lantai-1): repeat_in[1]", "in itself"),
    (
        "counters = [3]\nbuttons",
        "counters = [3, 4]\nbuttons",
        "(loket-3): counters",
        "two counters",
    ),
    ('zone = "lantai-1"\nsensors', 'zone = "lantai-9"\nsensors', "(sensor-1): zone", "no zone"),
    ("people_max = 120", "people_max = 0", "zone[1] (lantai-1): people_max", "1 to 9999"),
    ('icon = "keluarga"', 'icon = "Keluarga.png"', "agency[1] (dukcapil): icon", "lower case"),
    ("answers_min = 30", "answers_min = 0", "skm.answers_min", "1 to 1000"),
]


@pytest.mark.parametrize(("old", "new", "key", "words"), FAULTS)
def test_a_wiring_fault_is_named(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    """Each broken copy yields a line with that key and those words."""
    text = EVERY_KEY.read_text("utf-8")
    assert old in text
    (tmp_path / "libur.toml").write_text("", "utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    lines = [str(fault) for fault in examine(path).faults]
    assert any(key in line.split(";")[0] and words in line for line in lines), lines


def test_every_key_of_the_design_is_accepted() -> None:
    """The keys of the design's example and of its "also" list pass in one file."""
    assert examine(EVERY_KEY).faults == ()


def test_free_pins_are_the_header_without_the_reserved_ones() -> None:
    """17 pins are left for buttons and lamps, none of them a bus or the HAT's."""
    assert len(FREE) == 17
    assert not set(FREE) & {*RESERVED, *I2C, *EEPROM}


SPEAKING = "screen = true\nvoice = true\nhelp = { bantuan = 23, next = 24, choose = 25 }"

# (instead of SPEAKING, the key of the fault, words of its line)
HELPS = [
    ("screen = true\nvoice = true\nhelp = { bantuan = 17 }", "help.bantuan", "taken by buttons.A"),
    ("screen = true\nvoice = true\nhelp = { bantuan = 23, next = 24 }", "help", "no button choose"),
    ("screen = true\nhelp = { bantuan = 23, next = 24 }", "help.next", "nobody speaks"),
    ("screen = true\nhelp = { next = 24 }", "help", "bantuan"),
    ('screen = true\nvoice = { out = "radio" }', "voice", "hdmi"),
]


@pytest.mark.parametrize(("said", "key", "words"), HELPS)
def test_a_kiosk_s_help_is_wired_whole(tmp_path: Path, said: str, key: str, words: str) -> None:
    """Each pin once, and no button that leads nowhere."""
    text = EVERY_KEY.read_text("utf-8")
    assert SPEAKING in text
    (tmp_path / "libur.toml").write_text("", "utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(text.replace(SPEAKING, said), "utf-8")
    lines = [str(fault) for fault in examine(path).faults]
    assert any(f"(kiosk-1): {key}" in line.split(";")[0] and words in line for line in lines), lines
