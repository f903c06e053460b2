"""`loket web` as a process of its own: it answers without a broker, and says what is wrong."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from displays.web.command import listen, listen_to_guests, port_of
from firmware_config.load import load_hall
from tests.displays.web.stage import DEMO

LINK = {"addresses": ["127.0.0.1"], "port": 9, "username": "web", "password": "not-used"}


def write_link(data: Path) -> None:
    """Write an account at a broker that isn't there."""
    (data / "web").mkdir()
    (data / "web" / "link.json").write_text(json.dumps(LINK))


def command(data: Path, port: int, *, hall: Path = DEMO) -> list[str]:
    """Return the command line."""
    flags = ["--hall", str(hall), "--data", str(data), "--port", str(port)]
    return [sys.executable, "-m", "edge.cli", "web", *flags]


def opened(port: int, page: str) -> http.client.HTTPResponse:
    """Return the answer to a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", page, headers={"Connection": "close"})
    return connection.getresponse()


@contextmanager
def serving(*, end_by: signal.Signals = signal.SIGTERM) -> Iterator[int]:
    """Run it for the block, from READY to a signal, which is a good end; yield its port."""
    with (
        tempfile.TemporaryDirectory(prefix="web-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify,
        socket.socket() as probe,
    ):
        data = Path(folder)
        write_link(data)
        notify.bind(str(data / "notify.sock"))
        notify.settimeout(20)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = os.environ | {"NOTIFY_SOCKET": str(data / "notify.sock")}
        process = subprocess.Popen(
            command(data, port), env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert notify.recv(100) == b"READY=1"
            yield port
        finally:
            process.send_signal(end_by)
            _, said = process.communicate(timeout=10)
        assert process.returncode == 0
        assert all(json.loads(line)["msg"] for line in said.splitlines())
        assert "GET /" not in said


def test_it_answers_while_the_broker_is_away() -> None:
    """READY means it answers; what it says of itself is little, and nothing of who asked."""
    with serving() as port, opened(port, "/healthz") as answer:
        assert json.load(answer)["link"] is False
        assert "server" not in answer.headers


def test_a_page_that_opens_gets_every_nodes_state_at_once() -> None:
    """The stream begins with the whole state."""
    nodes = {"kiosk-1", "kiosk-2", *(f"loket-{n}" for n in range(1, 7)), "sensor-1"}
    seen: set[str] = set()
    with serving() as port, opened(port, "/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        while seen != nodes:
            line = stream.readline().decode().strip()
            told = json.loads(line[5:]) if line.startswith("data:") else {}
            seen |= {told["id"]} if "id" in told else set()


@pytest.mark.parametrize("end_by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_with_a_page_open(end_by: signal.Signals) -> None:
    """Open pages are let go, and what follows the server (the link's goodbye) still runs."""
    with serving(end_by=end_by) as port, opened(port, "/events") as stream:
        assert stream.readline()


def test_only_the_loopback_is_listened_on() -> None:
    """The demo page presses buttons, so no other machine may reach it."""
    with serving() as port, socket.socket() as other:
        other.settimeout(2)
        # A second loopback address stands for every other interface of this machine.
        assert other.connect_ex(("127.0.0.2", port)) != 0


def refused(data: Path, port: int = 0, *, hall: Path = DEMO) -> tuple[int, str]:
    """Run it to its end; return exit code and stderr."""
    run = subprocess.run(
        command(data, port, hall=hall), capture_output=True, text=True, check=False, timeout=20
    )
    return run.returncode, run.stderr


def test_without_an_account_it_says_who_makes_one(tmp_path: Path) -> None:
    """`loket broker` writes link.json."""
    code, said = refused(tmp_path)
    assert code == 1
    assert "loket broker" in said


def test_a_port_in_use_is_named_with_the_flag(tmp_path: Path) -> None:
    """Exit 1, and what to do."""
    write_link(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = refused(tmp_path, port)
    assert code == 1
    assert f"port {port}" in said
    assert "--port" in said


@pytest.mark.parametrize("text", ["", "[hall]\n", "[[["])
def test_a_hall_file_with_faults_exits_2(tmp_path: Path, text: str) -> None:
    """As `loket check` does."""
    hall = tmp_path / "hall.toml"
    hall.write_text(text)
    code, said = refused(tmp_path, hall=hall)
    assert code == 2
    assert "hall.toml" in said


@pytest.mark.parametrize(
    ("line", "port"), [("port = 8080", 8080), ("port = 8123", 8123), ("", 8080)]
)
def test_the_port_is_the_web_nodes(tmp_path: Path, line: str, port: int) -> None:
    """What the hall file says, when no flag says otherwise."""
    hall = tmp_path / "hall.toml"
    hall.write_text(DEMO.read_text().replace("port = 8080", line))

    assert port_of(load_hall(hall)) == port


def test_the_visitors_address_may_come_later() -> None:
    """Its Wi-Fi is perhaps not up yet when this process starts."""
    with listen(0) as free:
        port = free.getsockname()[1]
    listener = listen_to_guests(f"http://192.0.2.7:{port}/")

    assert listener is not None
    assert listener.getsockname() == ("192.0.2.7", port)
    listener.close()


def test_a_taken_port_of_the_visitors_leaves_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    """Said in the log, with how to mend it."""
    with listen(0, "127.0.0.2") as taken:
        port = taken.getsockname()[1]
        assert listen_to_guests(f"http://127.0.0.2:{port}/") is None

    assert "no phone page on the visitors' Wi-Fi" in caplog.text
