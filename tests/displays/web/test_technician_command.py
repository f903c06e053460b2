"""`loket technician`, as a technician runs it."""

import asyncio
import io
from pathlib import Path

import pytest

from displays.web.technician import Technician
from edge.cli import run


def knows(folder: Path, password: str) -> bool:
    """Return whether the pages would let it in."""
    return asyncio.run(Technician(folder / "web").knows(password))


def test_a_generated_password_is_printed_and_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is all that is printed, so a script can take it."""
    assert run("technician", ["--data", str(tmp_path), "--generate"]) == 0

    assert knows(tmp_path, capsys.readouterr().out.removesuffix("\n"))


def test_a_piped_password_is_set_and_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its spaces."""
    monkeypatch.setattr("sys.stdin", io.StringIO(" kucing hitam \n"))

    assert run("technician", ["--data", str(tmp_path)]) == 0

    assert capsys.readouterr().out == "the password is set\n"
    assert knows(tmp_path, " kucing hitam ")


def test_nothing_typed_sets_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says what there is beside typing."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert run("technician", ["--data", str(tmp_path)]) == 2

    assert "--generate" in capsys.readouterr().err
    assert not (tmp_path / "web").exists()


def test_a_short_password_sets_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says how long one is."""
    monkeypatch.setattr("sys.stdin", io.StringIO("abc\n"))

    assert run("technician", ["--data", str(tmp_path)]) == 1

    assert "10 to 200 characters" in capsys.readouterr().err
    assert not (tmp_path / "web").exists()
