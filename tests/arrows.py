"""DESIGN §3's arrows as tables, and an `ast` walk that finds imports against them."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("broker", "displays", "edge", "firmware_config")

RIM = (
    "broker.hall",
    "broker.wire",
    "broker.link",
    "broker.store",
    "broker.outbox",
    "broker.readings",
    "broker.vitals",
    "broker.checkup",
    "broker.disk",
    "broker.clock",
    "broker.log",
    "broker.private",
    "firmware_config",
)
"""What edge and displays may know of the rest."""

# The first row whose name is the module, or a package around it, says what it may import of ours.
ARROWS: dict[str, tuple[str, ...]] = {
    "broker.hall": ("broker.hall",),
    "broker.wire": ("broker.wire", "broker.hall"),
    "broker": ("broker", "firmware_config"),
    "firmware_config.schema": (
        "broker.hall.setup",
        "broker.hall.calendar",
        "firmware_config.schema",
        "firmware_config.sensors",
        "firmware_config.pins",
    ),
    "firmware_config.sensors": ("firmware_config.pins",),
    "firmware_config.pins": ("broker.hall.setup", "firmware_config.schema", "firmware_config.pins"),
    "firmware_config": (
        "firmware_config",
        "broker.hall.setup",
        "broker.hall.calendar",
        "broker.mosquitto",
    ),
    "edge.cli": (*PACKAGES, "tests"),
    "edge": ("edge", *RIM),
    "displays.web": (
        "displays",
        "broker.records",
        "broker.report",
        "broker.watch",
        *RIM,
    ),
    "displays": ("displays", *RIM),
}

# Third parties, and sqlite3: only these modules, or modules in these packages, import them.
WEB = ("displays.web", "broker.centre")
SQLITE = (
    "broker.store",
    "broker.outbox",
    "broker.journal",
    "broker.readings",
    "broker.thinning",
    "broker.health_store",
    "broker.records",
    "broker.uplink",
    "broker.centre",
)
ONLY: dict[str, tuple[str, ...]] = {
    "paho": ("broker.link",),
    "gpiozero": ("edge.devices", "edge.expander", "displays.digit_lines"),
    "lgpio": ("edge.devices", "edge.expander"),
    "PIL": ("edge.draw", "edge.printer"),
    "segno": ("edge.draw",),
    "escpos": ("edge.printer",),
    "usb": ("edge.printer",),
    "pygame": ("displays.screen", "displays.voice"),
    "smbus2": ("displays.digit_screen", "edge.i2c"),
    "starlette": WEB,
    "uvicorn": WEB,
    "jinja2": WEB,
    "sse_starlette": WEB,
    "amqtt": ("broker.embedded",),
    "aiosqlite": SQLITE,
    "sqlite3": SQLITE,
    "psycopg": ("broker.centre",),
}

# PURE packages: nothing but these third parties, and none of these standard modules.
PURE_THIRD_PARTIES = {"msgspec"}
PURE: dict[str, frozenset[str]] = {
    "broker.hall": frozenset(
        ("asyncio", "time", "random", "os", "pathlib", "logging", "sqlite3"),
    ),
    # `random.Random` comes in as an argument there (full jitter), so its type is named.
    "broker.wire": frozenset(("asyncio", "time", "os", "pathlib", "logging", "sqlite3")),
}


class Break(NamedTuple):
    """One import against an arrow: where, and which."""

    file: str
    line: int
    arrow: str

    def __str__(self) -> str:
        """Return it as an editor or terminal makes it a link."""
        return f"{self.file}:{self.line}: {self.arrow}"


def inside(module: str, names: tuple[str, ...]) -> bool:
    """Return whether the module is one of these, or in one of these packages."""
    return any(module == name or module.startswith(name + ".") for name in names)


def module_of(path: Path, root: Path) -> str:
    """Return the dotted name of a file below the root."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, module: str, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of every import anywhere in the file, `import_module("x")` included."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=target, names=names, level=level):
                base = target or ""
                if level:
                    around = module.split(".")[:-level]
                    base = ".".join((*around, base) if base else around)
                for alias in names:
                    deeper = f"{base}.{alias.name}"
                    yield node.lineno, deeper if deeper in known else base
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(target)), *_],
            ):
                yield node.lineno, target
            case _:
                pass


def against(module: str, target: str) -> str | None:
    """Return what is wrong with this import, or None."""
    top = target.partition(".")[0]
    if top in (*PACKAGES, "tests"):
        row = next(name for name in ARROWS if inside(module, (name,)))
        if not inside(target, ARROWS[row]):
            return f"{module} -> {target} (may import: {', '.join(ARROWS[row])})"
    elif top in ONLY and not inside(module, ONLY[top]):
        return f"{module} -> {target} (its only importers: {', '.join(ONLY[top])})"
    for package, banned in PURE.items():
        if inside(module, (package,)):
            is_ours_or_standard = top in PACKAGES or top in sys.stdlib_module_names
            if top in banned or not (is_ours_or_standard or top in PURE_THIRD_PARTIES):
                return f"{module} -> {target} ({package} is pure)"
    return None


def find_breaks(root: Path) -> list[Break]:
    """Return every import below the root's packages that goes against an arrow."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    known = frozenset(module_of(path, root) for path in paths)
    breaks = []
    for path in paths:
        module, file = module_of(path, root), str(path.relative_to(root))
        tree = ast.parse(path.read_text(encoding="utf-8"), file)
        if path.name == "__init__.py" and [type(node) for node in tree.body] != [ast.Expr]:
            breaks.append(Break(file, 1, "a package's __init__.py holds a docstring only"))
        for line, target in imports(tree, module, known):
            if arrow := against(module, target):
                breaks.append(Break(file, line, arrow))
    return breaks
