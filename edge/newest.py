"""PURE: which of two snapshots of one topic a node shows (DESIGN §5.9, §5.15)."""

from broker.wire.generation import Stamp, generation_number, is_older


class Newest:
    """The place of the newest snapshot taken of one topic."""

    def __init__(self) -> None:
        self._taken = Stamp()

    def takes(self, gen: str, pos: int, *, gen_n: int) -> bool:
        """Return whether this snapshot is to be shown, and remember it; an equal one is.

        Args:
            gen, pos: Of the snapshot.
            gen_n: The highest generation this node has heard of; a lower one is never obeyed.
        """
        place = Stamp(gen, pos)
        if generation_number(gen) < gen_n or is_older(place, self._taken):
            return False
        self._taken = place
        return True
