"""The slip in its files."""

import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.paper import Outcome, Printed, SlipFile
from edge.slip import Slip, SlipTicket, slip_text

ZONE = ZoneInfo("Asia/Jakarta")
WAIT_S = 5


def is_there(path: Path, content: bytes) -> bool:
    """Wait until a file holds this."""
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        if path.exists() and path.read_bytes() == content:
            return True
        time.sleep(0.001)
    return False


def slip(number: str) -> Slip:
    """Return a slip of one ticket."""
    ticket = SlipTicket(number=number, service="Perekaman KTP-el é", agency="Disdukcapil")
    return Slip(hall="MPP", tickets=(ticket,), at_ms=0)


def test_the_newest_slip_is_there_whole(tmp_path: Path) -> None:
    """And nothing else is left in the folder."""
    paper, told = SlipFile(path=tmp_path / "slip.txt", zone=ZONE), list[Printed]()
    for number in ("A001", "A002"):
        paper.print_slip(slip(number), told.append)

    newest = slip_text(slip("A002"), ZONE)
    assert (tmp_path / "slip.txt").read_text(encoding="utf-8") == paper.text == newest
    assert [path.name for path in tmp_path.iterdir()] == ["slip.txt"]
    assert told == [Printed(Outcome.PRINTED)] * 2


def test_a_slip_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    """The node is told: surely nothing was printed."""
    paper, told = SlipFile(path=tmp_path / "slip.txt", zone=ZONE), list[Printed]()
    paper.print_slip(slip("A001"), told.append)
    (tmp_path / "slip.txt.part").mkdir()
    paper.print_slip(slip("A002"), told.append)

    assert (tmp_path / "slip.txt").read_text() == paper.text == slip_text(slip("A001"), ZONE)
    assert told[-1].outcome is Outcome.FAILED
    assert "slip.txt" in told[-1].why


def test_its_picture_is_drawn_beside_it_in_another_thread(tmp_path: Path) -> None:
    """Only the newest of those that wait is drawn: people look at that one."""
    drawn = list[str]()

    def draw(one: Slip) -> bytes:
        drawn.append(one.tickets[0].number)
        return one.tickets[0].number.encode()

    paper, told = SlipFile(path=tmp_path / "slip.txt", zone=ZONE, draw=draw), list[Printed]()
    for number in ("A001", "A002", "A003"):
        paper.print_slip(slip(number), told.append)
    assert told == [Printed(Outcome.PRINTED)] * 3
    paper.start()

    assert is_there(tmp_path / "slip.png", b"A003")
    assert drawn == ["A003"]


def test_a_slip_counts_without_its_picture(tmp_path: Path) -> None:
    """A kiosk without Pillow, or on a full disk, still gives out numbers."""
    tried = threading.Semaphore(0)

    def draw(_: Slip) -> bytes:
        tried.release()
        raise OSError("no font")

    paper, told = SlipFile(path=tmp_path / "slip.txt", zone=ZONE, draw=draw), list[Printed]()
    paper.start()
    for number in ("A001", "A002"):
        paper.print_slip(slip(number), told.append)
        assert tried.acquire(timeout=WAIT_S)

    assert told == [Printed(Outcome.PRINTED)] * 2
    assert not (tmp_path / "slip.png").exists()
