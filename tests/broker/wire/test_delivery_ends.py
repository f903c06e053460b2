"""Both ends of the delivery protocol over a wire that misbehaves, with restarts of both.

The oracle knows only what was pressed, what each node was told and what the hub's journal holds.
"""

from collections import defaultdict

import msgspec
import pytest

from broker.hall.events import StreamGap
from broker.wire.delivery import Receiver
from broker.wire.messages import WireError
from tests.broker.wire.rows import OWN
from tests.broker.wire.world import NODES, Rivalry, World, run_world
from tests.fakes import FINE


def without_age(command: bytes) -> dict[str, object]:
    """Return the command as both ends must agree on it."""
    fields = msgspec.json.decode(command, type=dict[str, object])
    return {name: value for name, value in fields.items() if name != "age_ms"}


def assert_nothing_waits(world: World) -> None:
    """Assert that every row has its result: once, or once more when a restart forgot it."""
    for node in world.nodes.values():
        assert node.sender.depth == 0, (world.wire, node.name)
        for row in node.rows:
            told = node.told[row.stream, row.seq]
            assert 1 <= len(told) <= node.starts, (world.wire, row.seq)


@pytest.mark.parametrize("seed", range(300))
def test_each_row_is_decided_once_and_its_sender_told(seed: int) -> None:
    """With loss up to 40 %, duplicates, swaps, delays, cuts and restarts of both ends."""
    world = run_world(seed)

    assert_nothing_waits(world)
    decided = defaultdict[str, list[int]](list)
    for pos, entry in enumerate(world.hub.journal, start=1):
        assert entry.result.pos == pos, world.wire
        assert not entry.result.events, world.wire
        decided[entry.stream].append(entry.result.seq)
    journal = {(entry.stream, entry.result.seq): entry for entry in world.hub.journal}
    for stream, seqs in decided.items():
        assert seqs == list(range(1, len(seqs) + 1)), (world.wire, stream)
    rows = [row for node in world.nodes.values() for row in node.rows]
    assert {(row.stream, row.seq) for row in rows} == set(journal), world.wire
    for node in world.nodes.values():
        for row in node.rows:
            entry = journal[row.stream, row.seq]
            assert without_age(entry.command) == without_age(row.command), world.wire
            assert all(told == entry.result for told in node.told[row.stream, row.seq])
    assert world.refused == 0, world.wire


@pytest.mark.parametrize("seed", range(60))
def test_no_stream_blocks_after_a_roll_back(seed: int) -> None:
    """A hub that lost rows goes on with what its nodes hold; the rest is a gap, never a wait."""
    world = run_world(seed, roll_backs=2)

    assert_nothing_waits(world)
    assert_dense(world)


@pytest.mark.parametrize("seed", range(60))
def test_no_stream_blocks_when_the_hub_lost_all(seed: int) -> None:
    """A new journal has the same number: its nodes believe it without a restart."""
    world = run_world(seed, wipes=2)

    assert_nothing_waits(world)
    assert_dense(world)
    assert {node.sender.gen for node in world.nodes.values()} == {world.hub.gen}


@pytest.mark.parametrize("seed", range(10))
def test_two_hubs_of_one_number_make_nobody_send_for_ever(seed: int) -> None:
    """Each row has one result at its node, and the wire carries no more than both hubs' answers."""
    world = Rivalry(seed, FINE)
    presses = 20
    for node in world.nodes.values():
        for _ in range(presses):
            world.plan(world.random.uniform(3, 60), node.press)
    for second in range(0, 120, 5):
        world.plan(second, world.beat)
    beats = 25 * 2 * len(NODES)
    world.run(120)

    assert_nothing_waits(world)
    # A birth, an up and the answer of either hub for each; and again after some heartbeats.
    assert world.wire.sent < beats + 2 * 3 * (presses + 1) * len(NODES), world.wire


def assert_dense(world: World) -> None:
    """Assert that the rows and gaps of each stream leave nothing out."""
    last = defaultdict[str, int](int)
    for entry in world.hub.journal:
        first = entry.result.seq
        for event in entry.result.events:
            assert isinstance(event, StreamGap)
            first = event.seq_from
        assert first == last[entry.stream] + 1, (world.wire, entry)
        last[entry.stream] = entry.result.seq


def test_a_seed_is_enough_to_run_a_failure_again() -> None:
    """The same seed gives the same journal and the same number of messages."""
    one, two = run_world(7), run_world(7)

    assert one.hub.journal
    assert one.hub.journal == two.hub.journal
    assert one.wire.sent == two.wire.sent


@pytest.mark.parametrize(
    ("seq", "gap"),
    [
        (8, None),
        (9, StreamGap(stream=OWN, seq_from=8, seq_upto=8)),
        (12, StreamGap(stream=OWN, seq_from=8, seq_upto=11)),
    ],
)
def test_an_adopted_row_takes_its_stream_on(seq: int, gap: StreamGap | None) -> None:
    """What nobody gave back before it is named as a gap; the next row is the one behind it."""
    receiver = Receiver(streams={OWN: ("loket-3", 7)})

    assert receiver.adopt("loket-3", OWN, seq) == gap
    assert receiver.last("loket-3", OWN) == seq
    assert receiver.owner(OWN) == "loket-3"


def test_the_first_adopted_row_binds_its_stream() -> None:
    """To the node whose row it is."""
    receiver = Receiver(streams={})
    assert receiver.owner(OWN) == ""
    assert receiver.adopt("loket-3", OWN, 1) is None
    assert receiver.owner(OWN) == "loket-3"


@pytest.mark.parametrize(
    ("node", "seq", "error"), [("loket-3", 7, ValueError), ("loket-4", 8, WireError)]
)
def test_a_row_of_before_or_of_another_node_is_not_adopted(
    node: str, seq: int, error: type[ValueError]
) -> None:
    """The stream stands where it stood."""
    receiver = Receiver(streams={OWN: ("loket-3", 7)})
    with pytest.raises(error):
        receiver.adopt(node, OWN, seq)
    assert receiver.last("loket-3", OWN) == 7
