"""A process that is stepped by hand: what it may not do here."""

import pytest

from tests.sim.machine import Process, SimInbox
from tests.sim.timeline import Timeline


@pytest.mark.parametrize("is_late", [True, False])
def test_a_process_that_never_waits_is_ended(is_late: bool) -> None:  # noqa: FBT001 - a table
    """Else no time would pass any more, and the seed would have no end."""
    timeline, ends = Timeline(), list[BaseException | None]()
    process = Process(timeline, ends.append)
    inbox = SimInbox(process, 10)

    async def main() -> None:
        while True:
            await inbox.take(-1.0 if is_late else 1.0)

    process.start(main())
    timeline.run(5000.0)

    assert process.is_alive is not is_late
    assert ["it never waits: -1.0 s"] * is_late == [str(error) for error in ends]
