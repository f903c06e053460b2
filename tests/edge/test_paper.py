"""The slip in its file."""

from pathlib import Path

import pytest

from edge.paper import SlipFile


def test_the_newest_slip_is_there_whole(tmp_path: Path) -> None:
    """And nothing else is left in the folder."""
    paper = SlipFile(path=tmp_path / "slip.txt")
    for text in ("A001\n", "A002 é\n"):
        paper.print_slip(text)

    assert (tmp_path / "slip.txt").read_text(encoding="utf-8") == paper.text == "A002 é\n"
    assert [path.name for path in tmp_path.iterdir()] == ["slip.txt"]


def test_a_slip_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    """The caller is told."""
    paper = SlipFile(path=tmp_path / "slip.txt")
    paper.print_slip("A001\n")
    (tmp_path / "slip.part").mkdir()
    with pytest.raises(OSError, match="slip"):
        paper.print_slip("A002\n")

    assert (tmp_path / "slip.txt").read_text() == paper.text == "A001\n"
