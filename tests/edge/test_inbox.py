"""What crosses from other threads."""

import asyncio
import threading

from broker.link import Connected, Received
from edge.inbox import INBOX_MAX, Edge, Inbox, Stop


def message(count: int) -> Received:
    """Return a message of the broker."""
    return Received(f"t/{count}", b"", retained=False)


async def test_items_of_other_threads_come_in_order() -> None:
    """Each thread's own order is kept."""
    inbox = Inbox(loop=asyncio.get_running_loop())
    items = [Edge("call", down, float(at)) for at, down in enumerate([True, False] * 50)]
    thread = threading.Thread(target=lambda: [inbox.put_threadsafe(item) for item in items])
    thread.start()
    taken: list[object] = []
    while len(taken) < len(items):
        taken += await inbox.take(None)
    thread.join()

    assert taken == items


async def test_it_returns_empty_when_the_time_is_over() -> None:
    """And at once, when it was over before."""
    inbox = Inbox(loop=asyncio.get_running_loop())

    assert await inbox.take(0.001) == []
    assert await inbox.take(-1.0) == []


async def test_a_flood_drops_the_oldest_messages_and_never_an_edge() -> None:
    """A newer snapshot is behind the dropped one; a finger presses only once."""
    inbox = Inbox(loop=asyncio.get_running_loop())
    kept = [Edge("call", down=True, at_s=1.0), Connected("s"), Stop()]
    for item in [*kept, *map(message, range(INBOX_MAX + 100))]:
        inbox.put_threadsafe(item)
    await asyncio.sleep(0)
    taken = await inbox.take(None)

    assert taken[:3] == kept
    assert taken[3:] == [message(count) for count in range(103, INBOX_MAX + 100)]
    assert inbox.dropped == 103


async def test_a_thread_that_is_late_does_not_die() -> None:
    """The loop may be closed already when a pin or the link still speaks."""
    loop = asyncio.new_event_loop()
    inbox = Inbox(loop=loop)
    loop.close()
    inbox.put_threadsafe(Stop())

    assert inbox.dropped == 0
