"""The marker `needs`: skipped with the reason, failed under CI=true, never silently passed."""

import os
import subprocess
import sys
from pathlib import Path

# The part is added to the table, since this machine may have all the real ones.
SAMPLE = """
import pytest
from tests import conftest

conftest.PARTS["no-such-program"] = "no-such-package"

@pytest.mark.needs({part!r})
def test_sample():
    pass
"""


def run_sample(folder: Path, part: str, *, ci: str) -> str:
    """Run one test that needs the part in a pytest of its own; return what it printed."""
    (folder / "test_sample.py").write_text(SAMPLE.format(part=part))
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = ["-rsf", "--rootdir", str(folder), "-c", os.devnull, "-W", "ignore", str(folder)]
    environment = {"PATH": "/usr/bin", "PYTHONPATH": str(Path(__file__).parents[1]), "CI": ci}
    run = subprocess.run(
        command + options, env=environment, capture_output=True, text=True, check=False
    )
    return run.stdout


def test_a_missing_part_skips_with_the_package_to_install(tmp_path: Path) -> None:
    """Where a program is missing, the reason names the Debian package."""
    printed = run_sample(tmp_path, "no-such-program", ci="")
    assert "1 skipped" in printed
    assert "no-such-program is missing: apt-get install no-such-package" in printed


def test_a_missing_part_fails_under_ci(tmp_path: Path) -> None:
    """With CI=true the same test fails: the check would run less than it says."""
    assert "1 error" in run_sample(tmp_path, "no-such-program", ci="true")


def test_an_unknown_part_fails(tmp_path: Path) -> None:
    """A misspelt part would skip for ever, so it fails everywhere."""
    printed = run_sample(tmp_path, "mosquito", ci="")
    assert "1 error" in printed
    assert "not one of mosquitto" in printed


COMMANDS = """
import logging
from broker import log

def test_a_command_sets_up_its_logs():
    log.setup("CRITICAL", node="status")

def test_the_next_one_hears_warnings(caplog):
    logging.getLogger("a").warning("heard")
    assert caplog.messages == ["heard"]
    assert logging.getLogger().level == logging.WARNING
"""


def test_a_command_that_ran_here_silences_no_later_test(tmp_path: Path) -> None:
    """Its logs are its process's, and so this one's, until the test is over."""
    (tmp_path / "test_sample.py").write_text(COMMANDS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = ["--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path)]
    environment = {"PATH": "/usr/bin", "PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(
        command + options, env=environment, capture_output=True, text=True, check=False
    )

    assert "2 passed" in run.stdout
