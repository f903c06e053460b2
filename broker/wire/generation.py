"""PURE: which of two states of the hub is the older one; every receiver asks here (DESIGN §5.9).

A generation is `n-hex`. A lower n is never obeyed. Within one generation the journal position
tells. Two of the same n and another hex are two hubs that never met (a wiped data folder makes a
new journal): their positions can't be compared, so neither is older and the one that speaks now is
believed. What the broker kept of the other is replaced at once, as a hub publishes all its
retained topics at each connect; a board, which must never call for a dead hub, waits besides until
a live `state/hub` names the same generation (DESIGN §5.15).
"""

import functools
from typing import NamedTuple, Protocol


class Stamped(Protocol):
    """What says of which generation and journal position it is: every snapshot."""

    @property
    def gen(self) -> str:
        """The generation; empty = none heard yet."""
        ...

    @property
    def pos(self) -> int:
        """The journal position."""
        ...


class Stamp(NamedTuple):
    """A generation and a journal position in it."""

    gen: str = ""
    pos: int = 0


@functools.lru_cache(maxsize=64)  # a process hears the same one or two all day
def generation_number(gen: str) -> int:
    """Return the n of `n-hex`, as `Generation` lets through; 0 for none yet."""
    return int(gen.partition("-")[0]) if gen else 0


def is_lower(gen: str, than: str) -> bool:
    """Return whether a generation is never obeyed by who has heard the other."""
    return gen != than and generation_number(gen) < generation_number(than)


def rank(gen: str, start: str, *, listens: bool = False) -> tuple[int, bool, str, str]:
    """Return what tells which of two hubs stays, so that both come to the same end.

    The higher n; of two with the same n one that serves before one that only listens yet; of two
    alike any, always the same: the higher hex, and of two copies of one journal the higher start.
    """
    return generation_number(gen), not listens, gen, start


def is_older(new: Stamped, old: Stamped) -> bool:
    """Return whether `new` shows an earlier state than `old`; an equal one is not older."""
    if new.gen == old.gen:
        return new.pos < old.pos
    return is_lower(new.gen, old.gen)
