"""Facts about broken hall files: `loket check` ends with 2 and says one thing, and how to mend it.

Each row breaks one thing in a whole hall; no second line may follow from the first.
"""

import shutil
from pathlib import Path

import pytest

from edge.cli import run

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

BIG = EXAMPLES / "tebing_tinggi.toml"
EVERY_KEY = Path(__file__).with_name("every_key.toml")

LOKET_40 = 'id = "loket-40"\nrole = "counter"\nhost = "meja-20"\n'

KIA = 'name = { id = "Kartu Identitas Anak (KIA)", en = "Child identity card (KIA)" }\n'

# (what to replace in the hall of 121 services, by what, the key of the fault, words of its mend)
BROKEN = {
    "two voices that say the same": (
        'zone = "lantai-2"\ndiag_in = 55\nfar_seat_m = 10',
        "diag_in = 55\nfar_seat_m = 10",
        "(board-2): voice: node",
        "voice = false",
    ),
    "a pin twice": ("B = 27", "B = 17", "(kiosk-1): buttons.B", "another pin"),
    "a pin of the neighbour": ("call = 17, r", "call = 5, r", "(loket-2): buttons.call", "another"),
    "a pin of a bus": ("B = 27", "B = 2", "(kiosk-1): buttons.B", "allow_pins"),
    "no pin": ("B = 27", "B = 40", "(kiosk-1): buttons.B", "2 to 27"),
    "an unknown key": ("quota = 150", "kuota = 150", "(ktp-el): kuota", "did you mean quota?"),
    "a ratio that starves": (
        "priority_per_normal = 2",
        "priority_per_normal = 0",
        "hall.priority_per_normal",
        "calls in a row, 1 to 9",
    ),
    "an unknown section": ("[wifi]", "[wify]", "wify", "did you mean wifi?"),
    "a service nobody serves": (
        'serves = ["konsultasi-hukum", "tilang"]',
        'serves = ["konsultasi-hukum"]',
        "(tilang): id: no counter serves it",
        'add "tilang" to the serves',
    ),
    "a service that isn't there": ('"sim-a", "sim-c"]', '"sim-a", "sim-d"]', "serves[2]", "sim-"),
    "a service said twice": ('"sim-a", "sim-c"]', '"sim-a", "sim-a"]', "serves[2]", "say it once"),
    "a letter of another agency": (
        'series = "F"',
        'series = "B"',
        "(ambil-dokumen): series",
        "own",
    ),
    "a letter that is misread": ('series = "C"', 'series = "Q"', "(polres): series", "no I, O, Q"),
    "an offline prefix a series grows into": (
        'offline = "K2"',
        'offline = "A2"',
        "(kiosk-2): offline: A2001 is also the number 2001 of agency dukcapil",
        "a letter of its own",
    ),
    "an offline prefix of a series": (
        'offline = "K2"',
        'offline = "E"',
        "(kiosk-2): offline",
        "a prefix of its own",
    ),
    "two kiosks with one prefix": (
        'offline = "K2"',
        'offline = "K1"',
        "(kiosk-2): offline",
        "a prefix of its own",
    ),
    "a paper prefix of a series": ('paper = "P"', 'paper = "W"', "hall.paper", "prefix of its own"),
    "hours that end before they start": (
        'fri = "08:00-15:30" }',
        'fri = "15:30-08:00" }',
        "hall.open.fri",
        "the earlier time first",
    ),
    "a break after closing": (
        'breaks = { mon-thu = "12:30-13:30"',
        'breaks = { mon-thu = "15:30-16:30"',
        "(imigrasi): breaks",
        "move it inside",
    ),
    "a date that isn't": ('"2026-12-31"', '"2026-12-32"', "hall.dates.2026-12-32", "year first"),
    "no such hour": ('issue_from = "07:30"', 'issue_from = "7.30"', "hall.issue_from", '"07:30"'),
    "a quota below nothing": ("quota = 150", "quota = -150", "(ktp-el): quota", "1 to 9999"),
    "a cut-off as long as the day": (
        f"{KIA}",
        f"{KIA}cutoff_min = 450\n",
        "(kia): cutoff_min",
        "fewer than 450",
    ),
    "a zone that isn't": (
        'id = 40\nzone = "lantai-2"',
        'id = 40\nzone = "lantai-3"',
        "counter[40] (40): zone",
        "lantai-2?",
    ),
    "a counter twice": (
        "[[counter]]\nid = 40\n",
        '[[counter]]\nid = 40\nzone = "lantai-2"\nserves = ["tera"]\n\n[[counter]]\nid = 40\n',
        "counter[41] (40): id",
        "another id",
    ),
    "a counter run by two": (
        "counters = [40]",
        "counters = [39]",
        "(loket-40): counters[1]",
        "each",
    ),
    "a counter run by nobody's number": (
        "counters = [40]",
        "counters = [41]",
        "(loket-40): counters[1]",
        "[[counter]]",
    ),
    "a button to no service": ("ktp-el = 13", "ktp = 13", "(kiosk-1): buttons.ktp", "did you mean"),
    "two hubs": (
        'id = "web"\nrole = "web"\nhost = "server"\nport = 8080',
        (
            'id = "web"\nrole = "web"\nhost = "server"\nport = 8080\n\n'
            '[[node]]\nid = "dua"\nrole = "hub"'
        ),
        "node[3] (dua): role",
        "remove one of the two",
    ),
    "a node id twice": (LOKET_40, LOKET_40.replace("40", "39", 1), "(loket-39): id", "another id"),
    "a copy on no node": ('"board-2"]', '"board-3"]', "hub.copies[2]", "did you mean board-"),
    "a copy on the hub's own Pi": ('"board-2"]', '"web"]', "hub.copies[2]", "another Pi"),
    "an address twice": ("10.77.0.22", "10.77.0.21", "(board-2): address", "its own address"),
    "an address that isn't": ("10.77.0.22", "10.77.0.322", "(board-2): address", "10.77.0.11"),
    "a board nobody can read": ("diag_in = 65", "diag_in = 32", "(board-1): diag_in", "60 inches"),
    "a text in one language": (
        ', en = "Child identity card (KIA)"',
        "",
        "(kia): name",
        'add en = "..."',
    ),
    "a zone without a board": (
        'address = "10.77.0.21"\n',
        'address = "10.77.0.21"\nzone = "lantai-1-kiri"\n',
        "zone[2] (lantai-1-kanan): id: no board shows its calls",
        "give a board this zone",
    ),
    "a curly quote": (
        'name = "MPP Kota Tebing Tinggi"',
        "name = \u201cMPP Kota Tebing Tinggi\u201d",
        "line 15, column 8: it has the curly quote \u201c",
        'the straight quote "',
    ),
    "no holidays file": (
        '"holidays/indonesia.toml"',
        '"merah.toml"',
        "hall.holidays",
        "put it there",
    ),
    "an unknown model": ('model = "pi5"', 'model = "pi6"', "(hub): model", "write one of pi3"),
}


def faults_of(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run `loket check`; return its lines without the file's name, which each must begin with."""
    assert run("check", [str(path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_hall_says_one_thing_and_how_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Exit 2 and one line: the file, the key, what is wrong, what to write instead."""
    old, new, key, mend = BROKEN[name]
    whole = BIG.read_text("utf-8")
    assert old in whole
    shutil.copytree(EXAMPLES / "holidays", tmp_path / "holidays")
    path = tmp_path / "hall.toml"
    path.write_text(whole.replace(old, new, 1), "utf-8")
    lines = faults_of(path, capsys)
    assert len(lines) == 1, lines
    said, _, advice = lines[0].partition("; ")
    assert key in said
    assert mend in advice


# (the example or test hall, what to replace, by what, the key of the fault, words of its mend)
OTHERS = {
    "a service no kiosk gives out": (
        EXAMPLES / "small.toml",
        "pajak-daerah = 20\n",
        "",
        "service[8] (pajak-daerah): id: no kiosk gives it out",
        "add a button pajak-daerah",
    ),
    "a board of a zone without a counter": (
        EVERY_KEY,
        'repeat_in = ["lantai-2"]',
        "",
        '(board-2): zone: no counter is in zone "lantai-2"',
        "give a counter this zone",
    ),
    "a counter of no zone beside boards of zones": (
        EVERY_KEY,
        'id = 3\nzone = "lantai-1"\n',
        "id = 3\n",
        "counter[1] (3): zone: no board shows its calls",
        "lantai-1 or lantai-2",
    ),
    "digits on two chips": (
        EVERY_KEY,
        "tm1637 = { clk = 8, dio = 7 }",
        "i2c = 0x71\ntm1637 = { clk = 8, dio = 7 }",
        "(sign-4): tm1637: it has digits on I2C already",
        "leave one out",
    ),
    "digits on a pin that is taken": (
        EVERY_KEY,
        "tm1637 = { clk = 8, dio = 7 }",
        "tm1637 = { clk = 8, dio = 24 }",
        "(sign-4): tm1637.dio: pin 24 is taken by node[5] (loket-3): buttons.start",
        "another pin",
    ),
    "two counters on four digits": (
        EVERY_KEY,
        "counters = [3]\ni2c = 0x70",
        "counters = [3, 4]\ni2c = 0x70",
        "(sign-3): counters: four digits show one counter",
        "a sign on HDMI",
    ),
    "a series too long for a sign": (
        EVERY_KEY,
        'series = "B"',
        'series = "AB"',
        "(sign-3): i2c: its 4 characters are too few for AB001",
        "leave i2c out",
    ),
    "a letter seven segments can't draw": (
        EVERY_KEY,
        'series = "B"',
        'series = "M"',
        "(sign-3): i2c: digits of seven segments can't show the series M",
        "another series",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_a_visitor_would_miss_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A ticket nobody can take, a call no board or sign can show."""
    hall, old, new, key, mend = OTHERS[name]
    whole = hall.read_text("utf-8")
    assert old in whole
    (tmp_path / "libur.toml").write_text("", "utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(whole.replace(old, new, 1), "utf-8")
    lines = faults_of(path, capsys)
    assert any(key in line and mend in line.partition("; ")[2] for line in lines), lines


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ("[holiday]\n2026-02-30 = { id = 'X', en = 'X' }", "holiday.2026-02-30", "year first"),
        ("[holiday]\n20261225 = { id = 'X', en = 'X' }", "holiday.20261225", "year first"),
        ("[holiday]\n2026-12-25 = { id = 'Natal' }", "holiday.2026-12-25", 'add en = "..."'),
        ("[holiday]\n2026-12-25 = 'Natal'", "holiday.2026-12-25", "in each language"),
        (
            "[holiday]\n2026-12-25 = { id = '', en = 'X' }",
            "holiday.2026-12-25.id",
            "1 to 120 characters",
        ),
        ("[libur]\n2026-12-25 = { id = 'X', en = 'X' }", "libur", "write holiday"),
        ("holiday = 3", "holiday", "write [holiday] once"),
        ("[holiday\n", "line 1, column 9", "mend that line"),
    ],
)
def test_a_broken_holidays_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, key: str, mend: str
) -> None:
    """One line: the hall file, the holidays file, the key in it."""
    (tmp_path / "libur.toml").write_text(text, "utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(EVERY_KEY.read_text("utf-8"), "utf-8")
    [line] = faults_of(path, capsys)
    said, _, advice = line.partition("; ")
    assert said.startswith(f"libur.toml: {key}: ")
    assert mend in advice


def test_a_node_id_twice_is_not_a_pin_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A node copied and not yet renamed has no Pi of its own; its pins are not blamed."""
    whole = (EXAMPLES / "small.toml").read_text("utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(whole.replace('id = "loket-2"', 'id = "loket-1"'), "utf-8")
    [line] = faults_of(path, capsys)
    assert line.startswith("node[6] (loket-1): id: ")
