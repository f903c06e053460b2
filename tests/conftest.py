"""What every test may use: `needs(part)`, for tests that need a part of the system.

A test marked `@pytest.mark.needs("mosquitto")` is skipped with the reason where the program is
missing, and fails there when CI=true: a check that quietly runs less than it says is no check.
"""

import logging
import os
import shutil
from collections.abc import Iterator

import pytest

from broker.log import JsonLines

# Debian keeps daemons and network tools where a plain user's PATH doesn't look.
SYSTEM_PATHS = ("/usr/sbin", "/sbin", "/usr/bin")

# Program by its name, and the Debian package that holds it.
PARTS = {
    "mosquitto": "mosquitto",
    "mosquitto_sub": "mosquitto-clients",
    "mosquitto_pub": "mosquitto-clients",
    "mosquitto_passwd": "mosquitto",
    "chromium": "chromium",
    "Xvfb": "xvfb",
    "espeak-ng": "espeak-ng",
    "ip": "iproute2",
    "tc": "iproute2",
    "nft": "nftables",
    "fusermount3": "fuse3",
    "faketime": "faketime",
}


def find_part(part: str) -> str | None:
    """Return the path of the part's program, or None when it is missing."""
    return shutil.which(part, path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_PATHS)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI=true fail, a test whose part is missing."""
    for part in (part for mark in item.iter_markers("needs") for part in mark.args):
        if part not in PARTS:
            pytest.fail(f"needs({part!r}): not one of {', '.join(PARTS)}", pytrace=False)
        if find_part(part) is not None:
            continue
        reason = f"{part} is missing: apt-get install {PARTS[part]}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason} (CI=true, so this is a failure)", pytrace=False)
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Leave the logs as they were found: a command that ran here sets them up for its process."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [one for one in root.handlers if isinstance(one.formatter, JsonLines)]:
        root.removeHandler(handler)
    logging.captureWarnings(capture=False)
