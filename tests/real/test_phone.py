"""From a slip's QR code to the call: real processes, the page as a phone asks for it."""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.hall import RunningHall, running_hall, until

SERVICE = "kk"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[RunningHall]:
    """Run the demo's hall on the try-it broker."""
    with running_hall(data=tmp_path / "d", broker="embedded") as running:
        yield running


def page(link: str) -> str:
    """Return the page a phone gets, whatever its status; empty while nobody answers."""
    try:
        with urllib.request.urlopen(link, timeout=10) as answer:  # noqa: S310 - the demo's own
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def act(link: str, what: str) -> None:
    """Press a button of the page, as its form does."""
    found = re.search(r'name="ticket" value="([^"]+)"', page(link))
    assert found
    body = urllib.parse.urlencode({"act": what, "ticket": found[1]}).encode()
    with urllib.request.urlopen(link, data=body, timeout=10):  # noqa: S310 - as above
        pass


def test_a_slip_leads_to_its_page_and_to_its_counter(hall: RunningHall) -> None:
    """Waiting, held, the same after a kill, cancelled; called; and the code is kept nowhere."""

    def link() -> Any:
        return hall.panel()["kiosk-1"].get("phone")

    hall.press("kiosk-1", SERVICE)
    first = str(until(link, "a slip with a link"))
    until(lambda: "Anda berikutnya" in page(first), "the page of who is next")
    hall.until_new("kiosk-1", SERVICE)
    hall.press("kiosk-1", SERVICE)
    second = str(until(lambda: link() != first and link(), "another link"))
    until(lambda: "Sebelum Anda: 1 nomor" in page(second), "one before")

    act(first, "hold")
    assert "Ditahan sampai pukul" in page(first)
    until(lambda: "Anda berikutnya" in page(second), "next, while the first is held")
    old_pid = hall.kill("web")
    hall.until_restarted("web", old_pid)
    until(lambda: "Ditahan sampai pukul" in page(first), "the same page after web was killed")
    until(lambda: "Batalkan nomor" in page(first), "a hub that is heard again")
    act(first, "cancel")
    assert "Dibatalkan" in page(first)

    for counter in range(1, 7):
        hall.press(f"loket-{counter}", "call")
    until(lambda: "Silakan menuju loket" in page(second), "the call on the phone")

    rows = hall.rows(hall.data / "web" / "public.db")
    assert [row.command["type"] for row in rows] == ["hold", "cancel"]
    code = first.split("/")[4].encode()
    hall.stop()  # so that no file comes or goes while they are read
    files = [path for path in hall.data.rglob("*") if path.is_file() and path.suffix != ".png"]
    assert len(files) > 20
    assert [path for path in files if code in path.read_bytes()] == []
