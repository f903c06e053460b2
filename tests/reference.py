"""Writes README's reference of the wire from the types that are sent: fields, bounds, who may ask.

Each struct's docstring is its text there, so a field can't be added, renamed or bounded anew
without README saying so. `tests.readme` puts the parts into their places.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields

from broker.hall import coded, commands, stamps, views
from broker.hall.commands import COMMANDS, Command, CounterCommand
from broker.hall.events import EVENTS, Event, HallEvent
from broker.hall.refusals import REFUSALS
from broker.hall.rules import MAY
from broker.hall.setup import CounterId, Id
from broker.wire import figures, messages, readings
from broker.wire.delivery import RESEND_MAX_S, RESEND_S
from tests.diagram import name_of

VALUES: dict[str, tuple[object, str]] = {
    "id": (Id, "of a service or a node: lower case letters, digits, dashes, as in the hall file"),
    "id or empty": (commands.IdOrNone, "as `id`"),
    "counter": (CounterId, "a counter's number"),
    "stream": (messages.Stream, "128 random bits as hex, made anew at each start of a process"),
    "seq": (messages.Seq, "a row's number in its stream: 1, 2, 3 … without a hole"),
    "ticket": (commands.Origin, "`stream:seq` of the `issue`; `.2` to `.4` its further tickets"),
    "number": (commands.Number, "what people read: a prefix and three digits"),
    "call id": (stamps.CallId, "`stream:seq` of the command that called"),
    "seen": (commands.Seen, "a call id, or empty"),
    "age": (commands.AgeMs, "milliseconds"),
    "code": (commands.CodeSha256, "SHA-256 of a slip's secret, as hex; empty = the slip has none"),
    "at": (stamps.AtMs, "UTC in milliseconds since 1970, by the hub's clock"),
    "day": (stamps.Day, "a date in the hall's time zone; empty before the first"),
    "position": (stamps.Position, "a row of the journal, or a count that grows like one"),
    "generation": (stamps.Generation, "`n-hex`: which life of the journal; compared by n alone"),
    "generation or empty": (messages.GenerationOrNone, "as `generation`; empty = none yet"),
    "seal": (messages.Seal, "the hall's proof of a row"),
    "count": (stamps.Count, "how many"),
    "start": (commands.Seen, "random, of a start of the hub"),
    "repeat": (stamps.Repeat, "1 = called, 2 = called again, …"),
    "number or empty": (views.LastNumber, "as `number`"),
}
"""The values that have a name: their type, and what they are."""

MESSAGES: dict[str, tuple[type[Struct], ...]] = {
    "up/<node>": (
        *(messages.Up, messages.Give, messages.Given, messages.GivenResult),
        *(readings.Readings, readings.Reading),
    ),
    "ack/<node>": (messages.Ack, messages.Result, messages.Place),
    "birth/<node>": (messages.Birth, messages.Held),
    "health/<node>": (
        *(messages.Health, figures.Machine, figures.Storage, figures.Network),
        *(figures.Button, figures.PrinterHealth, figures.DisplayHealth),
    ),
    "alarm/<id>": (messages.Alarm,),
    "state/fleet": (messages.Fleet, messages.NodeStatus),
    "state/hub": (messages.HubState,),
    "state/board": (views.BoardView, views.Call),
    "state/counter/<number>": (views.CounterView, views.CounterCall),
    "state/queue": (views.QueueView, views.ServiceQueue),
    "state/queue/<service>": (coded.CodedView, coded.CodedTicket),
}
"""What travels on each topic, its body first, then the structs in it."""

LIMITS: tuple[tuple[str, int | float, str], ...] = (
    ("bytes of one command", messages.COMMAND_BYTES_MAX, "`rejected` when it is longer"),
    ("commands in one `up`", messages.COMMANDS_MAX, "the message is dropped"),
    ("bytes of one `up`, `birth`, `health`", messages.UP_BYTES_MAX, "the message is dropped"),
    ("readings in one `up`", readings.READINGS_MAX, "the message is dropped"),
    ("messages of readings a second", readings.MESSAGES_PER_S, "a press would wait for them"),
    ("rows given back in one message", messages.GIVEN_MAX, "the message is dropped"),
    ("bytes of one `ack`", messages.ACK_BYTES_MAX, "the hub makes several; one result may be more"),
    ("bytes of any message", messages.MESSAGE_BYTES_MAX, "it is not sent"),
    ("rows without a result on the way", messages.COMMANDS_MAX, "`window` may say less"),
    ("seconds before the first resend", RESEND_S, "at most; a random part of it, then doubled"),
    ("seconds between resends", RESEND_MAX_S, "at most"),
)

_NAMES: dict[object, list[str]] = {}
for _name, (_type, _) in VALUES.items():
    _NAMES.setdefault(_type, []).append(_name)


def values_table() -> str:
    """Return the named values with their bounds."""
    rows = [f"| {name} | {_bounds(type_)} | {text} |" for name, (type_, text) in VALUES.items()]
    return "\n".join(["| value | must be | what it is |", "|---|---|---|", *rows])


def limits_table() -> str:
    """Return how much is taken, and what becomes of more."""
    rows = [f"| {what} | {limit:g} | {more} |" for what, limit, more in LIMITS]
    return "\n".join(["| what | at most | else |", "|---|---|---|", *rows])


def refusals_table() -> str:
    """Return the hub's noes."""
    rows = [f"| `{code}` | {text} |" for code, text in REFUSALS.items()]
    rows.append(
        "| `rejected` | No command this release knows, or a field out of bounds; recorded. |"
    )
    return "\n".join(["| `refusal` | what it means |", "|---|---|", *rows])


def messages_list() -> str:
    """Return every body, topic by topic."""
    parts = []
    for topic, structs in MESSAGES.items():
        parts.append(f"**`{topic}`**\n")
        for struct in structs:
            parts.append(f"- *{struct.__name__}*: {_summary(struct)}")
            parts += _fields(struct)
        parts.append("")
    return "\n".join(parts).rstrip()


def commands_list() -> str:
    """Return every command: who may ask it, its fields, what it means."""
    parts = ["- Every command:", *_fields(Command), "- Every command of staff at a counter, too:"]
    parts += [line for line in _fields(CounterCommand) if "`age_ms`" not in line]
    for command in COMMANDS:
        who = ", ".join(role for role, may in MAY.items() if issubclass(command, may))
        late = "; expires" if command.expires else ""
        parts.append(f"- **`{name_of(command)}`** ({who}{late}): {_summary(command)}")
        common = Command if not issubclass(command, CounterCommand) else CounterCommand
        known = {field.encode_name for field in fields(common)}
        parts += [line for line in _fields(command) if _field_of(line) not in known]
    return "\n".join(parts)


def events_list() -> str:
    """Return every event a result may hold."""
    parts: list[str] = []
    for event in EVENTS:
        parts.append(f"- **`{_tag(event)}`**: {_summary(event)}")
        parts += _fields(event)
    return "\n".join(parts)


def _tag(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


def _field_of(line: str) -> str:
    found = re.search(r"`([a-z0-9_]+)`", line)
    return found[1] if found else ""


def _fields(struct: type[Struct]) -> list[str]:
    hints = get_type_hints(struct, include_extras=True)
    told = _told(struct)
    lines = []
    for field in fields(struct):
        words = [_words(hints[field.name], field.name)]
        if not field.required:
            words.append(f"default `{_default(field)}`")
        text = told.get(field.name, "")
        lines.append(
            f"  - `{field.encode_name}`: {', '.join(words)}" + (f". {text}" if text else "")
        )
    return lines


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.json.encode(field.default_factory()).decode()
    return msgspec.json.encode(field.default).decode()


def _summary(struct: type[Struct]) -> str:
    """Return a docstring up to its attributes, as one paragraph."""
    return _tidy(_sections(struct)[0])


def _told(struct: type[Struct]) -> dict[str, str]:
    """Return what the docstrings of a struct and its bases say of each field."""
    told: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if not issubclass(base, Struct) or base is Struct:
            continue
        for names, text in _attributes(_sections(base)[1]):
            told |= dict.fromkeys(names, _tidy(text))
    return told


def _sections(struct: type[Struct]) -> tuple[str, str]:
    doc = struct.__dict__.get("__doc__") or ""
    lines = [line.removeprefix("    ") for line in doc.split("\n")]
    text, _, attributes = "\n".join(lines).partition("\nAttributes:\n")
    return text, attributes


def _attributes(section: str) -> Iterator[tuple[list[str], str]]:
    for entry in re.split(r"\n(?=    \S)", section.rstrip()):
        names, found, text = entry.strip().partition(": ")
        if found:
            yield names.split(", "), text


def _tidy(text: str) -> str:
    """Return a docstring's text for readers who have neither the design nor Python before them."""
    text = re.sub(r" \((DESIGN §[0-9.]+|`broker\.[a-z_.]+`)\)", "", " ".join(text.split()))
    text = re.sub(r"`broker\.[a-z_.]+\.([A-Za-z_.]+)`", r"`\1`", text)
    return re.sub(r"\bNone\b", "null", text)


def _words(hint: object, name: str = "") -> str:
    """Return a type in words; of several values of one shape, the one with the field's name."""
    known = _NAMES.get(hint, []) if isinstance(hint, Hashable) else []
    if known:
        return f"*{name if name in known else known[0]}*"
    return _compound(hint) if get_args(hint) else _plain(hint)


def _plain(hint: object) -> str:
    words: Mapping[object, str] = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        msgspec.Raw: "JSON",
    }
    if isinstance(hint, type) and issubclass(hint, Struct):
        return f"*{hint.__name__}*"
    return words[hint]


def _compound(hint: object) -> str:
    inner = get_args(hint)
    match get_origin(hint):
        case found if found is Annotated:
            words = _bounded(inner)
        case found if found in {Union, UnionType}:
            parts = ("null" if part is NoneType else _words(part) for part in inner)
            words = "event" if hint == HallEvent else _or(parts)
        case found if found is Literal:
            words = _or(f"`{json_of(value)}`" for value in inner)
        case found if found is dict:
            words = f"object by {_words(inner[0])} of {_words(inner[1])}"
        case _:
            words = f"list of {_words(inner[0])}"
    return words


def json_of(value: object) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


def _bounded(inner: tuple[Any, ...]) -> str:
    meta: Meta = inner[1]
    if meta.min_length is not None or meta.max_length is not None:
        return f"{_words(inner[0])} ({meta.min_length or 0} to {meta.max_length})"
    return f"{_words(inner[0])}, {_limits(meta)}"


def _or(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last


def _limits(meta: Meta) -> str:
    if meta.pattern is not None:
        return "`" + meta.pattern.replace(r"\Z", "$").replace("|", "\\|") + "`"
    if meta.max_length is not None:
        return f"{meta.min_length or 0} to {meta.max_length} characters"
    return f"{meta.ge} to {meta.le}" if meta.le is not None else f"at least {meta.ge}"


def _bounds(type_: object) -> str:
    """Return what a named value must be."""
    base, meta = get_args(type_)[:2]
    return f"{_words(base)}, {_limits(meta)}"
