"""What a kiosk's speaker says of a call for staff."""

import pytest

from tests.displays.test_menu import Visitor

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
