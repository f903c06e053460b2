"""Private files: whole or not at all, and for their owner alone."""

from pathlib import Path

from broker.private import write_private


def test_a_draft_left_by_a_power_cut_is_no_obstacle(tmp_path: Path) -> None:
    """The half-written file of a cut start is replaced."""
    (tmp_path / ".link.json.new").write_bytes(b"half")
    write_private(tmp_path / "link.json", b"whole")

    assert (tmp_path / "link.json").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["link.json"]


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    """Starting the broker costs an SD card nothing."""
    path = tmp_path / "link.json"
    write_private(path, b"same")
    before = path.stat()
    write_private(path, b"same")

    assert (before.st_ino, before.st_mtime_ns) == (path.stat().st_ino, path.stat().st_mtime_ns)
