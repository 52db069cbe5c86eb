"""Vamana of Intel's Scalable Vector Search, float32: its degree is 2 M, as on layer 0 of HNSW."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import svs
from numpy.typing import NDArray

from adapters import BEAMS, Settings


class Index:
    version = importlib.metadata.version("scalable-vs")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        # Vectors for cosine come at unit length.
        self._distance = svs.DistanceType.L2 if settings.metric == "l2" else svs.DistanceType.MIP
        self._parameters = svs.VamanaBuildParameters(
            graph_max_degree=2 * settings.M, window_size=settings.ef_construction
        )

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index = svs.Vamana.build(self._parameters, base, self._distance, num_threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k = k
        self._index.search_window_size = effort
        if self._index.num_threads != threads:  # A new pool of threads otherwise.
            self._index.num_threads = threads

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        rows: NDArray[np.integer]
        rows, _ = self._index.search(queries, self._k)
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(query, self._k)
