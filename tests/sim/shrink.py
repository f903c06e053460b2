"""Which of a failing seed's faults it takes: fewer are easier to understand."""

from collections.abc import Callable, Sequence

from tests.sim.run import Verdict


def shrink(
    verdict: Verdict, run: Callable[..., Verdict], names: Sequence[str], *, tries: int
) -> Verdict:
    """Return the verdict with as few faults as still break the same rule first.

    Halves are left out, then quarters and so on (delta debugging), at most `tries` runs. People
    and machines draw from their own dice, so what is left out changes nothing else by itself.
    """
    rule, best = verdict.violations[0].rule, verdict
    kept = list(range(len(verdict.faults)))
    size = max(1, len(kept) // 2)
    while tries > 0:
        before = len(kept)
        for start in range(0, before, size):
            without = kept[:start] + kept[start + size :]
            if tries <= 0 or len(without) == len(kept):
                continue
            tries -= 1
            again = run(verdict.seed, faults=tuple(names), only=tuple(without))
            if again.violations and again.violations[0].rule == rule:
                kept, best = without, again
                break
        if len(kept) == before:
            if size == 1:
                break
            size //= 2
    return best
