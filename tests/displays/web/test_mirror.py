"""The newest snapshot wins; an older one, and one that can't be read, changes nothing."""

import json
from typing import Any

import pytest

from broker.wire.messages import WireError
from broker.wire.topics import Kind, Topic
from displays.web.mirror import Mirror

QUEUE = Topic("demo", Kind.QUEUE)


def queue(gen: str, pos: int, day: str = "2026-11-25") -> bytes:
    """Return a snapshot of an empty queue."""
    return json.dumps({"gen": gen, "pos": pos, "at_ms": 1, "day": day, "services": {}}).encode()


ORDER: list[tuple[str, int, str, int, bool]] = [
    ("1-0000000a", 5, "1-0000000a", 6, True),
    ("1-0000000a", 5, "1-0000000a", 5, True),
    ("1-0000000a", 5, "1-0000000a", 4, False),
    ("1-0000000a", 5, "2-0000000b", 1, True),
    ("2-0000000b", 1, "1-0000000a", 9, False),
    ("2-0000000b", 1, "10-0000000c", 1, True),
    ("1-0000000a", 5, "1-0000000b", 1, True),
]


@pytest.mark.parametrize(("gen", "pos", "new_gen", "new_pos", "taken"), ORDER)
def test_only_a_snapshot_that_is_not_older_is_taken(
    gen: str, pos: int, new_gen: str, new_pos: int, *, taken: bool
) -> None:
    """Generations by their number first, then positions; the same again is taken."""
    mirror = Mirror()
    mirror.take(QUEUE, queue(gen, pos))
    assert (mirror.take(QUEUE, queue(new_gen, new_pos)) is not None) is taken
    assert mirror.queue is not None
    assert mirror.queue.pos == (new_pos if taken else pos)


def test_each_counter_has_its_own_newest() -> None:
    """A late snapshot of one counter says nothing about another."""
    mirror = Mirror()
    for counter, pos in ((1, 9), (2, 3), (1, 8)):
        view: dict[str, Any] = {"gen": "1-0000000a", "pos": pos, "counter": counter}
        body = json.dumps(view | {"status": "open", "waiting": 0}).encode()
        mirror.take(Topic("demo", Kind.COUNTER, str(counter)), body)
    assert {counter: view.pos for counter, view in mirror.counters.items()} == {1: 9, 2: 3}


def test_a_counter_is_not_taken_from_anothers_topic() -> None:
    """It would stand for ever where the page shows the other."""
    mirror = Mirror()
    body = b'{"gen":"1-0000000a","pos":1,"counter":2,"status":"open","waiting":0}'
    with pytest.raises(WireError, match="counter 2"):
        mirror.take(Topic("demo", Kind.COUNTER, "1"), body)
    assert mirror.counters == {}


def test_a_snapshot_without_a_generation_does_not_freeze_what_is_shown() -> None:
    """Nothing can be compared with it, so it is refused before it is kept."""
    mirror = Mirror()
    for gen in ("x", "", "1", "1-0", "-"):
        with pytest.raises(WireError):
            mirror.take(QUEUE, queue(gen, 9))
    assert mirror.take(QUEUE, queue("1-0000000a", 1)) is not None


BAD = [b"", b"{", b"\xff", b"null", b'{"gen":1}', b"[" * 5000, b" " * 40_000, b'{"gen":"x"}']


@pytest.mark.parametrize("payload", BAD)
def test_what_can_not_be_read_changes_nothing(payload: bytes) -> None:
    """The error is the caller's to count."""
    mirror = Mirror()
    mirror.take(QUEUE, queue("1-0000000a", 5))
    with pytest.raises(WireError):
        mirror.take(QUEUE, payload)
    assert mirror.queue is not None
    assert mirror.queue.pos == 5
