"""Log lines are strict JSON, whatever is logged."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from broker.log import JsonLines, kv


def line_of(msg: str, extra: dict[str, object], *, node: str = "") -> dict[str, Any]:
    """Return what a record with these attributes looks like, parsed."""
    record = logging.makeLogRecord(
        {"name": "broker.hub", "levelname": "INFO", "msg": msg, "created": 1763975471.0499, **extra}
    )
    text = JsonLines(node=node).format(record)
    assert "\n" not in text
    parsed: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    return parsed


def test_a_line_has_its_parts() -> None:
    """Time in UTC from the record, level, logger, node, message, fields."""
    expected = {
        "at": "2025-11-24T09:11:11.049Z",
        "level": "info",
        "logger": "broker.hub",
        "node": "hub",
        "msg": "ticket called",
        "ticket": "A017",
        "counter": 3,
    }

    assert expected == line_of("ticket called", kv(ticket="A017", counter=3), node="hub")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("é \udcff\n", "é \udcff\n"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (b"\xff", "b'\\xff'"),
        ((1, [None, True]), [1, [None, True]]),
        ({3: {"a"}}, {"3": "{'a'}"}),
        (ValueError("x"), "ValueError('x')"),
    ],
)
def test_any_value_can_be_a_field(value: object, expected: object) -> None:
    """What JSON can't hold is written as text, never refused."""
    assert expected == line_of("m", kv(field=value))["field"]


def test_a_field_never_hides_a_part() -> None:
    """A field named like a part of the line is left out."""
    assert line_of("the message", kv(msg="other", level="x"))["msg"] == "the message"


def test_an_exception_is_a_field() -> None:
    """The traceback is one field of the same line."""
    try:
        raise OSError("disk gone")  # noqa: TRY301 - a traceback is wanted
    except OSError:
        line = line_of("commit failed", {"exc_info": sys.exc_info()})

    assert line["error"].startswith("Traceback")
    assert "disk gone" in line["error"]


def test_no_such_level_is_an_error() -> None:
    """A typo in the level is refused."""
    done = subprocess.run(
        [sys.executable, "-c", "from broker.log import setup; setup('LOUD')"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "LOUD" in done.stderr


def test_a_dying_process_writes_only_json() -> None:
    """Warnings, dying threads and the last exception are JSON lines on stderr."""
    program = """
import logging, threading, warnings
from broker.log import setup
setup("info", node="hub")
logging.getLogger("x").debug("below the level")
warnings.warn("old thing")
thread = threading.Thread(target=lambda: 1 / 0, name="paho")
thread.start()
thread.join()
raise SystemError("the end")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "error", "critical"]
    assert {line["node"] for line in lines} == {"hub"}
    assert lines[1]["thread"] == "paho"
    assert "ZeroDivisionError" in lines[1]["error"]
    assert "the end" in lines[2]["error"]
