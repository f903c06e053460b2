"""The secret on a slip, and the link that says it."""

import hashlib
import re
from datetime import UTC
from pathlib import Path

import pytest

from broker.accounts import SettingsError
from broker.hall.commands import Issue
from edge.codes import Codes
from edge.command import codes_of
from edge.press import Moment, Press
from edge.role import Ask, Print, Visit
from edge.slip_layout import Text, slip_picture
from firmware_config.load import load_hall
from tests.edge.slips import ONE
from tests.edge.test_command import DEMO, EVERY_KEY
from tests.edge.test_kiosk import TICKET, issued, kiosk

ORIGIN = f"{'a' * 32}:7"


def one_dot_each(text: str, *_: object) -> int:
    """Return how wide a text is, for who does not care."""
    return len(text)


def codes(key: bytes = b"k" * 32, origin: str = ORIGIN) -> Codes:
    """Return the codes of a kiosk whose next press is known."""
    made = Codes(key=key, page="http://10.78.0.1/", ssid="MPP Antrean")
    made.next_origin = lambda: origin
    return made


def test_the_link_holds_the_code_whose_hash_the_hub_knows() -> None:
    """128 bits in 26 capitals, so that the QR code is of its small alphabet; and the language."""
    sha256 = codes().next_sha256()
    link = codes().link(ORIGIN, code_sha256=sha256, language="en")

    found = re.fullmatch(r"HTTP://10\.78\.0\.1/T/([A-Z2-7]{26})/EN", link)
    assert found
    assert hashlib.sha256(found[1].encode()).hexdigest() == sha256


def test_every_press_and_every_kiosk_has_its_own() -> None:
    """The same press has the same, after a restart too."""
    sha256s = {
        codes().next_sha256(),
        codes(origin=f"{'a' * 32}:8").next_sha256(),
        codes(key=b"l" * 32).next_sha256(),
    }
    assert len(sha256s) == 3
    assert codes().next_sha256() in sha256s


def test_a_code_of_another_key_or_of_none_has_no_link() -> None:
    """Better no QR code than one that opens nothing."""
    assert not codes().link(ORIGIN, code_sha256="", language="id")
    other = codes(key=b"l" * 32).next_sha256()
    assert not codes().link(ORIGIN, code_sha256=other, language="id")


def test_before_its_outbox_is_open_there_is_none() -> None:
    """A press nobody can name yet."""
    assert not Codes(key=b"k" * 32, page="http://10.78.0.1/").next_sha256()


def test_a_slip_carries_its_link_with_and_without_the_hub() -> None:
    """The code is of the press, whoever gives the number; the language is the visitor's."""
    role = kiosk(codes=codes(origin=TICKET))
    issue = role.wanted(Visit(services=("ktp-el",), language="en"), 0.0)
    link = codes(origin=TICKET).link(TICKET, code_sha256=issue.code_sha256, language="en")
    assert issue.code_sha256
    assert link.endswith("/EN")

    (heard,) = role.answered(issue, issued())
    alone = role.alone(issue, TICKET, given_ms={}, at_ms=0, hall_ms=None)
    for wish in (heard, alone):
        assert isinstance(wish, Print)
        assert (wish.slip.qr, wish.slip.ssid) == (link, "MPP Antrean")
    assert isinstance(alone, Print)
    assert [confirm.code_sha256 for confirm in alone.confirm] == [issue.code_sha256]
    assert role.panel()["phone"] == link


def test_a_press_on_a_button_has_a_code_too() -> None:
    """In the hall's main language."""
    role = kiosk(codes=codes(origin=TICKET))
    (wish,) = role.pressed("A", Press(Moment.PRESSED, 1.0))

    assert isinstance(wish, Ask)
    assert isinstance(wish.command, Issue)
    assert wish.command.code_sha256 == codes(origin=TICKET).next_sha256()


def test_without_a_page_there_is_no_code_and_no_qr() -> None:
    """A hall without the visitors' Wi-Fi."""
    role = kiosk()
    issue = role.wanted(Visit(services=("ktp-el",)), 0.0)
    (wish,) = role.answered(issue, issued())

    assert not issue.code_sha256
    assert isinstance(wish, Print)
    assert (wish.slip.qr, wish.slip.ssid, role.panel()["phone"]) == ("", "", "")


def test_the_slip_says_which_wifi_to_join() -> None:
    """Before the code, in its language; without Wi-Fi only that it is to be scanned."""
    slip = ONE._replace(qr="HTTP://10.78.0.1/T/X", language="id")

    def texts(ssid: str) -> list[str]:
        picture = slip_picture(
            slip._replace(ssid=ssid), UTC, width=80, measure=one_dot_each, code=((1,),)
        )
        return [op.text for op in picture.ops if isinstance(op, Text)]

    assert texts("MPP Antrean")[-2:] == [
        "Wi-Fi: MPP Antrean (tanpa internet)",
        "Pindai kode ini dengan ponsel",
    ]
    assert not any("Wi-Fi" in text for text in texts(""))


def test_a_kiosks_key_is_its_own_and_stays(tmp_path: Path) -> None:
    """Made at the first start, for its owner's eyes alone; a broken one is said."""
    hall = load_hall(EVERY_KEY)
    folder = tmp_path / "kiosk-1"
    made, again = (codes_of(hall, "kiosk-1", folder=folder, page=None) for _ in range(2))
    assert made
    assert again
    assert made.ssid == "MPP Antrean"
    for each in (made, again):
        each.next_origin = lambda: ORIGIN
    assert made.next_sha256() == again.next_sha256()
    assert (folder / "code.key").stat().st_mode & 0o777 == 0o600

    (folder / "code.key").write_text("no hex")
    with pytest.raises(SettingsError, match="delete it"):
        codes_of(hall, "kiosk-1", folder=folder, page=None)


def test_a_page_on_this_machine_needs_no_wifi(tmp_path: Path) -> None:
    """The demo's; and a counter, or a kiosk of a hall without a page, makes no codes."""
    demo, hall = load_hall(DEMO), load_hall(EVERY_KEY)
    page = "http://127.0.0.1:8080"
    made = codes_of(hall, "kiosk-1", folder=tmp_path, page=page)
    assert made
    assert not made.ssid
    assert codes_of(demo, "kiosk-1", folder=tmp_path, page=None) is None
    assert codes_of(demo, "loket-1", folder=tmp_path, page=page) is None
