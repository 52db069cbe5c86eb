"""Every public name is documented, and the examples are true."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

import martlet
import martlet._errors
import martlet.hits
import martlet.index
import martlet.statistics

MODULES = [martlet, martlet._errors, martlet.hits, martlet.index, martlet.statistics]
PUBLIC = [getattr(martlet, name) for name in martlet.__all__]
METHODS = [
    method
    for name, method in inspect.getmembers(martlet.Index, inspect.isfunction)
    if not name.startswith("_")
]
README = Path(__file__).parents[1] / "README.md"


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
