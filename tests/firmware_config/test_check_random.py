"""Properties of `loket check`: whatever is done to a hall file, it answers as msgspec would."""

import copy
import datetime as dt
import tomllib
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.cli import run
from firmware_config.load import examine_tables
from firmware_config.schema import HallFile

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"

SMALL = (EXAMPLES / "small.toml").read_text("utf-8")

EVERY_KEY = Path(__file__).with_name("every_key.toml").read_text("utf-8")

LEAVES = st.one_of(
    st.none().map(lambda _: []),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 40),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["kk", "hub", "A", "K1", "pi4", "id", "08:00-07:00", "::1", "127.0.0.1", "mon"]
    ),
    st.just(dt.datetime(2026, 11, 25, tzinfo=dt.UTC)),
    st.just(dt.date(2026, 11, 25)),
    st.just(dt.time(8)),
)

VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)

KEYS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["id", "role", "kind", "series", "buttons", "host", "open", "general", "zone"]),
)


def paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the path of every value inside, the outermost first."""
    inner: list[tuple[object, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path for key, each in inner for path in [(*at, key), *paths(each, (*at, key))]]


def mutate(tables: dict[str, object], draw: st.DrawFn) -> None:
    """Delete, alter, add or copy one thing somewhere."""
    known = paths(tables)
    if not known:
        return
    *way, last = draw(st.sampled_from(known))
    place: object = tables
    for step in way:
        place = place[step]  # type: ignore[index] # a path leads through tables and lists
    act = draw(st.sampled_from(["delete", "alter", "add", "copy"]))
    match place, act:
        case dict(), "delete":
            del place[last]
        case dict(), "alter":
            place[last] = draw(VALUES)
        case dict(), "add":
            place[draw(KEYS)] = draw(VALUES)
        case dict(), _:
            place[draw(KEYS)] = copy.deepcopy(place[last])
        case list(), "delete":
            place.clear()
        case list(), "add":
            place.append(draw(VALUES))
        case list(), _:
            place.append(copy.deepcopy(place[0]))
        case _:
            pass


@st.composite
def broken_halls(draw: st.DrawFn) -> dict[str, object]:
    """Return the tables of the small hall, or of one with every key, after 1 to 6 mutations."""
    tables = tomllib.loads(draw(st.sampled_from([SMALL, EVERY_KEY])))
    for _ in range(draw(st.integers(1, 6))):
        mutate(tables, draw)
    return tables


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken_halls())
def test_any_tables_are_examined_and_what_msgspec_refuses_is_a_fault(
    tables: dict[str, object],
) -> None:
    """No mutation raises; without faults there is a file, and msgspec would take it too."""
    examined = examine_tables(tables)
    assert (examined.file is None) == bool(examined.faults)
    try:
        msgspec.convert(tables, HallFile)
    except msgspec.ValidationError:
        assert examined.faults
    for fault in examined.faults:
        assert all(fault)
        assert str(fault).isprintable()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 60), st.text(max_size=4)),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_exits_0_or_2(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    """Cut a line short and put anything there: the command always ends with 0 or 2."""
    lines = SMALL.split("\n")
    for row, column, text in edits:
        line = lines[row % len(lines)]
        lines[row % len(lines)] = line[:column] + text + line[column + 1 :]
    path = tmp_path / "hall.toml"
    path.write_text("\n".join(lines), "utf-8")
    assert run("check", [str(path)]) in {0, 2}
