"""Which nodes a hub asks for rows it lacks, and in which order."""

from broker.hall.refusals import Actor
from broker.missing import Missing
from broker.wire.giving import PROGRESS_S
from broker.wire.messages import Give, Place
from broker.wire.seal import Seals

KIOSKS = [f"kiosk-{n}" for n in range(1, 9)]


def test_who_is_asked_on_after_a_recovery_is_asked_in_order() -> None:
    """Two runs of the same hall are the same run, whatever a process makes of its sets."""
    nodes = {node: Actor(node, "kiosk") for node in KIOSKS}
    missing = Missing(seals=Seals(b"k" * 32), nodes=nodes)
    missing.connected(0.0)
    missing.begin(0.0)
    for node in reversed(KIOSKS):
        missing.born(node, "a" * 32, 0.0)
    some = Give(stream="a" * 32, give=(), after=Place(), upto=Place(gen="1-a", pos=7), given=False)
    for node in KIOSKS:
        missing.taken(node, some, 1.0)

    missing.end(1.0 + PROGRESS_S)

    assert [ask.node for ask in missing.asks(1.0 + PROGRESS_S)] == KIOSKS
