"""A screen at whose look at the window a signal arrives: the moment in which one was once lost."""

from typing import TYPE_CHECKING

from displays.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

PUMPS_MAX = 3


class Signalled(Screen):
    """Calls `on_pump`, as Python calls a signal's function, before it says that all is well."""

    def __init__(self, *, size: tuple[int, int]) -> None:
        super().__init__(size=size, fallback=size, is_headless=True)
        self.on_pump: Callable[[], object] = lambda: None
        self._pumps = 0

    def pump(self) -> bool:
        """Be signalled; fail when whoever asks goes on all the same."""
        is_open = super().pump()
        self._pumps += 1
        assert self._pumps <= PUMPS_MAX, "it was told to stop, and goes on"
        self.on_pump()
        return is_open
