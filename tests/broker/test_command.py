"""`loket hub` and `loket journal`: what a person reads and the exit code, in real processes."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from broker.command import actors_of, addresses_of, here_of
from broker.journal import Journal
from firmware_config.load import load_hall
from firmware_config.schema import host_of
from tests.broker.written import KIOSK, entry, written

ROOT = Path(__file__).parents[2]
LOKET = (sys.executable, "-m", "edge.cli")


def loket(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*LOKET, *arguments], capture_output=True, text=True, check=False, timeout=30
    )


def folder(data: Path) -> Path:
    """Return the hub's folder in a data folder, made."""
    path = data / "hub"
    path.mkdir()
    return path / "journal.db"


async def write_much(path: Path) -> None:
    """Write a journal bigger than any pipe."""
    command = b'{"x":"%s"}' % (b"y" * 900)
    async with Journal.open(path) as journal:
        await journal.commit([entry(n, KIOSK, n, command=command) for n in range(1, 400)])


def test_a_reader_that_has_enough_ends_an_export_quietly(tmp_path: Path) -> None:
    """`loket journal export | head` prints some rows and no traceback."""
    asyncio.run(write_much(folder(tmp_path)))
    command = [*LOKET, "journal", "export", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert export.stdout.readline().startswith(b'{"pos":1,')
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait(30) == 1


@pytest.mark.parametrize("what", ["verify", "stats", "export"])
@pytest.mark.parametrize("content", ["empty", "text", "tables of another"])
def test_a_file_that_is_no_journal_is_said_to_be_none(
    tmp_path: Path, what: str, content: str
) -> None:
    """One line with the file's name on stderr, and exit code 1."""
    path = folder(tmp_path)
    if content == "tables of another":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE rows (x)")
        db.close()
    else:
        path.write_text("Lorem ipsum " * 1000 if content == "text" else "")

    told = loket("journal", what, "--data", str(tmp_path))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(str(path))
    assert told.stderr.count("\n") == 1


def test_verify_counts_the_rows_of_a_good_journal(tmp_path: Path) -> None:
    """Exit code 0, and the number of rows."""
    path = folder(tmp_path)
    asyncio.run(written(path))

    told = loket("journal", "verify", "--data", str(tmp_path))
    assert (told.returncode, told.stdout) == (0, f"{path}: 6 rows, the chain holds\n")


def test_a_hall_on_one_machine_looks_for_its_broker_there() -> None:
    """The addresses of its file are those of Pis that are not here."""
    file = load_hall(ROOT / "firmware_config/examples/small.toml")

    assert addresses_of(file, is_alone=False) == file.hub.addresses
    assert file.hub.addresses != ("127.0.0.1",)
    assert addresses_of(file, is_alone=True) == ("127.0.0.1",)


def test_the_accounts_of_the_hubs_own_pi_are_here() -> None:
    """Its processes reach the broker by loopback; a counter on a Pi of its own does not."""
    file = load_hall(ROOT / "firmware_config/examples/small.toml")

    here = here_of(file)
    assert {"hub", "web", "viewer", "kiosk-1"} <= here
    elsewhere = {node.id for node in file.nodes if host_of(node) == node.id}
    assert elsewhere
    assert not elsewhere & here


def test_the_pages_may_ask_for_every_counter() -> None:
    """Whoever signs in there stands at any of them; a counter's node asks for its own."""
    file = load_hall(ROOT / "firmware_config/examples/demo.toml")
    actors = actors_of(file)

    assert actors["web"].counters == {counter.id for counter in file.counters}
    assert actors["loket-1"].counters == {1}
    assert actors["kiosk-1"].counters == frozenset()
