"""The indexes behind the files in Tests/fixtures, which every later version must load.

``python python/tests/fixtures.py VERSION`` makes those of a format version, with a library that
writes it, once: files that are there are never made anew.
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


def scattered(count, dim):
    """Return such as lie far enough apart for codes."""
    numbers = np.arange(1, count * dim + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ numbers >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    return ((numbers >> np.uint64(40)) / 2**23 - 1).astype("f4").reshape(count, dim)


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
    """Have so many vectors that there could be codes, but too close to each other for that."""
    index = martlet.Index(2, "l2", M=2, ef_construction=10)
    index.add(vectors(1100, 2))
    return index


def lifted():
    """Have lifts."""
    index = martlet.Index(8, "ip", M=2, ef_construction=10)
    index.add(vectors(70, 8))
    return index


def coded():
    """Have codes, but few vectors: codes stay when others are removed."""
    return with_few_left(martlet.Index(50, "l2", M=3, ef_construction=20))


def fast():
    """Have codes of links, too."""
    return with_few_left(martlet.Index(70, "cosine", M=17, ef_construction=20, memory="fast"))


def compact():
    """Have codes, and no rows."""
    return with_few_left(martlet.Index(64, "l2", M=5, ef_construction=20, memory="compact"))


def with_few_left(index):
    index.add(scattered(1030, index.dim))
    index.remove(list(range(990)))
    index.compact()
    return index


OF_VERSION = {
    1: (empty, every_type, removed, codes, lifted, coded),
    2: (empty, every_type, removed, codes, lifted, coded, fast),
    3: (empty, every_type, removed, codes, lifted, coded, fast, compact),
}
RECIPES = {make.__name__: make for makes in OF_VERSION.values() for make in makes}

if __name__ == "__main__":
    version = int(sys.argv[1])
    target = FOLDER / f"v{version}"
    target.mkdir(parents=True, exist_ok=True)
    for make in OF_VERSION[version]:
        path = target / f"{make.__name__}.martlet"
        if not path.exists():
            make().save(path)
            if path.read_bytes()[8] != version:
                path.unlink()
                sys.exit(f"this library does not write version {version}")
