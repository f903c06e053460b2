"""`loket slip` and `loket sheet`."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from edge.cli import run
from edge.paper_command import EXAMPLE, sample_ticket
from firmware_config.arguments import MisuseError
from firmware_config.load import load_hall


@pytest.mark.parametrize(("flags", "dots"), [([], 576), (["--width", "58"], 384)])
def test_a_slip_is_a_picture_as_wide_as_the_paper(
    tmp_path: Path, flags: list[str], dots: int
) -> None:
    """Black and white, and nothing beside it in the folder."""
    out = tmp_path / "slip.png"

    assert run("slip", ["A007", "--out", str(out), *flags]) == 0
    with Image.open(out) as image:
        assert (image.format, image.mode, image.size[0]) == ("PNG", "1", dots)
    assert list(tmp_path.iterdir()) == [out]


def picture_of(path: Path, *flags: str) -> Image.Image:
    """Return the slip of A007 with these flags."""
    assert run("slip", ["A007", "--out", str(path), *flags]) == 0
    with Image.open(path) as image:
        return image.convert("L")


@pytest.mark.parametrize("flags", [["--copy"], ["--qr", "HTTP://10.0.0.1/"]])
def test_a_copy_and_a_code_make_it_longer(tmp_path: Path, flags: list[str]) -> None:
    """They are there."""
    plain = picture_of(tmp_path / "plain.png")

    assert picture_of(tmp_path / "more.png", *flags).height > plain.height


def test_it_speaks_english_when_asked(tmp_path: Path) -> None:
    """The hall's first language is Indonesian."""
    one, other = (picture_of(tmp_path / f"{code}.png", "--lang", code) for code in ("id", "en"))

    assert one.size != other.size or ImageChops.difference(one, other).getbbox() is not None


@pytest.mark.parametrize(
    ("number", "agency", "is_offline"),
    [
        ("A007", "Dinas Kependudukan dan Pencatatan Sipil", False),
        ("B123", "Kantor Imigrasi", False),
        ("K1001", "Dinas Kependudukan dan Pencatatan Sipil", True),
        ("K12345", "Dinas Kependudukan dan Pencatatan Sipil", True),
    ],
)
def test_a_number_is_of_its_series(number: str, agency: str, *, is_offline: bool) -> None:
    """Or of a kiosk that gave it out without the hub."""
    ticket, found = sample_ticket(load_hall(EXAMPLE), number, language="id")

    assert (ticket.number, ticket.agency, found) == (number, agency, is_offline)


@pytest.mark.parametrize(
    "number", ["", "A", "A07", "A1007", "E007", "a007", "A00\uff17", "007", "K100"]
)
def test_a_number_the_hall_never_gives_out_is_refused(number: str) -> None:
    """Naming those it does."""
    with pytest.raises(MisuseError, match=re.escape("prefixes are A, B, C, D, K1, K2")):
        sample_ticket(load_hall(EXAMPLE), number, language="id")


def test_a_sheet_is_a_pdf_of_a4_pages(tmp_path: Path) -> None:
    """With the hall's paper prefix, 10 numbers each."""
    out = tmp_path / "papers.pdf"

    assert run("sheet", ["--from", "1", "--to", "21", "--out", str(out)]) == 0
    pdf = out.read_bytes()
    assert pdf.startswith(b"%PDF-")
    newest = pdf[pdf.rindex(b"/Count ") :]
    assert newest.startswith(b"/Count 3")
    boxes = set(re.findall(rb"/MediaBox \[ ?([\d. ]+?) ?\]", pdf))
    sizes = [[float(side) for side in box.split()] for box in boxes]
    assert sizes == [[0, 0, pytest.approx(595.3, abs=0.1), pytest.approx(841.9, abs=0.1)]]
    assert list(tmp_path.iterdir()) == [out]


def without_paper(folder: Path) -> Path:
    """Return a hall file without a prefix for paper numbers."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.count('\npaper = "P"\n') == 1
    path = folder / "hall.toml"
    path.write_text(text.replace('\npaper = "P"\n', "\n"), encoding="utf-8")
    return path


FAULTS = [
    # command, arguments, exit code, what is said
    ("slip", ["E001", "--out", "{}/x"], 2, "E001: this hall gives out no such number"),
    ("slip", ["A001", "--out", "{}/x", "--hall", "{}/nosuch.toml"], 2, "no such file"),
    ("slip", ["A001", "--out", "{}/x", "--qr", "x" * 5000], 2, "--qr: Data too large"),
    ("slip", ["A001", "--out", "{}/nosuch/x"], 1, "nosuch"),
    ("sheet", ["--from", "5", "--to", "4", "--out", "{}/x"], 2, "from 1 to 999"),
    ("sheet", ["--to", "9", "--out", "{}/x", "--hall", "{}/hall.toml"], 2, 'add paper = "P"'),
    ("sheet", ["--to", "9", "--out", "{}/nosuch/x"], 1, "nosuch"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_is_said_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: tuple[str, list[str], int, str],
) -> None:
    """In one line that begins with the command; 2 for misuse, 1 for a failure."""
    command, arguments, code, said = fault
    hall = without_paper(tmp_path)

    assert run(command, [text.replace("{}", str(tmp_path)) for text in arguments]) == code
    line = capsys.readouterr().err
    assert line.startswith(f"loket {command}: ")
    assert said in line
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) == [hall]
