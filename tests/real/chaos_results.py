"""PURE: the figures of `chaos.py` as a page to read."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.real.power import COMMITS

FAULTS = (
    *("lost", "twice", "out_of_turn", "skipped"),
    *("forgotten", "misprinted", "broken", "unshown"),
)
"""Kinds of fault a round may have, as `oracle.py` and `chaos_run.py` find them."""

_HOW = """\
Written by `make chaos` (tests/real/chaos.py); all figures are in `results.json`. Each round is
a hall of its own: mosquitto, hub, kiosks, six counters and a board as real processes, pressed
through the nodes' panel sockets. Kills (SIGKILL; a third of them after a freeze by SIGSTOP)
fall 0-60 ms after a press began. Then presses, outboxes, slips, journal and what was shown are
compared."""

_COLUMNS = """\
`unsure`: the node died before it answered the press; it may be kept or not, once. `alone`:
tickets with a number of the kiosk's own, because no hub answered in time. `lost`: answered by
the node and not in its outbox, or there and not in the journal. `twice`: accepted a second
time, or decided and never pressed. The other kinds are those of tests/real/oracle.py;
`unshown`: calls or counts missing in the retained snapshots or on the board."""

_POWER = """\
FULL is what `broker/store.py` chooses; NORMAL is the sabotaged build. The columns say what the
cut leaves of what was not synced (tests/real/platter.py)."""


def found(figures: dict[str, Any]) -> dict[str, int]:
    """Return what a round has of faults; a round that never settled is one too."""
    seen = {kind: figures[kind] for kind in FAULTS if figures[kind]}
    return seen if figures["settled"] else seen | {"not settled": 1}


def render(figures: dict[str, Any]) -> str:
    """Return the page."""
    return "\n".join([*_head(figures), *_rounds(figures), *_beside(figures), ""])


def _head(figures: dict[str, Any]) -> Iterator[str]:
    rounds = figures["rounds"]
    kills = sum((Counter(each["kills"]) for each in rounds), Counter[str]())
    lost, twice = (sum(each[kind] for each in rounds) for kind in ("lost", "twice"))
    yield "# Chaos on real processes: results"
    yield ""
    yield _HOW
    yield ""
    verdict = "; ".join(figures["wrong"]) or f"{lost} lost, {twice} twice"
    yield f"**{sum(kills.values()):,} kills, {_sum(rounds, 'pressed'):,} presses: {verdict}.**"
    yield ""
    yield f"- Command: `{figures['command']}`, seed {figures['seed']}, {figures['at']},"
    yield f"  {figures['whole_s'] / 60:.0f} minutes"
    yield "- On: " + ", ".join(f"{name} {value}" for name, value in figures["versions"].items())
    yield "- Kills: " + ", ".join(f"{name} {count}" for name, count in sorted(kills.items()))
    yield f"- Frozen before: {_sum(rounds, 'frozen')}"
    press_s = sum(each["press_s"] for each in rounds) or 1
    yield f"- Presses a second, kills included: {_sum(rounds, 'pressed') / press_s:.0f}"
    refused = sum((Counter(each["refused"]) for each in rounds), Counter[str]())
    yield "- Refused, each in the journal once: " + _counts(refused)
    yield ""


def _rounds(figures: dict[str, Any]) -> Iterator[str]:
    yield "## The product"
    yield ""
    names = ("seed", "pressed", "unsure", "kills", "rows", "tickets", "alone", "calls")
    yield from _table((*names, *FAULTS, "s"), (_line(each, names) for each in figures["rounds"]))
    yield ""
    yield _COLUMNS
    yield ""


def _line(each: dict[str, Any], names: Iterable[str]) -> list[str]:
    whole = {**each, "kills": sum(each["kills"].values())}
    return [str(whole[name]) for name in (*names, *FAULTS)] + [str(each["whole_s"])]


def _beside(figures: dict[str, Any]) -> Iterator[str]:
    yield "## Controls, in which nothing may be found"
    yield ""
    names = ("pressed", "kills", "rows", "tickets", "calls")
    yield from _table(
        ("control", *names, *FAULTS, "s"),
        ([name, *_line(each, names)] for name, each in figures["controls"].items()),
    )
    yield ""
    yield "## Sabotaged builds, in which something must be found"
    yield ""
    yield from _table(
        ("build", "what is wrong", "pressed", "kills", "found"),
        (
            [
                *(name, each["what"], str(each["pressed"]), str(sum(each["kills"].values()))),
                _counts(found(each)) or "NOTHING",
            ]
            for name, each in figures["sabotaged"].items()
        ),
    )
    yield ""
    yield f"## Power cut after {COMMITS} acknowledged commits: how many are kept"
    yield ""
    losses = list(figures["power"]["FULL"])
    yield from _table(
        ("synchronous", *losses),
        ([mode, *(str(kept[loss]) for loss in losses)] for mode, kept in figures["power"].items()),
    )
    yield ""
    yield _POWER


def _table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = tuple(heads)
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _sum(rounds: Iterable[dict[str, Any]], name: str) -> int:
    return sum(each[name] for each in rounds)
