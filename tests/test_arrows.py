"""DESIGN §3's arrows hold, and the walk that checks them finds a break when there is one."""

from pathlib import Path

import pytest

from tests.arrows import ARROWS, ONLY, PACKAGES, find_breaks

ROOT = Path(__file__).parents[1]


def test_every_import_follows_the_arrows() -> None:
    """The core knows nothing of the rim, and each library has its one home."""
    assert [str(found) for found in find_breaks(ROOT)] == []


PLANTED = [
    ("broker/hall/rules.py", "import time\n", "broker.hall.rules -> time"),
    ("broker/hall/rules.py", "import pydantic\n", "broker.hall.rules -> pydantic"),
    ("broker/hall/rules.py", "from broker.wire import topics\n", "-> broker.wire.topics"),
    ("broker/hall/rules.py", "from ..wire import topics\n", "-> broker.wire.topics"),
    ("broker/wire/topics.py", "import broker.link\n", "broker.wire.topics -> broker.link"),
    ("broker/wire/topics.py", "import socket, logging\n", "broker.wire.topics -> logging"),
    ("broker/hub.py", "import edge.press\n", "broker.hub -> edge.press"),
    ("broker/hub.py", "import aiosqlite\n", "broker.hub -> aiosqlite"),
    ("broker/hub.py", "def f():\n    import paho.mqtt\n", "broker.hub -> paho.mqtt"),
    ("edge/node.py", "from displays import board\n", "edge.node -> displays.board"),
    ("edge/node.py", "from broker import journal\n", "edge.node -> broker.journal"),
    ("edge/node.py", 'import importlib\nimportlib.import_module("pygame")\n', "-> pygame"),
    ("displays/board.py", "import gpiozero\n", "displays.board -> gpiozero"),
    ("displays/board.py", "import broker.records\n", "displays.board -> broker.records"),
    ("displays/web/app.py", "import broker.hub\n", "displays.web.app -> broker.hub"),
    ("firmware_config/schema.py", "import broker.link\n", "firmware_config.schema -> broker.link"),
    ("firmware_config/load.py", "import broker.hall.rules\n", "-> broker.hall.rules"),
    ("edge/__init__.py", '"""Doc."""\nimport os\n', "docstring only"),
]


@pytest.mark.parametrize(("file", "text", "arrow"), PLANTED)
def test_a_planted_break_is_found_with_file_and_line(
    tmp_path: Path, file: str, text: str, arrow: str
) -> None:
    """One wrong import in a small tree is the one thing reported."""
    for name in ("broker/wire/topics", "broker/link", "broker/journal", "displays/board"):
        (tmp_path / name).with_suffix(".py").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).with_suffix(".py").write_text('"""Empty."""\n')
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    [found] = find_breaks(tmp_path)
    assert found.file == file
    assert 1 <= found.line <= text.count("\n")
    assert arrow in str(found)


ALLOWED = [
    ("edge/cli.py", "import displays.web.command, broker.hub\n"),
    ("displays/web/app.py", "import starlette.applications\nfrom broker import records\n"),
    ("broker/hall/rules.py", "import datetime, msgspec\n"),
    ("broker/accounts.py", "from broker import mosquitto\nimport firmware_config.load\n"),
]


@pytest.mark.parametrize(("file", "text"), ALLOWED)
def test_an_import_along_an_arrow_is_not_reported(tmp_path: Path, file: str, text: str) -> None:
    """What DESIGN allows passes."""
    for path in (file, "broker/records.py", "broker/mosquitto.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text if path == file else "")
    assert find_breaks(tmp_path) == []


def test_every_package_has_a_row() -> None:
    """A new top-level package can't slip past the table, nor a row name a package that is gone."""
    assert set(PACKAGES) <= set(ARROWS)
    assert all((ROOT / name.split(".")[0]).is_dir() for name in ARROWS)
    assert all(homes for homes in ONLY.values())
