"""PURE: which of two snapshots is the newer one (DESIGN §5.9, §5.15)."""

from broker.wire.messages import WireError

N_DIGITS_MAX = 9


def gen_number(gen: str) -> int:
    """Return n of a generation `n-hex`; generations are compared by it. 0 of the empty one.

    Raises:
        WireError: It is no generation.
    """
    n, dash, _ = gen.partition("-")
    if gen and not (dash and n.isascii() and n.isdecimal() and len(n) <= N_DIGITS_MAX):
        raise WireError(f"generation {gen[:40]!r} is not n-hex")
    return int(n or 0)


class Newest:
    """The place of the newest snapshot taken of one topic."""

    def __init__(self) -> None:
        self._place = (0, 0)

    def takes(self, gen: str, pos: int, *, gen_n: int) -> bool:
        """Return whether this snapshot is to be shown, and remember it; an equal one is.

        Args:
            gen, pos: Of the snapshot.
            gen_n: The highest generation this node has heard of; a lower one is never obeyed.

        Raises:
            WireError: `gen` is no generation.
        """
        place = (gen_number(gen), pos)
        if place[0] < gen_n or place < self._place:
            return False
        self._place = place
        return True
