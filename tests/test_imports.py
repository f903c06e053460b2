"""What a process must not load: each import costs a small Pi memory and time at start."""

import json
import subprocess
import sys

import pytest

NAMES = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"

DATABASES = frozenset(("aiosqlite", "sqlite3", "psycopg"))
PAGES = frozenset(("starlette", "uvicorn", "jinja2", "sse_starlette"))
PICTURES = frozenset(("pygame", "PIL", "segno", "escpos", "usb", "serial"))
TOOLS = frozenset(("pytest", "hypothesis", "pydantic", "rich", "numpy"))
HEAVY = DATABASES | PAGES | PICTURES | TOOLS | {"amqtt", "gpiozero", "paho", "msgspec", "asyncio"}

TABLE = [
    ("edge.command", PAGES | PICTURES | TOOLS | {"amqtt", "psycopg"}),
    ("edge.node", PAGES | PICTURES | TOOLS | {"amqtt", "psycopg"}),
    ("edge.spool", PAGES | PICTURES | DATABASES | TOOLS | {"amqtt", "gpiozero", "paho"}),
    ("edge.slip_layout", (HEAVY | {"logging", "random"}) - {"msgspec"}),
    ("edge.demo", PAGES | PICTURES | TOOLS | {"amqtt", "gpiozero", "psycopg"}),
    ("displays.command", PAGES | DATABASES | TOOLS | {"amqtt", "gpiozero"}),
    ("displays.sign_command", PAGES | PICTURES | DATABASES | TOOLS | {"amqtt", "gpiozero"}),
    ("displays.sign_loop", PAGES | PICTURES | DATABASES | TOOLS | {"amqtt", "gpiozero", "smbus2"}),
    ("displays.screen", PAGES | DATABASES | TOOLS | {"amqtt", "gpiozero", "asyncio"}),
    ("displays.web.command", PICTURES | TOOLS | {"amqtt", "gpiozero", "psycopg"}),
    ("broker.command", PAGES | PICTURES | TOOLS | {"amqtt", "gpiozero", "psycopg"}),
    ("broker.hub", PAGES | PICTURES | TOOLS | {"amqtt", "gpiozero", "psycopg"}),
    ("broker.hall.rules", (HEAVY | {"logging", "random"}) - {"msgspec"}),
    ("firmware_config.load", PAGES | PICTURES | DATABASES | TOOLS | {"amqtt", "gpiozero", "paho"}),
]


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules a fresh interpreter has after running the code."""
    command = [sys.executable, "-c", f"{code}\n{NAMES}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("module", "banned"), TABLE)
def test_importing_it_does_not_load(module: str, banned: frozenset[str]) -> None:
    """A counter node never carries the board's or the page's libraries, nor they the node's."""
    assert loaded_by(f"import {module}") & banned == set()


def test_a_counter_node_loads_nothing_of_sensors() -> None:
    """Chips and beams are a sensor node's; a counter's has no smbus2 either."""
    code = (
        "import sys, edge.command, edge.node\n"
        "ours = [name for name in sys.modules if name.startswith(('edge.sensors', 'edge.i2c',"
        " 'edge.door', 'edge.readings', 'smbus2'))]\n"
        "assert not ours, ours"
    )
    assert "smbus2" not in loaded_by(code)
    assert "smbus2" not in loaded_by("import edge.sensors_command")  # with the first transfer


def test_help_loads_nothing_heavy() -> None:
    """`loket --help` answers at once, on any extra."""
    code = (
        "import sys; sys.argv = ['loket', '--help']\n"
        "from edge.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert done.code == 0"
    )
    assert loaded_by(code) & HEAVY == set()
