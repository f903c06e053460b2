"""The hub's Pi is gone: nodes find the second address, whose hub goes on; the first stands down."""

import time
from functools import partial
from pathlib import Path

import pytest

from broker.records import verify
from edge.kiosk import REPEAT_S
from tests.real.brokers import free_port
from tests.real.hall import until
from tests.real.pis import Pi, pis

FIRST, SECOND = "127.0.0.1", "127.0.0.2"


def issued(pi: Pi) -> list[str]:
    """Return the numbers in a hub's journal, in order of issue."""
    return [
        event["number"]
        for row in pi.journal()
        for event in row.events
        if event["type"] == "ticket_issued"
    ]


def is_settled(pi: Pi, *nodes: str) -> bool:
    """Return whether every row of these nodes has its result."""
    return all(row.has_result for node in nodes for row in pi.outbox(node))


def press(pi: Pi, *pressed: tuple[str, str]) -> None:
    """Press, each as a person of its own, and wait for the results."""
    for node, button in pressed:
        if node.startswith("kiosk"):
            time.sleep(REPEAT_S)  # sooner it would be one press
        until(partial(pi.press, node, button), f"{node} is pressed")
    until(partial(is_settled, pi, *{node for node, _ in pressed}), "the results", within_s=40)


@pytest.mark.needs("mosquitto")
def test_nodes_go_to_the_second_address_and_the_first_hub_stands_down(tmp_path: Path) -> None:
    """Numbers go on, nothing is lost, and at one broker never two hubs decide."""
    port = free_port()
    first = Pi(tmp_path / "a", addresses=[FIRST, SECOND], port=port)
    second = Pi(tmp_path / "b", addresses=[SECOND, FIRST], port=port)
    with pis(first, second):
        first.start("broker")
        first.wait_for(("broker", "broker ready"))
        for name in ("hub", "kiosk-1", "loket-1"):
            first.start(name, *(("--paper", "file") if name == "kiosk-1" else ()))
        press(first, ("kiosk-1", "A"), ("kiosk-1", "A"), ("loket-1", "call"))
        second.take_over(first)
        press(first, ("kiosk-1", "A"))
        assert issued(first) == ["A001", "A002", "A003"]

        first.end("hub", "broker")
        second.start("broker")
        second.wait_for(("broker", "broker ready"))
        second.start("hub")
        press(first, ("kiosk-1", "A"), ("loket-1", "call"))
        assert sorted(issued(second)) == ["A001", "A002", "A003", "A004"]

        # The first one is repaired. Its broker is not there, so it comes to the second's, whose
        # hub has the higher generation.
        first.start("hub")
        until(
            partial(first.said, "hub", "this one stands down"), "the first stands down", within_s=60
        )
        rows = len(first.journal())
        press(first, ("kiosk-1", "A"))
        assert issued(second)[-1] == "A005"
        assert (len(first.journal()), first.is_running("hub")) == (rows, True)
        assert not second.said("hub", "stands down")
    for pi in (first, second):
        assert verify(pi.data / "hub" / "journal.db").fault is None
