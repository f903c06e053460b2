"""From the tables of a TOML file to structs, field by field, so that all faults are found at once.

msgspec stops at a document's first error. `parse_hall` therefore asks it about each field alone and
keeps what is good: the checks across sections run on that draft. PURE.
"""

import types
from collections.abc import Iterator, Mapping
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from broker.hall.setup import Agency, Counter, Service, Zone
from firmware_config.faults import Fault, choose, key_of, listed, nearest, show
from firmware_config.schema import (
    BrokerSection,
    HallFile,
    HallSection,
    HubSection,
    Node,
    WifiSection,
)

T = TypeVar("T")


class Placed(NamedTuple, Generic[T]):
    """A part of the file that could be read.

    Attributes:
        key: Where it stands, the beginning of its faults' keys.
        bad: Its fields with a fault already, left at their defaults.
    """

    key: str
    value: T
    bad: frozenset[str]

    def faults(self, path: str, what: str, mend: str) -> tuple[Fault, ...]:
        """Return the fault at a path below it; none when that field has one already."""
        name = path.partition(".")[0].partition("[")[0]
        if name in self.bad:
            return ()
        join = ": " if "[" in self.key else "."
        return (Fault(f"{self.key}{join}{path}", what, mend),)


class Draft(NamedTuple):
    """What could be read of a hall file. A section that couldn't be read at all is None.

    Attributes:
        ids: Every id said, by section, also of items that could not be read.
        dropped: The sections of which at least one item could not be read.
    """

    hall: Placed[HallSection] | None
    hub: Placed[HubSection] | None
    broker: Placed[BrokerSection] | None
    wifi: Placed[WifiSection] | None
    agencies: tuple[Placed[Agency], ...]
    services: tuple[Placed[Service], ...]
    counters: tuple[Placed[Counter], ...]
    zones: tuple[Placed[Zone], ...]
    nodes: tuple[Placed[Node], ...]
    ids: Mapping[str, frozenset[object]]
    dropped: frozenset[str]


class _Bad:
    """Stands for a value that could not be read."""


BAD = _Bad()

_PLAIN: dict[object, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def parse_hall(tables: Mapping[str, object]) -> tuple[Draft, list[Fault]]:
    """Return all that could be read of a hall file, and what could not."""
    known = {each.encode_name: each for each in fields(HallFile)}
    faults = [
        Fault(key_of(name), "there is no such section", choose(name, known))
        for name in tables
        if name not in known
    ]
    singles: dict[str, Placed[Any] | None] = {}
    items: dict[str, tuple[Placed[Any], ...]] = {}
    ids: dict[str, frozenset[object]] = {}
    dropped: set[str] = set()
    for name, each in known.items():
        value = tables.get(name)
        if _element(each.type) is None:
            singles[name] = _single(each, value, present=name in tables, faults=faults)
        else:
            items[name] = tuple(_items(each, value, present=name in tables, faults=faults))
            ids[name] = _ids(value)
            if len(items[name]) < (len(value) if isinstance(value, list) else 1):
                dropped.add(name)
    for name in tables.keys() - known.keys():
        # `[[couter]]`: its items are not missing, they are misnamed.
        if meant := nearest(name, items):
            ids[meant] |= _ids(tables[name])
            dropped.add(meant)
    draft = Draft(
        hall=singles["hall"],
        hub=singles["hub"],
        broker=singles["broker"],
        wifi=singles["wifi"],
        agencies=items["agency"],
        services=items["service"],
        counters=items["counter"],
        zones=items["zone"],
        nodes=items["node"],
        ids=ids,
        dropped=frozenset(dropped),
    )
    return draft, faults


def _single(
    section: FieldInfo, value: object, *, present: bool, faults: list[Fault]
) -> Placed[object] | None:
    name = section.encode_name
    if not present:
        if section.required:
            faults.append(Fault(name, "the section is missing", f"add [{name}] with its keys"))
            return None
        default = section.default
        return None if default is None else Placed(name, default, frozenset())
    if not isinstance(value, dict):
        faults.append(
            Fault(name, f"{show(value)} is no section", f"write it once, with single [{name}]")
        )
        return None
    struct = _structs(section.type)[0]
    return _read_struct(struct, value, name, ".", faults)


def _items(
    section: FieldInfo, value: object, *, present: bool, faults: list[Fault]
) -> Iterator[Placed[object]]:
    name = section.encode_name
    if not isinstance(value, list):
        if present:
            mend = f"write each one under double [[{name}]]"
            faults.append(Fault(name, f"{show(value)} is no list of sections", mend))
        elif section.required:
            faults.append(Fault(name, "there is none", f"add at least one [[{name}]]"))
        return
    if section.required and not value:
        faults.append(Fault(name, "there is none", f"add at least one [[{name}]]"))
    for place, item in enumerate(value, start=1):
        key = _item_key(name, place, item)
        if not isinstance(item, dict):
            faults.append(Fault(key, f"{show(item)} is no table", f"write it under [[{name}]]"))
            continue
        struct = _choose_struct(_structs(section.type), item, key, ": ", faults)
        placed = _read_struct(struct, item, key, ": ", faults) if struct else None
        if placed:
            yield placed


def _item_key(name: str, place: int, item: object) -> str:
    said = item.get("id") if isinstance(item, dict) else None
    text = str(said) if isinstance(said, str | int) and len(show(said)) <= 40 else ""  # noqa: PLR2004 - as show()
    return f"{name}[{place}] ({text})" if text.isprintable() and text else f"{name}[{place}]"


def _ids(value: object) -> frozenset[object]:
    items = value if isinstance(value, list) else []
    said = [item.get("id") for item in items if isinstance(item, dict)]
    return frozenset(each for each in said if isinstance(each, str | int))


def _read_struct(
    struct: type[Struct], table: dict[str, object], key: str, join: str, faults: list[Fault]
) -> Placed[Any] | None:
    """Return the struct made of the good fields; None when a required one isn't good."""
    known = {each.encode_name: each for each in fields(struct)}
    tag_field = struct.__struct_config__.tag_field
    names = [*known, *([tag_field] if tag_field else [])]
    for name in table:
        if name not in names:
            meant = nearest(name, names)
            mend = f"did you mean {meant}?" if meant else f"remove it; here are {listed(names)}"
            faults.append(Fault(f"{key}{join}{key_of(name)}", "there is no such key here", mend))
    good: dict[str, object] = {}
    bad: set[str] = set()
    for name, each in known.items():
        at = f"{key}{join}{name}"
        if name not in table:
            if each.required:
                bad.add(name)
                faults.append(Fault(at, "it is missing", f"add it: {_wanted(each.type)}"))
            continue
        before = len(faults)
        value = _read(each.type, table[name], at, faults)
        if len(faults) > before:
            bad.add(name)
        if value is not BAD:
            good[each.name] = value
    if any(each.required and each.name not in good for each in known.values()):
        return None
    return Placed(key, struct(**good), frozenset(bad))


def _choose_struct(
    structs: tuple[type[Struct], ...],
    table: dict[str, object],
    key: str,
    join: str,
    faults: list[Fault],
) -> type[Struct] | None:
    tag_field = structs[0].__struct_config__.tag_field
    if tag_field is None:
        return structs[0]
    by_tag = {each.__struct_config__.tag: each for each in structs}
    said = table.get(tag_field)
    if isinstance(said, str) and said in by_tag:
        return by_tag[said]
    at = f"{key}{join}{tag_field}"
    if tag_field not in table:
        options = listed((f'"{tag}"' for tag in by_tag), last="or")
        faults.append(Fault(at, "it is missing", f"add one of {options}"))
    else:
        faults.append(Fault(at, f"{show(said)} is none we know", choose(said, by_tag)))
    return None


def _read(kind: object, value: object, key: str, faults: list[Fault]) -> object:
    """Return the value as the type wants it, without the parts that are at fault; or BAD."""
    base = _fitting(kind, value)
    before = len(faults)
    result: object = BAD
    if isinstance(value, list) and _element(base) is not None:
        element = _element(base)
        read = [_read(element, item, f"{key}[{n}]", faults) for n, item in enumerate(value, 1)]
        result = tuple(item for item in read if item is not BAD)
    elif isinstance(value, dict) and get_origin(base) is dict:
        result = dict(_read_entries(base, value, key, faults))
    elif isinstance(value, dict) and _structs(base):
        struct = _choose_struct(_structs(base), value, key, ".", faults)
        placed = _read_struct(struct, value, key, ".", faults) if struct else None
        return placed.value if placed else BAD
    if len(faults) > before:
        return result
    try:
        converted: object = msgspec.convert(value, type=kind)
    except msgspec.ValidationError:
        faults.append(Fault(key, f"{show(value)} can't be used here", f"write {_wanted(kind)}"))
        return BAD
    return converted


def _read_entries(
    base: object, table: dict[str, object], key: str, faults: list[Fault]
) -> Iterator[tuple[object, object]]:
    name_type, value_type = get_args(base)
    for name, value in table.items():
        at = f"{key}.{key_of(name)}"
        try:
            msgspec.convert(name, type=name_type)
        except msgspec.ValidationError:
            options = _options(name_type)
            mend = choose(name, options) if options else f"write {_wanted(name_type)}"
            faults.append(Fault(at, f"{show(name)} can't be used as a key here", mend))
            continue
        read = _read(value_type, value, at, faults)
        if read is not BAD:
            yield name, read


def _members(kind: object) -> tuple[object, ...]:
    """Return the types a value may have, without None; a plain type is its own member."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return tuple(each for part in get_args(kind) for each in _members(part))
    return () if kind is type(None) else (kind,)


def _fitting(kind: object, value: object) -> object:
    """Return the member a list or table is read as; the type itself for anything else."""
    for member in _members(kind):
        if isinstance(value, list) and _element(member) is not None:
            return member
        if isinstance(value, dict) and get_origin(member) is dict:
            return member
    return kind


def _element(kind: object) -> object:
    """Return what a list of this type holds, None when it is no list."""
    members = _members(kind)
    if len(members) == 1 and get_origin(members[0]) is tuple:
        return get_args(members[0])[0]
    return None


def _structs(kind: object) -> tuple[type[Struct], ...]:
    """Return the structs among a type's members, or among its elements when it is a list."""
    inner = _element(kind) or kind
    return tuple(
        each for each in _members(inner) if isinstance(each, type) and issubclass(each, Struct)
    )


def _options(kind: object) -> tuple[object, ...]:
    return tuple(
        option
        for each in _members(kind)
        if get_origin(each) is Literal
        for option in get_args(each)
    )


def _wanted(kind: object) -> str:
    """Return what to write for a type, from its description or its name."""
    for part in (kind, *get_args(kind)):
        for meta in get_args(part)[1:] if get_origin(part) is Annotated else ():
            if isinstance(meta, Meta) and meta.description:
                example = f", e.g. {_toml(meta.examples[0])}" if meta.examples else ""
                return meta.description + example
    if options := _options(kind):
        return "one of " + listed(map(_toml, options), last="or")
    if (element := _element(kind)) is not None:
        return f"a list of: {_wanted(element)}"
    plain = [_PLAIN[each] for each in _members(kind) if each in _PLAIN]
    if _structs(kind):
        plain.append("a table { } with its keys")
    return listed(plain, last="or") or "a table { } of keys and values"


def _toml(value: object) -> str:
    """Return a value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return show(value)
