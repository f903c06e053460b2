"""Files of at most 400 lines and functions of at most 50, docstrings not counted (DESIGN §3)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.arrows import PACKAGES

ROOT = Path(__file__).parents[1]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _lines_of_docstrings(tree: ast.AST) -> int:
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            count += (text.end_lineno or text.lineno) - text.lineno + 1
    return count


def too_long(source: str, file: str) -> Iterator[str]:
    """Yield `file:line: what is too long`."""
    tree = ast.parse(source, file)
    lines = len(source.splitlines()) - _lines_of_docstrings(tree)
    if lines > FILE_LINES_MAX:
        yield f"{file}:1: {lines} lines, at most {FILE_LINES_MAX}: split it by noun"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _lines_of_docstrings(node)
            if lines > FUNCTION_LINES_MAX:
                yield f"{file}:{node.lineno}: {node.name}: {lines} lines, at most 50"


def test_files_and_functions_stay_short() -> None:
    """Each file and function can be read at one sitting."""
    found = [
        line
        for package in (*PACKAGES, "tests")
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in too_long(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]
    assert found == []


def test_a_long_file_and_a_long_function_are_found() -> None:
    """One line more than allowed is reported, with its place."""
    function = "def f():\n" + "    x = 1\n" * 50
    assert list(too_long(function, "a.py")) == ["a.py:1: f: 51 lines, at most 50"]
    assert [line[:15] for line in too_long("x = 1\n" * 401, "b.py")] == ["b.py:1: 401 lin"]


def test_docstrings_do_not_count() -> None:
    """A long explanation is welcome."""
    text = '"""One.\n' + "more\n" * 500 + '"""\n' + "x = 1\n" * 400
    assert list(too_long(text, "a.py")) == []
