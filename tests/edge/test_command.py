"""`loket node`: from a hall file to a role, and what is said when that can't be."""

import asyncio
import contextlib
import os
import queue
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from edge.command import PaperKind, paper_of, tell_health, wiring_of
from edge.counter import CounterRole
from edge.kiosk import KioskRole
from edge.paper import Outcome, Printed
from edge.spool import Spool
from firmware_config.arguments import MisuseError
from firmware_config.load import load_hall
from firmware_config.schema import HallFile, KioskNode, Printer
from tests.edge.slips import ONE
from tests.fakes_edge import until
from tests.fakes_printer import WAIT_S, eventually

EVERY_KEY = Path(__file__).parents[1] / "firmware_config" / "every_key.toml"
DEMO = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"

NO_BROKER = {"addresses": ["127.0.0.1"], "port": 1, "username": "loket-1", "password": "x"}


def test_a_counter_node_has_its_buttons_and_one_lamp() -> None:
    """As the hall file wires them."""
    wiring = wiring_of(load_hall(DEMO), "loket-1")

    assert isinstance(wiring.role, CounterRole)
    staff = {"call": 5, "recall": 6, "no_show": 13, "done": 19, "park": 22, "pause": 17}
    visitors = {"rate_1": 16, "rate_2": 20, "rate_3": 21, "rate_4": 12}
    assert wiring.buttons == staff | visitors
    assert set(wiring_of(load_hall(DEMO), "loket-3").buttons) == set(staff)
    assert set(wiring.lamps) == {"lamp"}


def test_a_kiosk_has_a_button_for_each_service() -> None:
    """PRIORITY is wired, though no service."""
    wiring = wiring_of(load_hall(EVERY_KEY), "kiosk-1")

    assert isinstance(wiring.role, KioskRole)
    assert "PRIORITY" in wiring.buttons
    assert "PRIORITY" not in str(wiring.role.panel())
    assert "ready" in wiring.lamps


def test_a_kiosk_prints_as_the_hall_file_says(tmp_path: Path) -> None:
    """All of it: the picture is drawn, and on the printer with a cut."""
    device = tmp_path / "lp0"
    device.touch()
    hall = with_printer(load_hall(DEMO), Printer(kind="file", device=str(device), width=58))
    paper, told = paper_of(hall, "kiosk-1", folder=tmp_path, kind="auto"), queue.Queue[Printed]()
    paper.print_slip(ONE, told.put)
    paper.start()

    # A file can't be asked.
    assert told.get(timeout=WAIT_S).outcome is Outcome.UNKNOWN
    assert isinstance(paper, Spool)
    paper.stop()
    written = device.read_bytes()
    assert written.startswith(b"\x1b@\x1dv0\x00" + bytes((384 // 8, 0)))
    assert b"\x1dV" in written[-8:]
    assert list(tmp_path.iterdir()) == [device]


@pytest.mark.parametrize("printer", [None, Printer(kind="usb")])
def test_without_a_printer_or_without_its_use_a_slip_is_a_text_and_a_picture(
    tmp_path: Path, printer: Printer | None
) -> None:
    """The demo's halls may have printers that are not there."""
    hall = with_printer(load_hall(DEMO), printer)
    kind: PaperKind = "file" if printer else "auto"
    paper, told = paper_of(hall, "kiosk-1", folder=tmp_path, kind=kind), queue.Queue[Printed]()
    paper.start()
    paper.print_slip(ONE, told.put)

    assert told.get(timeout=WAIT_S).outcome is Outcome.PRINTED
    assert (tmp_path / "slip.txt").read_text() == paper.text
    picture = tmp_path / "slip.png"
    assert eventually(picture.exists)
    with Image.open(picture) as image:
        assert image.size[0] == 576


async def test_the_nodes_health_counts_what_its_printer_came_to(tmp_path: Path) -> None:
    """The thread that prints never touches what the node's task has."""
    printer = Printer(kind="file", device=str(tmp_path / "nosuch" / "lp0"))
    paper = paper_of(
        with_printer(load_hall(DEMO), printer), "kiosk-1", folder=tmp_path, kind="auto"
    )
    counts = Counter[str]()
    tell_health(paper, counts, asyncio.get_running_loop())
    paper.start()
    await until(lambda: bool(counts), "the printer was asked")

    assert counts == {"printer_offline": 1}
    assert isinstance(paper, Spool)
    paper.stop()


def with_printer(hall: HallFile, printer: Printer | None) -> HallFile:
    """Return the hall with this printer at each kiosk."""
    nodes = (
        msgspec.structs.replace(node, printer=printer) if isinstance(node, KioskNode) else node
        for node in hall.nodes
    )
    return msgspec.structs.replace(hall, nodes=tuple(nodes))


@pytest.mark.parametrize(("node_id", "why"), [("hub", "is a hub"), ("nix", "it has hub, web")])
def test_a_node_without_pins_of_ours_is_a_misuse(node_id: str, why: str) -> None:
    """It says what can be run."""
    with pytest.raises(MisuseError, match=why):
        wiring_of(load_hall(DEMO), node_id)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nix", "--hall", str(DEMO)], 2, "no node 'nix'"),
        (["loket-1", "--hall", "/nowhere/hall.toml"], 2, "no such file"),
        (["loket-1", "--hall", str(DEMO), "--pins", "mock"], 1, "start that first"),
    ],
)
def test_what_cannot_run_says_why(
    tmp_path: Path,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    """2 for a misuse, 1 for what is missing here."""
    command = [sys.executable, "-m", "edge.cli", "node", *arguments, "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == code
    assert said in ended.stderr


@pytest.mark.parametrize("is_watched", [True, False])
def test_only_a_watched_node_feeds_a_watchdog(tmp_path: Path, *, is_watched: bool) -> None:
    """The environment says who watches; a node that nobody watches is not woken for it."""
    folder = tmp_path / "loket-1"
    folder.mkdir()
    (folder / "link.json").write_bytes(msgspec.json.encode(NO_BROKER))
    notify = str(tmp_path / "notify")
    flags = ["--hall", str(DEMO), "--data", str(tmp_path), "--pins", "mock"]
    watched = {"WATCHDOG_USEC": "30000000"} if is_watched else {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(notify)
        supervisor.settimeout(20)
        node = subprocess.Popen(
            [sys.executable, "-m", "edge.cli", "node", "loket-1", *flags],
            env=os.environ | {"NOTIFY_SOCKET": notify} | watched,
            stderr=subprocess.DEVNULL,
        )
        with node:
            said = [supervisor.recv(100)]
            if is_watched:
                said.append(supervisor.recv(100))
            node.terminate()
        supervisor.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            said.append(supervisor.recv(100))

    assert said == [b"READY=1", b"WATCHDOG=1"][: 1 + is_watched]
    assert node.returncode == 0
