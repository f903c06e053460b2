"""README tells what the code does: its diagrams, its reference of the wire, and its examples."""

import inspect
import pkgutil
import re
from importlib import import_module
from types import ModuleType

import pytest
from msgspec import Struct
from msgspec.structs import fields

import broker.wire
from broker.hall import coded, views
from broker.hall.commands import COMMANDS, decode_command
from broker.hall.events import EVENTS
from broker.hall.transitions import COUNTER_TRANSITIONS, TRANSITIONS
from broker.wire.topics import RULES, path_of
from tests.diagram import name_of
from tests.readme import EXAMPLE, READERS, README, MarkerError, renewed
from tests.reference import MESSAGES

TEXT = README.read_text("utf-8")

EXAMPLES = EXAMPLE.findall(TEXT)


def test_readme_is_as_the_code_has_it() -> None:
    """Else: `make readme`, and look at what has changed."""
    assert renewed(TEXT) == TEXT


def test_a_part_that_is_not_there_is_missed() -> None:
    """Markers nobody finds would keep a part as it was for ever."""
    with pytest.raises(MarkerError, match="'events' 0 times"):
        renewed(TEXT.replace("<!-- end of events -->", ""))


def names_of(package: ModuleType) -> list[str]:
    """Return the modules in a package."""
    found = pkgutil.iter_modules(package.__path__)
    return [f"{package.__name__}.{module.name}" for module in found]


def test_every_message_of_the_wire_is_in_the_reference() -> None:
    """A struct that is sent and not listed would be told to nobody."""
    listed = {struct for structs in MESSAGES.values() for struct in structs}
    sent = {
        found
        for module in (views, coded, *map(import_module, names_of(broker.wire)))
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Struct) and found.__module__ == module.__name__ and name[0] != "_"
    }
    assert sent == listed


def test_every_topic_is_in_readme() -> None:
    """With how it travels."""
    for kind, rule in RULES.items():
        row = rf"\| `{path_of(kind)}(/<[a-z]+>)?` \|[^|]+\| {rule.qos}(, yes)? \|"
        found = {(bool(named), bool(retain)) for named, retain in re.findall(row, TEXT)}
        assert (rule.named, rule.retain) in found, kind


@pytest.mark.parametrize("kind", [*COMMANDS, *EVENTS])
def test_every_field_of_every_command_and_event_is_named(kind: type[Struct]) -> None:
    """A field nobody reads about is one no other maker fills."""
    name = str(kind.__struct_config__.tag)
    section = re.search(rf"^- \*\*`{name}`\*\*(.*?)^(?:- |<!--)", TEXT, re.DOTALL | re.MULTILINE)
    assert section, name
    common = {"age_ms", "counter", "seen"} if kind in COMMANDS else set()
    named = set(re.findall(r"^  - `([a-z0-9_]+)`", section[1], re.MULTILINE))
    assert {field.encode_name for field in fields(kind)} - named <= common


@pytest.mark.parametrize(("topic", "kind", "body"), EXAMPLES)
def test_every_example_is_a_message(topic: str, kind: str, body: str) -> None:
    """Copied into a device it works; a topic's id is the one its body speaks of."""
    message = READERS[kind](body.encode())

    for command in getattr(message, "commands", ()):
        decode_command(command)
    assert topic.removeprefix(kind) in {"", "/box-1", "/loket-2", "/2"}


def test_there_are_examples_of_each_kind() -> None:
    """The pattern that looks for them finds them."""
    assert {kind for _, kind, _ in EXAMPLES} == READERS.keys()
    assert len(EXAMPLES) == 12


def arrows(text: str) -> set[tuple[str, str, str]]:
    """Return (state, command, next state) of each arrow of the diagrams in README."""
    found = re.findall(r"^    (\S+) --> (\S+) : (.+)$", text, flags=re.MULTILINE)
    return {
        (state, name, to)
        for state, to, names in found
        for name in re.split(r", |<br/>", names)
        if state != "[*]"
    }


def test_the_diagrams_have_each_cell_of_the_tables_and_no_more() -> None:
    """What may be done where, and where it leads: read from README itself."""
    tickets = {
        (state.value, name_of(command), to.value)
        for state, row in TRANSITIONS.items()
        for command, targets in row.items()
        for to in targets
    }
    counters = {
        (status, name_of(command), to)
        for status, row in COUNTER_TRANSITIONS.items()
        for command, to in row.items()
    }
    assert arrows(TEXT) == tickets | counters
