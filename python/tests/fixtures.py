"""The indexes behind the files in Tests/fixtures, which every later version must load.

``python python/tests/fixtures.py VERSION`` makes those of a format version, once: files that are
there are never made anew.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

import martlet

FOLDER = Path(__file__).parents[2] / "Tests" / "fixtures"
METADATA = {
    "flag": [True, False, None, True, None],
    "year": [2020, -1, None, 2**62, 0],
    "score": [0.5, float("inf"), None, -0.0, 1e-300],
    "lang": ["sv", "", None, "sv", "日本"],
    "at": [datetime(2024, 6, 21, 12, 30, 15, 123456, tzinfo=timezone.utc), *[None] * 4],
    "tags": [["x", "y"], [], None, ["y"], ["å"]],
    "extra": [{"deep": [1, None]}, [], None, "text", 3],
}


def vectors(count, dim):
    """Return vectors that any later version can compute again."""
    numbers = np.arange(1, count * dim + 1, dtype=np.uint64)
    return ((numbers * 2654435761 % 2**32) / 2**31 - 1).astype("f4").reshape(count, dim)


def empty():
    """Have nothing but parameters."""
    return martlet.Index(7, "ip", M=5, ef_construction=9, seed=2**64 - 1)


def every_type():
    """Have integer ids and all types of metadata."""
    index = martlet.Index(3, "l2", M=4)
    index.add(vectors(5, 3), ids=[-(2**63), 5, 0, 7, 2**40], metadata=METADATA)
    return index


def removed():
    """Have string ids, some of which are removed and some added again."""
    index = martlet.Index(9, "cosine", M=3, ef_construction=20)
    index.add(vectors(300, 9), ids=[f"id {i}" for i in range(300)])
    index.remove(["id 0", "id 150", "id 299"])
    index.add(vectors(1, 9), ids=["id 150"], metadata={"new": [True]})
    return index


def codes():
    """Have so many vectors that there are codes."""
    index = martlet.Index(2, "l2", M=2, ef_construction=10)
    index.add(vectors(1100, 2))
    return index


def lifted():
    """Have lifts."""
    index = martlet.Index(8, "ip", M=2, ef_construction=10)
    index.add(vectors(70, 8))
    return index


RECIPES = {make.__name__: make for make in (empty, every_type, removed, codes, lifted)}

if __name__ == "__main__":
    target = FOLDER / f"v{sys.argv[1]}"
    target.mkdir(parents=True, exist_ok=True)
    for name, make in RECIPES.items():
        path = target / f"{name}.martlet"
        if not path.exists():
            make().save(path)
