"""Facts about what a hall file says to the other packages."""

from pathlib import Path

import msgspec
import pytest

from broker.hall.setup import make_setup
from firmware_config.buttons import kiosk_services
from firmware_config.load import load_hall
from firmware_config.schema import (
    BoardNode,
    KioskNode,
    far_seat_m_of,
    host_of,
    node_of,
    role_of,
    setup_of,
)

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

EVERY_KEY = Path(__file__).with_name("every_key.toml")


def test_kiosk_buttons_name_services() -> None:
    """A service's id is itself; an agency's letter is its general service; PRIORITY is neither."""
    file = load_hall(EXAMPLES / "small.toml")
    kiosk = node_of(file, "kiosk-1")
    assert isinstance(kiosk, KioskNode)
    kiosk = msgspec.structs.replace(kiosk, buttons={**kiosk.buttons, "PRIORITY": 27})
    buttons = kiosk_services(file, kiosk)
    assert (buttons["A"], buttons["B"], buttons["ktp-el"]) == ("adminduk", "izin-usaha", "ktp-el")
    assert set(kiosk.buttons) - set(buttons) == {"PRIORITY"}


def test_an_unknown_node_is_named_with_those_there_are() -> None:
    """`loket node lokte-1` says which nodes the file has."""
    file = load_hall(EXAMPLES / "small.toml")
    with pytest.raises(ValueError, match="no node 'lokte-1'; it has hub, web, kiosk-1"):
        node_of(file, "lokte-1")


def test_a_board_has_the_halls_far_seat_unless_it_says_its_own() -> None:
    """One number serves the hall, a board in a corner may differ."""
    file = load_hall(EXAMPLES / "small.toml")
    board = node_of(file, "board-1")
    assert isinstance(board, BoardNode)
    assert far_seat_m_of(file, board) == 8


def test_setup_has_the_series_of_every_service() -> None:
    """A service's own letter wins over its agency's."""
    setup = setup_of(load_hall(EXAMPLES / "small.toml"))
    assert (setup.series["pbb"], setup.series["pajak-daerah"]) == ("C", "D")
    assert (setup.hall, setup.command_ttl_s, setup.languages) == ("kota-kecil", 10, ("id", "en"))


def test_setup_has_the_prefixes_of_numbers_made_without_the_hub() -> None:
    """The drawer's, empty when the hall has none, and each kiosk's by its node's id."""
    demo = setup_of(load_hall(EXAMPLES / "demo.toml"))
    assert (demo.paper, demo.offline) == ("P", {"kiosk-1": "K1", "kiosk-2": "K2"})
    bare = make_setup(
        hall="h", name="H", timezone="Asia/Jakarta", agencies=(), services=(), counters=()
    )
    assert (bare.paper, bare.offline) == ("", {})


def test_a_node_without_a_host_runs_on_a_pi_of_its_own_name() -> None:
    """Nodes that share a Pi name it."""
    file = load_hall(EXAMPLES / "small.toml")
    assert host_of(node_of(file, "board-1")) == "pi-depan"
    assert host_of(node_of(file, "loket-1")) == "loket-1"


def test_every_role_has_the_name_the_file_uses() -> None:
    """What `role_of` says is what the file says."""
    roles = {role_of(node) for node in load_hall(EVERY_KEY).nodes}
    assert roles == {"hub", "shadow", "web", "kiosk", "counter", "board", "sign", "sensor"}


def test_the_demo_has_two_kiosks_six_counters_a_board_and_a_door() -> None:
    """The demo's hall is what its page shows."""
    roles = [role_of(node) for node in load_hall(EXAMPLES / "demo.toml").nodes]
    counts = {role: roles.count(role) for role in roles}
    assert counts == {"hub": 1, "web": 1, "kiosk": 2, "counter": 6, "board": 1, "sensor": 1}


def test_what_the_file_says_of_turns_reaches_the_rules(tmp_path: Path) -> None:
    """Each key its own."""
    file = tmp_path / "hall.toml"
    keys = "priority_per_normal = 3\nrank_wait_min = 0\n"
    small = (EXAMPLES / "small.toml").read_text(encoding="utf-8")
    file.write_text(small.replace("[hall]\n", f"[hall]\n{keys}", 1), encoding="utf-8")
    setup = setup_of(load_hall(file))

    assert (setup.priority_per_normal, setup.rank_wait_min) == (3, 0)


def test_what_the_file_says_of_no_shows_reaches_the_rules(tmp_path: Path) -> None:
    """Each key its own."""
    file = tmp_path / "hall.toml"
    keys = "no_show_return_after = 5\nno_show_return_min = 7\nno_show_max = 4\n"
    small = (EXAMPLES / "small.toml").read_text(encoding="utf-8")
    file.write_text(small.replace("[hall]\n", f"[hall]\n{keys}", 1), encoding="utf-8")
    setup = setup_of(load_hall(file))

    found = (setup.no_show_return_after, setup.no_show_return_min, setup.no_show_max)
    assert found == (5, 7, 4)
