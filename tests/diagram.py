"""Draws the states of tickets and counters from the rules' own tables, as Mermaid for README.

One arrow for each pair of states, with all commands that may lead along it: the tables say nothing
a diagram could leave out, and nothing stands in it that they do not say.
"""

from collections.abc import Mapping, Sequence

from broker.hall.commands import Command, snake_case
from broker.hall.transitions import COUNTER_TRANSITIONS, TRANSITIONS

BIRTHS = {"waiting": ("issue", "confirm_print", "admit"), "closed": ("served_by_hand",)}
"""How a ticket begins; by the slip where the hub has no ticket."""

NAMES_A_LINE = 3

Arrows = dict[tuple[str, str], list[str]]


def ticket_diagram() -> str:
    """Return the states of a ticket."""
    arrows: Arrows = {("[*]", to): list(names) for to, names in BIRTHS.items()}
    for state, row in TRANSITIONS.items():
        for command, targets in row.items():
            for to in targets:
                arrows.setdefault((state.value, to.value), []).append(name_of(command))
    return _mermaid(arrows)


def counter_diagram() -> str:
    """Return the states of a counter."""
    arrows: Arrows = {("[*]", "closed"): ["open_day"]}
    for status, row in COUNTER_TRANSITIONS.items():
        for command, to in row.items():
            arrows.setdefault((status, to), []).append(name_of(command))
    return _mermaid(arrows)


def name_of(command: type[Command]) -> str:
    """Return the command's name on the wire."""
    return snake_case(command.__name__)


def _mermaid(arrows: Mapping[tuple[str, str], Sequence[str]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for (state, to), names in arrows.items():
        lines.append(f"    {state} --> {to} : {_in_lines(names)}")
    return "\n".join([*lines, "```"])


def _in_lines(names: Sequence[str]) -> str:
    rows = [names[at : at + NAMES_A_LINE] for at in range(0, len(names), NAMES_A_LINE)]
    return "<br/>".join(", ".join(row) for row in rows)
