"""The one order of snapshots, whoever reads them."""

import pytest

from broker.wire.generation import Stamp, generation_number, is_lower, is_older, rank


@pytest.mark.parametrize(("gen", "number"), [("", 0), ("3-0a1b2c3d", 3), ("12-ffffffff", 12)])
def test_generations_are_compared_by_their_number(gen: str, number: int) -> None:
    """10 is higher than 9, whatever the letters say."""
    assert generation_number(gen) == number


ORDER: list[tuple[str, int, str, int, bool]] = [
    # The new one, the one known, whether the new one is older.
    ("1-0000000a", 6, "1-0000000a", 5, False),
    ("1-0000000a", 5, "1-0000000a", 5, False),
    ("1-0000000a", 4, "1-0000000a", 5, True),
    ("2-0000000b", 1, "1-0000000a", 9, False),
    ("1-0000000a", 9, "2-0000000b", 1, True),
    ("10-0000000c", 1, "9-0000000b", 5, False),
    ("1-bbbbbbbb", 3, "1-aaaaaaaa", 5000, False),
    ("1-aaaaaaaa", 5000, "1-bbbbbbbb", 3, False),
    ("1-aaaaaaaa", 0, "", 0, False),
]


@pytest.mark.parametrize(("gen", "pos", "old_gen", "old_pos", "is_older_one"), ORDER)
def test_a_lower_number_is_older_then_a_lower_position_of_the_same_journal(
    gen: str, pos: int, old_gen: str, old_pos: int, *, is_older_one: bool
) -> None:
    """Hubs of one number that never met can't be compared: whoever speaks now is believed."""
    assert is_older(Stamp(gen, pos), Stamp(old_gen, old_pos)) is is_older_one


def test_only_a_lower_number_is_lower() -> None:
    """Another hub of the same number is not; nor is any, when none was heard yet."""
    assert is_lower("9-ffffffff", "10-00000000")
    assert not is_lower("1-00000000", "1-ffffffff")
    assert not is_lower("1-00000000", "")


@pytest.mark.parametrize(
    ("stays", "goes"),
    [
        (("10-00000000", "a"), ("9-ffffffff", "z")),
        (("3-0000000b", "a"), ("3-0000000a", "z")),
        (("3-0000000a", "b"), ("3-0000000a", "a")),
    ],
    ids=["a higher number", "of one number the higher hex", "of one journal the higher start"],
)
def test_of_two_hubs_both_find_the_same_one_to_stay(
    stays: tuple[str, str], goes: tuple[str, str]
) -> None:
    """Whichever of them asks."""
    assert rank(*stays) > rank(*goes)
