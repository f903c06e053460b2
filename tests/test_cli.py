"""The `loket` command: its table, its help, and how it refuses misuse."""

import argparse
import importlib
import subprocess
import sys

import pytest

from edge.cli import TABLE, overview, run


def loket(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an interpreter of its own."""
    command = [sys.executable, "-m", "edge.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", TABLE)
def test_a_row_names_a_module_with_both_functions(name: str) -> None:
    """`NAME_arguments(parser)` adds the flags, `NAME(args)` runs."""
    module = importlib.import_module(TABLE[name].module)
    assert callable(getattr(module, name))
    parser = argparse.ArgumentParser()
    getattr(module, f"{name}_arguments")(parser)


@pytest.mark.parametrize("name", TABLE)
def test_help_ends_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command answers --help with one line that works."""
    with pytest.raises(SystemExit) as stop:
        run(name, ["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip().endswith(f"example: {TABLE[name].example}")


@pytest.mark.parametrize("name", TABLE)
def test_an_example_is_of_its_own_command(name: str) -> None:
    """The example starts with the command it explains."""
    assert TABLE[name].example.startswith(f"loket {name}")


@pytest.mark.parametrize("name", TABLE)
def test_the_overview_lists_it(name: str) -> None:
    """`loket` shows every command with what it does."""
    assert any(
        line.split()[:1] == [name] and line.endswith(TABLE[name].help)
        for line in overview().splitlines()
    )


MISUSE = [
    ((), "usage: loket COMMAND"),
    (("nosuch",), "there is no command 'nosuch'"),
    (("check", "--nosuch"), "usage: loket check"),
]


@pytest.mark.parametrize(("arguments", "text"), MISUSE)
def test_misuse_exits_2_and_says_what_on_stderr(arguments: tuple[str, ...], text: str) -> None:
    """Scripts can tell misuse (2) from failure (1)."""
    ran = loket(*arguments)
    assert ran.returncode == 2
    assert text in ran.stderr
    assert ran.stdout == ""


def test_help_exits_0_and_prints_the_table() -> None:
    """`loket --help` is an answer, not an error."""
    ran = loket("--help")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, overview(), "")
