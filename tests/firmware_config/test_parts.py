"""Facts about `loket parts`: what hardware a hall file asks for."""

import json
from pathlib import Path

import pytest

from edge.cli import run
from firmware_config.load import load_hall
from firmware_config.parts import (
    DISPLAY,
    ESTIMATE,
    PI,
    POWER,
    SOURCES,
    display_watts,
    models_of,
    parts_of,
    poe_of,
)
from firmware_config.pins import MODELS

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

SMALL = EXAMPLES / "small.toml"

EVERY_KEY = Path(__file__).with_name("every_key.toml")


def pieces_of(path: Path) -> dict[str, int]:
    """Return the count of each part, by its name without its figures."""
    return {part.name.partition(",")[0]: part.pieces for part in parts_of(load_hall(path))}


def test_the_small_hall_is_counted() -> None:
    """Three Pis; four nodes on one of them share its board, card, supply and port."""
    assert pieces_of(SMALL) == {
        "Raspberry Pi 4 Model B": 3,
        "Power supply 5.1 V 3 A": 3,
        "microSD card": 3,
        "Ticket button of a kiosk": 8,
        "Button of a counter": 12,
        "Lamp": 3,
        "Lamp driver ULN2803A": 3,
        "Thermal printer 80 mm": 1,
        "Power supply of a printer": 1,
        "USB cable": 1,
        "Paper roll 80 mm": 2,
        "Display": 1,
        "HDMI cable": 1,
        "Port of a switch (and one for the uplink)": 4,
        "Ethernet cable": 4,
    }


def test_a_hall_of_real_size_is_counted() -> None:
    """40 counters on 20 desks' Pis, each model with the supply made for it."""
    pieces = pieces_of(EXAMPLES / "tebing_tinggi.toml")
    pis = {name: count for name, count in pieces.items() if name.startswith("Raspberry")}
    assert list(pis.values()) == [20, 5, 1]
    assert [n for name, n in pieces.items() if name.startswith("Power supply 5")] == [20, 5, 1]
    assert pieces["microSD card"] == 26
    assert pieces["Button of a counter"] == 240
    assert pieces["Touch screen of a kiosk"] == 3
    assert pieces["HDMI cable"] == 5


def test_every_kind_of_part_is_counted() -> None:
    """Rating buttons, signs, sensors, the hub's clock; what is not there has no line."""
    pieces = pieces_of(EVERY_KEY)
    for name, count in {
        "Rating button": 4,
        "Tactile button of a kiosk": 3,
        "Loudspeaker with amplifier": 1,
        "Sign: 4 digits": 1,
        "Clock DS3231 with its cell": 1,
        "Sensor BME280": 1,
        "Sensor SHT4x": 1,
        "Sensor DS18B20": 1,
        "Light beam": 2,
    }.items():
        assert pieces[name] == count, name
    assert not {"Sign: small screen", "USB Ethernet adapter"} & {*pieces}


def test_a_pi_has_one_model_whichever_node_says_it(tmp_path: Path) -> None:
    """A Zero 2 W needs an adapter for its cable, and can't be powered over it."""
    path = tmp_path / "hall.toml"
    text = SMALL.read_text("utf-8")
    path.write_text(text.replace('id = "loket-2"', 'id = "loket-2"\nmodel = "zero2w"'), "utf-8")
    file = load_hall(path)
    assert models_of(file.nodes) == {"pi-depan": "pi4", "loket-1": "pi4", "loket-2": "zero2w"}
    assert pieces_of(path)["USB Ethernet adapter"] == 1
    assert poe_of(file) == (2, 60.0)


@pytest.mark.parametrize(
    ("kind", "name", "count"),
    [
        (
            'kind = "network", address = "10.77.0.41"',
            "Port of a switch (and one for the uplink)",
            5,
        ),
        ('kind = "serial", device = "/dev/ttyUSB0"', "Serial cable with level shifter", 1),
        ('kind = "file", device = "/tmp/slip"', "Thermal printer 80 mm", 0),
    ],
)
def test_a_printer_brings_its_cable(tmp_path: Path, kind: str, name: str, count: int) -> None:
    """One on the network a port of its own; one that is a file is none."""
    path = tmp_path / "hall.toml"
    path.write_text(SMALL.read_text("utf-8").replace('kind = "usb"', kind), "utf-8")
    assert pieces_of(path).get(name, 0) == count


def test_each_figure_names_its_source() -> None:
    """And every model there is has its figures."""
    assert POWER.keys() == MODELS.keys()
    for part in parts_of(load_hall(EVERY_KEY)):
        assert bool(part.watts) == bool(part.source), part
        assert part.source in {"", *SOURCES}, part
    sources = {part.source for part in parts_of(load_hall(EVERY_KEY))}
    assert sources == {"", PI, DISPLAY, ESTIMATE}


def test_a_display_draws_what_the_label_allows() -> None:
    """The regulation's own example: 32 inches of 28.7 dm² have a reference power of 144 W."""
    assert display_watts(32.3) == pytest.approx(0.30 * 144, abs=0.5)


def test_the_table_and_the_json_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """The total is the sum of the lines, in both."""
    assert run("parts", [str(SMALL)]) == 0
    text = capsys.readouterr().out
    assert run("parts", [str(SMALL), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    total = sum(part["count"] * part["watts_each"] for part in said["parts"])
    assert said["watts"] == pytest.approx(total, abs=0.5)
    [line] = [line for line in text.splitlines() if line.startswith("In all")]
    assert float(line.split()[-1]) == said["watts"]
    assert (said["pis"], said["poe"]) == (3, {"ports": 3, "watts": 90.0})
    assert "    3 Raspberry Pi 4 Model B " in text
    assert {name for name in said["sources"] if name in text} == set(SOURCES)


def test_a_broken_hall_has_no_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 and the faults on stderr."""
    path = tmp_path / "hall.toml"
    path.write_text(SMALL.read_text("utf-8").replace("pbb = 19", "pbb = 17"), "utf-8")
    assert run("parts", [str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{path}: node[3] (kiosk-1): buttons.pbb: pin 17 is taken" in captured.err


def test_a_port_expander_is_counted_once_for_its_pi(tmp_path: Path) -> None:
    """Eight buttons on one chip are one chip; another Pi has its own."""
    text = (EXAMPLES / "demo.toml").read_text("utf-8")
    on_chip = '{ chip = "mcp23017-0x20", line = %d }'
    text = text.replace("call = 5, recall = 6", f"call = {on_chip % 0}, recall = {on_chip % 1}", 2)
    path = tmp_path / "hall.toml"
    path.write_text(text, "utf-8")
    pieces = {part.name: part.pieces for part in parts_of(load_hall(path))}
    assert pieces["Port expander MCP23017, 16 lines"] == 2
