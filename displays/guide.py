"""A kiosk's face for the ear: the spoken menu joined with its narrator.

It runs in the process that owns the kiosk's loudspeaker (`loket screen`), beside the touch screen
or without one, and hears the buttons through the panel of the kiosk's node. Everything here is on
the loop's thread.
"""

from collections.abc import Callable

from displays.menu import Ask, Menu, Wish
from displays.narrator import Narrator
from displays.node_panel import Told


class Guide:
    """Joins menu and narrator.

    Args:
        on_ask: Asks the node for a visit; the answer goes to `taken`.
    """

    def __init__(self, *, menu: Menu, narrator: Narrator, on_ask: Callable[[Ask], object]) -> None:
        self._menu = menu
        self._narrator = narrator
        self._on_ask = on_ask

    @property
    def is_busy(self) -> bool:
        """Whether it speaks, so that its end is soon to be looked for."""
        return self._narrator.is_busy

    def told(self, told: Told | None, now_s: float) -> None:
        """Take the node's panel; None when the node is not there any more."""
        if told is None:
            self._menu.lost()
            return
        wishes = self._menu.told(
            offers=told.offers,
            presses=told.help,
            taking=told.take,
            given=told.given,
            calling=told.assist,
            now_s=now_s,
        )
        self._grant(wishes, now_s)

    def taken(self, take_id: str | None, now_s: float) -> None:
        """Take the press under which the node keeps what was asked; None = it did not take it."""
        self._grant(self._menu.taken(take_id), now_s)

    def step(self, now_s: float) -> None:
        """Do what time asks for."""
        if self._narrator.step(now_s):
            self._menu.silent(now_s)
        self._grant(self._menu.due(now_s), now_s)

    def close(self) -> None:
        """Stop speaking."""
        self._narrator.close()

    def _grant(self, wishes: tuple[Wish, ...], now_s: float) -> None:
        for wish in wishes:
            if isinstance(wish, Ask):
                self._on_ask(wish)
            else:
                self._narrator.say(wish, now_s)
