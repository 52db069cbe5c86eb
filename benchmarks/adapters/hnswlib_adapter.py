"""hnswlib, as the benchmark sees it."""

from __future__ import annotations

import importlib.metadata

import hnswlib
import numpy as np
from numpy.typing import NDArray


class Index:
    version = importlib.metadata.version("hnswlib")

    def __init__(self, dim: int, metric: str, M: int, ef_construction: int) -> None:
        self._index = hnswlib.Index(space=metric, dim=dim)
        self._parameters = {"M": M, "ef_construction": ef_construction}

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.init_index(max_elements=len(base), **self._parameters)
        self._index.add_items(base, num_threads=threads)

    def search(
        self, queries: NDArray[np.float32], k: int, ef: int, threads: int
    ) -> NDArray[np.integer]:
        self._index.set_ef(ef)
        rows: NDArray[np.integer]
        rows, _ = self._index.knn_query(queries, k=k, num_threads=threads)
        return rows
