"""What several test modules use."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import datetime, timezone

import numpy as np
import pytest

import martlet

# In the index of the fixture `every_type`.
VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)
MIDSUMMER = datetime(2024, 6, 21, 12, 30, 15, 123456, tzinfo=timezone.utc)


@pytest.fixture
def run_script():
    """Run a script in a Python of its own; return what it prints. The time limit ends a hang."""

    def run(script, *arguments):
        command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def folder(tmp_path):
    """Return where a durable index may be made."""
    return tmp_path / "store"


@pytest.fixture
def assert_same_index():
    """Assert that two indexes answer bit for bit alike and have the same graph."""

    def check(one, other, queries):
        a, b = one.search(queries, k=20), other.search(queries, k=20)
        assert a.ids.tobytes() == b.ids.tobytes()
        assert a.distances.tobytes() == b.distances.tobytes()
        assert shape(one) == shape(other)

    def shape(index):
        stats = index.stats()
        work = stats.pop("last_add")["distances"]
        return stats, work

    return check


@pytest.fixture
def every_type():
    """Return an index with a column of every type; its second vector has nulls only."""
    index = martlet.Index(3)
    index.add(
        VECTORS[:2],
        ids=["a", "b"],
        metadata={
            "flag": [True, None],
            "year": [2020, None],
            "score": [0.5, None],
            "lang": ["sv", None],
            "at": [MIDSUMMER, None],
            "tags": [["x", "y"], None],
            "extra": [{"deep": [1, None]}, None],
        },
    )
    return index
