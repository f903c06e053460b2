"""A node's buttons: their pins, the press machines behind them, and who waits for a press.

A button is moved by a finger, or softly from a panel; both take the same way. Whoever pressed
softly is told when the button is up again and what it asked for is on disk, or why it is not.
"""

import asyncio
from collections.abc import Iterator

from broker.clock import Clock
from broker.store import StoreError
from broker.wire.figures import Button
from edge.devices import Devices, OnEdge
from edge.inbox import Edge, Inbox, Settle
from edge.press import Moment, Press, PressMachine, Timing
from firmware_config.schema import BANTUAN

TIMING = {BANTUAN: Timing(held_s=2.0)}
"""Of a button that is not as all others: help is called in 2 s, a counter is closed in 3."""


class Fingers:
    """All buttons of one node, by name.

    Args:
        timing: Of something else that breaks and makes a contact; a button's without it.
    """

    def __init__(
        self, *, devices: Devices, inbox: Inbox, clock: Clock, timing: Timing | None = None
    ) -> None:
        self._devices = devices
        self._inbox = inbox
        self._clock = clock
        self._machines = {
            name: PressMachine(
                down=pin.is_down, at_s=clock.mono_s(), timing=TIMING.get(name, timing)
            )
            for name, pin in devices.buttons.items()
        }
        # Most passes of a node find every button at rest.
        self._moving = {name: m for name, m in self._machines.items() if not m.is_idle}
        self._settling: list[Settle] = []
        self._not_kept: dict[str, StoreError] = {}

    @property
    def names(self) -> list[str]:
        """Of the buttons, as the hall file has them."""
        return list(self._machines)

    @property
    def counts(self) -> dict[str, int]:
        """Presses accepted, and edges that were chatter, since the start."""
        machines = self._machines.values()
        return {
            "presses": sum(machine.presses for machine in machines),
            "chatter": sum(machine.chatter for machine in machines),
        }

    def figures(self, now_s: float) -> dict[str, Button]:
        """Return each button's own figures, for the health."""
        return {
            name: Button(
                presses=machine.presses,
                chatter=machine.chatter,
                stuck=machine.is_stuck,
                pressed_age_s=None
                if machine.pressed_s is None
                else round(max(0.0, now_s - machine.pressed_s), 1),
            )
            for name, machine in self._machines.items()
        }

    def watch(self) -> None:
        """Begin to hear the pins."""
        for name, pin in self._devices.buttons.items():
            pin.on_edge(self._edges_of(name))

    def wake_s(self) -> float | None:
        """Return the instant at which a button next changes by time alone; None = none does."""
        if not self._moving:
            return None
        wakes_s = (machine.wake_s() for machine in self._moving.values())
        return min((wake_s for wake_s in wakes_s if wake_s is not None), default=None)

    # -- softly -------------------------------------------------------------------------------

    def is_up(self, button: str) -> bool:
        """Return whether nobody presses this button; KeyError when there is none."""
        return self._machines[button].is_idle

    def move(self, button: str, *, down: bool) -> None:
        """Move a button without a finger: a mock pin itself; beside a real pin, its machine."""
        if self._devices.is_mock:
            self._devices.buttons[button].drive(down=down)
        else:
            self._inbox.put_threadsafe(Edge(button, down, self._clock.mono_s()))

    def presses(self, button: str) -> int:
        """Return how many presses of the button were accepted since the start."""
        return self._machines[button].presses

    async def settled(self, button: str) -> None:
        """Wait until the button is up and what it asked for is in the outbox.

        Raises:
            StoreError: Its last press could not be kept.
        """
        waiting = Settle(button, asyncio.get_running_loop().create_future())
        self._inbox.put_threadsafe(waiting)
        await waiting.settled

    # -- in the node's own pass ---------------------------------------------------------------

    def edge(self, edge: Edge) -> Iterator[tuple[str, Press]]:
        """Yield what an edge leads to."""
        machine = self._moving[edge.button] = self._machines[edge.button]
        for press in machine.edge(down=edge.down, at_s=edge.at_s):
            yield edge.button, self._noted(edge.button, press)

    def advance(self, to_s: float) -> Iterator[tuple[str, Press]]:
        """Yield what time leads to."""
        for name, machine in list(self._moving.items()):
            for press in machine.advance(to_s):
                yield name, self._noted(name, press)
            if machine.is_idle:
                del self._moving[name]

    def not_kept(self, button: str, error: StoreError) -> None:
        """Note that the press of this button could not be committed."""
        self._not_kept[button] = error

    def wait(self, settle: Settle) -> None:
        """Take somebody who waits for a button."""
        self._settling.append(settle)

    def settle(self) -> None:
        """Tell those who wait for a button that all of its press is committed, or is not kept."""
        if not self._settling:
            return
        waiting, self._settling = self._settling, []
        for item in waiting:
            machine = self._machines[item.button]
            if not machine.is_idle or machine.wake_s() is not None:
                self._settling.append(item)
            elif item.settled.done():
                pass  # who waited has left
            elif error := self._not_kept.get(item.button):
                item.settled.set_exception(error)
            else:
                item.settled.set_result(None)

    def _noted(self, button: str, press: Press) -> Press:
        if press.moment is Moment.PRESSED:
            self._not_kept.pop(button, None)
        return press

    def _edges_of(self, button: str) -> OnEdge:
        def on_edge(down: bool, at_s: float) -> None:  # noqa: FBT001 - gpiozero knows positions only
            self._inbox.put_threadsafe(Edge(button, down, at_s))

        return on_edge
