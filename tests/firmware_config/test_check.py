"""Facts about `loket check`: each fault named by its key, with what to write instead."""

import json
from pathlib import Path

import pytest

from edge.cli import run
from firmware_config.load import HallFileError, examine, load_hall

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

SMALL = (EXAMPLES / "small.toml").read_text("utf-8")

LOKET_2 = 'id = "loket-2"\nrole = "counter"\naddress = "10.77.0.22"\ncounters = [2]\n'

# (what to replace in small.toml, by what, the key of the fault, words of its line)
FAULTS = [
    # The shape of the file
    ('timezone = "Asia/Jakarta"', 'timezne = "Asia/Jakarta"', "hall.timezne", "mean timezone?"),
    ('id = "kota-kecil"', 'id = "Kota Kecil"', "hall.id", "lower case letters, digits"),
    ('id = "kota-kecil"', "", "hall.id", "missing; add it: 1 to 32 lower case"),
    ("far_seat_m = 8 ", 'far_seat_m = "8"', "hall.far_seat_m", "metres, 1 to 40"),
    ("far_seat_m = 8 ", "far_seat_m = nan", "hall.far_seat_m", "metres, 1 to 40"),
    ("command_ttl_s = 10 ", "command_ttl_s = 10.5", "hall.command_ttl_s", "whole seconds"),
    ("command_ttl_s = 10 ", "command_ttl_s = 600", "hall.command_ttl_s", "2 to 60"),
    ("command_ttl_s = 10 ", f"command_ttl_s = 0x{'f' * 9000}", "hall.command_ttl_s", "far too big"),
    ('[hub]\naddresses = ["10.77.0.1"]', "", "hub", "missing; add [hub]"),
    ("[hub]", "[[hub]]", "hub", "single [hub]"),
    ("[[counter]]\nid = 2", "[[couter]]\nid = 2", "couter", "did you mean counter?"),
    ('role = "web"', 'role = "wbe"', "node[2] (web): role", "did you mean web?"),
    ('role = "web"', "", "node[2] (web): role", 'missing; add one of "hub"'),
    ("quota = 200 ", "quota = true", "service[2] (ktp-el): quota", "tickets a day"),
    (
        "wait_min = 30, serve_min = 10",
        "wait_min = 30",
        "serve_min",
        "missing; add it: whole minutes",
    ),
    ("wait_min = 30, serve_min = 10", "wait = 30, serve_min = 9", "wait", "mean wait_min?"),
    ("fee = 0 ", "fee = -1", "service[2] (ktp-el): fee", "whole rupiah, or a text"),
    ('kind = "mosquitto"', 'kind = "mosquito"', "broker.kind", '"mosquitto" or "embedded"'),
    ("port = 8883", "port = 80", "broker.port", "1024 to 65535"),
    # Ids and what they name
    (
        '[[service]]\nid = "kk"',
        '[[service]]\nid = "pbb"',
        "service[7] (pbb): id",
        "service[3] (pbb)",
    ),
    ("[[counter]]\nid = 2", "[[counter]]\nid = 1", "counter[2] (1): id", "counter[1] (1)"),
    ("counters = [2]", "counters = [4]", "node[6] (loket-2): counters[1]", "no counter 4"),
    ("counters = [2]", "counters = [1]", "node[6] (loket-2): counters[1]", "runs counter 1"),
    ('"pbb", "pajak-daerah"]', '"pbb", "pajak"]', "counter[2] (2): serves[4]", "pajak-daerah?"),
    ('"pbb", "pajak-daerah"]', '"pbb"]', "service[8] (pajak-daerah): id", "no counter serves it"),
    ('"pbb", "pajak-daerah"]', '"pajak-daerah", "pbb", "pbb"]', "serves[5]", "said twice"),
    ('agency = "dpmptsp"', 'agency = "dpmpts"', "service[5] (izin-usaha): agency", "dpmptsp?"),
    ('general = "adminduk"', 'general = "admin"', "agency[1] (dukcapil): general", "adminduk?"),
    ('general = "adminduk"', 'general = "pbb"', "agency[1] (dukcapil): general", "agency bapenda"),
    (
        "[[counter]]\nid = 2",
        '[[counter]]\nzone = "atas"\nid = 2',
        "counter[2] (2): zone",
        "[[zone]]",
    ),
    # Prefixes
    ('series = "B"', 'series = "S"', "agency[2] (dpmptsp): series", "no I, O, Q, S, Z"),
    ('series = "B"', 'series = "A"', "agency[2] (dpmptsp): series", "prefix of agency dukcapil"),
    ('series = "B"', "", "service[5] (izin-usaha): series", 'e.g. series = "A"'),
    ('series = "D"', 'series = "A"', "service[8] (pajak-daerah): series", "agency dukcapil"),
    ('offline = "K1"', 'offline = "A"', "node[3] (kiosk-1): offline", "prefix of agency dukcapil"),
    ('offline = "K1"', 'offline = "O1"', "node[3] (kiosk-1): offline", "no I, O, Q, S, Z"),
    (
        'offline = "K1"',
        'offline = "P"',
        "node[3] (kiosk-1): offline",
        "paper numbers in the drawer",
    ),
    ('paper = "P"', 'paper = "C"', "hall.paper", "prefix of agency bapenda"),
    # Words, colours, hours
    ('colour = "green"', 'colour = "gren"', "agency[2] (dpmptsp): colour", "did you mean green?"),
    (', en = "Family card (KK)"', "", "service[3] (kk): name", 'the text in "en" is missing'),
    ('en = "Family card (KK)"', 'en = "KK", fr = "X"', "service[3] (kk): name.fr", "languages"),
    ('languages = ["id", "en"]', 'languages = ["id", "xx"]', "hall.languages[2]", '"id" or "en"'),
    ('"Asia/Jakarta"', '"Asia/Medan"', "hall.timezone", "Asia/Jakarta"),
    ('"Asia/Jakarta"', '"../../etc/passwd"', "hall.timezone", "no time zone"),
    ('{ mon-thu = "08:00-15:00"', '{ mon-thu = "8-15"', "hall.open.mon-thu", '"08:00-15:00"'),
    ('{ mon-thu = "08:00-15:00"', '{ mon-thu = "15:00-08:00"', "open.mon-thu", "before it starts"),
    ('{ mon-thu = "08:00-15:00"', '{ mon-fri = "08:00-15:00"', "hall.open.fri", "mon-fri already"),
    ('{ mon-thu = "08:00-15:00"', '{ thu-mon = "08:00-15:00"', "hall.open.thu-mon", "backwards"),
    ('{ mon-thu = "08:00-15:00"', '{ senin = "08:00-15:00"', "hall.open.senin", "mon tue wed"),
    ('"12:00-13:00", fri', '"14:30-15:30", fri', "hall.breaks", "not inside the opening hours"),
    (
        '"12:30-13:30"',
        '"16:00-16:30"',
        "agency[3] (bapenda): breaks",
        "(08:00-15:00) on mon, tue, wed and thu",
    ),
    ('"2026-12-25"', '"25-12-2026"', "hall.dates.25-12-2026", "year first"),
    ('paper = "P"', 'issue_from = "7.30"', "hall.issue_from", '"07:30"'),
    ('paper = "P"', 'holidays = "libur.toml"', "hall.holidays", "beside this one"),
    # Roles
    ('id = "hub"\nrole = "hub"', 'id = "dua"\nrole = "shadow"', "node", "no node has the role hub"),
    ('id = "web"\nrole = "web"', 'id = "hub-2"\nrole = "hub"', "node[2] (hub-2): role", "already"),
    ('id = "web"', 'id = "halaman"', "node[2] (halaman): id", 'write id = "web"'),
    ('id = "board-1"', 'id = "viewer"', "node[4] (viewer): id", "another id"),
    ('host = "pi-depan"\nport', "port", "node[2] (web): host", 'write host = "pi-depan"'),
    ("pbb = 19", "pajak = 19", "node[3] (kiosk-1): buttons.pajak", "mean pajak-daerah?"),
    ("A = 17", "C = 17", "node[3] (kiosk-1): buttons.C", 'general = "pbb"'),
    ("ready = 22", "redy = 22", "node[3] (kiosk-1): lamps.redy", "did you mean ready?"),
    ('"usb", width = 80', '"serial"', "node[3] (kiosk-1): printer.device", "/dev/serial0"),
    ("diag_in = 43", "diag_in = 24", "node[4] (board-1): diag_in", "40 inches or more"),
    ("diag_in = 43", "diag_in = 430", "node[4] (board-1): diag_in", "diagonal in inches"),
    ("diag_in = 43", 'diag_in = 43\nzone = "atas"', "node[4] (board-1): zone", "no zone"),
    (f"{LOKET_2}buttons = {{ call", f"{LOKET_2}buttons = {{ cal", "buttons.cal", "mean call?"),
    ('["10.77.0.1"]', '["10.77.0.1"]\ncopies = ["board-1"]', "hub.copies[1]", "dies with it"),
    # Pins, ports, addresses
    ("pbb = 19", "pbb = 28", "node[3] (kiosk-1): buttons.pbb", "BCM number"),
    ("pbb = 19", "pbb = 1", "node[3] (kiosk-1): buttons.pbb", "2 to 27"),
    ("pbb = 19", "pbb = 14", "node[3] (kiosk-1): buttons.pbb", "serial port"),
    ("pbb = 19", "pbb = 3", "node[3] (kiosk-1): buttons.pbb", "add 3 to allow_pins"),
    ("pbb = 19", "pbb = 17", "node[3] (kiosk-1): buttons.pbb", "taken by buttons.A"),
    (LOKET_2, f'{LOKET_2}host = "loket-1"\n', "node[6] (loket-2): lamp", "(loket-1): lamp"),
    (LOKET_2, f'{LOKET_2}host = "loket-1"\n', "node[6] (loket-2): address", "10.77.0.21"),
    ("10.77.0.22", "10.77.0.21", "node[6] (loket-2): address", "on another Pi"),
    ("10.77.0.22", "10.77.0.222.1", "node[6] (loket-2): address", "10.77.0.11"),
    ("10.77.0.22", "224.0.0.1", "node[6] (loket-2): address", "the machine's own"),
    ('["10.77.0.1"]', '["10.77.0.9"]', "node[1] (hub): address", "[hub] addresses"),
    ('kind = "mosquitto"', 'kind = "embedded"', "hub.addresses[1]", '"127.0.0.1"'),
    ("port = 8883", "port = 8080", "node[2] (web): port", "the broker has port 8080"),
    ('model = "pi4"', 'model = "pi1"', "node[1] (hub): model", "write one of pi3"),
    ('model = "pi4"', 'model = "pi3"', "node[4] (board-1): host", "can't run the hub"),
    ("diag_in = 43", 'model = "pi5"\ndiag_in = 43', "node[4] (board-1): model", "one Pi"),
]


def lines_of(path: Path) -> list[str]:
    """Return the faults of a file as `loket check` prints them, without its name."""
    return [str(fault) for fault in examine(path).faults]


@pytest.mark.parametrize(("old", "new", "key", "words"), FAULTS)
def test_a_fault_is_named_by_its_key_and_how_to_mend_it(
    tmp_path: Path, old: str, new: str, key: str, words: str
) -> None:
    """Each broken copy of the small hall yields a line with that key and those words."""
    assert old in SMALL
    path = tmp_path / "hall.toml"
    path.write_text(SMALL.replace(old, new, 1), "utf-8")
    lines = lines_of(path)
    assert any(key in line.split(";")[0] and words in line for line in lines), lines


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.toml")))
def test_examples_have_no_fault(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All examples pass, and the command says what they hold."""
    assert run("check", [str(EXAMPLES / name)]) == 0
    assert "no faults" in capsys.readouterr().out


def test_all_faults_are_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults of fields, of references, of pins and of hours stand in one list, nothing else."""
    broken = SMALL
    for old, new in (
        ('fri = "08:00-15:30" }', 'fri = "15:30-08:00" }'),
        ('series = "B"', 'series = "Q"'),
        ("quota = 200 ", "qouta = 200"),
        ('agency = "bapenda"', 'agency = "bapeda"'),
        ("counters = [2]", "counters = [7]"),
        ("pbb = 19", "pbb = 17"),
    ):
        assert old in broken
        broken = broken.replace(old, new, 1)
    path = tmp_path / "hall.toml"
    path.write_text(broken, "utf-8")
    assert run("check", [str(path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    keys = [line.removeprefix(f"{path}: ") for line in lines]
    expected = [
        "agency[2] (dpmptsp): series: ",
        "service[2] (ktp-el): qouta: ",
        "service[7] (pbb): agency: ",
        "hall.open.fri: ",
        "node[6] (loket-2): counters[1]: ",
        "node[3] (kiosk-1): buttons.pbb: ",
    ]
    assert sorted(expected) == sorted(key[: len(e)] for key, e in _matched(keys, expected))
    assert len(keys) == len(expected), "\n".join(keys)


def _matched(keys: list[str], expected: list[str]) -> list[tuple[str, str]]:
    return [(key, e) for e in expected for key in keys if key.startswith(e)]


@pytest.mark.parametrize(
    ("raw", "key", "words"),
    [
        (b"[hall\n", "line 1, column 6", "no TOML"),
        (b"[hall]\nid = 'a'\nid = 'b'\n", "line 3, column 9", "no TOML"),
        (b"[hall]\nid = 'a", "file", "no TOML"),
        (b"[hall]\nname = 'caf\xe9'\n", "line 2", "UTF-8"),
        (b"\x00\x01\x02", "line 1, column 1", "no TOML"),
        (b"a = " + b"[" * 50_000, "file", "too deep"),
        (b"a = " + b"9" * 50_000, "file", "no TOML"),
        (b"#" * 1_000_001, "file", "larger than"),
        (b"", "hall", "missing; add [hall]"),
        (b"hall = 3", "hall", "single [hall]"),
        (b"node = 3", "node", "double [[node]]"),
        (b"node = [1]", "node[1]", "under [[node]]"),
        (b"node = []", "node", "at least one [[node]]"),
        (b'"a\\nb" = 1', '"a\\nb"', "no such section"),
    ],
)
def test_a_file_that_is_no_hall_file_says_where_and_why(
    tmp_path: Path, raw: bytes, key: str, words: str
) -> None:
    """Syntax, encoding, size and depth faults are lines too, never a traceback."""
    path = tmp_path / "hall.toml"
    path.write_bytes(raw)
    lines = lines_of(path)
    assert any(line.startswith(f"{key}: ") and words in line for line in lines), lines


def test_a_missing_file_and_a_folder_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, one line that names the file."""
    missing = tmp_path / "nope.toml"
    assert run("check", [str(missing)]) == 2
    assert capsys.readouterr().out == f"{missing}: file: there is no such file; check the path\n"
    assert lines_of(tmp_path) == ["file: it is a folder; name the hall file in it"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """A file saved by Windows' Notepad, with CRLF, reads like any other."""
    path = tmp_path / "hall.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load_hall(path).hall.id == "kota-kecil"


def test_json_lists_nodes_services_counters_and_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script reads the same answer, also of a broken file."""
    assert run("check", [str(EXAMPLES / "small.toml"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["hall"], said["faults"]) == (True, "kota-kecil", [])
    assert [node["role"] for node in said["nodes"]][:3] == ["hub", "web", "kiosk"]
    assert [counter["id"] for counter in said["counters"]] == [1, 2]
    assert {service["id"]: service["series"] for service in said["services"]}["ktp-el"] == "A"
    path = tmp_path / "hall.toml"
    path.write_text(SMALL.replace("diag_in = 43", "diag_in = 24"), "utf-8")
    assert run("check", [str(path), "--json"]) == 2
    [fault] = json.loads(capsys.readouterr().out)["faults"]
    assert fault["key"] == "node[4] (board-1): diag_in"
    assert set(fault) == {"key", "what", "mend"}


def test_load_raises_with_every_fault(tmp_path: Path) -> None:
    """A process that starts on a broken file says all of it, each line with the file's name."""
    path = tmp_path / "hall.toml"
    path.write_text(SMALL.replace("diag_in = 43", "diag_in = 24").replace("pbb = 19", "pbb = 28"))
    with pytest.raises(HallFileError) as caught:
        load_hall(path)
    lines = str(caught.value).splitlines()
    assert len(caught.value.faults) == len(lines) == 2
    assert all(line.startswith(f"{path}: node[") for line in lines)
