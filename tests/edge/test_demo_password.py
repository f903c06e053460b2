"""The demo tells the technician's password it has set."""

import stat
from pathlib import Path

import pytest

from edge.demo_password import TOLD_FILE, technician_password
from edge.supervise import StartError


def test_it_is_made_once_and_told_at_each_start(tmp_path: Path) -> None:
    """For our user alone; made anew when the pages' own file is gone."""
    first = technician_password(tmp_path)
    kept = tmp_path / "web" / "technician.json"

    assert len(first) == len("k7mq-x2dp-9hvw-ta4n")
    assert first not in kept.read_text()
    assert stat.S_IMODE((tmp_path / TOLD_FILE).stat().st_mode) == 0o600
    assert technician_password(tmp_path) == first

    kept.unlink()
    assert technician_password(tmp_path) != first


def test_a_folder_that_cannot_hold_it_is_an_error(tmp_path: Path) -> None:
    """With the command's own words."""
    (tmp_path / "web").write_text("")

    with pytest.raises(StartError, match=r"technician\.json"):
        technician_password(tmp_path)
