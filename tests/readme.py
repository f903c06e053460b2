"""Puts into README what is made from the code: the state diagrams and the reference of the wire.

    python -m tests.readme

Each part stands between `<!-- NAME: made by make readme -->` and `<!-- end of NAME -->`. Of the
examples what the hub says is written again as the hub of today would. `test_readme.py` finds what
is not as the code has it.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from broker.wire import messages
from tests.diagram import counter_diagram, ticket_diagram
from tests.reference import (
    commands_list,
    events_list,
    limits_table,
    messages_list,
    refusals_table,
    values_table,
)

README = Path(__file__).parents[1] / "README.md"

PARTS: Mapping[str, Callable[[], str]] = {
    "tickets": ticket_diagram,
    "counters": counter_diagram,
    "messages": messages_list,
    "values": values_table,
    "commands": commands_list,
    "refusals": refusals_table,
    "events": events_list,
    "limits": limits_table,
}


READERS: Mapping[str, Callable[[bytes], Struct]] = {
    "up": messages.read_up_or_give,
    "ack": messages.read_ack,
    "birth": messages.read_birth,
    "state/hub": messages.read_hub,
    "state/counter": messages.read_counter,
}
"""What reads the body of an example, by the begin of its topic."""

EXAMPLE = re.compile(r"^((up|ack|birth|state/[a-z]+)/?[a-z0-9-]*) (\{.*\})$", re.MULTILINE)
"""(topic, kind, body)"""

OF_THE_HUB = ("ack", "state/hub", "state/counter")


class MarkerError(ValueError):
    """README lacks a part's markers, or has them twice."""


def renewed(text: str) -> str:
    """Return README's text with each part as the code has it.

    Raises:
        MarkerError: The markers of a part are not there exactly once.
    """
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: made by make readme -->", f"<!-- end of {name} -->"
        # Blank lines around: inside <details> a page reads what follows as Markdown only then.
        part = f"{begin}\n\n{make()}\n\n{end}"
        around = re.compile(re.escape(begin) + r"\n.*?" + re.escape(end), re.DOTALL)
        text, count = around.subn(lambda _, part=part: part, text)  # type: ignore[misc]
        if count != 1:
            raise MarkerError(f"README has part {name!r} {count} times, not once")
    return EXAMPLE.sub(_as_said_today, text)


def _as_said_today(example: re.Match[str]) -> str:
    topic, kind, body = example.groups()
    if kind not in OF_THE_HUB:
        return example[0]
    return f"{topic} {messages.encode(READERS[kind](body.encode())).decode()}"


def main() -> None:
    """Write the parts again."""
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
