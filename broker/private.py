"""Files and folders that only their owner may read, replaced wholly or not at all."""

import os
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Make the folder, or shut one that is there, so that only its owner may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one only its owner may read: wholly, or not at all on a power cut."""
    if path.is_file() and path.read_bytes() == content:
        path.chmod(0o600)
        return
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
