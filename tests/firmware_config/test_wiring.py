"""Facts about pins, buses and Pis, on a hall with every kind of node."""

from pathlib import Path

import pytest

from firmware_config.load import examine
from firmware_config.pins import EEPROM, FREE, I2C, RESERVED

EVERY_KEY = Path(__file__).with_name("every_key.toml")
DEMO = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"

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
    ('"http://10.78.0.1/"', '"https://10.78.0.1/"', "wifi.page", "http://10.78.0.1/"),
    ('"http://10.78.0.1/"', '"http://antrean.lan/"', "wifi.page", '"http://10.78.0.1/"'),
    ('"http://10.78.0.1/"', '"http://10.78.0.1/t/"', "wifi.page", "an IP address"),
    ('"http://10.78.0.1/"', '"http://10.77.0.1/"', "wifi.page", "no address of 10.78.0.0/22"),
    ('"http://10.78.0.1/"', '"http://u@10.78.0.1/"', "wifi.page", "an IP address"),
    ('role = "web"', 'role = "board"', "wifi.page", 'role = "web"'),
    ('["lantai-2"]', '["lantai-1"]', "zone[1] (lantai-1): repeat_in[1]", "in itself"),
    (
        "counters = [3]\nbuttons",
        "counters = [3, 4]\nbuttons",
        "(loket-3): counters",
        "two counters",
    ),
    ('zone = "lantai-1"\nsensors', 'zone = "lantai-9"\nsensors', "(sensor-1): zone", "no zone"),
    ("people_max = 120", "people_max = 0", "zone[1] (lantai-1): people_max", "1 to 9999"),
    (
        "call = 5,",
        'call = { chip = "mcp23017-0x28", line = 1 },',
        "(loket-3): buttons.call.chip",
        "0x20 to 0x27",
    ),
    (
        "call = 5,",
        'call = { chip = "mcp23017-0x20", line = 16 },',
        "(loket-3): buttons.call.line",
        "0 to 15",
    ),
    ("call = 5,", 'call = "5",', "(loket-3): buttons.call", "2 to 27"),
    (
        "call = 5, recall = 6,",
        (
            'call = { chip = "mcp23017-0x20", line = 1 },'
            ' recall = { chip = "mcp23017-0x20", line = 1 },'
        ),
        "(loket-3): buttons.recall",
        "line 1 of mcp23017-0x20 is taken by buttons.call",
    ),
    (
        "call = 5, recall = 6,",
        'call = { chip = "mcp23017-0x20", line = 1 }, recall = 4,',
        "(loket-3): buttons.recall",
        "pin 4 is taken by buttons.call",
    ),
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


def on_chip(number: int) -> str:
    """Return a line of one chip, as a hall file writes it."""
    return f'{{ chip = "mcp23017-0x20", line = {number} }}'


def two_panels(tmp_path: Path, *, line: int, first: str = "", second: str = "") -> list[str]:
    """Return the faults of two counters of one Pi whose `call` is on one chip, and its pin 4 used.

    Args:
        line: Of the second counter's button; the first one's is on line 1.
        first, second: Further keys of the two nodes.
    """
    text = DEMO.read_text("utf-8")
    buttons = "buttons = { call = 5, recall = 6, no_show = 13, done = 19, park = 22, pause = 17 }"
    rating = "rating = [16, 20, 21, 12] # the visitors' four buttons, worst first\n"
    wired = f"buttons = {{ call = {on_chip(1)}, recall = 4 }}\n{first}"
    text = text.replace(buttons, wired, 1).replace(rating, "", 2)
    wired = f'host = "loket-1"\nbuttons = {{ call = {on_chip(line)} }}\n{second}'
    text = text.replace(buttons, wired, 1).replace("lamp = 26", "lamp = 25", 1)
    path = tmp_path / "hall.toml"
    path.write_text(text, "utf-8")
    return [str(fault) for fault in examine(path).faults]


def test_panels_on_one_chip_share_it(tmp_path: Path) -> None:
    """Two nodes of one Pi, each with its own lines; the chip's interrupt is one pin of the Pi."""
    (fault,) = two_panels(tmp_path, line=2)  # Linux takes pin 4 when it isn't told another
    assert "buttons.recall" in fault
    assert "pin 4 is taken by" in fault
    wire = "interrupts = { mcp23017-0x20 = 24 }\n"
    assert two_panels(tmp_path, line=2, first=wire) == []
    assert two_panels(tmp_path, line=2, second=wire) == []
    (fault,) = two_panels(tmp_path, line=1, first=wire)
    assert "line 1 of mcp23017-0x20 is taken by" in fault
    (fault,) = two_panels(tmp_path, line=2, first=wire, second=wire.replace("24", "23"))
    assert "say one pin for one chip" in fault
