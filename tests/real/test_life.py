"""A ticket's life with a power cut or an error at each sync of one of the three: none is lost."""

from pathlib import Path

import pytest

from tests.real.life import COUNTER, KIOSK, Fault, lives

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("fusermount3")]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("hub", "sync", "cut", "before"),
        Fault(KIOSK, "sync", "EIO"),
        Fault(COUNTER, "sync", "cut", "after"),
    ],
    ids=lambda fault: f"{fault.victim}-{fault.fault}-{fault.when}",
)
def test_a_ticket_lives_through_a_fault_at_each_sync(tmp_path: Path, fault: Fault) -> None:
    """Who dies is started again; every life comes to its end, and the records are whole."""
    figures = lives(tmp_path, [fault])

    assert figures["sweeps"][0]["calls"] >= 5
    assert figures["faults"] == {}
