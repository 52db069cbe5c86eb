"""One small module per library, so that the benchmark treats them all alike.

A module has a class `Index` of the shape below. Adding a library takes such a module, its name in
`NAMES` and its pinned version in requirements-bench.txt.
"""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NAMES = ("martlet", "hnswlib")


class Adapter(Protocol):
    """An HNSW index over the rows of an array; row numbers are the ids."""

    version: str

    def __init__(self, dim: int, metric: str, M: int, ef_construction: int) -> None:
        """Make an empty index; metric is "l2", "ip" or "cosine"."""

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        """Add all rows in one call."""

    def search(
        self, queries: NDArray[np.float32], k: int, ef: int, threads: int
    ) -> NDArray[np.integer]:
        """Return the row numbers of the k nearest rows per query, shape (queries, k)."""


def adapter(name: str) -> type[Adapter]:
    """Return the adapter of the library `name`."""
    module = importlib.import_module(f"adapters.{name}_adapter")
    index: type[Adapter] = module.Index
    return index
