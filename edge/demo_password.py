"""The demo's password of the technician's pages: made once, and told at each start.

A hall keeps the password's hash alone; who tries the demo has to read it somewhere.
"""

import subprocess
import sys
from pathlib import Path

from broker.private import write_private
from edge.supervise import StartError

TOLD_FILE = "technician.txt"


def technician_password(data: Path) -> str:
    """Return the password, set by `loket technician` when there is none that is known.

    Raises:
        StartError: It can't be set.
    """
    told = data / TOLD_FILE
    if told.exists() and (data / "web" / "technician.json").exists():
        return told.read_text(encoding="ascii").strip()
    loket = (sys.executable, "-P", "-m", "edge.cli", "technician")
    made = subprocess.run(  # noqa: S603 - our own program
        (*loket, "--data", str(data), "--generate"), capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise StartError(f"the technician's password can't be set: {made.stderr.strip()}")
    write_private(told, made.stdout.encode())
    return made.stdout.strip()
