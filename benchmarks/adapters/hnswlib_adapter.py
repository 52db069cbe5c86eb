"""hnswlib, as the benchmark sees it."""

from __future__ import annotations

import importlib.metadata

import hnswlib
import numpy as np
from numpy.typing import NDArray

from adapters import BEAMS, Settings


class Index:
    version = importlib.metadata.version("hnswlib")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        self._index = hnswlib.Index(space=settings.metric, dim=settings.dim)
        self._parameters = {"M": settings.M, "ef_construction": settings.ef_construction}

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.init_index(max_elements=len(base), **self._parameters)
        self._index.add_items(base, num_threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._threads = k, threads
        self._index.set_ef(effort)

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        rows: NDArray[np.integer]
        rows, _ = self._index.knn_query(queries, k=self._k, num_threads=self._threads)
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.knn_query(query, k=self._k, num_threads=1)
