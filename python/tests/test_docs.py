"""Every public name is documented, and the examples are true."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
from pathlib import Path

import pytest

import martlet
import martlet._base
import martlet._changes
import martlet._errors
import martlet._ffi
import martlet._stored
import martlet.hits
import martlet.index
import martlet.statistics

MODULES = [
    martlet,
    martlet._base,
    martlet._changes,
    martlet._errors,
    martlet._stored,
    martlet.hits,
    martlet.index,
    martlet.statistics,
]
PUBLIC = [getattr(martlet, name) for name in martlet.__all__]
METHODS = [
    method
    for name, method in inspect.getmembers(martlet.Index, inspect.isfunction)
    if not name.startswith("_")
]
README = Path(__file__).parents[1] / "README.md"
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("thing", PUBLIC + METHODS, ids=lambda thing: thing.__qualname__)
def test_everything_public_is_documented(thing):
    assert thing.__doc__


@pytest.mark.parametrize(
    "thing",
    [martlet.Index, martlet.Hits, martlet.MartletError, martlet.Statistics, *METHODS],
    ids=lambda thing: thing.__qualname__,
)
def test_there_is_an_example(thing):
    assert ">>>" in thing.__doc__


def test_the_readme_is_true():
    assert doctest.testfile(str(README), module_relative=False).failed == 0
    assert ">>>" in README.read_text()


def first_example(language):
    """Return a program of the project's README, and what the README says it prints."""
    text = (CHECKOUT / "README.md").read_text()
    return re.search(rf"```{language}\n([^`]*)```\s+```text\n([^`]*)```", text).groups()


def test_the_first_python_example(run_script):
    program, output = first_example("python")
    assert run_script(program) == output.strip()


def test_the_first_c_example(tmp_path):
    program, output = first_example("c")
    (tmp_path / "first.c").write_text(program)
    soname = "libmartlet.so." + martlet.__version__.partition(".")[0]
    (tmp_path / soname).symlink_to(martlet._ffi.lib._name)
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "first.c"]
    command += ["-o", "first", soname, f"-I{CHECKOUT / 'include'}", "-Wl,-rpath,$ORIGIN"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run(tmp_path / "first", capture_output=True, text=True, check=True)
    assert printed.stdout == output
