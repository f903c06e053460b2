"""A seal is the same for the same row, and another for any other."""

from random import Random

import pytest

from broker.wire.seal import KEY_BYTES, SEAL_BYTES, Sealed, Seals

KEY = bytes(range(KEY_BYTES))
SEALS = Seals(KEY)
STREAM = "0123456789abcdef" * 2
ROW = Sealed(
    gen="3-0a1b2c3d",
    pos=9120,
    at_ms=1_795_598_248_218,
    stream=STREAM,
    seq=17,
    command=b'{"type":"call_next","age_ms":12,"counter":3,"seen":""}',
    events=b'[{"type":"counter_opened","counter":3}]',
)

GOLDEN = [
    (ROW, "eb2e69a05179ca5676e8f4e18f5972d3"),
    (ROW._replace(events=b"[]", refusal="nobody_waiting"), "003932b9970d48599b228a26797dc6cf"),
    (
        ROW._replace(command=b"[1,2]", events=b"[]", refusal="rejected"),
        "4f9fba490999c3869d8d16ea75332d67",
    ),
]


@pytest.mark.parametrize(("row", "seal"), GOLDEN)
def test_a_seal_never_changes(row: Sealed, seal: str) -> None:
    """A later release must prove what this one decided: these are its bytes for ever."""
    assert SEALS.seal(row) == seal
    assert SEALS.holds(row, seal)


SAME = [
    b'{"type":"call_next","age_ms":99999,"counter":3,"seen":""}',
    b'{"type":"call_next","age_ms":null,"counter":3,"seen":""}',
    b'{"type":"call_next","counter":3,"seen":""}',
    b'{"seen":"","counter":3,"type":"call_next"}',
]


@pytest.mark.parametrize("command", SAME)
def test_the_age_and_the_order_of_fields_do_not_count(command: bytes) -> None:
    """The outbox holds the command with another age than the one that was sent."""
    assert SEALS.holds(ROW._replace(command=command), SEALS.seal(ROW))


OTHERS = [
    ROW._replace(gen="3-0a1b2c3e"),
    ROW._replace(pos=9121),
    ROW._replace(at_ms=ROW.at_ms + 1),
    ROW._replace(stream=STREAM[::-1]),
    ROW._replace(seq=18),
    ROW._replace(command=ROW.command.replace(b"3", b"4")),
    ROW._replace(command=ROW.command[:-1] + b',"later":1}'),
    ROW._replace(events=ROW.events.replace(b"3", b"4")),
    ROW._replace(refusal="stale"),
    ROW._replace(pos=912, at_ms=int(f"0{ROW.at_ms}")),
    ROW._replace(events=b"", refusal=ROW.events.decode()),
]


@pytest.mark.parametrize("row", OTHERS)
def test_another_row_has_another_seal(row: Sealed) -> None:
    """Whatever a node changes in what it gives, it does not prove itself any more."""
    assert not SEALS.holds(row, SEALS.seal(ROW))


@pytest.mark.parametrize("seal", ["", "x", "é" * SEAL_BYTES, SEALS.seal(ROW)[:-1]])
def test_what_is_no_seal_proves_nothing(seal: str) -> None:
    """It is compared, not trusted."""
    assert not SEALS.holds(ROW, seal)


def test_another_key_makes_another_seal() -> None:
    """A hub with a new key can't take the old hub's rows for its own."""
    assert not Seals(bytes(KEY_BYTES)).holds(ROW, SEALS.seal(ROW))


def test_any_bytes_have_a_seal() -> None:
    """A rejected row's command is whatever came."""
    random = Random(1)
    bodies = [random.randbytes(random.randrange(60)) for _ in range(200)]
    bodies += [b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}", b"null", b"", b'{"a":1,"a":2}']
    seals = {SEALS.seal(ROW._replace(command=body)) for body in bodies}

    assert len(seals) == len(set(bodies))


def test_a_short_key_is_refused() -> None:
    """HMAC would take it, and so would a forger."""
    with pytest.raises(ValueError, match="32 bytes"):
        Seals(b"short")
