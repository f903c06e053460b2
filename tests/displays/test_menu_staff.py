"""What a kiosk's speaker says of a call for staff."""

import pytest

from displays.menu import HelpPress, Level
from displays.touch import Taking
from firmware_config.schema import BANTUAN, CHOOSE
from tests.displays.test_menu import Visitor, given

NOBODY = "Petugas tidak dapat dipanggil dari sini. Panggil dengan suara."


@pytest.mark.parametrize(
    ("calling", "said"),
    [
        (["asked", "heard"], ["Memanggil petugas.", "Petugas sudah dipanggil. Tunggu di sini."]),
        (
            ["asked", "failed"],
            [
                "Memanggil petugas.",
                NOBODY,
            ],
        ),
        (["failed"], [NOBODY]),
        (
            ["heard", "heard", ""],
            ["Petugas sudah dipanggil. Tunggu di sini.", "Petugas sudah datang."],
        ),
        (["asked", ""], ["Memanggil petugas."]),
        (["unheard-of"], []),
    ],
)
def test_how_far_a_call_for_staff_is_is_said(calling: list[str], said: list[str]) -> None:
    """Each step once; nobody is told that staff come when no one heard it."""
    visitor = Visitor()
    for state in calling:
        visitor.tell(calling=state)

    assert visitor.heard == said


def test_a_call_for_staff_that_was_before_is_not_said() -> None:
    """After the node was away the speaker is silent about it."""
    visitor = Visitor()
    visitor.menu.lost()
    visitor.tell(calling="heard")

    assert visitor.heard == []


def test_who_calls_again_is_told_again() -> None:
    """The button is held once more, and nothing has changed."""
    visitor = Visitor()
    visitor.tell(calling="failed")
    visitor.presses.append(HelpPress(n=1, button=BANTUAN, moment="held"))
    visitor.tell(calling="failed")
    visitor.tell(calling="failed")

    assert visitor.heard == [NOBODY, NOBODY]


@pytest.mark.parametrize("says_numbers", [True, False])
def test_a_number_told_before_the_node_s_answer_is_said_once(*, says_numbers: bool) -> None:
    """Panel and answer come on two sockets, in any order."""
    visitor = Visitor(says_numbers=says_numbers)
    visitor.press(BANTUAN, CHOOSE, CHOOSE, CHOOSE)
    visitor.tell(given=given("A007"))
    visitor.take(visitor.menu.taken("p:1"))
    visitor.tell(given=given("A007"))

    assert [text.startswith("Nomor antrean Anda A 0 0 7") for text in visitor.heard].count(
        True
    ) == 1
    assert visitor.menu.level is Level.OFF


def test_a_refusal_told_before_the_node_s_answer_is_said() -> None:
    """Nobody waits 20 s for it."""
    visitor = Visitor()
    visitor.press(BANTUAN, CHOOSE, CHOOSE, CHOOSE)
    visitor.tell(taking=Taking(id="p:1", state="refused", why="closed"))
    visitor.take(visitor.menu.taken("p:1"))

    assert visitor.heard[-1].startswith("Nomor tidak dapat diberikan")
