"""What the oracle takes for broken when a lost journal's rows come back."""

import pytest

from broker.entry import Entry
from broker.hall.events import Adopted, CounterOpened, CounterPaused, HallEvent, StreamGap
from tests.sim.oracle import Oracle
from tests.sim.timeline import Timeline
from tests.sim.trace import Trace

STREAM = "a" * 32


def row(*events: HallEvent) -> Entry:
    """Return the first row of a stream."""
    return Entry(1, 0, "hub", STREAM, 1, b'{"type":"open_counter","counter":1}', events, "", "")


@pytest.mark.parametrize(
    ("lost", "broken"),
    [
        (CounterOpened(counter=1), []),
        (CounterPaused(counter=1), ["adopted_as_decided"]),
        (StreamGap(stream=STREAM, seq_from=1, seq_upto=1), []),
    ],
)
def test_what_comes_back_is_what_was_decided(lost: HallEvent, broken: list[str]) -> None:
    """A gap decides nothing, so whatever it stood for may come back; any other row as it was."""
    timeline = Timeline()
    oracle = Oracle(timeline=timeline, trace=Trace(timeline), hall="mpp")
    oracle.committed([row(lost)])
    oracle.journal_replaced([])
    oracle.violations.clear()

    adopted = Adopted(gen="1-a", pos=1, at_ms=0, late=True)
    oracle.committed([row(adopted, CounterOpened(counter=1))])

    assert [violation.rule for violation in oracle.violations] == broken
